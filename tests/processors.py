"""What processes cost: their processor time, and which processor they may take."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path


def seconds(pid: int) -> float:
    """Return the processor time of a process, its children, and those of its children that ended, in seconds."""
    own = _times(pid)
    total = sum(own[:4]) + sum(sum(_times(child)[:2]) for child in children(pid))
    return total / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Return the processes that a process started and that still run."""
    found = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(word) for word in file.read_text().split()]
    return found


def apart() -> tuple[set[int], set[int]]:
    """Return one processor of this machine for what is measured, and those for all else: the same if there is one."""
    all_of_them = os.sched_getaffinity(0)
    one = {max(all_of_them)}
    return one, all_of_them - one or one


def keep_to(processors: Iterable[int], pid: int | str = "self") -> None:
    """Let all threads of a process, its children and what it starts from now on run on these processors alone."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):  # a thread may have ended
            os.sched_setaffinity(int(task.name), processors)
    if pid != "self":
        for child in children(int(pid)):
            keep_to(processors, child)


def _times(pid: int) -> list[int]:
    """Return user and system time, and both of children that ended, in ticks; all are 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return [0, 0, 0, 0]
    return [int(field) for field in fields[11:15]]
