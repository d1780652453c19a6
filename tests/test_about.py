"""The page for a subreddit's wiki, and what removals came to, by month."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.config import Config
from bot.loopback.stage import Stage
from bot.pipeline import Pipeline
from bot.pipeline.acting.about import about
from bot.rules import RuleSet
from bot.store.removals import Month
from tests.bots import bank_the_fake, bot_on, changed, post_fake
from tests.killing import Silent
from tests.people import member

LINK = "https://redgifs.com/watch/OneTwoThree"


def page(bot: Pipeline, world: Stage, name: str = "clips") -> str:
    """Return the page as it is now."""
    months = bot.deps.store.removals.months(name)
    return about(world.config, name, bot.deps.rules_for(name), months, "2026-11-20")


@pytest.mark.slow
def test_removals_are_counted_by_what_came_of_them(world: Stage, bot: Pipeline) -> None:
    """By month and rung; undone, overruled on Reddit and dismissed ones are not correct; each post counts once."""
    names = [post_fake(world), *(world.reddit.submit("clips", author=f"a{n}", title="t", url=LINK) for n in range(4))]
    bot.tick()
    store, who = bot.deps.store, member(bot)
    cases = {case.post.fullname: case.label for case in store.cases.listing()}
    bot.decisions.cases.undo(cases[names[0]], by=who, why="a slip")
    bot.decisions.cases.confirm(cases[names[1]], by=who, why="seen")
    world.reddit.moderator_approves(names[2], "second_moderator")
    world.clock.sleep(60)
    bot.tick()
    (month,) = store.removals.months("CLIPS")
    assert month == Month(month="2026-11", removed={"exact": 5}, undone=1, correct=3, confirmed=1)
    bot.decisions.cases.appeal(cases[names[3]])
    bot.decisions.cases.appeal(cases[names[4]])
    assert store.removals.months()[0].appeals_open == 2
    bot.decisions.cases.dismiss(cases[names[3]], by=who, why="the author is right")
    (month,) = store.removals.months("clips")
    assert (month.appeals, month.appeals_upheld, month.appeals_open) == (2, 1, 1)
    assert (month.undone, month.correct) == (2, 2)
    assert store.removals.months("gifs") == []
    table = page(bot, world).partition("## What it did")[2]
    assert "| 2026-11 | 5 | 0 | 0 | 2 | 2 | 1 |" in table


@pytest.mark.slow
def test_a_persons_removal_is_counted_as_theirs(world: Stage) -> None:
    """What a person let go ahead rests on the person, and counts in the month in which it was done."""
    world = changed(world, banks={"trusted": []})
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        post_fake(world)
        bot.tick()
        (case,) = bot.deps.store.cases.listing()
        world.clock.sleep(timedelta(days=14).total_seconds())
        bot.decisions.cases.confirm(case.label, by=member(bot, "bob"), why="seen it")
        bot.act()
        assert bot.deps.store.removals.months() == [
            Month(month="2026-12", removed={"person": 1}, correct=1, confirmed=1)
        ]


def test_a_suspected_minor_is_counted_nowhere(world: Stage, bot: Pipeline) -> None:
    """The page tells nobody that there was one."""
    name = post_fake(world, "quiet")
    bot.tick()
    bot.decisions.minors.minor(name, by=member(bot))
    bot.tick()
    assert world.reddit.removals == [name]
    assert bot.deps.store.removals.months() == []
    assert "minor" not in page(bot, world, "quiet")


@pytest.mark.parametrize(
    ("mode", "said", "unsaid"),
    [
        ("observe", "Nothing (mode *observe*)", "It removes"),
        ("report", "removes none by itself", "It removes (mode"),
        (
            "enforce",
            "It removes (mode *enforce*) the exact file of a media that two moderators confirmed.",
            "faces agree",
        ),
    ],
)
def test_the_page_says_what_this_mode_does(world: Stage, bot: Pipeline, mode: str, said: str, unsaid: str) -> None:
    """What it may do by itself, from the mode and the rules in force, and where people turn."""
    config = Config.model_validate(
        {**world.config.model_dump(), "subreddits": {"clips": {"mode": mode}}, "banks": {"trusted": []}}
    )
    text = about(config, "clips", bot.deps.rules_for("clips"), [], "2026-11-20")
    assert said in text
    assert unsaid not in text
    for words in (
        *("30 days", "48 hours", "never stored", "https://stopncii.org", "https://takeitdown.ncmec.org"),
        *(
            "https://www.reddit.com/message/compose?to=/r/clips",
            "Answer the message",
            "It recognises nobody by their face",
        ),
    ):
        assert words in text
    assert "Nothing was removed yet" in text
    for secret in ("known-fakes", "E-", "distance"):
        assert secret not in text


def test_without_a_removing_rule_nothing_is_removed(world: Stage, bot: Pipeline) -> None:
    """In enforce the page follows the rules, not the mode."""
    assert "It removes nothing by itself" in about(world.config, "clips", RuleSet(()), [], "2026-11-20")


def test_the_months_end_as_json(world: Stage, bot: Pipeline) -> None:
    """What `--json` gives can be read again."""
    from bot.serialization import to_json_data

    post_fake(world)
    bot.tick()
    (row,) = json.loads(json.dumps([to_json_data(month) for month in bot.deps.store.removals.months()]))
    assert row["removed"] == {"exact": 1}
    assert (row["correct"], row["appeals_upheld"]) == (1, 0)
