"""One entry's hits: are they a match, and what is to be said of it?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bot.config import BanksConfig
from bot.match.bank import Bits, KnownEntry, Reach
from bot.match.explain import coverage, ranges, why
from bot.match.tally import touched
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
    values: tuple[tuple[int, bytes], ...]  # (place of its signal, what is searched for)


def query_of(fingerprint: Fingerprint, media: int, kind: str, config: BanksConfig, *, step: int = 1) -> Query:
    """Return what is searched for of one media, of every `step`-th of its usable signals."""
    chosen = usable(fingerprint.signals, kind, config)[::step]
    values = tuple((place, signal.value) for place, signal in enumerate(chosen))
    return Query(media=media, kind=kind, usable=chosen, still=fingerprint.kind == "image", values=values)


def usable(signals: Iterable[AnySignal], kind: str, config: BanksConfig) -> tuple[AnySignal, ...]:
    """Return the signals of one type that are good enough to match."""
    return tuple(s for s in signals if s.type == kind and s.quality >= config.min_quality)


def cut(entry: Entry, kind: str, config: BanksConfig) -> int:
    """Return the largest distance at which a frame matches this entry."""
    if kind != "pdq":
        return config.phash_distance
    return config.distance if entry.distance is None else min(entry.distance, config.distance)


def within(reach: Reach, most: int) -> Reach:
    """Return what is within a smaller reach."""
    queries, rows = reach.query_bits <= most, reach.row_bits <= most
    return Reach(reach.queries[queries], reach.query_bits[queries], reach.rows[rows], reach.row_bits[rows])


def explained(reach: Reach, spoken: Bits | None) -> npt.NDArray[np.bool_]:
    """Return which of the queries are about as near, or nearer, to an allow entry of this pair as to the entry itself.

    The genuine clip and the fake made of it share most of a frame: what is nearer to the fake stays a match.
    `spoken`: uint16 (q,), bits, one a query frame. Returned is bool (m,), one a pair of `reach`.
    """
    if spoken is None:
        return np.zeros(len(reach.queries), dtype=bool)
    return spoken[reach.queries].astype(np.int64) <= reach.query_bits.astype(np.int64) + NOISE


def judge(query: Query, found: KnownEntry, reach: Reach, spoken: Bits | None, config: BanksConfig) -> Match | None:
    """Return the match that these hits of one entry make, or None if they are too few.

    `spoken` is for each query frame the distance to an allow entry of this pair, if there is one.
    It is uint16 (q,), in bits.
    """
    entry = found.entry
    most = cut(entry, query.kind, config)
    pairs = [
        (row, signal)
        for row, signal in zip(found.rows, entry.signals, strict=True)
        if signal.type == query.kind and signal.quality >= config.min_quality
    ]
    place_of = {row: place for place, (row, _) in enumerate(pairs)}
    ours = [signal for _, signal in pairs]
    near = within(reach, most)
    allowed = explained(near, spoken)
    hit = sorted(place_of[row] for row in near.rows.tolist() if row in place_of)
    if not hit:
        return None
    suppressed = bool(allowed.all()) and entry.bank_kind != "allow"
    places = hit
    if allowed.any() and not suppressed and entry.bank_kind != "allow":
        speaking = set(near.queries[~allowed].tolist())
        asked = [value for place, value in query.values if place in speaking]
        held = touched(asked, [ours[place].value for place in hit], most)
        places = [place for place, there in zip(hit, held.tolist(), strict=True) if there]
        near = Reach(near.queries[~allowed], near.query_bits[~allowed], near.rows, near.row_bits)
    queries, best = near.queries.tolist(), near.query_bits.tolist()
    least = 1 if query.still or len(ours) == 1 else min(config.min_frames, len(query.usable))
    if len(queries) < least:
        return None
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
        threshold=most,
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
