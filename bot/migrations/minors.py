"""Suspected minors: which entries are of the footage that was marked."""

from __future__ import annotations

from sqlite_utils import Database


def m0082_minor_footage(db: Database) -> None:
    """Know which entries are of marked footage, so that other cases of it warn; earlier marks left no evidence."""
    db.execute(
        """create table minor_footage (
            entry text not null, label text not null, primary key (entry, label)) strict"""
    )
    db.execute("insert into minor_footage select label, label from entries where withdrawal = 'minor'")
