"""While a removal of ours is given back: what others stopped is removed again, what they do afterwards stays theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.loopback.http import Request
from bot.loopback.stage import Stage
from bot.pipeline import Pipeline
from tests.test_undo_clock import Hold, acted, posted, undo, world
from tests.undo_table import texts

__all__ = ["world"]

MEANWHILE: dict[str, Hold] = {
    "removed": lambda world, name: world.reddit.moderator_removes(name, "second_moderator"),
    "edited": lambda world, name: world.reddit.world.edit(name, "something else"),
}
WHY = {"removed": "somebody else had removed it", "edited": "its author has changed its text since"}
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing fails": ("", {}),
    "the look fails": ("about/log", {"status": 503}),
    "the removal fails": ("api/remove", {"status": 503}),
    "the approval is done and said to have failed": ("api/approve", {"status": 503, "performed": True}),
    "the approval is done and never answered": ("api/approve", {"drop": True, "performed": True}),
}


def at_approval(world: Stage, do: Callable[[], None]) -> None:
    """Let something happen once, right before our approval arrives."""
    done: list[str] = []

    def before(request: Request) -> None:
        if request.path.rstrip("/") == "/api/approve" and not done:
            done.append(request.path)
            world.clock.sleep(1)
            do()

    world.reddit.before = before


def after_approval(world: Stage, do: Callable[[], None]) -> None:
    """Let something happen once, between our approval and the next request."""
    seen: list[str] = []

    def before(request: Request) -> None:
        if request.path.rstrip("/") == "/api/approve":
            seen.append(request.path)
        elif len(seen) == 1:
            seen.append(request.path)
            world.clock.sleep(1)
            do()

    world.reddit.before = before


def told(world: Stage) -> list[str]:
    """Return what moderators were told of posts that stay removed."""
    return [text for text in texts(world) if "it stays removed" in text]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("what", MEANWHILE)
def test_what_somebody_stopped_is_removed_again(world: Stage, bot: Pipeline, what: str, fault: str) -> None:
    """A removal or an edit between our last look and our approval is seen after it, also when that fails at first."""
    name = posted(world, bot)
    acted(world, bot)
    world.clock.sleep(600)
    path, how = FAULTS[fault]

    def do() -> None:
        MEANWHILE[what](world, name)
        if path:
            world.reddit.fail_next(path, **how)

    at_approval(world, do)
    undo(bot, name)
    for _ in range(4):
        world.clock.sleep(120)
        bot.act()
    assert not world.reddit.world.visible(name)
    assert [WHY[what] in text for text in told(world)] == [True]


@pytest.mark.parametrize("what", MEANWHILE)
def test_a_bot_that_is_killed_after_its_approval_looks_again(
    world: Stage, bot: Pipeline, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next try finds our approval, and looks at what came before it."""
    name = posted(world, bot)
    acted(world, bot)
    world.clock.sleep(600)
    at_approval(world, lambda: MEANWHILE[what](world, name))
    with monkeypatch.context() as patch:
        patch.setattr("bot.actions.approve._look_again", _killed)
        with pytest.raises(KeyboardInterrupt):
            undo(bot, name)
    assert world.reddit.world.visible(name)
    for _ in range(4):
        world.clock.sleep(120)
        bot.act()
    assert not world.reddit.world.visible(name)
    assert len(told(world)) == 1


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("do", "by"),
    [
        pytest.param(lambda world, name: world.reddit.world.filter(name), "AutoModerator", id="AutoModerator holds it"),
        pytest.param(MEANWHILE["removed"], "second_moderator", id="a moderator removes it"),
    ],
)
def test_what_others_do_after_our_approval_stays_theirs(world: Stage, bot: Pipeline, do: Hold, by: str) -> None:
    """It is neither removed by us as well nor told of: it waits in their queue, or is their decision."""
    name = posted(world, bot)
    acted(world, bot)
    world.clock.sleep(600)
    after_approval(world, lambda: do(world, name))
    undo(bot, name)
    bot.act()
    assert world.reddit.world.things[name]["banned_by"] == by
    assert world.reddit.removals == [name]
    assert told(world) == []


def test_an_edit_after_our_approval_is_none_of_ours(world: Stage, bot: Pipeline) -> None:
    """What its author writes once it is up again is for AutoModerator and people."""
    name = posted(world, bot)
    acted(world, bot)
    world.clock.sleep(600)
    after_approval(world, lambda: MEANWHILE["edited"](world, name))
    undo(bot, name)
    assert world.reddit.world.visible(name)


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_another_moderator_approved_meanwhile_stays_up(world: Stage, bot: Pipeline, what: str) -> None:
    """Removed or edited and then approved by a moderator, all before our approval: their word is the last."""
    name = posted(world, bot)
    acted(world, bot)
    world.clock.sleep(600)

    def do() -> None:
        MEANWHILE[what](world, name)
        world.reddit.moderator_approves(name, "third_moderator")

    at_approval(world, do)
    undo(bot, name)
    bot.act()
    assert world.reddit.world.visible(name)
    assert told(world) == []
