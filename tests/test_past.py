"""Backfill: a subreddit's past, page by page, however often it is stopped, and behind everything live."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.assemble import Outside, Parts, assembled
from bot.clock import ManualClock
from bot.errors import RedditError, UsageError
from bot.loopback.hosts import NAMES
from bot.loopback.stage import Stage
from bot.model import LinkState
from bot.pipeline import Pipeline
from bot.store import BackfillRow
from tests.killing import Places, Silent
from tests.slow import slow
from tests.test_watch import gif, post
from tests.turns import in_turn

SPAWN = multiprocessing.get_context("forkserver")


@pytest.fixture
def known() -> Sequence[bytes]:
    """Nothing: the bank is empty."""
    return ()


def years(world: Stage, count: int, hours: float = 12) -> list[str]:
    """Post redgifs links through the past, oldest first; return their fullnames."""
    now = world.clock.now()
    moments = [now - timedelta(hours=hours * (count - number)) for number in range(count)]
    return [
        world.reddit.submit("clips", author="a", title=f"x{number}", url=gif(number), created=at, ups=number % 7)
        for number, at in enumerate(moments)
    ]


def stored(bot: Pipeline, names: list[str]) -> list[str]:
    """Those of these posts that are in the database."""
    return [name for name in names if bot.deps.store.links.post(name)]


def die_after_three_pages(places: Places) -> None:
    """What a child process does that is killed in the middle."""
    pages: list[BackfillRow] = []

    def tell(row: BackfillRow) -> None:
        pages.append(row)
        if len(pages) == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    outside = Outside(reddit_url=places.reddit_url, oauth_url=places.reddit_url)
    with assembled(places.config, Silent(), parts=Parts(outside=outside), clock=ManualClock(places.start)) as pipeline:
        pipeline.backfill.read("clips", tell=tell)


def test_days_are_read_whole(world: Stage, bot: Pipeline) -> None:
    """`--days` reads back to there and no further, and says that nothing is missing."""
    names = years(world, 400)
    came = bot.backfill.read("Clips", until=world.clock.now() - timedelta(days=100))
    assert stored(bot, names) == names[-200:]
    assert (came.posts, came.links, came.reached, came.stopped) == (200, 200, True, False)
    assert came.sentence.startswith("every submission since 2026-08-12 18:00 UTC")
    assert [row.source for row in came.rows if row.seen] == ["new"]


@slow
def test_beyond_a_thousand_other_listings_are_read(world: Stage, bot: Pipeline) -> None:
    """What the list of new posts does not show comes from top and search; the sentence says what is not certain."""
    names = years(world, 1800)
    came = bot.backfill.read("clips")
    found = stored(bot, names)
    assert set(found) > set(names[-1000:])
    assert 1000 < len(found) < 1800
    assert came.links == len(found)
    assert not came.reached
    assert "not complete" in came.sentence
    assert came.complete_to == world.clock.now() - timedelta(hours=12 * 1000)
    assert {row.source for row in came.rows} > {"new", "comments", "top all", "hot", "search site:redgifs.com"}


@pytest.mark.slow
def test_killed_and_run_again_nothing_is_missing_or_double(world: Stage, bot: Pipeline) -> None:
    """SIGKILL after three pages: the next run goes on behind the third and ends as if nothing had happened."""
    names = years(world, 700)
    places = Places(
        config=world.config, reddit_url=world.reddit.url, names=NAMES, port=world.park.port, start=world.clock.now()
    )
    child = SPAWN.Process(target=die_after_three_pages, args=(places,))
    child.start()
    child.join(180)
    assert child.exitcode == -signal.SIGKILL
    child.close()
    assert 100 <= len(stored(bot, names)) <= 300
    sent = len(world.reddit.log)
    came = bot.backfill.read("clips")
    pages = [request for request in world.reddit.log[sent:] if request.path == "/r/clips/new"]
    assert pages[0].query.get("after") == names[-300]
    assert stored(bot, names) == names
    assert (came.posts, came.links) == (700, 700)


def test_limit_stops_and_the_next_call_goes_on(world: Stage, bot: Pipeline) -> None:
    """`--limit` is for one call: said, and continued by the same command."""
    names = years(world, 500)
    came = bot.backfill.read("clips", limit=150)
    assert (came.seen, came.stopped) == (150, True)
    assert "again" in came.sentence
    assert stored(bot, names) == names[-150:]
    bot.backfill.read("clips", limit=150)
    assert stored(bot, names) == names[-300:]


@pytest.mark.slow
def test_a_refusal_keeps_what_was_read(world: Stage, bot: Pipeline) -> None:
    """When Reddit refuses in the middle the error is raised, and the next call goes on."""
    names = years(world, 300)

    def refuse(row: BackfillRow) -> None:
        if row.seen == 100:
            world.reddit.fail_next("/r/clips/new", status=404, body=b'{"reason": "banned"}')

    with pytest.raises(RedditError, match="banned"):
        bot.backfill.read("clips", tell=refuse)
    assert stored(bot, names) == names[-100:]
    came = bot.backfill.read("clips")
    assert stored(bot, names) == names
    assert came.posts == 300


@pytest.mark.slow
def test_the_place_where_it_stopped_may_be_gone(world: Stage, bot: Pipeline) -> None:
    """When the post at which it stopped leads nowhere any more, the listing is read from its start."""
    names = years(world, 300)
    bot.backfill.read("clips", limit=100)
    del world.reddit.world.things[names[-100]]
    bot.backfill.read("clips")
    left = [name for name in names if name != names[-100]]
    assert stored(bot, left) == left


@pytest.mark.slow
def test_what_it_finds_waits_behind_what_is_live(world: Stage, bot: Pipeline) -> None:
    """A post of now is looked at before all that a backfill found earlier."""
    years(world, 50)
    bot.backfill.read("clips")
    world.clock.sleep(3600)
    name = post(world, 9000, "gifs")
    bot.watch()
    first, *rest = in_turn(bot.deps.store)
    assert first.link.post == name
    assert len(rest) == 50
    assert all(row.state == LinkState.SEEN for row in rest)


def test_only_watched_subreddits_are_read(world: Stage, bot: Pipeline) -> None:
    """The bot reads no other subreddit, and says what to do."""
    sent = len(world.reddit.log)
    with pytest.raises(UsageError, match=r"\[subreddits.elsewhere\]"):
        bot.backfill.read("elsewhere")
    assert len(world.reddit.log) == sent
