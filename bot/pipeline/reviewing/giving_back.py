"""What a wrong entry carried is taken back, row by row: what such a decision does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Actor, Decision
from bot.pipeline.reviewing.deeds import SAID, UNSENT
from bot.store import CaseRow, DecisionRow, Store
from bot.store.carried import NO_WAY_BACK

UNSAID = NO_WAY_BACK | {"message"}  # what was written is not taken back; an author is answered
BY_ROW = frozenset({Decision.GIVE_BACK, Decision.LET_STAND})  # on what an entry carried, whatever its cases are


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows of what an entry carried, by their numbers."""

    entry: str
    numbers: frozenset[int]


def change_rows(store: Store, row: DecisionRow, case: CaseRow, *, by: Actor) -> None:
    """Take back what of a case was chosen; who was not told of it yet hears nothing of it. In a transaction."""
    store.audit.record(by=by, what=SAID[row.verb], subject=case.label, why=row.why)
    if row.verb is Decision.LET_STAND:
        return
    chosen, _ = store.carried.chosen(row.id)
    rows = store.actions.of_case(case.id)
    mine = [one.action.id for one in rows if one.action.id in chosen and one.action.kind not in UNSAID]
    if not store.decided.plan_undo(mine, due=row.due):
        return
    unsent = [one.action.id for one in rows if one.action.kind == "message" and one.state in UNSENT]
    store.decided.withhold(unsent, reason="what it tells of was a mistake")
    store.cases.found_wrong(case.id, by=by, why=row.why)


def noticed(store: Store, row: DecisionRow) -> Sequence[int]:
    """Return the cases of a decision whose notices it takes back, too."""
    if row.verb is Decision.GIVE_BACK:
        retracted = store.carried.chosen(row.id)[1]
        return [case for case in row.cases if case in retracted]
    return row.cases if row.verb in (Decision.DISMISS, Decision.UNDO) else ()
