"""The daemon: APScheduler calls the pipeline's steps, one at a time, until it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.errors import GifwardenError
from bot.pipeline import Pipeline

LEASE_SECONDS = 120
FOLLOW_SECONDS = 60
WORK_SECONDS = 5
PURGE_HOURS = 6


class Daemon:
    """Runs a pipeline on a schedule. All steps run in one thread, so that no two ever overlap."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._stop = threading.Event()
        self._holder = f"{socket.gethostname()}:{os.getpid()}"
        self._failure: GifwardenError | None = None

    def run(self) -> None:
        """Work until SIGTERM or SIGINT, finishing the step at hand. Raises LeaseError if another daemon works here."""
        upkeep = self._pipeline.deps.store.upkeep
        upkeep.lease(self._holder, LEASE_SECONDS)
        previous = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        poll = self._pipeline.deps.config.reddit.poll_seconds
        steps: tuple[tuple[str, Callable[[], object], float], ...] = (
            ("lease", lambda: upkeep.lease(self._holder, LEASE_SECONDS), LEASE_SECONDS / 4),
            ("watch", self._pipeline.watch, poll),
            ("follow", self._pipeline.follow, FOLLOW_SECONDS),
            ("work", self._pipeline.work, WORK_SECONDS),
            ("act", self._pipeline.act, WORK_SECONDS),
            ("purge", self._pipeline.purge, PURGE_HOURS * 3600),
        )
        now = self._pipeline.deps.clock.now()
        for name, step, seconds in steps:
            scheduler.add_job(self._guarded, "interval", seconds=seconds, id=name, args=(name, step), next_run_time=now)
        self._pipeline.deps.log.info(
            "daemon started", holder=self._holder, subreddits=len(self._pipeline.deps.config.subreddits)
        )
        try:
            scheduler.start()
            self._stop.wait()
        finally:
            scheduler.shutdown(wait=True)
            upkeep.release(self._holder)
            for number, handler in previous.items():
                signal.signal(number, handler)
        self._pipeline.deps.log.info("daemon stopped", holder=self._holder)
        if self._failure is not None:
            raise self._failure

    def run_once(self) -> None:
        """Do every step once, until nothing is due. Raises LeaseError if a daemon works here."""
        upkeep = self._pipeline.deps.store.upkeep
        upkeep.lease(self._holder, LEASE_SECONDS)
        try:
            self._pipeline.tick()
        finally:
            upkeep.release(self._holder)

    def stop(self) -> None:
        """Ask a running daemon to stop after the step at hand."""
        self._stop.set()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _guarded(self, name: str, step: Callable[[], object]) -> None:
        if self._stop.is_set():
            return
        try:
            step()
        except GifwardenError as error:
            self._pipeline.deps.log.warning("step failed", step=name, reason=str(error))
            if name == "lease":  # another daemon has taken over: two must not work side by side
                self._failure = error
                self._stop.set()
        except Exception as error:  # a daemon of years outlives a bug in one step, and says so
            self._pipeline.deps.log.warning(
                "step failed", step=name, reason=f"unexpected {type(error).__name__}", exc_info=True
            )
