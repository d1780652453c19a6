"""Databases of earlier versions, with a row in every table: made by the steps that these versions had."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bot.migrations import migrations

MOMENT = "2026-01-01T00:00:00Z"
POST = (
    '{"fullname":"t3_a","subreddit":"clips","permalink":"/r/clips/comments/a/x/","created":"2026-01-01T00:00:00Z",'
    '"author":"someone"}'
)
EVIDENCE = '{"target":"x","link":{"url":"u","host":"redgifs","id":"i","kind":"media","source":"url"}}'
# what a step, or a reader, takes apart: by table and column, else by column
MEANT: Mapping[str, Any] = {
    "posts.data": POST,
    "posts.fullname": "t3_a",
    "evidence.data": EVIDENCE,
    "verdict": '{"outcome":"review"}',
    "params": "{}",
    "receipt": None,
    "links.state": "judged",
    "links.kind": "media",
    "cases.state": "open",
    "cases.label": "C-1",
    "actions.state": "held",
    "actions.kind": "report",
    "notices.state": "drafted",
    "notices.ground": None,
    "notices.capacity": None,
    "notices.stated_at": None,
    "notice_items.viewed_at": None,
    "host": "redgifs",
    "banks.kind": "block",
    "entries.state": "active",
    "entries.label": "E-1",
    "signals.type": "pdq",
    "signals.value": bytes(32),
    "subreddit": "clips",
    "team.roles": "reviewer",
    "grounds.person": None,
}


def steps() -> tuple[str, ...]:
    """Return the names of all steps, in their order."""
    with closing(sqlite3.connect(":memory:")) as raw:
        return tuple(step.name for step in migrations.pending(Database(raw, execute_plugins=False)))


def make(path: Path, before: str) -> dict[str, int]:
    """Make a database that has had all steps before this one; return its tables with how many rows each has."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("pragma journal_mode = wal")
        raw.execute("pragma foreign_keys = on")
        db = Database(raw, execute_plugins=False)
        migrations.apply(db, stop_before=before)
        fill(raw)
        raw.commit()
        assert raw.execute("pragma foreign_key_check").fetchall() == []
        return rows(raw)


def rows(raw: sqlite3.Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    return {name: raw.execute(f"select count(*) from [{name}]").fetchone()[0] for name in tables(raw)}


def tables(raw: sqlite3.Connection) -> tuple[str, ...]:
    """Return the tables of ours."""
    found = raw.execute("select name from sqlite_master where type = 'table' order by rowid").fetchall()
    return tuple(name for (name,) in found if not name.startswith(("sqlite_", "_")))


def fill(raw: sqlite3.Connection) -> None:
    """Put a row into every table that has none, parents first."""
    waiting = [name for name in tables(raw) if not raw.execute(f"select exists (select 1 from [{name}])").fetchone()[0]]
    while waiting:
        held = set(waiting)
        ready = [name for name in waiting if not {other for other, _ in _parents(raw, name)} & (held - {name})]
        assert ready, f"tables refer to one another in a circle: {waiting}"
        for name in ready:
            row = dict(_row(raw, name))
            marks = ", ".join("?" for _ in row)
            raw.execute(
                f"insert into [{name}] ({', '.join(f'[{one}]' for one in row)}) values ({marks})", [*row.values()]
            )
            waiting.remove(name)


def _parents(raw: sqlite3.Connection, table: str) -> Iterator[tuple[str, str]]:
    for key in raw.execute(f"pragma foreign_key_list([{table}])"):
        yield key[2], key[3]


def _row(raw: sqlite3.Connection, table: str) -> Iterator[tuple[str, Any]]:
    parents = {}
    for key in raw.execute(f"pragma foreign_key_list([{table}])").fetchall():
        target = key[4] or next(row[1] for row in raw.execute(f"pragma table_info([{key[2]}])") if row[5])
        found = raw.execute(f"select [{target}] from [{key[2]}] limit 1").fetchone()
        parents[key[3]] = found[0] if found else None
    statement = raw.execute("select sql from sqlite_master where name = ?", (table,)).fetchone()[0]
    for _, name, kind, needed, default, _ in raw.execute(f"pragma table_info([{table}])").fetchall():
        if f"{table}.{name}" in MEANT:
            yield name, MEANT[f"{table}.{name}"]
        elif name in parents:
            yield name, parents[name]
        elif name in MEANT and (MEANT[name] is not None or not needed):
            yield name, MEANT[name]
        elif default is None:
            yield name, _value(name, kind.lower(), statement)


def _value(name: str, kind: str, statement: str) -> Any:
    allowed = re.search(rf"check \({name} in \('([a-z_]+)'", statement)
    if allowed:
        return allowed[1]
    if kind in ("integer", "int"):
        return 1
    if kind == "real":
        return 0.5
    if kind == "blob":
        return bytes(8)
    if name == "at" or name.endswith(("_at", "since", "until", "created", "checked", "moment")):
        return MOMENT
    return "{}" if name in ("data", "keys", "words") else "a"
