"""How the search index grows: bytes, build, open, search and what it finds, from a million hashes to as many as fit.

The hashes are drawn, so none is of a media. A few hundred queries are known hashes with up to 31 bits turned: all of
them must be found. Beside each search stands a scan of the same bytes in the same process, and how long it takes to
only read them; all three by processor time, so that other work on the machine slows none of them much.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bot.bench.apart import MIB, Memory, apart
from bot.bench.figures import Figure, Say
from bot.index import Rows, Snapshot, Stamp, gathered, write
from bot.index.hashes import Words

RADIUS = 31
CHUNK = 1_000_000  # hashes drawn at a time
PLANTED = 400  # queries that have a hash within reach
ALONE = 600  # queries asked one by one, a third of them planted
BATCH = 32  # queries asked together, as the frames of a clip are
BATCHES = 12
SCANNED = 1 << 16  # rows compared at a time by the scan: what is computed on the way stays in the cache
SCANS = 3


def run(say: Say, sizes: tuple[int, ...], folder: Path | None = None) -> Iterator[Figure]:
    """Yield the figures of each number of hashes, each in a process of its own. All files are deleted."""
    for rows in sizes:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            yield from apart(_size, (rows, Path(place)), say)


def _size(rows: int, place: Path) -> Iterator[Figure | str]:
    name, path = f"{rows:,}".replace(",", " "), place / "pdq"
    memory = Memory()
    before = memory.now()
    yield f"drawing {name} hashes"
    held = gathered(_drawn(rows), place)
    random = np.random.default_rng(rows + 1)
    planted, queries, turned = _queries(random, held.words)
    yield f"building {name} hashes"
    memory.most()
    began, worked = time.perf_counter(), time.process_time()
    write(path, Stamp(kind="pdq", gate=50, seq=0, anchors=(), rows=rows), held.words, held.entries, held.numbers)
    built, worked = time.perf_counter() - began, time.process_time() - worked
    del held
    size = path.stat().st_size
    yield Figure(
        what=f"build {name}",
        ours=built,
        unit="s",
        note=f"{worked:.1f} s of processor time; {size / rows:.1f} B a hash on disk; {memory.told()}",
    )
    yield f"opening {name} hashes"
    cold = _open(path, cold=True)
    warm = min(_open(path, cold=False) for _ in range(3))
    snapshot = Snapshot.open(path)
    own = (memory.now() - before) / MIB
    yield Figure(
        what=f"open {name}",
        ours=1000 * cold,
        unit="ms",
        note=f"checked whole, from disk; {1000 * warm:,.0f} ms from memory; {max(0.0, own):,.0f} MiB of its own then, "
        f"{size / MIB:,.0f} MiB mapped",
    )
    yield f"searching {name} hashes"
    yield from _search(name, snapshot, queries, planted, turned)


def _drawn(rows: int) -> Iterator[Rows]:
    """Yield so many random hashes, the same ones each time, numbered from 0."""
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        words = np.random.default_rng((7, start)).integers(0, 2**64, (count, 4), dtype=np.uint64)
        numbers = np.arange(start, start + count)
        yield Rows(words, numbers, numbers)


def _queries(random: np.random.Generator, words: Words) -> tuple[list[int], Words, list[int]]:
    """Return the rows of planted queries, the queries themselves, and how many bits of each were turned."""
    planted = [int(row) for row in random.integers(0, len(words), PLANTED)]
    queries = np.array([words[row] for row in planted], dtype=np.uint64)
    turned = [int(bits) for bits in random.integers(0, RADIUS + 1, PLANTED)]
    turned[0] = RADIUS
    for query, bits in zip(queries, turned, strict=True):
        for bit in random.permutation(256)[:bits]:
            query[bit // 64] ^= np.uint64(1 << int(bit % 64))
    return planted, queries, turned


def _open(path: Path, *, cold: bool) -> float:
    """Return how many seconds it takes to open the file, with none of it in the system's memory if `cold`."""
    if cold:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    began = time.perf_counter()
    Snapshot.open(path)
    return time.perf_counter() - began


def _search(name: str, snapshot: Snapshot, queries: Words, planted: list[int], turned: list[int]) -> Iterator[Figure]:
    random = np.random.default_rng(3)
    which, entries, _, bits = snapshot.search(queries, RADIUS)
    told = {(int(query), int(row)): int(apart) for query, row, apart in zip(which, entries, bits, strict=True)}
    found = sum(told.get((number, row)) == turned[number] for number, row in enumerate(planted))
    others = random.integers(0, 2**64, (max(ALONE, BATCH * BATCHES), 4), dtype=np.uint64)
    alone = others[:ALONE].copy()
    alone[: ALONE // 3] = queries[: ALONE // 3]
    random.shuffle(alone)
    took = [_timed(snapshot, alone[number : number + 1]) for number in range(ALONE)]
    worked, waited = (sorted(one[part] for one in took) for part in (0, 1))
    batches = sorted(_timed(snapshot, others[at * BATCH : (at + 1) * BATCH])[0] / BATCH for at in range(BATCHES))
    words = snapshot.bands.words
    scans = [_scanned(words, queries[number]) for number in range(SCANS)]
    assert all(least <= turned[number] for number, (_, least) in enumerate(scans)), "a scan finds what is planted"
    scan, read = min(seconds for seconds, _ in scans), min(_summed(words) for _ in range(SCANS))
    yield Figure(
        what=f"search {name}",
        ours=1000 * worked[ALONE // 2],
        unit="ms",
        peer="scan with numpy",
        theirs=1000 * scan,
        limit=1000 * read,
        limited_by="to read all",
        note=f"99 % within {1000 * worked[int(0.99 * ALONE)]:.2f} ms; by the clock {1000 * waited[ALONE // 2]:.2f} and "
        f"{1000 * waited[int(0.99 * ALONE)]:.2f} ms; {1000 * batches[BATCHES // 2]:.2f} ms each of {BATCH} together; "
        f"{found} of {len(planted)} planted found",
    )


def _timed(snapshot: Snapshot, queries: Words) -> tuple[float, float]:
    """Return the seconds of processor time, and by the clock, that a search takes."""
    began, worked = time.perf_counter(), time.process_time()
    snapshot.search(queries, RADIUS)
    return time.process_time() - worked, time.perf_counter() - began


def _scanned(words: Words, query: Words) -> tuple[float, int]:
    """Return the seconds of processor time to compare a query with every hash, and the least distance."""
    began, least = time.process_time(), 256
    for start in range(0, len(words), SCANNED):
        counts = np.bitwise_count(words[start : start + SCANNED] ^ query)
        least = min(least, int(counts.sum(axis=1, dtype=np.uint16).min()))
    return time.process_time() - began, least


def _summed(words: Words) -> float:
    """Return the seconds of processor time to only read every hash."""
    began = time.process_time()
    words.sum()
    return time.process_time() - began
