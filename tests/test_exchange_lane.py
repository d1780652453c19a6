"""Exchanges in the daemon: a lane of their own, an end within seconds, a part of every round."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot import schedule
from bot.assemble import Outside, Parts, assembled
from bot.clock import SystemClock
from bot.config import Config
from bot.loopback.exchanges import ExchangePark, File, HashFeed, pdq_of
from bot.loopback.stage import Stage, stage
from bot.model import ExchangeState, Link, LinkState, Post
from bot.pipeline import Pipeline
from bot.schedule import Daemon
from tests.bots import Listening, bot_on, changed, fake, lent, log, post_fake, world
from tests.fetching import park
from tests.killing import Silent
from tests.test_lanes import run_until
from tests.test_withdrawals import case_of

__all__ = ["log", "park", "world"]


@contextlib.contextmanager
def bot_with(world: Stage, url: str) -> Iterator[Pipeline]:
    """Yield a bot by the machine's clock with one exchange."""
    settings = world.config.model_dump()
    settings["digest"] |= {"by": "off"}
    settings["exchanges"] = {"a": {"url": url}}
    outside = Outside(
        reddit_url=world.reddit.url,
        oauth_url=world.reddit.url,
        resolve=world.park.network.resolve,
        dial=world.park.network.dial,
    )
    parts = Parts(outside=outside, children=lent)
    with assembled(Config.model_validate(settings), Silent(), parts=parts, clock=SystemClock()) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        yield bot


@pytest.mark.slow
def test_an_exchange_that_hangs_holds_nobody_up_and_ends_with_us(
    tmp_path: Path, park: ExchangePark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it hangs, links are scanned and judged; told to stop, we end within seconds, and it is no failure."""
    monkeypatch.setattr(schedule, "WORK_SECONDS", 0.2)
    park.feeds["a"] = HashFeed(rows=200, page_rows=100)
    park.faults.extend([None, "hang"])
    with stage(tmp_path) as world, bot_with(world, f"{park.url}/feeds/a/1.ndjson") as bot:
        store, now = bot.deps.store, bot.deps.clock.now()
        url = world.park.add_redgifs("OneTwoThree", hd=fake())
        post = Post(fullname="t3_abc", subreddit="clips", permalink="/x/", created=now, author="a")
        store.links.add(
            [(post, (Link(url=url, host="redgifs", id="onetwothree", kind="media", source="url", post="t3_abc"),))]
        )
        ended: list[float] = []

        def done() -> bool:
            judged = store.connection.value("select state from links") == LinkState.JUDGED
            if judged and len(park.log) >= 2:
                ended.append(time.monotonic())
                return True
            return False

        assert run_until(Daemon(bot), done)
        assert time.monotonic() - ended[-1] < 8
        row = store.exchanges.get("a")
        assert row is not None
        assert (row.state, row.rows, row.failures) == (ExchangeState.FETCHING, 100, 0)
        assert store.exchanges.due("a", timedelta(hours=1))


def test_a_slow_page_is_cut_in_any_thread(tmp_path: Path, park: ExchangePark) -> None:
    """What is under way when everything is cut ends at once, and is taken up again by the next process."""
    park.feeds["a"] = HashFeed(rows=200, page_rows=100)
    park.faults.extend([None, "hang"])
    with stage(tmp_path) as world, bot_with(world, f"{park.url}/feeds/a/1.ndjson") as bot:
        thread = threading.Thread(target=bot.exchange)
        thread.start()
        while len(park.log) < 2:
            time.sleep(0.01)
        bot.cut()
        thread.join(20)
        assert not thread.is_alive()
    with bot_again(world, park) as bot:
        assert bot.exchange() == 200


@contextlib.contextmanager
def bot_again(world: Stage, park: ExchangePark) -> Iterator[Pipeline]:
    """Yield a bot on the same database, without a Reddit."""
    settings = world.config.model_dump() | {"exchanges": {"a": {"url": f"{park.url}/feeds/a/1.ndjson"}}}
    parts = Parts(rules=False, reddit=False, children=lent)
    with assembled(Config.model_validate(settings), Silent(), parts=parts, clock=SystemClock()) as bot:
        yield bot


def test_a_round_fetches_exchanges_before_it_looks_at_posts(world: Stage, log: Listening, park: ExchangePark) -> None:
    """What a list brings is known to the links of the same round; a list that is down stops nothing."""
    digest = hashlib.sha256(fake()).hexdigest()
    park.files["a.ndjson"] = File(body=json.dumps({"id": "1", "sha256": digest}).encode())
    exchanges = {
        "a": {"url": f"{park.url}/lists/a.ndjson"},
        "down": {"url": f"{park.url}/lists/none.ndjson"},
    }
    with bot_on(changed(world, exchanges=exchanges), log) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        name = post_fake(world)
        Daemon(bot).run_once()
        assert case_of(bot, name).verdict.outcome == "act"
        assert bot.exchanges.stands("down").state is ExchangeState.FAILING


@pytest.mark.slow
def test_a_stale_list_acts_no_more_by_itself(world: Stage, log: Listening, park: ExchangePark) -> None:
    """Trusted by name and fresh it acts; too old it asks for review; fetched again it acts again."""
    digest = hashlib.sha256(fake()).hexdigest()
    park.files["a.ndjson"] = File(body=json.dumps({"id": "1", "sha256": digest}).encode())
    exchanges = {"a": {"url": f"{park.url}/lists/a.ndjson", "stale_days": 3, "every_minutes": 60}}
    with bot_on(changed(world, exchanges=exchanges), log) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        bot.exchange()

        def outcome(id: str) -> str:
            name = post_fake(world, id=id)
            bot.watch()
            bot.work()
            return case_of(bot, name).verdict.outcome

        assert outcome("First") == "act"
        world.clock.sleep(2 * 86_400)
        assert outcome("Second") == "act"
        park.faults.append("500")
        bot.exchange()
        world.clock.sleep(86_400 + 60)
        assert bot.exchanges.stands("a").state is ExchangeState.STALE
        assert outcome("Third") == "review"
        bot.exchange()
        assert bot.exchanges.stands("a").state is ExchangeState.UP_TO_DATE
        assert outcome("Fourth") == "act"


def test_a_list_that_is_whole_sweeps_what_is_missing(world: Stage, log: Listening, park: ExchangePark) -> None:
    """By its setting or its own word; of one that only grows nothing is swept; of two, each its own rows."""
    hashes = [pdq_of(number) for number in range(60)]

    def put(name: str, *numbers: int, says: bool = False) -> None:
        rows = [json.dumps({"id": str(number), "pdq": hashes[number]}) for number in numbers]
        park.files[name] = File(body="\n".join([*rows, *(['{"whole": true}'] if says else [])]).encode())

    exchanges = {
        "set": {"url": f"{park.url}/lists/set.ndjson", "whole": True},
        "says": {"url": f"{park.url}/lists/says.ndjson"},
        "grows": {"url": f"{park.url}/lists/grows.ndjson"},
    }
    with bot_on(changed(world, exchanges=exchanges), log) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        for name in exchanges:
            put(f"{name}.ndjson", *range(60), says=name == "says")
        assert bot.exchange() >= 180
        world.clock.sleep(3700)
        for name in exchanges:
            put(f"{name}.ndjson", *range(20, 60), says=name == "says")
        bot.exchange()
        assert {one.name: one.listed for one in bot.exchanges.standing()} == {"set": 40, "says": 40, "grows": 60}
        world.clock.sleep(3700)
        put("set.ndjson", 59)
        put("says.ndjson", says=True)
        bot.exchange()
        kept = {one.name: one.listed for one in bot.exchanges.standing()}
        assert kept == {"set": 40, "says": 40, "grows": 60}  # a person looks first
        for name in ("set", "says"):
            bot.exchanges.fetch(name, yes=True)
        kept = {one.name: one.listed for one in bot.exchanges.standing()}
        assert kept == {"set": 1, "says": 0, "grows": 60}
