"""A post with several cases: what one of them gives back does not take another's removal off the post."""

from __future__ import annotations

import pytest

from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState
from bot.pipeline import Pipeline
from bot.store import CaseRow
from tests.bots import fake
from tests.people import member
from tests.test_orders import link, order, run, team

__all__ = ["team"]


def two_cases(world: Stage, bot: Pipeline) -> tuple[str, list[CaseRow]]:
    """Return a post that was removed for one case and needs it for another; the case whose removal was made first."""
    bot.tick()
    urls = [world.park.add_redgifs(name, hd=fake()) for name in ("FirstOne", "SecondOne")]
    name = world.reddit.submit("clips", author="x", title="t", selftext=" ".join(urls), created=world.clock.now())
    run(world, bot)
    assert world.reddit.removals == [name]
    return name, sorted(bot.deps.store.cases.listing(), key=lambda case: case.id)


@pytest.mark.parametrize("how", ["undo", "dismiss"])
@pytest.mark.parametrize("turned", [False, True])
def test_what_another_case_needs_stays(world: Stage, bot: Pipeline, how: str, turned: bool) -> None:
    """In whichever order: the post goes up again when both are taken back, and once."""
    name, cases = two_cases(world, bot)
    for number, case in enumerate(reversed(cases) if turned else cases):
        decide = bot.decisions.cases.undo if how == "undo" else bot.decisions.cases.dismiss
        decide(case.label, by=member(bot), why="wrong")
        assert world.reddit.approvals == ([name] if number else [])


def test_an_action_is_left_to_the_other_case(world: Stage, bot: Pipeline) -> None:
    """Undone by its number it becomes the other case's, whose own can be undone then."""
    name, cases = two_cases(world, bot)
    for approvals in ([], [name]):
        (removal,) = [row for row in bot.deps.store.actions.on_post(name, "remove") if row.state == ActionState.DONE]
        bot.decisions.cases.undo_action(removal.action.id, by=member(bot), why="wrong")
        assert world.reddit.approvals == approvals
    assert len(cases) == 2


@pytest.mark.slow
def test_an_order_on_the_post_gives_it_back_at_once(world: Stage, bot: Pipeline) -> None:
    """It names the post and so means all of its cases, whichever was first."""
    name, cases = two_cases(world, bot)
    order(world, f"gifwarden, allow {link(name)}")
    run(world, bot)
    assert world.reddit.approvals == [name]
    run(world, bot, 12)
    assert {bot.deps.store.cases.get(case.label).state for case in cases} == {CaseState.DISMISSED}
    assert world.reddit.approvals == [name]
