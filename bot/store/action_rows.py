"""Actions as they are read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso
from bot.model import Action, ActionState, Hold, Receipt
from bot.serialization import loads
from bot.store.base import Row

SELECT = "select a.*, c.label as case_label from actions a left join cases c on c.id = a.case_id"


def mails_of(notice: str) -> str:
    """Return the condition, in SQL, on actions that are a mail of a notice; `notice`: an expression of its label.

    The first has the key `notice:LABEL`, each further one that key with a colon and its number.
    """
    key = f"'notice:' || {notice}"
    return f"(key = {key} or (key >= {key} || ':' and key < {key} || ';'))"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """A stored action and where it is on its way."""

    action: Action
    case_id: int | None
    state: ActionState
    hold: Hold | None  # of a held action
    reason: str | None
    attempts: int
    receipt: Receipt | None
    stopped: bool  # a person decided otherwise while it was being sent
    due: datetime  # not tried before
    done_by: int | None  # the action of another case that did the same to the post


def action_of(row: Row) -> ActionRow:
    """Return an action of its row in table actions, with its case's label."""
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
            sent=from_iso(row["sent_at"]) if row["sent_at"] else None,
        ),
        case_id=row["case_id"],
        state=ActionState(row["state"]),
        hold=Hold(row["hold"]) if row["hold"] else None,
        reason=row["reason"],
        attempts=row["attempts"],
        receipt=loads(Receipt, row["receipt"]) if row["receipt"] else None,
        stopped=bool(row["stopped"]),
        due=from_iso(row["next_at"]),
        done_by=row["done_by"],
    )
