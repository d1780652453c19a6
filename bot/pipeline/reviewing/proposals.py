"""Proposals: media of past removals put before people, the most repeated first, so many a day and no more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.clock import Clock, day
from bot.config import Config
from bot.fingerprint import from_json
from bot.model import NEEDS, PROGRAM, CaseState, Fingerprint, Verb, Verdict
from bot.pipeline.judging.learnt import known_by
from bot.pipeline.log import Log
from bot.pipeline.scanning.scanner import Scanner
from bot.plural import many
from bot.store import ProposalPast, ProposalRow, Store

RULE = "Removed in the past"  # what stands where other cases name their rule
DAY = timedelta(days=1)
NAMED = 4  # reasons that are told
SUSPECTED = "a copy of it was marked as a suspected minor's"


class Proposals:
    """Opens what waits, and closes what nobody decides or may decide."""

    def __init__(self, config: Config, store: Store, clock: Clock, log: Log, scanner: Scanner) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log
        self._scanner = scanner

    def open_due(self) -> int:
        """Open as many proposals as may be opened today, once their media were looked at; return how many."""
        store = self._store
        self._leave_suspected()
        if not store.proposals.keep_going() and not store.proposals.waiting():
            return 0
        if store.proposals.in_work():
            return 0
        opened = 0
        while (left := self.left_today()) > 0:
            rows = store.proposals.next(left)
            if not rows:
                break
            opened += sum(self._open(row) for row in rows)
        return opened

    def left_today(self) -> int:
        """Return how many more proposals may be opened now: so many a day for each person who may decide."""
        people = self._store.team
        ids = {
            people.one(member.id)
            for member in people.listing()
            if (role := member.role(None)) is not None and role >= NEEDS[Verb.CASES]
        }
        most = self._config.review.proposals_per_day * max(1, len(ids))
        return max(0, most - self._store.proposals.opened_since(self._clock.now() - DAY))

    def withdraw_old(self) -> int:
        """Close proposals that nobody decided for as long as posts are kept, and destroy what was kept for them."""
        store, days = self._store, self._config.storage.seen_days
        rows = store.proposals.undecided(self._clock.now() - timedelta(days=days))
        for case, label, link in rows:
            self._withdraw(case, label, link, f"nobody decided it within {many(days, 'day')}")
        return len(rows)

    def _leave_suspected(self) -> None:
        for row in self._store.proposals.suspected():
            if row.case is not None:
                case = self._store.cases.of_id(row.case)
                self._withdraw(case.id, case.label, case.link, SUSPECTED)
            elif row.link is not None:
                with self._store.transaction():
                    self._store.links.drop_fingerprints(row.link)
                    self._store.proposals.drop(row.id, "known")

    def _withdraw(self, case: int, label: str, link: int, why: str) -> None:
        store = self._store
        with store.transaction():
            if store.cases.decide(case, CaseState.WITHDRAWN, by=PROGRAM, why=why):
                store.links.drop_fingerprints(link)
                store.audit.record(by=PROGRAM, what="proposal withdrawn", subject=label, why=why)

    def _open(self, row: ProposalRow) -> int:
        """Open one proposal, unless a bank has come to know its media while it waited; return 1 or 0."""
        store = self._store
        assert row.link is not None, "what can be opened has a link"
        link = store.links.get(row.link)
        prints = self._prints(row.link)
        matches = tuple(match for _, found in prints for match in self._scanner.taken_for(found))
        with store.transaction():
            evidence, past = store.links.evidence(row.link), store.proposals.past(row.id)
            if evidence is None or past is None or not store.links.has_fingerprints(row.link):
                store.links.drop_fingerprints(row.link)
                return 0
            if (known := known_by(replace(evidence, matches=matches))) is not None:
                store.links.drop_fingerprints(row.link)
                store.proposals.drop(row.id, known)
                return 0
            verdict = Verdict(outcome="review", rule=RULE, reasons=tuple(sentences(past)), actions=())
            case = store.cases.open(row.link, link.link.post or "", verdict, proposal=row.bank)
            store.proposals.open(row.id, case.id)
            store.audit.record(by=PROGRAM, what="proposal opened", subject=case.label, why=RULE)
        self._log.info("proposal opened", case=case.label, posts=past.posts)
        return 1

    def _prints(self, link: int) -> list[tuple[int, Fingerprint]]:
        return [(media, from_json(json.loads(data))) for media, data in self._store.links.fingerprints(link)]


def sentences(past: ProposalPast) -> Sequence[str]:
    """Return what is told of the removals behind a proposal, in words that name nobody."""
    where = ", ".join(f"r/{name}" for name in past.subreddits)
    by = many(past.moderators, "moderator") if past.moderators else "AutoModerator"
    told = [f"removed {_times(past.posts)} in {where} {_when(past.first, past.last)}, by {by}"]
    reasons = [f"{text!r}{f' ({count})' if past.posts > 1 else ''}" for text, count in past.reasons[:NAMED]]
    if reasons:
        more = len(past.reasons) - NAMED
        told.append(f"what was said of it: {', '.join(reasons)}{f' and {more} more' if more > 0 else ''}")
    return told


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _when(first: datetime, last: datetime) -> str:
    return f"on {day(first)}" if day(first) == day(last) else f"between {day(first)} and {day(last)}"
