"""Figures about the whole database, for metrics and health: how much waits, for how long, and who is at work."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso, iso
from bot.model import LinkState
from bot.store.base import Connection

WAITING_LINKS = ("seen", "failed", "acquired", "matched")


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """When a listing of a subreddit was read last."""

    subreddit: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    """What moderators made of a rule's cases."""

    rule: str
    open: int
    confirmed: int
    dismissed: int
    otherwise: int  # closed elsewhere, or about a suspected minor

    @property
    def precision(self) -> float | None:
        """The share of decided cases that were confirmed, 0 to 1; None if none was decided."""
        decided = self.confirmed + self.dismissed
        return self.confirmed / decided if decided else None


class Metrics:
    """Reads every table, writes none."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def by_state(self, table: str) -> Mapping[str, int]:
        """Return how many rows of links, cases, actions, notices or entries are in each state."""
        assert table in ("links", "cases", "actions", "notices", "entries")
        rows = self._c.rows(f"select state, count(*) as n from {table} group by state")  # noqa: S608  names from the line above
        return {row["state"]: row["n"] for row in rows}

    def judged(self, posts: Collection[str]) -> int:
        """Return how many of these posts have a link that is judged."""
        return int(
            self._c.value(
                "select count(distinct post) from links where state = ? and post in (select value from json_each(?))",
                (LinkState.JUDGED, json.dumps(list(posts))),
            )
        )

    def actions(self) -> list[tuple[str, str, int]]:
        """Return (kind, state, number) of actions."""
        rows = self._c.rows("select kind, state, count(*) as n from actions group by kind, state")
        return [(row["kind"], row["state"], row["n"]) for row in rows]

    def oldest(self) -> Mapping[str, float]:
        """Return, in seconds, for how long the oldest thing of each queue has been due; 0 where nothing is.

        Queues: links (to be fetched, matched or judged), actions (to be performed), cases (open).
        """
        now = self._c.clock.now()
        marks = ",".join("?" * len(WAITING_LINKS))
        links = self._c.value(f"select min(next_at) from links where state in ({marks})", WAITING_LINKS)  # noqa: S608  question marks only
        actions = self._c.value("select min(next_at) from actions where state in ('planned', 'sending', 'unknown')")
        cases = self._c.value("select min(opened_at) from cases where state = 'open' and proposal is null")
        ages = {"links": links, "actions": actions, "cases": cases}
        return {name: max(0.0, (now - from_iso(text)).total_seconds()) if text else 0.0 for name, text in ages.items()}

    def polls(self) -> list[Poll]:
        """Return when each listing was read last."""
        rows = self._c.rows("select subreddit, what, polled_at from watermarks order by subreddit, what")
        return [Poll(subreddit=row["subreddit"], what=row["what"], at=from_iso(row["polled_at"])) for row in rows]

    def rules(self) -> list[RuleFigures]:
        """Return what moderators made of each rule's cases, the most decided first."""
        rows = self._c.rows(
            """select coalesce(json_extract(verdict, '$.rule'), '') as rule,
               count(*) filter (where state = 'open') as open,
               count(*) filter (where state = 'confirmed') as confirmed,
               count(*) filter (where state = 'dismissed') as dismissed,
               count(*) filter (where state not in ('open', 'confirmed', 'dismissed')) as otherwise
               from cases group by 1 order by confirmed + dismissed desc, rule"""
        )
        return [RuleFigures(**row) for row in rows]

    def recent(self, since: datetime) -> Mapping[str, Mapping[str, int]]:
        """Return what happened since then: posts, links judged and cases by subreddit; actions done by kind."""
        moment = iso(since)
        spans = {
            "posts": "select subreddit as name, count(*) as n from posts where seen_at >= ? group by 1 order by 1",
            "links": """select p.subreddit as name, count(*) as n from links l join posts p on p.fullname = l.post
                        where l.state = 'judged' and l.updated_at >= ? group by 1 order by 1""",
            "cases": """select p.subreddit as name, count(*) as n from cases c join posts p on p.fullname = c.post
                        where c.opened_at >= ? group by 1 order by 1""",
            "actions": """select kind as name, count(*) as n from actions where state = 'done' and sent_at >= ?
                          group by 1 order by 1""",
        }
        return {what: {row["name"]: row["n"] for row in self._c.rows(sql, (moment,))} for what, sql in spans.items()}

    def size(self) -> int:
        """Return the size of the database in bytes, without its write-ahead log."""
        return int(self._c.value("pragma page_count")) * int(self._c.value("pragma page_size"))
