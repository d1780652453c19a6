"""Write to the author of what was removed: in private and as the subreddit, never as a comment.

A bot's removal comments would be a public index of what it removed.
"""

from __future__ import annotations

from dataclasses import replace

from bot.actions import author_text
from bot.actions.author_text import Removal
from bot.actions.base import ActionContext, Plug, Probe, fit, present
from bot.errors import RedditError, UsageError
from bot.model import Action, Mode, PlannedAction, Receipt, standing
from bot.reddit.modmail import Conversation
from bot.text import fit as fit_text
from bot.text import line as fit_line

MAX_TITLE = 50  # characters, Reddit's limits
MAX_BODY = 10_000
OURS = "ours"  # the value of the parameter `text`


class Message(Plug):
    """`subject` and `body` are what the author reads; `text`: `ours` for the words of `author_text` instead of a body.

    Below it stand further posts of the same author that were removed since, of which nothing else tells.
    """

    kind = "message"
    help = "Write to the author of what we removed, as the subreddit; their answer is an appeal."
    example = PlannedAction(
        kind="message",
        params={
            "subject": "Known fake",
            "body": "It matches media that may not be posted here. If that is wrong, answer to this message.",
        },
    )
    modes: frozenset[Mode] = frozenset({"enforce"})
    takes = frozenset({"subject", "body", "text"})
    repeatable = False
    rights = frozenset({"posts", "mail"})
    after_removal = True

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Write, if the post is removed and by us."""
        if world.is_minor(action.post):
            raise UsageError(f"{action.post} is about a suspected minor, and of that nothing is written to its author")
        if not action.params.get("body", "").strip() and action.params.get("text") != OURS:
            raise UsageError(f"action {action.id} has no text to send; give the rule a message")
        data = present(action, world)
        how = standing(data)
        if data.get("author") in (None, "[deleted]"):
            raise RedditError(f"the author of {action.post} is gone, so there is nobody to write to", retry=False)
        if how.state != "removed" or not how.by_user(world.api.me()):
            raise RedditError(
                f"{action.post} is not removed by us, and its author is written to only about that", retry=False
            )
        world.api.removal_message(action.post, title=title_of(action), body=_body(action, world))
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


def _body(action: Action, world: ActionContext) -> str:
    removal = world.removal(action)
    body = fit_text(action.params.get("body", "").strip())
    if not body:
        comment = action.post.startswith("t1_")
        body = author_text.body(comment=comment, subreddit=action.subreddit, removal=_titled(action, removal, world))
    also = author_text.also(removal, action.subreddit)
    also = f"\n\n{also}" if also else ""
    room = MAX_BODY - len(also)
    return (body if len(body) <= room else body[: room - 1] + "…") + also


def _titled(action: Action, removal: Removal, world: ActionContext) -> Removal:
    """Put the title of the subreddit's removal reason where the rule has its id; one that is not there is not named."""
    if not removal.reason:
        return removal
    known = world.api.removal_reasons(action.subreddit)
    titles = [title for key, title in known.items() if removal.reason.casefold() in (key.casefold(), title.casefold())]
    return replace(removal, reason=fit_line(titles[0]) if titles else "")


def title_of(action: Action) -> str:
    """Return the title of the message: it ends in the case's label, by which an answer to it is known."""
    text = action.params.get("subject", "").strip() or "Removed"
    return fit(text, f" ({action.case or action.post})", MAX_TITLE)
