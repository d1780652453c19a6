"""Lock a post or comment, so that nobody answers to it."""

from __future__ import annotations

from bot.actions.base import Mark
from bot.actions.mark import Marking
from bot.model import PlannedAction


class Lock(Marking):
    """Takes no parameters."""

    kind = "lock"
    help = "Lock the post; undone while nobody has locked or unlocked it since."
    example = PlannedAction(kind="lock")
    what: Mark = "lock"
    field = "locked"
    done = "locked"
    log_on = "lock"
    log_off = "unlock"
    submissions_only = False
