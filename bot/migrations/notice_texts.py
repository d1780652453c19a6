"""Which texts of notices a person of the team has approved, and what else is stated with a notice."""

from __future__ import annotations

from sqlite_utils import Database


def m0079_notice_texts(db: Database) -> None:
    """Keep approvals of texts, and with a notice what else is stated with it and in which text."""
    db.execute(
        """create table approved_texts (
            digest text primary key, language text not null, name text not null, at text not null,
            member integer not null references team) strict"""
    )
    for column in (
        "law text not null default ''",
        "access text not null default ''",
        "named integer not null default 1",  # until now a third party's notice named the person who stated it
        "authority text",
        "text text",
    ):
        db.execute(f"alter table notices add column {column}")
