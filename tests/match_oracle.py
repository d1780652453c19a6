"""Matching as it was before it kept flat memory: an object a hit, every pair looked at. What it says is the measure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.config import BanksConfig
from bot.index import distance
from bot.match.explain import NAMES, coverage, ranges, why
from bot.match.judging import NOISE, cut, usable
from bot.match.library import explained
from bot.model import Entry, Fingerprint, Match, Signal


@dataclass(frozen=True)
class Hit:
    """One query within reach of one row."""

    query: int
    entry: int
    row: int
    distance: int


def matches(fingerprint: Fingerprint, entries: Sequence[Entry], config: BanksConfig) -> tuple[Match, ...]:
    """Return every near match of a media, by distance."""
    near: dict[str, Match] = {}
    for kind in NAMES:
        ours = usable(fingerprint.signals, kind, config)
        for match in _judged(ours, fingerprint, "none", entries, _hits(kind, ours, entries, config), kind, config):
            held = near.get(match.entry)
            if held is None or (held.suppressed and not match.suppressed):
                near[match.entry] = match
    if not any(explained(match) for match in near.values()):
        for match in _varied(fingerprint, entries, config):
            held = near.get(match.entry)
            if held is None or (held.suppressed and not match.suppressed):
                near[match.entry] = match
    return tuple(sorted(near.values(), key=lambda match: (match.distance or 0, match.entry)))


def _varied(fingerprint: Fingerprint, entries: Sequence[Entry], config: BanksConfig) -> list[Match]:
    variants = usable(fingerprint.variants, "pdq", config)
    times = sorted({one.t for one in variants})
    frames = tuple(Signal(type="pdq", value=b"", quality=0, t=t) for t in times)
    done: defaultdict[str, defaultdict[int, list[Hit]]] = defaultdict(lambda: defaultdict(list))
    for number, hits in _hits("pdq", variants, entries, config).items():
        for hit in hits:
            one = variants[hit.query]
            done[one.transform][number].append(replace(hit, query=times.index(one.t)))
    best: dict[str, Match] = {}
    for transform in sorted(done):
        for match in _judged(frames, fingerprint, transform, entries, done[transform], "pdq", config):
            held = best.get(match.entry)
            if held is None or _order(match) > _order(held):
                best[match.entry] = match
    return list(best.values())


def _order(match: Match) -> tuple[bool, int, int]:
    return (not match.suppressed, match.frames, -(match.distance or 0))


def _hits(
    kind: str, ours: Sequence[Signal], entries: Sequence[Entry], config: BanksConfig
) -> Mapping[int, Sequence[Hit]]:
    found: defaultdict[int, list[Hit]] = defaultdict(list)
    for query, mine in enumerate(ours):
        for number, entry in enumerate(entries):
            for row, signal in enumerate(entry.signals):
                if signal.type == kind and signal.quality >= config.min_quality:
                    bits = distance(mine.value, signal.value)
                    if bits <= cut(entry, kind, config):
                        found[number].append(Hit(query, number, row, bits))
    return found


def _nearest(hits: Iterable[Hit], others: Mapping[int, int] | None = None) -> dict[int, int]:
    best = dict(others or {})
    for hit in hits:
        best[hit.query] = min(hit.distance, best.get(hit.query, hit.distance))
    return best


def _judged(
    ours: tuple[Signal, ...],
    fingerprint: Fingerprint,
    transform: str,
    entries: Sequence[Entry],
    found: Mapping[int, Sequence[Hit]],
    kind: str,
    config: BanksConfig,
) -> list[Match]:
    spoken: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for number, hits in found.items():
        for label in entries[number].against:
            spoken[label] = _nearest(hits, spoken[label])
    still = fingerprint.kind == "image"
    judged = [
        _judge(ours, still, transform, entries[number], hits, spoken[entries[number].label], kind, config)
        for number, hits in found.items()
    ]
    return [match for match in judged if match is not None]


def _judge(
    usable: tuple[Signal, ...],
    still: bool,
    transform: str,
    entry: Entry,
    hits: Sequence[Hit],
    spoken: Mapping[int, int],
    kind: str,
    config: BanksConfig,
) -> Match | None:
    allowed = {query for query, bits in _nearest(hits).items() if spoken.get(query, 257) <= bits + NOISE}
    pairs = [(row, s) for row, s in enumerate(entry.signals) if s.type == kind and s.quality >= config.min_quality]
    place_of = {row: place for place, (row, _) in enumerate(pairs)}
    ours = [signal for _, signal in pairs]
    speaking = [hit for hit in hits if hit.query not in allowed]
    suppressed = not speaking and entry.bank_kind != "allow"
    shown = hits if suppressed or entry.bank_kind == "allow" else speaking
    queries = sorted({hit.query for hit in shown})
    places = sorted({place_of[hit.row] for hit in shown})
    if len(queries) < (1 if still or len(ours) == 1 else min(config.min_frames, len(usable))):
        return None
    closest = _nearest(shown)
    best = [closest[number] for number in queries]
    there = ranges(ours, places)
    moving = len(ours) > 1
    return Match(
        media=0,
        bank=entry.bank,
        bank_kind=entry.bank_kind,
        entry=entry.label,
        confirmed=entry.confirmed,
        one_person=entry.one_person,
        method=kind,
        signal=kind,
        distance=min(best),
        threshold=cut(entry, kind, config),
        transform=transform,
        frames=len(queries),
        coverage_query=coverage(usable, queries),
        coverage_entry=coverage(ours, places),
        query_ranges=ranges(usable, queries),
        entry_ranges=there,
        suppressed=suppressed,
        why=why(kind, queries, usable, there, best, transform=transform, moving=moving, suppressed=suppressed),
    )
