"""Send a notice to a host by mail, and retract it. A person has confirmed it before it gets here."""

from __future__ import annotations

from bot.actions.base import ActionContext, Plug, Probe
from bot.actions.wording import compose, retract
from bot.errors import UsageError
from bot.mail import Mailer
from bot.model import Action, Mode, Notice, PlannedAction, Receipt
from bot.notice_texts import Kind, name_of


class SendNotice(Plug):
    """`notice` is the id of a confirmed notice, `mail` the number of a further mail after one that came back."""

    kind = "notice"
    help = "Mail a notice to the host; only after a person has confirmed it; taken back by a retraction."
    example = PlannedAction(kind="notice", params={"notice": "N-3f9c2a"})
    modes: frozenset[Mode] = frozenset({"report", "enforce"})
    takes = frozenset({"notice"})
    repeatable = True  # a second copy has the same Message-ID, by which mail systems drop it
    rights = frozenset()
    mailed = "notice"

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Send it. The Message-ID follows from the notice and the sender, so a second try is the same mail."""
        notice, mailer = needed(action, world)
        texts = world.texts()
        if notice.text and notice.text != texts.digest(notice.language, name_of(Kind.NOTICE, notice.capacity)):
            raise UsageError(
                f"the text of notice {notice.id} was changed since it was stated, so it is not sent; retract it and "
                "state what it says now"
            )
        message = compose(
            notice,
            sender=mailer.sender,
            texts=texts,
            policy=world.policy(notice.host),
            date=world.clock.now(),
            mail=action.params.get("mail", ""),
        )
        reply = mailer.send(message)
        return Receipt(detail=f"sent to {notice.to}: {reply}", reference=str(message["Message-ID"]))

    def probe(self, action: Action, world: ActionContext) -> Probe:  # noqa: ARG002  every plug's signature
        """Nobody can look into another's mailbox."""
        return "unknown"

    def undo(self, action: Action, world: ActionContext) -> Receipt:
        """Mail a retraction, in the same thread. Raises MailError as sending does."""
        notice, mailer = needed(action, world)
        reason = action.params.get("reason", "")
        message = retract(notice, sender=mailer.sender, date=world.clock.now(), reason=reason, texts=world.texts())
        reply = mailer.send(message)
        return Receipt(detail=f"retraction sent to {notice.to}: {reply}", reference=str(message["Message-ID"]))


def needed(action: Action, world: ActionContext) -> tuple[Notice, Mailer]:
    """Return the notice that an action is about, and what sends mail. Raises UsageError without either."""
    name = action.params.get("notice", "")
    if not name:
        raise UsageError(f"action {action.id} names no notice; plan it with: gifwarden notices confirm")
    if world.mailer is None:
        raise UsageError(f"notice {name} cannot be sent without a mail server; fill in [mail]")
    return world.load_notice(name), world.mailer
