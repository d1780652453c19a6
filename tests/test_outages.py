"""A host or a network that is away for hours: what was posted meanwhile is looked at afterwards."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from bot.assemble import Outside, Parts, assembled
from bot.loopback.answers import lying
from bot.loopback.http import Request, Response
from bot.loopback.stage import Stage
from bot.model import LinkState
from bot.pipeline import Pipeline
from tests.bots import bank_the_fake, bot_on, changed, fake, lent, post_fake
from tests.killing import Silent

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


@dataclass
class Names:
    """A name server that can be away; counts what it was asked."""

    world: Stage
    away: bool = False
    asked: list[float] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return a name's addresses, or fail as the system does without a name server."""
        self.asked.append(self.world.clock.monotonic())
        if self.away:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return self.world.park.network.resolve(host, port)


def bot_with(names: Names, stack: ExitStack) -> Pipeline:
    """Return a bot that asks this name server."""
    world = names.world
    outside = Outside(
        reddit_url=world.reddit.url, oauth_url=world.reddit.url, resolve=names.resolve, dial=world.park.network.dial
    )
    parts = Parts(outside=outside, children=lent)
    pipeline = stack.enter_context(assembled(world.config, Silent(), parts=parts, clock=world.clock))
    pipeline.deps.store.banks.create("known-fakes", "block")
    bank_the_fake(pipeline)
    return pipeline


def live(world: Stage, bot: Pipeline, seconds: float, *, every: float = 5 * MINUTE) -> None:
    """Let so much time pass while the bot works."""
    for _ in range(int(seconds // every)):
        bot.tick()
        world.clock.sleep(every)


def state(bot: Pipeline, post: str) -> tuple[LinkState, int]:
    """Return where the link of a post is, and how many attempts it has had."""
    (row,) = [row for row in bot.deps.store.links.listing() if row.link.post == post]
    return row.state, row.attempts


@pytest.mark.slow
def test_a_day_without_a_name_server_loses_nothing(world: Stage) -> None:
    """What is posted while no name leads anywhere is removed afterwards; that was no attempt, and asks rarely."""
    with ExitStack() as stack:
        names = Names(world, away=True)
        bot = bot_with(names, stack)
        post = post_fake(world)
        live(world, bot, DAY, every=HOUR)
        assert state(bot, post) == (LinkState.FAILED, 0)
        assert len(names.asked) < 30
        names.away = False
        live(world, bot, 3 * HOUR, every=30 * MINUTE)
        assert state(bot, post) == (LinkState.JUDGED, 0)
        assert world.reddit.removals == [post]


@pytest.mark.parametrize("answer", [503, 429, Response(status=500)], ids=["503", "429", "500"])
def test_a_host_that_serves_nobody_for_hours_loses_nothing(world: Stage, bot: Pipeline, answer: int | Response) -> None:
    """A host that answers 503, 429 or 500 for five hours is waited for."""
    post = post_fake(world)
    world.park.trouble = lambda _request: answer
    live(world, bot, 5 * HOUR, every=30 * MINUTE)
    assert state(bot, post) == (LinkState.FAILED, 0)
    world.park.trouble = lambda _request: None
    live(world, bot, 3 * HOUR, every=30 * MINUTE)
    assert world.reddit.removals == [post]


@pytest.mark.slow
def test_an_outage_of_days_is_given_up(world: Stage, bot: Pipeline) -> None:
    """A host that has been away for some three days is asked no more for that link."""
    post = post_fake(world)
    world.park.trouble = lambda _request: 503
    live(world, bot, 4 * DAY, every=2 * HOUR)
    assert state(bot, post)[0] is LinkState.GIVEN_UP


def damaged() -> Response:
    """Return a file that ends before its end."""
    return lying(b"\x00\x00\x00\x18ftypmp42", 200_000)


@pytest.mark.slow
def test_what_is_the_links_own_is_given_up_soon(world: Stage, bot: Pipeline) -> None:
    """A file that breaks off is an attempt each time; an outage in between neither counts nor starts that anew."""
    post = post_fake(world)
    broken: Callable[[], Response] = damaged
    world.park.trouble = lambda request: broken if request.host == "media.redgifs.com" else None
    live(world, bot, 4 * MINUTE, every=MINUTE)
    tries = state(bot, post)[1]
    assert 0 < tries < 5
    world.park.trouble = lambda _request: 503
    live(world, bot, 3 * HOUR, every=20 * MINUTE)
    assert state(bot, post) == (LinkState.FAILED, tries)
    world.park.trouble = lambda request: broken if request.host == "media.redgifs.com" else None
    live(world, bot, 6 * HOUR, every=10 * MINUTE)
    assert state(bot, post) == (LinkState.GIVEN_UP, 5)


@pytest.mark.slow
def test_a_clock_that_is_set_ends_no_outage(world: Stage, bot: Pipeline) -> None:
    """Whatever the machine's clock shows meanwhile, an outage has lasted for as many looks as were made."""
    post = post_fake(world)
    world.park.trouble = lambda _request: 503
    live(world, bot, HOUR, every=20 * MINUTE)
    world.clock.sleep(10 * DAY)  # as if the clock were set
    bot.deps.store.waits.shift(10 * DAY)
    live(world, bot, 3 * HOUR, every=20 * MINUTE)
    assert state(bot, post) == (LinkState.FAILED, 0)


@pytest.mark.slow
def test_a_machine_that_was_off_loses_nothing(world: Stage, bot: Pipeline) -> None:
    """Days in which nobody looked do not count: one more answer after them, and the link still waits."""
    post = post_fake(world)
    world.park.trouble = lambda _request: 503
    bot.tick()
    world.clock.sleep(5 * DAY)
    bot.tick()
    assert state(bot, post) == (LinkState.FAILED, 0)
    world.park.trouble = lambda _request: None
    live(world, bot, HOUR, every=20 * MINUTE)
    assert world.reddit.removals == [post]


@pytest.mark.slow
def test_what_was_given_up_begins_anew(world: Stage, bot: Pipeline) -> None:
    """A link that is asked for once more after it was given up is waited for again."""
    post = post_fake(world)
    world.park.trouble = lambda _request: 503
    live(world, bot, 4 * DAY, every=2 * HOUR)
    assert state(bot, post)[0] is LinkState.GIVEN_UP
    (row,) = bot.deps.store.links.listing()
    assert row.outages == 0
    bot.deps.store.queue.fetch_afresh(row.id)
    live(world, bot, HOUR, every=20 * MINUTE)
    world.park.trouble = lambda _request: None
    live(world, bot, 2 * HOUR, every=20 * MINUTE)
    assert world.reddit.removals == [post]


def busy(world: Stage, asks: float) -> list[float]:
    """Let the files' host ask for so many seconds of rest whenever it is asked; return when it will have been."""
    asked: list[float] = []

    def trouble(request: Request) -> Response | None:
        if request.host != "media.redgifs.com":
            return None
        asked.append(world.clock.monotonic())
        return Response(status=429, headers={"Retry-After": str(int(asks))})

    world.park.trouble = trouble
    return asked


def with_previews(world: Stage, count: int, begin: int = 0) -> list[str]:
    """Post the fake as often behind addresses of their own, each with Reddit's preview of it; return the posts."""
    world.park.add_reddit_video("q1w2e3r4t5y67", {(320, 180): fake()})
    preview = {
        "images": [],
        "reddit_video_preview": {"fallback_url": "https://v.redd.it/q1w2e3r4t5y67/DASH_480.mp4"},
    }
    posts = []
    for number in range(begin, begin + count):
        url = world.park.add_redgifs(f"Heron{'ABCDEFGH'[number]}", hd=fake())
        posts.append(world.reddit.submit("clips", author=f"p{number}", title="look", url=url, preview=preview))
    return posts


def previews_seen(bot: Pipeline) -> set[str]:
    """Return the posts of which Reddit's preview led to a case."""
    return {case.post.fullname for case in bot.deps.store.cases.listing() if case.source == "preview"}


@pytest.mark.parametrize("asks", [6 * HOUR, pytest.param(HOUR, marks=pytest.mark.slow)])
def test_a_host_that_asks_for_hours_hides_no_post(world: Stage, bot: Pipeline, asks: float) -> None:
    """One link is asked for; the previews of all, of what is posted meanwhile too, are seen at once; then all act."""
    posts = with_previews(world, 3)
    asked = busy(world, asks)
    live(world, bot, 10 * MINUTE)
    assert len(asked) == 1
    assert previews_seen(bot) == set(posts)
    posts += with_previews(world, 2, begin=3)
    live(world, bot, 10 * MINUTE)
    assert previews_seen(bot) == set(posts)
    live(world, bot, asks - 30 * MINUTE, every=10 * MINUTE)
    assert len(asked) == 1
    assert world.reddit.removals == []
    world.park.trouble = lambda _request: None
    live(world, bot, 3 * HOUR, every=10 * MINUTE)
    assert sorted(world.reddit.removals) == sorted(posts)


@pytest.mark.slow
def test_a_host_that_asks_for_hours_again_and_again_is_given_up(world: Stage, bot: Pipeline) -> None:
    """However many links wait for one host, none waits for longer than some days, and it is asked once each time."""
    with_previews(world, 5)
    asked = busy(world, 6 * HOUR)
    live(world, bot, 5 * DAY, every=HOUR)
    rows = [row for row in bot.deps.store.links.listing() if row.link.host == "redgifs"]
    assert [row.state for row in rows] == [LinkState.GIVEN_UP] * 5
    assert len(asked) <= 5 * 24 / 6 + 1
    assert min(after - before for before, after in itertools.pairwise(asked)) >= 6 * HOUR


@pytest.mark.slow
def test_a_host_that_asks_for_minutes_again_and_again_hides_no_post_for_long(world: Stage, bot: Pipeline) -> None:
    """Links keep their place behind the one that is asked, and within half an hour all their previews are seen."""
    posts = with_previews(world, 8)
    asked = busy(world, 10 * MINUTE)
    live(world, bot, 30 * MINUTE, every=MINUTE)
    assert len(asked) <= 4
    assert previews_seen(bot) == set(posts)


@pytest.mark.slow
def test_servers_of_many_hide_no_post_either(world: Stage) -> None:
    """Where each link may name its own server, those of one that asks for hours are put aside as seen in vain."""
    with bot_on(changed(world, hosts={"direct": {"allow": ["clips.example.net"]}}), Silent()) as bot:
        bank_the_fake(bot)
        for number in range(4):
            url = world.park.add_direct("clips.example.net", f"/{number}.mp4", fake())
            world.reddit.submit("clips", author=f"p{number}", title="look", url=url)
        answer = Response(status=429, headers={"Retry-After": "21600"})
        world.park.trouble = lambda request: answer if request.host == "clips.example.net" else None
        live(world, bot, 10 * MINUTE)
        assert [(row.state, row.outages > 0) for row in bot.deps.store.links.listing()] == [
            (LinkState.FAILED, True)
        ] * 4
        world.park.trouble = lambda _request: None
        live(world, bot, 9 * HOUR, every=30 * MINUTE)
        assert len(world.reddit.removals) == 4
