"""What a link was looked for in vain: how often in an outage of its host, and how often something else stood there."""

from __future__ import annotations

from sqlite_utils import Database


def m0084_link_outages(db: Database) -> None:
    """Count the looks that met an outage of a link's host; before, they used up its attempts."""
    db.execute("alter table links add column outages integer not null default 0")


def m0085_link_pages(db: Database) -> None:
    """Count the looks that met something else in the place of a link's media; before, the first ended the link."""
    db.execute("alter table links add column pages integer not null default 0")


def m0086_missing_files(db: Database) -> None:
    """Let a file that did not come with the others of its album be a row of its own."""
    db.execute("alter table links add column place integer")
    db.execute("drop index links_once")
    db.execute(
        """create unique index links_once
           on links (post, host, coalesce(host_id, url), kind = 'page', source = 'preview', coalesce(place, -1))"""
    )
