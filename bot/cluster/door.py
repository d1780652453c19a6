"""Where the coordinator gives jobs: a connection each, which lives as long as its job."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.jobs import LOST, ClusterError
from bot.jobs.messages import MOST_ANSWER, MOST_REQUEST, error_to, packed, unpacked, version
from bot.tls import role_of

ALIVE = 5.0  # seconds between two signs of life
EMPTY_SECONDS = 10  # without any worker, until a job is given back
NOBODY = "no worker is there that takes links; start one: gifwarden worker"
WORD = 1 << 12  # bytes of the word by which files may be decoded
WORD_SECONDS = 60.0  # within which it comes, or the files are dropped
LAST_WORD_SECONDS = 5.0  # for a worker's last word, which may be under way when Dask knows that it is gone
SLOW = 0.5  # of the time that a link's next word may take; then its worker gets no more links
WORKERS_SAY = frozenset({"fetched", "print", "end", "dropped", "error"})


class Crew(Protocol):
    """The workers as Dask knows them. Each is known by its address."""

    def start(self, name: str, message: bytes, slow: Iterable[str]) -> asyncio.Future[None]:
        """Give a job to a worker that is not slow; what is returned ends when it is done or its worker is lost."""

    def done(self, name: str) -> None:
        """Hear that a job needs its worker no more."""

    def at(self, name: str) -> tuple[str, str]:
        """Return address and name of the worker that has a job; both are empty while none has."""

    def room(self, slow: Iterable[str]) -> int:
        """Return how many links are in work at once, at most; slow ones take no more than they have."""

    def status(self) -> list[tuple[str, dict[str, Any]]]:
        """Return address and facts of each worker."""

    def refused(self) -> list[dict[str, Any]]:
        """Return who was refused."""


@dataclass(slots=True, eq=False)
class Job:
    """A job in work: its connection, and what waits for the coordinator's word.

    `patience`: seconds from `heard` within which its worker's next word comes; `later`: for each word after the first.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    patience: float = 0.0
    later: float = 0.0
    heard: float = field(default_factory=time.monotonic)
    at: str = ""  # its worker's address, when it is known
    called: str = ""  # and its name
    slow: bool = False  # which is said
    asked: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    gone: bool = False
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def silent(self) -> float:
        """Seconds since its worker's last word."""
        return time.monotonic() - self.heard

    @property
    def is_slow(self) -> bool:
        """Whether its worker said nothing for so long that it gets no more links."""
        return self.silent > SLOW * self.patience

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
    """Takes jobs and passes them on."""

    def __init__(self, crew: Crew, slow: Callable[[str, float], None], *, roles: bool) -> None:
        """`slow` hears of a worker's name that it is slow, and for how many seconds. `roles`: certificates are read."""
        self._crew = crew
        self._say_slow = slow
        self._roles = roles
        self._jobs: dict[str, Job] = {}
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
                await job.send(packed(self._status()))
            elif head.get("ask") == "job":
                await self._take(job, head, message)
        except (OSError, EOFError, ValueError, TypeError, KeyError):
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
        first, job.later = map(float, head["patience"])
        alive = asyncio.create_task(self._alive(job))
        try:
            await self._slot()
            try:
                if not job.gone:
                    await job.send(packed({"is": "begun"}))
                    job.heard, job.patience = time.monotonic(), first
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
        # not to be guessed, and no other scheduler's before this one: what is said of it is of this link
        name = f"job-{secrets.token_hex(16)}"
        self._jobs[name] = job
        try:
            future = self._crew.start(name, message, self._slow())
            ended = asyncio.create_task(job.ended.wait())
            either: list[asyncio.Future[Any]] = [future, ended]
            empty = 0
            while not any(one.done() for one in either):
                await asyncio.wait(either, timeout=1, return_when=asyncio.FIRST_COMPLETED)
                if self._late(name, job):
                    await self._give_up(job, future)
                    return
                empty = empty + 1 if self._room() <= 0 else 0
                if empty > EMPTY_SECONDS:  # it waits for a worker that may never come
                    future.cancel()
                    await job.send(_refusal(NOBODY))
                    return
            if not job.ended.is_set() and not job.gone:  # the worker's last word overtakes what Dask knows of it
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(job.ended.wait(), LAST_WORD_SECONDS)
            ended.cancel()
            if job.ended.is_set():
                self.done += 1
                return
            who = f"the worker {job.called}, which had this link, is gone or cut off"
            await self._lose(job, who if job.called else LOST)
        finally:
            del self._jobs[name]
            self._crew.done(name)

    def _late(self, name: str, job: Job) -> bool:
        """Return whether a job's worker said nothing of it for too long; note if it is slow."""
        if not job.at:
            job.at, job.called = self._crew.at(name)
        if job.is_slow and not job.slow:
            job.slow = True
            self._say_slow(job.called, job.silent)
        return job.silent > job.patience

    async def _give_up(self, job: Job, future: asyncio.Future[None]) -> None:
        """Give a link back whose worker is stuck; it stays that worker's work, so that it gets none in its place."""
        await self._lose(job, f"the worker {job.called} took too long with this link; it is slow or stuck")
        job.writer.close()
        job.gone = True
        with contextlib.suppress(Exception):  # whatever becomes of it, nobody waits for it
            await future

    async def _lose(self, job: Job, why: str) -> None:
        self.lost += 1
        await job.send(packed({"is": "error", "error": error_to(ClusterError(why, lost=True))}))

    def _room(self) -> int:
        return self._crew.room(self._slow())

    def _slow(self) -> set[str]:
        """Return the addresses of workers that said nothing of a link for long: they get no more until then."""
        return {job.at for job in self._jobs.values() if job.at and job.is_slow}

    def _status(self) -> dict[str, Any]:
        slow, silent = self._slow(), dict[str, float]()
        for job in self._jobs.values():
            silent[job.at] = max(silent.get(job.at, 0.0), job.silent)
        workers = [
            facts | {"silent": round(silent.get(address, 0)), "slow": address in slow}
            for address, facts in self._crew.status()
        ]
        return {
            "workers": workers,
            "refused": self._crew.refused(),
            "version": version(),
            "lost": self.lost,
            "done": self.done,
        }

    async def say(self, name: str, body: bytes) -> dict[str, Any]:
        """Pass on what a worker says of a job; return the coordinator's word if that is asked for."""
        job = self._jobs.get(name) if type(name) is str else None
        if job is None or job.gone or job.ended.is_set():
            return {"gone": True}
        kind = _kind_of(body)
        if not kind:
            body = packed({"is": "nothing"})
        job.heard, job.patience = time.monotonic(), job.later
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


def _kind_of(body: Any) -> str:
    """Return what kind of message a worker says; empty if it is none that workers say."""
    if type(body) is not bytes or len(body) > MOST_ANSWER:
        return ""
    try:
        kind = unpacked(body)[0].get("is")
    except ValueError:
        return ""
    return kind if type(kind) is str and kind in WORKERS_SAY else ""


def _refusal(why: str) -> bytes:
    return packed({"is": "refused", "text": why})


async def frame(reader: asyncio.StreamReader, most: int) -> bytes:
    """Return a message. Raises ValueError if it is longer than `most`, and EOFError."""
    size = int.from_bytes(await reader.readexactly(4), "big")
    if size > most:
        raise ValueError("a longer message than any")
    return await reader.readexactly(size)
