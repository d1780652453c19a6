"""Actions as people and programs read them."""

from __future__ import annotations

from typing import Any

from bot import actions as plugs
from bot.config import Config
from bot.model import ActionState
from bot.serialization import to_json_data
from bot.store import ActionRow

IN_WORDS = {ActionState.UNDO_PLANNED: "to be taken back"}
"""States whose names say too little to people."""


def action_plain(row: ActionRow) -> dict[str, Any]:
    """Return an action as plain data."""
    action = row.action
    return {
        "id": action.id,
        "kind": action.kind,
        "state": str(row.state),
        "case": action.case or action.params.get("notice", ""),
        "post": action.post,
        "params": dict(action.params),
        "hold": str(row.hold) if row.hold else None,
        "reason": row.reason,
        "attempts": row.attempts,
        "planned": to_json_data(action.planned),
        "receipt": to_json_data(row.receipt) if row.receipt else None,
    }


def action_line(settings: Config, row: ActionRow) -> str:
    """One line on an action: what, how far it is, and why it waits."""
    why = action_why(settings, row)
    state = IN_WORDS.get(row.state, str(row.state))
    return f"{row.action.kind}: {state}" + (f" ({why})" if why else "")


def action_why(settings: Config, row: ActionRow) -> str:
    mode = settings.mode(row.action.subreddit)
    if row.state == ActionState.PLANNED and mode not in plugs.get(row.action.kind).modes:
        return f"will be held: r/{row.action.subreddit} is in mode {mode}"
    return row.reason or ""
