"""Outages of hosts: how often a link was looked for in one."""

from __future__ import annotations

from sqlite_utils import Database


def m0084_link_outages(db: Database) -> None:
    """Count the looks that met an outage of a link's host; before, they used up its attempts."""
    db.execute("alter table links add column outages integer not null default 0")
