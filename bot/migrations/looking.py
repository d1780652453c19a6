"""How people look at media."""

from __future__ import annotations

from sqlite_utils import Database


def m0042_looking(db: Database) -> None:
    """Let each person say how they want to look, and see how much they did today."""
    db.execute(
        """create table look_settings (
            member integer primary key references team, level text not null, grey integer not null,
            refused text not null) strict"""
    )
    db.execute(
        """create table looks_today (
            mark text primary key, day text not null, looks integer not null, clear integer not null) strict"""
    )
