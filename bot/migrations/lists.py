"""Rows of others' lists as tables of their own; an entry is made only of a row that matches."""

from __future__ import annotations

import hashlib
from itertools import groupby

import numpy as np
from sqlite_utils import Database

_TABLES = (
    """create table lists (
        id integer primary key, bank integer not null references banks, name text not null,
        rows integer not null default 0, made integer not null default 0, pdq integer not null default 0,
        phash integer not null default 0, files integer not null default 0, earlier integer not null default 0,
        first_row integer, last_row integer, added_by text, added_member integer references team,
        added_credential text, added_at text not null, taken_at text, fresh_until text,
        unique (bank, name)) strict""",
    # no foreign keys: they would be asked for every one of ten million rows
    """create table list_rows (
        id integer primary key, list integer not null, key text, type integer not null, value blob not null,
        quality integer not null default 0, disputed integer not null default 0, entry integer) strict""",
    "create unique index list_rows_entry on list_rows (entry) where entry is not null",
    "create index list_rows_made on list_rows (list, entry) where entry is not null",
    """create table list_keys (
        id integer primary key autoincrement, run integer not null, first integer not null,
        data blob not null) strict""",
    "create index list_keys_run on list_keys (run, first)",
    "create table list_gone (seq integer primary key autoincrement, row integer not null) strict",
    """create table list_steps (
        seq integer primary key autoincrement, last_row integer not null, last_gone integer not null,
        mark text not null) strict""",
    """create table list_opinions (
        row integer not null, who text not null, opinion text not null,
        primary key (row, who)) strict, without rowid""",
)
_EARLIER = 8  # type of a row that is known by a digest alone
_PART = 4096  # keys in a blob
_MOST = 1 << 20  # keys in a run


def m0026_listed_rows(db: Database) -> None:
    """Give each entry that came from a list a row of that list; what told its row from others stays its digest."""
    for statement in _TABLES:
        db.execute(statement)
    db.execute(
        """insert into lists (bank, name, rows, made, earlier, added_by, added_member, added_credential, added_at)
           select o.bank, o.source, count(*), count(*), count(*), e.added_by, e.added_member, e.added_credential,
           min(e.added_at) from entry_origins o join entries e on e.id = o.entry
           group by o.bank, o.source order by min(o.entry)"""
    )
    db.execute(
        """insert into list_rows (list, type, value, entry)
           select l.id, ?, o.key, o.entry from entry_origins o join lists l on l.bank = o.bank and l.name = o.source
           order by o.entry""",
        (_EARLIER,),
    )
    db.execute(
        """update lists set first_row = (select min(id) from list_rows where list = lists.id),
           last_row = (select max(id) from list_rows where list = lists.id)"""
    )
    last = db.execute("select coalesce(max(id), 0) from list_rows").fetchone()[0]
    db.execute("insert into list_steps (last_row, last_gone, mark) values (?, 0, lower(hex(randomblob(8))))", (last,))
    for run, start in enumerate(range(0, last, _MOST), 1):
        rows = db.execute("select id, value from list_rows where id > ? and id <= ?", (start, start + _MOST)).fetchall()
        _keep_keys(db, run, [(_hash(bytes(value)), row) for row, value in rows])
    db.execute("drop table entry_origins")


def _hash(key: bytes) -> int:
    """Return 48 bits of what told a row of an earlier version."""
    return int.from_bytes(hashlib.blake2b(key, digest_size=6).digest())


def _keep_keys(db: Database, run: int, keys: list[tuple[int, int]]) -> None:
    """Write sorted keys in parts; equal ones stay together."""
    part: list[tuple[int, int]] = []
    parts: list[list[tuple[int, int]]] = []
    for _, same in groupby(sorted(keys), key=lambda pair: pair[0]):
        part.extend(same)
        if len(part) >= _PART:
            parts.append(part)
            part = []
    for held in (*parts, part):
        if held:
            data = np.array(held, dtype="<i8").tobytes()
            db.execute("insert into list_keys (run, first, data) values (?, ?, ?)", (run, held[0][0], data))


def m0061_lists_last(db: Database) -> None:
    """Say of each list what came of its rows when it was read last."""
    db.execute("alter table lists add column last text")
