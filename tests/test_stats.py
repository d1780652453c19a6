"""Figures for a team: what happened lately, and how right each rule was."""

from __future__ import annotations

from datetime import timedelta

from bot.loopback.stage import Stage
from bot.pipeline import Pipeline
from tests.bots import fake, near_copy, post_fake
from tests.people import member


def test_a_rules_precision_comes_from_decisions(world: Stage, bot: Pipeline) -> None:
    """Confirmed cases over decided ones; open cases say nothing; a rule without a decision has none."""
    for number in range(3):
        post_fake(world, "gifs", f"Near{'abc'[number]}copy", near_copy)
    post_fake(world, "gifs", "ExactCopy", fake)
    bot.tick()
    cases = [case for case in bot.deps.store.cases.listing() if case.verdict.rule == "Near copy of a known fake"]
    bot.decisions.cases.confirm(cases[0].label, by=member(bot), why="seen")
    bot.decisions.cases.dismiss(cases[1].label, by=member(bot), why="another clip")
    figures = {row.rule: row for row in bot.deps.store.figures.rules()}
    near = figures["Near copy of a known fake"]
    assert (near.open, near.confirmed, near.dismissed, near.precision) == (1, 1, 1, 0.5)
    assert figures["Known fake, exact file"].precision is None


def test_what_happened_lately_is_counted_by_subreddit_and_kind(world: Stage, bot: Pipeline) -> None:
    """A removal of an hour ago counts for the day and no longer for the hour."""
    post_fake(world)
    bot.tick()
    world.clock.sleep(2 * 3600)
    now, recent = world.clock.now(), bot.deps.store.figures.recent
    assert recent(now - timedelta(days=1))["cases"] == {"clips": 1}
    assert recent(now - timedelta(days=1))["actions"]["remove"] == 1
    assert recent(now - timedelta(hours=1)) == {"posts": {}, "links": {}, "cases": {}, "actions": {}}
