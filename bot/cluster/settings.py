"""How Dask is to behave, whatever its own files and environment say."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import shutil
import signal
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from bot.advice import install_extra
from bot.certificates import expiring, good_until
from bot.config import cluster_parts
from bot.errors import UsageError
from bot.jobs import version
from bot.jobs.line import short
from bot.pipeline.log import Log

MEMORY = Path("/dev/shm")  # noqa: S108  a file system in memory, in which each makes a folder of its own
RESOURCE = "gifwarden"
DAY = 86_400.0  # seconds between two warnings that certificates expire
PREFIX, LOCK = "gifwarden-worker-", "lock"  # of a worker's folder in memory, and of the file in it that it holds
SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,  # tries are counted by the coordinator
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-ttl": "20s",
    "distributed.scheduler.http.routes": [],
    "distributed.scheduler.validate": False,
    "distributed.worker.http.routes": [],
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",  # what it measures of itself costs an idle worker most
    "distributed.admin.tick.limit": "60s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.comm.retry.count": 0,
    "distributed.comm.timeouts.connect": "10s",
    "distributed.comm.timeouts.tcp": "20s",
    "distributed.comm.tls.min-version": 1.3,
}


def distributed() -> Any:
    """Return the package, set up. Raises UsageError with what to install if it is not there."""
    try:
        import dask
        import distributed as package
    except ImportError as error:
        raise UsageError(
            f"this needs the extra cluster ({error.name} is not installed); {install_extra('cluster')}"
        ) from None
    dask.config.set(SETTINGS | {"temporary-directory": str(_memory())})
    for name in ("distributed", "distributed.worker", "distributed.scheduler", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said in our words
    return package


@contextmanager
def scratch() -> Iterator[str]:
    """Give Dask, which wants one, a folder in memory. Raises UsageError if there is no memory to have it in.

    What killed processes left is removed first: whoever is alive holds a lock on a file in its folder.
    """
    memory = _memory()
    for left in memory.glob(f"{PREFIX}*/{LOCK}"):
        _remove_if_left(left)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=memory))
    try:
        new = folder / "new"
        with new.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            new.rename(folder / LOCK)  # so that nobody finds it without its lock
            yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("r+") as lock:  # another account's, or locked: somebody's who lives
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path.parent, ignore_errors=True)


def _memory() -> Path:
    if not MEMORY.is_dir():
        raise UsageError(f"there is no {MEMORY}, a folder in memory; mount one, for a worker writes nothing to a disk")
    return MEMORY


def resource() -> str:
    """Return the name of what a worker of our very version has, and a job needs."""
    return f"{RESOURCE} {version()}"


def parts(address: str) -> tuple[str, int, bool]:
    """Return host, port and whether TLS is spoken there. Raises UsageError if it is no such address."""
    try:
        return cluster_parts(address)
    except ValueError as error:
        raise UsageError(str(error)) from None


def security(address: str, certificates: Path | None, role: str) -> Any:
    """Return Dask's settings of TLS for an address. Raises UsageError."""
    package = distributed()
    _, _, encrypted = parts(address)
    if not encrypted:
        return package.Security(require_encryption=False)
    if certificates is None:
        raise UsageError(f"{address} speaks TLS; name the folder of the certificates with --certificates")
    good_until(certificates, role)
    own = {"cert": certificates / f"{role}.pem", "key": certificates / f"{role}.key"}
    fields = {
        f"tls_{part}_{kind}": str(path) for part in ("client", "scheduler", "worker") for kind, path in own.items()
    }
    return package.Security(require_encryption=True, tls_ca_file=str(certificates / "ca.pem"), **fields)


def heed_signals(stop: asyncio.Event) -> None:
    """Let SIGTERM and SIGINT set an event, in the main thread."""
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(ValueError, RuntimeError):  # not in a thread
            asyncio.get_running_loop().add_signal_handler(number, stop.set)


@asynccontextmanager
async def expiry_said(address: str, certificates: Path | None, role: str, log: Log) -> AsyncIterator[None]:
    """Log that the certificates with which this began expire soon: at once, and once a day. Raises as `good_until`."""
    *_, encrypted = parts(address)
    if not encrypted or certificates is None:
        yield
        return
    until = good_until(certificates, role)

    async def daily() -> None:
        while True:
            if soon := expiring(until):
                log.warning("certificates expire soon", reason=soon)
            await asyncio.sleep(DAY)

    telling_of_it = asyncio.create_task(daily())
    try:
        yield
    finally:
        telling_of_it.cancel()


def telling(error: BaseException) -> BaseException:
    """Return what the system or TLS said when Dask failed, which wraps it in errors of its own: at best an OSError."""
    chain: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and step not in chain:
        chain.append(step)
        step = step.__cause__ or step.__context__
    named = [one for one in chain if isinstance(one, ssl.SSLError | socket.gaierror)]
    said = [one for one in chain if isinstance(one, OSError) and one.strerror]
    late = [one for one in chain if isinstance(one, TimeoutError)]
    return (named or said[::-1] or late or chain)[0]


def cause(error: BaseException) -> str:
    """Return in a few words why Dask failed."""
    told = telling(error)
    if isinstance(told, socket.gaierror):
        return "no such name"
    if isinstance(told, ssl.SSLError | TimeoutError) or (isinstance(told, OSError) and told.strerror):
        return short(told)
    return "it hangs up"
