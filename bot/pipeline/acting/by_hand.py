"""Notices that leave by hand: put into a host's form by a person of the team, or sent by the person depicted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

from bot.advice import Advised
from bot.clock import Clock, day
from bot.errors import UsageError
from bot.model import NOTICE_MOVES, ActionState, Actor, NoticeState
from bot.pipeline.acting.notices import NoticeReview, Statement
from bot.pipeline.acting.outbox import IN_DOUBT
from bot.store import NoticeRow, Store
from bot.text import line

MAX_REFERENCE = 100  # characters of a host's number
FROM = tuple(state for state, after in NOTICE_MOVES.items() if NoticeState.BY_HAND in after)


def put_by_hand(
    review: NoticeReview,
    store: Store,
    clock: Clock,
    name: str,
    *,
    by: Actor,
    on: date | None = None,
    reference: str | None = None,
    statement: Statement | None = None,
) -> NoticeRow:
    """Record that a notice was handed in, on a day (None: now), under the host's number.

    A draft needs the `statement`, as before a mail; a mail that is planned is not sent. Raises UsageError if it cannot
    be.
    """
    row = store.notices.get(name)
    at, number = _moment(clock, row, on), _number(reference)
    if row.state == NoticeState.DRAFTED and statement is None:
        raise UsageError(
            Advised(
                f"notice {name} is not stated yet",
                "say on which ground, as before a mail: --ground, --detail, --capacity",
                page="state it on its page, as before a mail",
                path=f"/notice/{name}",
            )
        )
    if row.state != NoticeState.DRAFTED and statement is not None:
        raise UsageError(
            Advised(
                f"notice {name} is stated already, on the ground {row.ground}",
                "leave --ground out",
                page="say on its page that it was handed in",
                path=f"/notice/{name}",
            )
        )
    if row.state not in FROM:
        raise UsageError(f"notice {name} is {row.state}, and that cannot become by_hand")
    with store.transaction():
        if statement is not None:
            review.confirm_notice(name, replace(statement, by_hand=True))
        _hold_back(store, name, by)
        if not store.handed.record(name, at, number, member=by.member, expect=FROM):
            raise UsageError(f"notice {name} was changed at this moment; look at it again")
        store.audit.record(by=by, what="notice handed in", subject=name, why=number or "")
    return store.notices.get(name)


def day_of(text: str | None) -> date | None:
    """Return the day that a person wrote, None for nothing. Raises UsageError for what is none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError("that is no day; write it as 2026-11-22, or leave it out for today") from None


def _moment(clock: Clock, row: NoticeRow, on: date | None) -> datetime:
    """Return when it was: noon of another day than today. Raises UsageError for a day that cannot be."""
    now = clock.now().astimezone(UTC)
    if on is None or on == now.date():
        return now
    if not row.created.astimezone(UTC).date() <= on < now.date():
        begun, today = day(row.created), day(now)
        between = f"give {today}, or leave the day out" if begun == today else "give a day between them"
        raise UsageError(f"notice {row.label} was begun on {begun}, and today is {today}; {between}")
    return max(datetime.combine(on, time(12), UTC), row.created)


def _number(reference: str | None) -> str | None:
    shown = line(" ".join((reference or "").split()))
    if len(shown) > MAX_REFERENCE:
        raise UsageError(f"a host's number has at most {MAX_REFERENCE} characters")
    return shown or None


def _hold_back(store: Store, name: str, by: Actor) -> None:
    """Let a planned mail of the notice not be sent as well. Raises UsageError while it leaves."""
    mail = store.actions.mail_of(name)
    if mail is None:
        return
    if mail.state in IN_DOUBT:
        raise UsageError(f"notice {name} is being mailed; try again when that has ended")
    waiting = (ActionState.PLANNED, ActionState.HELD)
    if mail.state in waiting:
        store.actions.move(mail.action.id, ActionState.CANCELLED, expect=waiting, reason=f"handed in by {by.name}")
