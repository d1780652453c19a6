"""Shared fixtures: a clock that stands still, a store in a folder of its own; and where such folders are."""

from __future__ import annotations

import contextlib
import gc
import importlib
import math
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import hypothesis
import pytest
import typer.main
import typer.testing

from bot.clock import ManualClock
from bot.encryption import FieldCipher, new_key
from bot.store import Store
from bot.store.base import Connection
from tests.bots import borrowed, bot, known, log, rules, world  # noqa: F401  fixtures; a file's own of the same name come first
from tests.host_world import build, client, park  # noqa: F401  fixtures, too

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
hypothesis.settings.register_profile("gifwarden", deadline=None)  # a busy machine is no counterexample
hypothesis.settings.load_profile("gifwarden")

TESTS = Path(__file__).parent
MEMORY = Path("/dev/shm")  # a file system in memory, where Linux has one
ROOM = 2 * 2**30  # bytes that must be free there


def pytest_configure(config: pytest.Config) -> None:
    """Put the tests' folders into memory, where SQLite waits for no disk. `--basetemp` names another place.

    And let no test depend on how wide the terminal is.
    """
    if config.getoption("dist", "no") == "load":
        config.option.dist = "worksteal"  # who has nothing left takes over what waits for a slower one
    os.environ.pop("COLUMNS", None)  # pytest-xdist sets it; what tests run is in a pipe
    if config.option.basetemp is None and os.access(MEMORY, os.W_OK) and _free(MEMORY) > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    if (worker := getattr(config, "workerinput", None)) and [Path(arg) for arg in config.args] == [TESTS]:
        _import_share(int(worker["workerid"].removeprefix("gw")), worker["workercount"])


def _import_share(number: int, of: int) -> None:
    """Import each worker's share of the tests first: pytest rewrites each file once for all, not once for each."""
    for file in sorted(TESTS.glob("test_*.py"))[number::of]:
        with contextlib.suppress(Exception, pytest.skip.Exception):  # said when it is collected
            importlib.import_module(f"tests.{file.stem}")


# every command that a test runs would build all commands anew, however it is run
typer.main.get_command = cache(typer.main.get_command)
vars(typer.testing)["_get_command"] = typer.main.get_command


def pytest_sessionstart() -> None:
    """Let lines be as long as they are: pytest-xdist tells its workers how wide the terminal is."""
    os.environ.pop("COLUMNS", None)


def pytest_collection_finish() -> None:
    """Keep what was collected: to look through it again and again for what could be freed takes long."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """Three workers for two processors: a third of the time tests wait, for servers, children and clocks."""
    return math.ceil((len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1) * 1.5)


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


@pytest.fixture(scope="session", autouse=True)
def first_database() -> Iterator[None]:
    """New databases of this process are copies of the first, pages and all: to build one takes as long as many a test.

    Each has its own mark, as those have that are built. A connection of tests' own making builds its own.
    """
    from_scratch = Connection._begin_new
    with contextlib.closing(sqlite3.connect(":memory:", check_same_thread=False)) as first:

        def begin_new(connection: Connection) -> bool:
            conn = connection.db.conn
            if type(conn) is not sqlite3.Connection:
                return from_scratch(connection)
            if not first.execute("select exists (select 1 from sqlite_master)").fetchone()[0]:
                made = from_scratch(connection)
                if made:
                    conn.backup(first)
                return made
            if connection.value("select exists (select 1 from sqlite_master)"):
                return from_scratch(connection)  # which says what is there
            first.backup(conn)
            connection.run("update list_steps set mark = lower(hex(randomblob(8)))")
            return True

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Connection, "_begin_new", begin_new)
            yield


@pytest.fixture
def clock() -> ManualClock:
    """A clock at noon that moves only when told to."""
    return ManualClock(START)


@pytest.fixture
def store(clock: ManualClock, tmp_path: Path) -> Iterator[Store]:
    """A real database in a fresh folder."""
    with Store(tmp_path / "gifwarden.db", clock, FieldCipher(new_key())) as opened:
        yield opened
