"""What moderators ordered, where they stopped the bot, and which digests were sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.clock import from_iso, iso
from bot.model import Hold
from bot.store.base import Connection, Row
from bot.store.links import ANEW

OrderState = Literal["received", "waiting", "done", "refused", "cancelled", "ignored", "parked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """A stored order. `id` is the message's or report's, by which it is carried out once."""

    id: str
    subreddit: str
    conversation: str | None  # None: it came as a report
    sender: str
    member: int | None  # their row of the team; None: received by a version that knew no team
    verb: str
    target: str
    why: str
    state: OrderState
    outcome: str | None
    received: datetime
    due: datetime | None = None  # what cannot be undone is done then, unless it is cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRow:
    """Since when one way of ordering counts in a subreddit. `words` stands for what an order looked like then."""

    words: str
    since: datetime | None  # by Reddit's clock; what is not newer was there before us


class Commands:
    """Tables orders, order_starts, stops and digests."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def knows(self, name: str) -> bool:
        """Whether a message or report was seen before; if so, note that it is still there."""
        return bool(self._c.run("update orders set seen_at = ? where id = ?", (self._c.now(), name)))

    def receive(
        self,
        name: str,
        *,
        subreddit: str,
        conversation: str | None = None,
        sender: str = "",
        member: int | None = None,
        verb: str = "",
        target: str = "",
        why: str = "",
        state: OrderState = "received",
    ) -> bool:
        """Store an order, once for each id; False if it was known."""
        now = self._c.now()
        return bool(
            self._c.run(
                """insert or ignore into orders (id, subreddit, conversation, sender, member, verb, target, why, state,
                   received_at, seen_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (name, subreddit.lower(), conversation, sender, member, verb, target, why, state, now, now),
            )
        )

    def open(self, state: OrderState) -> list[OrderRow]:
        """Return the orders in a state, oldest first."""
        return [_row(row) for row in self._c.rows("select * from orders where state = ? order by rowid", (state,))]

    def listing(self, limit: int = 1000) -> list[OrderRow]:
        """Return what moderators ordered, newest first, without what was no order of theirs."""
        rows = self._c.rows("select * from orders where state != 'ignored' order by rowid desc limit ?", (limit,))
        return [_row(row) for row in rows]

    def waits(self, name: str, *, target: str) -> None:
        """Let an order wait for what it set going on a post."""
        self._c.run("update orders set state = 'waiting', target = ? where id = ?", (target, name))

    def waits_until(self, name: str, due: datetime, *, target: str) -> bool:
        """Let an order wait until a moment, because it cannot be undone; False if it had ended."""
        return bool(
            self._c.run(
                "update orders set state = 'waiting', due_at = ?, target = ? where id = ? and state = 'received'",
                (iso(due), target, name),
            )
        )

    def waiting_in(self, subreddit: str) -> list[OrderRow]:
        """Return the orders of a subreddit that wait because they cannot be undone, oldest first."""
        rows = self._c.rows(
            "select * from orders where state = 'waiting' and due_at is not null and subreddit = ? order by rowid",
            (subreddit.lower(),),
        )
        return [_row(row) for row in rows]

    def starts(self, way: str) -> dict[str, StartRow]:
        """Return since when a way of ordering counts, by subreddit."""
        rows = self._c.rows("select * from order_starts where way = ?", (way,))
        return {
            row["subreddit"]: StartRow(words=row["words"], since=from_iso(row["since"]) if row["since"] else None)
            for row in rows
        }

    def start(self, subreddit: str, way: str, *, words: str, since: datetime | None) -> None:
        """Let a way of ordering count in a subreddit from now on."""
        self._c.run(
            """insert into order_starts values (?, ?, ?, ?, ?) on conflict do update set
               words = excluded.words, since = excluded.since, at = excluded.at""",
            (subreddit.lower(), way, words, iso(since) if since else "", self._c.now()),
        )

    def forget_start(self, subreddit: str) -> None:
        """Forget that orders counted in a subreddit: it is watched, or heard, no more."""
        self._c.run("delete from order_starts where subreddit = ?", (subreddit,))

    def move(self, name: str, state: OrderState, *, outcome: str) -> bool:
        """End an order, or let it wait; False if it had ended."""
        return bool(
            self._c.run(
                "update orders set state = ?, outcome = ? where id = ? and state in ('received', 'waiting')",
                (state, outcome, name),
            )
        )

    def standing(self, conversations: Iterable[str]) -> None:
        """Note that these conversations are still listed, and with them what was written there."""
        now = self._c.now()
        with self._c:
            for conversation in conversations:
                self._c.run("update orders set seen_at = ? where conversation = ?", (now, conversation))

    def forget_heard(self, subreddits: Iterable[str], moment: datetime, *, reports: bool) -> int:
        """Delete ended orders that were last seen before then, right after a look at all mail, or all `reports`.

        Without that look it would be unknown what still stands, and it would be carried out again.
        """
        return sum(
            self._c.run(
                """delete from orders where (conversation is null) = ? and subreddit = ? and seen_at < ?
                   and state not in ('received', 'waiting', 'parked')""",
                (reports, name.lower(), iso(moment)),
            )
            for name in subreddits
        )

    def forget_before(self, moment: datetime) -> int:
        """Delete ended orders that were last seen before then in subreddits whose orders do not count any more."""
        return self._c.run(
            """delete from orders where seen_at < ? and state not in ('received', 'waiting', 'parked')
               and subreddit not in (select subreddit from order_starts)""",
            (iso(moment),),
        )

    def waiting(self, subreddit: str) -> int:
        """Return how many actions wait in a subreddit because it was stopped, or will."""
        return int(
            self._c.value(
                """select count(*) from actions where subreddit = ? collate nocase
                   and (state = 'planned' or (state = 'held' and hold = ?))""",
                (subreddit, Hold.STOP),
            )
        )

    def waiting_kinds(self, subreddit: str) -> set[str]:
        """Return the kinds of what waits in a subreddit because it was stopped."""
        rows = self._c.rows(
            """select distinct kind from actions where subreddit = ? collate nocase
               and (state = 'planned' or (state = 'held' and hold = ?))""",
            (subreddit, Hold.STOP),
        )
        return {str(row["kind"]) for row in rows}

    def look_again(self, post: str) -> int:
        """Let the links of a post that have no case be fetched and judged anew; return how many."""
        now = self._c.now()
        return self._c.run(
            f"""update links set state = 'seen', attempts = 0, outages = 0, pages = 0, tries = 0,
               parked_from = null, reason = null, next_at = ?, updated_at = ? where post = ? and {ANEW}""",  # noqa: S608  words of ours
            (now, now, post),
        )

    def links_of(self, post: str) -> list[Mapping[str, Any]]:
        """Return id, state and host of each media link of a post, and what it met in vain so far."""
        rows = self._c.rows(
            """select id, state, host, outages, pages from links where post = ? and kind in ('media', 'album')
               and state <> 'reserve' and place is null order by id""",
            (post,),
        )
        return [dict(row) for row in rows]


def _row(row: Row) -> OrderRow:
    return OrderRow(
        id=row["id"],
        subreddit=row["subreddit"],
        conversation=row["conversation"],
        sender=row["sender"],
        member=row["member"],
        verb=row["verb"],
        target=row["target"],
        why=row["why"],
        state=row["state"],
        outcome=row["outcome"],
        received=from_iso(row["received_at"]),
        due=from_iso(row["due_at"]) if row["due_at"] else None,
    )
