"""Exchanges that are fetched because somebody asked at a door that does not wait for it: in threads of their own."""

from __future__ import annotations

import threading
import time

from bot.errors import UsageError
from bot.model import PROGRAM, Actor
from bot.pipeline.keeping.exchanges import ExchangeSync
from bot.pipeline.log import Log
from bot.pipeline.recovery import log_reason, reason_of

AT_ONCE = 3  # fetches that were asked for
LEAVE_SECONDS = 2.0


class FetchNow:
    """Safe to call from any thread."""

    def __init__(self, sync: ExchangeSync, log: Log) -> None:
        self._sync = sync
        self._log = log
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}  # by exchange
        self._failed: dict[str, str] = {}  # why the last fetch that was asked for did not end, by exchange
        self._closed = False

    def start(self, name: str, *, yes: bool = False, again: bool = False, by: Actor) -> None:
        """Begin to fetch an exchange; `yes`, `again`: as ExchangeSync.fetch has `yes` and `fresh`.

        Raises UsageError if there is none of that name, or it is under way, or too many are.
        """
        self._sync.settings(name)
        with self._lock:
            if self._closed:
                raise UsageError("the program stops; ask again when it runs")
            self._threads = {other: thread for other, thread in self._threads.items() if thread.is_alive()}
            if name in self._threads:
                raise UsageError(f"the exchange {name} is being fetched at this moment; read the page again")
            if len(self._threads) >= AT_ONCE:
                raise UsageError(f"{AT_ONCE} exchanges are being fetched at this moment; ask again when one is done")
            self._failed.pop(name, None)
            thread = threading.Thread(target=self._run, args=(name, yes, again, by), name="fetch now", daemon=True)
            self._threads[name] = thread
            thread.start()

    def runs(self, name: str) -> bool:
        """Return whether a fetch that was asked for is under way."""
        with self._lock:
            thread = self._threads.get(name)
        return thread is not None and thread.is_alive()

    def failed(self, name: str) -> str:
        """Return why the last fetch that was asked for failed; empty if none did."""
        with self._lock:
            return self._failed.get(name, "")

    def close(self) -> None:
        """Begin no more, and let those under way end behind their page; the next fetch goes on from there."""
        with self._lock:
            self._closed = True
            threads = list(self._threads.values())
        until = time.monotonic() + LEAVE_SECONDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self, name: str, yes: bool, again: bool, by: Actor) -> None:
        try:
            voice = by if yes else PROGRAM  # as the command has it: only a yes is somebody's word
            self._sync.fetch(name, yes=yes, fresh=again, by=voice, go_on=lambda: not self._closed)
        except Exception as error:  # noqa: BLE001  it is said where the exchange is shown, and in the log
            with self._lock:
                self._failed[name] = reason_of(error)
            self._log.warning("exchange not fetched", exchange=name, reason=log_reason(error))
