"""The daily digest: what would have been done, by rule, once a day, without links."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.loopback.stage import Stage
from bot.model import PlannedAction, Verdict
from bot.pipeline import Pipeline
from bot.pipeline.acting.digest import digest
from tests.bots import bank_the_fake, bot_on, changed, near_copy, post_fake
from tests.killing import Silent


def next_morning(world: Stage, bot: Pipeline, ticks: int = 3) -> None:
    """Let the night pass, then some minutes from eight o'clock."""
    now = world.clock.now()
    morning = (now + timedelta(days=1)).replace(hour=8, minute=0)
    world.clock.sleep((morning - now).total_seconds())
    for _ in range(ticks):
        bot.tick()
        world.clock.sleep(120)


@pytest.mark.slow
def test_a_digest_says_what_would_have_been_done(world: Stage, bot: Pipeline) -> None:
    """Grouped by rule with counts and case ids; no link, no author, no entry; once a day."""
    bot.tick()
    post_fake(world, "quiet")
    post_fake(world, "quiet", id="FourFiveSix", data=near_copy)
    bot.tick()
    next_morning(world, bot)
    ((place, subject, body),) = world.reddit.modmails
    assert place == "quiet"
    assert subject == "I would have acted on 2 posts in r/quiet (2026-11-21)"
    assert "**Known fake, exact file**" in body
    assert "- removed: 1 post (C-" in body
    assert "- reported: 1 post (C-" in body
    for case in bot.deps.store.cases.listing():
        assert case.label in body
    for secret in ("redgifs", "http", "poster", "t3_", bot.deps.store.banks.entries()[0].label):
        assert secret not in body
    next_morning(world, bot)
    assert len(world.reddit.modmails) == 1


@pytest.mark.slow
def test_a_digest_is_sent_once_through_restarts(world: Stage, bot: Pipeline) -> None:
    """A daemon that is started again the same day sends no second one."""
    bot.tick()
    post_fake(world, "quiet")
    bot.tick()
    next_morning(world, bot, 1)
    for _ in range(3):
        with bot_on(world, Silent()) as again:
            again.tick()
    assert len(world.reddit.modmails) == 1


@pytest.mark.slow
def test_silence_when_there_was_nothing(world: Stage, bot: Pipeline) -> None:
    """Nothing found, nothing sent; with a heartbeat a line a day."""
    bot.tick()
    next_morning(world, bot)
    assert world.reddit.modmails == []
    with bot_on(changed(world, digest={"heartbeat": True}), Silent()) as other:
        next_morning(world, other)
    ((_, subject, body),) = world.reddit.modmails
    assert subject == "Nothing found in r/quiet (2026-11-22)"
    assert "found nothing" in body


@pytest.mark.slow
def test_a_digest_by_mail(world: Stage) -> None:
    """To the configured address, once, marked as written by a machine."""
    other = changed(world, digest={"by": "mail", "to": "team@moderators.example.org"})
    with bot_on(other, Silent()) as bot:
        bank_the_fake(bot)
        bot.tick()
        post_fake(world, "quiet")
        bot.tick()
        next_morning(other, bot)
    (mail,) = world.mail.received
    assert mail.recipients == ("team@moderators.example.org",)
    assert mail.message["Subject"] == "I would have acted on 1 post in r/quiet (2026-11-21)"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert world.reddit.modmails == []


@pytest.mark.slow
def test_no_digest_where_the_bot_acts(world: Stage, bot: Pipeline) -> None:
    """In report and enforce the team sees what is done."""
    bot.tick()
    post_fake(world, "gifs", data=near_copy)
    bot.tick()
    next_morning(world, bot)
    assert [subject for _, subject, _ in world.reddit.modmails if "would have" in subject] == []


@pytest.mark.parametrize("number", [1, 20, 21, 500])
def test_a_long_list_is_counted(number: int) -> None:
    """Beyond twenty cases in a line the rest is a number."""
    verdict = Verdict(outcome="act", rule="Known", actions=(PlannedAction(kind="remove"),))
    found = [(f"C-{place:010x}", verdict, f"t3_{place}") for place in range(number)]
    made = digest("quiet", found)
    assert made is not None
    assert f"removed: {number} post" in made[1]
    assert made[1].count("C-0") == min(number, 20)
    assert ("more" in made[1]) is (number > 20)


def test_what_waits_for_a_person_is_said_so() -> None:
    """A review is no deed."""
    verdict = Verdict(outcome="review", rule="Face", actions=(PlannedAction(kind="remove"),))
    made = digest("quiet", [("C-0000000001", verdict, "t3_1")])
    assert made is not None
    assert "- put before a moderator: 1 post (C-0000000001)" in made[1]
    assert digest("quiet", []) is None
