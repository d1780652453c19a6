"""What a query is to an entry: a copy, the same footage with something replaced, or another take of one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bot.copies.faces import DIFFERS, Faces, Place, compare, covered
from bot.copies.measure import Numbers, largest, measure, timed
from bot.copies.points import Bools, height, width
from bot.copies.still import compared as parts_of
from bot.copies.still import visible
from bot.copies.timeline import CLOSE, EntryFeatures, QueryFeatures, Seen
from bot.model import FaceRegion

MIN_STILL_INLIERS, MIN_MOVING = 24, 12  # places that agree in the best pair; by chance up to some fifteen
MIN_TOGETHER = 60  # places that agree in the compared pairs together, where the best pair has few
# with a word that stands once in the query's picture, or in both: letters and stripes agree with all
MIN_UNLIKE, MIN_MOVING_UNLIKE, ENOUGH_UNLIKE, SHARE_UNLIKE = 20, 8, 40, 0.6
SURE_RATE = 0.7  # of one picture: share of the corners in view that no chance explains
FEW_INLIERS, FEW = 11, ((0.9, 8), (0.7, 10))  # of one picture: share of the corners in view, with a word of their own
MIN_IN_FRAME = 8  # corners for a pair of frames to count
MIN_FRAMES = 3
MIN_SECONDS = 1.0
OTHER_CAST, OTHER_APART = 0.6, 0.3  # of what stands: where what moves is found less, clear or not, it is another take
# What moves must be found where it is, at its own time: (how many times as often as at other times, how often beside
# what stands), where the picture has about its own size, is smaller, or larger. 261 of 264 copies of clips have these,
# no other take of 234 that looks alike, and nobody who goes on talking in one place.
OWN_TIME = ((15.0, 0.27), (7.0, 0.33), (3.0, 0.55))
OWN_TIME_SMALL, OWN_TIME_LARGE = ((15.0, 0.27), (7.0, 0.33)), ((15.0, 0.27), (9.0, 0.5), (6.0, 0.75))
MIN_OTHER = 0.005  # by chance
UNSTEADY = 7.0  # how much more parts may vary over time than chance makes them, and more where frames are apart
SURE = 20.0  # corners that should have been found again in a region before it is said to differ
MOSTLY_OTHER, OTHER_STILL, OTHER_MOMENT = 0.45, 0.45, 0.03  # share of the parts that do not agree
OTHER_WITHIN = 0.3  # share of a still's parts that lie together and do not agree
MIN_RATE, MIN_STILL = 0.08, 0.15  # of corners found again
MIN_GOOD = 0.4  # share of the parts in view that agree
MIN_COVERAGE = 0.4  # of query or entry: two cuts of one long take have a moment in common
OVERLAY = 0.06  # share of what stands still in them that makes them a mark
GROUP = 4  # small parts side by side
FACE_BITS = 256.0
COVERED = 0.12  # share of what stands still in the faces: captions have 0.26 and more, swaps 0.02 and less
EVEN_RATE = 0.3  # of corners found again, from which on a face that agrees is taken for the whole picture's word
SMALL, LARGE = 0.75, 1.6  # size of the entry in the query

Kind = Literal["copy", "source", "place"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a query is to an entry: a copy, the same footage with a region replaced, or another take of one place."""

    kind: Kind
    face_region: FaceRegion
    transform: str  # in words: mirrored, turned by 90°, at 60 % of the size; or none
    inliers: int  # corners that agree in the best pair of frames
    frames: int  # query frames that match
    of: int  # query frames looked at
    entry_frames: int
    coverage_query: float
    coverage_entry: float
    query_ranges: tuple[tuple[float, float], ...]
    entry_ranges: tuple[tuple[float, float], ...]
    face_distance: float | None  # of faces of one moment, 0-1, about 0.5: unrelated; None where none was compared
    faces: tuple[Place, ...]  # of source evidence: where the query shows the other face, in 1/256 of its longer side
    region: float  # share of the compared picture that does not agree, 0-1
    region_found: float  # share of the corners there that are found again; where all agree about `rate`
    rate: float  # share of corners found again elsewhere
    affine: tuple[tuple[float, float, float], ...]  # 2 x 3: from the entry's unit square to the query's, y down
    hidden: float = 0.0  # share of a still's picture in whose place the query shows nothing, where that matters
    covered: float = 0.0  # share of a still's picture in whose place the query shows something else, where that matters
    other_page: bool = False  # of stills: what agrees is laid out as a page is, and a part of the rest differs


def decide(asked: QueryFeatures, held: EntryFeatures, seen: Seen) -> Finding | None:
    """Return what was seen, or None if it is nothing."""
    numbers = measure(asked, held, seen)
    matching = _matching(seen, numbers)
    if not matching or not _enough(numbers, moving=held.moving and len(asked) > 1):
        return None
    kind, face = _kind(asked, held, seen, numbers, matching)
    faces = compare(asked, held, seen, numbers.rate)
    kind, face = _with_faces(asked, held, seen, numbers, (kind, face), faces)
    parts = parts_of(asked, held, seen, numbers.rate) if len(held.times) == len(asked) == 1 else None
    hidden = covered = 0.0
    if parts is not None and kind == "place":
        if _but_for(asked, held, seen, parts.hidden, matching):
            hidden = parts.share
        elif parts.covered and _but_for(asked, held, seen, parts.lost, matching):
            covered = parts.gone
        if hidden or covered:
            kind, face = "copy", "unknown"
    queries, entries = _ranges(asked.times, held.times, matching)
    query_share = _coverage(asked.times, queries, _gap(asked.times))
    entry_share = _coverage(held.times, entries, max(_gap(held.times), seen.speed * _gap(asked.times)))
    if held.moving and len(asked) > 1 and max(query_share, entry_share) < MIN_COVERAGE:
        kind, face = "place", "unknown"
    return Finding(
        kind=kind,
        face_region=face,
        transform=_words(seen),
        inliers=numbers.inliers,
        frames=len({query for query, _ in matching}),
        of=len(asked),
        entry_frames=len(held.times),
        coverage_query=query_share,
        coverage_entry=entry_share,
        query_ranges=_rounded(queries),
        entry_ranges=_rounded(entries),
        face_distance=None if faces is None else round(faces.distance / FACE_BITS, 3),
        faces=tuple(place for _, _, place in faces.seen) if faces and kind == "source" else (),
        region=round(float(numbers.bad.sum() / max(1, numbers.bad.sum() + numbers.good.sum())), 3),
        region_found=round(numbers.bad_rate, 3),
        rate=round(numbers.rate, 3),
        affine=_affine(asked, held, seen),
        hidden=round(hidden, 3),
        covered=round(covered, 3),
        other_page=parts is not None and parts.other_page,
    )


def _affine(asked: QueryFeatures, held: EntryFeatures, seen: Seen) -> tuple[tuple[float, float, float], ...]:
    """Return where an entry's picture lies in the query's, both as unit squares; mirrored if it was found mirrored."""
    ours = np.array([width(held.aspect), height(held.aspect)])
    theirs = np.array([width(asked.aspect), height(asked.aspect)])
    matrix = np.column_stack([seen.transform.matrix * ours / theirs[:, None], seen.transform.shift / theirs])
    if seen.mirrored:
        matrix[0] = [-matrix[0, 0], -matrix[0, 1], 1 - matrix[0, 2]]
    return tuple((float(a), float(b), float(c)) for a, b, c in matrix)


def _enough(numbers: Numbers, *, moving: bool) -> bool:
    """Return whether so many corners agree that chance is out of the question."""
    least = MIN_MOVING if moving else MIN_STILL_INLIERS
    # of a chance match of pictures little is found, and that looks alike among itself
    unlike = numbers.unlike if moving or numbers.rate >= SURE_RATE else numbers.single
    if moving and numbers.inliers < MIN_STILL_INLIERS and numbers.together < MIN_TOGETHER:
        return False
    # of a much enlarged part few corners are known, but nearly all of them are there
    share = SHARE_UNLIKE * numbers.inliers
    few = any(numbers.rate >= rate and numbers.single >= max(own, share) for rate, own in FEW)
    if not moving and few and numbers.inliers >= FEW_INLIERS:
        return True
    wanted = max(MIN_MOVING_UNLIKE if moving else MIN_UNLIKE, share)
    return numbers.inliers >= least and unlike >= min(ENOUGH_UNLIKE, wanted)


def _kind(
    asked: QueryFeatures, held: EntryFeatures, seen: Seen, numbers: Numbers, matching: Sequence[tuple[int, int]]
) -> tuple[Kind, FaceRegion]:
    apart = int(numbers.bad.sum())
    compared = apart + int(numbers.good.sum())
    moving = held.moving and len(asked) > 1
    clear = numbers.off <= CLOSE / 2 and seen.transform.scale >= SMALL
    if _other_take(asked, held, seen, numbers, clear=clear):
        return "place", "unknown"
    if moving and (not _runs(asked, held, matching) or numbers.spread > UNSTEADY + 60 * numbers.off):
        return "place", "unknown"
    # one frame of a take tells nothing of what moves, so nothing may differ that could
    most = MOSTLY_OTHER if moving else OTHER_STILL if len(held.times) == len(asked) == 1 else OTHER_MOMENT
    if apart > most * compared or numbers.rate < (MIN_RATE if moving else MIN_STILL):
        return "place", "unknown"
    if numbers.good.sum() < MIN_GOOD * numbers.shown:
        return "place", "unknown"
    if len(held.times) == len(asked) == 1 and largest(numbers.bad) > OTHER_WITHIN * compared:
        return "place", "unknown"  # pages of one site: what frames the pictures agrees, and the picture does not
    if apart == 0 and largest(numbers.small) < GROUP:
        return "copy", "agrees" if _whole(seen, numbers) else "unknown"
    replaced = apart >= 2 or largest(numbers.small) >= GROUP
    replaced = replaced and numbers.missed >= SURE and 0 <= numbers.static < OVERLAY
    if moving and replaced and (clear or apart > 0.15 * compared):
        return "source", "differs"
    return "copy", "unknown"


def _but_for(
    asked: QueryFeatures, held: EntryFeatures, seen: Seen, without: Bools, matching: Sequence[tuple[int, int]]
) -> bool:
    """Return whether a still is a copy but for some of the entry's corners in view, bool (n,)."""
    if not without.any() or without.all():
        return False
    rest = visible(seen, without)
    numbers = measure(asked, held, rest)
    return _enough(numbers, moving=False) and _kind(asked, held, rest, numbers, matching)[0] == "copy"


def _other_take(asked: QueryFeatures, held: EntryFeatures, seen: Seen, numbers: Numbers, *, clear: bool) -> bool:
    """Return whether what moves is another thing, or the same one at another time."""
    still, passing = numbers.still, numbers.passing
    if still[0] < 60 or passing[0] < 15:
        return False
    when = timed(asked, held, seen)
    if when is None:
        return passing[1] < (OTHER_CAST if clear else OTHER_APART) * still[1]
    own, other = when
    scale = seen.transform.scale
    for times, least in OWN_TIME_SMALL if scale < SMALL else OWN_TIME_LARGE if scale > LARGE else OWN_TIME:
        if own >= times * max(other, MIN_OTHER):
            return own < least * still[1]
    return True


def _with_faces(
    asked: QueryFeatures,
    held: EntryFeatures,
    seen: Seen,
    numbers: Numbers,
    told: tuple[Kind, FaceRegion],
    faces: Faces | None,
) -> tuple[Kind, FaceRegion]:
    """Return what a finding is in the light of the faces themselves; what was told without them is its start."""
    kind, region = told
    if kind == "place":
        return told
    if faces is None:
        return _without_faces(asked, held, told)
    if faces.region == "differs":
        return ("copy", "unknown") if covered(asked, held, seen, faces) >= COVERED else ("source", "differs")
    if faces.region == "unknown":
        return ("source" if kind == "source" and faces.near >= DIFFERS else "copy"), "unknown"
    if kind == "source":  # something else than the face was replaced
        return "copy", "unknown"
    # one part at the edge with a few corners may be missing by chance
    even = numbers.bad.sum() <= 1 and numbers.missed < SURE / 2 and largest(numbers.small) < GROUP
    return kind, "agrees" if even and numbers.rate >= EVEN_RATE else region


def _without_faces(asked: QueryFeatures, held: EntryFeatures, told: tuple[Kind, FaceRegion]) -> tuple[Kind, FaceRegion]:
    """Return what a finding is where no face was seen at one moment in both."""
    kind, _ = told
    if held.faces.any():  # a face that is known to be there and was not seen again may be another one
        return kind, "unknown"
    if kind == "source" and len(held.faces) and len(asked.faces) and not asked.faces.any():
        return "copy", "unknown"  # looked for on both sides: what was replaced is no face, a mark maybe
    return told


def _runs(asked: QueryFeatures, held: EntryFeatures, matching: Sequence[tuple[int, int]]) -> bool:
    """Return whether time goes on in both while they match: one frame in common is not a take in common."""
    queries, entries = sorted({query for query, _ in matching}), sorted({entry for _, entry in matching})
    if len(queries) < min(MIN_FRAMES, len(asked)) or len(entries) < min(MIN_FRAMES, len(held.times)):
        return False
    ours = asked.times[queries[-1]] - asked.times[queries[0]]
    theirs = held.times[entries[-1]] - held.times[entries[0]]
    least = min(MIN_SECONDS, 0.5 * (asked.times[-1] - asked.times[0]), 0.5 * (held.times[-1] - held.times[0]))
    return bool(min(ours, theirs) >= least)


def _whole(seen: Seen, numbers: Numbers) -> bool:
    """Return whether so much of the picture agrees, at so fine a grain, that no face can have been replaced."""
    compared = numbers.good.size
    return bool(
        numbers.good.sum() >= 0.75 * compared
        and numbers.rate >= 0.5
        and seen.transform.scale >= 0.5
        and not numbers.small.any()
    )


def _matching(seen: Seen, numbers: Numbers) -> list[tuple[int, int]]:
    """Return the pairs of frames that agree by themselves."""
    return [
        (query, entry)
        for (query, entry, _), (which, exact, _) in zip(seen.pairs, seen.rows, strict=True)
        if exact.sum() >= max(MIN_IN_FRAME, 0.25 * numbers.rate * len(which))
    ]


def _words(seen: Seen) -> str:
    parts = ["mirrored"] if seen.mirrored else []
    degrees = round(float(np.rad2deg(seen.transform.angle)))
    if abs(degrees) >= 2:
        parts.append(f"turned by {abs(degrees)}°")
    percent = round(100 * seen.transform.scale)
    if not 95 <= percent <= 105:
        parts.append(f"at {percent} % of the size")
    return ", ".join(parts) or "none"


def _ranges(
    asked: NDArray[np.float64], held: NDArray[np.float64], matching: Sequence[tuple[int, int]]
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return the stretches of time in query and entry over which frames match; one query frame in between may not."""
    queries: list[tuple[float, float]] = []
    entries: list[tuple[float, float]] = []
    last = -9
    for query, entry in sorted(matching):
        t, at = float(asked[query]), float(held[entry])
        if query - last <= 2:
            queries[-1] = (queries[-1][0], t)
            entries[-1] = (min(entries[-1][0], at), max(entries[-1][1], at))
        else:
            queries.append((t, t))
            entries.append((at, at))
        last = query
    return queries, entries


def _coverage(times: NDArray[np.float64], ranges: Sequence[tuple[float, float]], gap: float) -> float:
    """Return the share of the time that the ranges cover; a frame stands for `gap` seconds."""
    if len(times) < 2:
        return 1.0 if ranges else 0.0
    total = float(times[-1] - times[0]) + gap
    return round(min(1.0, sum(end - begin + gap for begin, end in ranges) / total), 4)


def _gap(times: NDArray[np.float64]) -> float:
    return float(np.median(np.diff(times))) if len(times) > 1 else 0.0


def _rounded(ranges: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    return tuple((round(begin, 3), round(end, 3)) for begin, end in ranges)
