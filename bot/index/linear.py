"""Search by comparing with every row: about a millisecond a query at 10^5 rows, nothing to build."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.index.hashes import Numbers, Words, to_words

ROWS = 1 << 14  # rows compared at a time
PAIRS = 1 << 16  # rows times queries compared at a time, so that temporaries stay in the cache


class HashIndex:
    """Rows of 32-byte hashes, each with the number of its owner."""

    def __init__(self, values: Sequence[bytes], owners: Sequence[int]) -> None:
        """`values` are n hashes of 32 bytes, `owners` n numbers. Raises ValueError if they do not fit together."""
        if len(values) != len(owners):
            raise ValueError("every hash has one owner")
        self._words = to_words(values)
        self.owners = np.asarray(owners, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._words)

    def search(self, queries: Sequence[bytes], radius: int) -> list[tuple[int, int, int]]:
        """Return every (query number, row number, distance) with distance <= radius, in that order."""
        found = scan(self._words, to_words(queries), radius)
        return [(query, row, bits) for query, row, bits in zip(*(part.tolist() for part in found), strict=True)]


def scan(rows: Words, queries: Words, radius: int) -> tuple[Numbers, Numbers, Numbers]:
    """Return (query numbers, row numbers, distances) of every pair within the radius, by query and row.

    `rows`: uint64 (n, 4), `queries`: uint64 (q, 4). Returned are three columns, int64 (m,) each; distances in bits,
    0-256.
    """
    # words that are compared together lie together
    columns = np.ascontiguousarray(queries.T)
    together = max(1, PAIRS // max(1, min(ROWS, len(rows))))
    found: list[tuple[Numbers, Numbers, Numbers]] = []
    for start in range(0, len(rows), ROWS):
        part = np.ascontiguousarray(rows[start : start + ROWS].T)
        for first in range(0, len(queries), together):
            distances = _hamming(columns[:, first : first + together], part)
            near_queries, near_rows = np.nonzero(distances <= radius)
            if len(near_queries):
                bits = distances[near_queries, near_rows].astype(np.int64)
                found.append((near_queries + first, near_rows + start, bits))
    if len(rows) <= ROWS:
        return joined(found)
    # of each query the rows come in order, so a stable sort by few bits is enough
    which, places, bits = joined(found)
    order = np.argsort(which.astype(np.uint16) if len(queries) <= 1 << 16 else which, kind="stable")
    return which[order], places[order], bits[order]


def joined(found: Sequence[tuple[Numbers, Numbers, Numbers]]) -> tuple[Numbers, Numbers, Numbers]:
    """Join parts of an answer.

    A part is three columns, int64 (m,) each, as `scan` gives them; so is what is returned.
    """
    if not found:
        none = np.zeros(0, dtype=np.int64)
        return none, none, none
    if len(found) == 1:
        return found[0]
    queries, rows, bits = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return queries, rows, bits


def in_order(found: Sequence[tuple[Numbers, Numbers, Numbers]]) -> tuple[Numbers, Numbers, Numbers]:
    """Join parts of an answer and sort them by query and row.

    A part is three columns, int64 (m,) each, as `scan` gives them; so is what is returned.
    """
    queries, rows, bits = joined(found)
    order = np.lexsort((rows, queries))
    return queries[order], rows[order], bits[order]


def _hamming(queries: Words, rows: Words) -> npt.NDArray[np.uint16]:
    """Return the distances in bits of q queries (4, q) to n rows (4, n), as (q, n)."""
    distances = np.zeros((queries.shape[1], rows.shape[1]), dtype=np.uint16)
    for query, row in zip(queries, rows, strict=True):
        distances += np.bitwise_count(query[:, None] ^ row[None, :])
    return distances


def distance(one: bytes, other: bytes) -> int:
    """Return the distance in bits of two hashes of equal length."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()
