"""Undo where a clock is wrong: what was held before our removal stays removed, whichever clock says what came first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.loopback.http import Request
from bot.loopback.stage import Stage, stage
from bot.pipeline import Pipeline
from tests.bots import post_fake
from tests.people import member
from tests.test_waits import SetClock
from tests.undo_table import texts

HOUR = 3600.0
Hold = Callable[[Stage, str], None]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    """A loopback world whose bot has a clock that can be set; Reddit's is always right."""
    with stage(tmp_path) as built:
        clock = SetClock(built.clock.now())
        built.clock, built.reddit.world.now = clock, lambda: ManualClock.now(clock)
        yield built


def set_by(world: Stage, seconds: float) -> None:
    """Set the bot's clock ahead, or back where that is negative."""
    world.clock.off += timedelta(seconds=seconds)  # type: ignore[attr-defined]  # a SetClock


def posted(world: Stage, bot: Pipeline) -> str:
    """Return a fake that was posted and judged, and is not removed yet."""
    bot.tick()
    world.clock.sleep(60)
    name = post_fake(world)
    bot.watch()
    bot.work()
    return name


def acted(world: Stage, bot: Pipeline) -> None:
    """Let the bot perform what is planned."""
    for _ in range(3):
        bot.act()
        world.clock.sleep(60)


def undo(bot: Pipeline, name: str) -> None:
    """Take the case's removal back, by a moderator's word."""
    bot.decisions.cases.undo(bot.deps.store.cases.of_post(name)[0].label, by=member(bot), why="look")


def removed_again(world: Stage, bot: Pipeline, name: str) -> None:
    """Confirm the case, so that the post is removed a second time."""
    bot.decisions.cases.confirm(bot.deps.store.cases.of_post(name)[0].label, by=member(bot, "bob"), why="is")
    acted(world, bot)


HOLDS: dict[str, Hold] = {
    "spam filter": lambda world, name: world.reddit.actions.filter_as_spam(name),
    "AutoModerator": lambda world, name: world.reddit.world.filter(name),
}


@pytest.mark.parametrize("off", [pytest.param(0.0, id="right"), pytest.param(-HOUR, id="set back")])
@pytest.mark.parametrize("hold", HOLDS)
def test_what_was_held_at_the_second_removal_stays_removed(world: Stage, bot: Pipeline, hold: str, off: float) -> None:
    """Up at the first removal, which was undone, and held at the second: the first look says nothing any more."""
    name = posted(world, bot)
    acted(world, bot)
    undo(bot, name)
    assert world.reddit.world.visible(name)
    approvals = len(world.reddit.approvals)
    set_by(world, off)
    world.clock.sleep(60)
    HOLDS[hold](world, name)
    world.clock.sleep(60)
    removed_again(world, bot, name)
    undo(bot, name)
    assert not world.reddit.world.visible(name)
    assert len(world.reddit.approvals) == approvals


@pytest.mark.parametrize("off", [0.0, 180.0, HOUR])
@pytest.mark.parametrize("took", [0.0, 300.0])
def test_what_was_held_between_look_and_removal_stays_removed(
    world: Stage, bot: Pipeline, off: float, took: float
) -> None:
    """The mod log tells of it by Reddit's clock, of which the bot's may be ahead, however long the removal took."""
    set_by(world, off)
    name = posted(world, bot)
    world.clock.sleep(600)

    def before(request: Request) -> None:
        if request.path.rstrip("/") == "/api/remove" and world.reddit.world.visible(name):
            world.reddit.world.filter(name)
            world.clock.sleep(took)

    world.reddit.before = before
    acted(world, bot)
    undo(bot, name)
    assert not world.reddit.world.visible(name)
    assert world.reddit.approvals == []
    bot.act()
    assert len([text for text in texts(world) if "AutoModerator had held it" in text]) == 1


@pytest.mark.parametrize("off", [0.0, 900.0])
@pytest.mark.parametrize("hold", HOLDS)
def test_what_our_account_removed_otherwise_stays_removed(world: Stage, bot: Pipeline, hold: str, off: float) -> None:
    """Given back, held, and removed by our account without a look of ours: nobody knows whether it was up."""
    name = posted(world, bot)
    world.clock.sleep(1200)
    set_by(world, off)
    acted(world, bot)
    set_by(world, -off)
    undo(bot, name)
    world.clock.sleep(300)
    HOLDS[hold](world, name)
    world.clock.sleep(60)
    world.reddit.moderator_removes(name, "gifwarden_bot")
    world.clock.sleep(60)
    removed_again(world, bot, name)
    undo(bot, name)
    assert not world.reddit.world.visible(name)
    assert len(world.reddit.approvals) == 1


@pytest.mark.parametrize("off", [-HOUR, 0.0, HOUR])
def test_what_was_up_at_both_removals_is_up_again(world: Stage, bot: Pipeline, off: float) -> None:
    """Removed, given back, removed and given back: nothing held it, whatever our clock said of the second."""
    name = posted(world, bot)
    acted(world, bot)
    undo(bot, name)
    world.clock.sleep(300)
    set_by(world, off)
    removed_again(world, bot, name)
    assert not world.reddit.world.visible(name)
    undo(bot, name)
    assert world.reddit.world.visible(name)


@pytest.mark.parametrize("off", [-HOUR, 180.0, HOUR])
@pytest.mark.parametrize("right_again", [False, True])
def test_what_was_up_is_up_again_whatever_our_clock_says(
    world: Stage, bot: Pipeline, off: float, right_again: bool
) -> None:
    """Our removal is found in the mod log, though our clock planned it for an hour later, or earlier."""
    set_by(world, off)
    name = posted(world, bot)
    acted(world, bot)
    if right_again:
        set_by(world, -off)
    undo(bot, name)
    assert world.reddit.world.visible(name)
