"""Which rows of lists have one of these hashes: sorted runs of keys in the database, each a few blobs.

Hashes come in no order, and a tree of ten million of them is written over and over as they are put into it. So what is
put in at a time is a sorted run, a blob for every few thousand keys, and runs of about the same size are joined into
one, until they are large. A key whose row is gone stays until `without`; whoever finds a row looks whether it is there.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.store.base import Connection

PART = 4096  # keys in a blob
MOST = 1 << 20  # keys in a run: joining two takes a fraction of a second
FEW = 512  # keys that are looked up blob by blob
RANDOM = 20  # bits at the end of a run's number
HELD = 1 << 24  # keys of runs that are held in memory while many are looked up

Numbers = npt.NDArray[np.int64]
Run = tuple[Numbers, Numbers]  # hashes, sorted, and their rows


class ListKeys:
    """Table list_keys. What writes is called in a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._held: dict[int, Run] = {}

    def add(self, hashes: Numbers, rows: Numbers) -> None:
        """Put in keys and their rows, two of int64 (n,), in any order."""
        if not len(hashes):
            return
        joined = [_sorted(hashes, rows)]
        size = len(hashes)
        for run, _ in reversed(self._runs()):
            keys = int(self._c.value("select sum(length(data)) / 16 from list_keys where run = ?", (run,)))
            if keys >= 2 * size or keys + size > MOST:
                break
            joined.append(self._run(run))
            size += keys
            self._c.run("delete from list_keys where run = ?", (run,))
            self._held.pop(run, None)
        fresh = joined[0] if len(joined) == 1 else _sorted(*(np.concatenate(one) for one in zip(*joined, strict=True)))
        self._write(*fresh)

    def find(self, hashes: Numbers) -> tuple[Numbers, Numbers]:
        """Return for each key that is there the place of its hash among those given, int64 (q,), and its row."""
        runs = self._runs()
        while True:
            found = self._find(runs, hashes)
            now = self._runs()
            if now == runs:  # outside a transaction, others may join runs meanwhile
                return found
            runs = now

    def _find(self, runs: Sequence[tuple[int, int]], hashes: Numbers) -> tuple[Numbers, Numbers]:
        places: list[Numbers] = []
        rows: list[Numbers] = []
        order = np.argsort(hashes)
        asked = hashes[order]
        for run, _ in runs:
            held = self._parts_of(run, asked) if len(hashes) <= FEW and run not in self._held else self._run(run)
            place, row = _within(held, asked)
            places.append(order[place])
            rows.append(row)
        return _joined(places), _joined(rows)

    def without(self, rows: Numbers, *, after: int = 0) -> int | None:
        """Take the keys of rows that are gone, int64 (n,), out of the next run behind one that has any.

        Return where to go on, None if no further run has any.
        """
        for run, _ in self._runs():
            if run <= after:
                continue
            held = self._run(run)
            gone = np.isin(held[1], rows)
            if gone.any():
                self._c.run("delete from list_keys where run = ?", (run,))
                self._held.pop(run, None)
                if not gone.all():
                    self._write(held[0][~gone], held[1][~gone], _instead_of(run))
                return run | ((1 << RANDOM) - 1)
        return None

    def rest(self) -> None:
        """Hold nothing in memory: what was going on has ended."""
        self._held.clear()

    def _runs(self) -> list[tuple[int, int]]:
        """Return (number, parts) of each run, the oldest first; what others joined meanwhile is not held any more."""
        rows = self._c.tuples("select run, count(*) from list_keys group by run order by run")
        runs = [(int(run), int(parts)) for run, parts in rows]
        for run in set(self._held) - {run for run, _ in runs}:
            self._held.pop(run, None)
        return runs

    def _run(self, run: int) -> Run:
        held = self._held.get(run)
        if held is not None:
            return held
        rows = self._c.tuples("select data from list_keys where run = ? order by first", (run,))
        found = _read(b"".join(data for (data,) in rows))
        if sum(len(hashes) for hashes, _ in list(self._held.values())) + len(found[0]) <= HELD:
            self._held[run] = found
        return found

    def _parts_of(self, run: int, asked: Numbers) -> Run:
        """Return those parts of a run in which some hashes would be."""
        parts: dict[int, bytes] = {}
        for value in asked.tolist():
            row = self._c.tuples(
                "select id, data from list_keys where run = ? and first <= ? order by first desc limit 1", (run, value)
            )
            parts.update(row)
        return _sorted(*_read(b"".join(parts.values())))

    def _write(self, hashes: Numbers, rows: Numbers, number: int | None = None) -> None:
        """Write a sorted run in parts; equal hashes stay together."""
        run = number or self._new_number()
        keys = np.stack((hashes, rows), axis=1).astype("<i8")
        starts = [0]
        while (at := starts[-1] + PART) < len(keys):
            starts.append(at + int(np.searchsorted(hashes[at:], hashes[at - 1], side="right")))
        ends = [*starts[1:], len(keys)]
        self._c.run_many(
            "insert into list_keys (run, first, data) values (?, ?, ?)",
            ((run, int(hashes[a]), keys[a:b].tobytes()) for a, b in zip(starts, ends, strict=True) if a < b),
        )

    def _new_number(self) -> int:
        """Return a number above all others. Its end is random: one of a step that was given up must not come again."""
        last = self._c.value("select seq from sqlite_sequence where name = 'list_keys'") or 0
        return ((int(last) + 1) << RANDOM) + secrets.randbelow(1 << RANDOM)


def _instead_of(run: int) -> int:
    """Return another number in the place of one: what is held of the old one is not taken for the new one."""
    return (run >> RANDOM << RANDOM) + secrets.randbelow(1 << RANDOM)


def _within(run: Run, asked: Numbers) -> tuple[Numbers, Numbers]:
    """Return (places among the sorted hashes that are asked for, rows) of what a run has."""
    hashes, rows = run
    first = np.searchsorted(hashes, asked)
    there = np.flatnonzero(hashes.take(first, mode="clip") == asked) if len(hashes) else np.zeros(0, dtype=np.int64)
    first = first[there]
    counts = np.searchsorted(hashes, asked[there], side="right") - first
    shift = first - (np.cumsum(counts) - counts)
    return np.repeat(there, counts), rows[np.repeat(shift, counts) + np.arange(int(counts.sum()))]


def _sorted(hashes: Numbers, rows: Numbers) -> Run:
    order = np.argsort(hashes, kind="stable")
    return hashes[order], rows[order]


def _read(data: bytes) -> Run:
    keys = np.frombuffer(data, dtype="<i8").reshape(-1, 2)
    return keys[:, 0].astype(np.int64), keys[:, 1].astype(np.int64)


def _joined(parts: Sequence[Numbers]) -> Numbers:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
