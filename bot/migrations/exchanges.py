"""Exchanges: how far each was read, and how it does."""

from __future__ import annotations

from sqlite_utils import Database


def m0030_exchanges(db: Database) -> None:
    """Keep of each exchange up to where it is read, in the very transaction of its rows."""
    db.execute(
        """create table exchanges (
            name text primary key, kind text not null, bank text not null, state text not null, checkpoint text,
            begun_at text, ended_at text, next_at text, failures integer not null default 0, why text,
            rows integer not null default 0, added integer not null default 0, changed integer not null default 0,
            withdrawn integer not null default 0, failed integer not null default 0, share real,
            asks integer, claim text, claimed_until text) strict"""
    )


def m0050_exchanges_weighed(db: Database) -> None:
    """Count what an exchange takes back over all tries of a fetch, so that each try does not get a share of its own."""
    db.execute("alter table exchanges add column taken_back integer not null default 0")
    db.execute("alter table exchanges add column taken_of integer")


def m0060_exchanges_children(db: Database) -> None:
    """Say of each fetch how many rows it dropped because they are tagged as child abuse."""
    db.execute("alter table exchanges add column children integer not null default 0")
