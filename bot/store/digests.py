"""Which digests were made."""

from __future__ import annotations

from bot.store.base import Connection


class Digests:
    """Table digests."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def waits(self, subreddit: str, day: str) -> bool:
        """Return whether a subreddit's digest of a day is neither made nor parked."""
        name = subreddit.lower()
        self._c.run("insert or ignore into digests (subreddit, day) values (?, '')", (name,))
        return bool(
            self._c.value("select 1 from digests where subreddit = ? and day <> ? and state <> 'parked'", (name, day))
        )

    def due(self, subreddit: str, day: str) -> bool:
        """Write down that a subreddit's digest of a day is made; False if it was."""
        return bool(
            self._c.run(
                """insert into digests (subreddit, day) values (?, ?) on conflict do update set day = excluded.day
                   where digests.day <> excluded.day""",
                (subreddit.lower(), day),
            )
        )

    def last_day(self, subreddit: str) -> str | None:
        """Return the day of the last digest, as YYYY-MM-DD, or None."""
        day = self._c.value("select day from digests where subreddit = ?", (subreddit.lower(),))
        return str(day) if day else None
