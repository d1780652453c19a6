"""From a fingerprint to its matches: candidates from the index, then entry by entry.

The order follows the evidence ladder: files first, then frames, then frames with an alteration undone. A moving picture
is compared frame by frame in both directions, so that a clip inside a compilation and a part of a clip are both told by
their two coverages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bot.config import BanksConfig
from bot.match.bank import BankReader, Bits, Hits, KnownEntry, Reach
from bot.match.explain import NAMES
from bot.match.judging import Query, cut, judge, query_of, same_file, usable, within
from bot.match.tally import NONE, Search, Tally, ask, looked
from bot.model import Fingerprint, Match, Signal

ENTRIES = 16  # read at a time
EXPLAINED = 0.9  # coverage of a media, above which nothing else is looked for
INNOCENT = 0.999  # the same where what covers it is innocent: it must not hide what stands behind it


def explained(match: Match) -> bool:
    """Return whether a match covers so much of a media that nothing else is looked for.

    The very file of an entry that nobody blocks (allowed, watched, genuine footage) may hold a copy of one that is.
    """
    if match.exact:
        return match.bank_kind == "block"
    innocent = match.suppressed or match.bank_kind == "allow"
    return match.coverage_query >= (INNOCENT if innocent else EXPLAINED)


class Matcher:
    """All active entries, ready to be matched against."""

    def __init__(self, known: BankReader, config: BanksConfig) -> None:
        self._known = known
        self._config = config

    @property
    def has_files(self) -> bool:
        """Whether a bank other than an allow bank knows files, so that a host's original is worth fetching."""
        return self._known.has_files

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
        if not any(explained(match) for match in (*exact, *near.values())):
            for match in self._varied(fingerprint, media):
                held = near.get(match.entry)
                if held is None or (held.suppressed and not match.suppressed):
                    near[match.entry] = match
        return (*exact, *sorted(near.values(), key=lambda match: (match.distance or 0, match.entry)))

    def lookup(self, values: Sequence[bytes]) -> list[list[tuple[str, str, int]]]:
        """Return for each hash (bank, entry, distance) of every entry with a PDQ within reach, the nearest first."""
        answers: list[list[tuple[str, str, int]]] = [[] for _ in values]
        for hits in ask(self._search("pdq"), values, range(len(values))):
            tally = Tally()
            tally.add(hits)
            for found, reach in self._each(tally.reaches()):
                most = cut(found.entry, "pdq", self._config)
                for query, bits in zip(reach.queries.tolist(), reach.query_bits.tolist(), strict=True):
                    if bits <= most:
                        answers[query].append((found.entry.bank, found.entry.label, bits))
        return [sorted(answer, key=lambda one: one[2]) for answer in answers]

    def _exact(self, fingerprint: Fingerprint, media: int) -> list[Match]:
        found: dict[int, str] = {}
        for method, number in self._known.files(((fingerprint.sha256, fingerprint.md5), *fingerprint.also)):
            found.setdefault(number, method)
        entries = self._known.entries(found)
        return [
            same_file(method, entries[number].entry, fingerprint, media)
            for number, method in found.items()
            if number in entries
        ]

    def _near(self, fingerprint: Fingerprint, media: int, kind: str) -> list[Match]:
        query = query_of(fingerprint, media, kind, self._config)
        reaches, step = looked(self._search(kind), [signal.value for signal in query.usable])
        if step > 1:  # as if so many fewer frames had been taken
            query = query_of(fingerprint, media, kind, self._config, step=step)
            reaches = {number: replace(reach, queries=reach.queries // step) for number, reach in reaches.items()}
        return self._judged(query, reaches)

    def _varied(self, fingerprint: Fingerprint, media: int) -> list[Match]:
        """Return for each entry the best match with a media whose frames were mirrored, turned, bordered or cropped."""
        variants = usable(fingerprint.variants, "pdq", self._config)
        times = sorted({one.t for one in variants})
        place = {t: number for number, t in enumerate(times)}
        frames = tuple(Signal(type="pdq", value=b"", quality=0, t=t) for t in times)
        places = np.array([place[one.t] for one in variants], dtype=np.int64)
        names = sorted({one.transform for one in variants})
        done = np.array([names.index(one.transform) for one in variants], dtype=np.int64)
        tallies = [Tally() for _ in names]
        for hits in ask(self._search("pdq"), [one.value for one in variants], range(len(variants))):
            ways = done[hits.query]
            for way in np.unique(ways).tolist():
                of = ways == way
                tallies[way].add(Hits(places[hits.query[of]], hits.entry[of], hits.row[of], hits.distance[of]))
        best: dict[str, Match] = {}
        for transform, tally in zip(names, tallies, strict=True):
            query = Query(
                media=media,
                kind="pdq",
                usable=frames,
                still=fingerprint.kind == "image",
                transform=transform,
                values=tuple((place[one.t], one.value) for one in variants if one.transform == transform),
            )
            for match in self._judged(query, tally.reaches()):
                if match.entry not in best or _closer(match, best[match.entry]):
                    best[match.entry] = match
        return list(best.values())

    def _judged(self, query: Query, reaches: Mapping[int, Reach]) -> list[Match]:
        """Return the matches that the hits of some entries make, in the light of the allow entries among them."""
        spoken: dict[str, Bits] = {}  # entry → for each query the distance to its nearest allow entry
        allowing = self._known.allowing(reaches)
        for found, reach in self._each({number: reaches[number] for number in allowing}):
            near = within(reach, cut(found.entry, query.kind, self._config))
            for label in found.entry.against:
                bits = spoken.setdefault(label, np.full(len(query.usable), NONE, dtype=np.uint16))
                bits[near.queries] = np.minimum(bits[near.queries], near.query_bits)
        judged = (
            judge(query, found, reach, spoken.get(found.entry.label), self._config)
            for found, reach in self._each(reaches)
        )
        return [match for match in judged if match is not None]

    def _each(self, reaches: Mapping[int, Reach]) -> Iterator[tuple[KnownEntry, Reach]]:
        """Yield the entries that were hit, few in memory at a time: each may have thousands of signals."""
        numbers = sorted(reaches)
        for start in range(0, len(numbers), ENTRIES):
            for number, found in self._known.entries(numbers[start : start + ENTRIES]).items():
                yield found, reaches[number]

    def _search(self, kind: str) -> Search:
        radius = self._config.distance if kind == "pdq" else self._config.phash_distance
        return lambda values: self._known.search(kind, values, radius)


def _closer(one: Match, other: Match) -> bool:
    if one.suppressed != other.suppressed:
        return other.suppressed  # what is explained when turned one way hides nothing that is there the other way
    return (one.frames, -(one.distance or 0)) > (other.frames, -(other.distance or 0))
