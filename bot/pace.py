"""How often servers are asked: each group at its pace, and not at all while it wants to be left alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import Clock
from bot.errors import OutageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it stands with the servers that a link leads to: what another machine must know before it asks them.

    `due`: seconds until their next request; `rest`: for which they asked to be left alone; `state`: the plug's tokens.
    """

    due: float = 0.0
    rest: float = 0.0
    state: Mapping[str, str] = field(default_factory=dict, repr=False)


class Pace:
    """Spaces the requests to each group of servers, and lets a group rest that asked for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}
        self._resting: dict[str, float] = {}

    def now(self) -> datetime:
        """Return the time of the clock that requests are spaced by."""
        return self._clock.now()

    def turn(self, group: str, interval: float) -> None:
        """Wait for this request's turn, in seconds of the clock. Raises OutageError while the group rests."""
        with self._lock:
            self._check(group)
            now = self._clock.monotonic()
            start = max(now, self._next.get(group, now))
            self._next[group] = start + interval
        if start > now:
            self._clock.sleep(start - now)
            with self._lock:
                self._check(group)  # another thread may have been sent away meanwhile

    def rest(self, group: str, seconds: float) -> None:
        """Refuse all requests to the group for that long."""
        with self._lock:
            until = self._clock.monotonic() + seconds
            self._resting[group] = max(until, self._resting.get(group, until))

    def take_over(self, group: str, due: float, rest: float) -> None:
        """Send the next request to the group in `due` seconds at the earliest, none for `rest` seconds."""
        with self._lock:
            now = self._clock.monotonic()
            self._next[group] = max(self._next.get(group, now), now + due)
            self._resting.pop(group, None)
            if rest > 0:
                self._resting[group] = now + rest

    def resting(self, group: str) -> float:
        """Return for how many seconds all requests to the group are refused; 0 or less if none are."""
        return self._resting.get(group, 0.0) - self._clock.monotonic()

    def due(self, group: str) -> float:
        """Return in how many seconds the group's next turn is; 0 or less if it is now."""
        return self._next.get(group, 0.0) - self._clock.monotonic()

    def _check(self, group: str) -> None:
        left = self.resting(group)
        if left > 0:
            raise OutageError(f"{group} asked to wait; its next turn is in {left:.0f} seconds", retry_after=left)
        self._resting.pop(group, None)
