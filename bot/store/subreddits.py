"""What is known of each watched subreddit: its state, what was lost. And Reddit's budget."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.clock import day_and_time, from_iso, iso
from bot.store.base import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class SubredditState:
    """One watched subreddit. `sentence` says what is wrong and what to do; empty while it is read."""

    subreddit: str
    state: str  # watching, renamed, or one of errors.REDDIT_STATES
    sentence: str
    since: datetime
    checked: datetime  # when it was last surely seen
    failures: int  # in a row
    next_at: datetime  # when it may be asked again


@dataclass(frozen=True, slots=True, kw_only=True)
class LossRow:
    """Things between two moments that Reddit no longer showed when we looked."""

    subreddit: str
    what: str
    lost_from: datetime
    lost_to: datetime
    estimate: int  # how many, at the pace of those that were seen
    at: datetime

    @property
    def sentence(self) -> str:
        """Say it to a moderator."""
        noun = "comments" if self.what == "comments" else "posts"
        return (
            f"more was posted than Reddit shows (about 1,000): {noun} between {day_and_time(self.lost_from)} and "
            f"{day_and_time(self.lost_to)} UTC may be lost, about {self.estimate:,}; "
            f"gifwarden backfill {self.subreddit} may find some of them"
        )


class Watched:
    """Tables watched, losses and budget."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def places(self) -> list[SubredditState]:
        """Return every subreddit's state, by name."""
        return [_place(row) for row in self._c.rows("select * from watched order by subreddit")]

    def place(self, subreddit: str) -> SubredditState | None:
        """Return one subreddit's state, or None before the first look."""
        row = self._c.one("select * from watched where subreddit = ?", (subreddit.lower(),))
        return _place(row) if row else None

    def seen(self, names: Iterable[str]) -> list[str]:
        """Note that these can be read; return those that could not before."""
        now = self._c.now()
        back = []
        with self._c:
            for name in names:
                before = self._c.value("select state from watched where subreddit = ?", (name,))
                if before not in (None, "watching"):
                    back.append(name)
                self._c.run(
                    """insert into watched values (:name, 'watching', '', :now, :now, 0, :now) on conflict do update set
                       since = case when state = 'watching' then since else :now end,
                       state = 'watching', sentence = '', checked_at = :now, failures = 0, next_at = :now""",
                    {"name": name, "now": now},
                )
        return back

    def troubled(self, name: str, *, state: str, sentence: str, next_at: datetime) -> bool:
        """Note what keeps us from reading it; return whether that is new."""
        now = self._c.now()
        with self._c:
            before = self._c.value("select state from watched where subreddit = ?", (name,))
            self._c.run(
                """insert into watched values (:name, :state, :sentence, :now, :now, 1, :next) on conflict do update set
                   since = case when state = :state then since else :now end,
                   failures = case when state = :state then failures + 1 else 1 end,
                   state = :state, sentence = :sentence, next_at = :next""",
                {"name": name, "state": state, "sentence": sentence, "now": now, "next": iso(next_at)},
            )
        return bool(before != state)

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget the states of subreddits that are no longer watched."""
        wanted = set(names)
        for row in self.places():
            if row.subreddit not in wanted:
                self._c.run("delete from watched where subreddit = ?", (row.subreddit,))

    def lost(self, subreddit: str, what: str, *, lost_from: datetime, lost_to: datetime, estimate: int) -> LossRow:
        """Write down what Reddit no longer shows."""
        row = LossRow(
            subreddit=subreddit,
            what=what,
            lost_from=lost_from,
            lost_to=lost_to,
            estimate=estimate,
            at=self._c.clock.now(),
        )
        self._c.insert(
            "losses",
            {
                "subreddit": subreddit,
                "what": what,
                "lost_from": iso(lost_from),
                "lost_to": iso(lost_to),
                "estimate": estimate,
                "at": iso(row.at),
            },
        )
        return row

    def losses(self, since: datetime) -> list[LossRow]:
        """Return what was lost since then, newest first."""
        return [
            _loss(row) for row in self._c.rows("select * from losses where at >= ? order by id desc", (iso(since),))
        ]

    def put_budget(self, facts: Mapping[str, Any]) -> None:
        """Keep what the daemon knows of Reddit's limit, for other commands to show."""
        self._c.run(
            """insert into budget values ('reddit', ?, ?)
               on conflict do update set data = excluded.data, at = excluded.at""",
            (json.dumps(dict(facts)), self._c.now()),
        )

    def budget(self) -> dict[str, Any] | None:
        """Return it, with the moment under `at`, or None if no daemon has run."""
        row = self._c.one("select data, at from budget where name = 'reddit'")
        return {**json.loads(row["data"]), "at": row["at"]} if row else None


def _place(row: Row) -> SubredditState:
    return SubredditState(
        subreddit=row["subreddit"],
        state=row["state"],
        sentence=row["sentence"],
        since=from_iso(row["since"]),
        checked=from_iso(row["checked_at"]),
        failures=row["failures"],
        next_at=from_iso(row["next_at"]),
    )


def _loss(row: Row) -> LossRow:
    return LossRow(
        subreddit=row["subreddit"],
        what=row["what"],
        lost_from=from_iso(row["lost_from"]),
        lost_to=from_iso(row["lost_to"]),
        estimate=row["estimate"],
        at=from_iso(row["at"]),
    )
