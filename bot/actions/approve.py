"""Approve what we removed. Only a person plans it; it acts only while our removal is the last word on the post."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.actions.base import DECISIONS, REMOVALS, Plug, Probe, World, last_decision, present, standing
from bot.errors import UsageError
from bot.model import Action, Mode, PlannedAction, Receipt

LONG_AGO = datetime.fromtimestamp(0, UTC)


class Approve(Plug):
    """Takes no parameters."""

    kind = "approve"
    help = "Approve what we removed, while no other moderator has decided on it since; never planned by a rule."
    example = PlannedAction(kind="approve")
    modes: frozenset[Mode] = frozenset({"report", "enforce"})
    repeatable = True
    by_rule = False

    def perform(self, action: Action, world: World) -> Receipt:
        """Give the post back. Raises UsageError if it is not ours to give back."""
        return give_back(action, world, since=LONG_AGO)

    def probe(self, action: Action, world: World) -> Probe:
        """Look for our approval in the mod log."""
        if world.api.thing(action.post) is None:
            return "unknown"
        try:
            ours = last_decision(action, world, wanted=DECISIONS - REMOVALS, by=world.api.me())
        except UsageError:
            return "unknown"
        return "done" if ours else "absent"

    def undo(self, action: Action, world: World) -> Receipt:
        """Remove again, if our approval is the last word."""
        if standing(present(action, world)).state == "deleted":
            raise UsageError(f"{action.post} was deleted meanwhile, so there is nothing to remove")
        last = last_decision(action, world, wanted=DECISIONS)
        if last is None:
            raise UsageError(f"the mod log shows no approval of {action.post} by us; decide on Reddit yourself")
        _ours(action, world, last.moderator, last.action)
        if last.action in REMOVALS:
            return Receipt(detail="it was removed by us already", reference=action.post)
        world.api.remove(action.post)
        return Receipt(detail="removed again", reference=action.post)


def give_back(action: Action, world: World, *, since: datetime | None = None) -> Receipt:
    """Approve the action's post, if the last decision on it in the mod log is our removal.

    `since`: how far the log is read, default: since the action was planned. Raises UsageError otherwise.
    """
    if standing(present(action, world)).state == "deleted":
        raise UsageError(f"{action.post} was deleted meanwhile, so there is nothing to give back")
    last = last_decision(action, world, wanted=DECISIONS, since=since)
    if last is None:
        raise UsageError(f"the mod log shows no removal of {action.post} by us; decide on Reddit yourself")
    _ours(action, world, last.moderator, last.action)
    if last.action not in REMOVALS:
        return Receipt(detail="it was approved by us already", reference=action.post)
    world.api.approve(action.post)
    return Receipt(detail="approved again", reference=action.post)


def _ours(action: Action, world: World, moderator: str, what: str) -> None:
    if moderator.casefold() != world.api.me().casefold():
        raise UsageError(
            f"{moderator} acted on {action.post} after us ({what}), and that stands; decide on Reddit yourself"
        )
