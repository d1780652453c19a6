"""Pictures of which Reddit does not tell yet where they are: rows of links without a media behind them so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.clock import iso
from bot.model import UNTOLD, Link, LinkState
from bot.store.base import Connection

# Seconds after a picture was first seen at which Reddit is asked for it; after the last it is given up
MOMENTS = (120.0, 600.0, 3600.0, 21600.0, 86400.0)
NOT_SEEN = "not seen: Reddit never told where this picture is"


@dataclass(frozen=True, slots=True, kw_only=True)
class UntoldRow:
    """A picture to ask for now."""

    id: int
    media: str
    asked: int  # how often it was asked for already
    priority: int


class Untold:
    """Such rows of table links, by the post that leads to the pictures and the address of the one that will tell."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def due(self, limit: int) -> list[tuple[str, str]]:
        """Return (post, address of who will tell) of pictures to ask for now, the longest due first."""
        rows = self._c.rows(
            """select post, url from links indexed by links_untold where state = 'untold' and next_at <= ?
               group by post, url order by min(next_at), min(id) limit ?""",
            (self._c.now(), limit),
        )
        return [(row["post"], row["url"]) for row in rows]

    def rows(self, post: str, address: str) -> list[UntoldRow]:
        """Return the pictures of one of these that are to be asked for now; none if the post was forgotten."""
        found = self._c.rows(
            """select id, coalesce(host_id, '') as media, attempts, priority from links
               where post = ? and url = ? and state = 'untold' and next_at <= ? order by id""",
            (post, address, self._c.now()),
        )
        return [
            UntoldRow(id=row["id"], media=row["media"], asked=row["attempts"], priority=row["priority"])
            for row in found
        ]

    def told(self, post: str, link: Link, state: LinkState, reason: str | None) -> int:
        """Let the row of a picture that Reddit told of become the link that it is; return how many that were."""
        return self._c.run(
            """update links set url = ?, kind = ?, source = ?, state = ?, reason = ?, attempts = 0, next_at = ?,
               updated_at = ?
               where post = ? and host = ? and host_id = ? and kind = 'unsupported' and source = ?
               and state in ('untold', 'given_up')""",
            (link.url, link.kind, link.source, state, reason, self._c.now(), self._c.now(), post, link.host, link.id,
             UNTOLD),
        )  # fmt: skip

    def wait(self, link: int, *, until: datetime) -> None:
        """Count that a picture was asked for in vain, and ask again then."""
        self._c.run("update links set attempts = attempts + 1, next_at = ? where id = ?", (iso(until), link))

    def drop(self, link: int, post: str) -> None:
        """Delete a row whose picture Reddit tells under other names, or that its post holds no more.

        What stood for it stands for the post's first media then.
        """
        heir = self._c.value(
            "select min(id) from links where post = ? and kind in ('media', 'album') and state <> 'reserve'", (post,)
        )
        if heir is not None:
            self._c.run("update links set stands_for = ? where stands_for = ?", (heir, link))
        self._c.run("delete from links where id = ?", (link,))

    def unseen(self, post: str) -> tuple[int, int]:
        """Return of how many pictures of a post Reddit does not tell yet, and how many were given up."""
        row = self._c.one(
            """select sum(state = 'untold') as wait, sum(state = 'given_up') as given_up from links
               where post = ? and source = ?""",
            (post, UNTOLD),
        )
        return (row["wait"] or 0, row["given_up"] or 0) if row else (0, 0)
