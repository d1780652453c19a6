"""What allow entries say of altered copies: an innocent media stays innocent when it is cropped, mirrored or captioned.

Whole frames are explained one by one (`bot.match.judging`). What corners or motion find, and whole frames that an
alteration took out of reach, are explained a part at a time: in each part the allow entry must be a copy, and no worse
than the entry against which it speaks. What a part does not explain stays a match, so that an innocent meme in front,
or in between, hides nothing; and the genuine clip that is allowed hides no altered copy of the fake made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bot.copies import Finding, LocalFeatureIndex, doubt
from bot.model import Fingerprint, LocalFeatures, Match, SourceMatch
from bot.motion import Take
from bot.store import Store

PART, FEWEST = 2.0, 4  # seconds, and frames with corners, of which an allow entry must be a copy, each for itself
EDGE = 0.6  # seconds by which a range of whole frames may lie beside the nearest frame that has corners
AS_MANY, AS_LARGE, AS_OFTEN = 0.9, 0.02, 0.1  # by how much chance may make one of two copies look the better one
FRAMES = 0.75  # share of a part's frames that must agree; all, where nothing else is known of the others
APART = 0.1  # of the picture's sides, by which two entries at one place may seem to lie or be larger
RANK = {"differs": 0, "unknown": 1, "nothing": 1, "agrees": 2}
VERY = "this very file is allow-listed against it"
SAID = "an allow-listed picture explains all of it, however it was altered"

Span = tuple[float, float]
Found = TypeVar("Found", Match, SourceMatch)
TakeOf = Callable[[int, Finding | None], Take]


class AllowedCopies:
    """Allow entries against what is no exact file."""

    def __init__(self, store: Store, shelf: LocalFeatureIndex) -> None:
        self._store = store
        self._shelf = shelf

    def weigh(
        self, fingerprint: Fingerprint, matches: Sequence[Match], sources: Sequence[SourceMatch], take_of: TakeOf
    ) -> tuple[tuple[Match, ...], tuple[SourceMatch, ...]]:
        """Return matches and source evidence, suppressed where allow entries explain all, and shorter where a part.

        `take_of` says what motion makes of an entry and what corners found of it.
        """
        asked = [match for match in matches if not (match.exact or match.suppressed or match.bank_kind == "allow")]
        footage = [source for source in sources if source.kind != "same_place"]
        labels = [match.entry for match in asked] + [source.entry for source in footage]
        speaking = self._store.known.speaking(labels)
        if not speaking:
            return tuple(matches), tuple(sources)
        very = {self._store.sketches.number(match.entry) for match in matches if match.exact}
        settled = {label for label, allows in speaking.items() if very.intersection(allows)}

        def match(one: Match) -> Match:
            return _suppressed(one, VERY) if one.entry in settled else self._match(fingerprint, one, speaking, take_of)

        def source(one: SourceMatch) -> SourceMatch:
            return _suppressed(one, VERY) if one.entry in settled else self._source(fingerprint, one, speaking, take_of)

        return (
            tuple(match(one) if one in asked else one for one in matches),
            tuple(source(one) if one in footage else one for one in sources),
        )

    def _match(self, fingerprint: Fingerprint, match: Match, speaking: dict[str, list[int]], take_of: TakeOf) -> Match:
        left = self._left(fingerprint, match.entry, match.query_ranges, speaking, take_of)
        if left is None:
            return match
        if not left:
            return _suppressed(match, SAID)
        share = _length(left) / max(_length(match.query_ranges), 1e-3)
        return replace(
            match,
            query_ranges=left,
            coverage_query=round(match.coverage_query * min(1.0, share), 3),
            why=f"{match.why}; an allow-listed picture explains the rest of the media",
        )

    def _source(
        self, fingerprint: Fingerprint, source: SourceMatch, speaking: dict[str, list[int]], take_of: TakeOf
    ) -> SourceMatch:
        left = self._left(fingerprint, source.entry, source.query_ranges or (), speaking, take_of)
        return source if left is None or left else _suppressed(source, SAID)

    def _left(
        self,
        fingerprint: Fingerprint,
        label: str,
        spans: Sequence[Span],
        speaking: dict[str, list[int]],
        take_of: TakeOf,
    ) -> tuple[Span, ...] | None:
        """Return the parts of these stretches that no allow entry explains; None if they stay as they are."""
        parts = [part for span in spans for part in _parts(span, fingerprint.sketches)]
        if not parts:
            return None
        against = self._store.sketches.number(label)
        left = list(parts)
        for allow in speaking.get(label, ()):
            if not left or not self._shelf.knows(allow):
                continue
            whole = self._shelf.compare(fingerprint.sketches, allow)
            take = take_of(allow, whole)
            if whole is not None and (whole.kind == "source" or whole.face_region == "differs"):
                continue  # all of it together shows that a face differs, which a part may be too short for
            if take.kind == "other" or (take.kind == "same" and take.replaced):
                continue  # what moves says that it is another moment, or that a part was replaced
            left = [part for part in left if not self._explains(part[1], allow, against)]
        return None if left == parts else _joined([span for span, _ in left])

    def _explains(self, frames: Sequence[LocalFeatures], allow: int, against: int | None) -> bool:
        """Return whether these frames are a copy of an allow entry, and no better one of what it speaks against."""
        ours = self._shelf.compare(frames, allow) if frames else None
        if ours is None or ours.kind != "copy" or doubt(ours):
            return False
        every = ours.frames == ours.of
        if against is None or not self._shelf.knows(against):  # of hashes alone nothing tells the face
            return every and ours.face_region == "agrees"
        theirs = self._shelf.compare(frames, against)
        if theirs is None:
            return every
        return (every or theirs.frames <= ours.frames >= FRAMES * ours.of) and _no_worse(ours, theirs)


def _suppressed(one: Found, why: str) -> Found:
    return replace(one, suppressed=True, why=f"{one.why}, {why}")


def _no_worse(ours: Finding, theirs: Finding) -> bool:
    """Return whether one copy is as good as another finding: as many corners, no larger part that differs, the face."""
    if not _one_place(ours, theirs):
        return False  # a picture beside another explains itself only
    if theirs.kind == "source":
        return ours.face_region == "agrees"
    if theirs.kind != "copy":
        return True
    told = "unknown" not in (ours.face_region, theirs.face_region)
    return (
        RANK[ours.face_region] >= RANK[theirs.face_region]
        and ours.inliers >= (AS_MANY if told else 1.0) * theirs.inliers
        and ours.region <= theirs.region + AS_LARGE
        and ours.rate >= theirs.rate - AS_OFTEN
    )


def _one_place(ours: Finding, theirs: Finding) -> bool:
    """Return whether two entries lie at one place of a picture, whatever way up."""
    mine, other = (_middle_and_size(one) for one in (ours, theirs))
    return bool(np.abs(mine - other).max() <= APART)


def _middle_and_size(found: Finding) -> NDArray[np.float64]:
    """Return where an entry lies in the query's unit square: float64 (4,), middle x and y, width and height."""
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]], dtype=np.float64) @ np.array(found.affine).T
    low, high = corners.min(axis=0), corners.max(axis=0)
    return np.concatenate([(low + high) / 2, high - low])


def _parts(span: Span, sketches: Sequence[LocalFeatures]) -> list[tuple[Span, list[LocalFeatures]]]:
    """Return a stretch of time in parts that can be told, each with its frames; one without any has none."""
    begin, end = span
    inside = [one for one in sketches if begin - 1e-3 <= one.t <= end + 1e-3]
    if len(inside) < FEWEST:
        return [(span, [one for one in sketches if begin - EDGE <= one.t <= end + EDGE])]
    groups: list[list[LocalFeatures]] = [[]]
    for one in inside:
        held = groups[-1]
        if len(held) >= FEWEST and one.t - held[0].t >= PART:
            groups.append([])
        groups[-1].append(one)
    if len(groups) > 1 and len(groups[-1]) < FEWEST:
        last = groups.pop()
        groups[-1] += last
    starts = [begin, *(group[0].t for group in groups[1:])]
    return list(zip(zip(starts, [*starts[1:], end], strict=True), groups, strict=True))


def _joined(parts: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for begin, end in parts:
        if joined and begin - joined[-1][1] < 1e-3:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return tuple((round(begin, 2), round(end, 2)) for begin, end in joined)


def _length(spans: Iterable[Span]) -> float:
    return sum(end - begin for begin, end in spans)
