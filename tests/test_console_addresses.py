"""What others may write into addresses and forms: no page fails over it, whatever stands there."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from bot.loopback.stage import Stage, stage
from bot.model import Role
from bot.pipeline import Pipeline
from bot.web.console import PAGES
from bot.web.console.app import acts
from bot.web.console.base import Act, View
from bot.web.console.rendering import HERE
from tests.console import Browser, Console, console_on, open_case
from tests.console_known import with_an_exchange
from tests.slow import slow
from tests.test_console_guard import prepared

STRANGE = ("00009", "9" * 25, "9" * 5000, "-1", "²", "9999-12-31", "9" * 18, "1e999", "\x00", "' or 1=1 --")
PARAMETERS = re.compile(r"""(?:query|number_of)\((?:visit, |guest, )?"(\w+)"\)""")
FIELDS = re.compile(r"""(?:field|getlist|form\.get)\("(\w+)"\)""")
WORDS = {"before", "after", "from", "day", "tab", "show", "media", "look", "trial", "edit", "link", "q"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    """Loopback Reddit, hosts and mail, and an exchange that reads an empty folder."""
    (tmp_path / "lists").mkdir()
    with stage(tmp_path) as built:
        yield with_an_exchange(built, tmp_path / "lists")


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Olga, who may do all."""
    with console_on(bot) as served:
        served.person("Olga", Role.OPERATOR)
        yield served


def names_in(pattern: re.Pattern[str], *rooms: str) -> list[str]:
    """Return the names that the console's files, or those of some modules, ask an address or a form for."""
    files = [Path(str(sys.modules[room].__file__)) for room in rooms] or [*HERE.glob("*.py")]
    return sorted({name for file in files for name in pattern.findall(file.read_text(encoding="utf-8"))})


def reached(browser: Browser, path: str) -> None:
    """Open an address without following it; it may be refused, but by a sentence."""
    answer = browser.client.get(path)
    assert answer.status_code < 500, (path[:200], answer.text[-400:])
    assert answer.status_code != 401, path[:200]


def by_turns(count: int) -> Callable[[str], Iterator[str]]:
    """Return what gives the next so many strange words for a name: those that ask for it again are given others."""
    turns: dict[str, Iterator[str]] = {}
    return lambda name: islice(turns.setdefault(name, cycle(STRANGE)), count)


@slow
def test_no_address_makes_a_page_fail(console: Console) -> None:
    """Each page, with each thing that any page asks an address for, and in the place of each label.

    Each strange word stands for whatever a page itself asks for, and two by turns for what its links lead back to.
    """
    case = open_case(console.bot, 1)
    browser = console.signed_in("Olga")
    browser.client.follow_redirects = False
    assert set(names_in(PARAMETERS)) >= WORDS
    here = {"label": case.label, "subreddit": "clips", "name": "partner", "number": "1", "look": "x"}
    views = [way for page in PAGES for way in page.ways if isinstance(way, View)]
    two = by_turns(2)
    for way in views:
        path = way.path
        for name in re.findall(r"\{(\w+)\}", way.path):
            path = path.replace(f"{{{name}}}", quote(here.get(name, "x"), safe=""))
            for strange in STRANGE:
                reached(browser, way.path.replace(f"{{{name}}}", quote(strange, safe="")))
        own = names_in(PARAMETERS, way.answer.__module__)
        led_back = {name: two(name) for name in names_in(PARAMETERS, "bot.web.console.queue")}
        for name, words in (led_back | dict.fromkeys(own, STRANGE)).items():
            for strange in words:
                reached(browser, f"{path}?{urlencode({name: strange})}")


@slow
def test_no_form_makes_a_page_fail(console: Console) -> None:
    """Each way at which something is done, with a strange word in each of the fields that it asks for.

    Each word stands in each field at one of the ways of a page or another.
    """
    browser = console.signed_in("Olga")
    number = 0
    answers = {way.path: way.answer.__module__ for page in PAGES for way in page.ways if isinstance(way, Act)}
    ways = Counter(answers.values())
    turns = {room: by_turns(-(-len(STRANGE) // count)) for room, count in ways.items()}
    browser.get("/me")
    token = browser.csrf
    browser.client.follow_redirects = False
    for path, _ in acts():
        if path.startswith("/sign-out"):
            continue
        room = answers[path]
        names = [
            *names_in(FIELDS, room, "bot.web.console.base"),
            *(("from", "to", "media") if path.endswith("/decide") else ()),
        ]
        for name in names:
            for strange in turns[room](name):
                number += 1
                filled, fields = prepared(console, path, number)
                answer = browser.send(filled, {"csrf": token, **fields, name: strange})
                # 502: Reddit was asked, and its answer is told in a sentence
                assert answer.status_code in (*range(500), 502), (path, name, strange[:30], browser.text[-300:])
                assert answer.status_code != 401, path
        browser.get("/me")
        assert browser.csrf == token, path
