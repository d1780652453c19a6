"""One entry's hits: are they a match, and what is to be said of it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.config import BanksConfig
from bot.match.bank import Hit, KnownEntry
from bot.match.explain import coverage, ranges, why
from bot.model import Entry, Fingerprint, Match, Signal

AnySignal = TypeVar("AnySignal", bound=Signal)
NOISE = 2  # bits: a new encoding of the same picture moves either distance by so much, and PDQ's are always even


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One media's usable signals of one type."""

    media: int
    kind: str  # type of the signals
    usable: tuple[Signal, ...]
    still: bool
    transform: str = "none"  # what was undone before they were taken, in words


def query_of(fingerprint: Fingerprint, media: int, kind: str, config: BanksConfig) -> Query:
    """Return what is searched for of one media."""
    return Query(
        media=media, kind=kind, usable=usable(fingerprint.signals, kind, config), still=fingerprint.kind == "image"
    )


def usable(signals: Iterable[AnySignal], kind: str, config: BanksConfig) -> tuple[AnySignal, ...]:
    """Return the signals of one type that are good enough to match."""
    return tuple(s for s in signals if s.type == kind and s.quality >= config.min_quality)


def cut(entry: Entry, kind: str, config: BanksConfig) -> int:
    """Return the largest distance at which a frame matches this entry."""
    if kind != "pdq":
        return config.phash_distance
    return config.distance if entry.distance is None else min(entry.distance, config.distance)


def nearest(hits: Iterable[Hit], others: Mapping[int, int] | None = None) -> dict[int, int]:
    """Return the least distance of each query, in these hits and among `others`."""
    best = dict(others or {})
    for hit in hits:
        best[hit.query] = min(hit.distance, best.get(hit.query, hit.distance))
    return best


def explained(hits: Iterable[Hit], spoken: Mapping[int, int]) -> frozenset[int]:
    """Return the queries that are about as near, or nearer, to an allow entry of this pair as to the entry itself.

    The genuine clip and the fake made of it share most of a frame: what is nearer to the fake stays a match.
    """
    return frozenset(query for query, distance in nearest(hits).items() if spoken.get(query, 257) <= distance + NOISE)


def judge(
    query: Query, found: KnownEntry, hits: Sequence[Hit], allowed: frozenset[int], config: BanksConfig
) -> Match | None:
    """Return the match that these hits of one entry make, or None if they are too few.

    `allowed` are the query frames for which an allow entry speaks.
    """
    entry = found.entry
    pairs = [
        (row, signal)
        for row, signal in zip(found.rows, entry.signals, strict=True)
        if signal.type == query.kind and signal.quality >= config.min_quality
    ]
    place_of = {row: place for place, (row, _) in enumerate(pairs)}
    ours = [signal for _, signal in pairs]
    known = [hit for hit in hits if hit.row in place_of]
    speaking = [hit for hit in known if hit.query not in allowed]
    suppressed = not speaking and entry.bank_kind != "allow"
    shown = known if suppressed or entry.bank_kind == "allow" else speaking
    queries = sorted({hit.query for hit in shown})
    places = sorted({place_of[hit.row] for hit in shown})
    least = 1 if query.still or len(ours) == 1 else min(config.min_frames, len(query.usable))
    if len(queries) < least:
        return None
    closest = nearest(shown)
    best = [closest[number] for number in queries]
    entry_ranges = ranges(ours, places)
    return Match(
        media=query.media,
        bank=entry.bank,
        bank_kind=entry.bank_kind,
        entry=entry.label,
        confirmed=entry.confirmed,
        one_person=entry.one_person,
        method=query.kind,
        signal=query.kind,
        distance=min(best),
        threshold=cut(entry, query.kind, config),
        transform=query.transform,
        frames=len(queries),
        coverage_query=coverage(query.usable, queries),
        coverage_entry=coverage(ours, places),
        query_ranges=ranges(query.usable, queries),
        entry_ranges=entry_ranges,
        suppressed=suppressed,
        why=why(
            query.kind,
            queries,
            query.usable,
            entry_ranges,
            best,
            transform=query.transform,
            moving=len(ours) > 1,
            suppressed=suppressed,
        ),
    )


def same_file(method: str, entry: Entry, fingerprint: Fingerprint, media: int) -> Match:
    """Return the match of a media that is an entry's file, byte for byte."""
    return Match(
        media=media,
        bank=entry.bank,
        bank_kind=entry.bank_kind,
        entry=entry.label,
        confirmed=entry.confirmed or entry.one_person,
        one_person=entry.one_person,
        method=method,
        signal=method,
        frames=fingerprint.frames,
        face_region="agrees",
        why=f"the same file, byte for byte ({method.upper().replace('SHA256', 'SHA-256')})"
        + ("; one person confirmed the entry" if entry.one_person else ""),
    )
