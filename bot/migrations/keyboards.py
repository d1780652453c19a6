"""The console's keys, as each person wants them."""

from __future__ import annotations

from sqlite_utils import Database


def m0055_keyboards(db: Database) -> None:
    """Let each person say which keys of the console they press in place of others."""
    db.execute("create table keyboards (member integer primary key references team, keys text not null) strict")
