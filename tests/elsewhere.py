"""Workers of other machines, in this process: all that is said between coordinator and worker, without a network."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from bot.acquire import Acquirer
from bot.assemble import Outside, web
from bot.jobs import Elsewhere, Here, Line, scan_job
from bot.loopback.stage import Stage
from bot.pipeline import Pipeline


class Ended(EOFError):
    """The other end is gone."""


class InProcess:
    """A line to a worker in a thread. `spoil` may change what the worker says, or raise Ended where it is lost."""

    def __init__(self, here: Here, spoil: Callable[[bytes], bytes]) -> None:
        self._here = here
        self._spoil = spoil
        self._words: queue.Queue[bytes | None] = queue.Queue()
        self._said: queue.Queue[bytes | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def send(self, message: bytes) -> None:
        """Begin the job with the first message; the others are its coordinator's word."""
        if self._thread is not None:
            self._words.put(message)
            return
        self._thread = threading.Thread(target=self._work, args=(message,), daemon=True)
        self._thread.start()

    def _work(self, message: bytes) -> None:
        def ask(body: bytes) -> bytes | None:
            self._tell(body)
            return self._words.get(timeout=30)

        try:
            self._tell(scan_job(message, lambda _settings: self._here, ask, self._tell))
        except Ended:
            self._said.put(None)

    def _tell(self, body: bytes) -> None:
        self._said.put(self._spoil(body))

    def receive(self, most: int, seconds: float) -> bytes:
        """Return what the worker says next."""
        try:
            said = self._said.get(timeout=min(seconds, 30))
        except queue.Empty:
            raise TimeoutError from None
        if said is None:
            raise Ended
        if len(said) > most:
            raise ValueError("a longer message than was asked for")
        return said

    def close(self) -> None:
        """End it."""
        self._words.put(None)
        self._said.put(None)
        if self._thread is not None:
            self._thread.join(30)


@contextmanager
def elsewhere(
    world: Stage,
    bot: Pipeline,
    *,
    spoil: Callable[[bytes], bytes] = lambda said: said,
    dial: Callable[[], Line] | None = None,
) -> Iterator[Pipeline]:
    """Yield the same bot with its links fetched by a worker that has a fetcher of its own."""
    config, clock = bot.deps.config, world.clock
    outside = Outside(resolve=world.park.network.resolve, dial=world.park.network.dial)
    with web(config.fetch, clock, outside) as fetcher:
        here = Here(Acquirer(config, fetcher, clock), bot.deps.workers)
        jobs = Elsewhere(config, bot.deps.acquirer, dial or (lambda: InProcess(here, spoil)))
        yield Pipeline(replace(bot.deps, jobs=jobs))
