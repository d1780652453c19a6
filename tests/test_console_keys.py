"""Keys of the console that each person may change: two of them change places, so that each deed always has one."""

from __future__ import annotations

import json
import re
import string
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from bot.pipeline import Pipeline
from bot.pipeline.reviewing.keyboard import swapped
from bot.web.console import PAGES
from tests.console import console_on

SIGNS = st.sampled_from(string.ascii_lowercase + string.digits + "./")


@given(st.lists(st.tuples(SIGNS, SIGNS), max_size=30))
def test_whatever_changes_places_each_deed_has_one_key(swaps: list[tuple[str, str]]) -> None:
    """Pressed keys and meant keys are the same ones, and the last change holds."""
    keys: dict[str, str] = {}
    for ours, mine in swaps:
        keys = swapped(keys, ours, mine)
        assert set(keys) == set(keys.values())
        assert all(pressed != meant for pressed, meant in keys.items())
        assert keys.get(mine, mine) == ours


def test_keys_are_a_persons_own(bot: Pipeline) -> None:
    """They are changed on one's own page, stand in each page for the scripts, and come back as they were."""
    with console_on(bot) as console:
        console.person("Ben")
        console.person("Cleo")
        ben, cleo = console.signed_in("Ben"), console.signed_in("Cleo")
        ben.get("/me")
        ben.post("/me/keys", ours="c", mine="ö")
        ben.post("/me/keys", ours="d", mine='"')
        held = re.search(r'data-own-keys="([^"]*)"', ben.get("/").text)
        assert held is not None
        assert json.loads(unescape(held[1])) == {"ö": "c", "c": "ö", '"': "d", "d": '"'}
        assert "data-own-keys" not in cleo.get("/").text
        for wrong in ({"ours": "?", "mine": "c"}, {"ours": "c", "mine": "?"}, {"ours": "", "mine": "x"},
                      {"ours": "c", "mine": "xy"}, {"ours": "c", "mine": "\t"}):  # fmt: skip
            ben.get("/me")
            assert ben.post("/me/keys", **wrong).status_code == 409, wrong
        ben.get("/me")
        ben.post("/me/keys/reset")
        assert "data-own-keys" not in ben.get("/").text


def test_every_page_of_the_menu_has_keys_of_its_own() -> None:
    """Where one has none, or two have the same, no key of any page works."""
    keys = [page.keys for page in PAGES if page.name]
    assert all(re.fullmatch("g [a-z]", one) for one in keys), keys
    assert len(set(keys)) == len(keys)
