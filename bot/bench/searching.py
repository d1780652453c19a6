"""Exact search within 31 bits, from the file: batches of 32 queries on one core, and on two; adding and withdrawing."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bot.bench.figures import Figure, Say, fastest, installed
from bot.index import Live, Rows, Snapshot, Stamp, write
from bot.index.hashes import Words

RADIUS = 31
BATCH = 32
HITS = 4  # queries of a batch that have something within reach
BATCHES = 6
BESIDE = 10_000  # rows that came since the file was built
SECONDS = 4.0  # how long each process searches where two are compared with one
FAISS_MOST = 20_000_000  # rows: its index lies in memory beside ours
EXCHANGE_MOST = 1_000_000


def run(say: Say, sizes: tuple[int, ...], folder: Path | None = None) -> Iterator[Figure]:
    """Yield the figures of each number of rows. The file lies in a temporary folder and is deleted."""
    for rows in sizes:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            yield from _size(say, rows, Path(place) / "pdq")


def _size(say: Say, rows: int, path: Path) -> Iterator[Figure]:
    random = np.random.default_rng(rows)
    words = random.integers(0, 2**64, (rows, 4), dtype=np.uint64)
    name = f"{rows:,}".replace(",", " ")
    say(f"building {name} rows")
    numbers = np.arange(rows)
    began = time.perf_counter()
    write(path, Stamp(kind="pdq", gate=50, seq=0, anchors=(), rows=rows), words, numbers, numbers)
    built = time.perf_counter() - began
    (opened,) = fastest(lambda: Snapshot.open(path))
    size = path.stat().st_size / rows
    yield Figure(
        what=f"open {name}", ours=1000 * opened, unit="ms", note=f"{size:.0f} B a hash, built in {built:.1f} s"
    )
    say(f"searching {name} rows")
    snapshot = Snapshot.open(path)
    batches = [_batch(random, words) for _ in range(BATCHES)]
    (ours,) = fastest(lambda: [snapshot.search(batch, RADIUS) for batch in batches])
    (scan,) = fastest(lambda: words.sum())
    yield from _peers(name, words, batches, 1000 * ours / BATCHES / BATCH, 1000 * scan)
    (one, one_worked), (two, two_worked) = (_together(path, batches, count) for count in (1, 2))
    yield Figure(
        what=f"two processes, {name}",
        ours=1000 / two,
        unit="ms",
        peer="one process",
        theirs=1000 / one,
        note=f"one file; by processor time {2 * one_worked / two_worked:.2f}×",  # noqa: RUF001  the sign for times
    )
    yield from _changing(name, snapshot, words)


def _batch(random: np.random.Generator, words: Words) -> Words:
    """Return queries of which some are a few bits from a row."""
    queries = random.integers(0, 2**64, (BATCH, 4), dtype=np.uint64)
    queries[:HITS] = words[random.integers(0, len(words), HITS)]
    queries[:HITS, 0] ^= np.uint64(0b1011)
    return queries


def _peers(name: str, words: Words, batches: list[Words], ours: float, scan: float) -> Iterator[Figure]:
    def line(peer: str, theirs: float | None, module: Any) -> Figure:
        return Figure(
            what=f"search {name}",
            ours=ours,
            unit="ms",
            peer=peer,
            theirs=theirs,
            limit=scan,
            limited_by="to read all",
            missing="not installed" if module is None else "not tried",
        )

    faiss = installed("faiss")
    if faiss is None or len(words) > FAISS_MOST:
        yield line("faiss flat", None, faiss)
    else:
        faiss.omp_set_num_threads(1)
        flat = faiss.IndexBinaryFlat(256)
        flat.add(_bytes(words))
        asked = _bytes(batches[0])
        (theirs,) = fastest(lambda: flat.range_search(asked, RADIUS + 1))  # it means less than
        yield line("faiss flat", 1000 * theirs / BATCH, faiss)
    exchange = installed("threatexchange.signal_type.pdq.pdq_index")
    if exchange is None or len(words) > EXCHANGE_MOST:
        yield line("threatexchange", None, exchange)
        return
    index = exchange.PDQIndex()
    index.add_all((row.tobytes().hex(), place) for place, row in enumerate(_bytes(words)))
    queries = [row.tobytes().hex() for row in _bytes(batches[0])]
    (theirs,) = fastest(lambda: [index.query(query) for query in queries])
    yield line("threatexchange", 1000 * theirs / BATCH, exchange)


def _bytes(words: Words) -> Any:
    return np.ascontiguousarray(words.astype(">u8")).view(np.uint8).reshape(-1, 32)


def _changing(name: str, snapshot: Snapshot, words: Words) -> Iterator[Figure]:
    """Add an entry and withdraw another over a file that ten thousand rows have come to since."""
    some = min(BESIDE, len(words))
    more = Rows(words[:some] ^ np.uint64(0xF0F0F0F0), np.arange(some) + 2**31, np.arange(some) + 2**31)
    live = Live(snapshot).changed(range(2**31, 2**31 + some), more)
    fresh = bytes(range(32))
    row = Rows.of([(2**32, 2**32, fresh)])

    def step() -> None:
        added = live.changed([2**32], row)
        assert added.search([fresh], RADIUS)
        gone = added.changed([2**32], Rows.of(()))
        assert not gone.search([fresh], RADIUS)

    (seconds,) = fastest(step)
    yield Figure(
        what=f"add, find, withdraw, {name}", ours=1000 * seconds, unit="ms", note=f"{some} rows beside the file"
    )


def _together(path: Path, batches: list[Words], count: int) -> tuple[float, float]:
    """Return how many queries a second so many processes answer together from one file, and their work for a query.

    The work is processor time: on a machine that is busy otherwise it tells how far the processes hinder each other.
    """
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    answers = context.Queue()
    arguments = (path, batches, SECONDS, ready, go, answers)
    processes = [context.Process(target=_answer_for_a_while, args=arguments) for _ in range(count)]
    for process in processes:
        process.start()
    for _ in processes:
        ready.acquire()
    go.set()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    return sum(rate for rate, _ in found), sum(work for _, work in found) / count


def _answer_for_a_while(path: Path, batches: list[Words], seconds: float, ready: Any, go: Any, answers: Any) -> None:
    snapshot = Snapshot.open(path)
    for batch in batches:
        snapshot.search(batch, RADIUS)
    ready.release()
    go.wait()
    done, began, worked = 0, time.perf_counter(), time.process_time()
    while (spent := time.perf_counter() - began) < seconds:
        snapshot.search(batches[done % len(batches)], RADIUS)
        done += 1
    answers.put((done * BATCH / spent, (time.process_time() - worked) / (done * BATCH)))
