"""Search by sub-strings (multi-index hashing): exact, and it looks at a few thousand rows of ten million.

A hash is cut into bands. If two hashes differ in at most r bits, then in at least one band j they differ in at most
t[j] bits, as long as the sum of all t[j] + 1 is r + 1: were there more than t[j] in every band, there would be r + 1 in
all. So for each band the rows are sorted by its bits, and a query looks into the buckets of all values within t[j]
bits.

More bits a band mean fewer rows a bucket and more buckets to look into; which is cheaper depends on the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from bot.index.hashes import Numbers, Words, differing
from bot.index.linear import in_order, joined, scan

Places = npt.NDArray[np.uint32]
Layout = tuple[tuple[int, int], ...]  # (bits, bits that may differ) of each band

REACH = 31  # largest radius that the bands below are exact for; a larger one is answered by a scan
TOGETHER = 64  # queries at a time, so that what is computed on the way stays in the cache
MOST = 1 << 20  # rows compared at a time
ALIKE = 1 << 18  # rows of buckets from which it is asked whether they are the same ones again and again,
AGAIN = 2  # so many times at least
CHEAPER = 4  # rows of a scan that cost less than one of a bucket

# Measured: with fewer rows than the number before it, a layout is slower than the one above it.
LAYOUTS: tuple[tuple[int, Layout], ...] = (
    (0, ()),
    (3_000, ((16, 1),) * 16),
    (300_000, ((20, 2),) * 6 + ((20, 1),) * 3 + ((19, 1),) * 4),
    (3_000_000, ((23, 2),) * 8 + ((24, 2),) * 2 + ((24, 1),)),
)


def layout_for(rows: int) -> Layout:
    """Return the layout that is fastest for so many different hashes; an empty one means a scan."""
    return next(layout for least, layout in reversed(LAYOUTS) if rows >= least)


@dataclass(frozen=True, slots=True)
class Band:
    """One band of all rows: `order` are the rows sorted by its bits, `starts[b]` is where those with bits b begin."""

    starts: Places  # 2^bits + 1
    order: Places


@dataclass(frozen=True, slots=True)
class Bands:
    """Different hashes, and their bands. Everything may lie in a mapped file."""

    words: Words
    layout: Layout
    bands: tuple[Band, ...]

    @classmethod
    def build(cls, words: Words) -> Bands:
        """Sort n different hashes into bands.

        `words`: uint64 (n, 4).
        """
        layout = layout_for(len(words))
        return cls(words, layout, tuple(bands_of(words, layout)))

    def search(self, queries: Words, radius: int, *, threads: int = 1) -> tuple[Numbers, Numbers, Numbers]:
        """Return (query numbers, row numbers, distances) of every pair within the radius, by query and row.

        `queries`: uint64 (q, 4). Returned are three columns, int64 (m,) each; distances in bits, 0-256.
        """
        if not self.layout or radius > REACH:
            return scan(self.words, queries, radius)
        starts = range(
            0, len(queries), TOGETHER if threads == 1 else max(1, min(TOGETHER, -(-len(queries) // threads)))
        )
        step = starts.step

        def part(start: int) -> tuple[Numbers, Numbers, Numbers]:
            found, rows, bits = self._search(queries[start : start + step], radius)
            return found + start, rows, bits

        if threads == 1 or len(starts) == 1:
            return joined([part(start) for start in starts])
        with ThreadPoolExecutor(threads) as pool:
            return joined(list(pool.map(part, starts)))

    def _search(self, queries: Words, radius: int) -> tuple[Numbers, Numbers, Numbers]:
        looks: list[_Look] = []
        at = 0
        reaches = _reaches(self.layout, radius)
        for (bits, _), reach, band in zip(self.layout, reaches, self.bands, strict=True):
            if reach >= 0:
                masks = _masks(bits, reach)
                wanted = (band_bits(queries, at, bits)[:, None] ^ masks[None, :]).ravel()
                first = band.starts.take(wanted)
                counts = band.starts.take(wanted + np.uint32(1)) - first
                filled = np.flatnonzero(counts)
                looks.append(_Look(band, first[filled], counts[filled], filled // len(masks)))
            at += bits
        if sum(look.rows for look in looks) > ALIKE:
            alike = _alike(looks, len(self.words), len(queries))
            if alike is not None:
                which, places, bits_apart = scan(self.words.take(alike, axis=0), queries, radius)
                return which, alike[places], bits_apart
        found: list[tuple[Numbers, Numbers, Numbers]] = []
        for look in looks:
            for which, rows in _rows(look.band.order, look.first, look.counts, look.which):
                distances = differing(self.words.take(rows, axis=0), queries.take(which, axis=0))
                near = np.flatnonzero(distances <= radius)
                if len(near):
                    found.append((which[near], rows[near].astype(np.int64), distances[near].astype(np.int64)))
        return _once(found, len(self.words))


@dataclass(frozen=True, slots=True)
class _Look:
    """The filled buckets of one band that some queries look into: where each begins, its rows, its query."""

    band: Band
    first: Places
    counts: Places
    which: Numbers

    @property
    def rows(self) -> int:
        """How many rows that are, counted as often as they are looked at."""
        return int(self.counts.sum(dtype=np.int64))


def _alike(looks: Sequence[_Look], rows: int, queries: int) -> Numbers | None:
    """Return the different rows of all buckets, sorted, where many queries would look at the same ones again and again.

    So it is where the frames of a media are all alike, and those of entries too: then comparing every query with every
    one of these rows once is cheaper. None if it is not.
    """
    looked_at, different = sum(look.rows for look in looks), 0
    for look in looks:
        _, places = np.unique(look.first, return_index=True)
        different += int(look.counts[places].sum(dtype=np.int64))
    if different * AGAIN > looked_at:
        return None
    there = np.zeros(rows, dtype=bool)
    for look in looks:
        begins, places = np.unique(look.first, return_index=True)
        for start, count in zip(begins.tolist(), look.counts[places].tolist(), strict=True):
            there[look.band.order[start : start + count]] = True
    alike = np.flatnonzero(there)
    return alike if len(alike) * queries <= looked_at * CHEAPER else None


def bands_of(words: Words, layout: Layout) -> Iterator[Band]:
    """Yield the bands of a layout, one after the other.

    `words`: uint64 (n, 4).
    """
    at = 0
    for bits, _ in layout:
        keys = band_bits(words, at, bits)
        starts = np.zeros((1 << bits) + 1, dtype=np.uint32)
        np.cumsum(np.bincount(keys, minlength=1 << bits), out=starts[1:])
        # sorting key and row in one word is several times faster than sorting the rows by their keys
        joined = (keys.astype(np.uint64) << np.uint64(32)) | np.arange(len(words), dtype=np.uint64)
        joined.sort()
        yield Band(starts, joined.astype(np.uint32))
        at += bits


def band_bits(words: Words, at: int, bits: int) -> Places:
    """Return `bits` bits of each hash from bit `at`, the most significant being bit 0.

    From uint64 (n, 4) to uint32 (n,).
    """
    word, offset = divmod(at, 64)
    over = offset + bits - 64
    if over <= 0:
        cut = words[:, word] >> np.uint64(-over)
    else:
        cut = (words[:, word] << np.uint64(over)) | (words[:, word + 1] >> np.uint64(64 - over))
    return (cut & np.uint64((1 << bits) - 1)).astype(np.uint32)


@lru_cache(maxsize=32)
def _masks(bits: int, reach: int) -> Places:
    """Return every value of so many bits with at most `reach` of them set."""
    return np.array(
        [sum(1 << bit for bit in chosen) for count in range(reach + 1) for chosen in combinations(range(bits), count)],
        dtype=np.uint32,
    )


@lru_cache(maxsize=128)
def _reaches(layout: Layout, radius: int) -> tuple[int, ...]:
    """Return how many bits may differ in each band at a smaller radius; -1: the band need not be looked at."""
    reaches = [reach for _, reach in layout]
    for _ in range(sum(reach + 1 for reach in reaches) - radius - 1):
        widest = max(range(len(layout)), key=lambda band: (reaches[band], layout[band][0]))
        reaches[widest] -= 1
    return tuple(reaches)


def _rows(order: Places, first: Places, counts: Places, which: Numbers) -> Iterator[tuple[Numbers, Places]]:
    """Yield (query numbers, row numbers) of all buckets, at most about `MOST` rows at a time."""
    total = int(counts.sum(dtype=np.int64))
    if not total:
        return
    if total <= MOST:
        sizes = counts.astype(np.int64)
        shift = first - (np.cumsum(sizes) - sizes)
        yield np.repeat(which, sizes), order.take(np.repeat(shift, sizes) + np.arange(total))
        return
    if len(counts) == 1:
        for start in range(0, total, MOST):
            rows = order[int(first[0]) + start : int(first[0]) + min(total, start + MOST)]
            yield np.full(len(rows), which[0]), rows
        return
    middle = len(counts) // 2
    yield from _rows(order, first[:middle], counts[:middle], which[:middle])
    yield from _rows(order, first[middle:], counts[middle:], which[middle:])


def _once(found: Sequence[tuple[Numbers, Numbers, Numbers]], rows: int) -> tuple[Numbers, Numbers, Numbers]:
    """Join what the bands found, sorted by query and row; near pairs are found in several bands."""
    queries, places, bits = in_order(found)
    if len(queries) > 1:
        keys = queries * rows + places
        first = np.concatenate(([True], keys[1:] != keys[:-1]))
        return queries[first], places[first], bits[first]
    return queries, places, bits
