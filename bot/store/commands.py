"""What moderators ordered, where they stopped the bot, and which digests were sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.clock import from_iso, iso
from bot.model import Actor, Hold
from bot.store.base import Connection, Row

OrderState = Literal["received", "waiting", "done", "refused", "cancelled", "ignored"]


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
class StopRow:
    """A subreddit in which moderators stopped the bot."""

    subreddit: str
    who: str
    at: datetime
    why: str
    sender: str | None = None  # the Reddit account whose rights uphold it; None: the operator's own
    checked: datetime | None = None  # when Reddit last confirmed those rights
    lapsed: datetime | None = None  # since when they are known to be gone


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRow:
    """Since when one way of ordering counts in a subreddit. `words` stands for what an order looked like then."""

    words: str
    since: datetime | None  # by Reddit's clock; what is not newer was there before us


class Orders:
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

    def forget_before(self, moment: datetime) -> int:
        """Delete ended orders whose message or report was last seen before then; return how many."""
        return self._c.run(
            "delete from orders where seen_at < ? and state not in ('received', 'waiting')", (iso(moment),)
        )

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

    def digest_due(self, subreddit: str, day: str) -> bool:
        """Write down that a subreddit's digest of a day is made; False if it was."""
        return bool(
            self._c.run(
                """insert into digests values (?, ?) on conflict do update set day = excluded.day
                   where digests.day < excluded.day""",
                (subreddit.lower(), day),
            )
        )

    def digest_day(self, subreddit: str) -> str | None:
        """Return the day of the last digest, as YYYY-MM-DD, or None."""
        day = self._c.value("select day from digests where subreddit = ?", (subreddit.lower(),))
        return str(day) if day else None

    def would_have(self, subreddit: str, since: datetime, until: datetime) -> list[Mapping[str, str]]:
        """Return label, verdict (JSON), post and state of the cases that were opened in a subreddit between then."""
        rows = self._c.rows(
            """select c.label, c.verdict, c.post, c.state from cases c join posts p on p.fullname = c.post
               where p.subreddit = ? and c.opened_at >= ? and c.opened_at < ? order by c.id""",
            (subreddit.lower(), iso(since), iso(until)),
        )
        return [dict(row) for row in rows]

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
            """update links set state = 'seen', attempts = 0, reason = null, next_at = ?, updated_at = ?
               where post = ? and kind in ('media', 'album') and id not in (select link from cases)
               and state not in ('seen', 'acquired', 'matched')""",
            (now, now, post),
        )

    def links_of(self, post: str) -> list[Mapping[str, Any]]:
        """Return id, state and host of each media link of a post."""
        rows = self._c.rows(
            "select id, state, host from links where post = ? and kind in ('media', 'album') order by id", (post,)
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
