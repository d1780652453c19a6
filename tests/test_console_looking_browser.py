"""Looking in a real browser: by keys, covered again, and nothing of it left in the page, its history or its caches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.loopback.stage import Stage
from bot.model import CaseState, LookState, Sheet
from bot.pipeline import Pipeline
from tests.console import Console, console_on
from tests.test_looking import case_of
from tests.test_pair import near_and_exact

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium here")]
GONE = """async (address) => {
  const cached = await fetch(address, { cache: "only-if-cached", mode: "same-origin" }).then((a) => a.ok, () => false);
  return { pictures: document.images.length, stores: (await caches.keys()).length, cached,
           marked: document.documentElement.innerHTML.includes("/sheet") };
}"""
NOTHING = {"pictures": 0, "stores": 0, "cached": False, "marked": False}


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Ben, a reviewer, whose looks have time on a busy machine."""
    bot.looks._seconds = bot.looks._ready = 240.0
    with console_on(bot) as served:
        served.person("Ben")
        yield served


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """Where a browser keeps what it keeps."""
    return tmp_path / "profile"


@pytest.fixture
def page(console: Console, profile: Path) -> Iterator[Any]:
    """A page in a browser with a cache on disk, in which Ben has signed in."""
    with playwright.sync_playwright() as started:
        context = started.chromium.launch_persistent_context(
            str(profile), executable_path=str(CHROMIUM), args=["--no-sandbox"]
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{console.url}/sign-in?link={console.link('Ben')}")
        page.get_by_role("button", name="Sign in as Ben").click()
        page.wait_for_url(f"{console.url}/")
        yield page
        context.close()


def test_looking_leaves_nothing_in_the_browser(
    world: Stage, console: Console, page: Any, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key looks, a key goes on, a key covers; by going away and back, too, no picture is in page or cache or disk."""
    _, case = case_of(world, console.bot)
    taken: list[bytes] = []
    whole = console.bot.looks.take

    def kept(*args: Any, **more: Any) -> Any:
        made = whole(*args, **more)
        assert isinstance(made, Sheet)
        taken.append(made.png)
        return made

    monkeypatch.setattr(console.bot.looks, "take", kept)

    def shown(level: str) -> str:
        page.locator("[data-sheet] .quiet", has_text=level).wait_for()
        picture = page.locator("[data-sheet] img")
        picture.evaluate("one => one.decode()")
        assert picture.evaluate("one => one.naturalWidth") > 100
        return str(picture.get_attribute("src"))

    page.goto(f"{console.url}/case/{case}")
    page.hover("#look .levels button.first")
    assert page.evaluate("document.images.length") == 0
    page.keyboard.press("v")
    first = shown("outlines")
    page.keyboard.press("v")
    second = shown("grey tiles")
    assert first != second
    with page.expect_navigation():
        page.keyboard.press("z")
    assert page.evaluate(GONE, second) == NOTHING
    page.keyboard.press("4")
    third = shown("plain")
    page.keyboard.press("g")
    with page.expect_navigation():
        page.keyboard.press("q")
    page.wait_for_url(f"{console.url}/")
    assert page.evaluate(GONE, third) == NOTHING
    for _ in range(3):
        page.go_back()
        page.wait_for_load_state()
        assert page.evaluate(GONE, third) == NOTHING
    assert len(taken) == 3
    page.context.close()
    held = b"".join(file.read_bytes() for file in profile.rglob("*") if file.is_file())
    assert b"SQLite format 3" in held  # it was written, and read here
    assert not any(png[offset : offset + 60] in held for png in taken for offset in (60, len(png) // 2))


def test_leaving_while_it_is_made_ends_it(world: Stage, console: Console, page: Any) -> None:
    """Who goes on before a sheet is there has nothing waiting for them in the program."""
    _, case = case_of(world, console.bot)
    page.goto(f"{console.url}/case/{case}")
    page.route("**/now", lambda route: route.fulfill(json={"state": "fetching", "why": ""}))
    with page.expect_navigation():
        page.keyboard.press("1")
    page.locator("[data-look]").wait_for()
    page.goto(f"{console.url}/me")
    end = time.monotonic() + 20
    while [job.state for job in console.bot.looks._jobs.values()] != [LookState.GONE]:
        assert time.monotonic() < end
        page.wait_for_timeout(100)


def test_a_case_decided_without_looking_asks_for_no_sheet(world: Stage, console: Console, page: Any) -> None:
    """From the queue to the decision by keys: no picture, and nothing of looking, goes over the wire."""
    _, case = case_of(world, console.bot)
    asked: list[tuple[str, str]] = []
    page.on("request", lambda one: asked.append((one.resource_type, one.url)))
    page.goto(f"{console.url}/")
    page.goto(f"{console.url}/case/{case}")
    with page.expect_navigation():
        page.keyboard.press("d")
    page.wait_for_load_state()
    assert console.bot.deps.store.cases.get(case).state is CaseState.DISMISSED
    assert len(asked) > 4
    assert [one for one in asked if one[0] == "image" or f"{case}/look" in one[1]] == []
    assert console.bot.looks._jobs == {}


def test_both_beside_one_another_by_keys_and_nothing_left(world: Stage, console: Console, page: Any) -> None:
    """A key asks for both, both are pictures of their own, a key covers both; unticked, one comes alone."""
    near, _ = near_and_exact(world, console.bot)
    page.goto(f"{console.url}/case/{near.label}")
    page.keyboard.press("2")
    page.locator("[data-sheet] img").nth(1).wait_for()
    pictures = page.locator("[data-sheet] img")
    for place in range(2):
        pictures.nth(place).evaluate("one => one.decode()")
    addresses = [str(pictures.nth(place).get_attribute("src")) for place in range(2)]
    boxes = [pictures.nth(place).bounding_box() for place in range(2)]
    assert boxes[0]["y"] == pytest.approx(boxes[1]["y"], abs=4)
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    with page.expect_navigation():
        page.keyboard.press("z")
    for address in addresses:
        assert page.evaluate(GONE, address) == NOTHING
    page.keyboard.press("y")
    page.keyboard.press("2")
    page.locator("[data-sheet] img").wait_for()
    assert page.locator("[data-sheet] img").count() == 1
