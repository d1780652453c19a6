"""One way to decide on cases, for every door: a decision is a row; for a moment it can be taken back."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock, day_and_time
from bot.config import Config
from bot.errors import ConflictError, DatabaseError, GifwardenError, OutsideError, StoreError, UsageError, is_own_fault
from bot.model import (
    Actor,
    CaseState,
    Decision,
    DecisionState,
    Verb,
)
from bot.pipeline.acting.notices import NoticeReview
from bot.pipeline.core import Boundary, no_boundary
from bot.pipeline.judging.judge import NEEDS_PERSON, Judge
from bot.pipeline.log import Log
from bot.pipeline.recovery import GoOn, always, log_reason
from bot.pipeline.reviewing.bank_feedback import BankFeedback
from bot.pipeline.reviewing.deeds import SAID, WITHHELD, Deeds, deeds_of
from bot.pipeline.reviewing.giving_back import BY_ROW, Chosen, change_rows, noticed
from bot.pipeline.reviewing.team import Team
from bot.pipeline.reviewing.words.preview import preview
from bot.store import Banking, CarriedRow, CaseRow, DecisionRow, Store
from bot.store.tries import MAX_TRIES

CONFIRMING = frozenset({Decision.CONFIRM, Decision.REMOVE, Decision.REPORT, Decision.LEAVE_UP})


@dataclass(frozen=True, slots=True)
class Target:
    """A case, and the version of it that was looked at, if the door knows."""

    case: str
    version: int | None = None


class Deciding:
    """Writes decisions down, and performs them when their time has come."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        log: Log,
        learning: BankFeedback,
        judging: Judge,
        statements: NoticeReview,
        boundary: Boundary = no_boundary,
    ) -> None:
        self._config = config
        self._review = config.review
        self._store = store
        self._clock = clock
        self._log = log
        self._learning = learning
        self._judging = judging
        self._statements = statements
        self._boundary = boundary
        self._team = Team(store)
        self._failures: dict[int, int] = {}  # by decision

    def decide(
        self,
        verb: Decision,
        targets: Sequence[Target],
        *,
        by: Actor,
        why: str,
        key: str | None = None,
        after: float | None = None,
        banking: Banking | None = None,
        chosen: Chosen | None = None,
    ) -> DecisionRow:
        """Decide on cases, all of them or none; return the decision, which is performed `after` so many seconds.

        `key`: what the door calls this word; said twice, it counts once. `after`: default `review.take_back_seconds`.
        `banking`: for a confirmation, what also goes into a bank. `chosen`: what of an entry is given back, or left.
        Raises UsageError or StoreError, with every mistake, if a case is not there, has changed, is not open, or this
        person may not decide it.
        """
        store = self._store
        wait = timedelta(seconds=self._review.take_back_seconds if after is None else after)
        with store.transaction():  # in here: others decide at the same time, by other doors
            if key is not None and (known := store.decided.by_key(key)) is not None:
                return known
            cases = self._may(verb, targets, by)
            for case in cases:
                if (wanted := self._banking(verb, case, banking)) is not None:
                    self._refuse_footage(case)
                    self._learning.can_bank(case, wanted)
            row = store.decided.add(
                verb,
                [case.id for case in cases],
                key=key or secrets.token_hex(16),
                by=by,
                why=why,
                after=wait,
                banking=banking,
            )
            if chosen is not None:
                store.carried.decide(chosen.entry, chosen.numbers, row.id)
            for case in cases:
                if verb in BY_ROW:
                    change_rows(store, row, case, by=by)
                else:
                    self._change(verb, case, by=by, why=why, due=row.due)
        self._boundary("decide.stored")
        self._log.info("case decided", decision=row.label, verb=str(verb), cases=len(cases))
        return row

    def take_back(self, name: str, *, by: Actor, why: str = "taken back") -> DecisionRow:
        """Take back a decision before anything is done for it: its cases are as they were.

        While nobody performs anything it is never too late: whoever decided may have been killed without a daemon.
        Raises StoreError if there is no such decision, UsageError if it is too late.
        """
        store = self._store
        with store.transaction():
            row = store.decided.get(name)
            late = self._clock.now() >= row.due and store.lease.held()
            if row.state is not DecisionState.WAITING or late or store.decided.begun(row.id):
                raise UsageError(f"{name} is {_ended(row)}; to take back what was done: gifwarden cases undo {name}")
            cases = [store.cases.of_id(case) for case in row.cases]
            for case in cases:
                self._team.still(by, Verb.CASES, [case.post.subreddit])
            store.decided.restore(row.id)
            store.decided.end(row.id, DecisionState.TAKEN_BACK)
            for case in cases:
                store.audit.record(by=by, what=f"decision taken back: {row.verb}", subject=case.label, why=why)
        self._log.info("decision taken back", decision=name)
        return store.decided.get(name)

    def perform_due(self, go_on: GoOn = always) -> int:
        """Perform the decisions whose time has come, but for their actions; return how many."""
        done = 0
        for row in self._store.decided.due():
            if not go_on():
                break
            try:
                self.perform(row)
            except Exception as error:  # one that cannot be performed keeps no other waiting
                if is_own_fault(error):
                    raise
                self._log.warning("decision not performed", decision=row.label, reason=log_reason(error))
                self._give_up(row, error)
                continue
            done += 1
        return done

    def _give_up(self, row: DecisionRow, error: Exception) -> None:
        """End a decision that failed three times: its actions go on, and what it would have taught is said."""
        self._failures[row.id] = self._failures.get(row.id, 0) + 1
        if self._failures[row.id] < MAX_TRIES:
            return
        with self._store.transaction():
            if self._store.decided.end(row.id, DecisionState.PERFORMED):
                for case in row.cases:
                    told = f"nothing was banked or learned: {log_reason(error)}"
                    self._store.decided.tell(row.id, case, [told])

    def perform(self, row: DecisionRow, *, leave: bool = True) -> dict[int, list[str]]:
        """Do of a decision what cannot be taken back any more; return by case a line on each thing.

        Its actions are the outbox's. `leave`: what cannot be banked or taught is said, else it is raised.
        """
        store = self._store
        lines: dict[int, list[str]] = {number: [] for number in row.cases}
        by = _actor(row)
        waits = store.decided.get(row.label).state is DecisionState.WAITING
        for number in noticed(store, row) if waits else ():
            case = store.cases.of_id(number)
            if case.state == result_of(row.verb, case):  # nothing of what was marked as a suspected minor's meanwhile
                lines[number] += self._retracted(case, by=by, why=row.why)
        with store.transaction():
            if not store.decided.end(row.id, DecisionState.PERFORMED):
                return lines
            for number in row.cases:
                case = store.cases.of_id(number)
                if case.state != result_of(row.verb, case):
                    lines[number].append(_OVERTAKEN.get(case.state, f"it is {case.state} by now, and stays so"))
                    continue
                try:
                    lines[number] = [*self._settle(row, case, by), *lines[number]]
                except DatabaseError:
                    raise
                except (StoreError, UsageError) as error:
                    if not leave:
                        raise
                    lines[number].append(str(error))
                    if row.verb is not Decision.UNDO:
                        store.links.drop_fingerprints(case.link)
            for number, told in lines.items():
                store.decided.tell(row.id, number, told)
        self._boundary("decide.performed")
        self._log.info("decision performed", decision=row.label, verb=str(row.verb), cases=len(row.cases))
        return lines

    def _refuse_footage(self, case: CaseRow) -> None:
        """Raise UsageError if a case is of footage that was marked as a suspected minor's: nothing of it is banked."""
        if (same := self._store.footage.of_case(case.id)) is not None:
            raise UsageError(f"{case.label} goes into no bank, for {same.words}")

    @staticmethod
    def _banking(verb: Decision, case: CaseRow, banking: Banking | None) -> Banking | None:
        """Return what a decision puts into a bank. To confirm a proposal is to bank its media."""
        if banking is None and case.proposal is not None and verb is Decision.CONFIRM:
            return Banking(bank=case.proposal)
        return banking

    def _deeds(self, case: CaseRow, verb: Decision) -> Deeds:
        return deeds_of(case, self._store.actions.of_case(case.id), verb, self._config.mode(case.post.subreddit))

    def check(self, verb: Decision, targets: Sequence[Target], *, by: Actor) -> None:
        """Raise UsageError with every reason why these cases may not be decided so."""
        self._may(verb, targets, by)

    def preview(self, case: CaseRow, verb: Decision) -> list[str]:
        """Return in words what a decision would do, with every text that others would read."""
        return preview(self._store, case, verb, self._config.mode(case.post.subreddit))

    def _may(self, verb: Decision, targets: Sequence[Target], by: Actor) -> list[CaseRow]:
        """Return the cases, each once. Raises UsageError with every reason why they may not be decided."""
        cases: dict[int, CaseRow] = {}
        mistakes: list[GifwardenError] = []
        for target in targets:
            try:
                case = self._may_one(verb, target, by)
            except DatabaseError:
                raise
            except (StoreError, UsageError) as error:
                mistakes.append(error)
            else:
                cases.setdefault(case.id, case)
        if len(mistakes) == 1:
            raise mistakes[0]
        if mistakes:
            raise UsageError(*(str(error) for error in mistakes))
        return list(cases.values())

    def _may_one(self, verb: Decision, target: Target, by: Actor) -> CaseRow:
        store = self._store
        case = store.cases.get(target.case)
        if case.state == CaseState.MINOR:
            raise UsageError(
                f"{case.label} is about a suspected minor and is not judged"
                f"{' again' if verb is Decision.UNDO else ''}; see: gifwarden cases reported --help"
            )
        self._team.still(by, Verb.CASES, [case.post.subreddit])
        if case.proposal is not None and verb is Decision.CONFIRM:
            self._team.still(by, Verb.BANKS, [case.post.subreddit])
        if target.version is not None and target.version != case.version:
            raise UsageError(f"{case.label} has changed since you looked at it: {self._now(case)}; look again")
        waiting = store.decided.waiting_on(case.id)
        if waiting is not None:
            raise UsageError(
                f"{case.label}: {waiting.who} decided {waiting.verb} a moment ago, which is about to be done; to take "
                f"that back: gifwarden cases undo {waiting.label}"
            )
        if verb is not Decision.UNDO and verb not in BY_ROW:
            if case.state != CaseState.OPEN:
                raise ConflictError(f"case {case.label} is {self._now(case)}; undo that first")
            self._other_than_before(case, by)
        self._deeds(case, verb)
        return case

    def _now(self, case: CaseRow) -> str:
        """Return how a case stands: its state, who decided it and when."""
        if case.state == CaseState.OPEN:
            appeal = self._store.review.open_appeal(case.id)
            return f"open again, appealed by {appeal.raised_by}" if appeal else "open"
        last = next(reversed(self._store.decided.of_case(case.id)), None)
        when = f", {day_and_time(last.at)} UTC" if last is not None and last.who == case.decided_by else ""
        return f"{case.state} (by {case.decided_by}{when})"

    def _change(self, verb: Decision, case: CaseRow, *, by: Actor, why: str, due: datetime) -> None:
        store = self._store
        deeds = self._deeds(case, verb)
        if verb is Decision.UNDO:
            store.actions.cancel(case=case.id, reason=f"undone by {by.name}")
            store.decided.plan_undo([row.action.id for row in deeds.undo], due=due)
            store.cases.reopen(case.id)
            store.actions.hold_again(case=case.id, reason=NEEDS_PERSON)
            store.audit.record(by=by, what="case undone", subject=case.label, why=why)
            return
        result = result_of(verb, case)
        store.cases.decide(case.id, result, by=by, why=why)
        if verb is Decision.DISMISS:
            store.review.close_appeal(case.id, outcome="overturned", by=by)
            store.actions.cancel(case=case.id, reason=WITHHELD[verb])
        else:
            if store.review.close_appeal(case.id, outcome="upheld", by=by):
                store.audit.record(by=by, what="appeal upheld", subject=case.label)
            if verb in WITHHELD:
                left = [row.action.id for row in (*deeds.withhold, *deeds.stop)]
                store.decided.withhold(left, reason=WITHHELD[verb])
            if verb in (Decision.LEAVE_UP, Decision.REPORT):
                store.decided.disown(case.id)
            store.decided.keep([row.action.id for row in deeds.keep])
            store.actions.release(case=case.id, due=due)
            for planned in deeds.new:
                self._judging.plan_decided(case, planned, due)
        store.decided.plan_undo([row.action.id for row in deeds.undo], due=due)
        store.audit.record(by=by, what=SAID[verb], subject=case.label, why=why)

    def _settle(self, row: DecisionRow, case: CaseRow, by: Actor) -> list[str]:
        """Learn from a decision, and forget what was only kept for it. In a transaction."""
        store, lines = self._store, []
        if row.verb in CONFIRMING:
            if (banking := self._banking(row.verb, case, row.banking)) is not None:
                self._refuse_footage(case)
                lines += self._learning.bank_from(case, banking, by=by)
            if any(a.outcome == "upheld" and a.closed_member == by.member for a in store.review.appeals(case.id)):
                for label in store.review.made_by(case.id, "banked"):
                    self._learning.second(label, by)
            store.links.drop_fingerprints(case.link)
        elif row.verb is Decision.DISMISS:
            lines += self._learning.teach(case, by=by)
            lines += self._learning.unbank(case, by=by)
            store.notices.drop_case(case.id)
            store.links.drop_fingerprints(case.link)
        elif row.verb is Decision.UNDO:
            lines += self._learning.unbank(case, by=by, keep=False)
            lines += self._learning.unlearn(case, by=by)
            self._judging.draft_again(case)
            if case.proposal is not None and not store.links.has_fingerprints(case.link):
                store.queue.fetch_afresh(case.link)  # what is banked or dismissed anew has to be seen again
        return lines

    def _retracted(self, case: CaseRow, *, by: Actor, why: str) -> list[str]:
        try:
            told = self._statements.retract_for_case(case, by=by, why=why)
        except (UsageError, OutsideError) as error:
            name = self._store.notices.of_case(case.id)
            return [f"notice {name}: {error}; then: gifwarden notices retract {name}"]
        return [told] if told else []

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


_OVERTAKEN = {CaseState.MINOR: "marked as a suspected minor meanwhile: it is not judged again"}


def targets_of(rows: Sequence[CarriedRow]) -> list[Target]:
    """Return the cases of rows, each once, in the version in which they were read."""
    return [Target(case, version) for case, version in {one.case: one.case_version for one in rows}.items()]


def result_of(verb: Decision, case: CaseRow) -> CaseState:
    """Return the state in which a decision leaves a case; one on what an entry carried leaves it as it is by then."""
    if verb in BY_ROW:
        return case.state
    if verb is Decision.UNDO:
        return CaseState.OPEN
    return CaseState.DISMISSED if verb is Decision.DISMISS else CaseState.CONFIRMED


def _ended(row: DecisionRow) -> str:
    if row.state is DecisionState.WAITING:
        return "being performed"
    return "taken back already" if row.state is DecisionState.TAKEN_BACK else "performed already"


def _actor(row: DecisionRow) -> Actor:
    """Return who decided. A decision is always a member's."""
    assert row.member is not None
    assert row.credential is not None
    return Actor(member=row.member, name=row.who, credential=row.credential, account=row.account)
