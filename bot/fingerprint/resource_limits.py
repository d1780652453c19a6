"""What a decoding child gives up before it reads a stranger's byte, and the limits that hold for each file.

System calls are taken away by `bot.seccomp`, where the kernel can do that.
"""

from __future__ import annotations

import ctypes
import resource
import signal as signals
from pathlib import Path

from bot.config import DecodeConfig

MIN_ROOM = 128 * 2**20  # bytes of address space beside the program itself
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4


def give_up(limits: DecodeConfig) -> None:
    """Keep what is open; nothing can be opened, started, written or dumped from now on, whatever is closed."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signals.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    signals.signal(signals.SIGINT, signals.SIG_IGN)  # Ctrl-C is the coordinator's to handle
    for what, most in (
        (resource.RLIMIT_NOFILE, 0),  # what is open stays so, and has no successor
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        # a limit below what the program itself takes would refuse every file
        (resource.RLIMIT_AS, max(limits.memory_mb * 2**20, _own_size() + MIN_ROOM)),
    ):
        allowed = _at_most(most, resource.getrlimit(what)[1])
        resource.setrlimit(what, (allowed, allowed))


def _at_most(wanted: int, hard: int) -> int:
    """Return a limit that is no looser than the one we were started under."""
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def _own_size() -> int:
    """Return the address space in use, in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def allow_cpu(seconds: int) -> None:
    """Move the processor limit forward for one file."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (_at_most(int(cpu_seconds() + seconds) + 1, hard), hard))


def cpu_seconds() -> float:
    """Return the processor time that this process has used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
