"""The only clock. Everything that asks for the time or waits takes one of these; how long to wait after a failure."""

from __future__ import annotations

import math
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

DAY = 86_400.0  # seconds


class Clock(Protocol):
    """Wall time, elapsed time and waiting."""

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""

    def sleep(self, seconds: float) -> None:
        """Wait for that many seconds."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ManualClock:
    """A clock that moves only when told to; `sleep` moves it. For the demo and the tests."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware moment")
        self._start = start.astimezone(UTC)
        self._elapsed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        with self._lock:
            return self._elapsed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._elapsed += max(0.0, seconds)


def backoff(failures: int, *, first: float, longest: float = DAY) -> float:
    """Return how many seconds to wait after so many failures in a row: `first`, doubled each time, up to `longest`.

    `failures` counts the one that just happened; none or fewer count as one.
    """
    doublings = min(max(failures, 1) - 1, math.ceil(math.log2(max(longest / first, 1))))
    return min(first * 2.0**doublings, longest)


def iso(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with seconds, e.g. `2026-11-22T15:56:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(moment: datetime) -> str:
    """Return a moment's day in UTC for people, e.g. `2026-11-22`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d")


def day_and_time(moment: datetime) -> str:
    """Return a moment in UTC to the minute for people, e.g. `2026-11-22 15:56`; who shows it says that it is UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def minutes(seconds: float) -> str:
    """Return a place in a recording as `m:ss`."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def tenths(seconds: float) -> str:
    """Return a place in a recording as `m:ss.s`."""
    whole = round(seconds * 10)
    return f"{whole // 600}:{whole % 600 / 10:04.1f}"


def from_iso(text: str) -> datetime:
    """Return the aware moment that `iso` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)


def from_unix(value: Any) -> datetime | None:
    """Return the aware moment of a server's Unix time, in seconds; None for whatever else stands in its place."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
