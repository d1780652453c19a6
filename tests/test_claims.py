"""Somebody writes that they are depicted: an urgent claim, help at once, and no word of what was found until known."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.base import surrounded
from bot.encryption import FieldCipher, new_key
from bot.errors import SealError, StoreError, UsageError
from bot.loopback.stage import Stage
from bot.model import (
    ActionState,
    AgeWhenMade,
    CaseState,
    ClaimSource,
    ClaimState,
    ClaimWord,
    KnownBy,
    LinkState,
    Notice,
    NoticeItem,
    Role,
    SafeWay,
)
from bot.pipeline import Pipeline
from bot.pipeline.helping.texts import texts
from bot.pipeline.helping.words import LANGUAGES, claims, may_be_under_18
from bot.pipeline.reviewing.hotlines import HELPLINES, Ages
from bot.reddit.modmail import MAX_BODY
from bot.store import CaseRow, ClaimRow
from tests.bots import Listening, post_fake
from tests.console import console_on, open_case
from tests.doors import Said, desk_of, type_in, typing_at
from tests.people import member

HER, EX = "she_herself", "an_abusive_ex"
SECRET = "that's me in this video, I am Karla Beispiel and never agreed"


@contextmanager
def terminal(world: Stage) -> Iterator[None]:
    """Let commands run in this world."""
    desk = desk_of(world)
    with typing_at(desk), surrounded(desk.config, desk.outside):
        yield


def run(world: Stage, bot: Pipeline, ticks: int = 2) -> None:
    """Let some minutes pass."""
    for _ in range(ticks):
        bot.tick()
        world.clock.sleep(60)


def write(world: Stage, text: str, *, by: str = HER, subject: str = "please help") -> str:
    """Write to the moderators of r/clips; return the conversation."""
    return world.reddit.actions.write_mail("clips", by, subject, text)


def said_to(world: Stage, conversation: str) -> list[str]:
    """Return what the user of a conversation reads of ours."""
    messages = world.reddit.actions.messages_of(conversation)
    return [
        str(one["bodyMarkdown"])
        for one in messages
        if one["author"]["name"] == "gifwarden_bot" and not one["isInternal"]
    ]


def only(bot: Pipeline) -> ClaimRow:
    """Return the one claim that there is."""
    (row,) = bot.deps.store.claims.listing()
    return row


def people(bot: Pipeline) -> None:
    """Put a reviewer and a lead into the team, beside the operator ann."""
    team = bot.deps.store.team
    for name, role in (("Rea", Role.REVIEWER), ("Lea", Role.LEAD)):
        team.give(member(bot, name).member, role, (), by=None)
        bot.deps.store.connection.run(
            "delete from team_roles where role = 'operator' and member = ?", (member(bot, name).member,)
        )


def as_(name: str, *words: str) -> Said:
    """Type a command on claims in the name of a member."""
    return type_in("claims", *words, "--by", name)


@pytest.mark.slow
def test_a_message_becomes_a_claim_and_a_person_answers_it(world: Stage, bot: Pipeline, log: Listening) -> None:
    """Urgent, once an account, sealed, nothing done by itself; a lead reads and sends; forgotten at a word."""
    people(bot)
    bot.tick()
    name = post_fake(world)
    conversation = write(world, f"{SECRET} https://redd.it/{name[3:]}")
    write(world, "gifwarden stop", by=HER, subject="another one")
    write(world, "it is me again, when is it gone?", by=HER, subject="once more")
    write(world, "may I post a video of my dog?", by="a_stranger")
    run(world, bot)
    row = only(bot)
    assert (row.state, row.age, row.known, row.messages) == (ClaimState.OPEN, AgeWhenMade.NOT_SAID, None, 3)
    assert said_to(world, conversation) == []
    assert bot.deps.store.kill_switch.stops() == []
    assert bot.deps.store.cases.of_post(name)  # scanned and judged as any post is: nothing is frozen
    dump = "\n".join(bot.deps.store.connection.db.conn.iterdump())
    for secret in ("Karla", HER, "that's me", conversation):
        assert secret not in dump
    assert not [fact for fact in log.warnings if "Karla" in str(fact)]
    with terminal(world):
        listed = type_in("claims", "list")
        assert any(row.label in line and "waits for an answer" in line for line in listed.lines)
        assert "Karla" not in str(type_in("claims", "list", "--json").lines)
        assert as_("Rea", "show", row.label).code != 0
        assert "takes the role" in " ".join(as_("Rea", "answer", row.label, "--send").lines)
        assert "Karla" in str(as_("Lea", "show", row.label).lines)
        draft = as_("Lea", "answer", row.label)
        assert "how old were you" in " ".join(draft.lines)
        assert said_to(world, conversation) == []
        assert as_("Lea", "answer", row.label, "--send").code == 0
    run(world, bot, 1)
    newest = bot.deps.store.claims.word(row.label, ClaimWord.CONVERSATION)
    (answer,) = said_to(world, newest)
    assert answer == bot.claims.draft(row.label)
    assert only(bot).state is ClaimState.ANSWERED
    (action,) = [one for one in bot.deps.store.actions.listing() if one.action.kind == "claim_answer"]
    assert action.state is ActionState.DONE
    # cut between the call and the note of it: found again, not sent twice
    bot.deps.store.connection.run("update actions set state = 'sending' where id = ?", (action.action.id,))
    run(world, bot)
    assert len(said_to(world, newest)) == 1
    world.reddit.actions.answer_mail(newest, HER, "I was 31. Please delete all of this")
    run(world, bot)
    assert (only(bot).state, only(bot).messages) == (ClaimState.OPEN, 4)
    with terminal(world):
        assert as_("Rea", "forget", row.label).code != 0
        assert as_("Lea", "forget", row.label).code == 0
    assert bot.deps.store.claims.listing(everything=True) == []
    assert bot.deps.store.connection.rows("select * from claim_words") == []
    run(world, bot)
    assert bot.deps.store.claims.listing(everything=True) == []  # what was heard is not heard again
    trail = str(bot.deps.store.audit.entries())
    assert row.label in trail
    assert HER not in trail


def known_case(bot: Pipeline, number: int = 1) -> CaseRow:
    """Return a confirmed case about which a host was told."""
    case, store = open_case(bot, number), bot.deps.store
    item = NoticeItem(host_id=f"media{number}", url=f"https://www.redgifs.com/watch/media{number}", seen_at=case.opened)
    name = store.notices.draft(host="redgifs", subreddit="clips", recipient="a@b.example", case=case.id, item=item)
    store.connection.run(
        "update notices set state = 'sent', sent_at = ? where label = ?", (store.connection.now(), name)
    )
    return store.cases.get(case.label)


@pytest.mark.slow
def test_whoever_nobody_knows_learns_nothing_by_any_door(world: Stage, bot: Pipeline) -> None:
    """An abusive ex asks of a media that was found, she of one that was not: all is byte-identical."""
    people(bot)
    bot.tick()
    found = known_case(bot)
    store = bot.deps.store
    drafts: dict[str, list[str]] = {}
    refused: dict[str, list[str]] = {}
    for media, by in (("media1", EX), ("media2", HER)):
        order = write(world, f"gifwarden scan https://www.redgifs.com/watch/{media}", by=by, subject="scan")
        conversation = write(world, f"this is me https://www.redgifs.com/watch/{media} is it on your list?", by=by)
        run(world, bot)
        (row,) = [one for one in store.claims.listing() if one.state is ClaimState.OPEN]
        if media == "media1":  # the team has even linked it: nobody but the team sees that
            assert bot.claims.near(row, by=member(bot, "Lea")) == [found.label]
            bot.claims.link(row.label, cases=[found.label], by=member(bot, "Lea"))
        here = drafts[media] = [bot.claims.draft(row.label)]
        for age in (AgeWhenMade.IN_DOUBT, AgeWhenMade.ADULT):
            store.claims.set_age(row.label, age)
            here.append(bot.claims.draft(row.label))
        no = refused[media] = []
        for more in (
            f"we have {found.label}",
            "at https://www.redgifs.com/watch/other",
            "at redgifs.com/watch/other",
            "t3_000001",
        ):
            with pytest.raises(UsageError) as error:
                bot.claims.answer(row.label, f"{here[0]}\n\n{more}", by=member(bot, "Lea"))
            no.append(str(error.value))
        before = len(store.actions.listing())
        bot.claims.answer(row.label, here[0], by=member(bot, "Lea"))
        assert len(store.actions.listing()) == before + 1
        run(world, bot, 1)
        here += said_to(world, conversation)
        world.reddit.actions.answer_mail(conversation, by, "so did you find it? who was told?")
        run(world, bot)
        assert said_to(world, conversation) == here[-1:]  # nothing by itself, ever
        here.append(bot.claims.draft(row.label))
        store.claims.answered(row.label)
        assert said_to(world, order) == []
    assert drafts["media1"] == drafts["media2"]
    assert refused["media1"] == refused["media2"]
    assert len(set(drafts["media1"])) == 2  # by what they said of their age, and nothing else
    for text in drafts["media1"]:
        assert "everybody gets this same answer" in text
        assert not re.search(r"[CENTP]-[0-9a-f]{6}", text)
    assert store.cases.get(found.label).state is CaseState.OPEN
    told = [one for one in world.reddit.received.answers if one[0]]
    assert len(told) == 2


@pytest.mark.slow
def test_under_18_goes_to_the_minors_path_by_a_person(world: Stage, bot: Pipeline) -> None:
    """Words that may say it ask a person at once; recorded, all they named is hidden, no hash, and Take It Down."""
    people(bot)
    bot.tick()
    case = open_case(bot, 3)
    write(
        world, f"ich war 16, das bin ich https://www.redgifs.com/watch/media3 https://redd.it/{case.post.fullname[3:]}"
    )
    run(world, bot)
    row = only(bot)
    assert (row.age, row.language) == (AgeWhenMade.IN_DOUBT, "de")
    store = bot.deps.store
    assert bot.claims.doubt(case) == row.label
    assert bot.claims.doubt(open_case(bot, 5)) == ""
    assert "support@redgifs.com" in bot.claims.draft(row.label)
    assert "116 016" in bot.claims.draft(row.label)  # whom to talk to where they are
    with terminal(world):
        assert "may have been under 18" in " ".join(type_in("cases", "show", case.label).lines)
    assert store.minors.waiting() == []  # a stranger's words hide nothing
    entries = store.connection.value("select count(*) from entries")
    with terminal(world):
        done = as_("Rea", "age", row.label, "--under-18")
    assert done.code == 0, done.lines
    assert store.cases.get(case.label).state is CaseState.MINOR
    assert [one.post for one in store.minors.waiting()] == [case.post.fullname]
    assert store.minors.is_never("redgifs:media3")
    post = post_fake(world, id="media3")
    run(world, bot)
    (link,) = [one for one in store.links.listing() if one.link.post == post]
    assert link.state is LinkState.BLOCKED
    text = bot.claims.draft(row.label, "en")
    assert "takeitdown.ncmec.org" in text
    assert "stopncii" not in text.lower()
    assert "how old" not in text
    assert entries == store.connection.value("select count(*) from entries")
    with pytest.raises(UsageError, match="nobody has approved"):
        bot.claims.answer(row.label, bot.claims.draft(row.label, "de"), by=member(bot, "Lea"))
    assert bot.claims.draft(row.label) == text  # English until somebody who knows the language has read it
    with terminal(world):
        assert as_("Lea", "texts", "de", "--approve").code == 0
    assert "Take It Down" in bot.claims.draft(row.label)
    assert "Waren Sie" not in bot.claims.draft(row.label)


def test_helplines_are_for_their_age_and_the_safe_way_is_asked_early(bot: Pipeline) -> None:
    """No line for adults alone to who was under 18, nor one for children to an adult; safety stands third."""
    name = bot.hearing.from_post("https://redd.it/1abcd2", "clips", by=member(bot))
    store, adults = bot.deps.store, {one.name for one in HELPLINES if one.ages is Ages.ADULTS}
    young = {one.name for one in HELPLINES if one.ages is Ages.YOUNG}
    for language in LANGUAGES:
        store.connection.run("update claims set language = ?", (language,))
        for age, wrong in ((AgeWhenMade.UNDER_18, adults), (AgeWhenMade.ADULT, young), (AgeWhenMade.NOT_SAID, set())):
            store.claims.set_age(name, age)
            text = bot.claims.draft(name, language)
            assert not [one for one in wrong if one in text]
            assert texts(language).say("way") in text.split("\n\n")[1:3]
            assert [one for one in HELPLINES if language in one.languages and one.name in text]
            assert len(text) < MAX_BODY
        said = texts(language).say("only_adult")
        assert (said in text) is any(language in one.languages and one.name in adults for one in HELPLINES)


ELSEWHERE = tuple(f"redgifs:fake{number}" for number in range(3))


def slipped(world: Stage, bot: Pipeline, number: int, by: str = EX) -> tuple[ClaimRow, CaseRow]:
    """Let an uploader name a post and fakes of his elsewhere, and a reviewer believe that he was 16."""
    case = open_case(bot, number)
    fakes = " ".join(f"https://www.redgifs.com/watch/{one.partition(':')[2]}" for one in ELSEWHERE)
    write(world, f"I was 16, that's me in this video https://redd.it/{case.post.fullname[3:]} {fakes}", by=by)
    run(world, bot)
    row = next(one for one in bot.deps.store.claims.listing() if one.state is ClaimState.OPEN)
    lines = bot.claims.set_age(row.label, AgeWhenMade.UNDER_18, by=member(bot, "Rea"))
    assert sum("never fetched" in line for line in lines) == len(ELSEWHERE)
    bot.deps.store.claims.answered(row.label)
    return row, case


def marked(bot: Pipeline) -> list[bool]:
    """Return of each of the fakes elsewhere whether it is never fetched."""
    return [bot.deps.store.minors.is_never(one) for one in ELSEWHERE]


@pytest.mark.slow
def test_an_under_18_slip_is_taken_back_with_what_was_named_elsewhere(world: Stage, bot: Pipeline) -> None:
    """Within the ten minutes with the post, and what the marks blocked is looked at; not if another mark holds it."""
    people(bot)
    bot.tick()
    _, case = slipped(world, bot, 3)
    assert marked(bot) == [True] * 3
    post = post_fake(world, id="fake0")
    run(world, bot)
    assert [one.state for one in bot.deps.store.links.listing() if one.link.post == post] == [LinkState.BLOCKED]
    bot.decisions.minors.cancel(case.label, by=member(bot))
    assert marked(bot) == [False] * 3
    assert not bot.deps.store.minors.is_never("redgifs:media3")
    run(world, bot)
    assert [one.state for one in bot.deps.store.links.listing() if one.link.post == post] != [LinkState.BLOCKED]
    row, case = slipped(world, bot, 5, by=HER)
    other, _ = slipped(world, bot, 6, by="a_third")
    for target in (case.label, post):  # of this claim all posts; the other one holds what was named elsewhere too
        bot.decisions.minors.cancel(target, by=member(bot))
        assert marked(bot) == [True] * 3
    with pytest.raises(UsageError, match="--adult"):
        bot.claims.dismiss(other.label, by=member(bot), why="spam")
    held = open_case(bot, 8, id="fake1").post.fullname
    bot.decisions.minors.hide(held, by=member(bot))  # another mark, which can be taken back for now
    bot.claims.set_age(other.label, AgeWhenMade.ADULT, by=member(bot))
    assert marked(bot) == [False, True, False]
    bot.decisions.minors.cancel(held, by=member(bot))
    assert marked(bot) == [False] * 3
    assert bot.deps.store.claims.get(row.label).age is AgeWhenMade.UNDER_18


@pytest.mark.slow
def test_18_or_older_releases_what_stands_on_the_claim_alone(world: Stage, bot: Pipeline) -> None:
    """Also after the ten minutes; what is marked with a post stays, and after a report all of it."""
    people(bot)
    bot.tick()
    store, by = bot.deps.store, member(bot, "Rea")
    row, case = slipped(world, bot, 3)
    assert any(f"cases cancel {case.label}" in line for line in bot.claims.set_age(row.label, AgeWhenMade.ADULT, by=by))
    assert marked(bot) == [False] * 3
    bot.claims.set_age(row.label, AgeWhenMade.UNDER_18, by=by)
    bot.decisions.minors.minor(open_case(bot, 9, id="fake2").label, by=by)
    world.clock.sleep(11 * 60)
    run(world, bot)
    assert marked(bot) == [True] * 3
    (line,) = bot.claims.set_age(row.label, AgeWhenMade.ADULT, by=by)
    assert "2 of what they named elsewhere" in line
    assert marked(bot) == [False, False, True]  # a post of that one is marked
    assert store.minors.is_never("redgifs:media3")
    bot.claims.set_age(row.label, AgeWhenMade.UNDER_18, by=by)
    store.connection.run(
        "update actions set state = 'done' where post = ?", (case.post.fullname,)
    )  # Reddit's post is gone
    bot.decisions.minors.reported(case.label, by=by)
    assert bot.claims.set_age(row.label, AgeWhenMade.ADULT, by=by) == []
    assert marked(bot) == [True] * 3


def test_cases_of_other_subreddits_are_not_named_to_a_lead(world: Stage, bot: Pipeline) -> None:
    """A lead of r/clips sees of what somebody named the cases in r/clips alone; the warning stands on all."""
    bot.tick()
    store, lea = bot.deps.store, member(bot, "Lea")
    store.team.give(lea.member, Role.LEAD, ("clips",), by=None)
    store.connection.run("delete from team_roles where role = 'operator' and member = ?", (lea.member,))
    here, there = open_case(bot, 1), open_case(bot, 2, subreddit="quiet")
    write(world, "I was 16, that's me in this video https://redd.it/000001 https://redd.it/000002")
    run(world, bot)
    row = only(bot)
    assert bot.claims.near(row, by=lea) == [here.label]
    assert bot.claims.doubt(there) == row.label


@pytest.mark.slow
def test_by_another_way_only_that_there_is_an_answer(world: Stage, bot: Pipeline) -> None:
    """Once they named a safe way and hour, nothing of an answer goes where others may read it, and not at any hour."""
    people(bot)
    bot.tick()
    conversation = write(world, "c'est moi dans la vidéo")
    run(world, bot)
    row, by = only(bot), member(bot, "Lea")
    with terminal(world):
        done = as_("Lea", "safe-way", row.label, "--way", "email", "--contact", "k@safe.example", "--hour", "after 18")
        assert done.code == 0
        assert "safe hour" not in str(done.lines)
        late = as_("Lea", "answer", row.label, "--send")
        assert "an hour that is safe" in " ".join(late.lines)
        done = as_("Lea", "answer", row.label, "--send", "--now")
    words = " ".join(done.lines)
    assert "k@safe.example" in words
    assert f"gifwarden claims given {row.label}" in words
    assert only(bot).state is ClaimState.TO_GIVE  # nothing was sent, so it waits on top until somebody gave it
    assert bot.deps.store.claims.waiting("clips") == 1
    with terminal(world):
        assert "to be given" in str(type_in("claims", "list").lines)
        assert as_("Lea", "given", row.label).code == 0
        assert "no answer" in str(as_("Lea", "given", row.label).lines)
    assert only(bot).state is ClaimState.ANSWERED
    assert "There is an answer for you." in words or "Il y a une réponse pour vous." in words
    run(world, bot)
    assert said_to(world, conversation) == []
    assert "k@safe.example" not in "\n".join(bot.deps.store.connection.db.conn.iterdump())
    bot.claims.set_safe_way(row.label, SafeWay.MODMAIL, contact="", hour="at night", by=by)
    due = world.clock.now() + timedelta(hours=5)
    bot.claims.answer(row.label, bot.claims.draft(row.label), by=by, due=due)
    run(world, bot)
    assert said_to(world, conversation) == []
    world.clock.sleep(5 * 3600)
    run(world, bot, 1)
    assert len(said_to(world, conversation)) == 1
    bot.claims.answer(row.label, "more of it", by=by, due=world.clock.now() + timedelta(hours=1))
    bot.claims.set_safe_way(row.label, SafeWay.LAWYER, contact="her lawyer", hour="", by=by)
    world.clock.sleep(2 * 3600)
    run(world, bot, 1)
    assert len(said_to(world, conversation)) == 1  # what waited for the modmail stays unsent
    assert only(bot).state is ClaimState.TO_GIVE
    post = bot.hearing.from_post("https://redd.it/1abcd2", "clips", by=by)
    with terminal(world):
        done = as_("Lea", "answer", post, "--send")
        assert "nothing was sent: there is no conversation" in str(done.lines)
        assert "no message of theirs" in str(as_("Lea", "show", post).lines)
    assert bot.deps.store.claims.get(post).state is ClaimState.TO_GIVE


@pytest.mark.slow
def test_what_is_sealed_goes_with_its_key(world: Stage, bot: Pipeline) -> None:
    """Without the claim's own key nothing opens, not even with the database's; retention destroys it in time."""
    by, store = member(bot), bot.deps.store
    bot.tick()
    write(world, SECRET)
    run(world, bot)
    name = only(bot).label
    bot.claims.set_known(name, KnownBy.NGO, "the helpline of her town wrote to us on Monday", by=by)
    bot.claims.set_safe_way(name, SafeWay.PHONE, contact="+49 1", hour="mornings", by=by)
    sealed = [row["sealed"] for row in store.connection.rows("select sealed from claim_words")]
    store.connection.run("update claims set sealed_key = null")
    with pytest.raises(StoreError, match="destroyed"):
        store.claims.words(name)
    for value in sealed:
        with pytest.raises(SealError):
            FieldCipher(new_key()).decrypt(value, "claims", name, "message")
    store.claims.forget(name)
    with closing(sqlite3.connect(world.config.storage.path / "gifwarden.db")) as raw:
        assert raw.execute("select count(*) from claim_words").fetchone() == (0,)
    store.maintenance.truncate_log()
    data = b"".join(file.read_bytes() for file in world.config.storage.path.glob("gifwarden.db*"))
    assert not [value for value in sealed if value in data]
    # silent for long, dismissed, and all notices ended
    write(world, SECRET)
    run(world, bot)
    old = only(bot).label
    bot.claims.dismiss(old, by=by, why="spam")
    assert store.connection.rows("select * from claim_words") == []
    write(world, "c'est moi dans la video", by="another")
    case = known_case(bot, 7)
    run(world, bot)
    other = only(bot).label
    bot.claims.link(other, cases=[case.label], by=by)
    store.claims.answered(other)
    assert bot.claims.expire() == 0
    world.clock.sleep(31 * 86400)
    assert bot.claims.expire() == 1  # the dismissed one
    assert only(bot).label == other  # its notice is open
    store.connection.run("update notices set state = 'closed', ended_at = '2026-01-01T00:00:00Z'")
    bot.purge()
    assert store.claims.listing(everything=True) == []


@pytest.mark.slow
def test_limits_and_hands(world: Stage, bot: Pipeline) -> None:
    """Dismissed thrice an account opens none; a member opens by hand what the words did not tell; a known one stays."""
    people(bot)
    bot.tick()
    for number in range(5):
        last = write(world, f"that's me in this video {number}", by=EX)
        run(world, bot, 1)
        for row in bot.deps.store.claims.listing():
            with terminal(world):
                assert as_("Rea", "dismiss", row.label).code == 0
    assert len(bot.deps.store.claims.listing(everything=True)) == 3
    with terminal(world):  # a slip: by hand it is there again, with what was said
        assert as_("Rea", "open", "--modmail", last).code == 0
        assert only(bot).messages == 1
        assert as_("Rea", "dismiss", only(bot).label).code == 0
    odd = write(world, "hello, somebody told me that I should write to you", by="shy")
    run(world, bot)
    assert bot.deps.store.claims.listing() == []
    with terminal(world):
        done = as_("Rea", "open", "--modmail", f"https://mod.reddit.com/mail/all/{odd}")
        assert done.code == 0, done.lines
        assert as_("Rea", "open", "--post", "https://redd.it/1abcd2", "--subreddit", "clips").code == 0
        assert as_("Rea", "open", "--post", "nonsense", "--subreddit", "clips").code != 0
        elsewhere = "https://www.redgifs.com/watch/media1"
        assert as_("Rea", "open", "--post", elsewhere, "--subreddit", "clips").code == 0
        assert "that is no modmail" in str(as_("Rea", "open", "--modmail", elsewhere).lines)
        shy = next(row for row in bot.deps.store.claims.listing() if row.messages)
        assert as_("Rea", "known", shy.label, "--how", "ngo", "--say", "the helpline wrote to us").code != 0
        assert "sentence" in " ".join(as_("Lea", "known", shy.label, "--how", "ngo", "--say", "x").lines)
        assert as_("Lea", "known", shy.label, "--how", "passport", "--say", "the helpline wrote").code != 0
        assert as_("Lea", "known", shy.label, "--how", "ngo", "--say", "the helpline wrote to us").code == 0
        assert as_("Rea", "dismiss", shy.label).code != 0
    assert "We know who you are now" in bot.claims.draft(shy.label)


SAYS = """
en|that's me in this video|en|thats me https://redd.it/abc|en|This is me. Please take it down
en|someone posted nudes of me|en|it is me https://www.reddit.com/r/clips/comments/abc/|en|I am the woman in this clip
en|There's a deepfake of me here
en|My face was put on a porn video without my consent|en|my ex posted it|en|the girl in the video is me
en|I found myself on your subreddit|en|that\u2019s my body in the gif|en|I never consented to this video
de|Das bin ich in dem Video|de|das bin ich https://redgifs.com/watch/abc|de|Hier wurden Bilder von mir hochgeladen
de|Auf dem Foto bin ich|de|Mein Gesicht wurde in einem Porno verwendet|de|Mein Exfreund hat das hochgeladen
fr|c'est moi dans la vidéo|fr|C\u2019est moi https://redd.it/x|fr|Quelqu'un a publié des photos de moi
fr|je suis la fille qui apparaît|fr|mon ex a publié cette vidéo|es|soy yo en el vídeo|es|esa soy yo, borradlo por favor
es|hay fotos mías aquí|es|mi cara está en un porno|es|Subieron un vídeo mío sin permiso
"""
SILENT = """
Why was I banned? that's just me being me|Can you approve my post?|that's not me in the video, it's a meme|is this you?
How do I post a video of my dog|I posted a video and it was removed, why?|Das bin ich nicht in dem Video|no soy yo
das bin ich nicht, https://redd.it/abc|c'est pas moi dans la vidéo|Hello mods, please add a flair
it's me again, the guy who asked about flairs|why did you remove my picture of a cat
What are the rules for videos? I am new in this subreddit
"""
YOUNG = """
I was 15 in it|i was only 16 when this was made|I was a minor|I wasn't even 18|I was still in high school|ich war 15
da war ich noch minderjährig|ich war damals 16 Jahre alt|j'avais 16 ans|j'étais mineure|tenía 15 años|era menor
it was made when I was 17|I'm under 18|she is 14
"""
GROWN = """
I was 19|I was 25 when he filmed it|that's me at 12:30|posted at 5 pm|I am 34|ich war 22|j'avais 20 ans|tenía 30 años
"""


def of(table: str) -> list[str]:
    """Return the cells of a table."""
    return [cell for line in table.strip().splitlines() for cell in line.split("|")]


def test_what_reads_as_a_claim() -> None:
    """In four languages and in their language; what says the opposite or something else does not."""
    cells = of(SAYS)
    assert {text: claims(text) for text in cells[1::2]} == dict(zip(cells[1::2], cells[::2], strict=True))
    assert [text for text in of(SILENT) if claims(text)] == []
    assert [text for text in of(YOUNG) if not may_be_under_18(text)] == []
    assert [text for text in of(GROWN) if may_be_under_18(text)] == []


@given(st.text(max_size=400), st.sampled_from(of(SAYS)[1::2]))
def test_words_around_it_hide_no_claim(around: str, text: str) -> None:
    """Whatever else stands in a message, it is read without an error, and a claim on a line of its own is found."""
    claims(around)
    may_be_under_18(around)
    assert claims(f"Hello.\n\n{text}\n\nThank you.")


def test_their_own_file(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """Only once the team knows who they are and how old they were; it says what happened, and no address unasked."""
    people(bot)
    store, by = bot.deps.store, member(bot, "Lea")
    case, other, hidden = known_case(bot), open_case(bot, 2), open_case(bot, 4)
    notice = store.notices.of_case(case.id)
    with terminal(world):
        assert as_("Rea", "open", "--post", "https://redd.it/000001", "--subreddit", "clips").code == 0
        name = only(bot).label
        assert as_("Lea", "link", name, "--case", case.label, "--case", other.label, "--case", hidden.label).code == 0
        refused = as_("Lea", "file", name)
        assert "nobody has recorded" in " ".join(refused.lines)
        unlinked = store.claims.open(subreddit="clips", source=ClaimSource.BY_HAND, language="en", by=by)
        again = as_("Lea", "file", unlinked)
        assert again.code == refused.code
        assert again.lines[-1].replace(unlinked, name) == refused.lines[-1]
        store.claims.forget(unlinked)
        bot.claims.set_known(name, KnownBy.LAWYER, "her lawyer wrote to us on letterhead", by=by)
        assert "how old they were" in " ".join(as_("Lea", "file", name).lines)
        bot.claims.set_age(name, AgeWhenMade.ADULT, by=by)
        bot.decisions.minors.hide(hidden.label, by=by)
        covered = "\n".join(as_("Lea", "file", name, "--with-addresses").lines)
        assert "3 posts were" in covered  # the same footage in other cases is told no more than the marked one
        assert not re.search(r"media\d", covered)
        store.connection.run("delete from minor_footage")  # as if it were other footage
        plain = "\n".join(as_("Lea", "file", name).lines)
        full = "\n".join(as_("Lea", "file", name, "--with-addresses").lines)
        assert as_("Rea", "file", name, "--out", str(tmp_path)).code != 0
        assert as_("Lea", "file", name, "--out", str(tmp_path)).code == 0
        again = as_("Lea", "file", name, "--out", str(tmp_path))  # never over another: beside it
        assert again.code == 0
        assert "safe way" in str(again.lines)
    file, second = sorted(tmp_path.glob("*.html"), key=lambda one: len(one.name))
    assert second.name == f"{file.stem}-2.html"
    assert re.fullmatch(r"summary-\d{4}-\d\d-\d\d\.html", file.name)
    assert file.stat().st_mode & 0o077 == 0
    for text in (plain, full, file.read_text()):
        assert "in r/clips" in text
        assert "not gone yet" in text
        assert "has not been told yet" in text
        assert "<h2>Hidden</h2>" in text
        assert "media4" not in text
        assert not re.search(r"[CENT]-[0-9a-f]{6,}|fake|nude|porn", text)
    assert "media1" not in plain
    assert "http" not in plain.replace("http-equiv", "")
    assert "https://www.redgifs.com/watch/media1" in full
    assert "<title>Summary 2026-" in plain
    theirs = Notice(
        id="",
        host="redgifs",
        to="a@b.example",
        items=(),
        ground="depicted_person",
        ground_detail="it was posted without my consent",
        capacity="depicted_person",
        stated_by="Lea",
        organisation="",
        contact="",
        stated_at=case.opened,
    )
    item = NoticeItem(host_id="media2", url="https://www.redgifs.com/watch/media2", seen_at=case.opened)
    draft = store.notices.draft(host="redgifs", subreddit="clips", recipient="a@b.example", case=other.id, item=item)
    store.notices.confirm(replace(theirs, id=draft), member=by.member)
    entry = str(store.connection.value("select label from entries where state != 'withdrawn'"))
    about = replace(theirs, items=(replace(item, entry=entry),))
    bot.decisions.grounds.keep(about, by=by)
    assert store.grounds.listing() == []  # what she says is recorded for no other notice
    bot.decisions.grounds.keep(replace(about, capacity="third_party_notifier", ground="citable_list"), by=by)
    assert store.grounds.get(entry) is not None
    assert bot.claims.stays(store.claims.get(name)) == [draft]
    assert "ready for you to send" in bot.summaries.make(name, by=by).html
    given = bot.summaries.make(name, by=by, addresses=True).html
    assert "A text that you can send yourself" in given
    assert "https://www.redgifs.com/watch/media2" in given
    store.connection.run("update notices set state = 'removed' where label = ?", (notice,))
    store.connection.run(
        "update notice_items set state = 'removed', gone_at = '2026-11-21T10:00:00Z' where notice = ?", (notice,)
    )
    made = bot.summaries.make(name, by=by).html
    assert "gone since 21 November 2026" in made
    assert "was asked by mail" in made
    assert not list(world.config.storage.path.rglob("*.html"))


@pytest.mark.slow
def test_the_console_does_the_same(world: Stage, bot: Pipeline) -> None:
    """A reviewer sees that somebody waits and not a word of theirs; a lead opens, answers and hands over the file."""
    bot.tick()
    conversation = write(world, f"{SECRET} <script>alert(1)</script>")
    run(world, bot)
    label = only(bot).label
    with console_on(bot) as console:
        console.person("Rea")
        console.person("Lea", Role.LEAD)
        rea, lea = console.signed_in("Rea"), console.signed_in("Lea")
        rea.get("/")
        assert "1 person says that they are depicted and waits for an answer" in rea.text
        for path in ("/claims", f"/claim/{label}"):
            rea.get(path)
            assert label in rea.text
            assert "Karla" not in rea.text
            assert "no-store" in rea.page.headers["cache-control"]
        assert rea.post(f"/claim/{label}/read").status_code == 403
        lea.get(f"/claim/{label}")
        assert "Karla" not in lea.text
        assert "safe way not named yet: ask" in lea.text
        lea.post(f"/claim/{label}/read")
        assert "Karla" in lea.text
        assert "<script>alert" not in lea.page.text
        assert "There is one once it is written down" in lea.text
        assert lea.post(f"/claim/{label}/file").status_code == 409
        case = open_case(bot, 6)
        bot.claims.link(label, cases=[case.label], by=member(bot))
        bot.deps.store.claims.set_age(label, AgeWhenMade.IN_DOUBT)
        rea.get(f"/case/{case.label}")
        assert "may have been under 18 in this" in rea.text
        rea.get(f"/claim/{label}")
        rea.post(f"/claim/{label}/age", age="adult")
        assert bot.claims.sends(only(bot))
        rea.post(f"/claim/{label}/age", age="under_18")  # a slip of the finger hides nothing
        assert "Under 18: is that right?" in rea.text
        assert case.label in rea.text
        assert bot.deps.store.claims.get(label).age is AgeWhenMade.ADULT
        assert bot.deps.store.cases.get(case.label).state is CaseState.OPEN
        second = bot.hearing.from_post("https://redd.it/1abcd2", "clips", by=member(bot))
        lea.get(f"/claim/{second}")
        assert "Opened by hand" in lea.text or "opened by hand" in lea.text
        lea.post(f"/claim/{second}/read")
        assert "Send it" not in lea.text
        assert "There is no conversation" in lea.text
        lea.post(f"/claim/{second}/answer", text="We have read it.")
        assert "Nothing was sent" in lea.text
        assert "I gave it to them" in lea.text
        rea.get("/")
        assert "2 people say that they are depicted and wait" in rea.text
        lea.post(f"/claim/{second}/given")
        assert bot.deps.store.claims.get(second).state is ClaimState.ANSWERED
        rea.get(f"/claim/{second}")
        rea.post(f"/claim/{second}/age", age="under_18", sure="yes")
        assert bot.deps.store.claims.get(second).age is AgeWhenMade.UNDER_18
        bot.claims.forget(second, by=member(bot), why="test")
        lea.get(f"/claim/{label}")
        lea.post(f"/claim/{label}/known", how="ngo", say="the helpline of her town wrote to us")
        made = lea.post(f"/claim/{label}/file")
        assert re.search(r'attachment; filename="summary-[\d-]+\.html"', made.headers["content-disposition"])
        assert "no-store" in made.headers["cache-control"]
        lea.get(f"/claim/{label}")
        lea.post(f"/claim/{label}/answer", text="We have read it,\r\nand help.")
        run(world, bot, 1)
        assert said_to(world, conversation) == ["We have read it,\nand help."]
        lea.get(f"/claim/{label}")
        lea.post(f"/claim/{label}/forget", label=label)
        assert bot.deps.store.claims.listing(everything=True) == []
        assert lea.get(f"/claim/{label}").status_code == 404


@pytest.mark.slow
def test_what_one_team_was_told_is_not_anothers_to_read(world: Stage, bot: Pipeline) -> None:
    """Who writes to two subreddits has a claim with each: neither team reads, or answers, what the other was told."""
    bot.tick()
    write(world, f"{SECRET} https://redd.it/abc123")
    run(world, bot)
    there = world.reddit.actions.write_mail("gifs", HER, "please help", "that's me in this video on r/gifs")
    run(world, bot)
    rows = {row.subreddit: row for row in bot.deps.store.claims.listing()}
    assert sorted(rows) == ["clips", "gifs"]
    claims = bot.deps.store.claims
    assert [word.text for word in claims.words(rows["clips"].label, ClaimWord.MESSAGE)] == [
        f"{SECRET} https://redd.it/abc123"
    ]
    assert claims.word(rows["gifs"].label, ClaimWord.CONVERSATION) == there
