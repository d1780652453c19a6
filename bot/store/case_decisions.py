"""Decisions on cases: who said what of which, until when it can be taken back, and what stood before until then."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from bot.clock import from_iso, iso
from bot.errors import StoreError
from bot.model import CaseState, Credential, Decision, DecisionState, Voice
from bot.store.base import Connection, Row, label

LONGEST = timedelta(minutes=10)  # that a decision waits; what would wait longer was written under a wrong clock
_CASE = ("state", "decided_by", "decided_member", "decided_account", "decided_at", "why")
_ACTION = ("state", "hold", "reason", "next_at", "stopped", "attempts", "done_by")
_SENT = ("sending", "unknown", "done", "undo_planned", "parked")
_UNBEGUN = "'planned', 'held', 'cancelled', 'undo_planned'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Banking:
    """What of the media goes into which bank: what matched, or from `start` to `end` in seconds."""

    bank: str
    start: float | None = None
    end: float | None = None
    media: int | None = None  # its place in an album, from 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """A decision on one case or several."""

    id: int
    label: str
    verb: Decision
    state: DecisionState
    at: datetime
    due: datetime  # it is performed then, and can be taken back before
    who: str
    member: int | None
    credential: Credential | None
    account: str | None  # of a name that was typed: the system account under which it was
    why: str
    banking: Banking | None
    cases: tuple[int, ...]


class CaseDecisions:
    """Tables case_decisions and decided_cases, and what decisions do to actions."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(
        self,
        verb: Decision,
        cases: Sequence[int],
        *,
        key: str,
        by: Voice,
        why: str,
        after: timedelta,
        banking: Banking | None = None,
    ) -> DecisionRow:
        """Write a decision down, with how its cases and their actions stand now. Call it before they are changed."""
        now = self._c.clock.now()
        with self._c:
            row = {"label": label("D"), "key": key, "verb": verb, "state": DecisionState.WAITING, "at": iso(now)}
            row |= {"due_at": iso(now + after), "who": by.name, "why": why}
            who = {"member": by.member, "credential": by.credential, "account": by.account}
            banks = json.dumps(asdict(banking)) if banking else None
            number = self._c.insert("case_decisions", {**row, **who, "banking": banks})
            self._c.insert_all(
                "decided_cases",
                [{"decision": number, "case_id": case, "before": json.dumps(self._before(case))} for case in cases],
            )
        return self.get(row["label"])

    def _before(self, case: int) -> Row:
        stood = self._c.one(f"select {', '.join(_CASE)} from cases where id = ?", (case,))  # noqa: S608  words of ours
        actions = self._c.rows(f"select id, {', '.join(_ACTION)} from actions where case_id = ?", (case,))  # noqa: S608  words of ours
        appeal = self._c.value("select id from appeals where case_id = ? and outcome is null", (case,))
        return {"case": stood, "actions": actions, "appeal": appeal}

    def get(self, name: str) -> DecisionRow:
        """Return a decision by its label. Raises StoreError if there is none."""
        row = self._c.one("select * from case_decisions where label = ?", (name,))
        if row is None:
            raise StoreError(f"there is no decision {name}; see: gifwarden cases show")
        return self._row(row)

    def by_key(self, key: str) -> DecisionRow | None:
        """Return the decision that a door wrote down under a key, or None."""
        row = self._c.one("select * from case_decisions where key = ?", (key,))
        return self._row(row) if row else None

    def waiting_on(self, case: int) -> DecisionRow | None:
        """Return the decision on a case that can still be taken back, or None."""
        row = self._c.one(
            """select d.* from case_decisions d join decided_cases c on c.decision = d.id
               where c.case_id = ? and d.state = 'waiting' order by d.id desc limit 1""",
            (case,),
        )
        return self._row(row) if row else None

    def of_case(self, case: int) -> list[DecisionRow]:
        """Return the decisions on a case, oldest first."""
        rows = self._c.rows(
            """select d.* from case_decisions d join decided_cases c on c.decision = d.id
               where c.case_id = ? order by d.id""",
            (case,),
        )
        return [self._row(row) for row in rows]

    def due(self) -> list[DecisionRow]:
        """Return the decisions whose time has come, oldest first."""
        now = self._c.clock.now()
        rows = self._c.rows(
            "select * from case_decisions where state = 'waiting' and (due_at <= ? or due_at > ?) order by id",
            (iso(now), iso(now + LONGEST)),
        )
        return [self._row(row) for row in rows]

    def waiting(self, member: int) -> list[DecisionRow]:
        """Return the decisions of a member that wait, the newest first."""
        rows = self._c.rows(
            """select * from case_decisions indexed by case_decisions_waiting
               where state = 'waiting' and member = ? order by id desc""",
            (member,),
        )
        return [self._row(row) for row in rows]

    def end(self, decision: int, state: DecisionState) -> bool:
        """End a decision that waits, and forget what stood before it; False if it had ended already."""
        with self._c:
            ended = self._c.run(
                "update case_decisions set state = ?, ended_at = ? where id = ? and state = 'waiting'",
                (state, self._c.now(), decision),
            )
            if ended:
                self._c.run("update decided_cases set before = null where decision = ?", (decision,))
        return bool(ended)

    def tell(self, decision: int, case: int, lines: Iterable[str]) -> None:
        """Add to what came of a decision for one of its cases, for the door that waits to hear of it."""
        with self._c:
            told = [*self.told(decision, case), *lines]
            self._c.run(
                "update decided_cases set outcome = ? where decision = ? and case_id = ?",
                (json.dumps(told, ensure_ascii=False), decision, case),
            )

    def told(self, decision: int, case: int) -> list[str]:
        """Return what came of a decision for one of its cases, beside its actions."""
        text = self._c.value("select outcome from decided_cases where decision = ? and case_id = ?", (decision, case))
        lines: list[str] = json.loads(text) if text else []
        return lines

    def restore(self, decision: int) -> None:
        """Put its cases and their actions back to how they stood before a decision that waits. In a transaction.

        What was begun meanwhile by somebody else stays as it is.
        """
        with self._c:
            rows = self._c.rows("select case_id, before from decided_cases where decision = ?", (decision,))
            for row in rows:
                if row["before"]:
                    self._restore(row["case_id"], json.loads(row["before"]))

    def _restore(self, case: int, before: Row) -> None:
        columns = ", ".join(f"{name} = :{name}" for name in _CASE)
        self._c.run(
            f"update cases set {columns} where id = :id and state != 'minor'",  # noqa: S608  words of ours
            {**before["case"], "id": case},
        )
        if before["appeal"] is not None:
            self._c.run(
                """update appeals set closed_at = null, closed_by = null, closed_member = null, outcome = null
                   where id = ?""",
                (before["appeal"],),
            )
        columns = ", ".join(f"{name} = :{name}" for name in _ACTION)
        for action in before["actions"]:
            self._c.run("update actions set stopped = ? where id = ?", (action["stopped"], action["id"]))
            if action["state"] in ("sending", "unknown"):
                continue
            # what waited before the decision, and may have been sent since, is not sent on its word
            self._c.run(
                "update actions set stopped = 1 where id = ? and ? != 'done' and state in ('sending', 'unknown')",
                (action["id"], action["state"]),
            )
            self._c.run(
                f"""update actions set {columns}, updated_at = :now where id = :id
                    and (state in ({_UNBEGUN}) or (:state = 'undo_planned' and state = 'done'))""",  # noqa: S608  words of ours
                {**action, "now": self._c.now()},
            )
        known = json.dumps([action["id"] for action in before["actions"]])
        self._c.run(
            f"""delete from actions where case_id = ? and state in ({_UNBEGUN})
                and key like (select label from cases where id = ?) || ':%'
                and id not in (select value from json_each(?))""",  # noqa: S608  words of ours
            (case, case, known),
        )

    def disown(self, case: int) -> None:
        """Let what was done to the post for another case not count as this one's any more."""
        self._c.run("update actions set done_by = null where case_id = ?", (case,))

    def withhold(self, actions: Collection[int], *, reason: str) -> None:
        """Cancel actions that have not been sent, by their numbers.

        What is being sent, or may have been, is found out about but never repeated.
        """
        numbers = json.dumps(list(actions))
        with self._c:
            self._c.run(
                """update actions set stopped = 1 where id in (select value from json_each(?))
                   and state in ('sending', 'unknown', 'parked')""",
                (numbers,),
            )
            self._c.run(
                """update actions set state = 'cancelled', hold = null, reason = ?, updated_at = ?
                   where id in (select value from json_each(?)) and state in ('planned', 'held')""",
                (reason, self._c.now(), numbers),
            )

    def keep(self, actions: Collection[int]) -> int:
        """Let actions that were to be taken back stay done; return how many."""
        return self._c.run(
            """update actions set state = 'done', updated_at = ?
               where id in (select value from json_each(?)) and state = 'undo_planned'""",
            (self._c.now(), json.dumps(list(actions))),
        )

    def undoes_last(self, case: int) -> bool:
        """Whether the last word on a case takes back what was done for it, or its entry was withdrawn meanwhile."""
        if self._c.value("select state from cases where id = ?", (case,)) == CaseState.WITHDRAWN:
            return True
        verb = self._c.value(
            """select d.verb from case_decisions d join decided_cases c on c.decision = d.id
               where c.case_id = ? and d.state != 'taken_back' order by d.id desc limit 1""",
            (case,),
        )
        return verb in (Decision.DISMISS, Decision.UNDO, Decision.LEAVE_UP)

    def begun(self, decision: int) -> bool:
        """Whether any action of its cases was sent since a decision was written down."""
        rows = self._c.rows("select case_id, before from decided_cases where decision = ?", (decision,))
        for row in rows:
            before = json.loads(row["before"]) if row["before"] else {"actions": []}
            sent = json.dumps([action["id"] for action in before["actions"] if action["state"] in _SENT])
            if self._c.value(
                """select exists (select 1 from actions where case_id = ? and state in ('sending', 'unknown', 'done')
                   and id not in (select value from json_each(?)))""",
                (row["case_id"], sent),
            ):
                return True
        return False

    def plan_undo(self, actions: Collection[int], *, due: datetime) -> int:
        """Let done actions be taken back, not before `due`; return how many."""
        return self._c.run(
            """update actions set state = 'undo_planned', attempts = 0, next_at = ?, updated_at = ?
               where id in (select value from json_each(?)) and state = 'done'""",
            (iso(due), self._c.now(), json.dumps(list(actions))),
        )

    def undo_later(self, action: int, *, until: datetime, reason: str) -> None:
        """Let what could not be taken back be tried again."""
        self._c.run(
            """update actions set attempts = attempts + 1, next_at = ?, reason = ?, updated_at = ?
               where id = ? and state = 'undo_planned'""",
            (iso(until), reason, self._c.now(), action),
        )

    def hand_over(self, action: int) -> str | None:
        """Let a done action count as that of another case, open or confirmed, which needed the same; return its label.

        None if there is no such case: then undoing the action may undo what it did.
        """
        with self._c:
            heir = self._c.one(
                """select a.id, c.label from actions a join cases c on c.id = a.case_id
                   join actions o on o.id = a.done_by
                   where o.id = ? and o.state in ('done', 'undo_planned') and a.state = 'cancelled'
                   and c.state in ('open', 'confirmed')
                   and c.id is not o.case_id order by a.id limit 1""",
                (action,),
            )
            if heir is None:
                return None
            now = self._c.now()
            self._c.run(
                """update actions set state = 'done', reason = null, done_by = null, updated_at = ?,
                   (receipt, sent_at) = (select receipt, sent_at from actions where id = ?) where id = ?""",
                (now, action, heir["id"]),
            )
            self._c.run("update actions set done_by = ? where done_by = ?", (heir["id"], action))
            self._c.run(
                "update actions set state = 'undone', reason = ?, updated_at = ? where id = ?",
                (f"taken back; it stands for {heir['label']}", now, action),
            )
            return str(heir["label"])

    def _row(self, row: Row) -> DecisionRow:
        cases = self._c.rows("select case_id from decided_cases where decision = ? order by case_id", (row["id"],))
        return DecisionRow(
            id=row["id"],
            label=row["label"],
            verb=Decision(row["verb"]),
            state=DecisionState(row["state"]),
            at=from_iso(row["at"]),
            due=from_iso(row["due_at"]),
            who=row["who"],
            member=row["member"],
            credential=Credential(row["credential"]) if row["credential"] else None,
            account=row["account"],
            why=row["why"] or "",
            banking=Banking(**json.loads(row["banking"])) if row["banking"] else None,
            cases=tuple(case["case_id"] for case in cases),
        )
