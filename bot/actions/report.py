"""Report a post or comment to its subreddit's moderators, in the bot's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.actions.base import ActionContext, Plug, Probe, fit, present
from bot.errors import RedditError, UsageError
from bot.links import reports_in
from bot.model import Action, Mode, PlannedAction, Receipt, standing

MAX_REASON = 100  # characters, Reddit's limit


class Report(Plug):
    """`reason` is what the moderators read."""

    kind = "report"
    help = "Report the post to the subreddit's moderators; `reason` has at most 100 characters."
    example = PlannedAction(
        kind="report", params={"reason": "Near copy of a known fake, not removed: approve or remove it (case C-1a2b)"}
    )
    modes: frozenset[Mode] = frozenset({"report", "enforce"})
    takes = frozenset({"reason"})
    repeatable = False
    rights = frozenset()  # everybody may report

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Report, unless our report stands there already."""
        reason = _reason(action)
        data = present(action, world)
        how = standing(data)
        if how.state in ("removed", "deleted", "filtered"):
            where = "waits in the moderation queue already" if how.state == "filtered" else f"is {how.state}"
            raise RedditError(
                f"{action.post} {where}, and Reddit takes no reports on it; look at it there", retry=False
            )
        me = world.api.me()
        # Reddit takes one report of an account on a thing and drops further ones without a word.
        ours = [found.reason for found in reports_in(data, "mod_reports") if found.by.casefold() == me.casefold()]
        if ours or _found(action, data, me) == "done":
            return Receipt(
                detail=f"our report stood there already: {ours[0] if ours else reason}", reference=action.post
            )
        world.api.report(action.post, reason)
        return Receipt(detail=f"reported: {reason}", reference=action.post)

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look for our report among the open and the dismissed ones."""
        thing = world.api.thing(action.post)
        return "unknown" if thing is None else _found(action, thing["data"], world.api.me())

    def undo(self, action: Action, world: ActionContext) -> Receipt:  # noqa: ARG002  every plug's signature
        """A report cannot be taken back."""
        raise UsageError(f"a report cannot be taken back; approve {action.post} on Reddit, which dismisses its reports")


def _reason(action: Action) -> str:
    text = action.params.get("reason", "").strip()
    if not text:
        raise UsageError(f"action {action.id} has no reason to report; give the rule an action_reason")
    if len(text) <= MAX_REASON:
        return text
    # The case's name is what leads a moderator from the report to the case, so it outlives the rest.
    return fit(text, f" (case {action.case})" if action.case and action.case in text else "", MAX_REASON)


def _found(action: Action, data: Mapping[str, Any], me: str) -> Probe:
    reason = _reason(action)
    named = (*reports_in(data, "mod_reports"), *reports_in(data, "mod_reports_dismissed"))
    if any(found.reason == reason and found.by.casefold() == me.casefold() for found in named):
        return "done"
    nameless = (*reports_in(data, "user_reports"), *reports_in(data, "user_reports_dismissed"))
    if any(found.reason == reason for found in nameless):
        # Users' reports carry no name; only our text names our case.
        return "done" if action.case and action.case in reason else "unknown"
    return "absent"
