"""A database of whatever earlier version is carried forward, whole, however often it is cut short."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import ManualClock, SystemClock
from bot.errors import StoreError
from bot.migrations import known_steps, migrations
from bot.store import Store
from bot.store.place import damage
from tests.conftest import START
from tests.earlier import make, rows, steps, tables
from tests.slow import few, slow

ROOT = Path(__file__).parent.parent
LATER = steps()[1:]
SHAPE = "select type, name, tbl_name, sql from sqlite_master order by type, name"
GONE = {"mod_reports", "entry_origins"}  # tables that a step takes away; it carries the rows of the second over


@pytest.mark.parametrize("before", few(LATER, LATER[0], LATER[len(LATER) // 2], LATER[-1]))
def test_every_earlier_database_is_carried_forward(tmp_path: Path, before: str) -> None:
    """No row is lost, every reference holds, the shape is that of a new database, and it reads."""
    path = tmp_path / "old.db"
    had = make(path, before)
    with Store(path, ManualClock(START)) as store:
        raw = store.connection.db.conn
        has = rows(raw)
        assert {name: has.get(name, 0) for name, number in had.items() if has.get(name, 0) < number}.keys() <= GONE
        assert {step.name for step in migrations.applied(store.connection.db)} == known_steps()
        assert raw.execute("pragma foreign_key_check").fetchall() == []
        shape = [tuple(row) for row in raw.execute(SHAPE)]
        assert len(store.cases.listing()) == 1
        store.maintenance.counts()
    with Store(tmp_path / "new.db", ManualClock(START)) as fresh:
        assert shape == [tuple(row) for row in fresh.connection.db.conn.execute(SHAPE)]
    assert damage(path, 20) is None


def test_a_copy_of_before_is_kept_for_a_day(tmp_path: Path) -> None:
    """It is private and whole, made once, opens with the steps it had, and goes when its day is over."""
    path = tmp_path / "gifwarden.db"
    had = make(path, LATER[-1])
    Store(path, ManualClock(START)).close()
    copy = tmp_path / f"gifwarden.db.before-{LATER[-1]}"
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as raw:
        assert rows(raw) == had
        assert "notice_items" in tables(raw)
    made = copy.stat().st_mtime
    with Store(path, SystemClock()) as store:
        assert store.maintenance.forget_earlier(SystemClock().now() - timedelta(days=1)) == 0
        assert copy.stat().st_mtime == made
        os.utime(copy, (time.time() - 2 * 86400,) * 2)
        assert store.maintenance.forget_earlier(SystemClock().now() - timedelta(days=1)) == 1
    assert not copy.exists()


def test_no_step_is_taken_under_a_daemon(tmp_path: Path) -> None:
    """A command of a new version does not change the shape while a daemon of the earlier one works."""
    path = tmp_path / "gifwarden.db"
    make(path, LATER[-1])
    holds = "import fcntl,sys; f=open(sys.argv[1],'w'); fcntl.flock(f,2); print(1,flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holds, f"{path}.lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as daemon:
        assert daemon.stdout
        daemon.stdout.readline()
        with pytest.raises(StoreError, match=r"a daemon of an earlier version works on .* stop it before"):
            Store(path, ManualClock(START))
        assert daemon.stdin
        daemon.stdin.close()
    Store(path, ManualClock(START)).close()


@slow
def test_an_upgrade_may_be_killed_at_any_step(tmp_path: Path) -> None:
    """Killed before and after each step's commit, and started again: it ends as an undisturbed one does."""
    make(tmp_path / "old.db", LATER[0])
    with closing(sqlite3.connect(tmp_path / "old.db")) as raw:
        raw.execute("pragma wal_checkpoint(truncate)")
    done = subprocess.run(
        [sys.executable, "-m", "tests.upgrading", str(tmp_path / "old.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    *kills, end = done.stdout.splitlines()
    assert len(kills) >= 2 * len(LATER[1:])
    assert end == "same"
