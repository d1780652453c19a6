"""What answers when the process is told to stop; and how a service ends that is told to before it has its own answer.

Nothing but the standard library stands here, for this comes before everything else.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SERVICES = ("run", "worker", "scheduler")  # commands that go on until they are told to stop
SENTENCE = b"gifwarden: told to stop while it started; nothing was begun\n"
STOPS = (signal.SIGTERM, signal.SIGINT)
Handler = Callable[[int, FrameType | None], None]
INTERRUPTED = b"gifwarden: stopped\n"


def early(command: str) -> None:
    """End the process when it is told to stop, while what it needs is being imported: exit code 0 of a service.

    Of another command Ctrl-C ends it with 130, and SIGTERM as ever.
    """
    if command in SERVICES:
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGINT, _end)
    else:
        signal.signal(signal.SIGINT, _interrupt)


def usual() -> None:
    """Take back what stands here: from now on a signal does what it does to any command."""
    for number, handler in ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
        if signal.getsignal(number) in (_end, _interrupt):
            signal.signal(number, handler)


@contextmanager
def answered(handler: Handler) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C call `handler` within the block, and what stood there before afterwards."""
    previous = {number: signal.signal(number, handler) for number in STOPS}
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


def deaf() -> None:
    """Hear no further signal, so that a second one does not keep us from tidying up."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def unwinding() -> Iterator[None]:
    """Leave the block by SystemExit when told to stop, so that what was opened in it is closed; exit code 0."""
    with answered(_leave):
        yield


def _end(_number: int, _frame: FrameType | None) -> None:
    # no exception: what imports may hold it back, and then nothing would end
    os.write(2, SENTENCE)
    os._exit(0)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    os.write(2, INTERRUPTED)
    os._exit(130)


def _leave(_number: int, _frame: FrameType | None) -> None:
    deaf()
    os.write(2, SENTENCE)
    raise SystemExit(0)
