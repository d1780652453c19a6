"""What a search finds, kept small: of each entry the nearest row of each query and the nearest query of each row.

A still, noisy clip of 3,000 frames and another of the same have nine million pairs within reach. None becomes an
object: they come in arrays, a part of the queries at a time, and of each query and row only the nearest is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from bot.match.bank import Bits, Hits, Numbers, Reach

NONE = 0xFFFF  # no distance
FIRST = 16  # queries asked for at first; afterwards so many that
TOGETHER = 1 << 19  # hits are about what one answer holds
WIDEST = 256  # queries asked for at once
MOST_HITS = 1 << 25  # pairs within reach of which one media is judged; beyond, every second, fourth, … frame
MOST_NEAREST = 1 << 23  # (entry, query) that are kept of one media, likewise
BASE = 64  # frames that are asked for however many rows they hit
KEPT = 1 << 21  # rows kept before those that came more than once are joined
SPARSE = 8  # numbers a slot, from which a table is dearer than sorting

Search = Callable[[Sequence[bytes]], Hits]
Words = npt.NDArray[np.uint64]


class Tally:
    """Adds up the hits of some queries, entry by entry."""

    def __init__(self) -> None:
        self.hits = 0
        self.nearest = 0
        self._held = 0
        self._queries: list[tuple[Numbers, Numbers, Bits]] = []
        self._rows: list[tuple[Numbers, Numbers, Bits]] = []

    def add(self, hits: Hits) -> None:
        """Take in hits, in any order."""
        if not len(hits.query):
            return
        bits = hits.distance.astype(np.uint16)
        self.hits += len(bits)
        self._queries.append(_nearest(hits.entry, hits.query, bits))
        self.nearest += len(self._queries[-1][0])
        self._rows.append(_by_row(hits.entry, hits.row, bits))
        self._held += len(self._rows[-1][0])
        if self._held > KEPT:
            self._rows = [_by_row(*(np.concatenate(column) for column in zip(*self._rows, strict=True)))]
            self._held = len(self._rows[0][0]) // 2  # joining again is worth it only for as many more

    def reaches(self) -> dict[int, Reach]:
        """Return what is within reach of each entry."""
        if not self._queries:
            return {}
        entries, queries, near = _nearest(*(np.concatenate(column) for column in zip(*self._queries, strict=True)))
        owners, rows, bits = _by_row(*(np.concatenate(column) for column in zip(*self._rows, strict=True)))
        order = np.lexsort((rows, owners))
        owners, rows, bits = owners[order], rows[order], bits[order]
        numbers, starts = np.unique(entries, return_index=True)
        ends = np.append(starts[1:], len(entries))
        first, last = np.searchsorted(owners, numbers), np.searchsorted(owners, numbers, side="right")
        return {
            int(number): Reach(queries[a:b], near[a:b], rows[c:d], bits[c:d])
            for number, a, b, c, d in zip(numbers, starts, ends, first, last, strict=True)
        }


def ask(search: Search, values: Sequence[bytes], places: Sequence[int]) -> Iterator[Hits]:
    """Yield the hits of these of the values, by their places, about as many at a time as fit in little memory."""
    at, size = 0, FIRST
    while at < len(places):
        part = places[at : at + size]
        hits = search([values[place] for place in part])
        yield Hits(np.asarray(part, dtype=np.int64)[hits.query], hits.entry, hits.row, hits.distance)
        at += len(part)
        each = max(1, len(hits.query) // len(part))
        size = max(1, min(WIDEST, TOGETHER // each, size * 8))


def looked(search: Search, values: Sequence[bytes]) -> tuple[dict[int, Reach], int]:
    """Return what is within reach of each entry, and the step: every how many-th of the values was asked for.

    That is 1 but for what no ordinary media does: hits without measure. The queries keep their places.
    """
    tally, step = Tally(), 1
    while len(values) > BASE * step:
        step *= 2
    places = range(0, len(values), step)
    while True:
        for hits in ask(search, values, places):
            tally.add(hits)
        if step == 1 or 2 * tally.hits > MOST_HITS or 2 * tally.nearest > MOST_NEAREST:
            return tally.reaches(), step
        step //= 2
        places = range(step, len(values), 2 * step)


def touched(queries: Sequence[bytes], rows: Sequence[bytes], reach: int) -> npt.NDArray[np.bool_]:
    """Return which rows are within reach of any query, compared one by one.

    bool (n,), one a row.
    """
    found = np.zeros(len(rows), dtype=bool)
    if not queries or not rows:
        return found
    theirs = np.ascontiguousarray(_words(rows).T)
    for query in _words(queries):
        distances = np.zeros(len(rows), dtype=np.uint16)
        for word, column in zip(query, theirs, strict=True):
            distances += np.bitwise_count(column ^ word)
        found |= distances <= reach
    return found


def _words(values: Sequence[bytes]) -> Words:
    return np.frombuffer(b"".join(values), dtype=">u8").reshape(len(values), -1).astype(np.uint64)


def _nearest(entries: Numbers, queries: Numbers, bits: Bits) -> tuple[Numbers, Numbers, Bits]:
    """Return (entry, query, least distance), each pair once, in order."""
    numbers, codes = _codes(entries)
    width = int(queries.max()) + 1
    keys, near, _ = _least(codes * width + queries, bits)
    return numbers[keys // width], keys % width, near


def _by_row(entries: Numbers, rows: Numbers, bits: Bits) -> tuple[Numbers, Numbers, Bits]:
    """Return (its entry, row, least distance), each row once."""
    keys, near, one = _least(rows, bits)
    return entries[one], keys, near


def _codes(numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Return the different numbers in order, and the place of each number among them."""
    low, span = int(numbers.min()), int(numbers.max() - numbers.min()) + 1
    if span > SPARSE * len(numbers):
        found, codes = np.unique(numbers, return_inverse=True)
        return found, codes.astype(np.int64)
    there = np.zeros(span, dtype=bool)
    there[numbers - low] = True
    return np.flatnonzero(there) + low, (np.cumsum(there) - 1)[numbers - low]


def _least(keys: Numbers, bits: Bits) -> tuple[Numbers, Bits, Numbers]:
    """Return the different keys in order, the least distance of each, and where one of each is."""
    low, span = int(keys.min()), int(keys.max() - keys.min()) + 1
    if span > SPARSE * len(keys):
        order = np.lexsort((bits, keys))
        held = keys[order]
        first = order[np.flatnonzero(np.concatenate(([True], held[1:] != held[:-1])))]
        return keys[first], bits[first], first
    slots = keys - low
    table = np.full(span, NONE, dtype=np.uint16)
    np.minimum.at(table, slots, bits)
    place = np.zeros(span, dtype=np.int64)
    place[slots] = np.arange(len(slots))
    held = np.flatnonzero(table != NONE)
    return held + low, table[held], place[held]
