"""What a wrong entry carried is taken back, row by row: what such a decision does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.errors import UsageError
from bot.model import Actor, Decision, Verb
from bot.pipeline.reviewing.deeds import SAID, UNSENT
from bot.pipeline.reviewing.words.withdrawal import STATES
from bot.store import CarriedRow, CaseRow, DecisionRow, Store
from bot.store.carried import NO_WAY_BACK, CarriedState, waiting

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


def choose(
    rows: Sequence[CarriedRow],
    undo: Collection[int] = (),
    keep: Collection[int] = (),
    *,
    undo_all: bool = False,
    retract: bool = False,
) -> list[CarriedRow]:
    """Return the rows that are meant; `undo_all`, `retract`: all that rests on the entry alone, but for or of notices.

    Raises UsageError if a row is not there or decided already, or nothing is left to decide.
    """
    named = {row.number: row for row in rows}
    for number in (*undo, *keep):
        if number not in named:
            raise UsageError(f"there is no row {number}; there are {', '.join(map(str, named)) or 'none'}")
        state = named[number].state
        if state not in (CarriedState.WAITING, CarriedState.KEPT, CarriedState.CANNOT):
            raise UsageError(f"row {number} is {STATES[state]} already")
    numbers = {*undo, *keep}
    alone = [row for row in waiting(rows) if row.beside is None]
    if undo_all:
        numbers |= {row.number for row in alone if row.notice is None}
    if retract:
        numbers |= {row.number for row in alone if row.notice is not None}
    if not numbers:
        raise UsageError("nothing that rests on this entry alone waits for that; name the rows that you mean")
    return [row for row in rows if row.number in numbers]


def takes(rows: Sequence[CarriedRow]) -> tuple[list[Verb], list[str]]:
    """Return what it takes to decide on rows: which verbs, in which subreddits."""
    verbs = [Verb.CASES, *([Verb.NOTICES] if any(row.notice for row in rows) else [])]
    return verbs, sorted({row.subreddit for row in rows if row.subreddit})
