"""What is known, by keys in a real browser: an entry is withdrawn as wrong, what it carried is kept and undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.model import Withdrawal
from bot.store.carried import CarriedState
from tests.test_console_browser import CHROMIUM, PHONE, axe, chromium, pressed, seat
from tests.test_console_known import Known, known_world, stand

__all__ = ["chromium"]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium here")]


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Known]:
    """A world of this test's own."""
    with known_world(tmp_path) as built:
        yield built


def test_a_wrong_entry_and_what_it_carried_by_keys_alone(chromium: Any, known: Known) -> None:
    """Found, withdrawn, one thing kept and the rest undone; enter in a field does nothing; axe and a phone agree."""
    _, console, label = known
    bot = console.bot
    wrong: list[str] = []
    with seat(chromium, console, "Lea") as page:

        def judged() -> None:
            found = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
            wrong.extend(f"{page.url}: {one['id']}" for one in found if one["impact"] in ("serious", "critical"))
            page.set_viewport_size(PHONE)
            wide = page.evaluate("document.documentElement.scrollWidth")
            wrong.extend([f"{page.url}: {wide} pixels wide"] if wide > PHONE["width"] else [])
            page.set_viewport_size({"width": 1280, "height": 800})

        page.keyboard.press("g")
        pressed(page, "b")
        pressed(page, "j", "j", "Enter")
        assert page.url.endswith("/entries?bank=known-fakes")
        pressed(page, "j", "Enter")
        assert page.url.endswith(f"/entry/{label}")
        judged()
        page.get_by_label("Why, in a few words").press("Enter")
        assert bot.deps.store.withdrawn.get(label) is None
        page.keyboard.press("Escape")
        pressed(page, "x", "Enter")
        row = bot.deps.store.withdrawn.get(label)
        assert row is not None
        assert row.why is Withdrawal.WRONG
        judged()
        bot.act()
        pressed(page, "w")
        judged()
        page.keyboard.press("j")
        page.keyboard.press("Space")
        page.keyboard.press("w")
        page.keyboard.type("it was one")
        page.keyboard.press("Enter")
        assert {state for _, state in stand(bot, label)} == {CarriedState.WAITING}
        page.keyboard.press("Escape")
        pressed(page, "l", "Enter")
        assert stand(bot, label)[0][1] is CarriedState.KEPT
        pressed(page, "a", "Enter")
        assert {state for _, state in stand(bot, label)[1:]} == {CarriedState.UNDER_WAY}
        pressed(page, "u")
        assert {state for _, state in stand(bot, label)[1:]} == {CarriedState.WAITING}
        page.goto(f"{console.url}/exchange/slow")
        judged()
    assert wrong == []
