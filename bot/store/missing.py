"""Files of albums that did not come while others did: each is a row of table links, which waits as any link does."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.model import LinkState
from bot.store.base import Connection
from bot.store.links import ANEW, UNSEEN, LinkRow, row_of

WAITS = (LinkState.SEEN, LinkState.FAILED)


class MissingFiles:
    """Rows of table links that have a `place`: of one file of the album of the same post, host and id."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def leave(self, album: LinkRow, place: int) -> LinkRow | None:
        """Return the row of a file that did not come, as its album stood; None if it was looked at already.

        It is learnt from if its album is. Call it in a transaction.
        """
        now = self._c.now()
        self._c.run(
            """insert or ignore into links (post, url, host, host_id, kind, source, state, next_at, updated_at,
               priority, attempts, outages, pages, place)
               select post, url, host, host_id, kind, source, 'seen', :now, :now, priority, :attempts, :outages,
               :pages, :place from links where id = :album""",
            {
                "album": album.id, "place": place, "now": now, "attempts": album.attempts, "outages": album.outages,
                "pages": album.pages,
            },
        )  # fmt: skip
        row = self._c.one(
            """select r.* from links a join links r on r.post = a.post and r.host = a.host
               and coalesce(r.host_id, r.url) = coalesce(a.host_id, a.url) and r.source = a.source
               where a.id = ? and r.place = ?""",
            (album.id, place),
        )
        if row is None or row["state"] not in (*WAITS, *UNSEEN) or row["state"] == LinkState.BLOCKED or row["claim"]:
            return None
        self._c.run(
            "insert or ignore into learnt_links (link, post) select ?, post from learnt_links where link = ?",
            (row["id"], album.id),
        )
        return row_of(row)

    def came(self, album: int, places: Sequence[int]) -> None:
        """Forget the rows of files that came with their album after all, but for those that were looked at."""
        self._c.run(
            """delete from links where place in (select value from json_each(:places)) and claim is null
               and state in ('seen', 'failed', 'given_up', 'gone', 'needs_token', 'unsupported')
               and id not in (select link from cases)
               and (post, host, coalesce(host_id, url)) =
               (select post, host, coalesce(host_id, url) from links where id = :album)""",
            {"album": album, "places": json.dumps(list(places))},
        )

    def forget(self, post: str) -> None:
        """Forget those of a post without a case whose album is about to be looked at whole, as an order asks for it."""
        album = "host, coalesce(host_id, url), source"
        self._c.run(
            f"""delete from links where post = :post and place is not null and claim is null
               and state <> 'blocked' and id not in (select link from cases)
               and ({album}) in (select {album} from links where post = :post and place is null and {ANEW})""",  # noqa: S608  words of ours
            {"post": post},
        )

    def unseen(self, post: str) -> tuple[int, int]:
        """Return how many files of a post's albums are still waited for, and how many nobody ever saw."""
        wait, never = (", ".join("?" * len(states)) for states in (WAITS, UNSEEN))
        row = self._c.one(
            f"""select sum(state in ({wait})) as wait, sum(state in ({never})) as never from links
                where post = ? and place is not null""",  # noqa: S608  question marks
            (*WAITS, *UNSEEN, post),
        )
        return (row["wait"] or 0, row["never"] or 0) if row else (0, 0)
