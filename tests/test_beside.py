"""Another process writes for longer than SQLite itself waits: nothing fails for it, and nothing is left undone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.errors import DatabaseError
from bot.store import Store
from tests.people import member

HOLD = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
held.execute(sys.argv[2])
held.execute("select count(*) from sqlite_master").fetchone()
print(1, flush=True)
time.sleep(float(sys.argv[3]))
held.execute("commit")
"""
SECONDS = 0.7  # that it is held: several times what SQLite waits by itself


@contextmanager
def held(path: Path, how: str, seconds: float = SECONDS) -> Iterator[None]:
    """Let another process write to a database (`begin immediate`) or read from it (`begin`) for a while."""
    command = [sys.executable, "-c", HOLD, str(path), how, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield


WRITES: dict[str, Callable[[Store, Path], object]] = {
    "a statement": lambda store, _: store.banks.create("b", "block"),
    "a transaction": lambda store, _: member(store),
    "many rows": lambda store, _: store.connection.run_many(
        "insert into versions values (?, 1)", [(f"x{number}",) for number in range(100)]
    ),
    "a read": lambda store, _: store.banks.listing(),
    "a copy": lambda store, folder: store.connection.copy_into(folder / "copy"),
    "another start": lambda store, _: Store(store.path, SystemClock()).close(),
    "an emptied log": lambda store, _: store.maintenance.truncate_log(),
}


@pytest.mark.parametrize("what", WRITES)
@pytest.mark.slow
def test_whatever_is_done_waits_for_another_writer(tmp_path: Path, what: str) -> None:
    """While another process writes, statements, transactions, copies and starts wait, and none fails."""
    with Store(tmp_path / "db", SystemClock()) as store, held(tmp_path / "db", "begin immediate"):
        WRITES[what](store, tmp_path)


@pytest.mark.parametrize("how", ["begin immediate", "begin"])
def test_what_is_forgotten_leaves_the_log_once_others_let_it_go(tmp_path: Path, how: str) -> None:
    """The write-ahead log is emptied although another process wrote or read at that moment, and threads go on."""
    with Store(tmp_path / "db", SystemClock()) as store:
        store.banks.create("secretname", "block")
        assert b"secretname" in (tmp_path / "db-wal").read_bytes()
        with held(tmp_path / "db", how):
            reading: list[float] = []

            def read() -> None:
                start = time.monotonic()
                store.banks.listing()
                reading.append(time.monotonic() - start)

            other = threading.Timer(0.1, read)
            other.start()
            start = time.monotonic()
            store.maintenance.truncate_log()
            waited = time.monotonic() - start
            other.join()
        assert (tmp_path / "db-wal").stat().st_size == 0
        assert reading[0] < max(waited, SECONDS)


@pytest.mark.slow
def test_a_stop_ends_the_wait_for_an_empty_log(tmp_path: Path) -> None:
    """Told to stop, nobody waits for another process any more."""
    with Store(tmp_path / "db", SystemClock()) as store:
        store.banks.create("b", "block")
        with held(tmp_path / "db", "begin immediate", 8):
            store.connection.hurry()
            start = time.monotonic()
            store.maintenance.truncate_log()
            with pytest.raises(DatabaseError):
                store.banks.create("c", "block")
            assert time.monotonic() - start < 7


def test_several_that_start_at_once_set_the_database_up_once(tmp_path: Path) -> None:
    """A daemon and commands that start together on a new database, or after an update, all get to work."""
    together = threading.Barrier(6)
    failures: list[Exception] = []

    def start() -> None:
        together.wait()
        try:
            Store(tmp_path / "db", SystemClock()).close()
        except Exception as error:  # noqa: BLE001  the test tells it
            failures.append(error)

    starts = [threading.Thread(target=start) for _ in range(6)]
    for one in starts:
        one.start()
    for one in starts:
        one.join()
    assert not failures
