"""The queue as people work it: page by page, the newest first, a row for each media."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.clock import from_iso
from bot.model import ActionState, CaseState, Hold
from bot.store.base import Connection
from bot.store.cases import CaseRow, Cases

COUNTED = 1000  # cases of one group that are counted; of more it is said that there are more


class Tab(StrEnum):
    """Which cases: those for which a person is asked, those in which the bot acted, media of past removals that are
    proposed for a bank, those that are decided.
    """

    WAITING = "waiting"
    BOT = "bot"
    PROPOSALS = "proposals"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """Which of them; None: all."""

    subreddit: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """The cases of one media that are in a tab; `case` is the newest."""

    case: CaseRow
    cases: int
    posts: int
    more: bool  # than were counted
    subreddits: tuple[str, ...]
    oldest: datetime
    actions: Mapping[tuple[str, ActionState, Hold | None], int]


class CaseQueue:
    """Table cases, read in the order in which people decide."""

    def __init__(self, connection: Connection, cases: Cases) -> None:
        self._c = connection
        self._cases = cases

    def page(
        self, tab: Tab, chosen: QueueFilter | None = None, *, before: int | None = None, limit: int
    ) -> list[QueueRow]:
        """Return at most `limit` rows, each of another media, the newest first; proposals as they were opened.

        `before`: only those behind that case, by its number.
        """
        chosen = chosen or QueueFilter()
        where, values = _among("c", tab, chosen)
        newer, newer_values = _among("d", tab, chosen)
        behind, ahead, order, start = ("<", ">", "desc", 1 << 62)
        if tab is Tab.PROPOSALS:
            behind, ahead, order, start = (">", "<", "asc", -1)
        rows = self._c.tuples(
            f"""select c.id from cases c {_index(tab)} where {where} and c.id {behind} ? and not exists (
                  select 1 from cases d where d.media = c.media and d.id {ahead} c.id and {newer})
                order by c.id {order} limit ?""",  # noqa: S608  a condition of ours
            (*values, before if before is not None else start, *newer_values, limit),
        )
        return [self._row(case, tab, chosen) for (case,) in rows]

    def appealed(self) -> list[CaseRow]:
        """Return the open cases under appeal, the oldest appeal first."""
        rows = self._c.tuples(
            """select a.case_id from appeals a join cases c on c.id = a.case_id
               where a.outcome is null and c.state = 'open' order by a.id"""
        )
        return [self._cases.of_id(case) for (case,) in rows]

    def counts(self) -> Mapping[Tab, int]:
        """Return how many cases each tab of open ones has, at most COUNTED of each."""
        found = {}
        for tab in (Tab.WAITING, Tab.BOT, Tab.PROPOSALS):
            where, _ = _among("c", tab, QueueFilter())
            count = f"select count(*) from (select 1 from cases c {_index(tab)} where {where} limit ?)"  # noqa: S608  words of ours
            found[tab] = int(self._c.value(count, (COUNTED,)))
        return found

    def newest(self) -> int:
        """Return the number of the newest case, 0 if there is none."""
        return int(self._c.value("select max(id) from cases") or 0)

    def tab_of(self, case: int) -> Tab:
        """Return in which tab a case is."""
        row = self._c.one("select state, asks, proposal from cases where id = ?", (case,))
        assert row is not None, "a case is never deleted while it is looked at"
        if row["state"] != CaseState.OPEN:
            return Tab.DECIDED
        if row["proposal"] is not None:
            return Tab.PROPOSALS
        return Tab.WAITING if row["asks"] else Tab.BOT

    def rules(self, limit: int = 50) -> list[str]:
        """Return the names of the rules behind the newest open cases."""
        rows = self._c.tuples(
            """select distinct json_extract(verdict, '$.rule') from
               (select verdict from cases where state = 'open' order by id desc limit 500) limit ?""",
            (limit,),
        )
        return sorted(rule for (rule,) in rows if rule)

    def group(self, case: CaseRow) -> list[tuple[str, str]]:
        """Return (label, subreddit) of the open cases of the very same media, the newest first, itself left out."""
        if case.media is None:
            return []
        rows = self._c.tuples(
            """select c.label, p.subreddit from cases c join posts p on p.fullname = c.post
               where c.media = ? and +c.state = 'open' and c.id != ? and (c.proposal is null) = ?
               order by c.id desc""",
            (case.media, case.id, case.proposal is None),
        )
        return [(label, subreddit) for label, subreddit in rows]

    def _row(self, number: int, tab: Tab, chosen: QueueFilter) -> QueueRow:
        case = self._cases.of_id(number)
        where, values = _among("c", tab, chosen)
        of = "c.media" if case.media is not None else "c.id"
        name: str | int = case.media if case.media is not None else case.id
        own = f"select c.id from cases c where {of} = ? and {where} order by c.id desc limit {COUNTED}"  # noqa: S608  a condition of ours
        ((cases, posts, subreddits, oldest),) = self._c.tuples(
            f"""select count(*), count(distinct c.post), group_concat(distinct p.subreddit), min(c.opened_at)
                from cases c join posts p on p.fullname = c.post where c.id in ({own})""",  # noqa: S608  a condition of ours
            (name, *values),
        )
        actions = self._c.tuples(
            f"""select a.kind, a.state, a.hold, count(*) from actions a where a.case_id in ({own})
                group by 1, 2, 3 order by min(a.id)""",  # noqa: S608  a condition of ours
            (name, *values),
        )
        return QueueRow(
            case=case,
            cases=cases,
            posts=posts,
            more=cases >= COUNTED,
            subreddits=tuple(sorted(subreddits.split(","))),
            oldest=from_iso(oldest),
            actions={(kind, ActionState(state), hold and Hold(hold)): count for kind, state, hold, count in actions},
        )


def _index(tab: Tab) -> str:
    """Return which index a tab is read by, where SQLite cannot know how few it holds."""
    return "indexed by cases_proposed" if tab is Tab.PROPOSALS else ""


def _among(alias: str, tab: Tab, chosen: QueueFilter) -> tuple[str, Sequence[Any]]:
    """Return the condition for the cases of a tab that were chosen, and its values."""
    states = {
        Tab.WAITING: f"{alias}.state = 'open' and {alias}.proposal is null and {alias}.asks = 1",
        Tab.BOT: f"{alias}.state = 'open' and {alias}.proposal is null and {alias}.asks = 0",
        Tab.PROPOSALS: f"{alias}.state = 'open' and {alias}.proposal is not null",
        Tab.DECIDED: f"{alias}.state != 'open'",
    }
    conditions, values = [states[tab]], []
    if chosen.subreddit is not None:
        conditions.append(f"(select subreddit from posts where fullname = {alias}.post) = ?")  # noqa: S608  words of ours
        values.append(chosen.subreddit.lower())
    if chosen.rule is not None:
        conditions.append(f"json_extract({alias}.verdict, '$.rule') = ?")
        values.append(chosen.rule)
    return " and ".join(conditions), values
