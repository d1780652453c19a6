"""The life of a notice after it has left: its states, by whatever order of events."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import ManualClock
from bot.errors import StoreError
from bot.model import NOTICE_LEFT, NOTICE_MOVES, NOTICE_WAITING, NoticeEventKind, NoticeState
from bot.store import Store

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
ENDS = frozenset({NoticeState.REMOVED, NoticeState.CLOSED, NoticeState.RETRACTED})


def notice(store: Store, name: str, state: NoticeState) -> None:
    """Put a bare notice into the database."""
    now = "2026-11-02T09:00:00Z"
    store.connection.run(
        """insert into notices (label, host, subreddit, state, created_at, updated_at)
           values (?, 'imgur', 'clips', ?, ?, ?)""",
        (name, state, now, now),
    )


@given(
    st.sampled_from(list(NoticeState)),
    st.lists(st.tuples(st.sampled_from(list(NoticeEventKind)), st.sampled_from([None, *NoticeState])), max_size=12),
)
@settings(max_examples=25, deadline=None)
def test_no_order_of_events_leads_where_a_notice_may_not_go(
    start: NoticeState, events: list[tuple[NoticeEventKind, NoticeState | None]]
) -> None:
    """Each step is one of the table or none, each event is written down, and what ends a notice dates its end."""
    with Store(None, ManualClock(START)) as store:
        notice(store, "N-1", start)
        before = start
        for number, (kind, to) in enumerate(events, 1):
            moved = store.notice_life.happened("N-1", kind, "said", to=to)
            now = store.notices.get("N-1")
            assert moved == (to is not None and to in NOTICE_MOVES[before])
            assert now.state == (to if moved else before)
            assert len(store.notice_events.of("N-1")) == number
            assert now.ended is not None or not (moved and to in ENDS)
            assert now.sent is not None or not (moved and to in (NoticeState.SENT, NoticeState.BY_HAND))
            before = now.state


def test_every_way_of_a_notice_ends() -> None:
    """From each state a notice can be retracted but from that itself, and what the host has can be closed."""
    for state, onwards in NOTICE_MOVES.items():
        assert (NoticeState.RETRACTED in onwards) == (state != NoticeState.RETRACTED)
        assert state not in onwards
        if state in NOTICE_LEFT - {NoticeState.CLOSED}:
            assert NoticeState.CLOSED in onwards
            again = {NoticeState.CONFIRMED} if state == NoticeState.BOUNCED else set()
            assert onwards & {NoticeState.CONFIRMED} == again
    assert set(NOTICE_MOVES) == set(NoticeState)
    assert NOTICE_WAITING < NOTICE_LEFT


def test_a_receipt_ends_nothing_and_a_late_bounce_changes_no_end() -> None:
    """What a host confirms is dated once and numbered; what comes after the end is written down and changes nothing."""
    clock = ManualClock(START)
    with Store(None, clock) as store:
        life = store.notice_life
        notice(store, "N-1", NoticeState.CONFIRMED)
        assert store.notices.move("N-1", NoticeState.SENT, expect=(NoticeState.CONFIRMED,))
        clock.sleep(60)
        life.acknowledged("N-1", "4711")
        clock.sleep(60)
        life.acknowledged("N-1")
        row = store.notices.get("N-1")
        assert (row.state, row.reference, row.sent) == (NoticeState.SENT, "4711", START)
        assert row.acknowledged is not None
        assert (row.acknowledged - START).total_seconds() == 60
        assert life.happened("N-1", NoticeEventKind.REMOVED, to=NoticeState.REMOVED)
        assert not life.happened("N-1", NoticeEventKind.BOUNCED, to=NoticeState.BOUNCED)
        assert not store.notices.move("N-1", NoticeState.SENT, expect=tuple(NoticeState))
        assert store.notices.get("N-1").state == NoticeState.REMOVED
        kinds = [str(event.kind) for event in store.notice_events.of("N-1")]
        assert kinds == ["sent", "acknowledged", "acknowledged", "removed", "bounced"]
        with pytest.raises(StoreError, match="no notice N-2"):
            life.happened("N-2", NoticeEventKind.BOUNCED)


@pytest.mark.parametrize("state", [NoticeState.DRAFTED, NoticeState.SENT, NoticeState.ANSWERED])
def test_a_raid_on_one_notice_is_looked_through_once(state: NoticeState) -> None:
    """However many cases have the same media, what is asked every minute goes through them once, not once for each."""
    with Store(None, ManualClock(START)) as store:
        connection = store.connection
        connection.rows("pragma foreign_keys = off")  # their cases are not asked about
        notice(store, "N-1", state)
        connection.run("update notices set sent_at = created_at where label = 'N-1'")
        connection.run_many(
            "insert into notice_items (notice, case_id, host_id, url, seen_at) values ('N-1', ?, 'raid', 'x', '')",
            [(number,) for number in range(2000)],
        )
        steps: list[int] = []
        connection.db.conn.set_progress_handler(lambda: steps.append(1), 1000)
        found, due = store.notice_life.unarmed(), store.notice_life.due(50)
        connection.db.conn.set_progress_handler(None, 1000)
        assert [item.host_id for item in found] == (["raid"] if state == NoticeState.SENT else [])
        assert due == []
        assert len(steps) < 1000  # some hundred of SQLite's own steps for each case
