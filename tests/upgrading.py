"""Kills an upgrade before and after each of its commits, in processes of their own, and starts it again.

`python -m tests.upgrading OLD`: a database of an earlier version.

Each start goes on from where the last kill left the database. Prints a line for each kill, and at the end whether what
came of it is what an undisturbed upgrade makes of it: `same` or `other`.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from bot.clock import SystemClock
from bot.store import Store

SET_UP = 1  # commits of every start before the first step
NOW = re.compile(rf"{datetime.now(UTC):%Y-%m-%d}T[0-9:]+Z")  # what a step writes down of the moment it was taken at


class Fatal(sqlite3.Connection):
    """A connection whose process is killed at a commit."""

    left = 0
    after = False

    def execute(self, sql: str, *more: object) -> sqlite3.Cursor:
        """Do it, or die."""
        if sql.upper() != "COMMIT":
            return super().execute(sql, *more)  # type: ignore[arg-type]
        Fatal.left -= 1
        if Fatal.left == 0 and not Fatal.after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = super().execute(sql)
        if Fatal.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done


def upgraded(path: Path) -> list[str]:
    """Upgrade a database; return all that is in it, without what tells when it was upgraded."""
    Store(path, SystemClock()).close()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("pragma foreign_key_check").fetchall() == []
        assert raw.execute("pragma integrity_check").fetchone()[0] == "ok"
        dump = [line for line in raw.iterdump() if '"_sqlite_migrations"' not in line and '"list_steps"' not in line]
    return [NOW.sub("NOW", line) for line in dump]


def killed(path: Path, commit: int, *, after: bool) -> bool:
    """Upgrade in a process that is killed at a commit; return False if it ended before."""
    child = os.fork()
    if child == 0:
        Fatal.left, Fatal.after = commit, after
        Store(path, SystemClock(), factory=Fatal).close()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def main() -> None:
    """Kill before and after the commit of the set-up, and then of each step."""
    old = Path(sys.argv[1])
    whole, path = old.with_name("whole.db"), old.with_name("killed.db")
    for copy in (whole, path):
        shutil.copyfile(old, copy)
    ends = cycle((False, True))
    killed(path, 1, after=False)
    while killed(path, 1 + SET_UP, after=(after := next(ends))):
        sys.stdout.write(f"killed {'after' if after else 'before'} a step's commit\n")
        for kept in path.parent.glob(f"{path.name}.before-*"):
            kept.unlink()
    sys.stdout.write("same\n" if upgraded(path) == upgraded(whole) else "other\n")


if __name__ == "__main__":
    main()
