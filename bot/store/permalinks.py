"""Permalinks in posts that were not looked at yet, and the media that are known of a post."""

from __future__ import annotations

from bot.model import UNTOLD, Link
from bot.store.base import Connection
from bot.store.links import LinkRow, row_of


class Linked:
    """Reads table links. A permalink that has no reason yet was not looked at."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def due(self, limit: int) -> list[LinkRow]:
        """Return permalinks and other pages of Reddit that nobody looked at: urgent, live, past, the oldest first."""
        rows = self._c.rows(
            """select * from links where kind = 'page' and host = 'reddit' and state = 'unsupported' and reason is null
               order by priority desc, id limit ?""",
            (limit,),
        )
        return [row_of(row) for row in rows]

    def wake(self) -> int:
        """Let previews be looked at that wait for permalinks which nobody follows; return how many."""
        return self._c.run(
            """update links set state = 'seen', next_at = :now, updated_at = :now
               where state = 'reserve' and priority in (-1, 0, 1) and stands_for in
               (select id from links where kind = 'page' and host = 'reddit' and state = 'unsupported'
                and reason is null)""",
            {"now": self._c.now()},
        )

    def followed(self, post: str) -> int:
        """Return how many permalinks of a post were followed, wherever they led."""
        return int(self._c.value("select count(*) from links where post = ? and followed", (post,)))

    def follow(self, link: int) -> None:
        """Write down that a permalink was followed."""
        self._c.run("update links set followed = 1 where id = ?", (link,))

    def media(self, post: str) -> list[Link] | None:
        """Return media links and untold pictures of a post, in their order; None if the post is not known."""
        if not self._c.value("select exists (select 1 from posts where fullname = ?)", (post,)):
            return None
        rows = self._c.rows(
            """select * from links where post = ? and (kind in ('media', 'album') or source = ?) and source <> 'linked'
               order by id""",
            (post, UNTOLD),
        )
        return [row_of(row).link for row in rows]
