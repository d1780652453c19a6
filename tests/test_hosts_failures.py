"""What each host can do instead of giving a file, and the state that it ends in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    NeedsTokenError,
    OutageError,
    PlaceholderError,
    UnsupportedError,
)
from bot.fetch import Page
from bot.hosts import belongs, get, parse
from bot.loopback.answers import redirect, web_page
from bot.loopback.http import Response
from bot.model import Link
from tests.host_cases import CASES
from tests.host_pages import PagePark
from tests.host_posts import INSTANCE
from tests.host_world import FIND, SMALL, HostClient
from tests.slow import slow

PAGES = [name for name, case in CASES.items() if case.page]
API_HOSTS = (
    "redgifs",
    "redgifs gallery",
    "gfycat",
    "imgur page",
    "imgur album",
    "reddit video",
    "bunkr download",
    "gofile",
)  # their park answers by itself
STATUSES = [
    (401, NeedsTokenError),
    (403, BlockedError),
    (404, GoneError),
    (410, GoneError),
    (429, OutageError),
    (451, BlockedError),
    (503, OutageError),
    (418, HostChangedError),
]


def fail(park: PagePark, places: tuple[tuple[str, str], ...], answer: Response | int) -> None:
    for host, path in places * 2:  # a plug may ask twice, with a fresh token
        park.fail_once(host, path, answer)


def error_of(client: HostClient, url: str) -> AcquireError:
    with pytest.raises(AcquireError) as caught:
        client.get(url)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert url not in sentence
    return caught.value


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    ("status", "error"), [STATUSES[0], *(pytest.param(*one, marks=slow) for one in list(STATUSES)[1:])]
)
def test_a_file_that_is_refused(
    park: PagePark, client: HostClient, name: str, status: int, error: type[AcquireError]
) -> None:
    """A refusal, a rate limit and a wanted login of a file server are never taken for a removal."""
    url = CASES[name].add(park)
    fail(park, CASES[name].files, status)
    assert type(error_of(client, url)) is error


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("status", "error"), STATUSES)
def test_a_page_that_is_refused(
    park: PagePark, client: HostClient, name: str, status: int, error: type[AcquireError]
) -> None:
    """The page or JSON that names the files fails with the same states, and no file is asked for."""
    case = CASES[name]
    url = case.add(park)
    assert case.page is not None
    fail(park, (case.page,), status)
    assert type(error_of(client, url)) is error
    assert not {(request.host, request.path) for request in park.log} & set(case.files)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "text", ["", "<!doctype html><title>One moment</title>", "[]", "{}", '{"gif": 3, "status": 2}']
)
def test_another_shape_is_a_changed_host(park: PagePark, client: HostClient, name: str, text: str) -> None:
    """A page or JSON without what the plug relies on is one clear error; anybody's page may hold no video."""
    case = CASES[name]
    url = case.add(park)
    assert case.page is not None
    fail(park, (case.page,), Response(body=text.encode(), headers={"Content-Type": "text/html"}))
    assert type(error_of(client, url)) is (UnsupportedError if name == "page" else HostChangedError)


@pytest.mark.parametrize("name", CASES)
def test_a_page_instead_of_media(park: PagePark, client: HostClient, name: str) -> None:
    """A file server that sends a web page with status 200 has given no media."""
    url = CASES[name].add(park)
    fail(park, CASES[name].files, web_page())
    assert type(error_of(client, url)) is UnsupportedError


@pytest.mark.parametrize("name", CASES)
def test_a_file_that_moved(park: PagePark, client: HostClient, name: str) -> None:
    """A file is followed to another name of it on the host's own servers, and never to a stranger's."""
    case = CASES[name]
    url = case.add(park)
    host, path = case.files[0]
    park.fail_once(host, path, redirect(f"https://{host}{path}?ex=1&is=1&hm=1&signature=1", 301))
    assert client.get(url).media[0].data == SMALL
    fail(park, case.files, redirect("https://elsewhere.example.net/a.mp4"))
    assert type(error_of(client, url)) is BlockedError
    assert "elsewhere.example.net" not in {request.host for request in park.log}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.elsewhere])
def test_a_stand_in_is_gone(park: PagePark, client: HostClient, name: str) -> None:
    """A picture with status 200 that the host sends from elsewhere in place of a file says that the file is gone."""
    case = CASES[name]
    url = case.add(park)
    host, _, path = case.elsewhere.removeprefix("https://").partition("/")
    park.put_file(host, f"/{path}", b"stand-in")
    fail(park, case.files, redirect(case.elsewhere))
    assert type(error_of(client, url)) is PlaceholderError


class Altered:
    """A Web that gives one answer, whatever is asked."""

    def __init__(self, text: str) -> None:
        self.state: dict[str, Any] = {"token": "t1"}
        self._text = text

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    def json(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return json.loads(self._text)
        except ValueError:
            raise HostChangedError("the host sent something other than JSON") from None

    def page(self, url: str, *, headers: Mapping[str, str] | None = None) -> Page:
        return Page(url=url, status=200, text=self._text)

    def allows(self, host: str) -> bool:
        return belongs(host, (INSTANCE,))


@pytest.fixture(scope="module")
def answers() -> dict[str, tuple[str, str]]:
    """Name → (link, text) of every answer that names files."""
    with PagePark() as park:
        links = {name: CASES[name].add(park) for name in PAGES if name not in API_HOSTS}
        return {name: (url, park.text(*(CASES[name].page or ("", "")))) for name, url in links.items()}


VALUES = re.compile(r""""[^"]*"|'[^']*'|%22.*?%22|&quot;.*?&quot;|>[^<]+<|\d+|[\[\]{}]""")


@given(data=st.data())
def test_altered_answers_give_media_or_one_of_our_errors(
    answers: dict[str, tuple[str, str]], data: st.DataObject
) -> None:
    """An answer in which anything was taken out or exchanged ends in media or in one sentence, never in a crash."""
    url, text = answers[data.draw(st.sampled_from(sorted(answers)))]
    values = [match.span() for match in VALUES.finditer(text)]
    start, end = data.draw(st.sampled_from(values))
    other = data.draw(
        st.sampled_from(["", "null", "3", "-1", "[]", "{}", "true", '"x"', '"https://example.net/a.gif"'])
    )
    found = FIND(url)
    plug = get(found.host) if found else None
    assert found is not None
    assert plug is not None
    asked = Link(url=url, host=found.host, id=found.id, kind=found.kind, source="url")
    web = Altered(text[:start] + other + text[end:])
    try:
        media = plug.resolve(asked, web)
    except AcquireError:
        return
    hosts = [parse(rendition.url) for item in media for rendition in item.renditions]
    assert hosts or all(item.ask for item in media)
    assert all(parts is not None and (plug.owns(parts.host) or web.allows(parts.host)) for parts in hosts)
