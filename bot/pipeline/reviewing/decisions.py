"""What people decide: cases, entries, suspected minors, notices. Every door has this in hand."""

from __future__ import annotations

from dataclasses import dataclass

from bot import hosts
from bot.pipeline.acting.grounds import GroundBook
from bot.pipeline.acting.notices import NoticeReview
from bot.pipeline.acting.outbox import Outbox
from bot.pipeline.core import Deps
from bot.pipeline.judging.judge import Judge
from bot.pipeline.reviewing.bank_feedback import BankFeedback
from bot.pipeline.reviewing.cases import Appealed, CaseReview
from bot.pipeline.reviewing.deciding import Deciding
from bot.pipeline.reviewing.minors import Minors
from bot.pipeline.reviewing.notice_items import NoticeItems
from bot.pipeline.scanning.scanner import Scanner

__all__ = ["Appealed", "Decisions"]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a person decides about, and how."""

    deciding: Deciding
    cases: CaseReview
    bank: BankFeedback
    minors: Minors
    notices: NoticeReview
    items: NoticeItems
    grounds: GroundBook

    @classmethod
    def of(cls, deps: Deps, scanner: Scanner, outbox: Outbox, judge: Judge) -> Decisions:
        """Return them for one database."""
        config, store, clock, log = deps.config, deps.store, deps.clock, deps.log
        grounds = GroundBook(store)
        notices = NoticeReview(config, store, clock, log, deps.mailer, outbox, grounds)
        items = NoticeItems(config, store, log, judge.drafting)
        bank = BankFeedback(config.review, store, scanner)
        deciding = Deciding(config, store, clock, log, bank, judge, notices, deps.boundary)
        cases = CaseReview(config.review, store, clock, log, outbox, judge, notices, deciding)
        minors = Minors(store, clock, log, deps.reddit, hosts.finder(config), cases.undo_action, judge.draft_again)
        return cls(
            deciding=deciding, cases=cases, bank=bank, minors=minors, notices=notices, items=items, grounds=grounds
        )
