"""Looking on the console: what was asked for, once, to the session that asked; nothing else on any page."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from bot.loopback.stage import Stage
from bot.model import Actor, Level, LookSettings, Role
from bot.pipeline import Pipeline
from bot.pipeline.looking.asked import MINOR
from bot.pipeline.looking.wishes import MUCH
from bot.web.console.guard import HEADERS
from tests.console import SAFARI, Browser, Console, console_on, open_case
from tests.people import member
from tests.slow import few
from tests.test_looking import case_of

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Ben and Cleo, reviewers, whose looks have time on a busy machine."""
    bot.looks._seconds = bot.looks._ready = 240.0
    with console_on(bot) as served:
        served.person("Ben")
        served.person("Cleo")
        yield served


def actor(console: Console, name: str) -> Actor:
    """Return a member as who is signed in."""
    found = console.bot.deps.store.team.named(name)
    assert found
    return console.bot.team.signed_in(found.id)


def press(browser: Browser, case: str, level: Level = Level.OUTLINES) -> str:
    """Open a case, press the button of a level, and return the look's address."""
    browser.get(f"/case/{case}")
    browser.post(f"/case/{case}/look", level=level)
    assert browser.page.status_code == 200, browser.text
    return f"/case/{case}/look/{browser.page.url.params['look']}"


def ready(browser: Browser, look: str) -> str:
    """Follow the link of the page until the sheet is there, as one does without scripts; return its address."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        found = re.search(r'<img src="([^"]+)"', browser.page.text)
        if found:
            assert found[1] == f"{look}/sheet"
            return found[1]
        assert "It is fetched and made for you" in browser.text, browser.text
        onwards = re.search(r'href="(\?[^"]*look=[^"]*)"[^>]*>See whether', browser.page.text)
        assert onwards
        time.sleep(0.1)
        browser.get(f"{browser.page.url.path}{unescape(onwards[1])}")
    raise AssertionError(browser.text)


@pytest.mark.slow
def test_a_sheet_is_asked_for_and_shown_once(world: Stage, console: Console) -> None:
    """A button asks, a link tells how far it is, the sheet comes once with its times and marks; then it is covered."""
    _, case = case_of(world, console.bot)
    ben = console.signed_in("Ben")
    assert "<img" not in ben.get(f"/case/{case}").text
    assert "Nothing is shown until you ask" in ben.text
    look = press(ben, case, Level.TILES)
    address = ready(ben, look)
    assert len(re.findall(r'<li class="matched">', ben.page.text)) > 3
    assert "match" in ben.text
    assert 'class="first">Blurred' in ben.page.text
    page = str(ben.page.url)
    first = ben.client.get(address)
    assert first.content.startswith(PNG)
    assert first.headers["content-type"] == "image/png"
    for name, value in HEADERS.items():
        assert first.headers[name] == value
    second = ben.client.get(address)
    assert second.status_code == 409
    assert PNG not in second.content
    ben.get(page)
    assert "<img" not in ben.page.text
    assert "Covered" in ben.text
    assert "1 sheet, 0 of them not as outlines" in (ben.get("/me"), ben.text)[1]


@pytest.mark.slow
def test_another_session_gets_nothing(world: Stage, console: Console) -> None:
    """Neither a colleague, nor oneself on another device, nor nobody; for who asked it is still there."""
    _, case = case_of(world, console.bot)
    ben, cleo, phone = console.signed_in("Ben"), console.signed_in("Cleo"), console.signed_in("Ben", agent=SAFARI)
    look = press(ben, case)
    address = ready(ben, look)
    for other in (cleo, phone):
        assert other.client.get(address).status_code == 409
        assert other.client.get(f"{look}/now").json() == {"state": "gone", "why": ""}
        other.get(f"/case/{case}?look={look.rsplit('/', 1)[1]}")
        assert "<img" not in other.page.text
        other.post(f"/case/{case}/cover", look=look.rsplit("/", 1)[1])
    assert console.browser().get(address).status_code == 401
    elsewhere = address.replace(case, "C-0123456789")
    assert ben.client.get(elsewhere).status_code == 404
    assert ben.client.get(address).content.startswith(PNG)


@pytest.mark.slow
def test_a_look_is_of_its_case(world: Stage, console: Console) -> None:
    """The address of another case hands nothing out."""
    _, case = case_of(world, console.bot)
    other = open_case(console.bot, 77)
    ben = console.signed_in("Ben")
    address = ready(ben, press(ben, case))
    assert ben.client.get(address.replace(case, other.label)).status_code == 409
    assert ben.client.get(address).content.startswith(PNG)


@pytest.mark.parametrize("way", few(["cover", "sign-out", "sign-out-everywhere"], "sign-out"))
@pytest.mark.slow
def test_leaving_drops_it(world: Stage, console: Console, way: str) -> None:
    """Covered or signed out: what was ready is gone from the program too."""
    _, case = case_of(world, console.bot)
    ben = console.signed_in("Ben")
    look = press(ben, case)
    address = ready(ben, look)
    if way == "cover":
        ben.post(f"/case/{case}/cover", look=look.rsplit("/", 1)[1])
        assert "<img" not in ben.page.text
        assert ben.client.get(address).status_code == 409
    else:
        ben.post(f"/{way}")
    assert [job.result for job in console.bot.looks._jobs.values()] == [None]


def test_a_suspected_minor_is_refused_at_every_way(world: Stage, console: Console) -> None:
    """Marked while a sheet waits: no way of looking shows it, tells of it or begins another; no host is asked."""
    _, case = case_of(world, console.bot, subreddit="quiet")
    ben = console.signed_in("Ben")
    look = press(ben, case, Level.PLAIN)
    address = ready(ben, look)
    token = ben.csrf
    console.bot.decisions.minors.hide(case, by=member(console.bot))
    asked = len(world.park.log)
    for path in (address, f"{look}/now"):
        answer = ben.client.get(path)
        assert answer.status_code == 409
        assert MINOR in unescape(answer.text)
        assert PNG not in answer.content
    ben.send(f"/case/{case}/look", {"csrf": token, "level": "outlines"})
    assert (ben.page.status_code, MINOR in ben.text) == (409, True)
    ben.get(f"/case/{case}?look={look.rsplit('/', 1)[1]}")
    assert ben.page.url.path.startswith("/minor/")
    assert "<img" not in ben.page.text
    assert len(world.park.log) == asked


PEOPLE = {"elsewhere": ("gifs",), "none": None}


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.slow
def test_every_way_of_looking_takes_the_role(world: Stage, console: Console, who: str) -> None:
    """Who decides in another subreddit or nowhere is offered nothing, and each way answers 403; cover is anybody's."""
    _, case = case_of(world, console.bot)
    places = PEOPLE[who]
    console.person("Dan", None if places is None else Role.REVIEWER, places or ())
    dan = console.signed_in("Dan")
    asked = len(world.park.log)
    dan.get(f"/case/{case}?look=abc")
    assert 'id="look"' not in dan.page.text
    token = dan.fields("csrf").get("csrf") or (dan.get("/me"), dan.csrf)[1]
    for path in (f"/case/{case}/look/abc/now", f"/case/{case}/look/abc/sheet"):
        assert dan.get(path).status_code == 403
    assert dan.send(f"/case/{case}/look", {"csrf": token, "level": "plain"}).status_code == 403
    assert dan.send(f"/case/{case}/cover", {"csrf": token, "look": "abc"}).status_code == 200
    assert console.bot.looks._jobs == {}
    assert len(world.park.log) == asked


@pytest.mark.slow
def test_a_role_that_is_lost_meanwhile(world: Stage, console: Console) -> None:
    """Between asking and the sheet the role is taken away: nothing is handed out."""
    _, case = case_of(world, console.bot)
    ben = console.signed_in("Ben")
    address = ready(ben, press(ben, case))
    console.bot.deps.store.connection.run(
        "delete from team_roles where member = (select id from team where name = 'Ben')"
    )
    assert ben.client.get(address).status_code == 403


@pytest.mark.parametrize(
    "fields",
    [{}, {"level": "naked"}, {"level": ""}, {"level": "plain", "media": "9"}, {"level": "plain", "media": "x"},
     {"level": "plain", "media": "-1"}, {"level": "plain", "media": "²"}],
)  # fmt: skip
def test_what_is_no_level_or_media(world: Stage, console: Console, fields: dict[str, str]) -> None:
    """Forms of others' making are one sentence, and nothing is begun."""
    _, case = case_of(world, console.bot)
    ben = console.signed_in("Ben")
    ben.get(f"/case/{case}")
    ben.post(f"/case/{case}/look", **fields)
    assert ben.page.status_code == 409
    assert console.bot.looks._jobs == {}


@pytest.mark.slow
def test_each_person_looks_as_they_said_on_their_page(world: Stage, console: Console) -> None:
    """The level where looking begins, colours and refused kinds are kept, and hold on the case's page and its ways."""
    _, case = case_of(world, console.bot)
    ben, cleo = console.signed_in("Ben"), console.signed_in("Cleo")
    ben.get(f"/case/{case}")
    assert 'class="first">Outlines' in ben.page.text
    ben.get("/me")
    ben.post("/me/looking", level="blurred", grey="yes")
    assert '<option value="blurred" selected>' in ben.page.text
    assert re.search(r'name="grey" value="yes" checked', ben.page.text)
    ben.get(f"/case/{case}")
    assert 'class="first">Blurred' in ben.page.text
    ready(ben, press(ben, case, Level.PLAIN))
    assert "no colours" in ben.page.text
    assert 'class="first"' not in ben.page.text
    ben.get("/me")
    token = ben.csrf
    body = {"csrf": token, "level": "outlines", "refuse": ["video", "image"]}
    ben.page = ben.client.post("/me/looking", data=body, headers={"Origin": ben.url})
    by = actor(console, "Ben")
    assert console.bot.looks.wishes.settings(by) == LookSettings(refused=("image", "video"))
    ben.get(f"/case/{case}")
    assert "Not shown: you asked not to be shown videos" in ben.text
    assert f"/case/{case}/look" not in ben.page.text
    ben.post(f"/case/{case}/look", level="plain")
    assert ben.page.status_code == 409
    assert 'class="first">Outlines' in cleo.get(f"/case/{case}").text
    for wrong in ({"level": "naked"}, {"level": "plain", "refuse": "words"}, {}):
        ben.get("/me")
        assert ben.post("/me/looking", **wrong).status_code == 409
    assert console.bot.looks.wishes.settings(by).refused == ("image", "video")


@pytest.mark.slow
def test_when_it_is_much_one_is_told_alone(world: Stage, console: Console) -> None:
    """From the number on, the case and one's own page say so; a colleague sees nothing of it."""
    _, case = case_of(world, console.bot)
    ben, cleo = console.signed_in("Ben"), console.signed_in("Cleo")
    by = actor(console, "Ben")
    for _ in range(MUCH):
        console.bot.looks.wishes.looked(by, Level.PLAIN)
    for path in (f"/case/{case}", "/me"):
        assert "60 sheets without cover today" in (ben.get(path), ben.text)[1]
        assert "without cover today" not in (cleo.get(path), cleo.text)[1]


@pytest.mark.slow
def test_a_host_that_is_gone_is_told_on_the_page(world: Stage, console: Console) -> None:
    """A look that fails says why in one sentence, and the case can be decided all the same."""
    _, case = case_of(world, console.bot)
    world.park._gifs.clear()
    ben = console.signed_in("Ben")
    look = press(ben, case)
    end = time.monotonic() + 60
    while (told := ben.client.get(f"{look}/now").json())["state"] != "failed":
        assert time.monotonic() < end
        time.sleep(0.05)
    ben.get(f"/case/{case}?look={look.rsplit('/', 1)[1]}")
    assert f"Nothing to show: {told['why']}" in ben.text
    assert "It is no fake" in ben.text


@pytest.mark.slow
def test_deciding_without_looking_asks_for_nothing(world: Stage, console: Console, monkeypatch: Any) -> None:
    """A case that is opened and decided begins no look, and no host is asked."""
    begun: list[object] = []
    monkeypatch.setattr(console.bot.looks, "_ask", lambda *one: begun.append(one))
    _, case = case_of(world, console.bot)
    asked = len(world.park.log)
    console.signed_in("Ben").press(case, "dismiss")
    assert begun == []
    assert len(world.park.log) == asked
