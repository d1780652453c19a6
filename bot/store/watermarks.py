"""How far each listing was read."""

from __future__ import annotations

from datetime import datetime

from bot.clock import from_iso, iso
from bot.store.base import Connection


class Watermarks:
    """Table watermarks."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def created(self, subreddit: str, what: str) -> datetime | None:
        """Return the creation time of the newest thing seen there, or None before the first poll."""
        text = self._c.value(
            "select created from watermarks where subreddit = ? and what = ?", (subreddit.lower(), what)
        )
        return from_iso(text) if text else None

    def read_at(self, subreddit: str, what: str) -> datetime | None:
        """Return when, by our clock, that listing was last read to its end, or None before the first poll."""
        text = self._c.value(
            "select polled_at from watermarks where subreddit = ? and what = ?", (subreddit.lower(), what)
        )
        return from_iso(text) if text else None

    def fullname(self, subreddit: str, what: str) -> str | None:
        """Return the fullname (or mod log id) at the watermark."""
        name = self._c.value(
            "select fullname from watermarks where subreddit = ? and what = ?", (subreddit.lower(), what)
        )
        return str(name) if name else None

    def move(self, subreddit: str, what: str, *, fullname: str | None, created: datetime) -> None:
        """Move the watermark forward, never back."""
        self._c.run(
            """insert into watermarks values (:subreddit, :what, :fullname, :created, :now)
               on conflict do update set polled_at = :now,
               fullname = case when :created >= created then coalesce(:fullname, fullname) else fullname end,
               created = max(created, :created)""",
            {
                "subreddit": subreddit.lower(),
                "what": what,
                "fullname": fullname,
                "created": iso(created),
                "now": self._c.now(),
            },
        )

    def newest(self, what: str) -> datetime | None:
        """Return the newest moment up to which any subreddit was read, or None."""
        text = self._c.value("select max(created) from watermarks where what = ?", (what,))
        return from_iso(text) if text else None

    def rewind(self, subreddit: str, moment: datetime) -> None:
        """Move a subreddit's watermarks back, so that it is read again from that moment on."""
        self._c.run(
            "update watermarks set created = min(created, ?), fullname = null where subreddit = ? and created > ?",
            (iso(moment), subreddit.lower(), iso(moment)),
        )
