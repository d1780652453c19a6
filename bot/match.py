"""Signals against banks: what in the evidence looks like what is known. Pure; the search index is passed in.

The order follows the evidence ladder: files first, then frames. A moving picture is compared frame by frame in both
directions, so that a clip inside a compilation and a part of a clip are both told by their two coverages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Protocol

from bot.config import BanksConfig
from bot.model import Entry, Fingerprint, Match, Signal

NAMES = {"pdq": "PDQ", "phash": "pHash"}
GAP = 1.0  # seconds between matching frames that still belong to one range


class SearchIndex(Protocol):
    """What `bot.index.HashIndex` offers."""

    def search(self, queries: Sequence[bytes], radius: int) -> list[tuple[int, int, int]]:
        """Return every (query number, row number, distance) within the radius."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frames:
    """One signal type of all entries: an index and what its rows stand for."""

    index: SearchIndex
    rows: tuple[tuple[int, int], ...]  # (entry number, signal number within its usable frames)


class Library:
    """All active entries, ready to be matched against."""

    def __init__(
        self,
        entries: Iterable[Entry],
        config: BanksConfig,
        make_index: Callable[[Sequence[bytes], Sequence[int]], SearchIndex],
    ) -> None:
        self.entries = tuple(entries)
        self.has_files = False
        self._config = config
        self._files: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._usable: dict[str, dict[int, tuple[Signal, ...]]] = {kind: {} for kind in NAMES}
        for number, entry in enumerate(self.entries):
            for method, known in (("sha256", entry.sha256), ("md5", entry.md5)):
                for value in known:
                    self._files[method, value].append(number)
                    self.has_files = self.has_files or entry.bank_kind != "allow"
            for kind in NAMES:
                usable = self._gate(entry.signals, kind)
                if usable:
                    self._usable[kind][number] = usable
        self._frames = {}
        for kind, by_entry in self._usable.items():
            rows = [(number, place) for number, known in by_entry.items() for place in range(len(known))]
            values = [by_entry[number][place].value for number, place in rows]
            self._frames[kind] = _Frames(index=make_index(values, [number for number, _ in rows]), rows=tuple(rows))

    def match(self, fingerprint: Fingerprint, media: int) -> tuple[Match, ...]:
        """Return every match of one media, exact files first, then by distance."""
        exact = self._exact(fingerprint, media)
        seen = {match.entry for match in exact}
        near: dict[str, Match] = {}
        for kind in NAMES:
            for match in self._near(fingerprint, media, kind):
                held = near.get(match.entry)
                if match.entry in seen:
                    continue
                if held is None or (held.suppressed and not match.suppressed):
                    near[match.entry] = match
        return (*exact, *sorted(near.values(), key=lambda match: (match.distance or 0, match.entry)))

    def lookup(self, value: bytes) -> list[tuple[str, str, int]]:
        """Return (bank, entry, distance) of every PDQ within reach of one hash, the nearest frame of each entry."""
        best: dict[int, int] = {}
        frames = self._frames["pdq"]
        for _, row, distance in frames.index.search([value], self._config.distance):
            number = frames.rows[row][0]
            cut = self._cut(self.entries[number], "pdq")
            if distance <= cut and distance < best.get(number, 257):
                best[number] = distance
        ranked = sorted(best.items(), key=lambda item: (item[1], item[0]))
        return [(self.entries[number].bank, self.entries[number].label, distance) for number, distance in ranked]

    def _exact(self, fingerprint: Fingerprint, media: int) -> list[Match]:
        found: dict[int, Match] = {}
        for sha256, md5 in ((fingerprint.sha256, fingerprint.md5), *fingerprint.also):
            for method, value in (("sha256", sha256), ("md5", md5)):
                for number in self._files.get((method, value), ()):
                    entry = self.entries[number]
                    found.setdefault(
                        number,
                        Match(
                            media=media,
                            bank=entry.bank,
                            bank_kind=entry.bank_kind,
                            entry=entry.label,
                            confirmed=entry.confirmed,
                            method=method,
                            signal=method,
                            frames=fingerprint.frames,
                            face_region="agrees",
                            why=f"the same file, byte for byte ({method.upper().replace('SHA256', 'SHA-256')})",
                        ),
                    )
        return list(found.values())

    def _near(self, fingerprint: Fingerprint, media: int, kind: str) -> list[Match]:
        usable = self._gate(fingerprint.signals, kind)
        pairs: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        explained = set()  # the query frames for which an allow entry speaks
        for query, number, place, distance in self._search(usable, kind):
            pairs[number].append((query, place, distance))
            if self.entries[number].bank_kind == "allow":
                explained.add(query)
        allowed = frozenset(explained)
        still = fingerprint.kind == "image"
        return [
            match
            for number, found in pairs.items()
            if (match := self._judge(usable, media, kind, number, found, allowed, still)) is not None
        ]

    def _judge(
        self,
        usable: Sequence[Signal],
        media: int,
        kind: str,
        number: int,
        found: list[tuple[int, int, int]],
        allowed: frozenset[int],
        still: bool,
    ) -> Match | None:
        entry = self.entries[number]
        ours = self._usable[kind][number]
        speaking = [pair for pair in found if pair[0] not in allowed]
        suppressed = not speaking and entry.bank_kind != "allow"
        shown = found if suppressed or entry.bank_kind == "allow" else speaking
        queries = sorted({query for query, _, _ in shown})
        places = sorted({place for _, place, _ in shown})
        least = 1 if still or len(ours) == 1 else min(self._config.min_frames, len(usable))
        if len(queries) < least:
            return None
        nearest: dict[int, int] = {}
        for query, _, distance in shown:
            nearest[query] = min(distance, nearest.get(query, distance))
        best = [nearest[query] for query in queries]
        query_ranges, entry_ranges = _ranges(usable, queries), _ranges(ours, places)
        return Match(
            media=media,
            bank=entry.bank,
            bank_kind=entry.bank_kind,
            entry=entry.label,
            confirmed=entry.confirmed,
            method=kind,
            signal=kind,
            distance=min(best),
            threshold=self._cut(entry, kind),
            frames=len(queries),
            coverage_query=_coverage(usable, queries),
            coverage_entry=_coverage(ours, places),
            query_ranges=query_ranges,
            entry_ranges=entry_ranges,
            suppressed=suppressed,
            why=_words(kind, queries, usable, entry_ranges, best, moving=len(ours) > 1, suppressed=suppressed),
        )

    def _search(self, usable: Sequence[Signal], kind: str) -> Iterable[tuple[int, int, int, int]]:
        if not usable:
            return
        frames = self._frames[kind]
        radius = self._config.distance if kind == "pdq" else self._config.phash_distance
        for query, row, distance in frames.index.search([signal.value for signal in usable], radius):
            number, place = frames.rows[row]
            if distance <= self._cut(self.entries[number], kind):
                yield query, number, place, distance

    def _cut(self, entry: Entry, kind: str) -> int:
        if kind != "pdq":
            return self._config.phash_distance
        return self._config.distance if entry.distance is None else min(entry.distance, self._config.distance)

    def _gate(self, signals: Iterable[Signal], kind: str) -> tuple[Signal, ...]:
        return tuple(s for s in signals if s.type == kind and s.quality >= self._config.min_quality)


def _coverage(signals: Sequence[Signal], matched: Sequence[int]) -> float:
    """Return the part of the playing time whose frames match; of the frames where there is no time."""
    spans = [after.t - before.t for before, after in pairwise(signals)]
    spans.append(median(spans) if spans else 1.0)
    total = sum(spans)
    if total <= 0:
        return len(matched) / len(signals)
    return round(min(1.0, sum(spans[place] for place in matched) / total), 4)


def _ranges(signals: Sequence[Signal], matched: Sequence[int]) -> tuple[tuple[float, float], ...]:
    """Return the stretches of time in which frames match."""
    ranges: list[tuple[float, float]] = []
    for place in matched:
        t = round(signals[place].t, 3)
        if ranges and t - ranges[-1][1] <= GAP:
            ranges[-1] = (ranges[-1][0], t)
        else:
            ranges.append((t, t))
    return tuple(ranges)


def _words(
    kind: str,
    queries: Sequence[int],
    usable: Sequence[Signal],
    entry_ranges: Sequence[tuple[float, float]],
    best: Sequence[int],
    *,
    moving: bool,
    suppressed: bool,
) -> str:
    frames = "the picture matches" if len(usable) == 1 else f"{len(queries)} of {len(usable)} frames match"
    parts = [f"{frames} by {NAMES[kind]}"]
    if moving:
        parts.append(f"{minutes(entry_ranges[0][0])} to {minutes(entry_ranges[-1][1])} of the entry")
    parts.append(f"{'distance' if len(best) == 1 else 'median distance'} {median(best):g}")
    if suppressed:
        parts.append("an allow-listed picture explains all of them")
    return ", ".join(parts)


def minutes(seconds: float) -> str:
    """Return seconds as `m:ss`."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
