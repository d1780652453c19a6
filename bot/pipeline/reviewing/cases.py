"""What moderators decide on cases: confirm, dismiss, appeal, undo. Each with who, when and why in the audit trail."""

from __future__ import annotations

from dataclasses import dataclass

from bot.config import ReviewConfig
from bot.errors import OutsideError, StoreError, UsageError
from bot.model import ActionState, Actor, CaseState, Outsider, Voice
from bot.pipeline.acting.notices import NoticeReview
from bot.pipeline.acting.outbox import Outbox
from bot.pipeline.judging.judge import NEEDS_PERSON, Judge
from bot.pipeline.log import Log
from bot.pipeline.reviewing.bank_feedback import BankFeedback
from bot.pipeline.reviewing.excerpts import Span
from bot.store import ActionRow, CaseRow, Store

LASTING = frozenset({"remove", "lock", "spoiler", "nsfw", "flair"})  # what several cases of one post may need
AUTHOR = Outsider(name="the post's author")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appealed:
    """What an appeal did. `reopened`: a moderator has to look; `text` is a sentence for moderators."""

    case: CaseRow
    reopened: bool
    text: str


class CaseReview:
    """Decisions on cases."""

    def __init__(
        self,
        review: ReviewConfig,
        store: Store,
        log: Log,
        learning: BankFeedback,
        outbox: Outbox,
        judging: Judge,
        statements: NoticeReview,
    ) -> None:
        self._review = review
        self._store = store
        self._log = log
        self._learning = learning
        self._outbox = outbox
        self._judging = judging
        self._statements = statements

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
        store = self._store
        if bank is None and (span is not None or media is not None):
            raise UsageError("a marked range goes into a bank; name it with --bank")
        with store.transaction():
            case = self._open_case(name)  # in here: others decide at the same time, by other doors
            self._other_than_before(case, by)
            if bank is not None:
                self._learning.bank_from(case, bank, span, media, by=by)
            store.cases.decide(case.id, CaseState.CONFIRMED, by=by, why=why)
            if store.review.close_appeal(case.id, outcome="upheld", by=by):
                for label in store.review.made_by(case.id, "banked"):
                    self._learning.second(label, by)
            store.actions.release(case=case.id)
            store.links.drop_fingerprints(case.link)
            store.audit.record(by=by, what="case confirmed", subject=case.label, why=why)
        self._log.info("case confirmed", case=case.label)
        return store.cases.get(name)

    def dismiss(self, name: str, *, by: Actor, why: str) -> list[str]:
        """Dismiss a case: nothing more is done, what was done is taken back, and the allow bank learns the pair.

        Return a line on each thing that was taken back, learned, or could not be. Raises StoreError if there is no
        such open case, UsageError if this person may not decide it.
        """
        store = self._store
        with store.transaction():
            case = self._open_case(name)
            self._other_than_before(case, by)
            lines = self._learning.teach(case, by=by)
            lines += self._learning.unbank(case, by=by)
            store.cases.decide(case.id, CaseState.DISMISSED, by=by, why=why)
            store.review.close_appeal(case.id, outcome="overturned", by=by)
            store.actions.cancel(case=case.id, reason="the case was dismissed")
            store.notices.drop_case(case.id)
            store.links.drop_fingerprints(case.link)
            store.audit.record(by=by, what="case dismissed", subject=case.label, why=why)
        lines += self._take_back(case, by=by, why=why)
        self._log.info("case dismissed", case=case.label)
        return lines

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
        store = self._store
        with store.transaction():
            case = store.cases.get(name)
            if case.state == CaseState.MINOR:
                raise UsageError(
                    f"{name} is about a suspected minor and is not judged again; see: gifwarden cases reported"
                )
            store.actions.cancel(case=case.id, reason=f"undone by {by.name}")
            lines = self._learning.unbank(case, by=by, keep=False)
            for label in store.review.made_by(case.id, "allowed"):
                store.banks.destroy(label)
                store.audit.record(by=by, what="allow entry withdrawn", subject=label, why=case.label)
                lines.append(f"{label}: speaks for this media no more")
        lines += self._take_back(case, by=by, why=why)
        with store.transaction():
            if not store.cases.reopen(case.id):
                return [*lines, "marked as a suspected minor meanwhile: it is not judged again"]
            self._wait_again(case)
            store.audit.record(by=by, what="case undone", subject=case.label, why=why)
        return lines

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

    def take_back(self, case: CaseRow, *, by: Actor, why: str, kinds: frozenset[str] | None = None) -> list[str]:
        """Undo what was done for a case, the last thing first, only these `kinds` or all; return a line on each."""
        lines: list[str] = []
        for row in reversed(self._store.actions.of_case(case.id)):
            kind = row.action.kind
            if row.stopped:
                lines.append(f"{kind}: being sent at this moment; look again in a minute")
            if row.state != ActionState.DONE or (kinds is not None and kind not in kinds):
                continue
            try:
                lines.append(f"{kind}: {self._undo(row, by=by, why=why)}")
            except UsageError as error:
                lines.append(f"{kind}: {error}")
            except OutsideError as error:
                lines.append(f"{kind}: {error}; then: gifwarden actions undo {row.action.id}")
        return lines

    def _undo(self, row: ActionRow, *, by: Actor, why: str) -> str:
        if other := self._store.actions.hand_over(row.action.id) if row.action.kind in LASTING else None:
            self._store.audit.record(by=by, what=f"{row.action.kind} left to {other}", subject=row.action.case, why=why)
            return f"it stays, for {other} needs the same; take that back too: gifwarden cases undo {other}"
        receipt = self._outbox.undo(row)
        self._store.audit.record(by=by, what=f"{row.action.kind} undone", subject=row.action.case, why=why)
        return receipt.detail if receipt.held else "undone"

    def _open_case(self, name: str) -> CaseRow:
        case = self._store.cases.get(name)
        if case.state == CaseState.MINOR:
            raise UsageError(
                f"{name} is about a suspected minor and is not judged; see: gifwarden cases reported --help"
            )
        if case.state != CaseState.OPEN:
            raise StoreError(f"case {name} is {case.state} (by {case.decided_by}); undo that first")
        return case

    def _other_than_before(self, case: CaseRow, by: Actor) -> None:
        appeal = self._store.review.open_appeal(case.id)
        if appeal is None or appeal.decider is None or self._review.confirmations == 1:
            return
        people = self._store.team
        if not by.credential.own:
            raise UsageError(
                f"the appeal of {case.label} is decided by another moderator than {appeal.decider}, under their own "
                "system account; a name that is typed under another one tells nobody"
            )
        if appeal.decider_account is not None:  # whose account it was may have typed any name
            typed = people.of_account(appeal.decider_account)
            theirs = typed is not None and people.one(typed.id) == people.one(by.member)
        else:
            theirs = False
        if theirs or (appeal.decider_member is not None and people.one(appeal.decider_member) == people.one(by.member)):
            raise UsageError(
                f"{by.name} confirmed {case.label} and another moderator decides the appeal; to take your own decision "
                f"back: gifwarden cases undo {case.label}"
            )

    def _take_back(self, case: CaseRow, *, by: Actor, why: str) -> list[str]:
        lines = self.take_back(case, by=by, why=why)
        try:
            if told := self._statements.retract_for_case(case, by=by, why=why):
                lines.append(told)
        except (UsageError, OutsideError) as error:
            name = self._store.notices.of_case(case.id)
            lines.append(f"notice {name}: {error}; then: gifwarden notices retract {name}")
        return lines

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
