"""What stands beside a case's media when a person compares both: what the entry was made of, where it is still found.

Banks hold no media. What an entry was made of is fetched, like any other, from a case of its very file, or from the
address that somebody noted as its original.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bot.errors import RightsError
from bot.model import Actor, Evidence, Match, MotionStretch, SourceMatch, Verb
from bot.pipeline.looking.asked import YOUNG, Beside, Wish, why_not
from bot.pipeline.reviewing.team import Team
from bot.pipeline.reviewing.words.compare import near_ones
from bot.rules.sureness import best_match
from bot.store import CaseRow, Store

MOMENTS = 4  # frames of each media, so that they are large enough to compare on a phone
MOST = 3  # cases of the entry's very file that are tried, one after the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A media of a case and the entry that it is compared with: moments of both that belong together, in seconds."""

    entry: str  # its label
    media: int  # place of the case's media in an album
    here: tuple[float, ...]
    beside: tuple[Beside, ...]  # where the entry's media is, to be tried in this order; none: nothing tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Tells with what media of a case are compared, and whether somebody may still look at it."""

    store: Store
    doubtful: Callable[[CaseRow], bool]  # whether somebody in a case's media may have been under 18
    known: Callable[[str], bool]  # whether an address is one of a host that is asked

    def pair(
        self, row: CaseRow, evidence: Evidence | None, rows: Sequence[dict[str, Any]], *, by: Actor
    ) -> Pair | None:
        """Return what a case's media is compared with; None of what is the very file, a likeness, or no match at all.

        `rows`: what `compared` told of its evidence.
        """
        entries = {one["entry"]: one for one in rows}
        if evidence is None or not entries:
            return None
        best: Match | SourceMatch | None = best_match(evidence.matches)
        if isinstance(best, Match) and best.exact:
            return None
        if best is None or best.entry not in entries:
            best = next(one for one in near_ones(evidence) if one.entry in entries)
        entry, (here, there) = best.entry, moments(best)
        cases = islice(self._of_cases(row, entry, there, by), MOST)
        beside = (*cases, *self._of_notes(entries[entry], there))
        return Pair(entry=entry, media=best.media or 0, here=here, beside=beside)

    def refused(self, wish: Wish, by: Actor) -> str | None:
        """Return why nothing of a look is shown, or None. Of a case beside also: it is in doubt, or not theirs now."""
        if refused := why_not(self.store, wish):
            return refused
        for row in [self.store.cases.get(one.case) for one in wish.beside if one.case is not None]:
            if self.doubtful(row):
                return YOUNG
            if not self._may(by, row.post.subreddit):
                return f"what is known stands in r/{row.post.subreddit}, where you decide nothing any more"
        return None

    def _may(self, by: Actor, subreddit: str) -> bool:
        try:
            Team(self.store).still(by, Verb.CASES, [subreddit])
        except RightsError:
            return False
        return True

    def _of_cases(self, row: CaseRow, entry: str, there: tuple[float, ...], by: Actor) -> Iterator[Beside]:
        store = self.store
        files = store.cases.files_of(entry)
        for label in store.cases.of_entry(entry, lambda subreddit: self._may(by, subreddit)):
            other = store.cases.get(label)
            media = _place(store.links.evidence(other.link), files) if other.id != row.id else None
            wish = Wish(beside=(Beside(entry=entry, case=label, media=media, at=there),))
            if media is not None and "://" in other.url and self.refused(wish, by) is None:
                yield wish.beside[0]

    def _of_notes(self, row: dict[str, Any], there: tuple[float, ...]) -> Iterator[Beside]:
        for held in row["origins"]:
            if self.known(held["origin"]):
                at = tuple(round((held["seconds"] or 0.0) + t, 3) for t in there)
                yield Beside(entry=row["entry"], url=held["origin"], at=at)


def _place(evidence: Evidence | None, files: set[str]) -> int | None:
    """Return which media of a case is an entry's: its very file, or the only one there is; None if none is known to."""
    media = evidence.media if evidence is not None else ()
    exact = next((one.index for one in media if one.sha256 in files), None)
    return media[0].index if exact is None and len(media) == 1 else exact


def moments(one: Match | SourceMatch) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return moments of a media and those of its entry that are the same ones, in seconds; none of pictures."""
    stretches = list(one.motion.stretches) if one.motion is not None else []
    if not stretches:
        spans = zip(one.query_ranges or (), one.entry_ranges or (), strict=False)
        stretches = [MotionStretch(query=query, entry=entry, speed=1.0) for query, entry in spans]
    stretches = [pair for pair in stretches if pair.query[1] > pair.query[0] or pair.entry[1] > pair.entry[0]][:MOMENTS]
    if not stretches:
        return (), ()
    each = MOMENTS // len(stretches)
    shares = [(part + 0.5) / each for part in range(each)]
    here = [_at(pair.query, share) for pair in stretches for share in shares]
    there = [_at(pair.entry, 1 - share if pair.reversed else share) for pair in stretches for share in shares]
    return tuple(here), tuple(there)


def _at(span: tuple[float, float], share: float) -> float:
    return round(span[0] + share * (span[1] - span[0]), 3)
