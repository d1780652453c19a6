"""What lock, spoiler and NSFW have in common: a mark on a post that is set once and taken off while it is ours."""

from __future__ import annotations

from bot.actions.base import ActionContext, Mark, Plug, Probe, alive, last_decision, present, submission
from bot.errors import UsageError
from bot.model import Action, ModAction, Mode, Receipt


class Marking(Plug):
    """Base of the three. A mark that stood there before is not ours, and undo leaves it."""

    what: Mark
    field: str  # of Reddit's data of a thing
    done: str  # in words
    log_on: str  # the mod log's word for setting it
    log_off: str  # and for taking it off
    submissions_only = True
    modes: frozenset[Mode] = frozenset({"enforce"})
    repeatable = True

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Set the mark, unless it is there or the post is gone or decided on by others."""
        if self.submissions_only:
            submission(action, f"be {self.done}")
        if alive(action, world).get(self.field) is True:
            return Receipt(detail=f"it was {self.done} already")
        world.api.mark(action.post, self.what, on=True)
        return Receipt(detail=self.done, reference=action.post)

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look for our line in the mod log: what was taken off since was still done."""
        if world.api.thing(action.post) is None:
            return "unknown"
        try:
            ours = self._last(action, world, by=world.api.me(), only_on=True)
        except UsageError:
            return "unknown"
        return "done" if ours else "absent"

    def undo(self, action: Action, world: ActionContext) -> Receipt:
        """Take it off, if nobody has touched it since."""
        me = world.api.me()
        last = self._last(action, world)
        if last is None:
            raise UsageError(f"the mod log does not show that {action.post} was {self.done} by us; look at it there")
        if last.moderator.casefold() != me.casefold():
            raise UsageError(
                f"{last.moderator} acted on {action.post} after us ({last.action}), and that stands;"
                " decide on Reddit yourself"
            )
        if self._is_off(last) or present(action, world).get(self.field) is not True:
            return Receipt(detail=f"it is not {self.done} any more", reference=action.post)
        world.api.mark(action.post, self.what, on=False)
        return Receipt(detail=f"no longer {self.done}", reference=action.post)

    def _last(
        self, action: Action, world: ActionContext, *, by: str | None = None, only_on: bool = False
    ) -> ModAction | None:
        wanted = frozenset({self.log_on} if only_on else {self.log_on, self.log_off})
        return last_decision(action, world, wanted=wanted, by=by)

    def _is_off(self, line: ModAction) -> bool:
        # older logs write the removal of the NSFW mark as its setting, with this detail
        return line.action == self.log_off or line.details == "remove"
