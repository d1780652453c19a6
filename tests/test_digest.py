"""The daily digest: what would have been done, by rule and media, once a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.loopback.stage import Stage
from bot.model import PlannedAction, Verdict
from bot.pipeline import Pipeline
from bot.pipeline.acting.digest import digest, quiet
from bot.store.told_cases import ToldCase
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
    """By what would have been done and by media, with posts, authors, a link and a case; nobody's name; once a day."""
    bot.tick()
    post_fake(world, "quiet")
    for author in ("another", "Poster"):
        world.reddit.submit("quiet", author=author, title="look", url="https://redgifs.com/watch/OneTwoThree")
    post_fake(world, "quiet", id="FourFiveSix", data=near_copy)
    bot.tick()
    next_morning(world, bot)
    ((place, subject, body),) = world.reddit.modmails
    assert place == "quiet"
    assert subject == "I would have acted on 4 posts in r/quiet (2026-11-21)"
    assert (
        "**Would remove: Known fake, exact file**\n\n- 3 posts, 2 authors (exact file): https://www.reddit.com/" in body
    )
    assert "**Would report: Near copy of a known fake**\n\n- 1 post (near copy): https://www.reddit.com/r/quiet" in body
    assert "and 2 more)" in body
    for case in bot.deps.store.cases.listing():
        assert (case.label in body) is (case.post.permalink in body)
    for secret in ("redgifs", "u/poster", "t3_", bot.deps.store.banks.entries()[0].label, "removed", "reported"):
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


def test_a_quiet_day_is_told_from_one_that_was_not_seen() -> None:
    """Only who was read within the hour holds nothing; else it is said since when nothing is known."""
    now = datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert quiet("a", now - timedelta(minutes=59), now)[0] == "Nothing found in r/a"
    subject, body = quiet("a", None, now)
    assert (subject, "know nothing of it" in body, "doctor" in body) == ("r/a was not read yet", True, True)
    subject, body = quiet("a", now - timedelta(hours=3), now)
    assert subject == "r/a is not read any more"
    assert body.startswith("I could read r/a until 2026-11-22 06:00 UTC, and of the last day up to then found nothing")


def test_who_never_logged_in_did_not_look(world: Stage, bot: Pipeline) -> None:
    """The digest of a bot that has read nothing yet does not say that nothing was found."""
    assert bot.digests.preview("quiet")[0] == "r/quiet was not read yet"
    bot.tick()
    assert bot.digests.preview("quiet")[0] == "Nothing found in r/quiet"


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


def told(number: int, verdict: Verdict, *, media: str = "") -> ToldCase:
    """Return a case as digests are told of it."""
    return ToldCase(
        id=number, label=f"C-{number:010x}", state="open", verdict=verdict, evidence=None,
        media=media or str(number), permalink=f"/r/quiet/comments/{number}/", author=f"u{number % 8}", deeds={},
    )  # fmt: skip


@pytest.mark.parametrize("number", [1, 40, 41, 500])
def test_a_long_list_is_counted(number: int) -> None:
    """Beyond forty media the rest is a number, and one media is one line however often it was posted."""
    verdict = Verdict(outcome="act", rule="Known", actions=(PlannedAction(kind="remove"),))
    made = digest("quiet", [told(place, verdict) for place in range(number)])
    assert made is not None
    assert made[0] == f"I would have acted on {number} post{'s' * (number > 1)} in r/quiet"
    assert made[1].count("(case C-0") == min(number, 40)
    assert (f"- and {number - 40} more case" in made[1]) is (number > 40)
    raid = digest("quiet", [told(place, verdict, media="one") for place in range(number)])
    assert raid is not None
    assert raid[1].count("(case C-0") == 1
    assert number < 8 or f"- {number} posts, 8 authors (a rule's words): https://" in raid[1]


def test_what_waits_for_a_person_is_said_so() -> None:
    """A review is no deed."""
    verdict = Verdict(outcome="review", rule="Face", actions=(PlannedAction(kind="remove"),))
    made = digest("quiet", [told(1, verdict)])
    assert made is not None
    assert "**Would ask you: Face**\n\n- 1 post (a rule's words): https://www.reddit.com/r/quiet/comments/1/" in made[1]
    assert digest("quiet", []) is None
