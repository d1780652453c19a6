"""Where the coordinator gives jobs: a connection each, which lives as long as its job."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.jobs import LOST, ClusterError
from bot.jobs.messages import MOST_REQUEST, error_to, packed, unpacked, version
from bot.tls import role_of

ALIVE = 5.0  # seconds between two signs of life
EMPTY_SECONDS = 10  # without any worker, until a job is given back
NOBODY = "no worker is there that takes links; start one: gifwarden worker"
WORD = 1 << 12  # bytes of the word by which files may be decoded
WORD_SECONDS = 60.0  # within which it comes, or the files are dropped


@dataclass(slots=True, eq=False)
class Job:
    """A job in work: its connection, and what waits for the coordinator's word."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    asked: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    gone: bool = False
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, message: bytes) -> None:
        """Send a message to the coordinator; if it is gone, that is noted."""
        async with self.sending:
            try:
                self.writer.write(len(message).to_bytes(4, "big") + message)
                await asyncio.wait_for(self.writer.drain(), 60)
            except (OSError, TimeoutError):
                self.gone = True

    async def word(self) -> bytes | None:
        """Return the coordinator's word, or None if it does not come."""
        try:
            return await asyncio.wait_for(frame(self.reader, WORD), WORD_SECONDS)
        except (OSError, EOFError, ValueError, TimeoutError):
            self.gone = True
            return None


class Door:
    """Takes jobs and passes them on; `submit` starts one, and what it returns ends when its worker is done or lost."""

    def __init__(
        self,
        submit: Callable[[str, bytes], asyncio.Future[None]],
        room: Callable[[], int],
        status: Callable[[], dict[str, Any]],
        *,
        roles: bool,
    ) -> None:
        """`room`: how many links all workers together take at once. `roles`: whether certificates are looked at."""
        self._submit = submit
        self._room = room
        self._status = status
        self._roles = roles
        self._jobs: dict[str, Job] = {}
        self._number = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._busy = 0
        self.lost = 0
        self.done = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take what one connection brings. Whatever is wrong with it ends it alone."""
        try:
            if self._roles and role_of(writer.get_extra_info("peercert")) != "coordinator":
                return
            message = await asyncio.wait_for(frame(reader, 2 * MOST_REQUEST), 30)
            head, _ = unpacked(message)
            job = Job(reader, writer)
            if head.get("ask") == "status":
                told = self._status() | {"version": version(), "lost": self.lost, "done": self.done}
                await job.send(packed(told))
            elif head.get("ask") == "job":
                await self._take(job, head, message)
        except (OSError, EOFError, ValueError, TimeoutError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 5)

    async def _take(self, job: Job, head: dict[str, Any], message: bytes) -> None:
        why = None
        if head.get("version") != version():
            why = f"the scheduler has gifwarden {version()} and the coordinator {str(head.get('version'))[:60]}"
            why += "; install the same version on all machines"
        elif self._room() <= 0:
            why = NOBODY
        if why is not None:
            await job.send(_refusal(why))
            return
        alive = asyncio.create_task(self._alive(job))
        try:
            await self._slot()
            try:
                await self._work(job, message)
            finally:
                self._busy -= 1
                self.turn()
        finally:
            alive.cancel()

    async def _slot(self) -> None:
        """Wait until some worker has room, first come, first served."""
        if self._busy < self._room() and not self._queue:
            self._busy += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._busy -= 1
            raise

    def turn(self) -> None:
        """Let those in who have room now: called when a job ends, and when a worker joins or leaves."""
        while self._queue and (self._busy < self._room() or self._room() <= 0):
            turn = self._queue.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(None)

    async def _work(self, job: Job, message: bytes) -> None:
        if self._room() <= 0:  # the last one left while this job waited
            await job.send(_refusal(NOBODY))
            return
        self._number += 1
        name = f"job-{self._number}"
        self._jobs[name] = job
        try:
            future = self._submit(name, message)
            ended = asyncio.create_task(job.ended.wait())
            either: list[asyncio.Future[Any]] = [future, ended]
            empty = 0
            while not any(one.done() for one in either):
                await asyncio.wait(either, timeout=1, return_when=asyncio.FIRST_COMPLETED)
                empty = empty + 1 if self._room() <= 0 else 0
                if empty > EMPTY_SECONDS:  # it waits for a worker that may never come
                    future.cancel()
                    await job.send(_refusal(NOBODY))
                    return
            if not job.ended.is_set() and not job.gone:  # the worker's last word overtakes what Dask knows of it
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(job.ended.wait(), 0.5 if future.cancelled() or future.exception() else 5)
            ended.cancel()
            if job.ended.is_set():
                self.done += 1
                return
            self.lost += 1
            lost = ClusterError(LOST, lost=True)
            await job.send(packed({"is": "error", "error": error_to(lost)}))
        finally:
            del self._jobs[name]

    async def say(self, name: str, body: bytes) -> dict[str, Any]:
        """Pass on what a worker says of a job; return the coordinator's word if that is asked for."""
        job = self._jobs.get(name)
        if job is None or job.gone:
            return {"gone": True}
        try:
            head, _ = unpacked(body)
        except ValueError:
            head = {"is": "error"}
        kind = head.get("is")
        if kind == "fetched":
            if job.asked:  # done a second time, which nobody wants
                return {"gone": True}
            job.asked = True
        await job.send(body)
        if kind == "fetched":
            word = await job.word()
            return {"gone": True} if word is None else {"word": word}
        if kind != "print":
            job.ended.set()
        return {"gone": job.gone}

    async def _alive(self, job: Job) -> None:
        while not job.gone:
            await asyncio.sleep(ALIVE)
            await job.send(packed({"is": "alive"}))


def _refusal(why: str) -> bytes:
    return packed({"is": "error", "error": error_to(ClusterError(why))})


async def frame(reader: asyncio.StreamReader, most: int) -> bytes:
    """Return a message. Raises ValueError if it is longer than `most`, and EOFError."""
    size = int.from_bytes(await reader.readexactly(4), "big")
    if size > most:
        raise ValueError("a longer message than any")
    return await reader.readexactly(size)
