"""What stands beside a case's media when a person compares both: what the entry was made of, where it is still found.

Banks hold no media. What an entry was made of is fetched, like any other, from a case of its very file, or from the
address that somebody noted as its original.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.model import CaseState, Evidence, Match, MotionStretch, SourceMatch
from bot.pipeline.looking.asked import Beside, Wish, why_not
from bot.pipeline.reviewing.words.compare import compared
from bot.rules.sureness import best_match
from bot.store import CaseRow, Store

MOMENTS = 4  # frames of each media, so that they are large enough to compare on a phone
CASES = 5  # of the entry's very file, of which the first that may be looked at is taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A media of a case and the entry that it is compared with: moments of both that belong together, in seconds."""

    entry: str  # its label
    media: int  # place of the case's media in an album
    here: tuple[float, ...]
    beside: Beside | None  # None: nothing tells where the entry's media is


def pair_of(
    store: Store,
    row: CaseRow,
    evidence: Evidence | None,
    *,
    may: Callable[[str], bool],
    known: Callable[[str], bool],
) -> Pair | None:
    """Return what a case's media is compared with; None of what is the very file, a likeness, or no match at all.

    `may`: whether the person decides in a subreddit; `known`: whether an address is one of a host that is asked.
    """
    rows = {one["entry"]: one for one in compared(store, evidence)}
    if evidence is None or not rows:
        return None
    best = best_match(evidence.matches)
    if best is not None and best.exact:
        return None
    entry = best.entry if best is not None and best.entry in rows else next(iter(rows))
    found: list[Match | SourceMatch] = [*evidence.matches, *evidence.source]
    one = next(one for one in found if one.entry == entry)
    here, there = moments(one)
    beside = _of_cases(store, row, entry, there, may) or _of_notes(rows[entry], entry, there, known)
    return Pair(entry=entry, media=one.media or 0, here=here, beside=beside)


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


def _of_cases(
    store: Store, row: CaseRow, entry: str, there: tuple[float, ...], may: Callable[[str], bool]
) -> Beside | None:
    for label in store.cases.of_entry(entry, CASES):
        other = store.cases.get(label)
        fine = other.id != row.id and other.state != CaseState.MINOR and "://" in other.url
        if fine and may(other.post.subreddit) and why_not(store, Wish(case=label)) is None:
            return Beside(entry=entry, case=label, at=there)
    return None


def _of_notes(row: dict[str, Any], entry: str, there: tuple[float, ...], known: Callable[[str], bool]) -> Beside | None:
    for held in row["origins"]:
        if known(held["origin"]):
            begin = held["seconds"] or 0.0
            return Beside(entry=entry, url=held["origin"], at=tuple(round(begin + t, 3) for t in there))
    return None
