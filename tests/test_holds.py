"""What holds an action has a kind, in the database and not in the words of a sentence."""

from __future__ import annotations

import pytest
from sqlite_utils import Database

from bot.clock import ManualClock
from bot.migrations import migrations
from bot.model import ActionState, Hold
from bot.store import Store

OLD = {
    "person: a moderator decides; see gifwarden cases confirm": Hold.PERSON,
    "mode: r/a is in mode observe": Hold.MODE,
    "stop: the kill switch is on; delete STOP to go on": Hold.STOP,
    "cap: 30 remove actions were done in the last hour": Hold.CAP,
    "flood: entry E-1 is quarantined (many: 9); gifwarden quarantine release": Hold.QUARANTINE,
    "outside: Reddit refuses the login": Hold.OUTSIDE,
    "order: it waits for the removal": Hold.REMOVAL,
    "something that no version wrote": Hold.PERSON,
}


def test_a_database_of_before_is_carried_forward() -> None:
    """Each old sentence becomes a kind and loses its beginning; what is not held gets none; permalinks are counted."""
    db = Database(memory=True)
    migrations.apply(db, stop_before="m0012_holds")
    row = (
        "insert into actions (key, kind, subreddit, permalink, params, state, reason, next_at, planned_at, updated_at)"
    )
    for reason in OLD:
        db.execute(f"{row} values (?, 'remove', 'a', '', '{{}}', 'held', ?, '', '', '')", (reason, reason))
    db.execute(f"{row} values ('failed', 'remove', 'a', '', '{{}}', 'failed', 'cap: words', '', '', '')")
    migrations.apply(db)
    found = {
        key: (hold, reason) for key, hold, reason in db.execute("select key, hold, reason from actions").fetchall()
    }
    assert found.pop("failed") == (None, "cap: words")
    for old, kind in OLD.items():
        beginning, _, rest = old.partition(": ")
        assert found[old] == (kind, rest if beginning.isalpha() else old)
    db.close()


@pytest.mark.parametrize("hold", list(Hold))
def test_only_a_persons_word_releases_what_waits_for_a_person(store: Store, clock: ManualClock, hold: Hold) -> None:
    """What waits for a person, and only that, is not planned again by itself, whatever its sentence says."""
    store.actions.plan(
        key="a", kind="remove", subreddit="a", params={}, hold=hold, reason="cap: or stop: or person: in words"
    )
    clock.sleep(3600)
    assert store.actions.wake() == (hold != Hold.PERSON)
    (row,) = store.actions.listing()
    assert (row.state, row.hold) == ((ActionState.HELD, hold) if hold == Hold.PERSON else (ActionState.PLANNED, None))


@pytest.mark.parametrize("hold", list(Hold))
def test_the_stopped_are_counted_by_kind(store: Store, hold: Hold) -> None:
    """What waits for `go` is what was stopped."""
    store.actions.plan(key="a", kind="remove", subreddit="a", params={}, hold=hold, reason="x")
    assert store.orders.waiting("a") == (hold == Hold.STOP)
