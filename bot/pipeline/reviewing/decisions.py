"""What people decide: cases, entries, suspected minors, notices. Every door has this in hand."""

from __future__ import annotations

from dataclasses import dataclass

from bot.pipeline.acting.notices import NoticeReview
from bot.pipeline.acting.outbox import Outbox
from bot.pipeline.core import Deps
from bot.pipeline.judging.judge import Judge
from bot.pipeline.reviewing.bank_feedback import BankFeedback
from bot.pipeline.reviewing.cases import Appealed, CaseReview
from bot.pipeline.reviewing.minors import Minors
from bot.pipeline.scanning.scanner import Scanner

__all__ = ["Appealed", "Decisions"]


@dataclass(frozen=True, slots=True)
class Decisions:
    """The four things that a person decides about."""

    cases: CaseReview
    bank: BankFeedback
    minors: Minors
    notices: NoticeReview

    @classmethod
    def of(cls, deps: Deps, scanner: Scanner, outbox: Outbox, judge: Judge) -> Decisions:
        """Return them for one database."""
        config, store, clock, log = deps.config, deps.store, deps.clock, deps.log
        notices = NoticeReview(config, store, clock, log, deps.mailer, outbox)
        bank = BankFeedback(config.review, store, scanner)
        cases = CaseReview(config.review, store, log, bank, outbox, judge, notices)
        minors = Minors(store, clock, log, deps.reddit, cases.undo_action)
        return cls(cases=cases, bank=bank, minors=minors, notices=notices)
