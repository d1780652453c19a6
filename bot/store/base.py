"""The connection: settings, transactions, migrations, opaque labels."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

from sqlite_utils import Database

from bot.clock import Clock, from_iso, iso
from bot.errors import DatabaseError, StoreError
from bot.migrations import known_steps, migrations, new_database
from bot.store import place

Row = Mapping[str, Any]
Factory = type[sqlite3.Connection]
CONNECTION: Factory = sqlite3.Connection
BUSY_MS = 30_000  # that another process, which writes or holds the file, is waited for
STEP_MS = 100  # a wait for another process looks this often at whether we stop
SPIN_SECONDS = 0.01  # between two tries: some waits SQLite refuses without waiting
HURRY_SECONDS = 1.0  # of all waits together, once we stop

T = TypeVar("T")


class Connection:
    """One SQLite connection behind a lock; as a context manager, one transaction.

    Every method raises DatabaseError if SQLite fails: the disk is full, another process writes for too long.
    """

    BEGIN = "begin immediate"

    def __init__(self, path: Path | None, clock: Clock, factory: Factory = CONNECTION) -> None:
        """`factory`: what SQLite's connections are made of; tests give one that fails."""
        self.clock = clock
        self._factory = factory
        self._lock = threading.RLock()
        self._depth = 0
        self._hurried: float | None = None  # until when anything is waited for, once we stop
        self.path = path
        self._where = str(path) if path else ":memory:"
        try:
            if path:
                if not path.exists():
                    place.look(path)
                _make_private(path)
            raw = self._open()
        except (OSError, sqlite3.Error) as error:
            raise place.explained(path, error) from None
        try:
            with _alone(path):
                self._set_up(raw)
                self.db = Database(raw, execute_plugins=False)
                self._migrate()
            raw.execute(f"pragma busy_timeout = {STEP_MS}")
        except sqlite3.Error as error:
            raw.close()
            raise place.explained(path, error) from None
        except BaseException:
            raw.close()
            raise

    def __enter__(self) -> Self:
        self._lock.acquire()
        try:
            with self._told():
                if self._depth == 0:
                    if self.db.conn.in_transaction:
                        self._heal()
                    self._patiently(lambda: self.db.conn.execute(self.BEGIN))
                elif not self.db.conn.in_transaction:
                    # SQLite gives a transaction up by itself when the disk is full; half of it must not be committed
                    raise DatabaseError(f"the database {self._where} gave this step up; it is done again later")
        except BaseException:
            self._lock.release()
            raise
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        try:
            if self._depth == 0:
                self._end(keep=kind is None)
        finally:
            self._lock.release()

    def run(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        """Execute a writing statement; return the number of rows it changed."""
        with self, self._told():
            return self.db.conn.execute(sql, parameters).rowcount

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a writing statement once for each row."""
        with self, self._told():
            self.db.conn.executemany(sql, rows)

    def insert(self, table: str, row: Mapping[str, Any]) -> int:
        """Insert one row of strings, numbers and bytes; return its id."""
        with self, self._told():
            return int(self.db.conn.execute(_insertion(table, row), row).lastrowid or 0)

    def insert_all(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert many rows, which all have the columns of the first."""
        if every := list(rows):
            with self, self._told():
                self.db.conn.executemany(_insertion(table, every[0]), every)

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """Return all rows of a reading statement."""
        with self._lock, self._told():
            return [dict(row) for row in self._patiently(lambda: self.db.conn.execute(sql, parameters).fetchall())]

    def tuples(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a reading statement, bare: where there are very many."""
        with self._lock, self._told():
            cursor = self.db.conn.cursor()
            cursor.row_factory = None
            return self._patiently(lambda: cursor.execute(sql, parameters).fetchall())

    def one(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Row | None:
        """Return the first row or None."""
        with self._lock, self._told():
            row = self._patiently(lambda: self.db.conn.execute(sql, parameters).fetchone())
            return dict(row) if row else None

    def value(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        """Return the first column of the first row, or None."""
        with self._lock, self._told():
            row = self._patiently(lambda: self.db.conn.execute(sql, parameters).fetchone())
            return row[0] if row else None

    def hurry(self) -> None:
        """Wait for other processes for a second more in all, in whatever thread: the program stops."""
        self._hurried = time.monotonic() + HURRY_SECONDS

    def until(self, done: Callable[[], bool]) -> bool:
        """Try something that another process may keep from being done, as long as any wait lasts; return whether it is.

        Between two tries other threads may use the connection.
        """
        end = time.monotonic() + BUSY_MS / 1000
        while not done():
            if self._late(end):
                return False
            time.sleep(SPIN_SECONDS)
        return True

    def _late(self, end: float) -> bool:
        now = time.monotonic()
        return now >= end or (self._hurried is not None and now >= self._hurried)

    def _patiently(self, call: Callable[[], T]) -> T:
        """Return what a statement returns that another process may keep from beginning.

        SQLite itself waits in steps: a wait of its own of 30 seconds could not be ended by whoever tells us to stop.
        """
        end = time.monotonic() + BUSY_MS / 1000
        while True:
            try:
                return call()
            except sqlite3.OperationalError as error:
                busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or self._late(end) or self._depth:  # in a transaction we could wait for ourselves
                    raise
                time.sleep(SPIN_SECONDS)

    def _end(self, *, keep: bool) -> None:
        """Commit or roll back; whatever happens, no transaction stays open."""
        conn = self.db.conn
        try:
            if keep:
                with self._told():
                    if not conn.in_transaction:
                        raise DatabaseError(f"the database {self._where} gave this step up; it is done again later")
                    conn.execute("commit")
        finally:
            if conn.in_transaction:
                self._heal()

    def _heal(self) -> None:
        """End an open transaction without keeping it. If SQLite cannot even do that, the file is opened anew.

        What led here is the error to tell. A connection that stays in a transaction is never used: to begin tries this
        again.
        """
        try:
            self.db.conn.execute("rollback")
        except (sqlite3.Error, MemoryError):
            if self.path is None or not self.db.conn.in_transaction:  # what is in memory would be gone
                return
            with contextlib.suppress(sqlite3.Error, MemoryError):
                fresh = self._open()
                try:
                    self._set_up(fresh)
                    fresh.execute(f"pragma busy_timeout = {STEP_MS}")
                except BaseException:
                    fresh.close()
                    raise
                old, self.db = self.db, Database(fresh, execute_plugins=False)
                old.close()  # which rolls back what it had begun

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self._where,
            check_same_thread=False,
            timeout=BUSY_MS / 1000,
            factory=self._factory,
            cached_statements=1024,
        )

    def _set_up(self, raw: sqlite3.Connection) -> None:
        raw.row_factory = sqlite3.Row
        for pragma in (
            f"busy_timeout = {BUSY_MS}",
            "journal_mode = wal",
            "synchronous = full",
            "foreign_keys = on",
            "secure_delete = on",  # what is forgotten must not stay in free pages
            "temp_store = memory",
        ):
            raw.execute(f"pragma {pragma}")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn SQLite's errors into one sentence."""
        try:
            yield
        except sqlite3.Error as error:
            raise DatabaseError(
                f"the database {self._where} is full, busy or damaged ({error}); check its disk and who else uses it"
            ) from error

    def copy_into(self, path: Path) -> None:
        """Write the database as it is at this moment into an empty file, without what was deleted from it."""
        with self._lock, self._told():
            self._patiently(lambda: self.db.conn.execute("vacuum into ?", (str(path),)))

    def now(self) -> str:
        """Return the clock's moment as text."""
        return iso(self.clock.now())

    def close(self) -> None:
        """Close the file."""
        with self._lock, self._told():
            self.db.close()

    def _migrate(self) -> None:
        applied = {step.name for step in migrations.applied(self.db)}
        if not place.is_ours(self.db.conn, tuple(applied)):
            raise StoreError(
                f"{self._where} is the database of another program, and is left alone; move it away, or set "
                "storage.path"
            )
        if applied - known_steps():
            raise StoreError(f"{self._where} was written by a newer gifwarden; update the program or restore a backup")
        pending = migrations.pending(self.db)
        if pending and not self._begin_new():
            if self.path is not None:
                if place.locked(self.path):
                    raise StoreError(
                        f"a daemon of an earlier version works on {self._where}; stop it before this version changes "
                        "the shape of its database"
                    )
                place.keep(self.db.conn, self.path, pending[0].name)
            migrations.apply(self.db)

    def _begin_new(self) -> bool:
        """Give an empty database its newest shape in one transaction; False if it is not empty.

        Step by step it would be built in fifty, each flushed to the disk.
        """
        with self:
            if self.value("select exists (select 1 from sqlite_master where name not like 'sqlite!_%' escape '!')"):
                return False
            for statement in new_database():
                self.db.conn.execute(statement)
        return True


class ReadingConnection(Connection):
    """A connection that cannot write, for a database that another connection of this program has brought up to date.

    As a context manager, one moment of the database. It waits for nobody who writes, and nobody waits for it.
    """

    BEGIN = "begin"

    def _open(self) -> sqlite3.Connection:
        assert self.path is not None, "what is in memory has one connection"
        return sqlite3.connect(
            f"file:{quote(str(self.path))}?mode=ro",
            uri=True,
            check_same_thread=False,
            timeout=BUSY_MS / 1000,
            factory=self._factory,
            cached_statements=1024,
        )

    def _set_up(self, raw: sqlite3.Connection) -> None:
        raw.row_factory = sqlite3.Row
        for pragma in (f"busy_timeout = {BUSY_MS}", "query_only = on", "temp_store = memory"):
            raw.execute(f"pragma {pragma}")

    def _migrate(self) -> None:
        """Change nothing."""


def _insertion(table: str, row: Row) -> str:
    columns = ", ".join(row)
    return f"insert into {table} ({columns}) values ({', '.join(f':{name}' for name in row)})"  # noqa: S608  names of ours


@contextlib.contextmanager
def _alone(path: Path | None) -> Iterator[None]:
    """Let nobody else set up a database in this folder meanwhile: two that start after an update would both migrate it.

    A folder that cannot be locked, or is for too long, is not waited for.
    """
    folder = None
    try:
        if path is not None:
            with contextlib.suppress(OSError):
                folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        end = time.monotonic() + BUSY_MS / 1000
        while folder is not None and time.monotonic() < end:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(SPIN_SECONDS)
            except OSError:
                break
        yield
    finally:
        if folder is not None:
            os.close(folder)


def _make_private(path: Path) -> None:
    """Let nobody but its owner read a database, from its first byte, whatever the umask is. Raises OSError.

    SQLite gives the files beside it the mode of the database; those that are there from before are set right too.
    """
    if not path.parent.exists():
        path.parent.mkdir(parents=True)
        path.parent.chmod(0o700)
    with contextlib.suppress(FileExistsError):
        # never a file that is there: to close it lets go of all locks that SQLite holds on it in this process, and
        # another process would then take the write-ahead log away from under us
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))):
        with contextlib.suppress(FileNotFoundError):
            if file.stat().st_mode & 0o777 != 0o600:
                file.chmod(0o600)


def label(letter: str) -> str:
    """Return a new opaque label such as `C-3f9c2a71b0`."""
    return f"{letter}-{secrets.token_hex(5)}"


def moment(text: str | None) -> datetime | None:
    """Return a stored moment, if there is one."""
    return from_iso(text) if text else None
