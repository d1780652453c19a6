"""What a host shows in the place of a file for a while: it is looked for again, rarely, before the link ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.errors import AcquireError, BlockedError, NeedsTokenError, OutageError, UnsupportedError
from bot.fetch.replies import challenged, check_media, check_media_type
from bot.loopback.answers import Answer, redirect, web_page
from bot.loopback.http import Request, Response
from bot.loopback.stage import Stage
from bot.model import LinkState
from bot.pipeline import Pipeline
from bot.pipeline.recovery import PAGES
from bot.store import LinkRow
from tests.bots import fake, post_fake
from tests.slow import slow

HOUR = 3600.0
FILES = "media.redgifs.com"
CHALLENGE = Response(status=403, headers={"cf-mitigated": "challenge", "Content-Type": "text/html"})
FALSE_TYPE = replace(web_page(), headers={"Content-Type": "video/mp4"})


def live(world: Stage, bot: Pipeline, hours: float) -> None:
    """Let so much time pass while the bot works twice an hour."""
    for _ in range(int(hours * 2)):
        bot.tick()
        world.clock.sleep(HOUR / 2)


def answering(world: Stage, server: str, answer: Answer) -> list[Request]:
    """Let a server give this answer to everything; return what will have been asked of it."""
    asked: list[Request] = []

    def trouble(request: Request) -> Answer | None:
        if request.host != server:
            return None
        asked.append(request)
        return answer

    world.park.trouble = trouble
    return asked


def link(bot: Pipeline) -> LinkRow:
    """Return the only link."""
    (row,) = bot.deps.store.links.listing()
    return row


@pytest.mark.parametrize(
    ("server", "answer"),
    [
        pytest.param(FILES, web_page(), id="page"),
        pytest.param(FILES, FALSE_TYPE, id="page that says it is a video", marks=slow),
        pytest.param(FILES, CHALLENGE, id="challenge", marks=slow),
        pytest.param(FILES, Response(headers={"Content-Type": "video/mp4"}), id="empty file", marks=slow),
        pytest.param(FILES, redirect("https://status.example.net/sorry"), id="moved for now", marks=slow),
        pytest.param("api.redgifs.com", web_page(), id="page for data", marks=slow),
    ],
)
def test_an_hour_of_maintenance_hides_nothing(world: Stage, bot: Pipeline, server: str, answer: Answer) -> None:
    """What stands in a file's place for three hours costs a handful of requests and no attempt; then the file acts."""
    post = post_fake(world)
    asked = answering(world, server, answer)
    live(world, bot, 3)
    row = link(bot)
    assert (row.state, row.attempts) == (LinkState.FAILED, 0)
    assert 2 <= row.pages <= 5
    assert len(asked) <= 2 * row.pages  # a plug may ask once more, with a fresh token
    assert world.reddit.removals == []
    world.park.trouble = lambda _request: None
    live(world, bot, 3)
    assert link(bot).state is LinkState.JUDGED
    assert world.reddit.removals == [post]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        pytest.param(web_page(), LinkState.UNSUPPORTED, id="page"),
        pytest.param(CHALLENGE, LinkState.BLOCKED, id="challenge", marks=slow),
        pytest.param(redirect("https://media.redgifs.com/Login/"), LinkState.NEEDS_TOKEN, id="login", marks=slow),
    ],
)
def test_what_stays_ends_within_a_day(world: Stage, bot: Pipeline, answer: Answer, state: LinkState) -> None:
    """A page that stays is looked at eight times within a day, and its link ends as what the page was."""
    post_fake(world)
    asked = answering(world, FILES, answer)
    trouble = world.park.trouble
    world.park.trouble = lambda request: web_page() if request.path == "/Login/" else trouble(request)
    live(world, bot, 24)
    row = link(bot)
    assert (row.state, row.pages, row.outages) == (state, 0, 0)
    assert len(asked) == PAGES
    live(world, bot, 24)
    assert len(asked) == PAGES


def test_a_page_is_asked_for_once_however_many_post_its_address(world: Stage, bot: Pipeline) -> None:
    """Ten posts of one media wait together: a raid on an address that shows a page makes no more requests than one."""
    url = world.park.add_redgifs("Onepage", hd=fake())
    posts = [world.reddit.submit("clips", author=f"poster{number}", title="look", url=url) for number in range(10)]
    asked = answering(world, FILES, web_page())
    live(world, bot, 3)
    rows = bot.deps.store.links.listing()
    assert len(asked) == rows[0].pages <= 5
    assert {(row.state, row.pages, row.due) for row in rows} == {(LinkState.FAILED, rows[0].pages, rows[0].due)}
    world.park.trouble = lambda _request: None
    live(world, bot, 3)
    assert {row.state for row in bot.deps.store.links.listing()} == {LinkState.JUDGED}
    assert sorted(world.reddit.removals) == sorted(posts)


def test_a_refusal_stays_a_refusal(world: Stage, bot: Pipeline) -> None:
    """A 403 without a challenge ends its link at once."""
    post_fake(world)
    asked = answering(world, FILES, Response(status=403))
    live(world, bot, 3)
    assert (link(bot).state, len(asked)) == (LinkState.BLOCKED, 1)


def test_one_link_counts_once(world: Stage, bot: Pipeline) -> None:
    """However often a link is looked at again, its host's figures have it once."""
    post_fake(world)
    answering(world, "api.redgifs.com", web_page())
    live(world, bot, 6)
    assert link(bot).pages > 3
    assert bot.deps.store.health.tallies(world.clock.now().replace(year=2000))["redgifs"]["changed"] == 1


def test_another_rendition_is_taken_meanwhile(world: Stage, bot: Pipeline) -> None:
    """A page in the place of one rendition does not keep another from being looked at."""
    url = world.park.add_redgifs("OneTwoThree", hd=fake(), sd=fake())
    post = world.reddit.submit("clips", author="poster", title="look", url=url)
    world.park.trouble = lambda request: web_page() if request.path.endswith("-mobile.mp4") else None
    bot.tick()
    assert world.reddit.removals == [post]


@pytest.mark.parametrize(
    ("path", "headers", "kind", "passes"),
    [
        ("/a.mp4", {"Content-Type": "text/html; charset=utf-8"}, UnsupportedError, True),
        ("/a.mp4", {"Content-Type": "application/json"}, UnsupportedError, True),
        ("/a.mp4", {"Content-Type": "application/pdf"}, UnsupportedError, False),
        ("/a.mp4", {"Content-Type": "image/svg+xml"}, UnsupportedError, False),
        ("/users/sign_in", {"Content-Type": "text/html"}, NeedsTokenError, True),
        ("/login/", {"Content-Type": "text/html"}, NeedsTokenError, True),
        ("/login.mp4", {"Content-Type": "text/html"}, UnsupportedError, True),
        ("/a.mp4", {"Content-Type": "text/html", "Retry-After": "3600"}, OutageError, False),
        ("/a.mp4", {"Content-Type": "application/pdf", "Retry-After": "3600"}, UnsupportedError, False),
    ],
)
def test_what_a_page_is(
    world: Stage, path: str, headers: Mapping[str, str], kind: type[AcquireError], passes: bool
) -> None:
    """A login page, a page that says when to come back and another page are told apart; another kind of file stays."""
    with pytest.raises(AcquireError) as caught:
        check_media_type("host.example", path, headers, world.clock.now())
    assert (type(caught.value), caught.value.passes) == (kind, passes)
    if isinstance(caught.value, OutageError):
        assert caught.value.retry_after == 3600


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!DOCTYPE html><p>",
        b"\xef\xbb\xbf\r\n <html lang=en>",
        b"<!-- a comment\nof two lines -->\n<HTML>",
        b"<head><title>x",
    ],
)
def test_a_page_under_another_name(data: bytes) -> None:
    """A body that is empty or begins as a web page is none of a file, whatever its type says."""
    with pytest.raises(UnsupportedError) as caught:
        check_media("host.example", "/a.mp4", data)
    assert caught.value.passes


@pytest.mark.parametrize("data", [b"GIF89a", b"\x89PNG\r\n\x1a\n<html>", b"<svg>", b"\x00" * 2000 + b"<html>"])
def test_a_file_is_no_page(data: bytes) -> None:
    """What begins as no page is left to the decoder."""
    check_media("host.example", "/a.mp4", data)


@pytest.mark.parametrize(("value", "is_one"), [("challenge", True), (" Challenge ", True), ("", False), ("x", False)])
def test_a_challenge_is_told_by_its_header(value: str, is_one: bool) -> None:
    """Only the header that Cloudflare documents makes a challenge."""
    found = challenged("host.example", {"cf-mitigated": value})
    assert (found is not None) == is_one
    assert found is None or (type(found) is BlockedError and found.passes)
