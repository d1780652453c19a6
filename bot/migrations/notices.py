"""Notices: on which ground, what is on them, and what became of them."""

from __future__ import annotations

from sqlite_utils import Database


def m0070_notices(db: Database) -> None:
    """Let a notice be about one entry or person, its items carry what they are, and its life be written down."""
    for column in (
        "entry integer references entries on delete set null",
        "person text",
        "language text not null default 'en'",
        "reference text",
        "sent_at text",
        "acknowledged_at text",
        "reminded_at text",
        "ended_at text",
    ):
        db.execute(f"alter table notices add column {column}")
    for column in (
        "entry integer references entries on delete set null",
        "person text",
        "ground text",
        "ground_detail text",
        "ranges text not null default '[]'",
        "rendition text",
        "state text not null default 'listed'",
        "looks integer not null default 0",
        "look_at text",
        "gone_at text",
    ):
        db.execute(f"alter table notice_items add column {column}")
    db.execute("create index notice_items_notice on notice_items (notice)")
    db.execute("create index notice_items_look on notice_items (look_at) where look_at is not null")
    db.execute(
        """create table notice_events (
            id integer primary key, notice text not null references notices on delete cascade, at text not null,
            kind text not null, host_id text, detail text not null, by_member integer references team) strict"""
    )
    db.execute("create index notice_events_notice on notice_events (notice, id)")
    db.execute(
        """create table grounds (
            id integer primary key, entry integer unique references entries on delete cascade, person text unique,
            ground text not null, detail text not null, at text not null, member integer not null references team,
            check ((entry is null) != (person is null))) strict"""
    )
    # What was sent before this was written down left when its mail was done.
    db.execute(
        """update notices set sent_at = (select a.sent_at from actions a
            where a.key = 'notice:' || notices.label and a.state in ('done', 'undo_planned', 'undone'))"""
    )
