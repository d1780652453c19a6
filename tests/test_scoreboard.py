"""How hosts act on notices, in figures: medians with what is still up, shares of what had the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import NoticeItemState, NoticeState
from bot.pipeline.following.scoreboard import median, score
from bot.store.notice_scores import ScoreItem

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def item(sent: float, gone: float | None = None, *, seen: float | None = None, **changes: Any) -> ScoreItem:
    """Return a media told of so many hours ago, gone after so many hours, or last seen after so many."""
    start = NOW - timedelta(hours=sent)
    facts: dict[str, Any] = {
        "notice": f"N-{sent}", "host": "redgifs", "notice_state": NoticeState.SENT, "by_hand": False, "sent": start,
        "state": NoticeItemState.LISTED if gone is None else NoticeItemState.REMOVED,
        "gone": None if gone is None else start + timedelta(hours=gone),
        "seen": None if seen is None else start + timedelta(hours=seen),
    }  # fmt: skip
    return ScoreItem(**{**facts, **changes})


@pytest.mark.parametrize(
    ("watched", "wanted"),
    [
        ([], None),
        ([(6, True)], 6),
        ([(6, True), (12, True), (23, True)], 12),
        ([(6, True), (700, False)], 6),  # half of it
        ([(6, True), (700, False), (700, False)], None),  # less than half: what is up is not left out
        ([(6, True), (1, False), (1, False)], 6),  # nothing is known of what left an hour ago
        ([(12, True), (12, True), (47, False), (47, False)], 12),
        ([(10, True), (20, False), (30, True), (40, True)], 30),
    ],
)
def test_the_median_counts_what_is_still_up(watched: list[tuple[float, bool]], wanted: float | None) -> None:
    """Half is removed after that many hours, where what is up took longer than it was watched."""
    assert median([timedelta(hours=hours) for hours, _ in watched], [over for _, over in watched]) == wanted


@given(st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=12))
@settings(max_examples=60, deadline=None)
def test_more_that_is_up_never_makes_a_host_quicker(watched: list[tuple[int, bool]]) -> None:
    """One more media that stays up for long raises the median or takes it away."""

    def of(rows: list[tuple[int, bool]]) -> float:
        found = median([timedelta(hours=hours) for hours, _ in rows], [over for _, over in rows])
        return float("inf") if found is None else found

    assert of([*watched, (500, False)]) >= of(watched)


def test_one_host_in_figures() -> None:
    """What bounced or was taken back is in no figure but its own; shares are of what has had the time."""
    kept: dict[str, Any] = {"state": NoticeItemState.KEPT, "notice_state": NoticeState.REJECTED}
    found = score(
        "redgifs",
        [
            item(100, 6),
            item(101, 47),
            item(102, seen=100),
            item(103, seen=10, **kept),
            item(10, 6, by_hand=True),
            item(5),
            item(104, notice_state=NoticeState.BOUNCED),
            item(105, state=NoticeItemState.TAKEN_BACK),
        ],
        NOW,
        reuploads=2,
    )
    assert (found.notices, found.by_mail, found.by_hand, found.bounced) == (8, 7, 1, 1)
    assert (found.media, found.removed, found.rejected, found.there, found.unknown, found.reuploads) == (
        6,
        3,
        1,
        1,
        1,
        2,
    )
    assert found.within == {24: (1, 4), 48: (2, 4)}
    assert found.median_hours == 47
    assert found.sentence == "3 of 6 media removed; half of it within 47 h"
