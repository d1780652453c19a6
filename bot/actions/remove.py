"""Remove a post or comment, with the subreddit's reason; give back what was up, while our removal is the last word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.actions.approve import give_back
from bot.actions.base import ActionContext, Plug, Probe, fit, last_decision, present
from bot.errors import RedditError, StaysRemovedError, UsageError
from bot.model import (
    MINOR_ORDER,
    REMOVALS,
    Action,
    Before,
    Found,
    Mode,
    PlannedAction,
    Receipt,
    standing,
)

MAX_MOD_NOTE = 100  # characters, Reddit's limit
TAKEN_BACK = "Taken back by us; it stays removed, because it was not up before"
PASSES = ("unreachable", "limited")  # states of Reddit in which a reason is not refused but late


class Remove(Plug):
    """`reason` is a note that moderators see; `removal_reason` is the title or id of one of the subreddit's reasons;
    `spam`: "true" to teach Reddit's spam filter; `silent`: why its author is not told of it.

    Removing and giving the reason are two calls. The first counts: a reason that Reddit does not take is said in the
    receipt, and the post stays removed.
    """

    kind = "remove"
    help = (
        "Remove the post; undone by approving it, if it was up before and no other moderator has decided on it since."
    )
    example = PlannedAction(kind="remove", params={"reason": "Known fake (case C-1a2b)"})
    modes: frozenset[Mode] = frozenset({"enforce"})
    takes = frozenset({"reason", "removal_reason", "spam", "silent"})
    repeatable = True

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Remove, unless it is gone or somebody else decided on it."""
        data = present(action, world)
        how = standing(data)
        if how.state == "deleted":
            raise RedditError(f"{action.post} was deleted, so there is nothing to remove", retry=False)
        if how.state == "removed" and how.by_user(world.api.me()):
            added = self._explain(action, world) if _unexplained(action, data) else ""
            return Receipt(detail=f"it was removed by us already{added}", reference=action.post)
        # Removing it again would make their decision look like ours, and ours is the bot's to undo.
        if how.state == "removed":
            raise RedditError(
                f"{action.post} is removed already, by {how.by or 'Reddit'}, and stays theirs", retry=False
            )
        ordered = action.params.get("order") == MINOR_ORDER  # then an approval was a mistake
        if how.decided_by_others(world.api.me()) and not ordered:
            raise RedditError(f"{action.post} was approved by {how.by or 'a moderator'}, and that stands", retry=False)
        # what undo may give back is known from here on, whatever becomes of the call and of us
        found = Before(
            found=how.found(world.api.me()),
            at=world.api.answered_at() or world.clock.now(),
            since=how.at,
            edited=how.edited,
        )
        world.note_found(action, found)
        world.api.remove(action.post, spam=action.params.get("spam") == "true")
        return Receipt(detail=f"removed{self._explain(action, world)}", reference=action.post)

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look at the post, then for our removal in the mod log: what was overruled since was still done.

        Removed by us without its reason is done in part.
        """
        thing = world.api.thing(action.post)
        if thing is None:
            return "unknown"
        how = standing(thing["data"])
        me = world.api.me()
        if how.state == "removed" and how.by_user(me):
            return "partly" if _unexplained(action, thing["data"]) else "done"
        try:
            ours = last_decision(action, world, wanted=REMOVALS, by=me)
        except UsageError:
            return "unknown"
        return "done" if ours else "absent"

    def undo(self, action: Action, world: ActionContext) -> Receipt:
        """Approve what was up, if the last decision on the post in the mod log is our removal.

        What was held before stays removed, for no call puts it back into the queue: our reason is taken off it, and
        the receipt says how it had been held.
        """
        try:
            return give_back(action, world)
        except StaysRemovedError as stays:
            detail = f"{stays}{self._take_reason_back(action, world)}"
            return Receipt(detail=detail, reference=action.post, held=Found(stays.found))

    def _take_reason_back(self, action: Action, world: ActionContext) -> str:
        """Write over our note beside the removal; Reddit takes nothing away. Return what to add to the detail."""
        data = present(action, world)
        if str(data.get("mod_reason_by") or "").casefold() != world.api.me().casefold():
            return ""
        try:
            world.api.set_removal_reason(action.post, reason=None, note=TAKEN_BACK)
        except RedditError as error:
            return f", but its reason is still there: {error}"
        return ""

    def _explain(self, action: Action, world: ActionContext) -> str:
        """Give the reason; return what to add to the receipt's detail."""
        wanted, note = action.params.get("removal_reason", "").strip(), _note(action)
        if not wanted and not note:
            return ""
        try:
            reason = _reason_id(world.api.removal_reasons(action.subreddit), wanted) if wanted else None
            if reason or note:
                world.api.set_removal_reason(action.post, reason=reason, note=note)
        except RedditError as error:
            if error.retry and error.state in PASSES:
                # removed without it is done in part: what is missing is added by the next try
                raise RedditError(str(error), retry_after=error.retry_after, ambiguous=True) from None
            return f", but its reason is missing: {error}"
        if wanted and not reason:
            return f", but r/{action.subreddit} has no removal reason {wanted!r}"
        return " with its reason"


def _note(action: Action) -> str:
    return fit(action.params.get("reason", ""), "", MAX_MOD_NOTE)


def _unexplained(action: Action, data: Mapping[str, Any]) -> bool:
    """Whether a reason is wanted and none is there. Reddit shows who gave one."""
    wanted = action.params.get("removal_reason", "").strip() or _note(action)
    return bool(wanted) and not data.get("mod_reason_by")


def _reason_id(reasons: Mapping[str, str], wanted: str) -> str | None:
    if wanted in reasons:
        return wanted
    return next((key for key, title in reasons.items() if title.casefold() == wanted.casefold()), None)
