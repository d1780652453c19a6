"""Approve what we removed. Only a person plans it; it acts only while our removal is the last word on the post.

An approval publishes. So only what was up before our removal is approved; no call of Reddit's puts a post back into
the moderation queue, where AutoModerator or the spam filter had held it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.actions.base import SKEW, ActionContext, Plug, Probe, last_decision, present
from bot.errors import StaysRemovedError, UsageError
from bot.model import (
    APPROVALS,
    DECISIONS,
    MINOR_ORDER,
    OPEN,
    REMOVALS,
    Action,
    Found,
    ModAction,
    Mode,
    PlannedAction,
    Receipt,
    standing,
)

LONG_AGO = datetime.fromtimestamp(0, UTC)
WAS_SPAM = "confirm_spam"  # details of the mod log's line on removing as spam what was removed already
HOW_HELD = {
    Found.AUTOMODERATOR: "AutoModerator had held it before",
    Found.FILTER: "Reddit's own filter had held it before",
    Found.REMOVED: "somebody else had removed it",
    Found.EDITED: "its author has changed its text since, which nobody has looked at",
}
HELD = frozenset({Found.AUTOMODERATOR, Found.FILTER})
UNKNOWN = "nobody wrote down whether it was up before"


class Approve(Plug):
    """Takes no parameters."""

    kind = "approve"
    help = "Approve what we removed and was up before, unless another moderator decided since; never planned by a rule."
    example = PlannedAction(kind="approve")
    modes: frozenset[Mode] = frozenset({"report", "enforce"})
    repeatable = True
    by_rule = False

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Give the post back. Raises UsageError if it is not ours to give back."""
        return give_back(action, world)

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look for our approval in the mod log."""
        if world.api.thing(action.post) is None:
            return "unknown"
        try:
            ours = last_decision(action, world, wanted=APPROVALS, by=world.api.me())
        except UsageError:
            return "unknown"
        return "done" if ours else "absent"

    def undo(self, action: Action, world: ActionContext) -> Receipt:
        """Remove again, if our approval is the last word."""
        if standing(present(action, world)).state == "deleted":
            raise UsageError(f"{action.post} was deleted meanwhile, so there is nothing to remove")
        last = last_decision(action, world, wanted=DECISIONS)
        if last is None:
            raise UsageError(f"the mod log shows no approval of {action.post} by us; decide on Reddit yourself")
        _ours(action, world, last)
        if last.action in REMOVALS:
            return Receipt(detail="it was removed by us already", reference=action.post)
        world.api.remove(action.post)
        return Receipt(detail="removed again", reference=action.post)


def give_back(action: Action, world: ActionContext) -> Receipt:
    """Approve the action's post, if it was up before our removal, and that is the last decision in the mod log.

    Raises StaysRemovedError if it was not up before, or if somebody stopped it while we gave it back; UsageError if it
    is not ours to give back.
    """
    if action.params.get("order") == MINOR_ORDER or world.is_minor(action.post):
        raise UsageError(
            f"{action.post} was removed for a suspected minor, and no bot gives that back; if it was a slip, approve it"
            " on Reddit yourself"
        )
    how = standing(present(action, world))
    if how.state == "deleted":
        raise UsageError(f"{action.post} was deleted meanwhile, so there is nothing to give back")
    last = last_decision(action, world, wanted=DECISIONS, since=LONG_AGO)
    if last is None:
        raise UsageError(f"the mod log shows no removal of {action.post} by us; decide on Reddit yourself")
    _ours(action, world, last)
    if last.action in APPROVALS:  # of an earlier try, perhaps, that ended before it could look again
        _look_again(action, world)
        return Receipt(detail="it was approved by us already", reference=action.post)
    if how.state != "removed" or not how.by_user(world.api.me()):
        raise UsageError(
            f"{action.post} is {how.state} by {how.by or 'Reddit'} now, and that stands; decide on Reddit yourself"
        )
    held = _not_up_before(action, world, last, edited=how.edited)
    if held is not None:
        raise _stays(action, held)
    world.api.approve(action.post)
    _look_again(action, world)
    return Receipt(detail="approved again", reference=action.post)


def _stays(action: Action, found: Found) -> StaysRemovedError:
    why = HOW_HELD.get(found, UNKNOWN)
    return StaysRemovedError(
        f"{action.post} stays removed: {why}, and no call puts a post back into the moderation queue; approve it on"
        " Reddit yourself if it may be seen",
        found=found,
    )


def _look_again(action: Action, world: ActionContext) -> None:
    """Remove the post again, if our approval published what somebody stopped between our last look and it.

    What was done after our approval is not ours to change. Raises StaysRemovedError.
    """
    now = standing(present(action, world))
    if now.state in ("deleted", "filtered", "removed"):
        return
    before, me = world.before(action), world.api.me()
    try:
        removal = last_decision(action, world, wanted=REMOVALS, since=LONG_AGO, by=me)
        approval = last_decision(action, world, wanted=APPROVALS, since=LONG_AGO, by=me)
        other = removal and last_decision(action, world, wanted=DECISIONS, since=removal.at, but_by=me)
    except UsageError:
        return  # the log has gone on for too long to tell
    if before is None or removal is None or approval is None:
        return
    changed = now.edited is not None and now.edited != before.edited and now.edited <= approval.at
    if other is not None and other.action in REMOVALS:
        found = Found.REMOVED
    elif changed and (other is None or now.edited is None or other.at < now.edited):
        found = Found.EDITED
    else:
        return
    world.api.remove(action.post)
    raise _stays(action, found)


def _not_up_before(
    action: Action, world: ActionContext, removal: ModAction, *, edited: datetime | None
) -> Found | None:
    """Return how the post was held before our removal, or None if it certainly was up.

    What we saw when we looked is one witness; the mod log, which tells of the moments between looking and removing, is
    the other. A post was up only if neither says otherwise, and if its text is still the one that was. `edited`: when
    it was changed last.
    """
    before = world.before(action)
    if removal.details == WAS_SPAM:
        return before.found if before and before.found in HELD else Found.UNKNOWN
    if before is None:
        return Found.UNKNOWN
    # where Reddit told no time our look has that of our clock, which may have been ahead of its
    since = min(before.at, removal.at) - SKEW
    published = last_decision(action, world, wanted=APPROVALS, since=since, by=world.api.me())
    if published is not None and published.at >= before.at:
        return Found.UNKNOWN  # it was given back after we looked, so that look was not before this removal
    prior = last_decision(action, world, wanted=DECISIONS, since=since, but_by=world.api.me())
    if prior is not None and prior.action in REMOVALS:
        machine = {"automoderator": Found.AUTOMODERATOR, "reddit": Found.FILTER}
        return machine.get(prior.moderator.casefold(), Found.REMOVED)
    if edited != before.edited:
        return Found.EDITED
    if before.found in OPEN:
        return None
    if prior is not None and before.since is not None and prior.at > before.since and before.found in HELD:
        return None  # somebody published it after it was held and before we removed it
    return before.found


def _ours(action: Action, world: ActionContext, last: ModAction) -> None:
    if last.moderator.casefold() != world.api.me().casefold():
        raise UsageError(
            f"{last.moderator} acted on {action.post} after us ({last.action}), and that stands;"
            " decide on Reddit yourself"
        )


def stays_removed(action: Action, found: Found) -> str:
    """Return the one sentence that moderators read when a removal of ours is taken back and the post stays removed."""
    case = f" (case {action.case})" if action.case else ""
    why = HOW_HELD.get(found, UNKNOWN)
    return (
        f"I have taken back what I did to {short_link(action)}{case}, but it stays removed: {why}, and Reddit lets no"
        " bot put a post back into the moderation queue; approve it yourselves if it may be seen."
    )


def short_link(action: Action) -> str:
    """Return the address of an action's post without the words of its title."""
    kind, _, number = action.post.partition("_")
    if kind == "t3":
        return f"https://redd.it/{number}"
    under = re.search(r"/comments/(\w+)/", action.permalink)
    return f"https://www.reddit.com/comments/{under[1]}/_/{number}" if under else f"the comment {number}"
