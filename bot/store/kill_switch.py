"""Where nothing more is done until somebody says go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso
from bot.model import Actor
from bot.store.base import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRow:
    """A subreddit in which moderators stopped the bot."""

    subreddit: str
    who: str
    at: datetime
    why: str
    sender: str | None = None  # the Reddit account whose rights uphold it; None: the operator's own
    checked: datetime | None = None  # when Reddit last confirmed those rights
    lapsed: datetime | None = None  # since when they are known to be gone


def _stop(row: Row) -> StopRow:
    return StopRow(
        subreddit=row["subreddit"],
        who=row["who"],
        at=from_iso(row["at"]),
        why=row["why"],
        sender=row["sender"],
        checked=from_iso(row["checked_at"]) if row["checked_at"] else None,
        lapsed=from_iso(row["lapsed_at"]) if row["lapsed_at"] else None,
    )


class KillSwitch:
    """Table stops."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def stop(self, subreddit: str, *, by: Actor, why: str, sender: str | None = None) -> bool:
        """Stop a subreddit; False if it was stopped. `sender`: the Reddit account whose rights uphold it.

        A stop that nobody upholds any more is upheld by who stops again.
        """
        now = self._c.now()
        return bool(
            self._c.run(
                """insert into stops (subreddit, who, member, at, why, sender, checked_at)
                   values (?, ?, ?, ?, ?, ?, ?)
                   on conflict do update set who = excluded.who, member = excluded.member, at = excluded.at,
                   why = excluded.why, sender = excluded.sender, checked_at = excluded.checked_at, lapsed_at = null
                   where stops.lapsed_at is not null or (excluded.sender is null and stops.sender is not null)""",
                (subreddit.lower(), by.name, by.member, now, why, sender, now if sender else None),
            )
        )

    def upheld(self, subreddit: str, *, lapsed: bool) -> None:
        """Note whether who stopped a subreddit still has the right to."""
        self._c.run(
            """update stops set checked_at = :now, lapsed_at = iif(:lapsed, coalesce(lapsed_at, :now), null)
               where subreddit = :subreddit""",
            {"now": self._c.now(), "lapsed": lapsed, "subreddit": subreddit.lower()},
        )

    def go(self, subreddit: str) -> bool:
        """Let a stopped subreddit go on; False if it was not stopped."""
        return bool(self._c.run("delete from stops where subreddit = ?", (subreddit.lower(),)))

    def stopped(self, subreddit: str) -> StopRow | None:
        """Return who stopped a subreddit, or None."""
        row = self._c.one("select * from stops where subreddit = ?", (subreddit.lower(),))
        return _stop(row) if row else None

    def stops(self) -> list[StopRow]:
        """Return all stopped subreddits."""
        return [_stop(row) for row in self._c.rows("select * from stops order by subreddit")]
