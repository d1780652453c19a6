"""The daemon: APScheduler calls the pipeline's steps in six lanes until it is told to stop.

Steps of one lane run one by one. Each lane waits for other servers: Reddit, the hosts of media, our mail server, the
mailbox of answers, exchanges of hash lists. A slow one holds its own lane and no other.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from types import FrameType
from typing import TYPE_CHECKING

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from bot import stopping
from bot.clock import Clock, iso
from bot.errors import REDDIT_OUTAGES, GifwardenError, LeaseError, RedditError
from bot.pipeline import Pipeline
from bot.plural import many
from bot.systemd import ServiceManager
from bot.web.steps import Steps

if TYPE_CHECKING:  # a server is no part of a daemon without a port
    from bot.web.console.base import Page

LEASE_SECONDS = 120  # renewed four times as often, from a thread of its own: a step may take longer
FOLLOW_SECONDS = 60
WORK_SECONDS = 5
PURGE_HOURS = 6
RECHECK_SECONDS = 60  # what is due among the looks at notices' media
FORGET_MINUTES = 5  # a slice of what was deleted on Reddit is looked for
REDDIT, SCANNING, LOOKING, SENDING, READING, EXCHANGES = LANES = (
    "reddit", "scanning", "looking", "sending", "reading", "exchanges",
)  # fmt: skip
READ_SECONDS = 60  # the mailbox of answers is looked into
EXCHANGE_SECONDS = 30  # what is due among the exchanges is looked for
SIGNAL_SECONDS = 0.25
CUT_SECONDS = 2.0  # for what is at hand to end by itself once we are told to stop; then exchanges are cut
SILENT_SECONDS = 900.0  # without a sign of life of any step; then systemd is no longer told that all is well
JUMP_SECONDS = 5.0  # by which the wall clock may part from the monotonic one before that counts as a jump


class Every(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """Fires so many seconds after it fired last, whatever moments the clock left out.

    An interval of APScheduler's own makes up a list of every moment that was missed: after a jump of years, millions.
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._wait = timedelta(seconds=seconds)
        self._clock = clock
        self._due = clock.monotonic()

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        """Return the moment one interval after now."""
        self._due = self._clock.monotonic() + self._wait.total_seconds()
        return now + self._wait

    def left(self) -> timedelta:
        """Return how long it is until it fires, by the clock that never jumps."""
        return max(timedelta(seconds=self._due - self._clock.monotonic()), timedelta())


class Jumps:
    """Tells when the wall clock was set: it parts from the clock that never jumps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart = self._measure()

    def since_last(self) -> float:
        """Return by how many seconds the wall clock was set since the last call, 0 if it was not."""
        apart = self._measure()
        jump = apart - self._apart
        if abs(jump) < JUMP_SECONDS:
            return 0.0
        self._apart = apart
        return jump

    def _measure(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()


class Daemon:
    """Runs a pipeline on a schedule."""

    def __init__(self, pipeline: Pipeline, pages: Sequence[Page] = ()) -> None:
        """`pages`: further ones for the console that it serves."""
        self._pipeline = pipeline
        self._pages = pages
        self._stop = threading.Event()
        self._holder = f"{socket.gethostname()}:{os.getpid()}"
        self._told = False  # by a signal: setting an event in a handler can wait for who waits for it
        self._failure: LeaseError | None = None
        self._manager = ServiceManager()
        self._steps = Steps(pipeline.deps.clock)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT, finishing what is at hand. Raises LeaseError if another daemon works here."""
        with stopping.answered(self._on_signal), self._leased():
            self._manager.status("starting")
            self._work()

    def run_once(self) -> None:
        """Do every step once, until nothing is due.

        Raises LeaseError if a daemon works here, RedditError if Reddit does not answer: at the start (then nothing is
        done) or while the subreddits are read.
        """
        deps = self._pipeline.deps
        with self._leased():
            deps.api.me()
            self._pipeline.tick(self.still_ours)
            silent = [place for place in deps.store.watched.places() if place.state in REDDIT_OUTAGES]
            if silent:
                names = ", ".join(f"r/{place.subreddit}" for place in silent)
                what = f"Reddit did not answer, so we could not read {names}"
                raise RedditError(what, state=silent[0].state, again="later")

    def stop(self) -> None:
        """Ask a running daemon to stop after what is at hand."""
        self._stop.set()

    def still_ours(self) -> bool:
        """Return whether work may go on and nobody else took the lease: what the outbox asks before each action."""
        return self._go_on() and self._pipeline.deps.store.lease.holds(self._holder)

    def _work(self) -> None:
        # that a step takes longer than its interval is everyday, and would stand in no log line of ours
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = BackgroundScheduler(
            executors={lane: ThreadPoolExecutor(1) for lane in LANES},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        poll = self._pipeline.deps.config.reddit.poll_seconds
        pipeline, orders = self._pipeline, self._pipeline.deps.config.orders.poll_seconds
        steps: tuple[tuple[str, str, Callable[[], object], float], ...] = (
            ("watch", REDDIT, lambda: pipeline.watch(self._go_on), poll),
            ("follow", REDDIT, lambda: pipeline.follow(self._go_on), FOLLOW_SECONDS),
            ("work", SCANNING, lambda: pipeline.scan(pipeline.slice(self._go_on)), WORK_SECONDS),
            ("recheck", LOOKING, lambda: pipeline.recheck(self._go_on), RECHECK_SECONDS),
            ("judge", REDDIT, lambda: pipeline.decide(pipeline.slice(self._go_on)), WORK_SECONDS),
            ("act", REDDIT, lambda: pipeline.act(self.still_ours, by_mail=False), WORK_SECONDS),
            ("read", READING, lambda: pipeline.read(self._go_on), READ_SECONDS),
            ("mail", SENDING, lambda: pipeline.mail(self.still_ours), WORK_SECONDS),
            ("orders", REDDIT, lambda: pipeline.obey(wait=False), orders),
            ("purge", REDDIT, lambda: pipeline.purge(self._go_on), PURGE_HOURS * 3600),
            ("exchange", EXCHANGES, lambda: pipeline.exchange(self._go_on, aside=True), EXCHANGE_SECONDS),
            ("forget", REDDIT, lambda: pipeline.forget(self._go_on), FORGET_MINUTES * 60),
        )
        for name, lane, _, seconds in steps:
            self._steps.expect(name, seconds, lane)
        clock, jumps = self._pipeline.deps.clock, Jumps(self._pipeline.deps.clock)
        every: dict[str, Every] = {}
        now = clock.now()
        for place, (name, lane, step, seconds) in enumerate(steps):
            first = now + timedelta(milliseconds=place)  # at one moment they would start in the order of the alphabet
            every[name] = Every(seconds, clock)
            scheduler.add_job(
                self._guarded, every[name], id=name, args=(name, step), next_run_time=first, executor=lane
            )
        self._pipeline.deps.log.info(
            "daemon started", holder=self._holder, subreddits=len(self._pipeline.deps.config.subreddits)
        )
        with self._server():
            try:
                scheduler.start()
                self._manager.ready()
                # a signal that arrives just before an endless wait is heard only when that ends
                while not self._told and not self._stop.wait(SIGNAL_SECONDS):
                    if jump := jumps.since_last():
                        self._on_jump(jump, scheduler, every)
                self._manager.stopping()
            finally:
                self._stop.set()
                cutter = threading.Timer(CUT_SECONDS, self._pipeline.cut)
                cutter.daemon = True
                cutter.start()
                scheduler.shutdown(wait=True)
                self._pipeline.exchange_lane.close()  # what goes on beside the lane
                cutter.cancel()
        self._pipeline.deps.log.info("daemon stopped", holder=self._holder)

    def _on_jump(self, seconds: float, scheduler: BackgroundScheduler, every: dict[str, Every]) -> None:
        """Arm every job again after the wall clock was set, and let what waits go on waiting as long as it would have.

        APScheduler goes by the wall clock: an hour back, and it would call no step for an hour.
        """
        deps = self._pipeline.deps
        now = deps.clock.now()
        deps.log.warning("clock was set", seconds=round(seconds), now=iso(now))
        for place, (name, trigger) in enumerate(every.items()):
            scheduler.modify_job(name, next_run_time=now + trigger.left() + timedelta(milliseconds=place))
        try:
            deps.store.lease.take(self._holder, LEASE_SECONDS)  # by the clock as it was it may have run out
            deps.store.waits.shift(seconds)
        except LeaseError as error:
            self._failure = error
            self._stop.set()
        except GifwardenError as error:  # what waits is due in a day at the latest all the same
            deps.log.warning("waits not set right", reason=str(error))

    @contextlib.contextmanager
    def _server(self) -> Iterator[None]:
        """Serve the console, /metrics and /health while the daemon works, as the configuration asks for it.

        Raises ConfigError if a port cannot be used.
        """
        config, log = self._pipeline.deps.config, self._pipeline.deps.log
        if not (config.web.port or config.metrics.port):
            yield
            return
        from bot.web.serving import served  # a server is no part of any other command

        with served(self._pipeline, self._steps, pages=self._pages) as server:
            log.info("web served", ports=list(server.ports))
            yield

    @contextlib.contextmanager
    def _leased(self) -> Iterator[None]:
        """Hold lock and lease, renewed by a thread. Raises LeaseError."""
        lease = self._pipeline.deps.store.lease
        with lease.lock():
            lease.take(self._holder, LEASE_SECONDS, start=True)
            self._pipeline.deps.store.queue.release_all()  # whoever held the lease before works no more
            over = threading.Event()
            keeper = threading.Thread(target=self._keep, args=(over,), name="lease", daemon=True)
            keeper.start()
            try:
                yield
            finally:
                over.set()
                keeper.join()
                try:
                    lease.release(self._holder)
                except GifwardenError as error:  # it runs out by itself, and the next start gives links back
                    self._pipeline.deps.log.warning("lease not given back", reason=str(error))
        if self._failure is not None:
            raise self._failure

    def _keep(self, over: threading.Event) -> None:
        while not over.wait(LEASE_SECONDS / 4):
            try:
                self._pipeline.deps.store.lease.take(self._holder, LEASE_SECONDS)
                self._tell_manager()
            except LeaseError as error:  # another daemon has taken over: two must not work side by side
                self._failure = error
                self._stop.set()
                return
            except GifwardenError as error:  # a full disk passes; without a lease the outbox does nothing meanwhile
                self._pipeline.deps.log.warning("lease not renewed", reason=str(error))

    def _tell_manager(self) -> None:
        """Tell systemd that the steps go on, as long as they do: one that hangs is then restarted."""
        if self._steps.silence() < SILENT_SECONDS:
            self._manager.alive()
        waiting = self._pipeline.deps.store.figures.by_state("links").get("seen", 0)
        late = self._steps.late()
        subreddits = len(self._pipeline.deps.config.subreddits)
        well = f"watching {many(subreddits, 'subreddit')}; {many(waiting, 'link')} waiting"
        self._manager.status(late[0] if late else well)

    def _go_on(self) -> bool:
        self._steps.alive()
        return not (self._told or self._stop.is_set())

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._told = True

    def _guarded(self, name: str, step: Callable[[], object]) -> None:
        if self._told or self._stop.is_set():
            return
        try:
            with self._steps.running(name):
                step()
        except GifwardenError as error:
            self._pipeline.deps.log.warning("step failed", step=name, reason=str(error))
        except Exception as error:  # a daemon of years outlives a bug in one step, and says so
            self._pipeline.deps.log.warning(
                "step failed", step=name, reason=f"unexpected {type(error).__name__}", exc_info=True
            )
