"""What the bot can do in the world. A new action is one file and one line in `ACTIONS`."""

from __future__ import annotations

import difflib

from bot.actions.answer import Answer
from bot.actions.approve import Approve
from bot.actions.ban import Ban
from bot.actions.base import ActionContext, ActionPlug
from bot.actions.claim_answer import ClaimAnswer
from bot.actions.digest import Digest
from bot.actions.flair import Flair
from bot.actions.lock import Lock
from bot.actions.message import Message
from bot.actions.modmail import Modmail
from bot.actions.note import Note
from bot.actions.notice import SendNotice
from bot.actions.nsfw import Nsfw
from bot.actions.reminder import SendReminder
from bot.actions.remove import Remove
from bot.actions.report import Report
from bot.actions.spoiler import Spoiler
from bot.errors import UsageError

ACTIONS: tuple[ActionPlug, ...] = (
    Report(),
    Remove(),
    Lock(),
    Spoiler(),
    Nsfw(),
    Flair(),
    Note(),
    Message(),
    Modmail(),
    Approve(),
    Ban(),
    Answer(),
    ClaimAnswer(),
    Digest(),
    SendNotice(),
    SendReminder(),
)

RULE_KINDS = frozenset(plug.kind for plug in ACTIONS if plug.by_rule)
"""What a rule may ask for; the rest only a person does."""

__all__ = ["ACTIONS", "RULE_KINDS", "ActionContext", "ActionPlug", "get"]


def get(kind: str) -> ActionPlug:
    """Return the plug of a kind. Raises UsageError, which names the nearest kind."""
    for plug in ACTIONS:
        if plug.kind == kind:
            return plug
    known = [plug.kind for plug in ACTIONS]
    near = difflib.get_close_matches(kind, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
    raise UsageError(f"{kind!r} is not an action; {hint}")
