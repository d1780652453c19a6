"""Where the database stands: what is wrong with its folder and its files, before and after SQLite says its word."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bot.errors import StoreError, file_fault

LOG = "-wal"
STEPS = 100_000  # of SQLite's machine, between two looks at the clock
EARLIER = ".before-"  # and the first step that it had not had
ROOM = 64 << 20  # bytes that are left beside a copy
BESIDE = ("", LOG, "-shm", "-journal", ".lock")
FULL = 1 << 20  # bytes that are free where SQLite failed for want of room
RESTORE = "restore a backup (docs/backup.md)"


def look(path: Path) -> None:
    """Raise StoreError, in one sentence, if a database cannot be used at this place, or must not be. Changes nothing.

    A log without its database is what was written last into one that was moved away: SQLite would delete it.
    """
    folder = path.parent
    for one in (folder, *folder.parents):
        if one.exists() and not one.is_dir():
            raise StoreError(f"{one} is a file, and storage.path needs a folder there; move it away, or set another")
    try:
        _usable(folder)
        log = path.with_name(path.name + LOG)
        if not path.exists():
            if log.exists() and log.stat().st_size:
                raise StoreError(
                    f"{log} is there and {path} is not: the log holds what was written last and is lost if a new "
                    f"database is made; put the database back beside it, or {RESTORE} and move the log away"
                )
            return
        for end in BESIDE:
            if os.path.lexists(file := path.with_name(path.name + end)):
                _usable(file)
    except OSError as error:
        raise StoreError(f"cannot look at the database {path}: {file_fault(error)}") from None


def is_ours(raw: sqlite3.Connection, steps: Sequence[str]) -> bool:
    """Return whether a database is empty or has had a step of ours; `steps`: those that were applied."""
    if steps:
        return True
    names = [row[0] for row in raw.execute("select name from sqlite_master where type = 'table'")]
    return all(name.startswith(("sqlite_", "_sqlite_migrations")) for name in names)


def explained(path: Path | None, error: Exception) -> StoreError:
    """Return what an error of SQLite or of the system at opening means, in one sentence."""
    where = str(path) if path else ":memory:"
    if path is not None:
        try:
            look(path)
            if shutil.disk_usage(path.parent).free < FULL:
                return StoreError(f"the disk of {path.parent} is full, so {path} cannot be opened; free some of it")
        except StoreError as found:
            return found
        except OSError:
            pass
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreError(f"{where} is damaged ({error}); {RESTORE}")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(f"{where} is held by another process, and was for 30 seconds; end it, or try again later")
    return StoreError(f"cannot open the database {where}: {error}; check storage.path and its disk")


def damage(path: Path, seconds: float) -> str | None:
    """Return what SQLite finds wrong in the pages of a database, or None; empty if it was not through in time.

    Changes nothing.
    """
    end = time.monotonic() + seconds
    try:
        with closing(sqlite3.connect(path, timeout=seconds)) as raw:
            raw.execute("pragma query_only = on")
            raw.set_progress_handler(lambda: time.monotonic() > end, STEPS)
            found = raw.execute("pragma quick_check(1)").fetchone()[0]
            if found == "ok" and raw.execute("pragma foreign_key_check").fetchone():
                found = "rows refer to rows that are not there"
    except sqlite3.Error as error:
        return "" if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT else str(error)
    return None if found == "ok" else " ".join(str(found).split())


def locked(path: Path) -> bool:
    """Return whether a process of this machine holds the daemon's lock. To find out is to take it for a moment."""
    try:
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def keep(raw: sqlite3.Connection, path: Path, step: str) -> None:
    """Keep a copy of a database before its first new step, for a return to the earlier version; once, mode 0600.

    Nothing depends on it: every step is a transaction, and a kill between two loses nothing. So where there is no room
    for it, or it cannot be written, there is none.
    """
    target = path.with_name(f"{path.name}{EARLIER}{step}")
    fresh = path.with_name(f".{target.name}.new")
    try:
        if target.exists() or shutil.disk_usage(path.parent).free < 2 * path.stat().st_size + ROOM:
            return
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        raw.execute("vacuum into ?", (str(fresh),))
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.rename(target)
    except (OSError, sqlite3.Error):
        fresh.unlink(missing_ok=True)


def forget_earlier(path: Path, before: float) -> int:
    """Delete what was kept before steps until a moment, in seconds of Unix time; return how many files.

    What was forgotten since is still in them.
    """
    gone = 0
    for file in (*path.parent.glob(f"{path.name}{EARLIER}*"), *path.parent.glob(f".{path.name}{EARLIER}*.new")):
        if file.stat().st_mtime < before:
            file.unlink(missing_ok=True)
            gone += 1
    return gone


def _usable(place: Path) -> None:
    """Raise StoreError if this account cannot use a folder or a file; what is not there cannot be made."""
    there = place
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    mode = os.R_OK | os.W_OK | (os.X_OK if there.is_dir() else 0)
    if os.access(there, mode):
        return
    if os.statvfs(there).f_flag & os.ST_RDONLY:
        raise StoreError(f"{there} is on a file system that is read-only; mount it writable, or set storage.path")
    owner = there.stat().st_uid
    us = os.geteuid()
    whose = f", which is {account(owner)}'s" if owner != us else ""
    raise StoreError(
        f"this account ({account(us)}) may not write to {there}{whose}; run gifwarden as {account(owner)}, or give it "
        f"the files: chown -R {account(us)} {place if place.is_dir() else place.parent}"
        if owner != us
        else f"this account ({account(us)}) may not write to {there}; run: chmod u+rwX {there}"
    )


def account(number: int) -> str:
    """Return the name of an account of this machine, or its number."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
