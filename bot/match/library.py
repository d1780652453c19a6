"""From a fingerprint to its matches: candidates from the index, then entry by entry.

The order follows the evidence ladder: files first, then frames, then frames with an alteration undone. A moving picture
is compared frame by frame in both directions, so that a clip inside a compilation and a part of a clip are both told by
their two coverages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.config import BanksConfig
from bot.match.bank import BankReader, Hit, KnownEntry
from bot.match.explain import NAMES
from bot.match.judging import Query, cut, explained, judge, nearest, query_of, same_file, usable
from bot.model import Fingerprint, Match, Signal

EXPLAINED = 0.9  # coverage of a media, above which nothing else is looked for


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
        if not exact and not any(match.coverage_query >= EXPLAINED for match in near.values()):
            for match in self._varied(fingerprint, media):
                near.setdefault(match.entry, match)
        return (*exact, *sorted(near.values(), key=lambda match: (match.distance or 0, match.entry)))

    def lookup(self, values: Sequence[bytes]) -> list[list[tuple[str, str, int]]]:
        """Return for each hash (bank, entry, distance) of every entry with a PDQ within reach, the nearest first."""
        answers: list[dict[int, int]] = [{} for _ in values]
        entries, found = self._candidates("pdq", values)
        for number, hits in found.items():
            for hit in hits:
                best = answers[hit.query]
                best[number] = min(hit.distance, best.get(number, hit.distance))
        return [
            [
                (entries[number].entry.bank, entries[number].entry.label, distance)
                for number, distance in sorted(best.items(), key=lambda item: (item[1], item[0]))
            ]
            for best in answers
        ]

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
        entries, found = self._candidates(kind, [signal.value for signal in query.usable])
        return self._judged(query, entries, found)

    def _varied(self, fingerprint: Fingerprint, media: int) -> list[Match]:
        """Return for each entry the best match with a media whose frames were mirrored, turned, bordered or cropped."""
        variants = usable(fingerprint.variants, "pdq", self._config)
        times = sorted({one.t for one in variants})
        place = {t: number for number, t in enumerate(times)}
        frames = tuple(Signal(type="pdq", value=b"", quality=0, t=t) for t in times)
        entries, found = self._candidates("pdq", [one.value for one in variants])
        done: defaultdict[str, defaultdict[int, list[Hit]]] = defaultdict(lambda: defaultdict(list))
        for number, hits in found.items():
            for hit in hits:
                one = variants[hit.query]
                done[one.transform][number].append(replace(hit, query=place[one.t]))
        best: dict[str, Match] = {}
        for transform, hits_of in done.items():
            still = fingerprint.kind == "image"
            query = Query(media=media, kind="pdq", usable=frames, still=still, transform=transform)
            for match in self._judged(query, entries, hits_of):
                if match.entry not in best or _closer(match, best[match.entry]):
                    best[match.entry] = match
        return list(best.values())

    def _judged(
        self, query: Query, entries: Mapping[int, KnownEntry], found: Mapping[int, Sequence[Hit]]
    ) -> list[Match]:
        """Return the matches that the hits of some entries make, in the light of the allow entries among them."""
        spoken: defaultdict[str, dict[int, int]] = defaultdict(dict)  # entry → query → distance to its allow entry
        for number, hits in found.items():
            for label in entries[number].entry.against:
                spoken[label] = nearest(hits, spoken[label])
        judged = (
            judge(query, entries[number], hits, explained(hits, spoken[entries[number].entry.label]), self._config)
            for number, hits in found.items()
        )
        return [match for match in judged if match is not None]

    def _candidates(self, kind: str, values: Sequence[bytes]) -> tuple[dict[int, KnownEntry], dict[int, list[Hit]]]:
        """Return the entries that were hit, and the hits of each within the entry's own cut."""
        if not values:
            return {}, {}
        radius = self._config.distance if kind == "pdq" else self._config.phash_distance
        hits = list(self._known.search(kind, values, radius))
        entries = dict(self._known.entries({hit.entry for hit in hits}))
        found: defaultdict[int, list[Hit]] = defaultdict(list)
        for hit in hits:
            if hit.entry in entries and hit.distance <= cut(entries[hit.entry].entry, kind, self._config):
                found[hit.entry].append(hit)
        return entries, dict(found)


def _closer(one: Match, other: Match) -> bool:
    return (one.frames, -(one.distance or 0)) > (other.frames, -(other.distance or 0))
