"""The console in a real browser, headless Chromium of the system: keys, countdown, two people, no script, phones."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.model import ActionState, CaseState
from bot.pipeline import Pipeline
from tests.console import Console, console_on, open_case
from tests.doors import daemon_on

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium here")]


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Ben and Cleo, reviewers."""
    with console_on(bot) as served:
        served.person("Ben")
        served.person("Cleo")
        yield served


@pytest.fixture
def chromium() -> Iterator[Any]:
    """A browser."""
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextlib.contextmanager
def page_of(console: Console, chromium: Any, name: str, **settings: Any) -> Iterator[Any]:
    """Yield a page in which somebody has signed in by their link; whatever the browser complains of fails the test."""
    context = chromium.new_context(**settings)
    page = context.new_page()
    page.set_default_timeout(15_000)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{console.url}/sign-in?link={console.link(name)}")
    page.get_by_role("button", name=f"Sign in as {name}").click()
    page.wait_for_url(f"{console.url}/")
    yield page
    context.close()
    expected = ("409 (Conflict)", "net::ERR_FAILED")  # somebody was faster; a test cut the line
    assert [said for said in complaints if not any(words in said for words in expected)] == []


def test_ten_cases_by_keyboard_alone(console: Console, chromium: Any) -> None:
    """Ten cases are decided without touching the mouse, each by one key, and the queue is empty then."""
    cases = [open_case(console.bot, number) for number in range(1, 11)]
    with page_of(console, chromium, "Ben") as page:
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/case/**")
        for place, case in enumerate(reversed(cases)):
            assert page.locator("article").get_attribute("data-case") == case.label
            with page.expect_navigation():
                page.keyboard.press("c" if place % 2 else "d")
            page.wait_for_load_state()
        assert page.get_by_text("Nothing waits for you").is_visible()
        store = console.bot.deps.store
        states = [store.cases.get(case.label).state for case in reversed(cases)]
        assert states == [CaseState.DISMISSED, CaseState.CONFIRMED] * 5


def test_a_decision_is_counted_down_and_taken_back_by_a_key(console: Console, chromium: Any) -> None:
    """After a key the bar counts down; `u` puts the case back as it was, and nothing was done."""
    case = open_case(console.bot, 1)
    store = console.bot.deps.store
    with page_of(console, chromium, "Ben") as page:
        page.goto(f"{console.url}/case/{case.label}")
        with page.expect_navigation():
            page.keyboard.press("c")
        assert store.cases.get(case.label).state is CaseState.CONFIRMED
        # the bot's clock stands still on another day than the browser's, so the countdown is over at once
        assert page.locator("[data-due]").inner_text().startswith(("done in", "being done"))
        with page.expect_navigation():
            page.keyboard.press("u")
        page.wait_for_url(f"**/case/{case.label}")
        assert page.get_by_role("button", name="It is no fake").is_visible()
    assert store.cases.get(case.label).state is CaseState.OPEN
    assert {row.state for row in store.actions.of_case(case.id)} == {ActionState.DONE, ActionState.HELD}


def test_two_people_at_one_case(console: Console, chromium: Any) -> None:
    """Each sees that the other looks; who is slower is told who was faster, and nothing is overwritten."""
    case = open_case(console.bot, 1)
    with page_of(console, chromium, "Ben") as ben, page_of(console, chromium, "Cleo") as cleo:
        ben.goto(f"{console.url}/case/{case.label}")
        cleo.goto(f"{console.url}/case/{case.label}")
        assert cleo.get_by_text("Ben looks at this case too").is_visible()
        ben.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when one comes back to the tab
        ben.get_by_text("Cleo looks at this case too").wait_for()
        with cleo.expect_navigation():
            cleo.keyboard.press("d")
        ben.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        ben.get_by_text("it is dismissed by Cleo").wait_for()
        with ben.expect_navigation():
            ben.keyboard.press("c")
        assert ben.get_by_text("has changed since you looked at it: dismissed (by Cleo").is_visible()
    assert console.bot.deps.store.cases.get(case.label).decided_by == "Cleo"


def test_a_line_that_is_cut_and_comes_back(console: Console, chromium: Any) -> None:
    """While the line is cut the page stays as it is; afterwards the same case is decided once."""
    case = open_case(console.bot, 1)
    with page_of(console, chromium, "Ben") as page:
        page.goto(f"{console.url}/case/{case.label}")
        page.route("**/now", lambda route: route.abort())
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        assert page.get_by_role("button", name="It is no fake").is_visible()
        page.unroute("**/now")
        with page.expect_navigation():
            page.keyboard.press("d")
        page.go_back()
        page.wait_for_load_state()
        assert (
            page.get_by_text("decided a moment ago").is_visible() or page.get_by_text("dismissed by Ben").is_visible()
        )
    assert len(console.bot.deps.store.decided.of_case(case.id)) == 1


def test_it_works_without_script(console: Console, chromium: Any) -> None:
    """Without scripts there are no keys and no countdown; everything else is done by buttons, taking back too."""
    cases = [open_case(console.bot, number, file="aa" * 32) for number in (1, 2)]
    with page_of(console, chromium, "Ben", java_script_enabled=False) as page:
        page.get_by_role("link", name=re.compile("look at this")).click()
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name=re.compile("It is a fake")).first.click()
        store = console.bot.deps.store
        assert {store.cases.get(case.label).state for case in cases} == {CaseState.CONFIRMED}
        assert page.get_by_text("done from 2026").is_visible()
        page.get_by_role("button", name="Take back").click()
        assert {store.cases.get(case.label).state for case in cases} == {CaseState.OPEN}
        assert not page.get_by_role("button", name="Keys").is_visible()


def test_the_keys_are_shown_and_do_nothing_where_one_types(console: Console, chromium: Any) -> None:
    """`?` lists every key of a page; in a field a letter is a letter; `m` goes to the button and presses nothing."""
    case = open_case(console.bot, 1)
    with page_of(console, chromium, "Ben") as page:
        page.goto(f"{console.url}/case/{case.label}")
        page.keyboard.press("?")
        listed = page.locator("dialog dt").all_inner_texts()
        assert {"g q", "c", "d", "m", "x", "o", "n", "b", "?", "/"} <= set(listed)
        assert len(listed) == len(set(listed))
        page.keyboard.press("c")  # closed to keys while it is open
        page.keyboard.press("Escape")
        page.keyboard.press("w")
        page.keyboard.type("cdmrlu")
        page.keyboard.press("Escape")
        page.keyboard.press("m")
        assert page.evaluate("document.activeElement.textContent").startswith("Suspected minor")
        assert page.get_by_label("Why, in a few words").input_value() == "cdmrlu"
        assert console.bot.deps.store.cases.get(case.label).state is CaseState.OPEN
        page.keyboard.press("g")
        with page.expect_navigation():
            page.keyboard.press("q")
        page.wait_for_url(f"{console.url}/")


def test_the_order_of_tabs_follows_the_page(console: Console, chromium: Any) -> None:
    """Going through a case by the tab key reaches everything once, in the order in which it stands."""
    case = open_case(console.bot, 1)
    with page_of(console, chromium, "Ben") as page:
        page.goto(f"{console.url}/case/{case.label}")
        tops: list[float] = []
        names: list[str] = []
        for _ in range(30):
            page.keyboard.press("Tab")
            found = page.evaluate(
                "(() => { const one = document.activeElement; return [one.closest('main') !== null, "
                "one.getBoundingClientRect().top + scrollY, one.textContent.trim().slice(0, 30) || one.name]; })()"
            )
            if not found[0] and tops:
                break
            if found[0]:
                tops.append(found[1])
                names.append(found[2])
        assert any("It is a fake" in name for name in names)
        assert any("Next" in name for name in names)
        assert tops == sorted(tops)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1200])
def test_nothing_is_cut_off_at_any_width(console: Console, chromium: Any, scheme: str, width: int) -> None:
    """No page is wider than its window, however long the words are, and text is readable on its ground."""
    case = open_case(console.bot, 1, title="W" * 400, author="A" * 40, id="x" * 300)
    minor = open_case(console.bot, 2, id="y" * 300)
    console.bot.decisions.minors.hide(minor.label, by=console.person("Dora"))
    size = {"width": width, "height": 800}
    with page_of(console, chromium, "Ben", viewport=size, color_scheme=scheme) as page:
        for path in ("/", "/?tab=bot", f"/case/{case.label}", f"/minor/{minor.label}", "/me", "/case/C-1"):
            if path != "/case/C-1":
                page.goto(f"{console.url}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.evaluate(CONTRAST) == [], path


def test_axe_finds_nothing_serious(console: Console, chromium: Any) -> None:
    """The checks of axe on what people with other senses need find nothing serious on any page."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    case, minor = open_case(console.bot, 1), open_case(console.bot, 2)
    console.bot.decisions.minors.hide(minor.label, by=console.person("Dora"))
    with page_of(console, chromium, "Ben") as page:
        found: dict[str, str] = {}
        for path in ("/", f"/case/{case.label}", f"/minor/{minor.label}", "/me", "/?tab=bot", "/sign-in"):
            page.goto(f"{console.url}{path}")
            if path.startswith("/case/"):
                page.keyboard.press("?")
            told = axe.run(page).response["violations"]
            found |= {f"{path} {one['id']}": one["help"] for one in told if one["impact"] in ("serious", "critical")}
        page.goto(f"{console.url}/case/{case.label}")
        with page.expect_navigation():
            page.keyboard.press("d")
        page.wait_for_load_state()
        found |= {one["id"]: one["help"] for one in axe.run(page).response["violations"]}
    assert found == {}


CONTRAST = """() => {
  const light = (c) => { c /= 255; return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; };
  const lum = ([r, g, b]) => .2126 * light(r) + .7152 * light(g) + .0722 * light(b);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const found = parse(getComputedStyle(one).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || one.closest("[hidden], dialog:not([open]), details:not([open]), .skip, .unseen")) continue;
    const a = lum(parse(getComputedStyle(one).color)), b = lum(ground(one));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${one.tagName} ${one.textContent.trim().slice(0, 30)}`);
  }
  return poor;
}"""
"""Returns what text has less than the contrast of 4.5 to 1 that WCAG asks for."""


def test_what_is_taken_back_reaches_nobody(console: Console, chromium: Any) -> None:
    """With a daemon beside it, what was taken back within its ten seconds is never sent."""
    case = open_case(console.bot, 1)
    with daemon_on(console.bot) as later, page_of(console, chromium, "Ben") as page:
        page.goto(f"{console.url}/case/{case.label}")
        with page.expect_navigation():
            page.keyboard.press("c")
        later(5)
        with page.expect_navigation():
            page.keyboard.press("u")
        later(60)
    actions = console.bot.deps.store.actions.of_case(case.id)
    assert {(row.action.kind, row.state) for row in actions} == {
        ("report", ActionState.DONE),
        ("remove", ActionState.HELD),
    }
