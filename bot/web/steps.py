"""What the daemon's steps did: when each ended last, how, and how long it took. In memory only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.clock import Clock

PATIENCE = 3.0  # times its interval that a step may be late before it is called late
MIN_PATIENCE = 900.0  # seconds: one file, or a wait for Reddit's next window, may take this long


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the daemon. Times in seconds."""

    name: str
    every: float
    heard: float  # when it ended well last, or the daemon began to call it, by the clock that never jumps
    runs: int = 0
    failures: int = 0
    seconds: float = 0.0  # of all runs together
    succeeded: datetime | None = None
    failure: str | None = None  # the sentence of the last run, None if that was well


@dataclass(slots=True)
class Steps:
    """The daemon's steps by name. Any thread may write and read."""

    clock: Clock
    _steps: dict[str, Step] = field(default_factory=dict)
    _begun: float = 0.0
    _alive: dict[str, float] = field(default_factory=dict)  # by lane
    _lanes: dict[str, str] = field(default_factory=dict)  # by step
    _here: threading.local = field(default_factory=threading.local)  # the lane of a thread
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._begun = self.clock.monotonic()

    def expect(self, name: str, every: float, lane: str = "") -> None:
        """Record that a step is called every so many seconds from now on. Steps of one lane run one by one."""
        with self._lock:
            self._steps[name] = Step(name=name, every=every, heard=self.clock.monotonic())
            self._lanes[name] = lane
            self._alive[lane] = self.clock.monotonic()

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Count a run of an expected step and its time; a raised error is let through and counted as a failure."""
        start = self.clock.monotonic()
        with self._lock:
            self._here.lane = self._lanes[name]
        self.alive()
        failure: str | None = None
        try:
            yield
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            self.alive()
            now = self.clock.now()
            with self._lock:
                step = self._steps[name]
                self._steps[name] = replace(
                    step,
                    runs=step.runs + 1,
                    failures=step.failures + (failure is not None),
                    seconds=step.seconds + self.clock.monotonic() - start,
                    heard=self.clock.monotonic() if failure is None else step.heard,
                    succeeded=now if failure is None else step.succeeded,
                    failure=failure,
                )

    def alive(self) -> None:
        """Record a heartbeat of this thread's lane: a step began or ended, or came to its next link."""
        with self._lock:
            lane = getattr(self._here, "lane", "" if not self._lanes else None)
            if lane is not None:
                self._alive[lane] = self.clock.monotonic()

    def silence(self) -> float:
        """Return for how many seconds nothing was heard of the lane that is silent for the longest."""
        with self._lock:
            return self.clock.monotonic() - min(self._alive.values(), default=self._begun)

    def all(self) -> tuple[Step, ...]:
        """Return every expected step as it stands."""
        with self._lock:
            return tuple(self._steps.values())

    def late(self) -> tuple[str, ...]:
        """Return a sentence for each step that has not succeeded for too long, whatever the wall clock was set to.

        Empty if all is well.
        """
        now = self.clock.monotonic()
        found = []
        for step in self.all():
            waited = now - step.heard
            if waited > max(MIN_PATIENCE, PATIENCE * step.every):
                why = f" (last: {step.failure})" if step.failure else ""
                found.append(f"{step.name} has not ended well for {waited / 60:.0f} minutes{why}; see the log")
        return tuple(found)
