"""Outages of hosts: since when a link waits for the end of one."""

from __future__ import annotations

from sqlite_utils import Database


def m0084_link_outages(db: Database) -> None:
    """Know since when a link's host gives no answer that says anything of it; before, that used up its attempts."""
    db.execute("alter table links add column outage_since text")
