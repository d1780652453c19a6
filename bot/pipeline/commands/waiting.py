"""Orders that cannot be undone wait ten minutes: what they are, when they are due, and how they are taken back."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import DatabaseError, StoreError
from bot.model import ActionState, CaseState
from bot.store import CaseRow, OrderRow, Store

WAIT = timedelta(minutes=10)
OUTWARD = frozenset({"message", "notice", "ban"})  # they reach people who are no moderators, and cannot be unsent
_NAMES = {
    "message": "a message to the author",
    "notice": "a notice to the host",
    "ban": "a ban, of which its user is told",
}
NOT_SENT = (ActionState.PLANNED, ActionState.HELD)


class Waits:
    """Knows what of an order cannot be undone, and counts its ten minutes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._ends: dict[str, float] = {}  # order → when its time is over, on the clock that never jumps

    def over(self, row: OrderRow) -> bool:
        """Return whether an order's ten minutes are over.

        The wall clock is believed once, after a start, and never for more than ten minutes: it may jump.
        """
        if row.due is None:
            return True
        now = self._clock.monotonic()
        if row.id not in self._ends:
            left = min(max(row.due - self._clock.now(), timedelta()), WAIT)
            self._ends[row.id] = now + left.total_seconds()
        return now >= self._ends[row.id]

    def begin(self, row: OrderRow, *, target: str) -> datetime:
        """Let an order wait; return until when. `target`: a case's label, or the post's fullname."""
        due = self._clock.now() + WAIT
        self._store.orders.waits_until(row.id, due, target=target)
        return due

    def irrevocable(self, row: OrderRow, cases: list[CaseRow]) -> str | None:
        """Return what of an order cannot be undone, as the end of "I …", or None if all of it can."""
        store = self._store
        match row.verb:
            case "go":
                kinds = store.orders.waiting_kinds(row.subreddit) & OUTWARD
                return f"go on, and with that send what waits: {_listed(kinds)}" if kinds else None
            case "bank":
                kinds = set()
                for case in cases:
                    if case.state == CaseState.OPEN:
                        kinds |= {
                            a.action.kind for a in store.actions.of_case(case.id) if a.state in NOT_SENT
                        } & OUTWARD
                return f"confirm the case, and with that send {_listed(kinds)}" if kinds else None
            case "allow":
                if not any(case.state in (CaseState.OPEN, CaseState.CONFIRMED) for case in cases):
                    return None
                return "dismiss the case, and with that destroy the fingerprints that were kept for it"
            case "undo":
                return self._undone(cases)
        return None

    def _undone(self, cases: list[CaseRow]) -> str | None:
        store = self._store
        lost: list[str] = []
        for case in cases:
            sent = [row for row in store.actions.of_case(case.id) if row.action.kind == "notice"]
            if any(
                row.state in (ActionState.DONE, ActionState.SENDING, ActionState.UNKNOWN, ActionState.PARKED)
                for row in sent
            ):
                lost.append("withdraw the notice at the host")
            if store.review.made_by(case.id, "banked") or store.review.made_by(case.id, "allowed"):
                lost.append("destroy the entries that the decision put into banks")
        return " and ".join(dict.fromkeys(lost)) or None

    def meant(self, row: OrderRow) -> list[OrderRow]:
        """Return the waiting orders that `cancel`, `undo` or `stop` takes back.

        `cancel` without a target means those of its conversation, or else the only one of the subreddit.
        """
        waiting = [other for other in self._store.orders.waiting_in(row.subreddit) if other.id != row.id]
        if row.verb == "stop":
            return [other for other in waiting if other.verb == "go"]
        if row.verb == "undo":
            waiting = [other for other in waiting if other.verb in ("allow", "bank")]
        if row.target:
            post = self.post_of(row.target)
            return [other for other in waiting if other.target == row.target or post == self.post_of(other.target)]
        here = [other for other in waiting if other.conversation == row.conversation and row.conversation is not None]
        return here or (waiting if len(waiting) == 1 else [])

    def post_of(self, target: str) -> str | None:
        """Return the post's fullname that a target means, or None if that is not known here."""
        if not target.startswith("C-"):
            return target or None
        try:
            return self._store.cases.get(target).post.fullname
        except DatabaseError:
            raise
        except StoreError:
            return None


def _listed(kinds: set[str]) -> str:
    return ", ".join(_NAMES[kind] for kind in sorted(kinds))
