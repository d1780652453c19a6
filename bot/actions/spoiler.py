"""Mark a submission as a spoiler, which blurs its preview."""

from __future__ import annotations

from bot.actions.base import Mark
from bot.actions.mark import Marking
from bot.model import PlannedAction


class Spoiler(Marking):
    """Takes no parameters."""

    kind = "spoiler"
    help = "Mark the submission as a spoiler; undone while nobody has changed that since."
    example = PlannedAction(kind="spoiler")
    what: Mark = "spoiler"
    field = "spoiler"
    done = "marked as a spoiler"
    log_on = "spoiler"
    log_off = "unspoiler"
