"""How far the past of each subreddit was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso, iso
from bot.store.base import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRow:
    """How far one listing of a subreddit's past was read."""

    subreddit: str
    source: str
    until: datetime  # nothing older is wanted
    after: str | None  # where to go on
    seen: int  # things read
    posts: int  # of them new
    links: int
    oldest: datetime | None
    state: str  # reading, done, parked


class Backfills:
    """Table backfills."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def of(self, subreddit: str) -> list[BackfillRow]:
        """Return how far each listing of a subreddit was read, in the order in which they were begun."""
        rows = self._c.rows("select * from backfills where subreddit = ? order by rowid", (subreddit,))
        return [_backfill(row) for row in rows]

    def put(self, row: BackfillRow) -> None:
        """Write down how far one listing was read."""
        self._c.run(
            """insert into backfills
               (subreddit, source, until, after, seen, posts, links, oldest, state, updated_at) values
               (:subreddit, :source, :until, :after, :seen, :posts, :links, :oldest, :state, :now)
               on conflict do update set until = :until, after = :after, seen = :seen, posts = :posts,
               links = :links, oldest = :oldest, state = :state, updated_at = :now""",
            {
                "subreddit": row.subreddit,
                "source": row.source,
                "until": iso(row.until),
                "after": row.after,
                "seen": row.seen,
                "posts": row.posts,
                "links": row.links,
                "oldest": iso(row.oldest) if row.oldest else None,
                "state": row.state,
                "now": self._c.now(),
            },
        )

    def drop(self, subreddit: str) -> None:
        """Forget how far the past was read, so that it is read from the start."""
        self._c.run("delete from backfills where subreddit = ?", (subreddit,))


def _backfill(row: Row) -> BackfillRow:
    return BackfillRow(
        subreddit=row["subreddit"],
        source=row["source"],
        until=from_iso(row["until"]),
        after=row["after"],
        seen=row["seen"],
        posts=row["posts"],
        links=row["links"],
        oldest=from_iso(row["oldest"]) if row["oldest"] else None,
        state=row["state"],
    )
