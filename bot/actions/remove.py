"""Remove a post or comment; give it back only while our removal is the last word on it."""

from __future__ import annotations

from bot.actions.base import DECISIONS, REMOVALS, Probe, World, last_decision, present, standing
from bot.errors import RedditError, UsageError
from bot.model import Action, Mode, PlannedAction, Receipt


class Remove:
    """Takes no parameters; a `reason` stays in our own records."""

    kind = "remove"
    help = "Remove the post; undone by approving it, while no other moderator has decided on it since."
    example = PlannedAction(kind="remove", params={"reason": "Known fake (case C-1a2b)"})
    modes: frozenset[Mode] = frozenset({"enforce"})
    repeatable = True

    def perform(self, action: Action, world: World) -> Receipt:
        """Remove, unless it is gone or somebody else decided on it."""
        how = standing(present(action, world))
        if how.state == "deleted":
            raise RedditError(f"{action.post} was deleted, so there is nothing to remove", retry=False)
        if how.state == "removed" and how.by_user(world.api.me()):
            return Receipt(detail="it was removed by us already", reference=action.post)
        # Removing it again would make their decision look like ours, and ours is the bot's to undo.
        if how.state == "removed":
            raise RedditError(
                f"{action.post} is removed already, by {how.by or 'Reddit'}, and stays theirs", retry=False
            )
        if how.state == "approved" and not how.by_user(world.api.me()):
            raise RedditError(f"{action.post} was approved by {how.by or 'a moderator'}, and that stands", retry=False)
        world.api.remove(action.post)
        return Receipt(detail="removed", reference=action.post)

    def probe(self, action: Action, world: World) -> Probe:
        """Look at the post, then for our removal in the mod log: what was overruled since was still done."""
        thing = world.api.thing(action.post)
        if thing is None:
            return "unknown"
        how = standing(thing["data"])
        me = world.api.me()
        if how.state == "removed" and how.by_user(me):
            return "done"
        try:
            ours = last_decision(action, world, wanted=REMOVALS, by=me)
        except UsageError:
            return "unknown"
        return "done" if ours else "absent"

    def undo(self, action: Action, world: World) -> Receipt:
        """Approve, if the last decision on the post in the mod log is our removal."""
        me = world.api.me()
        if standing(present(action, world)).state == "deleted":
            raise UsageError(f"{action.post} was deleted meanwhile, so there is nothing to give back")
        last = last_decision(action, world, wanted=DECISIONS)
        if last is None:
            raise UsageError(f"the mod log shows no removal of {action.post} by us; decide on Reddit yourself")
        if last.moderator.casefold() != me.casefold():
            raise UsageError(
                f"{last.moderator} acted on {action.post} after us ({last.action}), and that stands;"
                " decide on Reddit yourself"
            )
        if last.action not in REMOVALS:
            return Receipt(detail="it was approved by us already", reference=action.post)
        world.api.approve(action.post)
        return Receipt(detail="approved again", reference=action.post)
