"""The outbox: actions are written down before they are performed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso, iso
from bot.errors import StoreError
from bot.model import Action, ActionState, Receipt
from bot.plain import dumps, loads
from bot.store.base import Connection, Row

SELECT = "select a.*, c.label as case_label from actions a left join cases c on c.id = a.case_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """A stored action and where it is on its way."""

    action: Action
    case_id: int | None
    state: ActionState
    reason: str | None
    attempts: int
    receipt: Receipt | None


class Actions:
    """Table actions."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def plan(
        self,
        *,
        key: str,
        kind: str,
        case: int | None,
        post: str | None,
        subreddit: str,
        permalink: str,
        params: Mapping[str, str],
        held: str | None = None,
    ) -> bool:
        """Write an action down, once for each key; False if it was planned before. `held` is why it must wait."""
        now = self._c.now()
        state = ActionState.HELD if held else ActionState.PLANNED
        return bool(
            self._c.run(
                """insert or ignore into actions
                   (key, kind, case_id, post, subreddit, permalink, params, state, reason,
                    next_at, planned_at, updated_at)
                   values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (key, kind, case, post, subreddit, permalink, json.dumps(dict(params)), state, held, now, now, now),
            )
        )

    def due(self, states: tuple[ActionState, ...], limit: int = 100) -> list[ActionRow]:
        """Return actions in these states whose time has come, in the order they were planned."""
        marks = ",".join("?" * len(states))
        rows = self._c.rows(
            f"{SELECT} where a.state in ({marks}) and a.next_at <= ? order by a.id limit ?",
            (*states, self._c.now(), limit),
        )
        return [_row(row) for row in rows]

    def get(self, action: int) -> ActionRow:
        """Return one action. Raises StoreError if there is none."""
        row = self._c.one(f"{SELECT} where a.id = ?", (action,))
        if row is None:
            raise StoreError(f"there is no action {action}; see: gifwarden actions list")
        return _row(row)

    def of_case(self, case: int) -> list[ActionRow]:
        """Return the actions of a case, oldest first."""
        return [_row(row) for row in self._c.rows(f"{SELECT} where a.case_id = ? order by a.id", (case,))]

    def listing(self, limit: int = 1000) -> list[ActionRow]:
        """Return actions, newest first."""
        return [_row(row) for row in self._c.rows(f"{SELECT} order by a.id desc limit ?", (limit,))]

    def move(
        self,
        action: int,
        state: ActionState,
        *,
        reason: str | None = None,
        receipt: Receipt | None = None,
        next_at: datetime | None = None,
        tried: bool = False,
    ) -> None:
        """Put an action into a state; `tried` counts an attempt."""
        now = self._c.now()
        self._c.run(
            """update actions set state = ?, reason = ?, receipt = coalesce(?, receipt), next_at = ?,
               attempts = attempts + ?, sent_at = case when ? then ? else sent_at end, updated_at = ? where id = ?""",
            (
                state,
                reason,
                dumps(receipt) if receipt else None,
                iso(next_at) if next_at else now,
                int(tried),
                state == ActionState.SENDING,
                now,
                now,
                action,
            ),
        )

    def cancel(self, *, case: int, reason: str) -> int:
        """Cancel what has not been sent for a case; return how many."""
        return self._c.run(
            """update actions set state = 'cancelled', reason = ?, updated_at = ?
               where case_id = ? and state in ('planned', 'held')""",
            (reason, self._c.now(), case),
        )

    def release(self, *, case: int) -> int:
        """Let the held actions of a case go ahead; return how many."""
        now = self._c.now()
        return self._c.run(
            """update actions set state = 'planned', reason = null, next_at = ?, updated_at = ?
               where case_id = ? and state = 'held'""",
            (now, now, case),
        )

    def wake(self) -> int:
        """Plan again what a cap or the kill switch held; return how many. A person or a mode is not overruled."""
        now = self._c.now()
        return self._c.run(
            """update actions set state = 'planned', updated_at = ?
               where state = 'held' and next_at <= ? and (reason like 'cap:%' or reason like 'stop:%')""",
            (now, now),
        )

    def sent_since(self, kind: str, since: datetime) -> int:
        """Return how many actions of a kind were begun since then."""
        return int(
            self._c.value(
                """select count(*) from actions
                   where kind = ? and sent_at >= ? and state not in ('planned', 'held', 'cancelled')""",
                (kind, iso(since)),
            )
        )


def _row(row: Row) -> ActionRow:
    return ActionRow(
        action=Action(
            id=row["id"],
            kind=row["kind"],
            case=row["case_label"] or "",
            post=row["post"] or "",
            subreddit=row["subreddit"],
            permalink=row["permalink"],
            params=json.loads(row["params"]),
            planned=from_iso(row["planned_at"]),
        ),
        case_id=row["case_id"],
        state=ActionState(row["state"]),
        reason=row["reason"],
        attempts=row["attempts"],
        receipt=loads(Receipt, row["receipt"]) if row["receipt"] else None,
    )
