"""Why an entry was withdrawn is kept, of databases from before as well."""

from __future__ import annotations

from sqlite_utils import Database

from bot.migrations import migrations


def test_entries_withdrawn_by_an_earlier_version_have_nothing_left_to_follow() -> None:
    """They are withdrawn for an unsaid reason and count as followed; active ones have neither."""
    db = Database(memory=True)
    migrations.apply(db, stop_before="m0024_withdrawal_reason")
    db.execute("insert into banks (id, name, kind, created_at) values (1, 'b', 'block', '')")
    for label, state, at in (("E-1", "withdrawn", "2026-01-01T00:00:00Z"), ("E-2", "active", None)):
        db.execute(
            "insert into entries (label, bank, state, added_by, added_at, withdrawn_at) values (?, 1, ?, 'x', '', ?)",
            (label, state, at),
        )
    migrations.apply(db)
    found = {row[0]: row[1:] for row in db.execute("select label, withdrawal, followed_at from entries").fetchall()}
    assert found == {"E-1": ("unsaid", "2026-01-01T00:00:00Z"), "E-2": (None, None)}
    db.close()
