"""Runs the soak hour by hour, measures the bot's process, and says in the end what was lost, done twice, or grew."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import random
import signal
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from bot.assemble import open_store
from bot.bench.workers import children_of
from bot.clock import ManualClock
from bot.loopback.reddit.server import TOKEN_SECONDS
from bot.loopback.stage import Stage, stage
from bot.workers import Workers
from tests.people import member
from tests.soak.bot import Answer, Home, Order, live
from tests.soak.faults import PERIOD, Fault, Faults, due
from tests.soak.world import FAKED, MODES, Kind, Posted, Sink, Size, World

QUIET_HOURS = 36  # after the last post and fault, in which all must get done
KILLING = 0.2  # of the periods in which the bot is killed: the rest shows whether a long life makes it grow
GROWTH = 1.15  # most that memory may grow from the second to the last quarter of the longest life
PATIENCE = 600.0  # seconds of real time for an hour
SPAWN = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The state after an hour."""

    hour: int
    posts: int  # so far
    life: int  # how often the bot has been started
    seconds: float  # of real time for the hour
    memory: float  # of the bot without its children, MiB
    descriptors: int
    threads: int
    children: int
    answer: Answer
    on: frozenset[Fault]


@dataclass(slots=True)
class Result:
    """What a soak showed."""

    samples: list[Sample] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    given_up: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    size: Size = field(default_factory=Size)


class Bot:
    """The bot's process."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.lives = 0
        self._start()

    def live(self, order: Order) -> Answer:
        """Let it live through an hour. Raises RuntimeError if it died of itself or does not end."""
        self._pipe.send(order)
        return self._told()

    def killed_in(self, order: Order, seconds: float) -> Answer:
        """Let it begin an hour, kill it, and let another one live through it."""
        self._pipe.send(order)
        time.sleep(seconds)
        children = children_of(self.pid)
        os.kill(self.pid, signal.SIGKILL)
        self._process.join()
        for child in children:  # they end by themselves once their pipes are closed
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self._pipe.close()
        self._start()
        return self.live(order)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process.pid
        return self._process.pid

    def end(self) -> None:
        """Let it close everything and leave."""
        self._pipe.close()
        self._process.join(30)
        if self._process.is_alive():
            self._process.kill()
            raise RuntimeError("the bot does not end within 30 seconds")

    def _start(self) -> None:
        ours, its = SPAWN.Pipe()
        self._pipe: Pipe = ours
        self._process: ForkServerProcess = SPAWN.Process(target=live, args=(self._home, its))
        self._process.start()
        its.close()
        self.lives += 1

    def _told(self) -> Answer:
        if not self._pipe.poll(PATIENCE):
            raise RuntimeError(f"the bot does not end an hour within {PATIENCE:.0f} seconds")
        try:
            answer = self._pipe.recv()
        except EOFError:
            self._process.join(10)
            raise RuntimeError(f"the bot died of itself, with code {self._process.exitcode}") from None
        assert isinstance(answer, Answer)
        return answer


@contextlib.contextmanager
def built(folder: Path, size: Size) -> Iterator[tuple[Stage, Sink]]:
    """Yield the stage, with a mail server that can be down."""
    times = size.busier
    sections: dict[str, dict[str, Any]] = {
        # for the posts of a large subreddit, or of many
        "actions": {
            "flood_authors": 40 * times,
            "flood_entries": 400 * times,
            "per_hour": 60 * times,
            "per_day": 200 * times,
        },
        "subreddits": {name: {"mode": mode} for name, (mode, _) in size.places.items()},
    }
    with Sink() as sink, stage(folder, sections=sections | {"mail": {"port": sink.port}}) as found:
        found.mail = sink
        found.reddit.token_seconds = TOKEN_SECONDS
        yield found, sink


def run(
    posts: int,
    *,
    seed: int = 1,
    size: Size = Size(),
    seconds: float = math.inf,
    tell: Callable[[Sample, int], None] = lambda _sample, _hours: None,
) -> Result:
    """Play so many posts and what goes wrong meanwhile; return what came of it. Media stay in memory.

    After so many seconds of real time nobody posts any more, and only the quiet hours follow.
    """
    result = Result(size=size)
    began = time.monotonic()
    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=base) as folder, built(Path(folder), size) as (world_stage, sink):
        world = World(world_stage, seed, size)
        _prepare(world)
        home = Home(
            config=world_stage.config,
            reddit=world_stage.reddit.url,
            roads=world_stage.park.network.roads,
            start=world_stage.clock.now(),
        )
        bot = Bot(home)
        try:
            _play(world, Faults(world, sink), bot, posts, random.Random(seed), result, tell, began + seconds)
        finally:
            with contextlib.suppress(RuntimeError):
                bot.end()
        judge(world, result)
        _judge_growth(result)
        result.requests = world.requests
    result.seconds = time.monotonic() - began
    return result


def _prepare(world: World) -> None:
    """Fill the bank before the first post."""
    config, clock = world.stage.config, world.stage.clock
    with open_store(config, ManualClock(clock.now())) as store, Workers(config.decode) as workers:
        store.banks.create("known-fakes", "block")
        for data in world.fakes:
            store.banks.add("known-fakes", workers.fingerprint(data), by=member(store))


def _play(
    world: World,
    faults: Faults,
    bot: Bot,
    posts: int,
    chance: random.Random,
    result: Result,
    tell: Callable[[Sample, int], None],
    until: float,
) -> None:
    hours = max(PERIOD, -(-posts * 24 // world.size.per_day))
    periods = -(-hours // PERIOD)
    done = hour = 0
    while hour < hours + QUIET_HOURS:
        began = time.monotonic()
        if began > until and hour < hours:
            hours, posts = hour, done
        on = due(hour) if hour < hours else frozenset()
        if hour // PERIOD >= max(1, int(periods * KILLING)):
            on -= {Fault.KILLED}
        order = faults.set(
            on, Order(at=(hour + 1) * 3600.0, decide=hour % 24 == 20 or hour == hours + QUIET_HOURS - 12)
        )
        wanted = posts * (hour + 1) // hours if hour < hours else posts
        for _ in range(done, wanted):
            world.stage.clock.sleep(3600 / max(1, wanted - done))
            world.post(in_trouble=bool(on))
        done = wanted
        world.stage.clock.sleep(order.at - world.now)
        answer = bot.killed_in(order, chance.uniform(0.02, 0.6)) if Fault.KILLED in on else bot.live(order)
        world.hour_ends()
        sample = _measured(bot, hour, done, time.monotonic() - began, answer, on)
        result.samples.append(sample)
        result.failed += answer.failed
        result.warned += answer.warned
        result.given_up += answer.given_up
        result.wrong += [f"hour {hour}: unforeseen error in {what}" for what in answer.unforeseen]
        tell(sample, hours + QUIET_HOURS)
        hour += 1


def _measured(bot: Bot, hour: int, posts: int, seconds: float, answer: Answer, on: frozenset[Fault]) -> Sample:
    place = Path(f"/proc/{bot.pid}")
    status = dict(line.split(":\t", 1) for line in (place / "status").read_text().splitlines() if ":\t" in line)
    return Sample(
        hour=hour,
        posts=posts,
        life=bot.lives,
        seconds=seconds,
        memory=int(status["VmRSS"].split()[0]) / 1024,
        descriptors=len(list((place / "fd").iterdir())),
        threads=int(status["Threads"]),
        children=len(children_of(bot.pid)),
        answer=answer,
        on=on,
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """How often what must have come of a post."""

    removals: int = 0
    reports: int = 0


def wanted(told: Posted) -> Wanted:
    """Return what must come of a post, by what it is and how its subreddit is watched."""
    mode, _ = MODES[told.place.rstrip("0123456789")]
    if told.kind in (Kind.EXACT, Kind.COMMENTED):
        return {"enforce": Wanted(removals=1), "report": Wanted(reports=1)}.get(mode, Wanted())
    if told.kind is Kind.NEAR:  # reported by the bot; removed where it may be, once the moderator confirmed it
        return {"enforce": Wanted(removals=1, reports=1), "report": Wanted(reports=1)}.get(mode, Wanted())
    return Wanted()


def _named(name: str, told: Posted) -> str:
    return f"{name} ({told.kind} in r/{told.place}, hour {told.at / 3600:.0f})"


def judge(world: World, result: Result) -> None:
    """Compare what Reddit and the mail server received with what had to come."""
    reddit, wrong, counts = world.stage.reddit, result.wrong, result.counts
    removals, reports = Counter(reddit.removals), Counter(name for name, _, _ in reddit.reports)
    overtaken = frozenset[str]().union(*(one.answer.overtaken for one in result.samples))
    for name, told in world.posted.items():
        counts[f"posted {told.kind}"] += 1
        want = wanted(told)
        for what, had, must in (("removal", removals[name], want.removals), ("report", reports[name], want.reports)):
            if told.kind is Kind.DELETED:
                must = min(had, 1)  # whether the bot or its author came first
            if what == "report" and not had and name in overtaken and name in removals:
                must = 0  # a moderator confirmed the case while a fault kept the report back
                counts["reports overtaken"] += 1
            counts[f"{what}s wanted"] += must
            counts[f"{what}s done"] += had
            if had < must:
                counts[f"{what}s lost"] += 1
                counts[f"{what}s lost of posts {'in trouble' if told.in_trouble else 'otherwise'}"] += 1
                wrong.append(f"{_named(name, told)}: its {what} is missing")
            elif had > must:
                counts[f"{what}s too many"] += 1
                wrong.append(f"{_named(name, told)}: {had} {what}s, not {must}")
        if told.kind not in FAKED and told.kind is not Kind.DELETED and name in removals:
            wrong.append(f"{name} ({told.kind}): an innocent post was removed")
    ids: dict[str, set[str]] = {}
    for one in world.stage.mail.received:
        ids.setdefault(str(one.message["Subject"]), set()).add(str(one.message["Message-ID"]))
    counts["mails"] = len(world.stage.mail.received)
    wrong += [f"“{subject}” was mailed under {len(found)} ids" for subject, found in ids.items() if len(found) > 1]
    last = result.samples[-1].answer
    if last.waiting:
        wrong.append(f"{last.waiting} links wait {QUIET_HOURS} hours after the last fault: {dict(last.links)}")
    left = {state: n for state, n in last.actions.items() if state in ("planned", "sending", "unknown") and n}
    if left:
        wrong.append(f"actions are not ended {QUIET_HOURS} hours after the last fault: {left}")
    if result.given_up:
        counts["links given up"] = sum(result.given_up.values())


def longest_life(result: Result) -> list[Sample]:
    """Return the samples of the bot's longest life."""
    lives = Counter(sample.life for sample in result.samples)
    most = max(lives, key=lambda life: lives[life])
    return [sample for sample in result.samples if sample.life == most]


def growth(result: Result) -> tuple[float, int]:
    """Return by how much memory grew from the second to the last quarter of the longest life (a ratio of medians), and
    by how many the descriptors."""
    life = longest_life(result)
    quarter = max(1, len(life) // 4)
    early, late = life[quarter : 2 * quarter], life[-quarter:]
    memory = statistics.median(one.memory for one in late) / statistics.median(one.memory for one in early)
    return memory, max(one.descriptors for one in late) - max(one.descriptors for one in early)


def _judge_growth(result: Result) -> None:
    memory, descriptors = growth(result)
    if len(longest_life(result)) >= 2 * PERIOD and memory > GROWTH:
        result.wrong.append(f"memory grew {memory:.2f} times from the second to the last quarter of the longest life")
    if descriptors > 4:
        result.wrong.append(f"{descriptors} more descriptors are open in the last quarter of the longest life")
