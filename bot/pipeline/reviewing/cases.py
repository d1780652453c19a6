"""What moderators decide on cases: confirm, dismiss, appeal, undo. Each with who, when and why in the audit trail."""

from __future__ import annotations

from dataclasses import dataclass

from bot.clock import Clock
from bot.config import ReviewConfig
from bot.errors import OutsideError, UsageError
from bot.model import ActionState, Actor, CaseState, Decision, Outsider, Voice
from bot.pipeline.acting.notices import NoticeReview
from bot.pipeline.acting.outbox import Outbox
from bot.pipeline.judging.judge import NEEDS_PERSON, Judge
from bot.pipeline.log import Log
from bot.pipeline.reviewing.deciding import Deciding, Target
from bot.pipeline.reviewing.excerpts import Span
from bot.store import ActionRow, Banking, CaseRow, DecisionRow, Store

TAKES_BACK = (ActionState.DONE, ActionState.UNDO_PLANNED)
AUTHOR = Outsider(name="the post's author")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appealed:
    """What an appeal did. `reopened`: a moderator has to look; `text` is a sentence for moderators."""

    case: CaseRow
    reopened: bool
    text: str


class CaseReview:
    """Decisions on cases that are performed at once, by whoever holds the daemon's lock; and appeals."""

    def __init__(
        self,
        review: ReviewConfig,
        store: Store,
        clock: Clock,
        log: Log,
        outbox: Outbox,
        judging: Judge,
        statements: NoticeReview,
        deciding: Deciding,
    ) -> None:
        self._review = review
        self._store = store
        self._clock = clock
        self._log = log
        self._outbox = outbox
        self._judging = judging
        self._statements = statements
        self._deciding = deciding

    def confirm(
        self,
        name: str,
        *,
        by: Actor,
        why: str,
        bank: str | None = None,
        span: Span | None = None,
        media: int | None = None,
    ) -> CaseRow:
        """Confirm a case: what waits for a person goes ahead, and with `bank` its media is banked.

        What matched is banked, or `span`, seconds from the start of `media` (its place in the album, from 0; may be
        left out if there is one only). Raises StoreError if there is no such open case, no such bank, or nothing that
        can be banked, UsageError if this person may not decide it or marks what is not there.
        """
        if bank is None and (span is not None or media is not None):
            raise UsageError("a marked range goes into a bank; name it with --bank")
        start, end = span or (None, None)
        banking = None if bank is None else Banking(bank=bank, start=start, end=end, media=media)
        with self._store.transaction():
            row = self._at_once(Decision.CONFIRM, name, by=by, why=why, banking=banking)
            self._deciding.perform(row, leave=False)
        return self._store.cases.get(name)

    def dismiss(self, name: str, *, by: Actor, why: str) -> list[str]:
        """Dismiss a case: nothing more is done, what was done is taken back, and the allow bank learns the pair.

        Return a line on each thing that was taken back, learned, or could not be. Raises StoreError if there is no
        such open case, UsageError if this person may not decide it.
        """
        return self._taken_back(Decision.DISMISS, name, by=by, why=why)

    def appeal(self, name: str, *, raised_by: Voice = AUTHOR, why: str = "") -> Appealed:
        """Reopen a case for another moderator than the one who confirmed it; what was not sent waits for them.

        What was done stays until they decide. An appeal against what two moderators agreed on is noted only.
        Raises StoreError if there is no such case.
        """
        store = self._store
        with store.transaction():
            case = store.cases.get(name)
            if case.state in SETTLED:
                return Appealed(case=case, reopened=False, text=f"{name} is {SETTLED[case.state]}; nothing to appeal")
            if store.review.open_appeal(case.id):
                return Appealed(
                    case=case, reopened=False, text=f"{name} is under appeal already and waits for a moderator"
                )
            if case.state == CaseState.CONFIRMED and any(a.outcome == "upheld" for a in store.review.appeals(case.id)):
                store.audit.record(by=raised_by, what="appeal noted: upheld before", subject=name, why=why)
                text = f"{name} was upheld on appeal by {case.decided_by}; gifwarden cases undo takes it back anyway"
                return Appealed(case=case, reopened=False, text=text)
            decider = case.decided_by if case.state == CaseState.CONFIRMED else None
            store.review.appeal(case.id, raised_by=raised_by, confirmed=decider is not None)
            store.actions.cancel(case=case.id, reason="the case was appealed")
            store.notices.drop_case(case.id)
            if decider is not None:
                store.cases.reopen(case.id)
            self._wait_again(case)
            store.audit.record(by=raised_by, what="case appealed", subject=name, why=why)
        self._log.info("case appealed", case=name)
        alone = self._review.confirmations == 1
        other = (
            f"another moderator than {decider}"
            if decider and not alone
            else "a moderator (one person suffices here)"
            if alone
            else "a moderator"
        )
        text = f"{name} is under appeal: {other} decides, with gifwarden cases confirm or dismiss"
        return Appealed(case=store.cases.get(name), reopened=True, text=text)

    def undo(self, name: str, *, by: Actor, why: str) -> list[str]:
        """Take back what was done for a case, as far as that is possible, and reopen it; return a line a thing.

        What had not been done then waits for a person again, and what its decision put into banks is withdrawn.
        Raises StoreError if there is no such case, UsageError if it is about a suspected minor.
        """
        return self._taken_back(Decision.UNDO, name, by=by, why=why)

    def _taken_back(self, verb: Decision, name: str, *, by: Actor, why: str) -> list[str]:
        row = self._at_once(verb, name, by=by, why=why)
        case = self._store.cases.get(name)
        lines = self.take_back(case, by=by, why=why)
        return [*self._deciding.perform(row)[case.id], *lines]

    def _at_once(
        self, verb: Decision, name: str, *, by: Actor, why: str, banking: Banking | None = None
    ) -> DecisionRow:
        return self._deciding.decide(verb, [Target(name)], by=by, why=why, after=0, banking=banking)

    def undo_action(self, action: int, *, by: Actor, why: str) -> str:
        """Take one done action back; return in words what came of it. Raises StoreError or UsageError if that is
        impossible.
        """
        row = self._store.actions.get(action)
        if row.action.kind == "notice":
            return self._statements.retract_notice(row.action.params["notice"], by=by, why=why)
        if row.state != ActionState.DONE:
            raise UsageError(f"action {action} is {row.state}, not done; only done actions can be undone")
        return self._undo(row, by=by, why=why)

    def plan_undo(self, action: int, *, by: Actor, why: str) -> str:
        """Let whoever performs actions take one done action back; return what was done at once, of a notice.

        Raises as `undo_action` does.
        """
        store = self._store
        with store.transaction():
            row = store.actions.get(action)
            if row.action.kind != "notice":
                if row.state not in TAKES_BACK:
                    raise UsageError(f"action {action} is {row.state}, not done; only done actions can be undone")
                store.decided.plan_undo([action], due=self._clock.now())
                store.audit.record(by=by, what=f"undo {row.action.kind}", subject=row.action.case, why=why)
                return ""
        return self._statements.retract_notice(row.action.params["notice"], by=by, why=why)

    def take_back(self, case: CaseRow, *, by: Actor, why: str, kinds: frozenset[str] | None = None) -> list[str]:
        """Undo what was done for a case, the last thing first, only these `kinds` or all; return a line on each."""
        lines: list[str] = []
        for row in reversed(self._store.actions.of_case(case.id)):
            kind = row.action.kind
            if row.stopped:
                lines.append(f"{kind}: being sent at this moment; look again in a minute")
            if row.state not in TAKES_BACK or (kinds is not None and kind not in kinds):
                continue
            try:
                lines.append(f"{kind}: {self._undo(row, by=by, why=why)}")
            except UsageError as error:
                planned = (ActionState.UNDO_PLANNED,)
                self._store.actions.move(row.action.id, ActionState.DONE, expect=planned, reason=str(error))
                lines.append(f"{kind}: {error}")
            except OutsideError as error:
                lines.append(f"{kind}: {error}; then: gifwarden actions undo {row.action.id}")
        return lines

    def _undo(self, row: ActionRow, *, by: Actor, why: str) -> str:
        return self._outbox.undoing.undo(row, by=by, why=why)

    def _wait_again(self, case: CaseRow) -> None:
        self._store.actions.hold_again(case=case.id, reason=NEEDS_PERSON)
        self._judging.draft_again(case)


SETTLED = {
    CaseState.DISMISSED: "dismissed",
    CaseState.WITHDRAWN: "withdrawn",
    CaseState.CLOSED_ELSEWHERE: "decided by moderators on Reddit",
    CaseState.MINOR: "about a suspected minor",
}
"""States in which there is nothing to appeal, in words."""
