"""Altered copies: what local features add to, and take from, the matches of whole frames.

A whole frame agrees with the footage that a fake was made from, and with other takes of the same place, nearly as well
as with a copy. So where an entry has local features, every near match is looked at again: a copy is told of its face
region, the same footage with another face becomes source evidence, and another take of the place is no match at all.
Only what whole frames do not explain is searched for by local features.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bot.config import BanksConfig
from bot.copies import Finding, LocalFeatureIndex, doubt, why
from bot.copies.points import SPAN
from bot.match.library import explained
from bot.model import Entry, Fingerprint, Match, MotionMatch, MotionStretch, SourceKind, SourceMatch
from bot.motion import MIRRORED, UPRIGHT, Motion, Take, judge
from bot.pipeline.scanning.allowed_copies import AllowedCopies
from bot.plural import odds
from bot.store import Store

A_MOMENT = 0.2  # coverage of either side below which frames that local features do not confirm are no copy
MOSTLY = 0.8  # coverage of a media by whole frames, from which on a person looks whatever corners say
UNSURE = "what moves could not be compared, so it may be another moment"
OFF_TIME = "its parts and faces could not be compared moment by moment"
MORE = 0.3  # coverage that corners show beyond whole frames, from which on they are what is told
BESIDE = 0.5  # seconds of motion beside the frames that match
SAME_FRAME = 16  # bits: a still this near to a frame is that frame, whatever moved a moment later

MAX_BOXES = 40  # of faces in source evidence

TURNED = {"none": UPRIGHT, "mirrored": MIRRORED}  # what whole frames say was done, where that says all of it
LOCAL: dict[str, Any] = {"method": "local", "signal": "local"}
DETAIL = 100 * 12  # bytes of a hundred corners


class Copied:
    """The features of all active entries, read as the banks change."""

    def __init__(self, banks: BanksConfig, store: Store) -> None:
        self._banks = banks
        self._store = store
        self._seen = 0
        self._shelf = LocalFeatureIndex(store.sketches.of)
        self._allowed = AllowedCopies(store, self._shelf)

    def refresh(self) -> None:
        """Take in what changed in the banks, here or in another process."""
        latest = self._store.known.latest()
        if latest == self._seen:
            return
        changed = self._store.known.changed(self._seen)
        held = self._store.sketches.among(changed)
        for entry in set(changed) - set(held):
            self._shelf.drop(entry)
        self._shelf.put(held)
        self._seen = latest

    def review(
        self, fingerprint: Fingerprint, media: int, matches: Sequence[Match]
    ) -> tuple[tuple[Match, ...], tuple[SourceMatch, ...]]:
        """Return the matches of one media in the light of local features, and its source evidence."""
        if not fingerprint.sketches or any(match.exact and explained(match) for match in matches):
            return tuple(matches), ()
        if not len(self._shelf):
            return tuple(match for match in matches if match.method != "phash" or _detailed(fingerprint)), ()
        asked = Motion(fingerprint.motion.changes) if fingerprint.motion else None
        kept: list[Match] = []
        sources: list[SourceMatch] = []
        done: set[int] = set()
        for match in matches:
            number = self._store.sketches.number(match.entry)
            if number is not None:
                done.add(number)
            if match.exact:
                kept.append(match)
                continue
            if number is None or not self._shelf.knows(number):
                if match.method != "phash" or _detailed(fingerprint):
                    kept.append(match)
                continue
            finding = self._shelf.compare(fingerprint.sketches, number, match.query_ranges)
            if finding is None and match.method == "phash":
                continue  # it takes plain shapes for one another; nothing else speaks for it
            take = self._take(asked, number, match, finding)
            if take.kind != "still":
                found = _by_motion(media, match, finding, take, fingerprint)
                (kept if isinstance(found, Match) else sources).append(found)  # type: ignore[arg-type]  # by its type
                continue
            if finding is None and max(match.coverage_query, match.coverage_entry) < A_MOMENT:
                sources.append(_moment(media, match))
            elif finding is None:
                kept.append(match)
            elif finding.kind == "place" and _one_moment(match, finding):
                kept.append(_doubted(match, finding))
            elif finding.kind == "copy":
                kept.append(_doubted(_told(match, finding), finding))
            elif finding.kind == "place" and match.method == "pdq" and match.coverage_query >= MOSTLY:
                # too short to tell by what moves: corners on it may just not have survived
                kept.append(replace(match, unsure=True, why=f"{match.why}; {UNSURE}"))
            else:
                sources.append(_source(media, match.bank, match.entry, finding, fingerprint))
        if not any(explained(match) for match in kept):
            for found in self._others(fingerprint, asked, media, done):
                (kept if isinstance(found, Match) else sources).append(found)  # type: ignore[arg-type]  # by its type
        return self._allowed.weigh(
            fingerprint, kept, sources, lambda number, finding: self._take(asked, number, None, finding)
        )

    def _take(self, asked: Motion | None, number: int, match: Match | None, finding: Finding | None) -> Take:
        """Return what motion says of an entry that frames or corners found in a media."""
        kept = self._store.sketches.motion(number) if asked is not None else None
        if asked is None or kept is None:
            return Take("still")
        ways = [np.array(finding.affine)] if finding is not None else []
        if match is not None and match.transform in TURNED:  # of a few corners a transform may be far off
            ways.append(TURNED[match.transform])
        spans = (match.query_ranges if match is not None else ()) or (
            finding.query_ranges if finding is not None else ()
        )
        within = (min(a for a, _ in spans) - BESIDE, max(b for _, b in spans) + BESIDE) if spans else None
        take = judge(Motion(kept.changes), asked, ways, sure=bool(ways), within=within)
        # what an entry has from a copy, by whoever posted it, speaks for a match and never against one
        return Take("still") if kept.borrowed and (take.kind != "same" or take.replaced) else take

    def _others(
        self, fingerprint: Fingerprint, asked: Motion | None, media: int, done: set[int]
    ) -> Iterable[Match | SourceMatch]:
        findings = dict(self._shelf.find(fingerprint.sketches, but=done))
        read = self._store.known.entries(findings, self._banks.trusted)
        for number, entry, _ in read:
            finding = findings[number]
            take = self._take(asked, number, None, finding)
            if take.kind != "still":
                yield _by_motion(media, _match(media, entry, finding), finding, take, fingerprint)
            elif finding.kind == "copy":
                yield _doubted(_match(media, entry, finding), finding)
            else:
                yield _source(media, entry.bank, entry.label, finding, fingerprint)


def _doubted(match: Match, finding: Finding) -> Match:
    """Return a match, for a person to look at where corners leave a doubt."""
    reason = doubt(finding)
    return replace(match, unsure=True, why=f"{match.why}; {reason}") if reason else match


def _detailed(fingerprint: Fingerprint) -> bool:
    """Return whether a media has corners enough for pHash to tell it from plain shapes."""
    return any(len(sketch.points) >= DETAIL for sketch in fingerprint.sketches)


def _one_moment(match: Match, finding: Finding) -> bool:
    """Return whether the whole frame tells more than what moves can: a still against a still, or against its frame."""
    if finding.of > 1:
        return False
    return finding.entry_frames == 1 or (match.distance is not None and match.distance <= SAME_FRAME)


def _by_motion(
    media: int, match: Match, finding: Finding | None, take: Take, shown: Fingerprint
) -> Match | SourceMatch:
    """Return what was found by frames or corners as what motion says that it is."""
    copied = finding is not None and finding.kind == "copy"
    told = _told(match, finding) if finding is not None and copied else match
    if take.kind == "unsure" and (match.method != "local" or copied):
        return replace(told, unsure=True, why=f"{told.why}; {_motion(take)}")
    if take.kind != "same":
        seen = _seen(media, match.bank, match.entry, finding or match)
        return replace(seen, kind="same_place", method=match.method, why=f"{match.why}; {_motion(take)}")
    if finding is not None and finding.kind == "source":
        if take.uneven or len(take.stretches) > 1:  # corners and faces were compared at one speed: not at their moments
            doubted = replace(match, unsure=True, why=f"{match.why}; {_motion(take)}; {OFF_TIME}")
            return replace(doubted, motion=_aligned(take))
        return replace(_source(media, match.bank, match.entry, finding, shown), motion=_aligned(take))
    if take.replaced and (finding is None or finding.face_region != "agrees"):
        seen = _seen(media, match.bank, match.entry, finding or match)
        told_so = f"{match.why}; {_motion(take)}"
        return replace(seen, kind="part_differs", method=match.method, why=told_so, motion=_aligned(take))
    if match.method == "local" and finding is not None and finding.kind == "place":
        told = replace(told, why=why(replace(finding, kind="copy")))  # what moves was looked at more closely than that
    if told.method == "local" or (finding is not None and finding.kind == "place"):
        told = replace(told, **_times(take, shown))
    return replace(told, why=f"{told.why}; {_motion(take)}", motion=_aligned(take))


def _times(take: Take, shown: Fingerprint) -> dict[str, Any]:
    """Return when a match is seen, by the stretches of motion that agree."""
    query = sorted(one.query for one in take.stretches)
    entry = sorted(one.entry for one in take.stretches)
    length = shown.duration or query[-1][1]
    return {
        "query_ranges": tuple((round(a, 2), round(b, 2)) for a, b in query),
        "entry_ranges": tuple((round(a, 2), round(b, 2)) for a, b in entry),
        "coverage_query": round(min(1.0, sum(b - a for a, b in query) / max(length, 1e-3)), 3),
    }


def _aligned(take: Take) -> MotionMatch:
    """Return which stretches of a media are which of an entry, for a take that is the same."""
    best = take.stretches[0]
    return MotionMatch(
        score=round(min(1.0, best.score), 3),
        seconds=round(best.seconds, 2),
        speed=round(1 / abs(best.speed), 3),
        reversed=best.speed < 0,
        uneven=take.uneven,
        stretches=tuple(
            MotionStretch(
                query=(round(one.query[0], 2), round(one.query[1], 2)),
                entry=(round(one.entry[0], 2), round(one.entry[1], 2)),
                speed=round(1 / abs(one.speed), 3),
                reversed=one.speed < 0,
            )
            for one in sorted(take.stretches, key=lambda one: one.query)
        ),
    )


def _motion(take: Take) -> str:
    """Return in words what motion says."""
    best = take.stretches[0] if take.stretches else None
    if best is None:
        if take.faint:
            return "hardly more than noise moves in it, so it may be another moment"
        if take.kind == "other":
            return "it moves otherwise: another take or another moment"
        return "its motion agrees only if its order or pace is changed: maybe another moment"
    over = f"over {best.seconds:.1f} s"
    if take.kind != "same":
        word = "another take or another moment" if take.kind == "other" else "maybe another moment"
        return f"its motion agrees by {odds(best.score)} only {over}: {word}"
    more = [] if abs(abs(best.speed) - 1) < 0.05 else [f"at {1 / abs(best.speed):.2g} times the speed"]
    more = ["at an uneven pace"] if take.uneven else more
    ways = {one.speed > 0 for one in take.stretches}
    more += ["forward and backward"] if len(ways) == 2 else [] if True in ways else ["backward"]
    more += ["a part moves otherwise"] if take.replaced else []
    return ", ".join([f"it moves as the entry does ({odds(best.score)} {over})", *more])


def _told(match: Match, finding: Finding) -> Match:
    """Return a match of whole frames with what local features add to it; or theirs, where they tell more.

    pHash is the weakest of all: a match by it says nothing once corners agree. PDQ of a few frames says less than
    corners of all of them.
    """
    seen = max(match.coverage_query, match.coverage_entry)
    if match.method == "phash" or max(finding.coverage_query, finding.coverage_entry) > seen + MORE:
        told = replace(match, distance=None, threshold=None, face_region=finding.face_region, why=why(finding))
        return replace(told, **LOCAL, **_where(finding))
    return replace(match, face_region=finding.face_region, inliers=finding.inliers, transform=finding.transform)


def _match(media: int, entry: Entry, finding: Finding) -> Match:
    return Match(
        media=media,
        bank=entry.bank,
        bank_kind=entry.bank_kind,
        entry=entry.label,
        confirmed=entry.confirmed,
        one_person=entry.one_person,
        face_region=finding.face_region,
        why=why(finding),
        **LOCAL,
        **_where(finding),
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
    return SourceMatch(media=media, bank=bank, entry=entry, **_where(seen))


def _where(seen: Finding | Match) -> dict[str, Any]:
    """Return what matches and source evidence say alike: how much is seen, how changed, where and when."""
    return {
        "transform": seen.transform,
        "inliers": seen.inliers,
        "frames": seen.frames,
        "coverage_query": seen.coverage_query,
        "coverage_entry": seen.coverage_entry,
        "query_ranges": seen.query_ranges,
        "entry_ranges": seen.entry_ranges,
    }
