"""Write to the author of what was removed: in private and as the subreddit, never as a comment.

A bot's removal comments would be a public index of what it removed.
"""

from __future__ import annotations

from bot.actions.base import ActionContext, Plug, Probe, fit, present
from bot.errors import RedditError, UsageError
from bot.model import Action, Mode, PlannedAction, Receipt, standing
from bot.reddit.modmail import Conversation
from bot.text import fit as fit_text

MAX_TITLE = 50  # characters, Reddit's limits
MAX_BODY = 10_000


class Message(Plug):
    """`subject` and `body` are what the author reads."""

    kind = "message"
    help = "Write to the author of what we removed, as the subreddit; an answer to it is an appeal."
    example = PlannedAction(
        kind="message",
        params={
            "subject": "Known fake",
            "body": "It matches media that may not be posted here. If that is wrong, answer to this message.",
        },
    )
    modes: frozenset[Mode] = frozenset({"enforce"})
    takes = frozenset({"subject", "body"})
    repeatable = False
    rights = frozenset({"posts", "mail"})
    after_removal = True

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Write, if the post is removed and by us."""
        body = fit_text(action.params.get("body", "").strip())
        if not body:
            raise UsageError(f"action {action.id} has no text to send; give the rule a message")
        data = present(action, world)
        how = standing(data)
        if data.get("author") in (None, "[deleted]"):
            raise RedditError(f"the author of {action.post} is gone, so there is nobody to write to", retry=False)
        if how.state != "removed" or not how.by_user(world.api.me()):
            raise RedditError(
                f"{action.post} is not removed by us, and its author is written to only about that", retry=False
            )
        if len(body) > MAX_BODY:
            body = body[: MAX_BODY - 1] + "…"
        world.api.removal_message(action.post, title=title_of(action), body=body)
        return Receipt(detail="wrote to the author")

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look for the conversation by its subject, which names the case."""
        return "done" if self._find(action, world) else "absent"

    def recover(self, action: Action, world: ActionContext) -> Receipt | None:
        """Find the conversation again."""
        found = self._find(action, world)
        return Receipt(detail="wrote to the author", reference=found.id) if found else None

    def undo(self, action: Action, world: ActionContext) -> Receipt:  # noqa: ARG002  every plug's signature
        """A sent message cannot be taken back."""
        raise UsageError("a sent message cannot be taken back; write to the author in the same conversation")

    def _find(self, action: Action, world: ActionContext) -> Conversation | None:
        title = title_of(action)
        return world.api.find_mail(
            action.subreddit,
            ("all", "archived"),
            lambda conversation: not conversation.internal and title in conversation.subject,
        )


def title_of(action: Action) -> str:
    """Return the title of the message: it ends in the case's label, by which an answer to it is known."""
    text = action.params.get("subject", "").strip() or "Removed"
    return fit(text, f" ({action.case or action.post})", MAX_TITLE)
