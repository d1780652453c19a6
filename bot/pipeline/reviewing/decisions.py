"""What people decide: cases, notices, undo."""

from __future__ import annotations

from bot.model import Mode
from bot.pipeline.acting.modes import effect
from bot.pipeline.acting.notices import NoticeReview
from bot.pipeline.acting.outbox import Outbox
from bot.pipeline.core import Deps
from bot.pipeline.judging.judge import Judge
from bot.pipeline.reviewing.bank_feedback import BankFeedback
from bot.pipeline.reviewing.cases import Appealed, CaseReview
from bot.pipeline.reviewing.minors import Minors
from bot.pipeline.scanning.scanner import Scanner

__all__ = ["Appealed", "People"]


class People:
    """The doors' way to everything that a person decides."""

    def __init__(self, deps: Deps, working: Scanner, outbox: Outbox, judging: Judge) -> None:
        self._d = deps
        statements = NoticeReview(deps, outbox)
        learning = BankFeedback(deps, working)
        review = CaseReview(deps, learning, outbox, judging, statements)
        self.confirm = review.confirm
        self.dismiss = review.dismiss
        self.appeal = review.appeal
        self.undo = review.undo
        self.undo_action = review.undo_action
        self.take_back = review.take_back
        self.pair = learning.pair
        self.confirm_entry = learning.confirm_entry
        minors = Minors(deps, review.undo_action)
        self.minor = minors.minor
        self.hide = minors.hide
        self.show = minors.show
        self.cancel_minor = minors.cancel
        self.finish_minors = minors.finish
        self.reported = minors.reported
        self.preview_notice = statements.preview_notice
        self.confirm_notice = statements.confirm_notice
        self.retract_notice = statements.retract_notice

    def effect(self, mode: Mode) -> str:
        """Return in words what a mode lets the bot do."""
        return effect(mode)
