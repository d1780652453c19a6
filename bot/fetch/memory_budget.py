"""How many bytes of strangers' files are held in memory at once, over all threads."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class MemoryBudget:
    """A limit on bytes that are shared by pieces of work, one a thread.

    Who has been at work for longest never waits, so that two that hold much cannot wait for each other: what is held
    stays below the limit and one piece of work.
    """

    def __init__(self, most: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._monotonic = monotonic
        self._change = threading.Condition()
        self._held: dict[int, int] = {}
        self._numbers = itertools.count()
        self._own = threading.local()
        self._closed = False
        self.peak = 0  # the most that was held at once, in bytes

    @contextmanager
    def share(self) -> Iterator[None]:
        """Count what this thread takes until the end of the block; without it nothing is counted."""
        with self._change:
            number = next(self._numbers)
            self._held[number] = 0
        self._own.number = number
        try:
            yield
        finally:
            self._own.number = None
            with self._change:
                del self._held[number]
                self._change.notify_all()

    def take(self, size: int) -> float:
        """Take that many bytes as soon as there is room; return how many seconds that took."""
        number = getattr(self._own, "number", None)
        if number is None:
            return 0.0
        began = self._monotonic()
        with self._change:
            while not self._closed and number != min(self._held) and sum(self._held.values()) + size > self._most:
                self._change.wait()
            self._held[number] += size
            self.peak = max(self.peak, sum(self._held.values()))
        return self._monotonic() - began

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._change:
            self._closed = True
            self._change.notify_all()
