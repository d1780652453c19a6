"""An entry is withdrawn, with a reason, and all that follows from it, at once or at the daemon's next step.

Whoever withdraws, a person, a list or an older copy of the database, only says so; what follows is done here, a case a
transaction, so that a kill loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.clock import Clock
from bot.errors import ConfigError, ConflictError, RuleError
from bot.model import PROGRAM, Actor, CaseState, Evidence, Outsider, Voice, Withdrawal
from bot.pipeline.core import Boundary, no_boundary
from bot.pipeline.judging.judge import NEEDS_PERSON, Judge, Reconsidered
from bot.pipeline.log import Log
from bot.pipeline.recovery import GoOn, always, log_reason
from bot.pipeline.reviewing.minors import WAIT, Minors
from bot.pipeline.reviewing.words.entries import because
from bot.store import CaseRow, Store, WithdrawnRow
from bot.store.minors import names_of
from bot.store.withdrawals import Resting

BATCH = 100


@dataclass(slots=True)
class Followed:
    """What followed from a withdrawal: labels of cases, each in one of the lists."""

    closed: list[str] = field(default_factory=list)  # nothing else speaks for them
    judged: list[str] = field(default_factory=list)  # again, on what else speaks for them
    hidden: list[str] = field(default_factory=list)  # a suspected minor's very file
    left: list[str] = field(default_factory=list)  # a person decides: appealed, or like a suspected minor's


class Withdrawals:
    """Withdraws entries, and does what follows."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        log: Log,
        judging: Judge,
        minors: Minors,
        boundary: Boundary = no_boundary,
    ) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._judging = judging
        self._minors = minors
        self._boundary = boundary

    def withdraw(self, label: str, why: Withdrawal, *, by: Actor, said: str | None = None) -> None:
        """Stop an entry from matching; as a suspected minor's its files are never looked at again, under any link.

        Raises StoreError if there is no such active entry.
        """
        store = self._store
        with store.transaction():
            store.lists.make_entries([label])  # of a row of a list, so that the list does not bring it again
            if why is Withdrawal.MINOR:
                files = store.withdrawn.files(label)
                marks = store.minors.never(name for pair in files for name in names_of(*pair))
                store.withdrawn.marked(label, marks)
                store.footage.mark_entry(label, label)
            store.banks.withdraw(label, why)
            store.withdrawn.signed(label, by=by)
            store.audit.record(by=by, what=f"entry withdraw: {why}", subject=label, why=said)
        store.withdrawal_log.note(label)
        self._log.info("entry withdrawn", entry=label, why=str(why))

    def say_why(self, label: str, why: Withdrawal, *, by: Actor, said: str | None = None) -> None:
        """Withdraw an entry anew that was withdrawn without a reason, for one: what follows from it is done then.

        It matches nothing in between. Raises StoreError if it was destroyed.
        """
        with self._store.transaction():
            self._store.banks.restore(label)
            self.withdraw(label, why, by=by, said=said)

    def restore(self, label: str, *, by: Actor) -> None:
        """Let a withdrawn entry match again; in its ten minutes a suspicion is taken back with it.

        Raises StoreError if it is not withdrawn or was destroyed, UsageError if it holds a file of a suspected minor's.
        """
        store = self._store
        with store.transaction():
            row = store.withdrawn.get(label)
            if row is not None and row.why is Withdrawal.MINOR:
                store.withdrawn.unmark(label)
                store.footage.unmark(label)
            if store.minors.is_never_label(label):
                raise ConflictError(
                    f"{label} holds a file that was marked as a suspected minor's, so nobody restores it; to be rid of "
                    f"it: gifwarden bank remove {label}"
                )
            store.banks.restore(label)
            store.carried.forget_undecided(label)
            store.audit.record(by=by, what="entry restore", subject=label)
        store.withdrawal_log.restored(label)

    def follow(self, go_on: GoOn = always) -> int:
        """Do what follows from all that was withdrawn, and destroy suspected minors' entries; return how many it was.

        One whose cases cannot be judged now waits, and keeps no other waiting.
        """
        self._destroy_minors()
        done = 0
        for row in self._store.withdrawn.unfollowed(BATCH):
            if not go_on():
                break
            try:
                done += self.follow_one(row, go_on) is not None
            except (ConfigError, RuleError) as error:
                self._log.warning("withdrawal not followed", entry=row.label, reason=log_reason(error))
        return done

    def follow_one(self, row: WithdrawnRow, go_on: GoOn = always) -> Followed | None:
        """Do what follows from one withdrawal; return what that was, None if it is not over.

        Raises ConfigError or RuleError if rules cannot be used.
        """
        store, told = self._store, Followed()
        store.withdrawal_log.note(row.label)
        held: set[int] = set()
        while True:
            resting = [one for one in store.withdrawn.resting(row.id) if one.case not in held]
            for one in resting:
                if not go_on():
                    return None
                held.add(one.case)
                if not self._case(row, one, told):
                    return None
                self._boundary("withdraw.case")
            with store.transaction():
                if not store.withdrawn.stands(row):
                    return None
                if any(one.case not in held for one in store.withdrawn.resting(row.id)):
                    continue  # opened meanwhile
                if row.why is Withdrawal.MINOR:
                    self._hide_decided(row, told)
                elif row.why is Withdrawal.WRONG:
                    for one in store.withdrawn.resting(row.id, open_only=False):
                        case = store.cases.of_id(one.case)
                        store.carried.gather(row.id, case.id, beside=self._beside(row, case))
                store.withdrawn.followed(row)
            self._boundary("withdraw.followed")
            break
        facts = {"entry": row.label, "closed": len(told.closed), "judged": len(told.judged)}
        self._log.info("withdrawal followed", **facts, hidden=len(told.hidden), left=len(told.left))
        return told

    def _case(self, row: WithdrawnRow, resting: Resting, told: Followed) -> bool:
        """Do what follows for one open case, unless that was done; return False if it has to wait."""
        store = self._store
        case = store.cases.of_id(resting.case)
        if row.why is Withdrawal.MINOR:
            return self._case_of_minor(row, case, resting, told)
        evidence = store.links.evidence(case.link)
        left = evidence and self._without(evidence)
        if evidence is None or left is None or row.label not in _entries(evidence):
            return self._bare(row, case, told) if evidence is None else True
        found = self._judging.reconsider(case, left)
        if found is None:
            return False  # no rules here: whoever has them does it
        with store.transaction():
            now = store.cases.of_id(case.id)
            if now.version != case.version or store.links.evidence(case.link) != evidence:
                return False  # somebody was faster: at the next look
            if not store.withdrawn.stands(row) or now.state != CaseState.OPEN:
                return True
            self._settle(row, case, found, told)
        return True

    def _settle(self, row: WithdrawnRow, case: CaseRow, found: Reconsidered, told: Followed) -> None:
        store, why = self._store, because(row)
        if found.verdict.outcome != "ignore":
            self._judging.apply(case, found, why=why)
            store.audit.record(by=PROGRAM, what="case judged again", subject=case.label, why=why)
            told.judged.append(case.label)
        elif store.review.open_appeal(case.id) is not None:
            store.actions.cancel(case=case.id, reason=why)
            store.notices.drop_case(case.id)
            self._say_once("case left to its appeal", case, why)
            told.left.append(case.label)
        else:
            self._close(row, case)
            told.closed.append(case.label)

    def _bare(self, row: WithdrawnRow, case: CaseRow, told: Followed) -> bool:
        """Close a case of which nothing is known any more but that it rested on this entry."""
        with self._store.transaction():
            if self._store.withdrawn.stands(row):
                self._close(row, case)
                told.closed.append(case.label)
        return True

    def _close(self, row: WithdrawnRow, case: CaseRow) -> None:
        store, why = self._store, because(row)
        if not store.cases.decide(case.id, CaseState.WITHDRAWN, by=PROGRAM, why=why):
            return
        store.actions.cancel(case=case.id, reason=why)
        store.notices.drop_case(case.id)
        store.links.drop_fingerprints(case.link)
        store.audit.record(by=PROGRAM, what="case withdrawn", subject=case.label, why=why)
        self._log.info("case withdrawn", case=case.label, entry=row.label)

    def _case_of_minor(self, row: WithdrawnRow, case: CaseRow, resting: Resting, told: Followed) -> bool:
        """Hide a post that holds the very file; let a person look at one that only resembles it."""
        store, why = self._store, because(row)
        if resting.how == "exact":
            return self._hide(row, case, told)
        with store.transaction():
            if not store.withdrawn.stands(row) or store.cases.of_id(case.id).state != CaseState.OPEN:
                return True
            store.actions.cancel(case=case.id, reason=why)
            store.actions.hold_again(case=case.id, reason=NEEDS_PERSON, why=why)
            store.notices.drop_case(case.id)
            self._say_once("case left to a person", case, why)
            told.left.append(case.label)
        return True

    def _say_once(self, what: str, case: CaseRow, why: str) -> None:
        """Record what is found again at every look until the withdrawal is followed."""
        known = self._store.review.history(case.label)
        if not any(event["what"] == what and event["why"] == why for event in known):
            self._store.audit.record(by=PROGRAM, what=what, subject=case.label, why=why)

    def _hide_decided(self, row: WithdrawnRow, told: Followed) -> None:
        """Hide the posts of cases that were decided before and hold the very file. In a transaction."""
        for one in self._store.withdrawn.resting(row.id, open_only=False):
            if one.how == "exact":
                self._hide(row, self._store.cases.of_id(one.case), told)

    def _hide(self, row: WithdrawnRow, case: CaseRow, told: Followed) -> bool:
        if case.post.permalink:  # else it was deleted on Reddit, and is forgotten
            by: Voice = Outsider(name=row.by) if row.by else PROGRAM
            self._minors.hide(case.post.fullname, by=by)
            told.hidden.append(case.label)
        return True

    def _beside(self, row: WithdrawnRow, case: CaseRow) -> str | None:
        """Return what else than this entry speaks for what was done for a case, in words; None if nothing does."""
        store, evidence = self._store, self._store.links.evidence(case.link)
        found: list[str] = []
        if case.state == CaseState.CONFIRMED:
            found.append(f"{case.decided_by or 'a person'} confirmed {case.label}")
        if evidence is not None:
            left = self._without(evidence)
            live = [match.entry for match in left.matches if match.bank_kind != "allow" and not match.suppressed]
            found += [f"{entry} matches it too" for entry in dict.fromkeys(live) if entry != row.label]
            found += [f"it is the footage of {source.entry}" for source in left.source]
        for other in store.cases.of_post(case.post.fullname):
            if other.id != case.id and other.state in (CaseState.OPEN, CaseState.CONFIRMED):
                found.append(f"{other.label} is about the same post")
        return "; ".join(found) or None

    def _without(self, evidence: Evidence) -> Evidence:
        """Return evidence without what is withdrawn by now."""
        standing = self._store.known.standing(_entries(evidence), (), alone=False)
        return replace(
            evidence,
            matches=tuple(match for match in evidence.matches if match.entry in standing),
            source=tuple(source for source in evidence.source if source.entry in standing),
        )

    def _destroy_minors(self) -> None:
        """Destroy what was kept of suspected minors' entries for the ten minutes in which a slip is taken back."""
        store, now = self._store, self._clock.now()
        for label in store.withdrawn.minors_before(now - WAIT, now + timedelta(seconds=1)):
            with store.transaction():
                row = store.withdrawn.get(label)
                if row is not None and row.why is Withdrawal.MINOR:
                    store.banks.destroy(label, Withdrawal.MINOR)
                    store.withdrawn.settle(label)
            self._boundary("withdraw.destroyed")


def _entries(evidence: Evidence) -> set[str]:
    return {match.entry for match in evidence.matches} | {source.entry for source in evidence.source}
