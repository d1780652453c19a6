"""Comparing: a case's media and what its entry was made of, beside one another, as safely as one sheet alone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from html import unescape
from typing import Any

import pytest

from bot.config import DecodeConfig
from bot.contact_sheets import Looker, compose, few
from bot.errors import UsageError
from bot.fingerprint import Pieces
from bot.loopback.stage import Stage
from bot.model import (
    Actor,
    AgeWhenMade,
    ClaimSource,
    Credential,
    EntryNote,
    Evidence,
    Level,
    LookState,
    Match,
    MotionMatch,
    MotionStretch,
    Role,
    SourceMatch,
)
from bot.pipeline import Pipeline
from bot.pipeline.looking import looks as room
from bot.pipeline.looking.beside import MOMENTS, Pair, moments
from bot.pipeline.reviewing.words.compare import compared
from bot.samples import media
from bot.store import CaseRow
from tests.bots import bank_the_fake, fake, near_copy, post_fake
from tests.console import Browser, Console, console_on, open_case
from tests.people import member
from tests.test_looking import TAB, looked, until

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def bot(bot: Pipeline) -> Pipeline:
    """A bot on a machine that may be busy with other tests: its looks have more time."""
    bot.looks._seconds = bot.looks._ready = 240.0
    return bot


def matched(**facts: Any) -> Match:
    """Return a near match with these facts."""
    same: dict[str, Any] = {"media": 0, "bank": "known-fakes", "bank_kind": "block", "entry": "E-1"}
    return Match(**same, method="pdq", signal="pdq", confirmed=True, why="", **facts)


def paired(bot: Pipeline, case: CaseRow, by: Actor, evidence: Evidence | None = None) -> Pair | None:
    """Return what a case is compared with, by its own evidence or by another."""
    store = bot.deps.store
    evidence = evidence or store.links.evidence(case.link)
    return bot.looks.comparison.pair(case, evidence, compared(store, evidence), by=by)


def known_entry(bot: Pipeline) -> str:
    """Bank the fake under the label that evidence of cases has; return its file's SHA-256."""
    store, label = bot.deps.store, bank_the_fake(bot)
    store.connection.run("update entries set label = 'E-3f9c2a71b0' where label = ?", (label,))
    return sha256(fake()).hexdigest()


def in_doubt(bot: Pipeline, case: CaseRow) -> None:
    """Note a claim of somebody who may have been under 18 in a case."""
    claims = bot.deps.store.claims
    name = claims.open(subreddit="clips", source=ClaimSource.MODMAIL, language="en")
    claims.set_age(name, AgeWhenMade.IN_DOUBT)
    claims.link(name, cases=[case.id])


def cases_beside(pair: Pair | None) -> list[str | None]:
    """Return the cases from which what is known may come."""
    assert pair is not None
    return [one.case for one in pair.beside]


def test_cases_beside_are_those_that_may_be_looked_at(bot: Pipeline) -> None:
    """The newest first, then what was noted; never one in which somebody may have been under 18."""
    file, by = known_entry(bot), member(bot)
    near = open_case(bot, 1)
    old, young, new = (open_case(bot, number, "exact", file=file) for number in (2, 3, 4))
    bot.deps.store.notes.put("E-3f9c2a71b0", EntryNote(origin="https://www.redgifs.com/watch/thefilm"), by=by)
    assert cases_beside(paired(bot, near, by)) == [new.label, young.label, old.label, None]
    in_doubt(bot, young)
    assert cases_beside(paired(bot, near, by)) == [new.label, old.label, None]


def test_cases_of_other_subreddits_take_no_room(bot: Pipeline) -> None:
    """However many newer cases there are where one decides nothing, an older one that is theirs is found."""
    file, cases = known_entry(bot), bot.deps.store.cases
    own = open_case(bot, 1, "exact", file=file)
    for number in range(2, 5):
        open_case(bot, number, "exact", file=file, subreddit="gifs")
    assert cases.of_entry("E-3f9c2a71b0", lambda place: place == "clips", limit=2) == [own.label]
    assert len(cases.of_entry("E-3f9c2a71b0", lambda _: True, limit=2)) == 2


def test_the_match_that_decides_is_compared(bot: Pipeline) -> None:
    """Neither a match of the same entry that is suppressed, nor one that only comes before."""
    known_entry(bot)
    case = open_case(bot, 1)
    evidence = bot.deps.store.links.evidence(case.link)
    assert evidence is not None
    (match,) = evidence.matches
    first = replace(match, media=2, query_ranges=((0.0, 0.4),), entry_ranges=((0.0, 0.4),))
    for other in (replace(first, suppressed=True), replace(first, unsure=True), replace(first, bank_kind="allow")):
        pair = paired(bot, case, member(bot), replace(evidence, matches=(other, match)))
        assert pair is not None
        assert (pair.media, pair.here) == (0, (1.525, 2.175, 2.825, 3.475))
    place = SourceMatch(media=3, entry=match.entry, kind="same_place")
    face = SourceMatch(media=1, entry=match.entry, kind="face_differs")
    pair = paired(bot, case, member(bot), replace(evidence, matches=(), source=(place, face)))
    assert pair is not None
    assert pair.media == 1


def test_of_an_album_only_the_very_file_serves(bot: Pipeline) -> None:
    """A case that banked the entry and has several media shows the one that is the entry's file, or none."""
    file, store = known_entry(bot), bot.deps.store
    near, album = open_case(bot, 1), open_case(bot, 2, "words")
    store.review.made(album.id, "E-3f9c2a71b0", "banked")
    evidence = store.links.evidence(album.link)
    assert evidence is not None
    (clip,) = evidence.media
    assert cases_beside(paired(bot, near, member(bot))) == [album.label]  # its one media, in another rendition
    store.links.matched(album.link, replace(evidence, media=(clip, replace(clip, index=1))))
    assert cases_beside(paired(bot, near, member(bot))) == []
    store.links.matched(album.link, replace(evidence, media=(clip, replace(clip, index=1, sha256=file))))
    pair = paired(bot, near, member(bot))
    assert pair is not None
    assert [(one.case, one.media) for one in pair.beside] == [(album.label, 1)]


def test_named_frames_stand_in_the_order_in_which_they_were_named() -> None:
    """So that a clip that runs backward lies beside the other place by place; each has its place, a still has one."""
    asked = few(Level.TILES, MOMENTS, (3.0, 1.0, 2.9, 2.0))

    def pieces(*times: float) -> Pieces:
        frames = tuple((t, bytes([round(t)]) * (12 * 12)) for t in times)
        return Pieces(kind="video", width=320, height=320, duration=4.0, partial=False, frames=frames)

    assert [frame.t for frame in compose(pieces(1.0, 2.0, 3.0), asked, ()).frames] == [3.0, 1.0, 3.0, 2.0]
    assert [frame.t for frame in compose(pieces(1.0), asked, ()).frames] == [1.0]
    some = replace(asked, even=2)
    assert [frame.t for frame in compose(pieces(1.0, 2.0, 3.0), some, ()).frames] == [1.0, 2.0, 3.0]


def test_a_pair_is_asked_for_whole_or_not_at_all(bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room for the second look, the first is ended."""
    file = known_entry(bot)
    near, _ = open_case(bot, 1), open_case(bot, 2, "exact", file=file)
    monkeypatch.setattr(room, "ALL", 1)
    monkeypatch.setattr(room, "AT_ONCE", 0)
    with pytest.raises(UsageError, match="too many people"):
        bot.looks.ask_pair(near.label, Level.TILES, by=member(bot), session=TAB)
    assert [job.state for job in bot.looks._jobs.values()] == [LookState.GONE]


def test_what_is_ready_first_waits_for_the_other(bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is kept while the other is made, and as long as any other afterwards."""
    file, looks = known_entry(bot), bot.looks
    near, _ = open_case(bot, 1), open_case(bot, 2, "exact", file=file)
    monkeypatch.setattr(room, "AT_ONCE", 0)
    own, beside = (looks._jobs[look] for look in looks.ask_pair(near.label, Level.TILES, by=member(bot), session=TAB))
    with looks._change:
        own.state, own.until = LookState.READY, 0.0
        now = time.monotonic()
        looks._age(own, now)
        assert (own.state, own.until) == (LookState.READY, now + looks._ready)
        looks._end(beside, LookState.FAILED, "its host is slow")
        looks._age(own, now + looks._ready)
        assert own.state is LookState.GONE


@pytest.mark.parametrize("why", ["r/gifs, where you decide nothing any more", "may have been under 18"])
def test_doubt_and_lost_rights_end_what_is_ready(bot: Pipeline, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    """Both are asked once more before what is known is handed out."""
    file, looks, store = known_entry(bot), bot.looks, bot.deps.store
    near, exact = open_case(bot, 1), open_case(bot, 2, "exact", file=file, subreddit="gifs")
    monkeypatch.setattr(room, "AT_ONCE", 0)
    row = bot.team.add("Ben", Role.REVIEWER, ["clips", "gifs"], by=member(bot))
    ben = Actor(member=row.id, name=row.name, credential=Credential.SIGN_IN)
    _, beside = looks.ask_pair(near.label, Level.TILES, by=ben, session=TAB)
    with looks._change:
        looks._jobs[beside].state = LookState.READY
    if "18" in why:
        in_doubt(bot, exact)
    else:
        store.connection.run("delete from team_roles where member = ? and subreddit = 'gifs'", (row.id,))
    with pytest.raises(UsageError, match=why):
        looks.take(beside, by=ben, session=TAB)


def test_moments_of_both_belong_together() -> None:
    """Four of each: of one stretch, of two, backward; at another speed; of pictures there are none."""
    assert moments(matched(query_ranges=((0.0, 8.0),), entry_ranges=((10.0, 14.0),))) == (
        (1.0, 3.0, 5.0, 7.0),
        (10.5, 11.5, 12.5, 13.5),
    )
    two = ((0.0, 4.0), (6.0, 10.0))
    assert moments(matched(query_ranges=two, entry_ranges=two)) == ((1.0, 3.0, 7.0, 9.0), (1.0, 3.0, 7.0, 9.0))
    back = MotionStretch(query=(0.0, 8.0), entry=(0.0, 8.0), speed=1.0, reversed=True)
    motion = MotionMatch(score=0.9, seconds=8.0, speed=1.0, reversed=True, stretches=(back,))
    assert moments(matched(motion=motion))[1] == (7.0, 5.0, 3.0, 1.0)
    assert moments(matched(query_ranges=((0.0, 0.0),), entry_ranges=((0.0, 0.0),))) == ((), ())
    many = tuple((float(second), second + 0.5) for second in range(9))
    assert len(moments(matched(query_ranges=many, entry_ranges=many))[0]) == MOMENTS


@pytest.mark.slow
def test_few_frames_of_every_kind_of_media() -> None:
    """At the seconds that were named, or a few evenly; of a picture the one."""
    clip, gif = media.clip(401, seconds=2, width=320, height=180), media.gif(403, seconds=1, width=320, height=180)
    with Looker(DecodeConfig(without_filter=True)) as looker:

        def times(data: bytes, *at: float) -> list[float]:
            sheet = looker.sheet(data, few(Level.TILES, MOMENTS, at), (), seconds=60)
            assert not any(frame.matched for frame in sheet.frames)
            return [frame.t for frame in sheet.frames]

        for data in (clip, gif):
            assert times(data, 0.2, 0.6) == pytest.approx([0.2, 0.6], abs=0.08)
            assert len(times(data)) == MOMENTS
        assert len(times(media.still(405))) == 1


def near_and_exact(world: Stage, bot: Pipeline, exact_in: str = "clips") -> tuple[CaseRow, CaseRow]:
    """Post the very file of a known fake and then a near copy of it in r/clips; return the near case and the other."""
    first = post_fake(world, exact_in, "VeryFile")
    second = post_fake(world, "clips", "NearCopy", near_copy)
    bot.tick()
    (exact,), (near,) = (bot.deps.store.cases.of_post(name) for name in (first, second))
    return near, exact


@pytest.mark.slow
def test_what_is_known_is_shown_from_a_case_of_its_very_file(world: Stage, bot: Pipeline) -> None:
    """Both sheets show the same moments, each once, to who may decide in both subreddits."""
    near, exact = near_and_exact(world, bot, "gifs")
    ann = member(bot)
    pair = paired(bot, near, ann)
    assert pair is not None
    assert [(one.case, one.url, one.media) for one in pair.beside] == [(exact.label, "", 0)]
    own, beside = (
        looked(bot.looks, look, ann) for look in bot.looks.ask_pair(near.label, Level.TILES, by=ann, session=TAB)
    )
    assert len(own.frames) == len(beside.frames) > 1
    assert [one.t for one in own.frames] == pytest.approx([one.t for one in beside.frames], abs=0.15)
    assert paired(bot, exact, ann) is None  # the very file: there is nothing to compare
    with pytest.raises(UsageError, match="nothing to compare"):
        bot.looks.ask_pair(exact.label, Level.TILES, by=ann, session=TAB)


@pytest.mark.slow
def test_no_case_of_a_subreddit_in_which_one_decides_nothing(world: Stage, bot: Pipeline) -> None:
    """A case elsewhere leads nobody to its media who may not look at it there."""
    near, _ = near_and_exact(world, bot, "gifs")
    with console_on(bot) as console:
        ben = console.person("Ben", subreddits=["clips"])
        pair = paired(bot, near, ben)
        assert pair is not None
        assert pair.beside == ()
        with pytest.raises(UsageError, match="nothing to compare"):
            bot.looks.ask_pair(near.label, Level.TILES, by=ben, session=TAB)


@pytest.mark.slow
def test_where_one_is_gone_the_next_is_tried(world: Stage, bot: Pipeline) -> None:
    """What was taken down at its host since leads to an older case of the very file."""
    near, _ = near_and_exact(world, bot, "gifs")
    post_fake(world, "clips", "VeryFileAgain")
    bot.tick()
    world.park.gone("redgifs", "VeryFileAgain")
    ann = member(bot)
    assert len(cases_beside(paired(bot, near, ann))) == 2
    _, beside = bot.looks.ask_pair(near.label, Level.TILES, by=ann, session=TAB)
    assert len(looked(bot.looks, beside, ann).frames) > 1


@pytest.mark.slow
def test_a_mark_on_either_ends_both(world: Stage, bot: Pipeline) -> None:
    """Once the case beside is marked as a suspected minor's, what is ready of it is not handed out, nor asked for."""
    near, exact = near_and_exact(world, bot)
    ann = member(bot)
    _, beside = bot.looks.ask_pair(near.label, Level.OUTLINES, by=ann, session=TAB)
    until(bot.looks, beside, ann, LookState.READY)
    bot.decisions.minors.hide(exact.label, by=ann)
    with pytest.raises(UsageError, match="minor"):
        bot.looks.take(beside, by=ann, session=TAB)
    with pytest.raises(UsageError):
        bot.looks.ask_pair(near.label, Level.OUTLINES, by=ann, session=TAB)


def test_an_address_that_was_noted_serves_if_its_host_is_known(bot: Pipeline) -> None:
    """The time in it is added to the entry's own; a host that nobody asks leads nowhere."""
    label, _ = bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(fake()), by=member(bot))
    case = open_case(bot, 1)
    connection = bot.deps.store.connection
    connection.run("update entries set label = 'E-3f9c2a71b0' where label = ?", (label,))  # as its evidence has it
    by, notes = member(bot), bot.deps.store.notes
    notes.put("E-3f9c2a71b0", EntryNote(origin="https://films.example.org/one"), by=by)
    pair = paired(bot, case, by)
    assert pair is not None
    assert (pair.beside, pair.here) == ((), (1.525, 2.175, 2.825, 3.475))
    notes.put("E-3f9c2a71b0", EntryNote(origin="https://www.redgifs.com/watch/thefilm", seconds=60.0), by=by)
    again = paired(bot, case, by)
    assert again is not None
    (beside,) = again.beside
    assert (beside.case, beside.url) == (None, "https://www.redgifs.com/watch/thefilm")
    assert beside.at == (60.325, 60.975, 61.625, 62.275)


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Ben, a reviewer."""
    with console_on(bot) as served:
        served.person("Ben")
        yield served


def both(browser: Browser) -> list[str]:
    """Follow the page's link until both sheets are there; return their addresses."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if found := re.findall(r'<img src="([^"]+)"', browser.page.text):
            return found
        onwards = re.search(r'href="(\?[^"]*look=[^"]*)"[^>]*>See whether', browser.page.text)
        assert onwards, browser.text
        time.sleep(0.1)
        browser.get(f"{browser.page.url.path}{unescape(onwards[1])}")
    raise AssertionError(browser.text)


@pytest.mark.slow
def test_the_page_shows_both_beside_one_another_once(world: Stage, console: Console) -> None:
    """Covered before, both together when both are there, each once; covering ends both; one alone has more frames."""
    near, exact = near_and_exact(world, console.bot)
    ben = console.signed_in("Ben")
    page = ben.get(f"/case/{near.label}").text
    assert page.count("Covered until you ask") == 2
    assert "<img" not in page
    ben.post(f"/case/{near.label}/look", level="tiles", pair="1")
    sheets = both(ben)
    assert len(sheets) == len(set(sheets)) == 2
    frames = len(re.findall(r"<li>0:", ben.page.text))
    for address in sheets:
        assert ben.client.get(address).content.startswith(PNG)
        assert ben.client.get(address).status_code == 409
    ben.post(f"/case/{near.label}/look", level="tiles", pair="1")
    asked = ben.page.url.params
    ben.post(f"/case/{near.label}/cover", look=asked["look"], beside=asked["beside"])
    for look in (asked["look"], asked["beside"]):
        assert ben.client.get(f"/case/{near.label}/look/{look}/now").json()["state"] == "gone"
    ben.post(f"/case/{near.label}/look", level="tiles")
    assert len(both(ben)) == 1
    assert len(re.findall(r'<li class="matched">0:', ben.page.text)) > frames / 2
    assert "What is known" not in ben.get(f"/case/{exact.label}").text


def test_the_link_keeps_both_looks_where_one_has_failed(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without scripts, too, it is told why there is no picture of the case's own media once the other is there."""
    bot = console.bot
    file, looks = known_entry(bot), bot.looks
    near, _ = open_case(bot, 1), open_case(bot, 2, "exact", file=file)
    monkeypatch.setattr(room, "AT_ONCE", 0)
    ben = console.signed_in("Ben")
    ben.get(f"/case/{near.label}")
    ben.post(f"/case/{near.label}/look", level="tiles", pair="1")
    asked = ben.page.url.params
    with looks._change:
        looks._end(looks._jobs[asked["look"]], LookState.FAILED, "its host is slow")
    ben.get(f"/case/{near.label}?look={asked['look']}&beside={asked['beside']}")
    assert "Nothing to show: its host is slow" in ben.text
    link = re.search(r'href="([^"]*)"[^>]*>See whether', ben.page.text)
    assert link is not None
    assert f"look={asked['look']}&beside={asked['beside']}" in unescape(link[1])


def test_without_a_place_the_page_says_so(console: Console) -> None:
    """What is known stands there with why there is no picture of it, and where to say where it is found."""
    bot = console.bot
    label, _ = bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(fake()), by=member(bot))
    bot.deps.store.connection.run("update entries set label = 'E-3f9c2a71b0' where label = ?", (label,))
    case = open_case(bot, 1)
    console.person("Lea", Role.LEAD)
    lea = console.signed_in("Lea")
    lea.get(f"/case/{case.label}")
    assert "No picture of it: banks hold no media. Note where it is found" in lea.text
    assert 'name="pair"' not in lea.page.text
    assert lea.post(f"/case/{case.label}/look", level="tiles", pair="1").status_code == 409
    assert "there is nothing to compare" in lea.text
