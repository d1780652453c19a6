"""Comparing: a case's media and what its entry was made of, beside one another, as safely as one sheet alone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from bot.config import DecodeConfig
from bot.contact_sheets import Looker, few
from bot.errors import UsageError
from bot.loopback.stage import Stage
from bot.model import EntryNote, Level, LookState, Match, MotionMatch, MotionStretch, Role
from bot.pipeline import Pipeline
from bot.pipeline.looking.beside import MOMENTS, moments
from bot.samples import media
from bot.store import CaseRow
from tests.bots import fake, near_copy, post_fake
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
    pair = bot.looks.pair(near, by=ann)
    assert pair is not None
    assert pair.beside is not None
    assert (pair.beside.case, pair.beside.url) == (exact.label, "")
    own, beside = (
        looked(bot.looks, look, ann) for look in bot.looks.ask_pair(near.label, Level.TILES, by=ann, session=TAB)
    )
    assert len(own.frames) == len(beside.frames) > 1
    assert [one.t for one in own.frames] == pytest.approx([one.t for one in beside.frames], abs=0.15)
    assert bot.looks.pair(exact, by=ann) is None  # the very file: there is nothing to compare
    with pytest.raises(UsageError, match="nothing to compare"):
        bot.looks.ask_pair(exact.label, Level.TILES, by=ann, session=TAB)


@pytest.mark.slow
def test_no_case_of_a_subreddit_in_which_one_decides_nothing(world: Stage, bot: Pipeline) -> None:
    """A case elsewhere leads nobody to its media who may not look at it there."""
    near, _ = near_and_exact(world, bot, "gifs")
    with console_on(bot) as console:
        ben = console.person("Ben", subreddits=["clips"])
        pair = bot.looks.pair(near, by=ben)
        assert pair is not None
        assert pair.beside is None
        with pytest.raises(UsageError, match="nothing to compare"):
            bot.looks.ask_pair(near.label, Level.TILES, by=ben, session=TAB)


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
    pair = bot.looks.pair(case, by=by)
    assert pair is not None
    assert (pair.beside, pair.here) == (None, (1.525, 2.175, 2.825, 3.475))
    notes.put("E-3f9c2a71b0", EntryNote(origin="https://www.redgifs.com/watch/thefilm", seconds=60.0), by=by)
    again = bot.looks.pair(case, by=by)
    assert again is not None
    assert again.beside is not None
    assert (again.beside.case, again.beside.url) == (None, "https://www.redgifs.com/watch/thefilm")
    assert again.beside.at == (60.325, 60.975, 61.625, 62.275)


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
