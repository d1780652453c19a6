"""Nothing waits longer than a day, whatever a wrong clock wrote down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import ManualClock, from_iso
from bot.errors import RedditError
from bot.loopback.stage import Stage, bot_on, stage
from bot.model import ActionState, Hold
from bot.pipeline import Pipeline
from bot.pipeline.recovery import try_again
from bot.store.links import LEARNT, LIVE, PAST, URGENT
from tests.bots import bank_the_fake, post_fake
from tests.killing import Silent


class SetClock(ManualClock):
    """A clock whose wall time somebody sets; what never jumps goes on."""

    off = timedelta()

    def now(self) -> datetime:
        """Return the wall time as it was set."""
        return super().now() + self.off


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    """A loopback world whose bot has a clock that can be set."""
    with stage(tmp_path) as built:
        built.clock = SetClock(built.clock.now())
        yield built


@pytest.fixture
def bot(world: Stage) -> Iterator[Pipeline]:
    """A bot that knows the fake."""
    with bot_on(world, Silent()) as pipeline:
        bank_the_fake(pipeline)
        yield pipeline


def waits(bot: Pipeline, table: str) -> list[timedelta]:
    """Return how long each row of a table waits from now."""
    rows = bot.deps.store.connection.rows(f"select next_at from {table} order by id")
    return [from_iso(row["next_at"]) - bot.deps.clock.now() for row in rows]


def set_by(bot: Pipeline, days: float) -> None:
    """Set the wall clock."""
    bot.deps.clock.off += timedelta(days=days)  # type: ignore[attr-defined]  # a SetClock


@pytest.mark.slow
def test_a_link_of_a_wrong_year_is_worked_on(world: Stage, bot: Pipeline) -> None:
    """A link that was tried a year ahead is judged in the first round in the right year."""
    post_fake(world)
    bot.watch()
    set_by(bot, 365)
    row = bot.deps.store.links.listing()[0]
    try_again(bot.deps, row, "a time-out")
    assert waits(bot, "links")[0] > timedelta()
    set_by(bot, -365)
    assert waits(bot, "links")[0] > timedelta(days=364)
    bot.work()
    assert [row.state for row in bot.deps.store.links.listing()] == ["judged"]


@pytest.mark.parametrize("state", ["planned", "held"])
@pytest.mark.slow
def test_an_action_of_a_wrong_year_is_done(world: Stage, bot: Pipeline, state: str) -> None:
    """A removal that was planned or held a year ahead is done in the right year, and caps count only its own time."""
    post_fake(world)
    bot.watch()
    set_by(bot, 365)
    bot.work()
    store = bot.deps.store
    if state == "held":
        for row in store.actions.listing():
            store.actions.move(
                row.action.id, ActionState.HELD, expect=(ActionState.PLANNED,), hold=Hold.CAP, reason="a cap"
            )
    store.connection.run(
        """insert into actions (key, kind, subreddit, permalink, params, state, next_at, planned_at, updated_at,
           sent_at)
           select 'old' || value, 'remove', 'clips', '', '{}', 'done', ?, ?, ?, ?
           from json_each('[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]')""",
        (store.connection.now(),) * 4,
    )
    set_by(bot, -365)
    assert store.actions.sent_since("remove", bot.deps.clock.now() - timedelta(hours=1)) == 0
    bot.act()
    assert [row.state for row in store.actions.listing() if row.case_id and row.action.kind == "remove"] == ["done"]


@pytest.mark.parametrize("priority", [URGENT, LIVE, PAST, LEARNT])
def test_what_waits_goes_on_waiting_when_the_clock_is_set(world: Stage, bot: Pipeline, priority: int) -> None:
    """Set by an hour or a year, back or forward, a link of any kind waits exactly as long as it would have."""
    post_fake(world)
    bot.watch()
    bot.deps.store.connection.run("update links set priority = ?", (priority,))
    try_again(bot.deps, bot.deps.store.links.listing()[0], "a time-out", wait=600)
    for days in (-1 / 24, 365, -365, 1 / 24):
        set_by(bot, days)
        bot.deps.store.waits.shift(days * 86_400)
        assert waits(bot, "links") == [timedelta(seconds=600)]
    assert bot.deps.store.waits.bound() == 0


def test_what_was_due_is_due_still_when_the_clock_is_set_back(world: Stage, bot: Pipeline) -> None:
    """A link that nobody came to yet, and a subreddit that is asked again, wait for no hour that comes twice."""
    post_fake(world)
    bot.watch()
    store = bot.deps.store
    again = bot.deps.clock.now() + timedelta(seconds=300)
    store.watched.troubled("clips", state="outage", sentence="x", next_at=again)
    bot.deps.clock.sleep(60)
    set_by(bot, -1 / 24)
    store.waits.shift(-3600)
    assert waits(bot, "links") == [timedelta(seconds=-60)]
    assert {row.subreddit: row.next_at - bot.deps.clock.now() for row in store.watched.places()}["clips"] == timedelta(
        seconds=240
    )


@pytest.mark.parametrize("seconds", [-60, -3600, -86_400, 3600])
def test_a_post_is_seen_at_once_after_the_clock_was_set(world: Stage, bot: Pipeline, seconds: int) -> None:
    """The subreddits are asked at the next poll, whatever the clock says of the last one, also after a restart."""
    bot.watch()
    set_by(bot, seconds / 86_400)
    name = post_fake(world)
    bot.watch()
    assert [row.link.post for row in bot.deps.store.links.listing()] == [name]


def test_a_server_that_wants_months_gets_a_day(world: Stage, bot: Pipeline) -> None:
    """However long a host or Reddit asks us to wait, it is asked again after a day."""
    post_fake(world)
    bot.watch()
    try_again(bot.deps, bot.deps.store.links.listing()[0], "come back later", wait=10_000_000)
    assert waits(bot, "links") == [timedelta(days=1)]


def test_a_subreddit_and_a_digest_of_a_wrong_year_are_not_left_out(world: Stage, bot: Pipeline) -> None:
    """A subreddit that was closed, and a digest that was made, a year ahead are asked and made in the right year."""
    set_by(bot, 365)
    bot.subreddits.troubled("clips", RedditError("r/clips is private", state="private"))
    assert bot.deps.store.digests.due("clips", f"{bot.deps.clock.now():%Y-%m-%d}")
    assert "clips" not in bot.subreddits.open()
    set_by(bot, -365)
    assert "clips" in bot.subreddits.open()
    day = f"{bot.deps.clock.now():%Y-%m-%d}"
    assert bot.deps.store.digests.due("clips", day)
    assert not bot.deps.store.digests.due("clips", day)
