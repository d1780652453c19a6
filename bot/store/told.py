"""Who was told of what we did: authors of removed posts, at most once a day each, and on what word posts went."""

from __future__ import annotations

from datetime import datetime

from bot.clock import from_iso, iso
from bot.model import ActionState, Receipt, Rung
from bot.serialization import dumps
from bot.store.action_rows import ActionRow
from bot.store.actions import Actions
from bot.store.base import Connection

_TELLING = "('message', 'modmail')"
_BEGUN = "('sending', 'unknown', 'done')"
_REMOVED = "exists (select 1 from actions r where r.post = a.post and r.kind = 'remove' and r.state = 'done')"


class Told:
    """Columns rung and done_by of table actions, and what a message says of cases."""

    def __init__(self, connection: Connection, actions: Actions) -> None:
        self._c = connection
        self._actions = actions

    def note_rung(self, action: int, rung: Rung) -> None:
        """Write down on what word a post was removed."""
        self._c.run("update actions set rung = ? where id = ?", (rung, action))

    def rung_of(self, post: str) -> Rung | None:
        """Return on what word a post was removed last, or None if it was not, or by an earlier version."""
        found = self._c.value(
            "select rung from actions where post = ? and kind = 'remove' and state = 'done' order by id desc limit 1",
            (post,),
        )
        return Rung(found) if found else None

    def author_of(self, post: str) -> str | None:
        """Return who wrote a post, or None if nobody knows any more."""
        found = self._c.value("select json_extract(data, '$.author') from posts where fullname = ?", (post,))
        return str(found) if found else None

    def last_to(self, author: str, subreddit: str, *, since: datetime, but: int) -> datetime | None:
        """Return when an author was written to last about removals in a subreddit, since then, except by one action."""
        found = self._c.value(
            f"""select max(a.sent_at) from actions a join posts p on p.fullname = a.post
                where (a.kind = 'message' or a.key like 'wrong:%')
                and a.state in {_BEGUN} and a.sent_at > ? and a.sent_at <= ? and a.id != ?
                and a.subreddit = ? collate nocase and json_extract(p.data, '$.author') = ? collate nocase""",  # noqa: S608  words of ours
            (iso(since), self._c.now(), but, subreddit, author),
        )
        return from_iso(found) if found else None

    def take_along(self, action: int, author: str, subreddit: str) -> int:
        """Let a message speak for all that waits to be told to the same author there; return for how many more."""
        return self._c.run(
            f"""update actions set done_by = ?1 where id in (
                select a.id from actions a join posts p on p.fullname = a.post
                where a.kind = 'message' and a.id != ?1 and a.subreddit = ?2 collate nocase
                and (a.state = 'planned' or (a.state = 'held' and a.hold in ('cap', 'removal')))
                and json_extract(p.data, '$.author') = ?3 collate nocase and {_REMOVED})""",  # noqa: S608  words of ours
            (action, subreddit, author),
        )

    def along(self, action: int) -> list[ActionRow]:
        """Return what a message speaks for beside its own case, oldest first."""
        rows = self._c.rows(f"select id from actions where done_by = ? and kind in {_TELLING} order by id", (action,))  # noqa: S608  words of ours
        return [self._actions.get(row["id"]) for row in rows]

    def settle(self, action: int, receipt: Receipt) -> int:
        """Write down that what a message spoke for is done with it; return how many that were."""
        now = self._c.now()
        return self._c.run(
            f"""update actions set state = ?, hold = null, reason = null, receipt = ?, updated_at = ?
                where done_by = ? and kind in {_TELLING} and state in ('planned', 'held')""",  # noqa: S608  words of ours
            (ActionState.DONE, dumps(receipt), now, action),
        )

    def word_waiting(self, author: str, subreddit: str) -> int | None:
        """Return the word that waits to tell an author there that something was a mistake, or None."""
        found = self._c.value(
            """select a.id from actions a join posts p on p.fullname = a.post where a.key like 'wrong:%'
               and a.state in ('planned', 'held') and a.attempts = 0 and a.subreddit = ? collate nocase
               and json_extract(p.data, '$.author') = ? collate nocase order by a.id limit 1""",
            (subreddit, author),
        )
        return int(found) if found else None

    def add_to_word(self, action: int, line: str) -> None:
        """Add a line to what a word says."""
        self._c.run(
            "update actions set params = json_set(params, '$.body', json_extract(params, '$.body') || ?) where id = ?",
            (f"\n\n{line}", action),
        )
