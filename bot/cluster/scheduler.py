"""`gifwarden scheduler`: Dask's scheduler for the workers, and a door for the coordinator. It keeps nothing."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import ssl
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.cluster import settings, worker
from bot.cluster.door import Door
from bot.errors import OutsideError, UsageError
from bot.jobs import version
from bot.pipeline.log import Log
from bot.tls import mutual

REFUSED = 100  # workers of another version that are remembered
REFUSED_SECONDS = 3600.0  # for so long after they were there last
TOLD = 1000  # workers that are told of
REFUSALS_EVERY = 60.0  # seconds; a stranger may knock as often as they like
MOST_LINKS = 64  # of one worker at once, whatever it says


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a scheduler is found."""

    workers: str  # by workers, in Dask's own way
    coordinator: str  # by the coordinator, in JSON
    certificates: Path | None = None


class Cluster:
    """What the scheduler knows of its workers."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._refused: dict[str, tuple[str, float]] = {}  # name → version, and until when it is remembered
        self.ours: dict[str, tuple[str, int]] = {}  # address → name, links at once

    def refuse(self, name: str, other: str) -> None:
        """Note a worker of another version, and say so."""
        self._refused.pop(name, None)
        self._refused[name] = other, time.monotonic() + REFUSED_SECONDS
        while len(self._refused) > REFUSED:
            del self._refused[next(iter(self._refused))]
        self._log.warning("worker refused: another version", worker=name, has=other, wanted=version())

    def refused(self) -> dict[str, str]:
        """Return the version of each worker that was refused and came within `REFUSED_SECONDS`, by name."""
        now = time.monotonic()
        self._refused = {name: seen for name, seen in self._refused.items() if now < seen[1]}
        return {name: other for name, (other, _) in self._refused.items()}

    def joined(self, address: str, name: str, links: int) -> None:
        """Note a worker that takes jobs."""
        self._refused.pop(name, None)
        self.ours[address] = (name, min(links, MOST_LINKS))
        self._log.info("worker joined", worker=name, links=min(links, MOST_LINKS))

    def left(self, address: str) -> None:
        """Note that a worker is gone."""
        name, _ = self.ours.pop(address, ("", 0))
        if name:
            self._log.warning("worker left", worker=name, workers=len(self.ours))

    def slow(self, name: str, seconds: float) -> None:
        """Say of a worker that it is slow."""
        self._log.warning(
            "worker slow: it gets no more links until it says something", worker=name, silent=round(seconds)
        )


class Crew:
    """The workers as Dask knows them, for the door."""

    def __init__(self, scheduler: Any, client: Any, cluster: Cluster) -> None:
        self._scheduler = scheduler
        self._client = client
        self._cluster = cluster
        self._ends: dict[str, asyncio.Future[None]] = {}
        self._given: dict[str, str] = {}  # job → address of the worker that is to do it

    def start(self, name: str, message: bytes, slow: Iterable[str]) -> asyncio.Future[None]:
        """Give a job to a worker, as the door has it: to the one that has most room.

        Dask would go by how long jobs took so far, and let some wait at a worker that is stuck while another is free.
        """
        chosen = self._freest(slow)
        future = self._client.submit(
            worker.run_job,
            name,
            message,
            key=name,
            pure=False,
            retries=0,
            resources={settings.resource(): 1},
            workers=[chosen] if chosen else None,
        )
        # ended by what the scheduler itself sees: a client would open what came of a task, and hang on some of it
        end = self._ends[name] = asyncio.get_running_loop().create_future()
        if chosen:
            self._given[name] = chosen

        def drop(_: object) -> None:
            del self._ends[name]
            future.release()

        end.add_done_callback(drop)
        return end

    def moved(self, name: str, state: str) -> None:
        """Hear of a task's new state."""
        end = self._ends.get(name)
        if end is not None and not end.done() and state in ("memory", "erred", "forgotten"):
            end.set_result(None)

    def left(self, address: str) -> None:
        """Hear of a worker that is gone: what it was given ends, were it only on the way there."""
        for name in [name for name, given in self._given.items() if given == address]:
            end = self._ends.get(name)
            if end is not None and not end.done():
                end.set_result(None)

    def done(self, name: str) -> None:
        """Hear that a job needs its worker no more, which the scheduler may see later."""
        self._given.pop(name, None)

    def at(self, name: str) -> tuple[str, str]:
        """Return address and name of the worker that has a job, as the door has it."""
        task = self._scheduler.tasks.get(name)
        address = str(task.processing_on.address) if task is not None and task.processing_on is not None else ""
        return address, self._cluster.ours.get(address, ("", 0))[0]

    def room(self, slow: Iterable[str]) -> int:
        """Return how many links may be in work at once, as the door has it."""
        apart = set(slow)
        return sum(
            len(self._scheduler.workers[address].processing) if address in apart else links
            for address, links in self._running().items()
        )

    def status(self) -> list[tuple[str, dict[str, Any]]]:
        """Return address and facts of each worker."""
        return [
            (address, {"name": name, "links": links, "in_work": len(self._scheduler.workers[address].processing)})
            for address, (name, links) in list(self._cluster.ours.items())[:TOLD]
            if address in self._scheduler.workers
        ]

    def refused(self) -> list[dict[str, Any]]:
        """Return who was refused."""
        return [{"name": name, "version": other} for name, other in self._cluster.refused().items()]

    def _freest(self, slow: Iterable[str]) -> str:
        """Return the address of the worker with least to do for its links at once; empty if all are slow."""
        apart, given = set(slow), Counter(self._given.values())
        others = {address: links for address, links in self._running().items() if address not in apart}
        return min(others, key=lambda address: given[address] / max(1, others[address]), default="")

    def _running(self) -> dict[str, int]:
        known = {address for address, state in self._scheduler.workers.items() if state.status.name == "running"}
        return {address: links for address, (_, links) in self._cluster.ours.items() if address in known}


async def serve(where: Addresses, log: Log, stop: asyncio.Event | None = None) -> None:
    """Run until SIGTERM or SIGINT, or until `stop` is set. Raises UsageError and OutsideError."""
    package = settings.distributed()
    host, port, encrypted = settings.parts(where.workers)
    door_host, door_port, door_encrypted = settings.parts(where.coordinator)
    security = settings.security(where.workers, where.certificates, "scheduler")
    context = _context(where) if door_encrypted else None
    stop = stop or asyncio.Event()
    settings.heed_signals(stop)
    cluster = Cluster(log)
    try:
        scheduler = await package.Scheduler(
            protocol="tls" if encrypted else "tcp",
            host=host,
            port=port,
            security=security,
            dashboard=False,
            dashboard_address="127.0.0.1:0",
        )
    except (OSError, RuntimeError) as error:  # Dask makes a RuntimeError of whatever it was
        raise _deaf(where.workers, "--workers", error) from None
    client = package.Client(scheduler.address, security=security, asynchronous=True)
    async with scheduler, contextlib.AsyncExitStack() as stack:
        stack.enter_context(_refusals_said(log))
        await stack.enter_async_context(client)
        crew = Crew(scheduler, client, cluster)
        door = Door(crew, cluster.slow, roles=context is not None)
        scheduler.add_plugin(_plugin(package, cluster, crew, door), name="gifwarden")

        async def ask_version(name: str, other: str) -> dict[str, Any]:
            if other != version():
                cluster.refuse(str(name)[:60], str(other)[:60])
            return {"version": version()}

        scheduler.handlers |= {"gifwarden_say": door.say, "gifwarden_version": ask_version}
        try:
            server = await asyncio.start_server(door.serve, door_host, door_port, ssl=context)
        except OSError as error:
            raise _deaf(where.coordinator, "--coordinator", error) from None
        await stack.enter_async_context(settings.expiry_said(where.workers, where.certificates, "scheduler", log))
        log.info("scheduler ready", workers=where.workers, coordinator=where.coordinator, version=version())
        async with server:
            await stop.wait()
            server.close()
        log.info("scheduler stopped")


def _deaf(address: str, option: str, error: BaseException) -> OutsideError:
    way = f"name an address of this machine, and a port that this account may have, with {option}"
    if getattr(settings.telling(error), "errno", None) == errno.EADDRINUSE:
        way = f"end what listens there, or name another port with {option}"
    return OutsideError(f"cannot listen at {address}: {settings.cause(error)}; {way}")


@contextlib.contextmanager
def _refusals_said(log: Log) -> Iterator[None]:
    theirs, said = logging.getLogger("distributed.comm.tcp"), _Refusals(log)
    theirs.setLevel(logging.WARNING)
    theirs.propagate = False
    theirs.addHandler(said)
    try:
        yield
    finally:
        theirs.removeHandler(said)


class _Refusals(logging.Handler):
    """Says of whom the scheduler's port does not let in: Dask tells its own log alone. Once a minute, for all."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._next = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line of Dask's about a handshake; what strangers had a say in is left out of ours."""
        if "handshake failed" not in str(record.msg) or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REFUSALS_EVERY
        *_, remote, error = record.args if isinstance(record.args, tuple) else ("", "")
        said = settings.cause(error) if isinstance(error, BaseException) else "TLS failed"
        address = str(remote[0] if isinstance(remote, tuple) and remote else remote)[:60]
        self._log.warning("somebody not let in: no certificate of ours, or no TLS", address=address, reason=said)


def _plugin(package: Any, cluster: Cluster, crew: Crew, door: Door) -> Any:
    class Watch(package.diagnostics.plugin.SchedulerPlugin):  # type: ignore[misc]  # a base that is known when it is there
        """Hears of workers that come and go, and of tasks that end."""

        def add_worker(self, scheduler: Any, worker: str) -> Any:
            state = scheduler.workers[worker]
            name = str(state.name)[:60]
            if settings.resource() in state.resources:
                cluster.joined(worker, name, state.nthreads)
                door.turn()
                return None
            others = [key.removeprefix(f"{settings.RESOURCE} ") for key in state.resources]
            cluster.refuse(name, next(iter(others), "none"))
            return scheduler.remove_worker(worker, stimulus_id="gifwarden-version", close=True)

        def remove_worker(self, scheduler: Any, worker: str, **_: Any) -> None:  # noqa: ARG002  as Dask calls it
            cluster.left(worker)
            crew.left(worker)
            door.turn()

        def transition(self, key: Any, start: str, finish: str, *_: Any, **__: Any) -> None:  # noqa: ARG002  likewise
            crew.moved(key, finish)

    return Watch()


def _context(where: Addresses) -> ssl.SSLContext:
    if where.certificates is None:
        raise UsageError(f"{where.coordinator} speaks TLS; name the folder of the certificates with --certificates")
    try:
        return mutual(where.certificates, "scheduler", server=True)
    except OSError as error:
        raise UsageError(
            f"the certificates in {where.certificates} cannot be used: {error.strerror or error}"
        ) from None
