"""Measuring in a process of its own, so that the most memory that it ever had is that of this work."""

from __future__ import annotations

import multiprocessing
import queue
import resource
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bot.bench.figures import Figure, Say
from bot.errors import GifwardenError

MIB = 1 << 20
LOOK = 0.1  # seconds between two looks at the memory


def apart(work: Callable[..., Iterator[Figure | str]], arguments: tuple[Any, ...], say: Say) -> Iterator[Figure]:
    """Yield the figures that `work(*arguments)` yields in another process; its words go to `say`.

    Raises GifwardenError if that process ends without a word.
    """
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_work, args=(work, arguments, answers))
    process.start()
    while (found := _answer(process, answers)) is not None:
        if isinstance(found, Figure):
            yield found
        else:
            say(found)
    process.join()


def _answer(process: Any, answers: Any) -> Any:
    """Return what it says next. Raises GifwardenError if it ended without a word."""
    while True:
        alive = process.is_alive()
        try:
            return answers.get(timeout=1)
        except queue.Empty:
            if not alive:
                raise GifwardenError(f"the measuring process ended with {process.exitcode}") from None


def _work(work: Callable[..., Iterator[Figure | str]], arguments: tuple[Any, ...], answers: Any) -> None:
    try:
        for found in work(*arguments):
            answers.put(found)
    finally:
        answers.put(None)


class Memory:
    """The most memory that this process has of its own, files that it maps left out; looked at ten times a second."""

    def __init__(self) -> None:
        self._most = 0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            self._most = max(self._most, self.now())
            time.sleep(LOOK)

    def now(self) -> int:
        """Return how many bytes that are now."""
        told = Path("/proc/self/status")
        lines = told.read_text().splitlines() if told.exists() else []
        held = next((line for line in lines if line.startswith("RssAnon:")), None)
        if held is None:  # not Linux: what is mapped counts as well
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return int(held.split()[1]) * 1024

    def most(self) -> int:
        """Return the most bytes since this was asked last."""
        most, self._most = max(self._most, self.now()), 0
        return most

    def told(self) -> str:
        """Return the most since this was asked last, in words."""
        return f"at most {self.most() / MIB:,.0f} MiB of memory"
