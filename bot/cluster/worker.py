"""`gifwarden worker`: fetches and decodes what a scheduler gives it. Bytes stay in its memory, and only for a job."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.assemble import Outside, machine
from bot.clock import SystemClock
from bot.cluster import settings
from bot.cluster.door import WORD_SECONDS
from bot.config import Config
from bot.errors import GifwardenError, OutsideError, UsageError
from bot.jobs import ClusterError, Here, scan_job, version
from bot.jobs.line import short
from bot.jobs.messages import error_to, packed
from bot.pipeline.log import Log

LEAVE_SECONDS = 8.0
NAME = "gifwarden"
REACH_SECONDS = 10.0  # for a scheduler to take a connection and begin to speak
_NUMBER = re.compile(r"\[Errno (\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a worker is run."""

    scheduler: str
    certificates: Path | None = None
    name: str = ""
    links: int = 6  # at once
    decoders: int = 1
    models: Path = Path("data")  # where model files are that a command installed
    listen: str = ""  # the address of this machine at which it is found; empty: as the system says


class Station:
    """The fetcher and the children of this process, made for the settings that jobs come with, and kept."""

    def __init__(self, options: Options, outside: Outside, leave: Callable[[], object]) -> None:
        """`leave` is called when links come with settings that cannot be followed here; `failed` then says why."""
        self._options = options
        self._outside = outside
        self._leave = leave
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._settings = ""
        self._here: Here | None = None
        self.stopping = False
        self.failed = ""

    def machine_for(self, told: Mapping[str, Any]) -> Here:
        """Return what does jobs by these settings; made anew if they are others than before."""
        text = json.dumps(told, sort_keys=True)
        with self._lock:
            if self.stopping:
                raise ClusterError("this worker is being stopped")
            if self._here is None or text != self._settings:
                config = Config.model_validate(
                    {
                        **told,
                        "decode": {**told["decode"], "workers": self._options.decoders},
                        "storage": {"path": self._options.models},
                    }
                )
                self._stack.close()  # waits for what is in work by other settings
                self._stack = ExitStack()
                self._here = None
                try:
                    made: AbstractContextManager[Here] = machine(config, SystemClock(), self._outside)
                    self._here, self._settings = self._stack.enter_context(made), text
                except GifwardenError as error:  # a model that is not there: none of this link's faults
                    self.failed = f"the worker {self._options.name} cannot begin: {error}"
                    self._leave()  # it would take all links, for it is done with them at once
                    raise ClusterError(self.failed) from None
            if self.stopping:  # we were told while it was being made
                self._here.stop()
                raise ClusterError("this worker is being stopped")
            return self._here

    def stop(self) -> None:
        """Break off what is in work, and take nothing more."""
        self.stopping = True
        if self._here is not None:
            self._here.stop()

    def close(self) -> None:
        """End the children."""
        self._stack.close()


_stations: dict[str, tuple[Station, Callable[[str, bytes], dict[str, Any]]]] = {}


def run_job(name: str, message: bytes) -> None:
    """Do one job, in a thread of a worker. What comes of it is said to the scheduler, and nothing is returned."""
    station, say = _stations[NAME]

    def ask(body: bytes) -> bytes | None:
        word = say(name, body).get("word")
        return word if isinstance(word, bytes) else None

    def tell(body: bytes) -> None:
        if station.stopping:  # a child that we end ourselves says nothing of its file
            raise ClusterError("a worker that had this link was stopped")
        if say(name, body).get("gone"):
            raise ClusterError("nobody waits for this link any more")

    last = scan_job(message, station.machine_for, ask, tell)
    if station.stopping:
        last = packed({"is": "error", "error": error_to(ClusterError("a worker that had this link was stopped"))})
    with contextlib.suppress(Exception):  # whoever gave it knows by the lost connection
        say(name, last)


async def serve(options: Options, log: Log, outside: Outside, stop: asyncio.Event | None = None) -> None:
    """Work until SIGTERM or SIGINT, or until `stop` is set.

    Raises UsageError if the scheduler is of another version or links need what is not here, and OutsideError if the
    scheduler does not answer or goes.
    """
    package = settings.distributed()
    security = settings.security(options.scheduler, options.certificates, "worker")
    name = options.name or socket.gethostname()
    options = replace(options, name=name)
    loop = asyncio.get_running_loop()
    stop = stop or asyncio.Event()
    settings.heed_signals(stop)
    if not await _unless(stop, _let_in(package, options, security)):
        log.info("worker stopped", worker=name)
        return
    station = Station(options, outside, lambda: loop.call_soon_threadsafe(stop.set))
    held = ExitStack()
    said = AsyncExitStack()
    try:
        await said.enter_async_context(settings.expiry_said(options.scheduler, options.certificates, "worker", log))
        worker = package.Worker(
            options.scheduler,
            nthreads=options.links,
            name=name,
            host=options.listen or None,
            security=security,
            memory_limit=0,  # it keeps no results
            resources={settings.resource(): options.links},
            local_directory=held.enter_context(settings.scratch()),
            dashboard=False,
            dashboard_address="127.0.0.1:0",
            death_timeout=30,
        )

        def say(job: str, body: bytes) -> dict[str, Any]:
            said = asyncio.run_coroutine_threadsafe(worker.scheduler.gifwarden_say(name=job, body=body), loop)
            try:
                answer = said.result(WORD_SECONDS + 60)
            except BaseException:
                said.cancel()
                raise
            return answer if isinstance(answer, dict) else {}

        _stations[NAME] = (station, say)
        if not await _unless(stop, _join(worker, options)):
            await _close(worker)
            log.info("worker stopped", worker=name)
            return
        log.info("worker ready", worker=name, links=options.links, decoders=options.decoders, version=version())
        stopped, closed = asyncio.create_task(stop.wait()), asyncio.create_task(worker.finished())
        await asyncio.wait({stopped, closed}, return_when=asyncio.FIRST_COMPLETED)
        lost = not stop.is_set()
        stopped.cancel()
        if not lost:
            with contextlib.suppress(Exception):  # whoever does not hear it will see
                await asyncio.wait_for(
                    worker.scheduler.retire_workers(workers=[worker.address], close_workers=False, remove=False), 3
                )
        await asyncio.to_thread(station.stop)
        if not lost:
            await _until(lambda: not worker.state.executing_count, LEAVE_SECONDS)
            await _close(worker)
        closed.cancel()
        log.info("worker stopped", worker=name)
        if lost:
            raise OutsideError(f"the scheduler at {options.scheduler} is gone; start this worker again, systemd does")
        if station.failed:
            raise UsageError(station.failed)
    finally:
        await said.aclose()
        await asyncio.to_thread(station.close)
        held.close()


async def _join(worker: Any, options: Options) -> None:
    """Wait until a worker is known to its scheduler. Raises UsageError and OutsideError."""
    try:
        await worker
    except (OSError, TimeoutError, RuntimeError) as error:  # Dask makes a RuntimeError of whatever it was
        raise _not_begun(options, error) from None


async def _close(worker: Any) -> None:
    """Have a worker say farewell, for some seconds."""
    with contextlib.suppress(Exception):  # it is going anyway
        await asyncio.wait_for(worker.close(timeout=2, executor_wait=False), 5)


def _not_begun(options: Options, error: BaseException) -> GifwardenError:
    """Return in our words why a worker did not begin."""
    if "name taken" in repr(error.__cause__):
        return UsageError(f"a worker called {options.name} is there already; give this one another name with --name")
    said = settings.cause(error)
    if options.listen:
        return OutsideError(
            f"this worker cannot begin: {said}; is {options.listen} (--listen) an address of this machine, and does the"
            f" scheduler at {options.scheduler} let it in?"
        )
    return OutsideError(f"the scheduler at {options.scheduler} lets nobody in ({said}); look at what it says")


async def _until(true: Callable[[], bool], seconds: float) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not true() and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.05)


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Return True when a work is done, False when we were told to stop before; then it is broken off."""
    stopped, working = asyncio.create_task(stop.wait()), asyncio.create_task(work)
    await asyncio.wait({stopped, working}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait({working}, timeout=LEAVE_SECONDS)  # for what it has opened to be closed
        return False
    working.result()
    return True


async def _let_in(package: Any, options: Options, security: Any) -> None:
    """Raise OutsideError if the scheduler cannot be reached or lets nobody in, UsageError if it has another version."""
    try:
        async with asyncio.timeout(REACH_SECONDS):
            await _reach(options, security.get_connection_args("worker").get("ssl_context"))
    except OSError as error:
        raise _unreached(options.scheduler, error) from None
    await _same_version(package, options, security)


async def _reach(options: Options, context: ssl.SSLContext | None) -> None:
    """Dial once and wait for the first byte. Raises OSError.

    Dask dials again until its time is over, and by then has forgotten why. Its scheduler speaks first, and only then
    is it known that it takes our certificate.
    """
    host, port, _ = settings.parts(options.scheduler)
    try:  # its addresses one after another without waiting long, for one may swallow all that is sent to it
        reader, writer = await asyncio.open_connection(
            host, port, ssl=context, server_hostname=host if context else None, happy_eyeballs_delay=0.25
        )
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "no such name") from None
    except OSError as error:
        if error.errno is None and (one := _NUMBER.search(str(error))):  # of several addresses, as a text
            raise OSError(int(one[1]), os.strerror(int(one[1]))) from None
        raise
    try:
        if not await reader.read(1):
            raise ConnectionResetError
    finally:
        writer.close()


def _unreached(address: str, error: OSError) -> OutsideError:
    """Return in our words why a scheduler cannot be reached."""
    if isinstance(error, TimeoutError):
        why = f"does not answer within {REACH_SECONDS:g} s; is that machine on, and its port open in the firewall?"
    elif isinstance(error, socket.gaierror):
        why = "has a name that cannot be found; check --scheduler, or give the machine's address"
    elif isinstance(error, ssl.SSLCertVerificationError):
        why = f"is none of ours ({short(error)}); are the certificates of one folder?"
    elif isinstance(error, ssl.SSLError):
        why = f"does not let this worker in ({short(error)}); are the certificates of one folder?"
    elif isinstance(error, ConnectionRefusedError):
        why = "refuses the connection: nothing listens there; is it running, and is that its address for workers?"
    elif isinstance(error, ConnectionResetError):
        why = "hangs up; is that its address for workers, and not for the coordinator?"
    else:
        said = os.strerror(error.errno).lower() if error.errno else type(error).__name__
        why = f"cannot be reached ({said}); check --scheduler and the network of this machine"
    return OutsideError(f"the scheduler at {address} {why}")


async def _same_version(package: Any, options: Options, security: Any) -> None:
    """Raise UsageError if the scheduler is of another version."""
    try:
        async with package.rpc(
            options.scheduler, connection_args=security.get_connection_args("worker"), timeout=10
        ) as there:
            told = await asyncio.wait_for(there.gifwarden_version(name=options.name, other=version()), 15)
    except (OSError, TimeoutError) as error:
        raise OutsideError(
            f"the scheduler at {options.scheduler} does not answer ({settings.cause(error)}); is it running, is that"
            " its address for workers, and are the certificates of one folder?"
        ) from None
    except Exception as error:  # noqa: BLE001  whatever answers there raises what it likes
        raise OutsideError(
            f"what answers at {options.scheduler} is not gifwarden scheduler: {type(error).__name__}"
        ) from None
    theirs = told.get("version") if isinstance(told, dict) else None
    if theirs != version():
        raise UsageError(
            f"this worker has gifwarden {version()} and the scheduler {theirs}; install the same on all machines"
        )
