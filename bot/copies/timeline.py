"""One media against one entry: where the entry lies in it, when, and what of it is found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.copies.align import LIKELY, Lookup, Transform, estimate, pairs, refined, straight
from bot.copies.points import OFFSET, STEP, Bools, FaceRows, Floats, Ints, Points, height, joined, of_frame, width
from bot.model import LocalFeatures

APART = 0.9  # seconds between frames of which one tells what stands still in the other
SPEEDS = np.array([0.5, 0.6, 0.667, 0.75, 0.8, 0.9, 1.0, 1.1, 1.25, 1.333, 1.5, 1.75, 2.0])
SAME_TIME = 0.3  # seconds within which two frames are compared at all
ENOUGH = 6  # pairs of frames that are compared in everything, if there are so many close in time
CLOSE = 0.08  # seconds within which what moves has hardly moved
MOVING_REACH = 16.0  # units that something may move between two frames that are compared
MOVING_BITS = 10
EACH, ALONE = 300, 900  # corners of an entry's frame, one of several or alone
TOLD = 80  # corners of a frame that are asked when it was
FEW, SOME = 8, 16  # query frames that are asked about a transform, and about time
LONGER, AROUND = 2.0, 2  # times as long as the entry: of such a query only frames next to where it was found are asked
ENDS = 0.25  # of what the middle frames show; less at an end is the next clip of a compilation
ANCHORS = 60  # pairs of frames that are tried as one moment
ALIKE = 1.0  # units that two transforms may be apart anywhere to be one
STANDING = 1.6  # units that what stands still may be off
LEAST = 10  # corners found again under a transform, below which it is none
EDGE = 11.5  # units: nearer to the edge a corner of the smallest size is not described


class EntryFeatures:
    """An entry's corners, frame after frame, and its faces."""

    def __init__(self, sketches: Sequence[LocalFeatures]) -> None:
        self.faces = FaceRows(sketches)
        sketches = [sketch for sketch in sketches if sketch.points] or list(sketches[:1])
        self.aspect = sketches[0].aspect if sketches else 1.0
        self.times = np.array([sketch.t for sketch in sketches])
        most = EACH if len(sketches) > 1 else ALONE
        parts = [of_frame(sketch, mirrored=False, fine=False).take(slice(most)) for sketch in sketches]
        self.points = joined(parts)
        sizes = [len(part) for part in parts]
        self.begin = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.frame = np.repeat(np.arange(len(parts)), sizes)
        self.moving = len(parts) > 1
        self._still: Bools | None = None

    def of(self, frame: int) -> Points:
        """Return the corners of one frame."""
        return self.points.take(slice(int(self.begin[frame]), int(self.begin[frame + 1])))

    def still(self) -> Bools:
        """Return which corners stand in the same place in some other frame, about a second or more away.

        bool (n,): one a corner of `points`.
        """
        if self._still is None:
            found = np.zeros(len(self.points), dtype=bool)
            if not self.moving:
                return found
            here = straight(self.aspect, self.aspect)
            for other in spread(len(self.times), 6):
                which = np.flatnonzero((np.abs(self.times[self.frame] - self.times[other]) >= APART) & ~found)
                if len(which):
                    seen = Lookup(self.of(other)).find(self.points.take(which), here, reach=3.0)
                    found[which[seen >= 0]] = True
            self._still = found
        return self._still


class QueryFeatures:
    """A query's corners, as they are and mirrored, and its faces."""

    def __init__(self, sketches: Sequence[LocalFeatures]) -> None:
        self.faces = FaceRows(sketches)
        self.sketches = [sketch for sketch in sketches if sketch.points]
        self.aspect = self.sketches[0].aspect if self.sketches else 1.0
        self.times = np.array([sketch.t for sketch in self.sketches])
        self._points: dict[tuple[int, bool], Points] = {}
        self._lookups: dict[tuple[int, bool], Lookup] = {}

    def __len__(self) -> int:
        return len(self.sketches)

    @property
    def full(self) -> list[int]:
        """The numbers of the frames that were looked at closely; all if there are none."""
        return [i for i, sketch in enumerate(self.sketches) if sketch.fine] or list(range(len(self)))

    def points(self, frame: int, mirrored: bool) -> Points:
        """Return the corners of a frame."""
        key = frame, mirrored
        if key not in self._points:
            self._points[key] = of_frame(self.sketches[frame], mirrored=mirrored)
        return self._points[key]

    def lookup(self, frame: int, mirrored: bool) -> Lookup:
        """Return the corners of a frame by place."""
        key = frame, mirrored
        if key not in self._lookups:
            self._lookups[key] = Lookup(self.points(frame, mirrored))
        return self._lookups[key]

    def standing(self, corners: Points, far: Sequence[int], mirrored: bool, bits: int = LIKELY) -> int:
        """Return how many corners of a frame stand in the same place in the first and the last of some others.

        `bits` is how different they may look there.
        """
        here = straight(self.aspect, self.aspect)
        one, two = (
            self.lookup(frame, mirrored).find(corners, here, reach=STANDING, bits=bits) >= 0
            for frame in (far[0], far[-1])
        )
        return int((one & two).sum())


@dataclass(slots=True)
class Seen:
    """What was found of an entry in a query."""

    transform: Transform
    mirrored: bool
    pairs: list[tuple[int, int, float]]  # (query frame, entry frame, seconds between them), in time
    speed: float
    offset: float  # entry time = speed x query time + offset
    close: list[int]  # the pairs whose frames are closest in time
    rows: list[tuple[Ints, Bools, Bools]] = field(default_factory=list)
    """For each pair: which of the entry's corners are in view, which are found; of the closest, which moved."""


def begun(
    asked: QueryFeatures, held: EntryFeatures, hints: Sequence[tuple[int, int]], mirrored: bool
) -> list[tuple[int, Transform]]:
    """Return how an entry may lie in a query, each with how many corners it explains in one pair of frames.

    A hint is a frame of the query and one of the entry that look alike. From there the search goes to the entry's
    frames before and after for as long as that explains more.
    """
    return [found for hint in hints if (found := _climbed(asked, held, *hint, mirrored)) is not None]


def _climbed(
    asked: QueryFeatures, held: EntryFeatures, query: int, entry: int, mirrored: bool
) -> tuple[int, Transform] | None:
    tried = {entry: _tried(asked, held, query, entry, mirrored)}
    at = entry
    while (found := tried[at]) is not None:
        for frame in (at - 1, at + 1):
            if 0 <= frame < len(held.times) and frame not in tried:
                tried[frame] = _tried(asked, held, query, frame, mirrored)
        better = max((frame for frame in tried if tried[frame]), key=lambda frame: (tried[frame] or (0,))[0])
        if better == at:
            return found
        at = better
    return None


def _tried(
    asked: QueryFeatures, held: EntryFeatures, query: int, entry: int, mirrored: bool
) -> tuple[int, Transform] | None:
    """Return how many corners a transform between two frames explains, and the transform; None if there is none."""
    ours, theirs = held.of(entry), asked.points(query, mirrored)
    lookup = asked.lookup(query, mirrored)
    one, two = pairs(ours, theirs)
    found = estimate(ours.take(one), theirs.take(two))
    tries = [straight(held.aspect, asked.aspect), *([found[0]] if found else [])]
    scores = [int((lookup.find(ours, transform) >= 0).sum()) for transform in tries]
    best = int(np.argmax(scores))
    return (scores[best], tries[best]) if scores[best] >= LEAST else None


def look(
    asked: QueryFeatures, held: EntryFeatures, starts: Sequence[Transform], mirrored: bool, alike: Sequence[int] = ()
) -> Seen | None:
    """Return what of the entry is found again in the query under the best of some transforms, and when.

    `alike` are query frames in which it was found; of a long query only those around them are asked first.
    """
    whole = straight(held.aspect, asked.aspect)
    near = [one for one in starts if abs(np.log(one.scale / whole.scale)) < 0.12 and abs(one.angle) < 0.1]
    few = spread(len(asked), FEW)
    if alike and asked.times[-1] - asked.times[0] > LONGER * (held.times[-1] - held.times[0]):
        near_by = {frame + step for frame in alike for step in range(-AROUND, AROUND + 1)}
        few = sorted(frame for frame in near_by if 0 <= frame < len(asked))
    best: tuple[float, Transform, float, float] | None = None
    tried: list[Transform] = []
    for transform in [*starts, *([whole] if near else [])]:
        if any(transform.apart(other) <= ALIKE for other in tried):
            continue
        tried.append(transform)
        table = _table(asked, held, transform, mirrored, few, transform.reach())
        score, speed, offset = _aligned(asked.times[few], held.times, table)
        if best is None or score > best[0]:
            best = score, transform, speed, offset
    assert best is not None, "there is a start"
    _, transform, speed, offset = best
    pairs_ = moments(asked.times, held.times, speed, offset)
    if not pairs_:
        return None
    transform = _refit(asked, held, transform, mirrored, pairs_)
    # a clip among others is asked where it was found, and a little before and after
    first, last = max(0, pairs_[0][0] - AROUND), min(len(asked), pairs_[-1][0] + AROUND + 1)
    some = [first + place for place in spread(last - first, SOME)]
    table = _table(asked, held, transform, mirrored, some, transform.finely())
    _, speed, offset = _aligned(asked.times[some], held.times, table)
    pairs_ = moments(asked.times, held.times, speed, offset)
    if not pairs_:
        return None
    transform = _refit(asked, held, transform, mirrored, pairs_)
    found = [asked.lookup(query, mirrored).find(held.of(entry), transform) >= 0 for query, entry, _ in pairs_]
    kept = _without_ends(found)
    pairs_, found = pairs_[kept], found[kept]
    if not pairs_:
        return None
    seen = Seen(transform, mirrored, pairs_, speed, offset, _closest(pairs_))
    inside = in_view(held, transform, asked.aspect)
    reach = min(2 * MOVING_REACH, MOVING_REACH * max(1.0, transform.scale))
    for number, (query, entry, _) in enumerate(pairs_):
        which = np.arange(held.begin[entry], held.begin[entry + 1])
        shown = inside[which]
        which, exact = which[shown], found[number][shown]
        corners = held.points.take(which)
        loose = exact.copy()
        if number in seen.close:
            missed = np.flatnonzero(~exact)
            wide = asked.lookup(query, mirrored)
            loose[missed] = wide.find(corners.take(missed), transform, reach=reach, bits=MOVING_BITS) >= 0
        seen.rows.append((which, exact, loose))
    return seen


def _without_ends(found: Sequence[Bools]) -> slice:
    """Return which pairs of frames are left without those at either end that show nothing of the entry.

    `found` says for each pair which corners of the entry's frame are found.
    """
    shown = [float(one.mean()) if len(one) else 0.0 for one in found]
    enough = np.flatnonzero(np.array(shown) >= ENDS * float(np.median(sorted(shown)[len(shown) // 2 :])))
    return slice(int(enough[0]), int(enough[-1]) + 1) if len(enough) else slice(0)


def _closest(found: Sequence[tuple[int, int, float]]) -> list[int]:
    """Return which pairs of frames are closest in time, spread over the whole: they show what moves in one place."""
    order = sorted(range(len(found)), key=lambda number: found[number][2])
    for most in (CLOSE / 4, CLOSE / 2, CLOSE):
        within = sorted(number for number in order if found[number][2] <= most)
        if len(within) >= ENOUGH:
            return [within[place] for place in spread(len(within), 2 * ENOUGH)]
    return sorted(order[:ENOUGH])


def in_view(held: EntryFeatures, transform: Transform, aspect: float) -> Bools:
    """Return which corners a copy could show: inside, far enough from the edge, of a size looked at.

    bool (n,): one a corner of `held.points`.
    """
    moved = transform.apply(held.points.place)
    level = held.points.size - OFFSET + np.float32(np.log(max(transform.scale, 1e-3)) / np.log(STEP))
    edge = np.float32(EDGE) * np.float32(STEP) ** np.maximum(level, 0)
    return np.asarray(
        (moved[:, 0] > edge)
        & (moved[:, 1] > edge)
        & (moved[:, 0] < width(aspect) - edge)
        & (moved[:, 1] < height(aspect) - edge)
        & (level >= -3.0)
    )


def _table(
    asked: QueryFeatures, held: EntryFeatures, transform: Transform, mirrored: bool, frames: Sequence[int], reach: float
) -> NDArray[np.float64]:
    """Return how much of each entry frame some query frames show; what stands still tells little about time."""
    rank = np.arange(len(held.points)) - held.begin[held.frame]
    which = np.flatnonzero(in_view(held, transform, asked.aspect) & (rank < TOLD))
    corners, frame = held.points.take(which), held.frame[which]
    weight = np.where(held.still()[which], 0.15, 1.0)
    total = np.maximum(np.bincount(frame, weights=weight, minlength=len(held.times)), 8.0)
    rows = []
    for number in frames:
        found = asked.lookup(number, mirrored).find(corners, transform, reach=reach) >= 0
        rows.append(np.bincount(frame[found], weights=weight[found], minlength=len(held.times)) / total)
    return np.array(rows)


def _aligned(
    asked: NDArray[np.float64], held: NDArray[np.float64], table: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Return how much the best speed and offset explain, and the two: entry time = speed x query time + offset."""
    if len(asked) == 1 or len(held) == 1:
        one, two = divmod(int(table.argmax()), table.shape[1])
        still = len(held) == 1
        return float(table.sum()), 0.0 if still else 1.0, float(held[two] - (0.0 if still else asked[one]))
    gap = max(SAME_TIME, float(np.median(np.diff(held))))
    i, j = np.unravel_index(np.argsort(-table, axis=None)[:ANCHORS], table.shape)
    best = (-1.0, 1.0, 0.0)
    for speed in SPEEDS:
        offset = held[j] - speed * asked[i]
        when = speed * asked[None, :] + offset[:, None]
        after = np.clip(np.searchsorted(held, when), 1, len(held) - 1)
        nearest = after - (np.abs(held[after - 1] - when) <= np.abs(held[after] - when))
        off = np.abs(held[nearest] - when)
        worth = np.where(off <= gap, 1 - 0.5 * off / gap, 0)
        score = (table[np.arange(len(asked))[None, :], nearest] * worth).sum(axis=1)
        place = int(score.argmax())
        value = float(score[place]) * (1 - 0.1 * abs(float(np.log(speed))))
        if value > best[0]:
            best = value, float(speed), float(offset[place])
    return best


def moments(
    asked: NDArray[np.float64], held: NDArray[np.float64], speed: float, offset: float
) -> list[tuple[int, int, float]]:
    """Return the frames of query and entry that show one moment, and how many seconds they are apart.

    `asked` and `held`: float64 (n,), the times of the frames in seconds; entry time = `speed` x query time + `offset`.
    """
    when = speed * asked + offset
    nearest = np.abs(held[None, :] - when[:, None]).argmin(axis=1)
    off = np.abs(held[nearest] - when)
    return [(i, int(j), float(o)) for i, (j, o) in enumerate(zip(nearest, off, strict=True)) if o <= SAME_TIME]


def _refit(
    asked: QueryFeatures,
    held: EntryFeatures,
    transform: Transform,
    mirrored: bool,
    aligned: Sequence[tuple[int, int, float]],
) -> Transform:
    """Return the transform that fits the corners found in the frames that are closest in time."""
    ours: list[Floats] = []
    theirs: list[Floats] = []
    for query, entry, _ in sorted(aligned, key=lambda pair: pair[2])[:6]:
        corners = held.of(entry)
        found = asked.lookup(query, mirrored).find(corners, transform)
        ours.append(corners.place[found >= 0])
        theirs.append(asked.points(query, mirrored).place[found[found >= 0]])
    return refined(transform, np.concatenate(ours), np.concatenate(theirs))


def spread(count: int, most: int) -> list[int]:
    """Return up to `most` numbers below `count`, evenly spread, the first and the last among them."""
    return sorted({round(i * (count - 1) / max(1, most - 1)) for i in range(most)}) if count else []
