"""Answer a moderator's order in the conversation in which it was given."""

from __future__ import annotations

from bot.actions.base import ActionContext, Probe, mark_of
from bot.actions.modmail import MAX_BODY, Modmail, cut
from bot.model import Action, Mode, PlannedAction, Receipt


class Answer(Modmail):
    """`body` is what the moderators read; `conversation` is where, empty for an order that came as a report.

    `to`: `author` where the author of a post is answered, in the conversation that told them of its removal; they read
    it, and it comes from the subreddit.

    It is given in every mode and while the subreddit is stopped: a moderator asked for it. Other users do not see it.
    """

    kind = "answer"
    help = "Answer a moderator's order, so that only moderators see it; in every mode."
    example = PlannedAction(kind="answer", params={"subject": "Your order", "body": "r/example is stopped."})
    modes: frozenset[Mode] = frozenset({"observe", "report", "enforce"})
    by_rule = False
    takes = frozenset({"conversation", "subject", "body", "to"})
    asked_for = True

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Answer there, or as a message to the moderators."""
        conversation = action.params.get("conversation", "")
        if not conversation:
            return super().perform(action, world)
        tail = f"\n\n{mark_of(action)}"
        body = cut(action.params["body"], MAX_BODY - len(tail)) + tail
        world.api.answer_mail(conversation, body, internal=action.params.get("to") != "author")
        return Receipt(detail="answered", reference=conversation)

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look for the message by its end, which no other action shares."""
        conversation = action.params.get("conversation", "")
        if not conversation:
            return super().probe(action, world)
        mark = mark_of(action)
        messages = world.api.mail_messages(conversation)
        return "done" if any(message.body.rstrip().endswith(mark) for message in messages) else "absent"
