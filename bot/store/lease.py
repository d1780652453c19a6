"""One daemon at a time: a lock beside the database, and a lease in it for commands to see."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import from_iso, iso
from bot.errors import LeaseError
from bot.store.base import Connection
from bot.store.place import locked

SKEW = timedelta(minutes=10)  # by which the clocks of two machines may differ
_COMMAND = ":command"  # ends the name of a command that does a daemon's work for a moment


def command_here() -> str:
    """Return the name under which this process, a command, holds the lease."""
    return f"{socket.gethostname()}:{os.getpid()}{_COMMAND}"


def _of_command_here(holder: str) -> bool:
    """Return whether a command of this machine took a lease: while it works it holds the lock as well."""
    return holder.startswith(f"{socket.gethostname()}:") and holder.endswith(_COMMAND)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRow:
    """Who works on a database, and until when that holds without a further word of theirs."""

    holder: str
    until: datetime


class DaemonLease:
    """Table lease, and the lock file beside the database."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock on a file beside the database, which the kernel gives back however a daemon ends.

        It tells two daemons of one name apart, whatever their clocks say. Raises LeaseError if another holds it.
        """
        if self._c.path is None:
            yield
            return
        place = self._c.path.with_name(f"{self._c.path.name}.lock")
        try:
            descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise LeaseError(
                f"the daemon's lock {place} cannot be opened: {error.strerror}; check storage.path"
            ) from None
        try:
            os.fchmod(descriptor, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise LeaseError(
                    f"another gifwarden daemon works on this database: it holds the lock {place}; stop it first"
                ) from None
            yield
        finally:
            os.close(descriptor)

    def take(self, holder: str, seconds: float, *, start: bool = False) -> None:
        """Take or renew the daemon's lease. Raises LeaseError if another holder's has not run out.

        At the `start`, with the lock held, a lease that reaches further than any does not count: a wrong clock took it.
        Nor does that of a daemon or a command of this machine: it had the lock too, so it was killed. Else systemd
        would start a killed daemon again and again while its lease runs, and give it up.
        """
        with self._c:
            row = self._c.one("select holder, expires_at from lease where name = 'daemon'")
            now = self._c.clock.now()
            until = from_iso(row["expires_at"]) if row else now
            killed = row is not None and row["holder"].startswith(f"{socket.gethostname()}:")
            honest = not start or (until <= now + timedelta(seconds=seconds) + SKEW and not killed)
            if row and row["holder"] != holder and until > now and honest:
                raise LeaseError(
                    f"another gifwarden daemon ({row['holder']}) works on this database until {row['expires_at']}; "
                    "stop it, or wait until then if it was killed"
                )
            self._c.run(
                """insert into lease values ('daemon', ?, ?)
                   on conflict do update set holder = excluded.holder, expires_at = excluded.expires_at""",
                (holder, iso(now + timedelta(seconds=seconds))),
            )

    def holds(self, holder: str) -> bool:
        """Return whether the lease is this holder's and has not run out."""
        row = self._c.one("select holder, expires_at from lease where name = 'daemon'")
        return row is not None and row["holder"] == holder and from_iso(row["expires_at"]) > self._c.clock.now()

    def standing(self) -> LeaseRow | None:
        """Return who took the lease last and until when it is theirs, past or not; None if it was given back."""
        row = self._c.one("select holder, expires_at from lease where name = 'daemon'")
        return LeaseRow(holder=row["holder"], until=from_iso(row["expires_at"])) if row else None

    def held(self) -> bool:
        """Return whether anybody holds the lease."""
        until = self._c.value("select expires_at from lease where name = 'daemon'")
        return until is not None and from_iso(until) > self._c.clock.now()

    def daemon_runs(self) -> bool:
        """Return whether a daemon holds the lease, or a command of another machine."""
        holder = self._c.value("select holder from lease where name = 'daemon'")
        return self.held() and not _of_command_here(holder)

    def locked(self) -> bool:
        """Return whether a process of this machine holds the lock; ask only where the lease is held.

        To find out is to take it for a moment: without a lease a daemon that starts just then would be turned away.
        """
        if self._c.path is None:
            return False
        return locked(self._c.path)

    def release(self, holder: str) -> None:
        """Give the lease back."""
        self._c.run("delete from lease where name = 'daemon' and holder = ?", (holder,))
