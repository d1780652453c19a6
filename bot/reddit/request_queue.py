"""The one thread that talks to Reddit, and the queue in front of it: the more important job goes first."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from bot.clock import Clock
from bot.errors import RedditError
from bot.reddit.budget import Budget, Job

NAP = 0.2  # seconds at most between two looks at whether something more important has come

T = TypeVar("T")


class RequestQueue:
    """Does calls one at a time, in the order of their jobs, within the budget."""

    def __init__(self, budget: Budget, clock: Clock) -> None:
        self._budget = budget
        self._clock = clock
        self._waiting: list[tuple[Job, int, Callable[[], Any], Future[Any], str]] = []
        self._numbers = itertools.count()
        self._condition = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def run(self, job: Job, call: Callable[[], T], doing: str) -> T:
        """Do it in our thread and wait. Raises RedditError if closed, or if the budget says to come back later."""
        done: Future[T] = Future()
        with self._condition:
            if self._closed:
                raise _closed(doing)
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="reddit", daemon=True)
                thread.start()
                self._thread = thread  # if the machine had none for us, the next call tries again
            heapq.heappush(self._waiting, (job, next(self._numbers), call, done, doing))
            self._condition.notify()
        return done.result()

    def stop(self) -> None:
        """Refuse the calls that wait, and every later one."""
        with self._condition:
            self._closed = True
            self._condition.notify()

    def close(self) -> None:
        """Finish the call under way, refuse those that wait, and end the thread."""
        self.stop()
        with self._condition:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _work(self) -> None:
        while True:
            taken = self._next()
            if taken is None:
                return
            job, _, call, done, _ = taken
            self._budget.sent(job)
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001  belongs to who waits for it, and is raised there
                done.set_exception(error)
            else:
                done.set_result(result)
            del taken, call, done  # the answer, or what was posted, must not live on until the next call

    def _next(self) -> tuple[Job, int, Callable[[], Any], Future[Any], str] | None:
        """Wait for the most important call that may go; None once closed."""
        while True:
            with self._condition:
                while not self._waiting and not self._closed:
                    self._condition.wait()
                if self._closed:
                    for _, _, _, done, doing in self._waiting:
                        done.set_exception(_closed(doing))
                    self._waiting.clear()
                    return None
                self._send_away()
                if not self._waiting:
                    continue
                wait = self._budget.wait(self._waiting[0][0])
                if wait <= 0:
                    return heapq.heappop(self._waiting)
            self._clock.sleep(min(wait, NAP))

    def _send_away(self) -> None:
        """Tell calls that would wait for too long to come back later."""
        kept = []
        for entry in self._waiting:
            refusal = self._budget.refusal(entry[0], entry[4])
            if refusal is None:
                kept.append(entry)
            else:
                entry[3].set_exception(refusal)
        heapq.heapify(kept)
        self._waiting = kept


def _closed(doing: str) -> RedditError:
    return RedditError(f"the connection to Reddit is closed, so we could not {doing}", retry=False)
