"""Rows of a list by the million: into the table, into the index, found, and a day's changes visible to who searches."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.bench.apart import Memory, apart
from bot.bench.figures import Figure, Say, fastest
from bot.clock import SystemClock
from bot.config import Config, StorageConfig
from bot.index.hashes import to_words
from bot.model import PROGRAM, Signal
from bot.pipeline.scanning.bank_index import BankIndex
from bot.store import Store
from bot.store.list_rows import Listed, hash_of, numbers_of

STEP = 20_000  # rows a transaction
RADIUS = 31
BATCH = 32
ADDED, CHANGED, WITHDRAWN = 8_000, 1_000, 1_000  # of a day's changes
BY = PROGRAM


def run(say: Say, sizes: tuple[int, ...], *, ids: bool, folder: Path | None = None) -> Iterator[Figure]:
    """Yield the figures of each number of rows, with ids that rise or told by their hashes. All is deleted."""
    for rows in sizes:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            yield from apart(_size, (rows, ids, Path(place)), say)


def _size(rows: int, ids: bool, place: Path) -> Iterator[Figure | str]:
    name = f"{rows:,}".replace(",", " ")
    config = Config(storage=StorageConfig(path=place))
    clock = SystemClock()
    log = _Silent()
    memory = Memory()
    with Store(place / "db", clock) as store:
        store.banks.create("listed", "block")
        number = store.lists.source("listed", "list")
        yield f"taking {name} rows"
        took, work, longest = 0.0, 0.0, 0.0
        for start in range(0, rows, STEP):
            batch = _rows(start, min(STEP, rows - start), ids)
            before, busy = time.perf_counter(), time.process_time()
            store.lists.take_plain(number, *_plain(batch), by=BY)
            longest = max(longest, time.perf_counter() - before)
            took, work = took + time.perf_counter() - before, work + time.process_time() - busy
        store.lists.rest()
        size = (place / "db").stat().st_size / rows
        held = memory.told()
        yield Figure(
            what=f"into the table, {name}",
            ours=rows / took,
            unit="rows/s",
            note=f"{rows / work:,.0f} by processor time; longest step {longest:.2f} s; {size:.0f} B a row; {held}",
        )
        yield f"indexing {name} rows"
        index = BankIndex(config, store, clock, log)
        before, busy = time.perf_counter(), time.process_time()
        index.refresh()
        built, busy = time.perf_counter() - before, time.process_time() - busy
        yield Figure(
            what=f"into table and index, {name}",
            ours=rows / (took + built),
            unit="rows/s",
            note=f"{rows / (work + busy):,.0f} by processor time; built in {built:.1f} s; {memory.told()}",
        )
        index.close()
        index = BankIndex(config, store, clock, log)
        before = time.perf_counter()
        index.refresh()
        yield Figure(what=f"open again, {name}", ours=1000 * (time.perf_counter() - before), unit="ms")
        yield f"searching {name} rows"
        yield from _search(index, rows, name)
        digests = numbers_of([hash_of(digest) for digest in (b"00" * 32, b"00" * 16)])
        (seconds,) = fastest(lambda: store.lists.keys.find(digests))
        yield Figure(what=f"a file's digests, {name}", ours=1000 * seconds, unit="ms")
        yield f"taking a day's changes into {name} rows"
        yield from _changes(config, store, index, rows, ids, name)
        index.close()


def _search(index: BankIndex, rows: int, name: str) -> Iterator[Figure]:
    random = np.random.default_rng(1)
    values = [random.bytes(32) for _ in range(BATCH - 4)]
    known = [signal.value for row in _rows(0, 4, False) for signal in row.signals]
    near = [bytes([known_[0] ^ 0b1011]) + known_[1:] for known_ in known]
    assert len(set(index.search("pdq", near, RADIUS).query.tolist())) == len(near), "what is near is found"
    (ours,) = fastest(lambda: index.search("pdq", [*values, *near], RADIUS))
    held = to_words([random.bytes(32) for _ in range(min(rows, 1_000_000))])
    (scan,) = fastest(lambda: held.sum())
    yield Figure(
        what=f"search {name}",
        ours=1000 * ours / BATCH,
        unit="ms",
        limit=1000 * scan * rows / len(held),
        limited_by="to read all",
    )


def _changes(config: Config, store: Store, index: BankIndex, rows: int, ids: bool, name: str) -> Iterator[Figure]:
    """Yield how long a day's changes take until who searches here, and in another process, finds them and no others."""
    context = multiprocessing.get_context("spawn")
    ready, go, answers = context.Event(), context.Event(), context.Queue()
    other = context.Process(target=_watch, args=(config, rows, ids, ready, go, answers))
    other.start()
    ready.wait()
    gone = _rows(0, WITHDRAWN, ids)
    changed = _rows(WITHDRAWN, CHANGED, ids)
    added = _rows(rows, ADDED + CHANGED, ids)
    if ids:
        delta = [*(row._replace(withdrawn=True) for row in gone), *added[CHANGED:]]
        delta += [row._replace(signals=new.signals) for row, new in zip(changed, added, strict=False)]
    else:
        delta = [*(row._replace(withdrawn=True) for row in (*gone, *changed)), *added]
    number = store.lists.source("listed", "list")
    go.set()
    began = time.perf_counter()
    taken = store.lists.take(number, delta, by=BY)
    assert taken.withdrawn == WITHDRAWN + (0 if ids else CHANGED), taken
    stored = time.perf_counter() - began
    assert _visible(index, rows, ids)
    here = time.perf_counter() - began
    there = answers.get()
    other.join()
    yield Figure(
        what=f"{len(delta):,} changes, {name}",
        ours=here,
        unit="s",
        note=f"{stored:.2f} s into the table; found by another process after {there:.2f} s",
    )


def _visible(index: BankIndex, rows: int, ids: bool) -> bool:
    """Return whether an index finds the last row of the changes and not the first that went."""
    index.refresh()
    first, last = (_rows(start, 1, ids)[0].signals[0].value for start in (0, rows + ADDED + CHANGED - 1))
    return bool(index.search("pdq", [first, last], 0).query.tolist() == [1])


def _watch(config: Config, rows: int, ids: bool, ready: Any, go: Any, answers: Any) -> None:
    with Store(config.storage.path / "db", SystemClock()) as store:
        index = BankIndex(config, store, SystemClock(), _Silent())
        index.refresh()
        ready.set()
        go.wait()
        began = time.perf_counter()
        while not _visible(index, rows, ids):
            time.sleep(0.01)
        answers.put(time.perf_counter() - began)
        index.close()


def _rows(start: int, count: int, ids: bool) -> list[Listed]:
    """Return rows of a list, the same ones for the same place: a thousand from each dice."""
    found: list[Listed] = []
    for place in range(start // 1000, -(-(start + count) // 1000)):
        data = np.random.default_rng(place + 7).bytes(32_000)
        for at in range(1000):
            if start <= 1000 * place + at < start + count:
                signal = Signal(type="pdq", value=data[32 * at : 32 * at + 32], quality=100, t=0.0)
                found.append(Listed(str(1000 * place + at) if ids else None, (signal,)))
    return found


def _plain(rows: Sequence[Listed]) -> tuple[list[str] | None, list[bytes]]:
    """Return the ids, if there are any, and the hashes of rows."""
    ids = [row.id for row in rows if row.id is not None]
    return ids or None, [row.signals[0].value for row in rows]


class _Silent:
    def info(self, event: str, **facts: Any) -> None:
        """Say nothing."""

    def warning(self, event: str, **facts: Any) -> None:
        """Say nothing."""
