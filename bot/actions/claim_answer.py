"""Answer somebody who says that they are depicted, in the conversation in which they wrote, as the subreddit."""

from __future__ import annotations

from bot.actions.base import SKEW, ActionContext, Plug, Probe
from bot.errors import UsageError
from bot.model import Action, Mode, PlannedAction, Receipt


class ClaimAnswer(Plug):
    """`claim` and `answer` say which of the sealed answers it is: no word of it stands in the action.

    A member of the team read and sent it, so it is given in every mode and while the subreddit is stopped, as other
    answers are. It carries no mark: whoever else reads that account sees a message of moderators.
    """

    kind = "claim_answer"
    help = "Answer somebody who says that they are depicted, as the subreddit; a member of the team sends it."
    example = PlannedAction(kind="claim_answer", params={"claim": "T-3f9c2a71b0", "answer": "1"})
    modes: frozenset[Mode] = frozenset({"observe", "report", "enforce"})
    repeatable = False
    rights = frozenset({"mail"})
    by_rule = False
    takes = frozenset({"claim", "answer"})
    asked_for = True

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Write it there."""
        conversation, body = _letter(action, world)
        world.api.answer_mail(conversation, body, internal=False)
        return Receipt(detail="answered")  # where is nobody's business who reads the outbox

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look for our own message with these words since it was begun."""
        conversation, body = _letter(action, world)
        since, me = (action.sent or action.planned) - SKEW, world.api.me().casefold()
        found = any(
            message.author.casefold() == me and message.at >= since and message.body.split() == body.split()
            for message in world.api.mail_messages(conversation)
        )
        return "done" if found else "absent"

    def undo(self, action: Action, world: ActionContext) -> Receipt:  # noqa: ARG002  every plug's signature
        """A sent message cannot be taken back."""
        raise UsageError("a sent answer cannot be taken back; write in the same conversation what holds instead")


def _letter(action: Action, world: ActionContext) -> tuple[str, str]:
    return world.claim_letter(action.params["claim"], int(action.params["answer"]))
