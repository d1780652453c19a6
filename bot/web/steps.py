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
    _alive: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._alive = self.clock.monotonic()

    def expect(self, name: str, every: float) -> None:
        """Record that a step is called every so many seconds from now on."""
        with self._lock:
            self._steps[name] = Step(name=name, every=every, heard=self.clock.monotonic())

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Count a run of an expected step and its time; a raised error is let through and counted as a failure."""
        start = self.clock.monotonic()
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
        """Record a heartbeat: a step began or ended, or came to its next link."""
        self._alive = self.clock.monotonic()

    def silence(self) -> float:
        """Return for how many seconds nothing was heard of any step."""
        return self.clock.monotonic() - self._alive

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
