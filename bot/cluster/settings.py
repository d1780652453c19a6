"""How Dask is to behave, whatever its own files and environment say."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

from bot.config import cluster_parts
from bot.errors import UsageError, unreadable
from bot.jobs import version

MEMORY = Path("/dev/shm")  # noqa: S108  a file system in memory, in which each makes a folder of its own
RESOURCE = "gifwarden"
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
            f"this needs the extra cluster ({error.name}); run in the folder of the source: pip install '.[cluster]'"
        ) from None
    dask.config.set(SETTINGS | {"temporary-directory": str(_memory())})
    for name in ("distributed", "distributed.worker", "distributed.scheduler", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said in our words
    return package


def scratch() -> str:
    """Return a new folder in memory, for Dask wants one; the caller removes it. Raises UsageError if there is none."""
    return tempfile.mkdtemp(prefix="gifwarden-", dir=_memory())


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
    own = {"cert": certificates / f"{role}.pem", "key": certificates / f"{role}.key"}
    for path in (certificates / "ca.pem", *own.values()):
        try:
            path.read_bytes()
        except OSError as error:
            raise UsageError(unreadable(path, error)) from None
    fields = {
        f"tls_{part}_{kind}": str(path) for part in ("client", "scheduler", "worker") for kind, path in own.items()
    }
    return package.Security(require_encryption=True, tls_ca_file=str(certificates / "ca.pem"), **fields)
