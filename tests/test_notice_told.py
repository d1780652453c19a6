"""Who is told what of a notice after it left: of one media alone, by the way it went, and not after an answer."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import UsageError
from bot.loopback.stage import Stage
from bot.model import AgeWhenMade, AnswerAbout, AnswerKind, ClaimSource, KnownBy, NoticeEventKind, NoticeState
from bot.pipeline import Pipeline
from bot.pipeline.acting.by_hand import put_by_hand
from bot.pipeline.acting.notice_texts import authority_of
from bot.pipeline.acting.notices import Hearing
from bot.store.notice_answers import AnswerWords
from tests.bots import bank_the_fake, fake
from tests.following import drafted, found_cases, sent
from tests.people import member

WORDS = AnswerWords(sender="abuse@host.example", subject="Re", text="which one do you mean?")


def mails(world: Stage) -> list[Any]:
    """Return what the desk received."""
    return [mail.message for mail in world.mail.received]


def overdue(world: Stage, bot: Pipeline) -> None:
    """Mail a notice whose media stays until it is overdue."""
    entry, cases = bank_the_fake(bot), found_cases(world, bot)
    url = world.park.add_redgifs("StillHere", hd=fake())
    drafted(bot, "N-0a1", cases, [("stillhere", url)], host="redgifs", entry=entry)
    sent(bot, "N-0a1")
    bot.deps.clock.sleep(6 * 3600)
    bot.recheck()
    bot.deps.clock.sleep(30 * 86400)
    bot.recheck()
    assert bot.deps.store.notices.get("N-0a1").state == NoticeState.OVERDUE


def test_a_reminder_that_waited_does_not_leave_after_an_answer(world: Stage, bot: Pipeline) -> None:
    """An answer that nobody has read keeps back a reminder that was planned before it came."""
    overdue(world, bot)
    store, before = bot.deps.store, len(mails(world))
    bot.notice_steps.remind("N-0a1", by=member(bot))
    store.notice_answers.keep(
        "1", kind=AnswerKind.ANSWER, about=AnswerAbout.THREAD, notice="N-0a1", named={},
        at=bot.deps.clock.now(), words=WORDS,
    )  # fmt: skip
    bot.mail()
    assert len(mails(world)) == before


def test_one_media_is_taken_back_alone_when_its_post_is_deleted(world: Stage, bot: Pipeline) -> None:
    """A host is told of the one media that was wrong, also where the post that led to it is forgotten."""
    entry, cases = bank_the_fake(bot), found_cases(world, bot, 2)
    store = bot.deps.store
    items = [("first", "https://www.redgifs.com/watch/first"), ("second", "https://www.redgifs.com/watch/second")]
    drafted(bot, "N-0a1", cases, items, host="redgifs", entry=entry)
    sent(bot, "N-0a1")
    case = store.cases.of_id(cases[0])
    store.forgetting.forget_post(case.post.fullname)
    bot.decisions.notices.retract_for_case(store.cases.of_id(cases[0]), by=member(bot), why="wrong")
    said = mails(world)[-1]
    assert "first" in str(said)
    assert "second" not in str(said)


def test_what_came_back_and_went_by_form_is_taken_back_there(world: Stage, bot: Pipeline) -> None:
    """A host that has a notice by its form alone is not said to be told by the address from which it came back."""
    entry, cases = bank_the_fake(bot), found_cases(world, bot)
    store = bot.deps.store
    drafted(bot, "N-0a1", cases, [("first", "https://www.redgifs.com/watch/first")], host="redgifs", entry=entry)
    sent(bot, "N-0a1")
    store.notice_life.happened("N-0a1", NoticeEventKind.BOUNCED, to=NoticeState.BOUNCED)
    put_by_hand(bot.decisions.notices, store, bot.deps.clock, "N-0a1", by=member(bot))
    said = bot.decisions.notices.retract_notice("N-0a1", by=member(bot), why="wrong")
    assert "by hand" in said


def test_what_came_back_and_went_by_form_is_reminded_of_there(world: Stage, bot: Pipeline) -> None:
    """No reminder goes to an address from which the notice came back, once it went by form."""
    overdue(world, bot)
    store = bot.deps.store
    store.notice_life.happened("N-0a1", NoticeEventKind.BOUNCED, to=NoticeState.BOUNCED)
    put_by_hand(bot.decisions.notices, store, bot.deps.clock, "N-0a1", by=member(bot))
    store.notice_life.happened("N-0a1", NoticeEventKind.OVERDUE, to=NoticeState.OVERDUE)
    assert store.notice_life.to_remind() == []
    with pytest.raises(UsageError, match="by its form"):
        bot.notice_steps.remind("N-0a1", by=member(bot))


def test_who_speaks_for_one_media_does_not_speak_for_another(world: Stage, bot: Pipeline) -> None:
    """A claim on one of two media of persons whom nobody knows is no authorisation for the other."""
    entry, cases = bank_the_fake(bot), found_cases(world, bot, 2)
    store = bot.deps.store
    items = [("first", "https://www.redgifs.com/watch/first"), ("second", "https://www.redgifs.com/watch/second")]
    drafted(bot, "N-0a1", cases, items, host="redgifs", entry=entry)
    name = store.claims.open(subreddit="clips", source=ClaimSource.BY_HAND, language="en", by=member(bot))
    store.claims.set_known(name, KnownBy.LAWYER, "her lawyer wrote today", by=member(bot))
    store.claims.link(name, cases=[cases[0]])
    with pytest.raises(UsageError, match="no authorisation is on record"):
        authority_of(store, bot.deps.clock, store.notices.get("N-0a1"))
    store.claims.link(name, cases=[cases[1]])
    assert authority_of(store, bot.deps.clock, store.notices.get("N-0a1")) == name


def test_no_id_stays_in_what_happened(world: Stage, bot: Pipeline) -> None:
    """What happened to a notice names a media in its own field alone, which goes when the media is taken off."""
    entry, cases = bank_the_fake(bot), found_cases(world, bot)
    store, clock = bot.deps.store, bot.deps.clock
    url = world.park.add_redgifs("StillHere", hd=fake())
    drafted(bot, "N-0a1", cases, [("stillhere", url)], host="redgifs", entry=entry)
    sent(bot, "N-0a1")
    world.park.gone("redgifs", "StillHere")
    for _ in range(4):
        clock.sleep(6 * 3600)
        bot.recheck()
    events = store.notice_events.of("N-0a1")
    assert any(event.kind == NoticeEventKind.REMOVED for event in events)
    assert not [event.detail for event in events if "stillhere" in event.detail.casefold()]
    assert any(event.host_id == "stillhere" for event in events)
    store.connection.run("update cases set state = 'minor' where id = ?", (cases[0],))
    assert not [event for event in store.notice_events.of("N-0a1") if event.host_id]


def test_their_file_says_what_is_gone_where_the_post_is_forgotten(world: Stage, bot: Pipeline) -> None:
    """Since when a media is gone is told by the notice, not by a link whose id is forgotten or never was."""
    entry, cases = bank_the_fake(bot), found_cases(world, bot)
    store, clock = bot.deps.store, bot.deps.clock
    url = world.park.add_redgifs("StillHere", hd=fake())
    drafted(bot, "N-0a1", cases, [("stillhere", url)], host="redgifs", entry=entry)
    sent(bot, "N-0a1")
    world.park.gone("redgifs", "StillHere")
    for _ in range(4):
        clock.sleep(6 * 3600)
        bot.recheck()
    assert store.notices.get("N-0a1").state == NoticeState.REMOVED
    name = store.claims.open(subreddit="clips", source=ClaimSource.BY_HAND, language="en", by=member(bot))
    store.claims.set_known(name, KnownBy.LAWYER, "her lawyer wrote today", by=member(bot))
    store.claims.set_age(name, AgeWhenMade.ADULT)
    store.claims.link(name, cases=[cases[0]])
    assert "gone since" in bot.summaries.make(name, by=member(bot)).html
    store.forgetting.forget_post(store.cases.of_id(cases[0]).post.fullname)
    assert "gone since" in bot.summaries.make(name, by=member(bot)).html


def test_the_host_reads_the_reason_that_is_for_it(world: Stage, bot: Pipeline) -> None:
    """A retraction says the sentence for the host, never the one for the record; a wrong one changes nothing."""
    entry, cases = bank_the_fake(bot), found_cases(world, bot)
    drafted(bot, "N-0a1", cases, [("first", "https://www.redgifs.com/watch/first")], host="redgifs", entry=entry)
    notices, by = bot.decisions.notices, member(bot)
    with pytest.raises(UsageError, match="has not left, so no host reads a reason"):
        notices.retract_notice("N-0a1", by=by, why="ours alone", reason="the original shows another face")
    sent(bot, "N-0a1")
    assert notices.hearing(bot.deps.store.notices.get("N-0a1")) is Hearing.MAIL
    before = len(mails(world))
    with pytest.raises(UsageError, match="names a Reddit user"):
        notices.retract_notice("N-0a1", by=by, why="ours alone", reason="u/somebody said so")
    assert len(mails(world)) == before
    notices.retract_notice("N-0a1", by=by, why="ours alone", reason="the original shows another face")
    said = str(mails(world)[-1])
    assert "Reason: the original shows another face" in said
    assert "ours alone" not in said
