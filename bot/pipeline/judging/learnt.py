"""Media of past removals: known already, allowed, the same as another that waits, or a proposal of its own."""

from __future__ import annotations

import json
from typing import Literal

from bot.config import Config
from bot.fingerprint import from_json
from bot.model import CaseState, Evidence, Fingerprint, LinkState
from bot.pipeline.core import Boundary
from bot.pipeline.judging.alike import Alike
from bot.pipeline.log import Log
from bot.pipeline.scanning.lasting import outdated
from bot.store import LinkRow, Store


class Learnt:
    """Takes the links of past removals from matched to judged. No rule asks of them, and nothing is done to a post."""

    def __init__(self, config: Config, store: Store, log: Log, boundary: Boundary) -> None:
        self._config = config
        self._store = store
        self._log = log
        self._boundary = boundary
        self._alike = Alike(config.banks)

    def settle(self, row: LinkRow) -> int:
        """Say what a link is; return 1, or 0 if it does not stand any more or has to be looked at again."""
        store = self._store
        with store.transaction():
            evidence = store.links.evidence(row.id)
            if evidence is None or not store.links.stands(row.id, LinkState.MATCHED):
                return 0
            if outdated(store, evidence, self._config):
                self._again(row)
                return 0
            if not store.links.has_fingerprints(row.id):
                store.queue.fetch_afresh(row.id)  # found behind another link; a proposal needs fingerprints
                return 0
        prints = self._prints(row.id)
        self._refresh()
        alike = self._alike.like(prints)
        with store.transaction():
            if not store.links.stands(row.id, LinkState.MATCHED, evidence=evidence):
                return 0
            outcome = self._settle(row, evidence, alike, prints)
            store.links.move(row.id, LinkState.JUDGED, reason=None)
        self._boundary("judge.stored")
        self._log.info("past removal looked at", link=row.id, host=row.link.host, outcome=outcome)
        return 1

    def _settle(
        self, row: LinkRow, evidence: Evidence, alike: int | None, prints: list[tuple[int, Fingerprint]]
    ) -> str:
        """Return what came of it, in a word. In a transaction."""
        store = self._store
        own = store.proposals.standing_for(row.id)
        if own is not None and own.case is not None and store.cases.of_id(own.case).state is CaseState.OPEN:
            store.proposals.settle(row.id, "waiting", own.id)  # reopened, and fetched again for it
            return "open"
        known = known_by(evidence)
        if known is not None:
            if own is not None:
                store.proposals.drop(own.id, known)
            store.proposals.settle(row.id, known)
            store.links.drop_fingerprints(row.id)
            return known
        if own is not None:  # it stands for one whose first link is gone
            store.proposals.settle(row.id, "waiting", own.id)
            self._alike.add(own.id, (found for _, found in prints))
            return "waiting"
        if alike is not None and alike in store.proposals.representatives():
            store.proposals.settle(row.id, "waiting", alike)
            store.links.drop_fingerprints(row.id)
            return "waiting"
        self._alike.add(store.proposals.begin(row.id), (found for _, found in prints))
        return "waiting"

    def _refresh(self) -> None:
        """Hold what waits and what is open now, here or in another process."""
        there = self._store.proposals.representatives()
        for number in self._alike.numbers - there.keys():
            self._alike.drop(number)
        for number in there.keys() - self._alike.numbers:
            self._alike.add(number, (found for _, found in self._prints(there[number])))

    def _prints(self, link: int) -> list[tuple[int, Fingerprint]]:
        return [(media, from_json(json.loads(data))) for media, data in self._store.links.fingerprints(link)]

    def _again(self, row: LinkRow) -> None:
        if self._store.links.has_fingerprints(row.id):
            self._store.links.move(row.id, LinkState.ACQUIRED)
        else:
            self._store.queue.fetch_afresh(row.id)


def known_by(evidence: Evidence) -> Literal["known", "allowed"] | None:
    """Return whether a bank knows a media already, or an allow entry; None if neither does."""
    sure = [match for match in evidence.matches if not match.unsure]
    if any(match.bank_kind != "allow" and not match.suppressed for match in sure):
        return "known"
    return "allowed" if sure else None
