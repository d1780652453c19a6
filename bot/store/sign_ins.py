"""Who is signed in to the console: one-time links, and sessions. Of their secrets only hashes are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso, iso
from bot.store.base import Connection, Row, label


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A link by which one person can sign in once."""

    member: int
    made_by: int
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A person on a device."""

    label: str
    member: int
    name: str
    invited_by: str  # who made the link
    device: str
    begun: datetime
    seen: datetime
    ends: datetime


class SignIns:
    """Tables sign_in_links and sessions. A link that was used, and a session that has ended, is no row any more."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add_link(self, secret: str, *, member: int, made_by: int, ends: datetime) -> None:
        """Keep a link; what has ended goes."""
        with self._c:
            self.forget()
            self._c.insert(
                "sign_in_links",
                {
                    "hash": _hash(secret),
                    "member": member,
                    "made_by": made_by,
                    "made_at": self._c.now(),
                    "ends_at": iso(ends),
                },
            )

    def link(self, secret: str) -> LinkRow | None:
        """Return the link of a secret, or None: it was used, has ended, or never was."""
        row = self._c.one(
            "select member, made_by, ends_at from sign_in_links where hash = ? and ends_at > ?",
            (_hash(secret), self._c.now()),
        )
        return LinkRow(member=row["member"], made_by=row["made_by"], ends=from_iso(row["ends_at"])) if row else None

    def use(self, secret: str) -> bool:
        """Use a link up; False if somebody else was faster."""
        return bool(self._c.run("delete from sign_in_links where hash = ?", (_hash(secret),)))

    def begin(self, secret: str, *, member: int, invited_by: int, device: str, ends: datetime) -> str:
        """Begin a session; return its label."""
        now, name = self._c.now(), label("S")
        self._c.insert(
            "sessions",
            {
                "label": name,
                "hash": _hash(secret),
                "member": member,
                "invited_by": invited_by,
                "device": device,
                "begun_at": now,
                "seen_at": now,
                "ends_at": iso(ends),
            },
        )
        return name

    def session(self, secret: str) -> SessionRow | None:
        """Return the session of a secret, whether or not it was idle for too long; None if it has ended."""
        row = self._c.one(f"{_SESSION} where s.hash = ? and s.ends_at > ?", (_hash(secret), self._c.now()))
        return _session(row) if row else None

    def sessions(self, member: int | None = None) -> list[SessionRow]:
        """Return the sessions of a member or of all, the newest first."""
        rows = self._c.rows(
            f"{_SESSION} where (?1 is null or s.member = ?1) and s.ends_at > ?2 order by s.id desc",
            (member, self._c.now()),
        )
        return [_session(row) for row in rows]

    def touch(self, name: str) -> None:
        """Note that a session is in use."""
        self._c.run("update sessions set seen_at = ? where label = ?", (self._c.now(), name))

    def end(self, name: str) -> bool:
        """End one session; False if it had ended."""
        return bool(self._c.run("delete from sessions where label = ?", (name,)))

    def end_all(self, member: int) -> int:
        """End all of a member's sessions and links; return how many sessions."""
        with self._c:
            self._c.run("delete from sign_in_links where member = ?", (member,))
            return self._c.run("delete from sessions where member = ?", (member,))

    def forget(self, idle_since: datetime | None = None) -> None:
        """Delete what has ended; `idle_since`: also sessions that were not in use since then."""
        with self._c:
            self._c.run("delete from sign_in_links where ends_at <= ?", (self._c.now(),))
            self._c.run(
                "delete from sessions where ends_at <= ?1 or seen_at < ?2",
                (self._c.now(), iso(idle_since) if idle_since else ""),
            )


_SESSION = """select s.*, t.name, i.name as inviter from sessions s join team t on t.id = s.member
              join team i on i.id = s.invited_by"""


def _hash(secret: str) -> str:
    """Return what is kept of a secret: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _session(row: Row) -> SessionRow:
    return SessionRow(
        label=row["label"],
        member=row["member"],
        name=row["name"],
        invited_by=row["inviter"],
        device=row["device"],
        begun=from_iso(row["begun_at"]),
        seen=from_iso(row["seen_at"]),
        ends=from_iso(row["ends_at"]),
    )
