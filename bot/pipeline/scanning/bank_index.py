"""What the banks know, for matching: search in the index, entries and files from the store.

The index of a small bank is made from the store at every start. That of a large one is a file, which is built when it
is missing or does not fit the database, and again in the background when much has changed.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from bot.clock import Clock
from bot.config import Config
from bot.errors import GifwardenError, SnapshotError
from bot.index import LEAST, Anchor, Live, Rows, Snapshot, Stamp, write
from bot.match import Hits, KnownEntry
from bot.match.explain import NAMES
from bot.pipeline.log import Log
from bot.store import Store

FOLDER = "index"  # in storage.path; may be deleted at any time
KEPT = timedelta(days=1)  # how long a withdrawn hash may stay in the file while a daemon runs


class BankIndex:
    """All active entries of the store. Offers what `bot.match.Known` asks for."""

    def __init__(self, config: Config, store: Store, clock: Clock, log: Log) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log
        self._gate = config.banks.min_quality
        self._folder = config.storage.path / FOLDER if store.path is not None else None
        self._lock = threading.Lock()
        self._live: dict[str, Live] = {}
        self._seen: dict[str, int] = {}
        self._since: dict[str, float] = {}
        self._latest = -1
        self._has_files = False
        self._builders: dict[str, threading.Thread] = {}
        self._fresh: dict[str, Snapshot] = {}
        self._closing = threading.Event()

    @property
    def has_files(self) -> bool:
        """Whether any entry but those of allow banks has a file's digest."""
        return self._has_files

    def refresh(self) -> None:
        """Take in what changed in the banks, here or in another process."""
        with self._lock:
            latest = self._store.known.latest()
            if latest == self._latest and not self._fresh:
                return
            for kind in NAMES:
                if kind in self._live:
                    self._catch_up(kind)
                else:
                    self._open(kind)
            self._has_files = self._store.known.has_files()
            self._latest = latest

    def close(self) -> None:
        """Stop building in the background."""
        self._closing.set()
        for builder in list(self._builders.values()):
            builder.join()

    def search(self, kind: str, values: Sequence[bytes], radius: int) -> Hits:
        """Return every usable signal of type `kind` within `radius` bits of a value."""
        return Hits(*self._live[kind].pairs(values, radius))

    def files(self, digests: Sequence[tuple[str, str]]) -> Sequence[tuple[str, int]]:
        """Return (sha256 or md5, entry number) of entries with one of these files."""
        return self._store.known.files(digests)

    def allowing(self, numbers: Iterable[int]) -> Sequence[int]:
        """Return those of these entries that are allowed against another."""
        return self._store.known.allowing(numbers)

    def entries(self, numbers: Iterable[int]) -> Mapping[int, KnownEntry]:
        """Return these entries by number, as far as they are active."""
        config = self._config
        read = self._store.known.entries(numbers, config.banks.trusted, alone=config.review.confirmations == 1)
        return {number: KnownEntry(entry, rows) for number, entry, rows in read}

    def _open(self, kind: str) -> None:
        """Get ready for the first search."""
        snapshot = self._usable(kind)
        if snapshot is None and self._store.known.count(kind, self._gate, LEAST) == LEAST:
            snapshot = self._build(kind)
        self._lay_over(kind, snapshot)
        if snapshot is not None and self._live[kind].wants_rebuild:
            self._lay_over(kind, self._build(kind, snapshot.stamp.seq))

    def _catch_up(self, kind: str) -> None:
        fresh = self._fresh.pop(kind, None)
        if fresh is not None:
            self._lay_over(kind, fresh)
        else:
            self._take_in(kind)
        live = self._live[kind]
        # what was withdrawn is hidden at once, and is to leave the file as well
        stale = bool(len(live.hidden)) and self._clock.monotonic() - self._since[kind] > KEPT.total_seconds()
        if (live.wants_rebuild or stale) and kind not in self._builders:
            old = live.base.stamp.seq if live.base is not None else -1
            builder = threading.Thread(target=self._build_behind, args=(kind, old), name=f"index {kind}", daemon=True)
            self._builders[kind] = builder
            builder.start()

    def _lay_over(self, kind: str, snapshot: Snapshot | None) -> None:
        """Search from now on in this snapshot and in what changed since it was built."""
        self._since[kind] = self._clock.monotonic()
        if snapshot is None:
            self._seen[kind] = self._store.known.latest()
            self._live[kind] = Live(None, self._read(kind))
        else:
            self._seen[kind] = snapshot.stamp.seq
            self._live[kind] = Live(snapshot)
        self._take_in(kind)

    def _take_in(self, kind: str) -> None:
        known = self._store.known
        latest = known.latest()
        changed = known.changed(self._seen[kind])
        if changed:
            rows = Rows.joined([Rows.of(part) for part in known.signals_of(changed, kind, self._gate)])
            self._live[kind] = self._live[kind].changed(changed, rows)
        self._seen[kind] = latest

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
        labels = self._store.known.labels(anchor.seq for anchor in stamp.anchors)
        if (stamp.kind, stamp.gate) != (kind, self._gate):
            raise SnapshotError("it was built for other signals or another banks.min_quality")
        if stamp.seq > self._store.known.latest():
            raise SnapshotError("it is newer than the database")
        same = [labels[anchor.seq] == anchor.mark for anchor in stamp.anchors if anchor.seq in labels]
        if not same or not all(same):
            raise SnapshotError("it was built from another database, or all that it knows has changed")

    def _build(self, kind: str, newer_than: int = -1) -> Snapshot:
        """Build a snapshot, unless another process just did, and return it; in memory if the disk refuses."""
        with self._one_builder():
            found = self._usable(kind)
            if found is not None and found.stamp.seq > newer_than:
                return found
            known = self._store.known
            seq = known.latest()
            rows = self._read(kind)
            anchors = tuple(Anchor(*anchor) for anchor in known.anchors(seq))
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

    def _read(self, kind: str) -> Rows:
        """Read all signals that may match. Raises _Closing when it is asked to stop."""
        parts = []
        for part in self._store.known.signals(kind, self._gate):
            if self._closing.is_set():
                raise _Closing
            parts.append(Rows.of(part))
        return Rows.joined(parts)

    def _path(self, kind: str) -> Path:
        assert self._folder is not None, "a store in memory has no files"
        return self._folder / kind

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
