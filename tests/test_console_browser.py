"""An evening at the console in a real browser: cases by keys alone, two people, a cut line, a phone, and axe's word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.loopback.stage import Stage
from bot.model import CaseState, Consent, NoticeItem, Role
from bot.pipeline import Pipeline
from bot.store.health import OUTCOMES
from bot.web.console import PAGES
from bot.web.console.base import View
from tests.console import Console, console_on, open_case
from tests.people import member
from tests.test_looking import case_of

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium here")]
PATIENCE = 60_000  # milliseconds, on a busy machine
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
KINDS = ("near", "exact", "face", "footage", "words")


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Ben and Cleo, reviewers, whose looks have time on a busy machine."""
    bot.looks._seconds = bot.looks._ready = 240.0
    with console_on(bot) as served:
        served.person("Ben")
        served.person("Cleo")
        yield served


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser."""
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def seat(chromium: Any, console: Console, name: str, **how: Any) -> Iterator[Any]:
    """Yield a page in which somebody has signed in by their link, in a browser of their own."""
    context = chromium.new_context(**how)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{console.url}/sign-in?link={console.link(name)}")
    page.keyboard.press("Tab")
    page.get_by_role("button", name=f"Sign in as {name}").press("Enter")
    page.wait_for_url(f"{console.url}/")
    yield page
    context.close()


def pressed(page: Any, *keys: str) -> None:
    """Press keys, the last of which leads to another page."""
    for key in keys[:-1]:
        page.keyboard.press(key)
    with page.expect_navigation():
        page.keyboard.press(keys[-1])


def standing(console: Console) -> list[CaseState]:
    return [case.state for case in console.bot.deps.store.cases.listing()]


def test_thirty_cases_by_keys_alone(chromium: Any, console: Console) -> None:
    """Opened, decided, skipped, taken back, a whole group at once, by changed keys; and the wire bore no picture."""
    for number in range(1, 31):
        open_case(console.bot, number, KINDS[number % len(KINDS)])
    for number in range(31, 35):
        open_case(console.bot, number, "exact", file="ab" * 32)
    with seat(chromium, console, "Ben") as page:
        kinds: list[str] = []
        asked: list[str] = []
        page.on("response", lambda answer: kinds.append(answer.headers.get("content-type", "")))
        page.on("request", lambda request: asked.append(request.url))
        page.keyboard.press("j")
        pressed(page, "Enter")
        page.keyboard.press("a")
        pressed(page, "c")  # the newest: all four of one media
        assert standing(console).count(CaseState.CONFIRMED) == 4
        page.keyboard.press("?")
        assert "It is no fake" in page.locator("dialog dl").inner_text()
        page.keyboard.press("Escape")
        pressed(page, "u")  # the group is taken back as one
        assert standing(console).count(CaseState.OPEN) == 34
        pressed(page, "b")
        page.keyboard.press("j")
        pressed(page, "Enter")
        page.keyboard.press("a")
        pressed(page, "d")
        for number in range(29):
            pressed(page, "cdr"[number % 3] if page.locator('[data-key="r"]').count() else "cd"[number % 2])
        assert standing(console).count(CaseState.OPEN) == 1
        pressed(page, "g", "m")
        page.get_by_label("In place of").fill("d")
        page.get_by_label("I press").fill("y")
        pressed(page, "Enter")
        pressed(page, "g", "q")
        page.keyboard.press("j")
        pressed(page, "Enter")
        assert "It is no fake y" in " ".join(page.locator(".choice.dismiss b").inner_text().split())
        pressed(page, "y")
        assert CaseState.OPEN not in standing(console)
        held = page.evaluate("""async () => ({ pictures: document.images.length, stores: (await caches.keys()).length,
            kept: localStorage.length + sessionStorage.length, blobs: performance.getEntriesByType("resource")
            .filter((one) => /\\/sheet|blob:/.test(one.name)).length })""")
        assert held == {"pictures": 0, "stores": 0, "kept": 0, "blobs": 0}
    assert {kind for kind in kinds if kind.startswith(("image/", "video/"))} <= {"image/svg+xml"}
    assert all(url.startswith(console.url) for url in asked), "nothing is asked of anybody else"
    assert not [url for url in asked if "/sheet" in url or "/look" in url.removesuffix("/files/look.js")]


def test_two_people_at_one_case(chromium: Any, console: Console) -> None:
    """Each is told of the other, and who comes second overwrites nothing."""
    case = open_case(console.bot, 1)
    with seat(chromium, console, "Ben") as ben, seat(chromium, console, "Cleo") as cleo:
        ben.goto(f"{console.url}/case/{case.label}")
        cleo.goto(f"{console.url}/case/{case.label}")
        assert "Ben looks at this case too" in cleo.locator("[data-others]").inner_text()
        pressed(ben, "d")
        pressed(cleo, "c")
        assert "Ben" in cleo.locator("main").inner_text()
        (row,) = console.bot.deps.store.cases.listing()
        assert row.state == CaseState.DISMISSED
        assert row.decided_by == "Ben"


def test_a_cut_line_and_back(chromium: Any, console: Console) -> None:
    """A page that is open stays as it is while the line is cut, and decides when it is back."""
    case = open_case(console.bot, 1)
    with seat(chromium, console, "Ben") as page:
        page.goto(f"{console.url}/case/{case.label}")
        page.context.set_offline(True)
        words = page.locator("main").inner_text()
        page.evaluate("fetch('/now').catch(() => 0)")
        page.keyboard.press("?")
        page.keyboard.press("Escape")
        assert page.locator("main").inner_text() == words
        page.context.set_offline(False)
        pressed(page, "d")
        assert standing(console) == [CaseState.DISMISSED]


def addresses() -> list[str]:
    """Return the address of every page that shows something and needs nothing named."""
    ways = [way for page in PAGES for way in page.ways if isinstance(way, View)]
    quiet = ("/now", "/next", "/find", ".csv", ".json")
    return [way.path for way in ways if "{" not in way.path and not way.path.endswith(quiet)]


def work_done(console: Console) -> list[str]:
    """Leave something on every page of the work done; return the addresses of single things."""
    store, by = console.bot.deps.store, member(console.bot)
    case = open_case(console.bot, 200, id="long" * 80)
    item = NoticeItem(host_id="long" * 80, url=f"https://www.redgifs.com/watch/{'long' * 80}", seen_at=case.opened)
    notice = store.notices.draft(host="redgifs", subreddit="clips", recipient=None, case=case.id, item=item)
    console.bot.flood.quarantine("rule", "a rule of a long name " * 9, by=by, why="long" * 80)
    for outcome in OUTCOMES:
        store.health.note("redgifs", outcome, "x" * 100)  # type: ignore[arg-type]  # of their own table
    ends = console.bot.deps.clock.now() + timedelta(days=9)
    consent = Consent(basis="explicit_consent", mandate=None, adult=True, record="x" * 90, purpose="y", expires=ends)
    store.gallery.add(name="N", consent=consent, model="m", vectors=[], by=by)
    return [f"/notice/{notice}", *(f"/action/{row.action.id}" for row in store.actions.of_case(case.id))]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_first_screen_of_a_case_holds_what_a_decision_needs(
    chromium: Any, console: Console, size: dict[str, int]
) -> None:
    """What was found, how sure, what speaks against it, the bot, the pictures, both answers: no scrolling."""
    for number, kind in enumerate(KINDS, start=1):
        open_case(console.bot, number, kind, title="a title that is longer than a phone is wide")
    with seat(chromium, console, "Ben", viewport=size) as page:
        for case in console.bot.deps.store.cases.listing():
            page.goto(f"{console.url}/case/{case.label}")
            shown = (".first .lead", ".first .name", "#levels button", ".choice.confirm b", ".choice.dismiss b")
            ends = {one: page.locator(one).last.bounding_box() for one in shown}
            below = {one: box for one, box in ends.items() if not box or box["y"] + box["height"] > size["height"]}
            assert not below, case.verdict.rule
            assert not page.locator("#how").evaluate("one => one.open")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_for_everybody(chromium: Any, console: Console, world: Stage, scheme: str) -> None:
    """On a desk and a phone: no serious finding of axe, and nothing is wider than the screen, not a sheet either.

    Of the dark scheme colours alone are judged: nothing else differs.
    """
    _, looked_at = case_of(world, console.bot)
    for number, kind in enumerate(KINDS, start=100):
        open_case(console.bot, number, kind, title="a title that is longer than a phone is wide " * 3)
    console.person("Ora", Role.OPERATOR)
    only = {"runOnly": ["color-contrast", "link-in-text-block"]} if scheme == "dark" else {}
    wrong: list[str] = []
    cases = [f"/case/{row.label}" for row in console.bot.deps.store.cases.listing()]
    cases += work_done(console)
    with seat(chromium, console, "Ora", color_scheme=scheme) as page:

        def judged(path: str) -> None:
            found = axe.Axe().run(page, options={"resultTypes": ["violations"], **only}).response["violations"]
            wrong.extend(
                f"{path}: {one['id']} {one['nodes'][0]['html'][:120]}"
                for one in found
                if one["impact"] in ("serious", "critical")
            )

        for path in [*addresses(), *cases]:
            answer = page.goto(f"{console.url}{path}")
            assert answer is not None
            assert answer.status == 200, path
            judged(path)
            page.set_viewport_size(PHONE)
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > PHONE["width"]:
                wrong.append(f"{path}: {wide} pixels wide on a phone")
            page.set_viewport_size(DESK)
        page.goto(f"{console.url}/case/{looked_at}")
        page.keyboard.press("1")
        page.locator("[data-sheet] img").wait_for()
        judged("a sheet")
    assert wrong == []
