"""What `doctor` finds around the program: the database's file, the daemon, the machine's limits and its clock."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bot.clock import Clock, day_and_time, from_iso
from bot.config import Config
from bot.pipeline.core import Deps
from bot.pipeline.keeping.diagnosis import Diagnosis, ok, warn
from bot.plural import many
from bot.store.place import RESTORE, damage

CHECKED_SECONDS = 20.0  # of reading the database's pages
DESCRIPTORS = 256  # the console's connections, the children's pipes, the hosts', the database
DAEMON_MB = 300  # of memory, beside its children
SKEW = timedelta(minutes=2)  # that clocks may be apart
WRONG = timedelta(hours=1)  # beyond it what is kept for days is forgotten at the wrong time
SET_CLOCK = "set it (timedatectl set-ntp true) before the daemon goes on, which forgets by it"
PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def pages(path: Path) -> Diagnosis:
    """Return whether the database's pages are whole, read for a bounded time; it changes nothing."""
    found = damage(path, CHECKED_SECONDS)
    if found is None:
        return ok("storage", f"{path} is whole")
    if not found:
        said = (
            f"{path} is too large to be read through in {CHECKED_SECONDS:.0f} s; gifwarden backup FOLDER checks a copy"
        )
        return ok("storage", said)
    text = f"{path} is damaged ({found}); stop the daemon and {RESTORE}, and check the disk that it is on"
    return Diagnosis(level="fail", subject="storage", text=text)


def daemon(deps: Deps, seconds: float) -> tuple[Diagnosis, bool]:
    """Return whether a daemon works on this database, in words too; `seconds`: how far a lease reaches at most."""
    lease, now = deps.store.lease, deps.clock.now()
    row = lease.standing()
    if row is None or row.until <= now:
        return ok("daemon", "none works on this database now"), False
    until = f"{row.until:%H:%M:%S} UTC"
    if lease.locked():
        return ok("daemon", f"{row.holder} works on this database"), True
    if row.until > now + timedelta(seconds=seconds) + WRONG:
        text = (
            f"{row.holder} left a lease until {day_and_time(row.until)} UTC, by a wrong clock; the next start ends it"
        )
    elif row.holder.startswith(f"{socket.gethostname()}:"):
        return ok("daemon", f"{row.holder} was killed and left its lease; the next start here takes it over"), False
    else:
        text = (
            f"{row.holder}, on another machine or under an earlier name of this one, holds the lease until {until}; if "
            "it still works, stop it: two machines must never share a database; if it was killed, wait until then"
        )
    return warn("daemon", text), False


def clock_in(deps: Deps) -> Iterator[Diagnosis]:
    """Yield that the clock is behind what the database holds, if it is."""
    newest = deps.store.maintenance.newest()
    if newest is None or (behind := from_iso(newest) - deps.clock.now()) <= SKEW:
        return
    said = (
        f"this machine's clock says {day_and_time(deps.clock.now())} UTC and the database holds what is {_long(behind)}"
    )
    yield _clock(behind, f"{said} newer; {SET_CLOCK}")


def clock_of(ahead: timedelta | None, clock: Clock) -> Iterator[Diagnosis]:
    """Yield how the clock stands to Reddit's; `ahead`: by how much it is ahead of it, None: unknown."""
    if ahead is None:
        return
    if abs(ahead) <= SKEW:
        yield ok("clock", "as Reddit's")
        return
    way = "ahead of" if ahead > timedelta(0) else "behind"
    said = f"this machine's clock says {day_and_time(clock.now())} UTC, which is {_long(abs(ahead))} {way} Reddit's"
    yield _clock(abs(ahead), f"{said}; {SET_CLOCK}")


def _clock(off: timedelta, text: str) -> Diagnosis:
    return Diagnosis(level="fail", subject="clock", text=text) if off > WRONG else warn("clock", text)


def _long(span: timedelta) -> str:
    if span.days:
        return many(span.days, "day")
    return many(round(span.total_seconds() / 60), "minute")


def machine(config: Config) -> Iterator[Diagnosis]:
    """Yield what this machine, or the limits under which this runs, have too little of."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed != resource.RLIM_INFINITY and allowed < DESCRIPTORS:
        yield warn(
            "machine",
            f"only {allowed} files may be open at once here and the daemon may need {DESCRIPTORS}; raise it "
            f"(ulimit -n 1024, or LimitNOFILE=1024 in the unit)",
        )
    children, each = config.decode.workers, config.decode.memory_mb
    need, have = DAEMON_MB + children * each, _memory_mb()
    if have is not None and have < need:
        yield warn(
            "machine",
            f"{have:,} MiB of memory are here and the daemon with decode.workers = {children} of decode.memory_mb = "
            f"{each} may take {need:,}; lower these two, or give it more, else the system kills what decodes",
        )
    if swaps := [name for name in _swaps() if not _in_memory_or_sealed(name)]:
        yield warn(
            "machine",
            f"memory may be swapped to {', '.join(swaps)}, and media must never reach a disk; forbid it to the service "
            "(MemorySwapMax=0, as docs/gifwarden.service has it), or encrypt the swap",
        )


def _memory_mb() -> int | None:
    """Return the memory of this machine or of our control group, whichever is less, in MiB; None if nobody says."""
    found = []
    for line in _lines(PROC / "meminfo"):
        if line.startswith("MemTotal:") and line.split()[1].isdecimal():
            found.append(int(line.split()[1]) >> 10)
    for line in _lines(PROC / "self/cgroup"):
        _, kinds, path = (*line.split(":", 2), "", "")[:3]
        if kinds in ("", "memory"):
            folder = CGROUPS / "memory" if kinds else CGROUPS
            for file in ("memory.max", "memory.limit_in_bytes"):
                text = "".join(_lines(folder / path.lstrip("/") / file))
                if text.isdecimal():
                    found.append(int(text) >> 20)
    return min(found, default=None)


def _swaps() -> list[str]:
    return [line.split()[0] for line in _lines(PROC / "swaps")[1:] if line.split()]


def _in_memory_or_sealed(device: str) -> bool:
    name = Path(device).name
    if name.startswith("zram"):
        return True
    uuid = Path("/sys/block") / name / "dm/uuid"
    return "".join(_lines(uuid)).startswith("CRYPT-")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
