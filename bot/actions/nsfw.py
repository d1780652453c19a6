"""Mark a submission as NSFW."""

from __future__ import annotations

from bot.actions.base import Mark
from bot.actions.mark import Marking
from bot.model import PlannedAction


class Nsfw(Marking):
    """Takes no parameters."""

    kind = "nsfw"
    help = "Mark the submission as NSFW; undone while nobody has changed that since."
    example = PlannedAction(kind="nsfw")
    what: Mark = "nsfw"
    field = "over_18"
    done = "marked as NSFW"
    log_on = "marknsfw"
    log_off = "unmarknsfw"
