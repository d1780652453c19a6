"""A confined child of its own for each look: what one person looks at meets no other file, and waits behind none."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from bot import seccomp
from bot.config import DecodeConfig
from bot.contact_sheets.compose import Ranges, compose
from bot.errors import LimitError, MediaError
from bot.fingerprint import SheetAsked, WireError, read_sheet
from bot.fingerprint.child import SHEETS
from bot.fingerprint.sheet_wire import longest, request
from bot.model import Sheet
from bot.workers import Child, Died, Lied, Unfiltered, explained, not_started

CPU_SECONDS = 12  # of the processor: a sheet needs a few frames, and a person waits
ENDED = "the look was ended"


class Looker:
    """One look at one file. It begins to start its child at once, beside what its file needs; `close` ends that.

    Safe to stop from any thread.
    """

    def __init__(self, config: DecodeConfig) -> None:
        seccomp.hide_memory()
        self._config = config.model_copy(update={"cpu_seconds": min(config.cpu_seconds, CPU_SECONDS)})
        self._lock = threading.Lock()
        self._over = self._closed = False
        # children die with the thread that started them
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._child: Future[Child] = self._keeper.submit(Child, self._config, None, None, SHEETS)
        self._child.add_done_callback(self._begun)

    @property
    def pid(self) -> int | None:
        """The child's process id once it has started, None if it does not."""
        with contextlib.suppress(Died, Lied, Unfiltered):
            return self._child.result().pid
        return None

    def sheet(self, data: bytes, asked: SheetAsked, ranges: Ranges, *, seconds: float) -> Sheet:
        """Return a contact sheet of one file; `ranges` are the stretches that matched. Takes `seconds` at most.

        Raises MediaError for what does not decode or crashes the decoder, LimitError for what takes too much, and
        OutsideError if no decoder starts.
        """
        end = time.monotonic() + seconds
        try:
            child = self._child.result(seconds)
        except TimeoutError:
            raise LimitError(late(seconds)) from None
        except (Died, Lied, Unfiltered) as error:
            raise not_started(error) from None
        try:
            answer = child.ask(
                data,
                {"sheet": request(asked)},
                most=longest(asked),
                seconds=max(0.1, end - time.monotonic()),
                cpu=self._config.cpu_seconds,
            )
            return compose(read_sheet(answer, asked), asked, ranges)
        except Died as death:
            if self._over:
                raise MediaError(ENDED) from None
            raise (LimitError(late(seconds)) if death.late else explained(death, self._config)) from None
        except (Lied, WireError):
            raise MediaError("the decoder gave an answer that is no picture; the file is left alone") from None

    def stop(self) -> None:
        """Kill the child, also one that only starts; who waits for it gets an error."""
        with self._lock:
            self._over = True
        if self._child.done() and self._child.exception() is None:
            self._child.result().kill()

    def close(self) -> None:
        """End the child. Calling it again does nothing, and nothing is waited for."""
        self.stop()
        with self._lock:
            closed, self._closed = self._closed, True
        if not closed:
            self._keeper.submit(self._end)
            self._keeper.shutdown(wait=False)

    def _begun(self, child: Future[Child]) -> None:
        with self._lock:
            over = self._over
        if over and child.exception() is None:
            child.result().kill()

    def _end(self) -> None:
        if self._child.exception() is None:
            self._child.result().end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def late(seconds: float) -> str:
    """Return that there was no time."""
    return f"the picture was not made within {seconds:.0f} seconds; ask again, or decide without it"
