"""Search among the signals of one source: in a file that is derived from the database, and in what changed since.

The index of a small bank is made from the store at every start. That of a large one is a file, which is built when it
is missing or does not fit the database, and again in the background when much has changed.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot.clock import Clock
from bot.errors import GifwardenError, SnapshotError
from bot.index import LEAST, Anchor, Live, Rows, Snapshot, Stamp, gathered, write
from bot.match.explain import NAMES
from bot.pipeline.log import Log

Row = tuple[int, int, bytes]  # number of the signal, number of its entry or row, value
Numbers = npt.NDArray[np.int64]
MOST_BESIDE = 1 << 20  # signals that are searched beside a file: more wait until they are built into it
SETTLED = timedelta(minutes=1)  # without a change, after which many of them count as over
KEPT = timedelta(days=1)  # how long a withdrawn hash may stay in the file while a daemon runs


class Signals(Protocol):
    """Where the signals of an index stand, with a count of what changes there: entries of banks, or rows of lists."""

    def latest(self) -> int:
        """Return the number of the newest change, here or in another process."""

    def reaches(self, seq: int) -> bool:
        """Return whether all that changed behind that number can still be told."""

    def changed(self, after: int) -> list[int]:
        """Return what changed or went behind that number."""

    def replacing(
        self, changed: Sequence[int], kind: str, least_quality: int, after: int, upto: int
    ) -> Iterator[list[Row]]:
        """Yield the signals of what changed or came behind a number, and up to another one."""

    def within(self, after: int, upto: int, most: int) -> int:
        """Return the newest change up to one behind which at most about so many signals came since another."""

    def anchors(self, seq: int) -> list[tuple[int, str]]:
        """Return (number, random label) of the newest changes up to one."""

    def labels(self, changes: Iterable[int]) -> dict[int, str]:
        """Return the labels of these changes, as far as they are told."""

    def count(self, kind: str, least_quality: int, most: int) -> int:
        """Return how many signals of one type there are, counting no further than `most`."""

    def signals(self, kind: str, least_quality: int, upto: int) -> Iterator[list[Row]]:
        """Yield all signals of one type, many at a time, in order, up to a change at least."""


class SearchIndex:
    """The signals of one source, by type. `steady`: large changes come in a row, and wait for the end of it."""

    def __init__(
        self, rows: Signals, *, name: str, folder: Path | None, gate: int, clock: Clock, log: Log, steady: bool = False
    ) -> None:
        """`name`: what its files' names begin with; `folder`: where they are, None: nowhere."""
        self._rows = rows
        self._name = name
        self._folder = folder
        self._gate = gate
        self._clock = clock
        self._log = log
        self._steady = steady
        self._live: dict[str, Live] = {}
        self._seen: dict[str, int] = {}
        self._since: dict[str, float] = {}
        self._moved: dict[str, float] = {}  # when it changed last
        self._latest = -1
        self._builders: dict[str, threading.Thread] = {}
        self._fresh: dict[str, Snapshot] = {}
        self._closing = threading.Event()

    def refresh(self) -> bool:
        """Take in what changed, here or in another process; return whether anything did."""
        latest = self._rows.latest()
        same = latest == self._latest
        if same and not self._fresh and not (self._steady and self._settles()):
            return False
        for kind in NAMES:
            if kind in self._live:
                self._catch_up(kind)
            else:
                self._open(kind)
        self._latest = latest
        return not same

    def close(self) -> None:
        """Stop building in the background."""
        self._closing.set()
        for builder in list(self._builders.values()):
            builder.join()

    def search(self, kind: str, values: Sequence[bytes], radius: int) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return every usable signal of type `kind` within `radius` bits of a value.

        Four columns, int64 (m,) each: places of the values, numbers of the entries or rows, of the signals, distances.
        """
        return self._live[kind].pairs(values, radius)

    def _settles(self) -> bool:
        """Return whether an index waits to be built anew until changes are over, and they are."""
        return any(self._wants(kind) and kind not in self._builders for kind in self._live)

    def _wants(self, kind: str) -> bool:
        """Return whether so much changed that an index is built anew."""
        live = self._live[kind]
        if self._seen[kind] < self._rows.latest() and len(live.beside) >= LEAST:
            return True  # more came than is searched beside the file: it is found once the file is built
        if not live.wants_rebuild:
            return False
        if not self._steady or len(live.beside) > (len(live.base) if live.base is not None else 0):
            return True
        return self._clock.monotonic() - self._moved.get(kind, 0.0) > SETTLED.total_seconds()

    def _open(self, kind: str) -> None:
        """Get ready for the first search."""
        snapshot = self._usable(kind)
        if snapshot is None and self._rows.count(kind, self._gate, LEAST) == LEAST:
            snapshot = self._build(kind)
        self._lay_over(kind, snapshot)
        if snapshot is not None and self._live[kind].wants_rebuild:
            self._lay_over(kind, self._build(kind, snapshot.stamp.seq))

    def _catch_up(self, kind: str) -> None:
        fresh = self._fresh.pop(kind, None)
        if fresh is not None:
            self._lay_over(kind, fresh)
        elif not self._rows.reaches(self._seen[kind]):
            self._open(kind)
        else:
            self._take_in(kind)
        live = self._live[kind]
        # what was withdrawn is hidden at once, and is to leave the file as well
        stale = bool(len(live.hidden)) and self._clock.monotonic() - self._since[kind] > KEPT.total_seconds()
        if (self._wants(kind) or stale) and kind not in self._builders:
            old = live.base.stamp.seq if live.base is not None else -1
            builder = threading.Thread(target=self._build_behind, args=(kind, old), name=f"index {kind}", daemon=True)
            self._builders[kind] = builder
            builder.start()

    def _lay_over(self, kind: str, snapshot: Snapshot | None) -> None:
        """Search from now on in this snapshot and in what changed since it was built."""
        self._since[kind] = self._clock.monotonic()
        if snapshot is None:
            self._seen[kind] = self._rows.latest()
            self._live[kind] = Live(None, self._read(kind, self._seen[kind]))
        else:
            self._seen[kind] = snapshot.stamp.seq
            self._live[kind] = Live(snapshot)
        self._take_in(kind)

    def _take_in(self, kind: str) -> None:
        latest, seen = self._rows.latest(), self._seen[kind]
        changed = self._rows.changed(seen)
        upto = self._rows.within(seen, latest, max(0, MOST_BESIDE - len(self._live[kind].beside)))
        rows = Rows.joined([Rows.of(part) for part in self._rows.replacing(changed, kind, self._gate, seen, upto)])
        if changed or len(rows):
            self._moved[kind] = self._clock.monotonic()
            self._live[kind] = self._live[kind].changed(changed, rows)
        self._seen[kind] = upto

    def _usable(self, kind: str) -> Snapshot | None:
        """Return the snapshot on disk if it is whole and of this database."""
        if self._folder is None or not os.path.lexists(path := self._path(kind)):
            return None
        try:
            snapshot = Snapshot.open(path)
            self._check(snapshot.stamp, kind)
        except SnapshotError as error:
            self._log.info("search index is built again", kind=kind, reason=str(error))
            return None
        return snapshot

    def _check(self, stamp: Stamp, kind: str) -> None:
        """Raise SnapshotError unless a snapshot was built from this database."""
        labels = self._rows.labels(anchor.seq for anchor in stamp.anchors)
        if (stamp.kind, stamp.gate) != (kind, self._gate):
            raise SnapshotError("it was built for other signals or another banks.min_quality")
        if stamp.seq > self._rows.latest():
            raise SnapshotError("it is newer than the database")
        if not self._rows.reaches(stamp.seq):
            raise SnapshotError("it is so old that what changed since is not told any more")
        same = [labels[anchor.seq] == anchor.mark for anchor in stamp.anchors if anchor.seq in labels]
        if not same or not all(same):
            raise SnapshotError("it was built from another database, or all that it knows has changed")

    def _build(self, kind: str, newer_than: int = -1) -> Snapshot:
        """Build a snapshot, unless another process just did, and return it; in memory if the disk refuses."""
        with self._one_builder():
            found = self._usable(kind)
            if found is not None and found.stamp.seq > newer_than:
                return found
            seq = self._rows.latest()
            rows = self._gathered(kind, seq)
            anchors = tuple(Anchor(*anchor) for anchor in self._rows.anchors(seq))
            stamp = Stamp(kind=kind, gate=self._gate, seq=seq, anchors=anchors, rows=len(rows))
            self._log.info("building the search index", kind=kind, rows=len(rows))
            if self._folder is not None:
                try:
                    write(self._path(kind), stamp, rows.words, rows.entries, rows.numbers)
                    return Snapshot.open(self._path(kind))
                except SnapshotError as error:
                    self._log.warning("search index stays in memory", kind=kind, reason=str(error))
            return Snapshot.build(stamp, rows.words, rows.entries, rows.numbers)

    def _build_behind(self, kind: str, newer_than: int) -> None:
        try:
            self._fresh[kind] = self._build(kind, newer_than)
        except _Closing:
            pass
        except GifwardenError as error:
            self._log.warning("search index could not be built", kind=kind, reason=str(error))
        finally:
            self._builders.pop(kind, None)

    def _gathered(self, kind: str, seq: int) -> Rows:
        """Read all signals that may match beside the file that is made of them; in memory if the disk refuses."""
        if self._folder is not None:
            try:
                return gathered(self._parts(kind, seq), self._folder)
            except SnapshotError as error:
                self._log.warning("search index is sorted in memory", kind=kind, reason=str(error))
        return self._read(kind, seq)

    def _read(self, kind: str, seq: int) -> Rows:
        """Read all signals that may match. Raises _Closing when it is asked to stop."""
        return Rows.joined(list(self._parts(kind, seq)))

    def _parts(self, kind: str, seq: int) -> Iterator[Rows]:
        for part in self._rows.signals(kind, self._gate, seq):
            if self._closing.is_set():
                raise _Closing
            yield Rows.of(part)

    def _path(self, kind: str) -> Path:
        assert self._folder is not None, "a store in memory has no files"
        return self._folder / f"{self._name}{kind}"

    @contextmanager
    def _one_builder(self) -> Iterator[None]:
        """Wait until no other process builds, and clear away what one left behind that was killed."""
        if self._folder is None:
            yield
            return
        lock = self._lock_file(self._folder)
        try:
            while lock is not None:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if self._closing.wait(0.2):
                        raise _Closing from None
            for left in self._folder.glob("*.new"):
                with suppress(OSError):
                    left.unlink()
            yield
        finally:
            if lock is not None:
                os.close(lock)

    def _lock_file(self, folder: Path) -> int | None:
        """Return the open file by which builders wait for one another; None if the disk refuses, and nobody waits."""
        try:
            if not folder.is_dir():
                with suppress(FileNotFoundError):
                    folder.unlink()
                folder.mkdir(mode=0o700, parents=True)
            if not folder.is_symlink() and folder.stat().st_mode & 0o777 != 0o700:
                folder.chmod(0o700)
            how = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            return os.open(folder / "lock", how, 0o600)
        except OSError as error:
            self._log.warning("search index stays in memory", reason=f"{folder}: {error.strerror}")
            return None


class _Closing(Exception):
    """The process stops; what is being built is not needed any more."""
