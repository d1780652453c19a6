"""`gifwarden scheduler`: Dask's scheduler for the workers, and a door for the coordinator. It keeps nothing."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
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
        self.refused: dict[str, str] = {}
        self.ours: dict[str, tuple[str, int]] = {}  # address → name, links at once

    def refuse(self, name: str, other: str) -> None:
        """Note a worker of another version, and say so."""
        self.refused[name] = other
        while len(self.refused) > REFUSED:
            del self.refused[next(iter(self.refused))]
        self._log.warning("worker refused: another version", worker=name, has=other, wanted=version())

    def joined(self, address: str, name: str, links: int) -> None:
        """Note a worker that takes jobs."""
        self.refused.pop(name, None)
        self.ours[address] = (name, links)
        self._log.info("worker joined", worker=name, links=links)

    def left(self, address: str) -> None:
        """Note that a worker is gone."""
        name, _ = self.ours.pop(address, ("", 0))
        if name:
            self._log.warning("worker left", worker=name, workers=len(self.ours))


async def serve(where: Addresses, log: Log, stop: asyncio.Event | None = None) -> None:
    """Run until SIGTERM or SIGINT, or until `stop` is set. Raises UsageError and OutsideError."""
    package = settings.distributed()
    host, port, encrypted = settings.parts(where.workers)
    door_host, door_port, door_encrypted = settings.parts(where.coordinator)
    security = settings.security(where.workers, where.certificates, "scheduler")
    context = _context(where) if door_encrypted else None
    stop = stop or asyncio.Event()
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
    except OSError as error:
        raise OutsideError(f"cannot listen at {where.workers}: {error.strerror or error}") from None
    async with scheduler, package.Client(scheduler.address, security=security, asynchronous=True) as client:

        def submit(name: str, message: bytes) -> asyncio.Future[None]:
            future = client.submit(
                worker.run_job, name, message, key=name, pure=False, retries=0, resources={settings.resource(): 1}
            )
            return asyncio.ensure_future(_end_of(package, future))

        def status() -> dict[str, Any]:
            return {
                "workers": [
                    {"name": name, "links": links, "in_work": len(scheduler.workers[address].processing)}
                    for address, (name, links) in cluster.ours.items()
                    if address in scheduler.workers
                ],
                "refused": [{"name": name, "version": other} for name, other in cluster.refused.items()],
            }

        def room() -> int:
            known = {address: state for address, state in scheduler.workers.items() if state.status.name == "running"}
            return sum(links for address, (_, links) in cluster.ours.items() if address in known)

        door = Door(submit, room, status, roles=context is not None)
        scheduler.add_plugin(_plugin(package, cluster, door), name="gifwarden")

        async def ask_version(name: str, other: str) -> dict[str, Any]:
            if other != version():
                cluster.refuse(str(name)[:60], str(other)[:60])
            return {"version": version()}

        scheduler.handlers |= {"gifwarden_say": door.say, "gifwarden_version": ask_version}
        try:
            server = await asyncio.start_server(door.serve, door_host, door_port, ssl=context)
        except OSError as error:
            raise OutsideError(f"cannot listen at {where.coordinator}: {error.strerror or error}") from None
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError, RuntimeError):  # not in a thread
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
        log.info("scheduler ready", workers=where.workers, coordinator=where.coordinator, version=version())
        async with server:
            await stop.wait()
            server.close()
        log.info("scheduler stopped")


def _plugin(package: Any, cluster: Cluster, door: Door) -> Any:
    class Watch(package.diagnostics.plugin.SchedulerPlugin):  # type: ignore[misc]  # a base that is known when it is there
        """Hears of workers that come and go."""

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
            door.turn()

    return Watch()


async def _end_of(package: Any, future: Any) -> None:
    """Return when a task is done, and raise LookupError if it came to no end; what it returns is not looked at."""
    try:
        await package.wait([future])
        if future.status != "finished":
            raise LookupError(future.status)
    finally:
        future.release()


def _context(where: Addresses) -> ssl.SSLContext:
    if where.certificates is None:
        raise UsageError(f"{where.coordinator} speaks TLS; name the folder of the certificates with --certificates")
    try:
        return mutual(where.certificates, "scheduler", server=True)
    except OSError as error:
        raise UsageError(
            f"the certificates in {where.certificates} cannot be used: {error.strerror or error}"
        ) from None
