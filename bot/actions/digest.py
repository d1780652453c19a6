"""Send the daily digest of a subreddit that is only observed, by modmail or by mail."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from bot.actions.base import ActionContext, Probe, fit
from bot.actions.modmail import MAX_BODY, MAX_SUBJECT, Modmail, cut
from bot.errors import UsageError
from bot.model import Action, Mode, PlannedAction, Receipt


class Digest(Modmail):
    """`subject` and `body`; `to` is a mail address, empty for modmail; `day` is the day it is about."""

    kind = "digest"
    help = "Tell the team of an observed subreddit what would have been done, once a day, by modmail or mail."
    example = PlannedAction(
        kind="digest",
        params={"subject": "I would have acted on 2 posts in r/example (2026-11-25)", "body": "…", "day": "2026-11-25"},
    )
    modes: frozenset[Mode] = frozenset({"observe", "report", "enforce"})
    repeatable = True  # a mail's second copy has the same Message-ID; modmail is looked for first
    by_rule = False
    takes = frozenset({"subject", "body", "day", "to"})
    asked_for = True
    mailed = "to"

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Send it as a conversation of its own, or as a mail."""
        to = action.params.get("to", "")
        subject = fit(action.params["subject"], "", MAX_SUBJECT)
        if not to:
            body = cut(action.params["body"], MAX_BODY)
            return Receipt(detail="digest sent", reference=world.api.modmail(action.subreddit, subject, body))
        if world.mailer is None:
            raise UsageError("the digest cannot be mailed without a mail server; fill in [mail], or set digest.by")
        message = EmailMessage(policy=SMTP)
        message["From"] = world.mailer.sender
        message["To"] = to
        message["Subject"] = subject
        message["Date"] = world.clock.now()
        # the same for a second try, so that mail systems drop it
        domain = world.mailer.sender.rpartition("@")[2]
        message["Message-ID"] = f"<digest.{action.subreddit}.{action.params['day']}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(action.params["body"] + "\n")
        world.mailer.send(message)
        return Receipt(detail="digest mailed", reference=str(message["Message-ID"]))

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look for the conversation by its subject, which holds the day; nobody can look into another's mailbox."""
        if action.params.get("to"):
            return "unknown"
        return "done" if self.recover(action, world) else "absent"

    def recover(self, action: Action, world: ActionContext) -> Receipt | None:
        """Find the conversation again."""
        if action.params.get("to"):
            return None
        found = world.api.find_modmail(action.subreddit, fit(action.params["subject"], "", MAX_SUBJECT))
        return Receipt(detail="digest sent", reference=found) if found else None
