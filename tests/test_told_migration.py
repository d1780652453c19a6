"""A database of before knows on what word its posts were removed."""

from __future__ import annotations

from sqlite_utils import Database

from bot.migrations import migrations
from bot.store.removals import _REMOVED


def test_removals_of_an_earlier_version_get_their_rung() -> None:
    """A person's word where the case was confirmed first, else what its evidence shows; minors and others get none."""
    db = Database(memory=True)
    migrations.apply(db, stop_before="m0022_author_told")
    verdict = '{"outcome": "act"}'
    rows = {
        "person": ("confirmed", "2026-01-01T00:00:00Z", '{"matches": [{"method": "md5"}]}', "{}"),
        "exact": ("confirmed", "2026-03-01T00:00:00Z", '{"matches": [{"method": "pdq"}, {"method": "sha256"}]}', "{}"),
        "near_face": ("open", None, '{"matches": [{"method": "local"}]}', "{}"),
        "none": ("minor", None, '{"matches": []}', '{"order": "minor"}'),
    }
    for number, (name, (state, decided, data, params)) in enumerate(rows.items(), start=1):
        db.execute("insert into posts values (?, 'a', '', '{}', '')", (name,))
        db.execute(
            "insert into links (id, post, url, host, kind, source, state, next_at, updated_at)"
            " values (?, ?, 'u', 'h', 'media', 'url', 'judged', '', '')",
            (number, name),
        )
        db.execute("insert into evidence (link, data, at) values (?, ?, '')", (number, data))
        db.execute(
            "insert into cases (id, label, link, post, state, verdict, opened_at, decided_at)"
            " values (?, ?, ?, ?, ?, ?, '', ?)",
            (number, name, number, name, state, verdict, decided),
        )
        db.execute(
            "insert into actions (key, kind, case_id, post, subreddit, permalink, params, state, sent_at, next_at,"
            " planned_at, updated_at)"
            " values (?, 'remove', ?, ?, 'a', '', ?, 'done', '2026-02-01T00:00:00Z', '', '', '')",
            (name, number, name, params),
        )
    migrations.apply(db)
    found = dict(db.execute("select key, rung from actions").fetchall())
    assert found == {"person": "person", "exact": "exact", "near_face": "near_face", "none": None}
    assert {row[1] for row in db.execute(_REMOVED, (None, None)).fetchall()} == {"person", "exact", "near_face"}
    db.close()
