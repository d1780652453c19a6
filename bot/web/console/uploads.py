"""Files that people send: who may, how many at once, how fast, in what time, and never on the disk."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import anyio
from starlette.datastructures import FormData
from starlette.formparsers import FormParser, MultiPartParser
from starlette.requests import Request

from bot.errors import UsageError
from bot.web.console.guard import MAX_BODY, TooMuchError

MAX_FILE = 64 << 20  # bytes, whatever is fetched of hosts
AT_ONCE = 2  # files that arrive or are read at the same time
SECONDS = 120.0  # in which a file has arrived
SPEED = 16 * 1024  # bytes a second that a file has at least
PATIENCE = 10.0  # seconds that a line may be behind that
TOO_SLOW = (
    f"the file came too slowly: less than {SPEED // 1024} KiB a second, and others wait; try again over a faster line"
)


class InMemory(MultiPartParser):
    """Reads a form with a file; the file stays in memory, for without a size a spooled file is never rolled over."""

    spool_max_size = 0


class Uploads:
    """Takes files one beside the other, and no more. For one event loop."""

    def __init__(self) -> None:
        self._senders: set[int] = set()

    @asynccontextmanager
    async def received(self, request: Request, fields: int, *, member: int) -> AsyncIterator[FormData]:
        """Yield a form with at most one file, whose bytes are dropped afterwards.

        It is asked for only once it is clear that who sends it may. Raises UsageError if too many send files, this
        member sends one already, or it comes too slowly; MultiPartException for what is no such form, TooMuchError for
        other fields that are too long.
        """
        if member in self._senders:
            raise UsageError("a file of yours is still being sent; wait until it has arrived, or close its page")
        if len(self._senders) >= AT_ONCE:
            raise UsageError("too many people send files at this moment; try again in half a minute")
        self._senders.add(member)
        try:
            if more_time := request.scope.get("state", {}).get("more_time"):
                more_time(SECONDS)
            form = await _read(request, fields)
            try:
                yield form
            finally:
                await form.close()
        finally:
            self._senders.discard(member)


async def _read(request: Request, fields: int) -> FormData:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        parser = InMemory(request.headers, _kept_up(request), max_files=1, max_fields=fields, max_part_size=MAX_BODY)
        return await parser.parse()
    return await FormParser(request.headers, _short(request)).parse()


async def _kept_up(request: Request) -> AsyncGenerator[bytes, None]:
    """Yield what arrives. Raises UsageError if it comes too slowly; what came fast before makes up for nothing."""
    stream, left = aiter(request.stream()), PATIENCE
    while True:
        begun = anyio.current_time()
        try:
            with anyio.fail_after(left):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise UsageError(TOO_SLOW) from None
        yield chunk
        left = min(PATIENCE, left - (anyio.current_time() - begun) + len(chunk) / SPEED)


async def _short(request: Request) -> AsyncGenerator[bytes, None]:
    left = MAX_BODY
    async for chunk in _kept_up(request):
        left -= len(chunk)
        if left < 0:
            raise TooMuchError
        yield chunk
