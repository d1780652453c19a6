"""The bot of the soak: a process of its own, which lives by simulated time and does a daemon's steps when it is told.

Its memory and descriptors are then its own, and it can be killed. Each round it does what the daemon's lanes do, each
lane in a thread of its own, as `bot.schedule` has them; a step that fails is counted and the next one goes on. Whatever
is raised that is no error of ours is told, and fails the soak.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any
from unittest import mock

from bot.assemble import Outside, Parts, assembled
from bot.bench.workers import children_of
from bot.clock import ManualClock
from bot.config import Config, DecodeConfig, GalleryConfig
from bot.errors import GifwardenError
from bot.loopback.network import LoopbackNetwork, Roads
from bot.model import CaseState, Decision, NoticeState
from bot.nudity import NudityModel
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from bot.pipeline.reviewing.deciding import Target
from bot.schedule import LEASE_SECONDS, Jumps
from bot.store.metrics import WAITING_LINKS
from tests.bots import Found, Remembering
from tests.people import member

ROUNDS = 12  # of all lanes in an hour at most; fewer when nothing is due
SCAN_SECONDS = 290.0  # that the scanning lane works in a round at most: in all rounds an hour, as in a daemon
RECENT = 400  # fingerprints that its children remember; the rest is decoded anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where the loopback world is."""

    config: Config
    reddit: str
    roads: Roads
    start: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the bot is to live through until it answers: one hour, as a rule."""

    at: float  # seconds of simulated time since the start, by a clock that nobody sets
    clock_off: float = 0.0  # seconds by which the machine's clock is wrong
    names_off: bool = False  # no name leads anywhere
    disk_full: bool = False  # SQLite gets no further page
    lose_child: bool = False  # a decoding child is killed
    decide: bool = False  # a moderator confirms what waits, and states the notices


@dataclass(slots=True, kw_only=True)
class Answer:
    """What became of an order."""

    at: float  # the bot's own time, in the same seconds
    links: Mapping[str, int]
    actions: Mapping[str, int]
    waiting: int  # links that wait to be fetched, matched or judged
    rows: Mapping[str, int]  # of each table that grows
    size: int  # bytes of the database
    failed: Counter[str] = field(default_factory=Counter)  # by step: ended in an error of ours
    warned: Counter[str] = field(default_factory=Counter)  # by what the log said
    unforeseen: list[str] = field(default_factory=list)  # tracebacks of all other errors
    given_up: Counter[str] = field(default_factory=Counter)  # by host: links that are tried no more
    overtaken: frozenset[str] = frozenset()  # posts that were removed before their report left, which then does not


OVERTAKEN = """select post from actions a where kind = 'report' and state = 'cancelled' and exists
    (select 1 from actions r where r.post = a.post and r.kind = 'remove' and r.state = 'done')"""


class SettableClock(ManualClock):
    """A clock whose wall time may be set wrong."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self.off = 0.0

    def now(self) -> datetime:
        """Return the moment that the machine shows."""
        return super().now() + timedelta(seconds=self.off)


class Log:
    """Counts warnings, and the links that are given up."""

    def __init__(self) -> None:
        self.given_up: Counter[str] = Counter()
        self.warned: Counter[str] = Counter()

    def info(self, event: str, **facts: object) -> None:
        """Keep what matters."""
        if event == "link given up":
            self.given_up[f"{facts.get('host')}: {facts.get('reason')}"] += 1

    def warning(self, event: str, **facts: object) -> None:
        """Count it."""
        self.warned[event] += 1


class Network(LoopbackNetwork):
    """A network whose names can fail."""

    off = False

    def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return a name's addresses. Raises socket.gaierror, as the system does without a name server."""
        if self.off:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return super().resolve(host, port)


def _recent(config: DecodeConfig, gallery: GalleryConfig | None, nudity: NudityModel | None) -> Remembering:
    found: Found = {}
    return Remembering(found, config, gallery, nudity)


def live(home: Home, pipe: Pipe) -> None:
    """Do what comes through the pipe until it is closed: an Order in, an Answer out."""
    clock, log = SettableClock(home.start), Log()
    network = Network(home.roads)
    outside = Outside(reddit_url=home.reddit, oauth_url=home.reddit, resolve=network.resolve, dial=network.dial)
    parts = Parts(outside=outside, children=_recent)
    holder = f"{socket.gethostname()}:{os.getpid()}"
    first = pipe.recv()
    _set(clock, first)
    with _simulated_pauses(clock), assembled(home.config, log, parts=parts, clock=clock) as pipeline:
        store = pipeline.deps.store
        with store.lease.lock():
            store.lease.take(holder, LEASE_SECONDS, start=True)
            store.queue.release_all()
            hours = Hours(pipeline, clock, network, log, holder)
            order: Order | None = first
            while order is not None:
                pipe.send(hours.live(order))
                try:
                    order = pipe.recv()
                except EOFError:
                    order = None


class SimulatedTime:
    """The module `time` for prawcore, which takes no clock of ours: its pauses pass in simulated time."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.sleep = clock.sleep

    def monotonic_ns(self) -> int:
        """Return nanoseconds of simulated time."""
        return int(self._clock.monotonic() * 1e9)

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


@contextlib.contextmanager
def _simulated_pauses(clock: ManualClock) -> Iterator[None]:
    simulated = SimulatedTime(clock)
    with mock.patch("prawcore.rate_limit.time", simulated), mock.patch("prawcore.sessions.time", simulated):
        yield


def _set(clock: SettableClock, order: Order) -> None:
    clock.off = order.clock_off
    clock.sleep(order.at - clock.monotonic())


class Hours:
    """Lives through orders."""

    def __init__(self, pipeline: Pipeline, clock: SettableClock, network: Network, log: Log, holder: str) -> None:
        self._p = pipeline
        self._clock = clock
        self._network = network
        self._log = log
        self._holder = holder
        self._jumps = Jumps(clock)
        self._number = 0
        self._failed: Counter[str] = Counter()
        self._unforeseen: list[str] = []

    def live(self, order: Order) -> Answer:
        """Live through an hour and tell what came of it."""
        self._number += 1
        self._network.off = order.names_off
        _set(self._clock, order)
        if jump := self._jumps.since_last():
            self._guarded("clock", lambda: self._p.deps.store.waits.shift(jump))
        if order.lose_child:
            self._lose_a_child()
        with self._disk(full=order.disk_full):
            if order.decide:
                self._guarded("decide", self._decide)
            for place in range(ROUNDS):
                before = self._p.deps.clock.monotonic()
                self._round(first=place == 0)
                if not self._more():
                    break
                self._clock.sleep(max(0.0, 60 - (self._clock.monotonic() - before)))
        return self._answer()

    def still_ours(self) -> bool:
        """Whether the lease is ours, as the outbox of a daemon asks."""
        return self._p.deps.store.lease.holds(self._holder)

    def _more(self) -> bool:
        """Return whether there is more to do in this hour, or no way to find out."""
        try:
            return self._p.downloads.waiting() or bool(self._p.deps.store.figures.by_state("actions").get("planned"))
        except GifwardenError:
            self._failed["look what is left"] += 1
            return True

    def _round(self, *, first: bool) -> None:
        """Let every lane do its steps once, side by side, as the daemon does."""
        pipeline = self._p
        self._guarded("lease", lambda: pipeline.deps.store.lease.take(self._holder, 4 * 3600))
        reddit: list[tuple[str, Callable[[], object]]] = [("watch", pipeline.watch), ("follow", pipeline.follow)]
        reddit += [
            ("judge", lambda: pipeline.decide(pipeline.slice())),
            ("act", lambda: pipeline.act(self.still_ours, by_mail=False)),
            ("orders", lambda: pipeline.obey(wait=False)),
        ]
        if first:
            reddit.append(("forget", pipeline.forget))
            if self._number % 6 == 0:
                reddit.append(("purge", pipeline.purge))
        lanes: list[list[tuple[str, Callable[[], object]]]] = [
            reddit,
            [("work", lambda: pipeline.scan(self._within(SCAN_SECONDS)))],
            [("recheck", pipeline.recheck)],
            [("mail", lambda: pipeline.mail(self.still_ours))],
            [("exchange", pipeline.exchange)],
        ]
        threads = [threading.Thread(target=self._lane, args=(lane,)) for lane in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # what the scanning lane left is judged and acted on before the hour is over
        self._lane(reddit[2:4])

    def _within(self, seconds: float) -> Callable[[], bool]:
        """Return what says whether so many seconds of simulated time are not over yet."""
        end = self._clock.monotonic() + seconds
        return lambda: self._clock.monotonic() < end

    def _lane(self, steps: list[tuple[str, Callable[[], object]]]) -> None:
        for name, step in steps:
            self._guarded(name, step)

    def _guarded(self, name: str, step: Callable[[], object]) -> None:
        try:
            step()
        except GifwardenError:
            self._failed[name] += 1
        except Exception:  # noqa: BLE001  told, and fails the soak
            self._unforeseen.append(f"{name}: {traceback.format_exc(limit=-6)}")

    def _decide(self) -> None:
        """Confirm every open case and state every drafted notice, as a moderator does once a day."""
        store, decisions = self._p.deps.store, self._p.decisions
        by = member(self._p)
        for case in store.cases.listing((CaseState.OPEN,)):
            with contextlib.suppress(GifwardenError):  # decided elsewhere meanwhile
                decisions.deciding.decide(
                    Decision.CONFIRM, [Target(case.label)], by=by, why="seen", key=f"soak {case.label}", after=0
                )
        ground = "https://www.example.org/films/walk (published by its maker on 2024-05-02)"
        for row in store.notices.listing():
            if row.state is NoticeState.DRAFTED and row.recipient:
                statement = Statement(ground="original_footage", detail=ground, by=by, seen=True)
                with contextlib.suppress(GifwardenError):
                    decisions.notices.confirm_notice(row.label, statement)

    def _lose_a_child(self) -> None:
        for child in children_of("self")[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    @contextlib.contextmanager
    def _disk(self, *, full: bool) -> Iterator[None]:
        """Let SQLite find no room for a further page: it then fails as on a full disk."""
        if not full:
            yield
            return
        connection = self._p.deps.store.connection
        connection.rows(f"pragma max_page_count = {connection.value('pragma page_count')}")
        try:
            yield
        finally:
            connection.rows("pragma max_page_count = 1073741823")

    def _answer(self) -> Answer:
        metrics = self._p.deps.store.figures
        connection = self._p.deps.store.connection
        links = metrics.by_state("links")
        answer = Answer(
            at=self._clock.monotonic(),
            links=links,
            actions=metrics.by_state("actions"),
            waiting=sum(links.get(state, 0) for state in WAITING_LINKS),
            rows={name: _count(connection, name) for name in ("posts", "links", "cases", "actions", "notice_items")},
            size=metrics.size(),
            failed=self._failed,
            warned=self._log.warned,
            unforeseen=self._unforeseen,
            given_up=self._log.given_up,
            overtaken=frozenset(row["post"] for row in connection.rows(OVERTAKEN)),
        )
        self._failed, self._unforeseen = Counter(), []
        self._log.warned, self._log.given_up = Counter(), Counter()
        return answer


def _count(connection: Any, table: str) -> int:
    return int(connection.value(f"select count(*) from {table}"))
