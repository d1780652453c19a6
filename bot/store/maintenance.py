"""Audit trail, the daemon's lease, figures, forgetting."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from bot.clock import from_iso, iso
from bot.errors import LeaseError
from bot.model import Voice
from bot.store.base import Connection, Row

# What a person writes as a reason may name a post, a media or an account; the audit trail does not keep that.
_NAMING = re.compile(
    r"(?:https?://|www\.)\S+|\b(?:redd\.it|reddit\.com)/\S+|(?<![\w/])/?(?:u|user)/[\w-]+|/?\br/\w+/comments/\S+"
    r"|\bt[1-6]_[0-9a-z]+\b",
    re.IGNORECASE,
)


def opaque(text: str | None) -> str | None:
    """Return a reason without addresses, fullnames and account names."""
    return None if text is None else _NAMING.sub("[…]", text)


# tables with what is sealed by the database's key, and the column that holds it
SEALED = {"fingerprints": "sealed", "sketches": "sealed", "persons": "sealed_key"}


SKEW = timedelta(minutes=10)  # by which the clocks of two machines may differ


class Upkeep:
    """Tables audit and lease, and what touches all tables."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def note(self, *, by: Voice, what: str, subject: str, why: str | None = None) -> None:
        """Add a line to the audit trail. `subject` is an opaque label, never a name or a URL."""
        row: dict[str, str | int | None] = {
            "at": self._c.now(),
            "who": by.name,
            "what": what,
            "subject": subject,
            "why": opaque(why),
        }
        row |= {"member": by.member, "credential": by.credential, "account": by.account}
        self._c.insert("audit", row)

    def audit(self, limit: int = 1000) -> list[Row]:
        """Return the audit trail, newest first."""
        return self._c.rows("select at, who, what, subject, why from audit order by id desc limit ?", (limit,))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
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

    def lease(self, holder: str, seconds: float, *, start: bool = False) -> None:
        """Take or renew the daemon's lease. Raises LeaseError if another holder's has not run out.

        At the `start`, with the lock held, a lease that reaches further than any does not count: a wrong clock took it.
        """
        with self._c:
            row = self._c.one("select holder, expires_at from lease where name = 'daemon'")
            now = self._c.clock.now()
            until = from_iso(row["expires_at"]) if row else now
            honest = not start or until <= now + timedelta(seconds=seconds) + SKEW
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

    def daemon(self) -> bool:
        """Return whether a daemon holds the lease."""
        until = self._c.value("select expires_at from lease where name = 'daemon'")
        return until is not None and from_iso(until) > self._c.clock.now()

    def release(self, holder: str) -> None:
        """Give the lease back."""
        self._c.run("delete from lease where name = 'daemon' and holder = ?", (holder,))

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many rows are in each state, by table."""
        shown: dict[str, Mapping[str, int]] = {"posts": {"seen": self._c.value("select count(*) from posts")}}
        for table in ("links", "cases", "actions", "notices", "entries"):
            rows = self._c.rows(f"select state, count(*) as n from {table} group by state order by state")  # noqa: S608  names from the line above
            shown[table] = {row["state"]: row["n"] for row in rows}
        return shown

    def forget_before(self, moment: datetime) -> int:
        """Delete posts seen before then that no case holds, with links and evidence; return how many."""
        with self._c:
            count = self._c.run(
                """delete from posts where seen_at < ? and fullname not in (select post from cases)
                   and fullname not in
                   (select post from links where state in ('seen', 'acquired', 'matched', 'failed'))""",
                (iso(moment),),
            )
            self._c.run("delete from decisions where at < ?", (iso(moment),))
            self._c.run("delete from author_facts where at < ?", (iso(moment),))
            self._c.run("delete from losses where at < ?", (iso(moment),))
            self._c.run("delete from backfills where updated_at < ?", (iso(moment),))
        return count

    def any_sealed(self) -> bool:
        """Return whether the database holds anything that only its key opens or recognises."""
        return any(self._c.value(f"select exists (select 1 from {table})") for table in (*SEALED, "never"))  # noqa: S608  names from above

    def truncate_log(self) -> None:
        """Fold the write-ahead log into the database and empty it."""
        self._c.rows("pragma wal_checkpoint(truncate)")
