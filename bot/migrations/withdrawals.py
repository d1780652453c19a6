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
