"""A new database is made at once, and is what all steps would make of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from bot.clock import SystemClock
from bot.migrations import migrations
from bot.store.base import Connection

SHAPE = "select type, name, tbl_name, sql from sqlite_master order by type, name"


def test_a_new_database_has_the_shape_of_all_steps(tmp_path: Path) -> None:
    """Tables, indexes and triggers; every step counts as applied, and nothing is pending."""
    Connection(tmp_path / "new.db", SystemClock()).close()
    with closing(sqlite3.connect(":memory:")) as stepped, closing(sqlite3.connect(tmp_path / "new.db")) as new:
        migrations.apply(Database(stepped, execute_plugins=False))
        assert new.execute(SHAPE).fetchall() == stepped.execute(SHAPE).fetchall()
        db = Database(new, execute_plugins=False)
        assert [step.name for step in migrations.pending(db)] == []
        assert {step.name for step in migrations.applied(db)} == {
            step.name for step in migrations.applied(Database(stepped, execute_plugins=False))
        }
        for table in db.table_names():  # a step that puts other rows in must give each database its own
            rows = list(db.query(f"select * from [{table}]"))
            assert not rows or table in ("_sqlite_migrations", "sqlite_sequence", "list_steps"), table


def test_two_new_databases_are_told_apart(tmp_path: Path) -> None:
    """Also if one process makes both: an index of one must never be taken for the other's."""
    marks = set()
    for name in ("one.db", "two.db"):
        connection = Connection(tmp_path / name, SystemClock())
        marks.add(connection.value("select mark from list_steps"))
        connection.close()
    assert len(marks) == 2


def test_a_database_with_tables_is_carried_step_by_step(tmp_path: Path) -> None:
    """What an earlier version wrote stays."""
    with closing(sqlite3.connect(tmp_path / "old.db")) as raw:
        db = Database(raw, execute_plugins=False)
        migrations.apply(db, stop_before="m0008_entry_origins")
        db.execute("insert into banks (name, kind, created_at) values ('mine', 'block', '')")
        raw.commit()
    connection = Connection(tmp_path / "old.db", SystemClock())
    assert connection.value("select name from banks") == "mine"
    connection.close()
