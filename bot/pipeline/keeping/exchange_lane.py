"""Exchanges in the daemon: each has a thread of its own, so that one whose list is long or slow holds up no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bot.pipeline.keeping.exchanges import ExchangeSync
from bot.pipeline.recovery import GoOn

ASIDE_SECONDS = 10.0  # for which the others wait for one; then it goes on beside them
MOST_ASIDE = 4  # at once: each holds a page and a connection
WAIT_SECONDS = 1.0  # between two looks whether one of so many has ended
LEAVE_SECONDS = 2.0  # for which what is under way may end by itself at the end


class ExchangeLane:
    """Calls an ExchangeSync from threads. One lane calls `round`; `close` may be called from any thread."""

    def __init__(self, sync: ExchangeSync, cut: Callable[[], None]) -> None:
        """`cut`: what ends requests under way."""
        self._sync = sync
        self._cut = cut
        self._aside: dict[str, _Turn] = {}

    def round(self, go_on: GoOn) -> int:
        """Fetch what is due, and return how many rows came since the last round. Raises what ended one of them.

        What takes long goes on beside the others and over this round, unless so many do already.
        """
        came = self._ended()
        for name in self._sync.order():
            if not go_on():
                break
            if name in self._aside:
                continue
            turn = _Turn(lambda name=name: self._sync.turn(name, go_on))  # type: ignore[misc]
            self._aside[name] = turn
            turn.start()
            turn.join(ASIDE_SECONDS)
            while len(self._aside) > MOST_ASIDE and all(one.is_alive() for one in self._aside.values()) and go_on():
                turn.join(WAIT_SECONDS)
            came += self._ended()
        return came

    def close(self) -> None:
        """End what is under way: what does not end by itself is cut, and the next fetch goes on from there."""
        if self._alive(LEAVE_SECONDS):
            self._cut()
            self._alive(LEAVE_SECONDS)

    def _alive(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        for turn in list(self._aside.values()):
            turn.join(max(0.0, until - time.monotonic()))
        return any(turn.is_alive() for turn in self._aside.values())

    def _ended(self) -> int:
        came = 0
        for name, turn in list(self._aside.items()):
            if not turn.is_alive():
                del self._aside[name]
                came += turn.result()
        return came


class _Turn(threading.Thread):
    """One exchange's turn."""

    def __init__(self, work: Callable[[], int]) -> None:
        super().__init__(name="exchange", daemon=True)
        self._work = work
        self._came = 0
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do it, and keep what came of it."""
        try:
            self._came = self._work()
        except BaseException as error:  # noqa: BLE001  it is raised where the round is
            self._error = error

    def result(self) -> int:
        """Return what came of it, or raise what ended it."""
        if self._error is not None:
            raise self._error
        return self._came
