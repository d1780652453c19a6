"""Many links at once: no host waits for another, none is pressed, and whoever stops loses nothing."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise

import httpcore
import pytest

from bot import pipeline as order
from bot.assemble import Outside, Parts, assembled
from bot.clock import ManualClock, SystemClock
from bot.config import Config
from bot.errors import StoreError
from bot.fetch.memory_budget import MemoryBudget
from bot.loopback.answers import slow
from bot.loopback.stage import Stage
from bot.model import Link, LinkState, Post
from bot.pipeline import Pipeline
from bot.pipeline.scanning.queue import CLAIM_SECONDS
from bot.samples import media
from bot.schedule import Daemon
from bot.store import Store
from tests.bots import changed, lent
from tests.killing import Silent
from tests.turns import in_turn

PATIENCE = 60.0  # seconds for what takes a moment on an idle machine
STILL = media.still(920, format="png", width=64, height=48)


class Gate:
    """Stands before the loopback network: dials to shut names wait until they are opened; all are noted."""

    def __init__(self, world: Stage) -> None:
        self._network = world.park.network
        self._change = threading.Condition()
        self._shut: set[str] = set()
        self._inside: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.times: dict[str, list[float]] = {}
        self._clock = world.clock
        self._names: dict[str, str] = {}

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Resolve, and remember whose address it is."""
        found = tuple(self._network.resolve(host, port))
        self._names.update(dict.fromkeys(found, host))
        return found

    def dial(self, address: str, port: int, timeout: float | None) -> httpcore.NetworkStream:
        """Dial when the gate is open."""
        name = self._names[address]
        with self._change:
            self.times.setdefault(name, []).append(self._clock.monotonic())
            self._inside[name] += 1
            self.most[name] = max(self.most[name], self._inside[name])
            self._change.notify_all()
            self._change.wait_for(lambda: name not in self._shut, PATIENCE)
            self._inside[name] -= 1
            self._change.notify_all()
        return self._network.dial(address, port, timeout)

    def shut(self, *names: str) -> None:
        """Hold back what is dialled from now on."""
        with self._change:
            self._shut |= set(names)

    def open(self) -> None:
        """Let everything through."""
        with self._change:
            self._shut.clear()
            self._change.notify_all()

    def wait_for(self, name: str) -> None:
        """Return when somebody stands before the gate."""
        with self._change:
            assert self._change.wait_for(lambda: self._inside[name] > 0, PATIENCE)


@pytest.fixture
def gate(world: Stage) -> Iterator[Gate]:
    """A gate before the hosts."""
    gate = Gate(world)
    yield gate
    gate.open()


@contextmanager
def bot_on(world: Stage, gate: Gate, **fetch: object) -> Iterator[Pipeline]:
    """A bot behind the gate."""
    settings = world.config.model_dump()
    settings["fetch"] |= fetch
    outside = Outside(reddit_url=world.reddit.url, oauth_url=world.reddit.url, resolve=gate.resolve, dial=gate.dial)
    parts = Parts(outside=outside, children=lent)
    with assembled(Config.model_validate(settings), Silent(), parts=parts, clock=world.clock) as pipeline:
        yield pipeline


def post(world: Stage, bot: Pipeline, *urls: str) -> None:
    """Post links and let them be seen."""
    for url in urls:
        world.reddit.submit("quiet", author="a", title="x", url=url)
    bot.watch()


def states(bot: Pipeline, host: str = "") -> list[LinkState]:
    """Return the states of all links, of one host if it is named, oldest first."""
    rows = bot.deps.store.links.listing()[::-1]
    return [row.state for row in rows if not host or row.link.host == host]


def until(condition: object, bot: Pipeline) -> None:
    """Work in slices until a condition holds."""
    assert callable(condition)
    end = time.monotonic() + PATIENCE
    while not condition():
        bot.work(lambda: False)
        assert time.monotonic() < end, states(bot)


@pytest.mark.slow
def test_a_slow_host_holds_nobody_up(world: Stage, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one host keeps us waiting, links of the others are fetched and judged; then its own."""
    monkeypatch.setattr(order, "GRACE_SECONDS", 0.05)
    with bot_on(world, gate) as bot:
        slow = [world.park.add_imgur(f"Single{n}", STILL, "png") for n in range(3)]
        quick = [world.park.add_reddit_image(f"quick{n}", STILL, "png") for n in range(5)]
        gate.shut("i.imgur.com", "api.imgur.com")
        post(world, bot, *slow, *quick)
        until(lambda: states(bot, "reddit") == [LinkState.JUDGED] * 5, bot)
        assert states(bot, "imgur") == [LinkState.SEEN] * 3
        gate.open()
        until(lambda: states(bot) == [LinkState.JUDGED] * 8, bot)


@pytest.mark.slow
def test_one_download_a_host_at_its_pace(world: Stage, gate: Gate) -> None:
    """However many links wait and threads are free, a host has one connection at a time, spaced by its interval."""
    with bot_on(world, gate, concurrency=8, host_interval_seconds=2, reuse_hours=0) as bot:
        post(world, bot, *(world.park.add_reddit_image(f"image{n}", STILL, "png") for n in range(6)))
        bot.work()
        assert states(bot) == [LinkState.JUDGED] * 6
    assert gate.most["i.redd.it"] == 1
    times = gate.times["i.redd.it"]
    assert len(times) == 6
    assert all(later - earlier >= 2 for earlier, later in pairwise(times))


def test_different_hosts_are_asked_at_the_same_time(world: Stage, gate: Gate) -> None:
    """Two hosts that both keep us waiting are waited for together."""
    with bot_on(world, gate) as bot:
        gate.shut("i.imgur.com", "api.imgur.com", "i.redd.it")
        urls = world.park.add_imgur("Single0", STILL, "png"), world.park.add_reddit_image("image0", STILL, "png")
        post(world, bot, *urls)
        bot.downloads.start()
        gate.wait_for("i.redd.it")
        gate.wait_for("i.imgur.com" if gate.times.get("i.imgur.com") else "api.imgur.com")
        assert bot.downloads.in_work == 2
        gate.open()
        bot.work()
        assert states(bot) == [LinkState.JUDGED] * 2


@pytest.mark.slow
def test_a_resting_host_costs_its_links_no_attempt(world: Stage, gate: Gate) -> None:
    """Who asked for fewer requests is left alone; its links wait as they are, and those of others are taken."""
    with bot_on(world, gate, reuse_hours=0) as bot:
        urls = [world.park.add_reddit_image(f"image{n}", STILL, "png") for n in range(4)]
        world.park.fail_once("i.redd.it", "/image0.png", 429)
        world.park.fail_once("i.redd.it", "/image3.png", 429)
        post(world, bot, *urls, world.park.add_imgur("Single0", STILL, "png"))
        bot.tick()
        rows = bot.deps.store.links.listing()
        assert sorted(row.attempts for row in rows if row.link.host == "reddit") == [0, 0, 0, 0]
        assert states(bot, "imgur") == [LinkState.JUDGED]
        world.clock.sleep(1200)
        bot.tick()
        world.clock.sleep(1200)
        bot.tick()
        assert states(bot) == [LinkState.JUDGED] * 5


SLOW = tuple(f"slow{n}.example.net" for n in range(6))


@pytest.mark.slow
def test_an_authors_slow_links_leave_room_for_others(world: Stage, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of what may be in work at once is one author's at most, so that six slow servers hold up nobody else."""
    monkeypatch.setattr(order, "GRACE_SECONDS", 0.05)
    world = changed(world, hosts={"direct": {"allow": list(SLOW)}})
    with bot_on(world, gate, concurrency=6) as bot:
        for host in SLOW:
            world.park.add_direct(host, "/a.png", STILL, "image/png")
            world.reddit.submit("quiet", author="Slow", title="x", url=f"https://{host}/a.png")
        gate.shut(*SLOW)
        quick = [world.park.add_reddit_image(f"quick{n}", STILL, "png") for n in range(5)]
        for n, url in enumerate(quick):
            world.reddit.submit("quiet", author=f"person{n}", title="x", url=url)
        bot.watch()
        until(lambda: states(bot, "reddit") == [LinkState.JUDGED] * 5, bot)
        assert sum(bool(gate.times.get(host)) for host in SLOW) == 3
        gate.open()
        until(lambda: states(bot) == [LinkState.JUDGED] * 11, bot)


@pytest.mark.slow
def test_a_link_that_is_slow_to_fetch_goes_behind(world: Stage, gate: Gate) -> None:
    """It is cut in front, costs no attempt, lets its server rest, and is fetched behind the others in its time."""
    world = changed(world, hosts={"direct": {"allow": [SLOW[0]]}})
    with bot_on(world, gate, front_seconds=0.3) as bot:
        for n in range(2):
            world.park.add_direct(SLOW[0], f"/{n}.png", STILL, "image/png")
        world.park.fail_once(SLOW[0], "/0.png", lambda: slow(STILL, 0.05))
        world.park.fail_once(SLOW[0], "/0.png", lambda: slow(STILL[:20], 0.05, "image/png"))
        post(world, bot, f"https://{SLOW[0]}/0.png")
        bot.downloads.start()
        end = time.monotonic() + PATIENCE
        while bot.downloads.in_work:
            assert time.monotonic() < end
            bot.downloads.wait(0.1)
        (row,) = bot.deps.store.links.listing()
        assert (row.state, row.attempts, row.tries, row.late) == (LinkState.SEEN, 0, 0, True)
        assert row.reason == "its host is slow, so it is fetched behind other links"
        assert bot.deps.acquirer.rests(SLOW[0])
        world.clock.sleep(5)
        assert not bot.deps.acquirer.rests(SLOW[0])
        bot.work()  # twenty bytes in a second: longer than in front, and no picture
        assert bot.deps.store.links.get(row.id).reason != row.reason
        world.clock.sleep(1200)
        bot.work()
        assert len(world.park.paths(SLOW[0])) >= 2


@pytest.mark.slow
def test_a_large_host_does_not_rest_for_one_slow_file(world: Stage, gate: Gate) -> None:
    """Everybody's links are on it: only the slow one goes behind."""
    with bot_on(world, gate, front_seconds=0.3) as bot:
        url = world.park.add_reddit_image("image0", STILL, "png")
        world.park.fail_once("i.redd.it", "/image0.png", lambda: slow(STILL, 0.05, "image/png"))
        post(world, bot, url)
        bot.downloads.start()
        end = time.monotonic() + PATIENCE
        while bot.downloads.in_work:
            assert time.monotonic() < end
            bot.downloads.wait(0.1)
        (row,) = bot.deps.store.links.listing()
        assert row.late
        assert not bot.deps.acquirer.rests("reddit")
        bot.work()
        assert states(bot) == [LinkState.JUDGED]


def test_a_link_is_taken_once_by_many(store: Store, clock: ManualClock) -> None:
    """Eight threads that claim the same hundred links get each of them once."""
    links = [
        Link(url=f"https://i.imgur.com/a{n}.png", host="imgur", id=f"a{n}", kind="media", source="url")
        for n in range(100)
    ]
    at = datetime(2026, 11, 1, tzinfo=UTC)
    store.links.add([(Post(fullname="t3_a", subreddit="x", permalink="/", created=at), links)])

    def take(who: int) -> list[int]:
        return [n for n in range(1, 101) if store.queue.claim(n, f"run {who}", 60)]

    with ThreadPoolExecutor(8) as pool:
        taken = [number for numbers in pool.map(take, range(8)) for number in numbers]
    assert sorted(taken) == list(range(1, 101))
    assert in_turn(store) == []
    clock.sleep(61)
    assert len(in_turn(store)) == 100


@pytest.mark.slow
def test_what_a_dead_run_claimed_is_fetched_in_time(world: Stage, gate: Gate) -> None:
    """A claim ends by itself, and at once when a daemon has the lease."""
    with bot_on(world, gate) as bot:
        post(world, bot, world.park.add_imgur("Single0", STILL, "png"))
        assert bot.deps.store.queue.claim(1, "a dead run", CLAIM_SECONDS)
        bot.work()
        assert states(bot) == [LinkState.SEEN]
        world.clock.sleep(CLAIM_SECONDS + 1)
        bot.work()
        assert states(bot) == [LinkState.JUDGED]
        post(world, bot, world.park.add_imgur("Single1", STILL, "png"))
        assert bot.deps.store.queue.claim(2, "a dead run", CLAIM_SECONDS)
        Daemon(bot).run_once()
        assert states(bot) == [LinkState.JUDGED] * 2


def test_what_another_run_took_over_is_not_written(world: Stage, gate: Gate) -> None:
    """A download that ends after its claim was taken over changes nothing."""
    with bot_on(world, gate) as bot:
        gate.shut("i.redd.it")
        post(world, bot, world.park.add_reddit_image("image0", STILL, "png"))
        bot.downloads.start()
        gate.wait_for("i.redd.it")
        bot.deps.store.queue.release(1)
        assert bot.deps.store.queue.claim(1, "another run", CLAIM_SECONDS)
        gate.open()
        bot.work()
        assert states(bot) == [LinkState.SEEN]
        assert bot.deps.store.links.evidence(1) is None


@pytest.mark.slow
def test_stopping_breaks_off_a_download(world: Stage, gate: Gate) -> None:
    """A host that lets a body trickle does not keep the program from ending; the next run fetches the link."""
    began = 0.0
    url = world.park.add_reddit_image("image0", STILL, "png")
    clock = SystemClock()
    world = Stage(clock=clock, reddit=world.reddit, park=world.park, mail=world.mail, config=world.config)
    world.park.fail_once("i.redd.it", "/image0.png", lambda: slow(bytes(1000), 0.5))
    with bot_on(world, gate, total_seconds=300, read_seconds=300) as bot:
        world.reddit.submit("quiet", author="a", title="x", url=url, created=clock.now())
        bot.watch()
        bot.downloads.start()
        end = time.monotonic() + PATIENCE
        while not world.park.paths("i.redd.it"):
            assert time.monotonic() < end
            time.sleep(0.01)
        began = time.monotonic()
    assert time.monotonic() - began < 30
    assert bot.downloads.in_work == 0
    with bot_on(world, gate) as bot:
        (row,) = bot.deps.store.links.listing()
        assert (row.state, row.attempts) == (LinkState.SEEN, 0)
        bot.work()
        assert states(bot) == [LinkState.JUDGED]


def test_what_cannot_be_recorded_is_raised(world: Stage, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk in a link's thread is told by the next step, and the link is not lost."""
    with bot_on(world, gate) as bot:
        post(world, bot, world.park.add_reddit_image("image0", STILL, "png"))
        with monkeypatch.context() as broken:

            def full(*_: object, **__: object) -> None:
                raise StoreError("the disk is full")

            broken.setattr(bot.deps.store.links, "acquired", full)
            broken.setattr(bot.deps.store.links, "failed", full)
            with pytest.raises(StoreError, match="full"):
                bot.work()
        assert states(bot) == [LinkState.SEEN]
        bot.deps.store.queue.release_all()
        bot.work()
        assert states(bot) == [LinkState.JUDGED]


@pytest.mark.slow
def test_bytes_in_memory_are_bounded(world: Stage, gate: Gate) -> None:
    """Files of several hosts that do not fit together wait for one another, and none waits for ever."""
    big = STILL + bytes(3_000_000)
    with bot_on(world, gate, max_bytes_at_once=4_000_000, concurrency=6) as bot:
        for n in range(2):
            post(
                world,
                bot,
                world.park.add_imgur(f"Single{n}", big, "png"),
                world.park.add_reddit_image(f"image{n}", big, "png"),
                world.park.add_redgifs(f"Clip{n}", hd=big, ext="jpg"),
            )
        bot.work()
        assert states(bot) == [LinkState.JUDGED] * 6
        peak = bot.deps.acquirer.bytes_at_most
    assert len(big) <= peak <= 4_000_000 + len(big)


def test_who_came_first_never_waits_for_room() -> None:
    """Two that hold half each and want more would wait for ever; the older one goes on."""
    room = MemoryBudget(100)
    both = threading.Barrier(2)
    done: list[str] = []

    def work(name: str, first: threading.Event, mine: threading.Event) -> None:
        first.wait(PATIENCE)
        with room.share():
            mine.set()
            room.take(50)
            both.wait(PATIENCE)
            room.take(50)
            done.append(name)

    go, older = threading.Event(), threading.Event()
    go.set()
    threads = [
        threading.Thread(target=work, args=("older", go, older), daemon=True),
        threading.Thread(target=work, args=("younger", older, threading.Event()), daemon=True),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert done == ["older", "younger"]
    assert room.peak <= 150


def test_who_shares_nothing_waits_for_nothing() -> None:
    """A look from the command line is not counted."""
    room = MemoryBudget(10)
    assert room.take(1000) == 0.0
    assert room.peak == 0
