"""Long lists as people leaf through them, page by page, the newest first: actions, notices, the audit trail."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.clock import from_iso
from bot.model import ActionState, NoticeState
from bot.store.action_rows import ActionRow
from bot.store.actions import Actions
from bot.store.base import Connection, Row
from bot.store.notice_rows import NoticeRow
from bot.store.notices import Notices


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFilter:
    """Which actions; empty or None: all."""

    states: Collection[ActionState] = ()
    kind: str | None = None
    subreddit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFilter:
    """Which notices; empty or None: all."""

    states: Collection[NoticeState] = ()
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which lines of the audit trail; None: all."""

    who: str | None = None
    what: str | None = None  # words that stand in the deed or in what it was done to
    day: date | None = None  # in UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One line of the audit trail."""

    id: int
    at: datetime
    who: str
    what: str
    subject: str
    why: str | None
    credential: str | None  # by which it was their word; None: the program's, or of an earlier version


class Paged:
    """Tables actions, notices and audit, read from a row on backwards. `before`: the last row of the page before."""

    def __init__(self, connection: Connection, actions: Actions, notices: Notices) -> None:
        self._c = connection
        self._actions = actions
        self._notices = notices

    def actions(self, chosen: ActionFilter, *, before: int | None = None, limit: int) -> list[ActionRow]:
        """Return a page of actions."""
        rows = self._c.rows(
            """select id from actions where (:states = '[]' or state in (select value from json_each(:states)))
               and (:kind is null or kind = :kind) and (:subreddit is null or subreddit = :subreddit collate nocase)
               and (:before is null or id < :before) order by id desc limit :limit""",
            {
                "states": json.dumps(sorted(chosen.states)),
                "kind": chosen.kind,
                "subreddit": chosen.subreddit,
                "before": before,
                "limit": limit,
            },
        )
        return [self._actions.get(row["id"]) for row in rows]

    def action_kinds(self) -> list[str]:
        """Return the kinds of actions that there are."""
        return [row["kind"] for row in self._c.rows("select distinct kind from actions order by kind")]

    def notices(self, chosen: NoticeFilter, *, before: int | None = None, limit: int) -> list[tuple[int, NoticeRow]]:
        """Return a page of notices, each with the number by which the next page begins."""
        rows = self._c.rows(
            """select rowid as number, label from notices
               where (:states = '[]' or state in (select value from json_each(:states)))
               and (:host is null or host = :host) and (:before is null or rowid < :before)
               order by rowid desc limit :limit""",
            {"states": json.dumps(sorted(chosen.states)), "host": chosen.host, "before": before, "limit": limit},
        )
        return [(row["number"], self._notices.get(row["label"])) for row in rows]

    def notices_by_host(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many notices of each host are in each state."""
        found: dict[str, dict[str, int]] = {}
        for row in self._c.rows("select host, state, count(*) as n from notices group by host, state order by host"):
            found.setdefault(row["host"], {})[row["state"]] = row["n"]
        return found

    def audit(self, chosen: AuditFilter, *, before: int | None = None, limit: int) -> list[AuditRow]:
        """Return a page of the audit trail."""
        rows = self._c.rows(
            """select id, at, who, what, subject, why, credential from audit
               where (:who is null or who = :who)
               and (:what is null or instr(lower(what || ' ' || subject), lower(:what)))
               and (:day is null or at between :day and :day || 'T~') and (:before is null or id < :before)
               order by id desc limit :limit""",
            {
                "who": chosen.who,
                "what": chosen.what,
                "day": chosen.day.isoformat() if chosen.day else None,
                "before": before,
                "limit": limit,
            },
        )
        return [_line(row) for row in rows]

    def people(self, limit: int = 200) -> list[str]:
        """Return who stands in the audit trail, by name."""
        rows = self._c.rows("select distinct who from audit order by who collate nocase limit ?", (limit,))
        return [row["who"] for row in rows]


def _line(row: Row) -> AuditRow:
    return AuditRow(
        id=row["id"],
        at=from_iso(row["at"]),
        who=row["who"],
        what=row["what"],
        subject=row["subject"],
        why=row["why"],
        credential=row["credential"],
    )
