"""Remind a host of a notice by mail, once. A person asked for it, or the configuration did."""

from __future__ import annotations

from dataclasses import replace

from bot.actions.base import ActionContext, Plug, Probe
from bot.actions.notice import needed
from bot.actions.wording import Kind, compose
from bot.errors import UsageError
from bot.model import Action, Mode, PlannedAction, Receipt


class SendReminder(Plug):
    """`notice` is the id of an overdue notice that went by mail."""

    kind = "reminder"
    help = "Remind a host of an overdue notice by mail, in its thread; once, never after an answer or a bounce."
    example = PlannedAction(kind="reminder", params={"notice": "N-3f9c2a"})
    modes: frozenset[Mode] = frozenset({"report", "enforce"})
    takes = frozenset({"notice"})
    repeatable = True  # a second copy has the same Message-ID, by which mail systems drop it
    rights = frozenset()
    by_rule = False
    mailed = "notice"

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Send it. The Message-ID follows from the notice and the sender, so a second try is the same mail."""
        notice, mailer = needed(action, world)
        there, story = world.still_there(notice.id)
        items = tuple(item for item in notice.items if item.host_id in there)
        if not items:
            raise UsageError(f"nothing on notice {notice.id} is still there, so its host is not reminded")
        message = compose(
            replace(notice, items=items),
            sender=mailer.sender,
            kind=Kind.REMINDER,
            texts=world.texts(),
            policy=world.policy(notice.host),
            story=story,
            date=world.clock.now(),
        )
        reply = mailer.send(message)
        return Receipt(detail=f"reminder sent to {notice.to}: {reply}", reference=str(message["Message-ID"]))

    def probe(self, action: Action, world: ActionContext) -> Probe:  # noqa: ARG002  every plug's signature
        """Nobody can look into another's mailbox."""
        return "unknown"

    def undo(self, action: Action, world: ActionContext) -> Receipt:  # noqa: ARG002  every plug's signature
        """Raise UsageError: what is to be taken back is the notice."""
        name = action.params.get("notice", "")
        raise UsageError(f"a reminder cannot be unsaid; take the notice back: gifwarden notices retract {name}")
