"""Withdrawals of entries: why, and whether all that follows from it is done."""

from __future__ import annotations

from sqlite_utils import Database


def m0024_withdrawal_reason(db: Database) -> None:
    """Say of each withdrawn entry why; what was withdrawn before has nothing left to follow."""
    db.execute("alter table entries add column withdrawal text")
    db.execute("alter table entries add column followed_at text")
    db.execute("update entries set withdrawal = 'unsaid', followed_at = withdrawn_at where state = 'withdrawn'")
    db.execute(
        "create index entries_followed on entries (withdrawn_at) where state = 'withdrawn' and followed_at is null"
    )


def m0025_withdrawals_followed(db: Database) -> None:
    """Say who withdrew an entry, and which marks of its files are taken back with a suspicion."""
    db.execute("alter table entries add column withdrawn_by text")
    db.execute("alter table entries add column withdrawn_member integer references team")
    db.execute(
        """create table entry_marks (
            entry integer not null references entries on delete cascade, mark text not null,
            primary key (entry, mark)) strict, without rowid"""
    )
    db.execute("create index entries_minor on entries (withdrawn_at) where withdrawal = 'minor'")
