"""Altered copies: what local features add to, and take from, the matches of whole frames.

A whole frame agrees with the footage that a fake was made from, and with other takes of the same place, nearly as well
as with a copy. So where an entry has local features, every near match is looked at again: a copy is told of its face
region, the same footage with another face becomes source evidence, and another take of the place is no match at all.
Only what whole frames do not explain is searched for by local features.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.copies import Finding, LocalFeatureIndex, why
from bot.copies.points import SPAN
from bot.match.library import EXPLAINED
from bot.model import Entry, Fingerprint, Match, SourceKind, SourceMatch
from bot.pipeline.core import Deps

A_MOMENT = 0.2  # coverage of either side below which frames that local features do not confirm are no copy
SAME_FRAME = 16  # bits: a still this near to a frame is that frame, whatever moved a moment later

MAX_BOXES = 40  # of faces in source evidence

DETAIL = 100 * 12  # bytes of a hundred corners


class Copied:
    """The features of all active entries, read as the banks change."""

    def __init__(self, deps: Deps) -> None:
        self._d = deps
        self._seen = 0
        self._shelf = LocalFeatureIndex(deps.store.sketches.of)

    def refresh(self) -> None:
        """Take in what changed in the banks, here or in another process."""
        latest = self._d.store.known.latest()
        if latest == self._seen:
            return
        changed = self._d.store.known.changed(self._seen)
        held = self._d.store.sketches.among(changed)
        for entry in set(changed) - set(held):
            self._shelf.drop(entry)
        self._shelf.put(held)
        self._seen = latest

    def review(
        self, fingerprint: Fingerprint, media: int, matches: Sequence[Match]
    ) -> tuple[tuple[Match, ...], tuple[SourceMatch, ...]]:
        """Return the matches of one media in the light of local features, and its source evidence."""
        if not fingerprint.sketches or not len(self._shelf) or any(match.exact for match in matches):
            return tuple(matches), ()
        kept: list[Match] = []
        sources: list[SourceMatch] = []
        done: set[int] = set()
        for match in matches:
            number = self._d.store.sketches.number(match.entry)
            if number is None or not self._shelf.knows(number):
                if match.method != "phash" or _detailed(fingerprint):
                    kept.append(match)
                continue
            done.add(number)
            finding = self._shelf.compare(fingerprint.sketches, number, match.query_ranges)
            if finding is None and match.method == "phash":
                continue  # it takes plain shapes for one another; nothing else speaks for it
            if finding is None and max(match.coverage_query, match.coverage_entry) < A_MOMENT:
                sources.append(_moment(media, match))
            elif finding is None or (finding.kind == "place" and _one_moment(match, finding)):
                kept.append(match)
            elif finding.kind == "copy":
                kept.append(_told(match, finding))
            else:
                sources.append(_source(media, match.bank, match.entry, finding, fingerprint))
        if not any(match.coverage_query >= EXPLAINED for match in kept):
            for found in self._others(fingerprint, media, done):
                (kept if isinstance(found, Match) else sources).append(found)  # type: ignore[arg-type]  # by its type
        return tuple(self._allowed(kept)), tuple(sources)

    def _allowed(self, matches: Sequence[Match]) -> Iterable[Match]:
        """Yield the matches; one by local features is suppressed where an entry allowed against it explains it all."""
        spans: dict[str, list[tuple[float, float]]] = {}
        for allow in (match for match in matches if match.bank_kind == "allow"):
            number = self._d.store.sketches.number(allow.entry)
            for _, entry, _ in self._d.store.known.entries([number] if number else [], ()):
                for label in entry.against:
                    spans.setdefault(label, []).extend(allow.query_ranges)
        for match in matches:
            known = spans.get(match.entry, ())
            inside = all(any(a <= begin and end <= b for a, b in known) for begin, end in match.query_ranges)
            if match.method == "local" and known and inside:
                yield replace(match, suppressed=True, why=f"{match.why}, an allow-listed picture explains all of them")
            else:
                yield match

    def _others(self, fingerprint: Fingerprint, media: int, done: set[int]) -> Iterable[Match | SourceMatch]:
        findings = {number: finding for number, finding in self._shelf.find(fingerprint.sketches) if number not in done}
        read = self._d.store.known.entries(findings, self._d.config.banks.trusted)
        for number, entry, _ in read:
            finding = findings[number]
            if finding.kind == "copy":
                yield _match(media, entry, finding)
            else:
                yield _source(media, entry.bank, entry.label, finding, fingerprint)


def _detailed(fingerprint: Fingerprint) -> bool:
    """Return whether a media has corners enough for pHash to tell it from plain shapes."""
    return any(len(sketch.points) >= DETAIL for sketch in fingerprint.sketches)


def _one_moment(match: Match, finding: Finding) -> bool:
    """Return whether the whole frame tells more than what moves can: a still against a still, or against its frame."""
    if finding.of > 1:
        return False
    return finding.entry_frames == 1 or (match.distance is not None and match.distance <= SAME_FRAME)


def _told(match: Match, finding: Finding) -> Match:
    """Return a match of whole frames with what local features add to it."""
    return replace(match, face_region=finding.face_region, inliers=finding.inliers, transform=finding.transform)


def _match(media: int, entry: Entry, finding: Finding) -> Match:
    return Match(
        media=media,
        bank=entry.bank,
        bank_kind=entry.bank_kind,
        entry=entry.label,
        confirmed=entry.confirmed,
        one_person=entry.one_person,
        method="local",
        signal="local",
        transform=finding.transform,
        inliers=finding.inliers,
        frames=finding.frames,
        coverage_query=finding.coverage_query,
        coverage_entry=finding.coverage_entry,
        query_ranges=finding.query_ranges,
        entry_ranges=finding.entry_ranges,
        face_region=finding.face_region,
        why=why(finding),
    )


def _moment(media: int, match: Match) -> SourceMatch:
    """Return a few frames in common as evidence of the place: two cuts of one long take have such."""
    return replace(
        _seen(media, match.bank, match.entry, match),
        kind="same_place",
        method=match.method,
        why=f"{match.why}: a moment in common, too little for a copy",
    )


def _source(media: int, bank: str, entry: str, finding: Finding, shown: Fingerprint) -> SourceMatch:
    kind: SourceKind = "same_place"
    if finding.kind == "source":
        kind = "face_differs" if finding.face_region == "differs" else "part_differs"
    pixels = max(shown.width, shown.height) / SPAN
    return replace(
        _seen(media, bank, entry, finding),
        kind=kind,
        face_region=finding.face_region if finding.kind == "source" else "unknown",
        face_distance=finding.face_distance,
        boxes=tuple(
            (round(t, 3), round(left * pixels), round(top * pixels), round(wide * pixels), round(high * pixels))
            for t, (left, top, wide, high) in finding.faces[:MAX_BOXES]
        ),
        method="local",
        region=finding.region,
        region_found=finding.region_found,
        rate=finding.rate,
        why=why(finding),
    )


def _seen(media: int, bank: str, entry: str, seen: Finding | Match) -> SourceMatch:
    """Return what all source evidence says: of which entry how much is seen, where and when."""
    return SourceMatch(
        media=media,
        bank=bank,
        entry=entry,
        transform=seen.transform,
        inliers=seen.inliers,
        frames=seen.frames,
        coverage_query=seen.coverage_query,
        coverage_entry=seen.coverage_entry,
        query_ranges=seen.query_ranges,
        entry_ranges=seen.entry_ranges,
    )
