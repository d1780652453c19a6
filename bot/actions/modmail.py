"""Write to a subreddit's moderators. A burst becomes one conversation: further messages are answers in it."""

from __future__ import annotations

from bot.actions.base import ActionContext, MailWords, Plug, Probe, fit, mark_of
from bot.errors import RedditError, UsageError
from bot.model import Action, Mode, PlannedAction, Receipt
from bot.text import fit as fit_text

MAX_SUBJECT = 100  # characters, Reddit's limits
MAX_BODY = 10_000


class Modmail(Plug):
    """`subject` and `body` are what the moderators read."""

    kind = "modmail"
    help = "Write to the moderators, several messages within an hour in one conversation; each names case and action."
    example = PlannedAction(
        kind="modmail",
        params={"subject": "A known fake was removed", "body": "Case C-1a2b in r/example waits for a second look."},
    )
    modes: frozenset[Mode] = frozenset({"report", "enforce"})
    takes = frozenset({"subject", "body"})
    repeatable = False
    rights = frozenset({"mail"})

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Send the message, into the open conversation if there is one."""
        body = action.params.get("body", "").strip()
        if not body:
            raise UsageError(f"action {action.id} has no text to send; give the rule a modmail text")
        words = world.mail_words(action) or MailWords(subject=action.params.get("subject", ""), body=body)
        opened = words.conversation or world.open_mail(action.subreddit, world.clock.now())
        if opened is not None:
            try:
                world.api.answer_mail(opened, _answer(action, words))
            except RedditError as error:
                if error.retry or error.setup or error.ambiguous:
                    raise  # else that conversation takes no more, and a new one is opened
            else:
                return Receipt(detail="wrote to the moderators in the same conversation", reference=opened)
        conversation = world.api.modmail(action.subreddit, _subject(action), cut(words.body, MAX_BODY))
        return Receipt(detail=f"wrote to the moderators of r/{action.subreddit}", reference=conversation)

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look for the conversation by its subject, or for the message by its end, which no other action shares."""
        return "done" if self.recover(action, world) else "absent"

    def recover(self, action: Action, world: ActionContext) -> Receipt | None:
        """Find the conversation again."""
        conversation = world.api.find_modmail(action.subreddit, _subject(action))
        words, mark = world.mail_words(action), mark_of(action)
        places = (words and words.conversation, world.open_mail(action.subreddit, action.sent or world.clock.now()))
        for place in dict.fromkeys(place for place in places if place):
            if conversation is None:
                found = any(message.body.rstrip().endswith(mark) for message in world.api.mail_messages(place))
                conversation = place if found else None
        return Receipt(detail="wrote to the moderators", reference=conversation) if conversation else None

    def undo(self, action: Action, world: ActionContext) -> Receipt:  # noqa: ARG002  every plug's signature
        """A sent message cannot be taken back."""
        raise UsageError("a sent modmail cannot be taken back; answer in the same conversation that it no longer holds")


def _subject(action: Action) -> str:
    return fit(action.params.get("subject", "").strip() or "gifwarden", f" {mark_of(action)}", MAX_SUBJECT)


def _answer(action: Action, words: MailWords) -> str:
    subject = " ".join(words.subject.split())
    tail = f"\n\n{mark_of(action)}"
    head = f"**{subject}**\n\n" if subject else ""
    return head + cut(words.body, MAX_BODY - len(head) - len(tail)) + tail


def cut(text: str, length: int) -> str:
    """Return a text of at most so many characters."""
    text = fit_text(text)
    return text if len(text) <= length else text[: length - 1] + "…"
