"""Write to a subreddit's moderators."""

from __future__ import annotations

from bot.actions.base import Probe, World, fit
from bot.errors import UsageError
from bot.model import Action, Mode, PlannedAction, Receipt

LONGEST_SUBJECT = 100  # characters, Reddit's limits
LONGEST_BODY = 10_000


class Modmail:
    """`subject` and `body` are what the moderators read."""

    kind = "modmail"
    help = "Write to the moderators; the subject ends in the case's and the action's number."
    example = PlannedAction(
        kind="modmail",
        params={"subject": "A known fake was removed", "body": "Case C-1a2b in r/example waits for a second look."},
    )
    modes: frozenset[Mode] = frozenset({"report", "enforce"})
    repeatable = False

    def perform(self, action: Action, world: World) -> Receipt:
        """Send the message."""
        body = action.params.get("body", "").strip()
        if not body:
            raise UsageError(f"action {action.id} has no text to send; give the rule a modmail text")
        if len(body) > LONGEST_BODY:
            body = body[: LONGEST_BODY - 1] + "…"
        conversation = world.api.modmail(action.subreddit, _subject(action), body)
        return Receipt(detail=f"wrote to the moderators of r/{action.subreddit}", reference=conversation)

    def probe(self, action: Action, world: World) -> Probe:
        """Look for the conversation by its subject, which no other action shares."""
        return "done" if world.api.find_modmail(action.subreddit, _subject(action)) else "absent"

    def undo(self, action: Action, world: World) -> Receipt:  # noqa: ARG002  every plug's signature
        """A sent message cannot be taken back."""
        raise UsageError("a sent modmail cannot be taken back; answer in the same conversation that it no longer holds")


def _subject(action: Action) -> str:
    text = action.params.get("subject", "").strip() or "gifwarden"
    mark = f"{action.case} #{action.id}" if action.case else f"#{action.id}"
    return fit(text, f" [{mark}]", LONGEST_SUBJECT)
