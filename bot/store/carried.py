"""All that an entry carried here and that stands still, a row each, until a person decided on it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.clock import from_iso
from bot.model import ActionState, Decision, DecisionState
from bot.store.base import Connection, Row

NO_WAY_BACK = frozenset({"report", "modmail"})  # what was said to moderators cannot be unsaid
_STANDS = "('done', 'undo_planned', 'sending', 'unknown', 'parked')"
_SELECT = """select k.*, e.label as entry_label, c.label as case_label, c.version,
    a.state as action_state, a.reason, a.permalink, p.subreddit,
    d.verb, d.state as decision_state, d.label as decision_label, d.who, d.why as decided_why,
    n.state as notice_state, exists (select 1 from notice_items i where i.notice = k.notice and i.case_id = k.case_id)
    as on_notice, w.state as word_state, w.reason as word_reason
    from carried k join entries e on e.id = k.entry join cases c on c.id = k.case_id
    join posts p on p.fullname = c.post
    left join actions a on a.id = k.action left join case_decisions d on d.id = k.decision
    left join notices n on n.label = k.notice left join actions w on w.id = k.word"""


class CarriedState(StrEnum):
    """waiting → under_way → undone | cannot; or kept."""

    WAITING = "waiting"
    UNDER_WAY = "under_way"
    UNDONE = "undone"
    KEPT = "kept"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedRow:
    """One thing. `beside`: what else speaks for it, in words; then it is not undone with all others."""

    number: int  # of it, among those of the entry
    entry: str
    case: str
    case_version: int
    what: str  # the kind of action, or notice
    action: int | None
    notice: str | None
    subreddit: str
    permalink: str
    at: datetime
    beside: str | None
    state: CarriedState
    reason: str | None  # why it cannot be undone, or why it was kept
    decision: str | None
    who: str | None


class Carried:
    """Table carried. What became of a row is never written down: it is what became of its action or notice."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def gather(self, entry: int, case: int, *, beside: str | None) -> None:
        """Write down what stands of a case, once each. Call it in a transaction."""
        number = int(self._c.value("select coalesce(max(number), 0) from carried where entry = ?", (entry,)))
        found: list[tuple[str, int | None, str | None]] = [
            (row["kind"], row["id"], None)
            for row in self._c.rows(
                f"""select id, kind from actions where case_id = ? and kind != 'notice' and state in {_STANDS}
                    and key not like 'wrong:%' and id not in
                    (select action from carried where entry = ? and action is not null) order by id""",  # noqa: S608  words of ours
                (case, entry),
            )
        ]
        found += [
            ("notice", None, row["notice"])
            for row in self._c.rows(
                """select i.notice from notice_items i join notices n on n.label = i.notice
                   where i.case_id = ? and n.state not in ('drafted', 'retracted') and not exists
                   (select 1 from carried k where k.entry = ? and k.notice = i.notice and k.case_id = i.case_id)
                   order by i.rowid""",
                (case, entry),
            )
        ]
        for place, (what, action, label) in enumerate(found, number + 1):
            self._c.run(
                """insert into carried (entry, number, case_id, action, notice, what, beside, at)
                   values (?, ?, ?, ?, ?, ?, ?, ?)""",
                (entry, place, case, action, label, what, beside, self._c.now()),
            )

    def rows(self, entry: str) -> list[CarriedRow]:
        """Return what an entry carried, in the order of its numbers."""
        rows = self._c.rows(f"{_SELECT} where e.label = ? order by k.number", (entry,))
        return [_row(row) for row in rows]

    def entries(self) -> list[str]:
        """Return the entries that carried something, the one that was withdrawn last first."""
        rows = self._c.tuples(
            """select e.label from entries e where e.state = 'withdrawn'
               and exists (select 1 from carried k where k.entry = e.id) order by e.withdrawn_at desc, e.id desc"""
        )
        return [label for (label,) in rows]

    def decide(self, entry: str, numbers: Collection[int], decision: int) -> None:
        """Let a decision be the one on these rows."""
        self._c.run(
            """update carried set decision = ? where entry = (select id from entries where label = ?)
               and number in (select value from json_each(?))""",
            (decision, entry, json.dumps(list(numbers))),
        )

    def chosen(self, decision: int) -> tuple[frozenset[int], frozenset[int]]:
        """Return the actions that a decision gives back, and the cases whose notice it retracts."""
        rows = self._c.rows("select action, notice, case_id from carried where decision = ?", (decision,))
        actions = frozenset(row["action"] for row in rows if row["action"] is not None)
        return actions, frozenset(row["case_id"] for row in rows if row["notice"] is not None)

    def actions(self, entry: str, numbers: Collection[int]) -> tuple[frozenset[int], frozenset[int]]:
        """Return the same of rows that are about to be decided."""
        rows = self._c.rows(
            """select k.action, k.notice, k.case_id from carried k join entries e on e.id = k.entry
               where e.label = ? and k.number in (select value from json_each(?))""",
            (entry, json.dumps(list(numbers))),
        )
        actions = frozenset(row["action"] for row in rows if row["action"] is not None)
        return actions, frozenset(row["case_id"] for row in rows if row["notice"] is not None)

    def given_back(self, action: int) -> bool:
        """Whether an action is taken back because its entry was wrong."""
        return bool(
            self._c.value(
                """select 1 from carried k join case_decisions d on d.id = k.decision
                   where k.action = ? and d.verb = ? and d.state != ?""",
                (action, Decision.GIVE_BACK, DecisionState.TAKEN_BACK),
            )
        )

    def told(self, post: str, word: int) -> None:
        """Write down which message tells the author of a post that it was a mistake."""
        self._c.run(
            """update carried set word = ? where what = 'message'
               and action in (select id from actions where post = ? and kind = 'message' and state = 'done')""",
            (word, post),
        )

    def forget_undecided(self, entry: str) -> None:
        """Delete what nobody decided on: the entry is restored."""
        self._c.run(
            "delete from carried where decision is null and entry = (select id from entries where label = ?)", (entry,)
        )


def _row(row: Row) -> CarriedRow:
    state, reason = _state(row)
    return CarriedRow(
        number=row["number"],
        entry=row["entry_label"],
        case=row["case_label"],
        case_version=row["version"],
        what=row["what"],
        action=row["action"],
        notice=row["notice"],
        subreddit=row["subreddit"] or "",
        permalink=row["permalink"] or "",
        at=from_iso(row["at"]),
        beside=row["beside"],
        state=state,
        reason=reason,
        decision=row["decision_label"],
        who=row["who"],
    )


def _state(row: Row) -> tuple[CarriedState, str | None]:
    verb = row["verb"] if row["decision_state"] not in (None, DecisionState.TAKEN_BACK) else None
    if verb == Decision.LET_STAND:
        return CarriedState.KEPT, row["decided_why"]
    if row["notice"] is not None:
        if row["notice_state"] == "retracted" or not row["on_notice"]:
            return CarriedState.UNDONE, None
    elif row["action_state"] in (None, ActionState.UNDONE, ActionState.CANCELLED, ActionState.FAILED):
        return CarriedState.UNDONE, None
    elif row["action_state"] in (ActionState.UNDO_PLANNED, ActionState.SENDING, ActionState.UNKNOWN):
        return CarriedState.UNDER_WAY, row["reason"]
    if row["word_state"] is not None:  # the author of what was given back
        if row["word_state"] == ActionState.DONE:
            return CarriedState.UNDONE, None
        failed = row["word_state"] in (ActionState.FAILED, ActionState.CANCELLED)
        return (CarriedState.CANNOT if failed else CarriedState.UNDER_WAY), row["word_reason"]
    if verb != Decision.GIVE_BACK:
        return CarriedState.WAITING, None
    if row["decision_state"] == DecisionState.WAITING:
        return CarriedState.UNDER_WAY, None
    if row["what"] in NO_WAY_BACK:
        return CarriedState.CANNOT, "what moderators were told cannot be unsaid"
    if row["what"] == "message":
        return CarriedState.CANNOT, "a message cannot be unsent; its author hears of it when the post is given back"
    return CarriedState.CANNOT, row["reason"]


def waiting(rows: Sequence[CarriedRow]) -> list[CarriedRow]:
    """Return the rows on which a person has to decide."""
    return [row for row in rows if row.state is CarriedState.WAITING]
