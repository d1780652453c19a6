"""Exact search for 256-bit hashes within a Hamming radius, in memory.

A linear scan: every row is compared, so nothing is ever missed. Its cost grows with the number of rows
(about a millisecond a query at 10^5 rows).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

WORDS = 4  # 256 bits in 64-bit words
ROWS = 1 << 14  # rows compared at a time
PAIRS = 1 << 16  # rows times queries compared at a time, so that temporaries stay in the cache


class HashIndex:
    """Rows of 32-byte hashes, each with the number of its owner."""

    def __init__(self, values: Sequence[bytes], owners: Sequence[int]) -> None:
        """`values` are n hashes of 32 bytes, `owners` n numbers. Raises ValueError if they do not fit together."""
        if len(values) != len(owners) or any(len(value) != WORDS * 8 for value in values):
            raise ValueError("every hash has 32 bytes and one owner")
        self._columns = _columns(values)
        self.owners = np.asarray(owners, dtype=np.int64)

    def __len__(self) -> int:
        return int(self._columns.shape[1])

    def search(self, queries: Sequence[bytes], radius: int) -> list[tuple[int, int, int]]:
        """Return every (query number, row number, distance) with distance <= radius, in that order."""
        wanted = _columns(queries)
        rows, asked = len(self), wanted.shape[1]
        together = max(1, PAIRS // max(1, min(ROWS, rows)))
        found: list[tuple[int, int, int]] = []
        for start in range(0, rows, ROWS):
            part = self._columns[:, start : start + ROWS]
            for first in range(0, asked, together):
                distances = _hamming(wanted[:, first : first + together], part)
                near_queries, near_rows = np.nonzero(distances <= radius)
                found.extend(
                    zip(
                        (near_queries + first).tolist(),
                        (near_rows + start).tolist(),
                        distances[near_queries, near_rows].tolist(),
                        strict=True,
                    )
                )
        found.sort()
        return found


def _hamming(queries: npt.NDArray[np.uint64], rows: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint16]:
    """Return the distances in bits of q queries (4, q) to n rows (4, n), as (q, n)."""
    distances = np.zeros((queries.shape[1], rows.shape[1]), dtype=np.uint16)
    for query, row in zip(queries, rows, strict=True):
        distances += np.bitwise_count(query[:, None] ^ row[None, :])
    return distances


def distance(one: bytes, other: bytes) -> int:
    """Return the distance in bits of two hashes of equal length."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def _columns(values: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    """Return n hashes as four rows of n words: words that are compared together lie together."""
    words = np.frombuffer(b"".join(values), dtype=np.uint64).reshape(-1, WORDS)
    return np.ascontiguousarray(words.T)
