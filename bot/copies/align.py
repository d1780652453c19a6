"""Where one picture lies in another: a transform that many corners agree on, and which corners it explains."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.copies.points import SPAN, STEP, Floats, Ints, Points, height, turned, width

NEAR = 9  # bits of 64: a pair without any other evidence (one chance pair in some 100,000)
LIKELY = 14  # bits: a pair whose places, directions and sizes agree
MIN_PAIRS = 6
PAIRS = 250  # looked at for a transform
TRIALS = 300
BINS = 24  # directions
SCALES = (0.15, 6.0)  # of the entry in the query
SHEAR = 1.6  # how much one axis may be stretched against the other
FAR = 8.0  # units: the farthest at which a corner counts as found again
CELLS = (3.0, 4.0, 5.5, FAR, 16.0, 32.0)  # units: the smallest that holds what is looked for is quickest
ROWS = np.array([-1, 0, 1], dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Transform:
    """From an entry's places to a query's: `matrix` (2 x 2) and `shift`."""

    matrix: Floats
    shift: Floats

    @property
    def scale(self) -> float:
        """How large the entry is in the query, 1: as in itself."""
        (a, b), (c, d) = self.matrix.tolist()
        return math.sqrt(abs(a * d - b * c))

    @property
    def angle(self) -> float:
        """By how much it is turned, in radians, clockwise as y points down."""
        (a, b), (c, d) = self.matrix.tolist()
        return math.atan2(c - b, a + d)

    def apply(self, places: Floats) -> Floats:
        """Return where places of the entry are in the query.

        Both are float32 (n, 2): x and y in units of either frame.
        """
        moved: Floats = places @ self.matrix.T + self.shift
        return moved

    def apart(self, other: Transform) -> float:
        """Return how far from one another the two lay a place of the entry, at the most."""
        corners = np.array([[0, 0], [SPAN, 0], [0, SPAN], [SPAN, SPAN]], dtype=np.float32)
        return float(np.abs(self.apply(corners) - other.apply(corners)).max())

    def reach(self) -> float:
        """Return how far off a corner may be, in the query's units."""
        return min(FAR, 3.0 + 2.0 * self.scale)

    def finely(self) -> float:
        """Return how far off a corner may be that tells when it was seen."""
        return min(FAR, 1.5 + 1.2 * self.scale)


def straight(entry_aspect: float, query_aspect: float) -> Transform:
    """Return the transform of a copy that shows the whole picture, stretched if need be."""
    matrix = np.diag([width(query_aspect) / width(entry_aspect), height(query_aspect) / height(entry_aspect)]).astype(
        np.float32
    )
    return Transform(matrix, np.zeros(2, dtype=np.float32))


def pairs(entry: Points, query: Points, most: int = PAIRS) -> tuple[Ints, Ints]:
    """Return the nearest pairs of corners by their words alone: numbers in the entry and in the query.

    Both int64 (m,), the nearest first.
    """
    if not len(entry) or not len(query):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    distances = np.bitwise_count(entry.word[:, None] ^ query.word[None, :])
    best = distances.argmin(axis=1)
    least = distances[np.arange(len(entry)), best]
    ours = np.flatnonzero(least <= NEAR)
    ours = ours[np.argsort(least[ours], kind="stable")[:most]]
    return ours.astype(np.int64), best[ours].astype(np.int64)


def estimate(entry: Points, query: Points) -> tuple[Transform, int] | None:
    """Return the transform that most paired corners agree on, and how many do; None if too few do.

    `entry` and `query` are pairs: the first of one belongs to the first of the other.
    """
    chosen = _alike(entry, query)
    if len(chosen) < MIN_PAIRS:
        return None
    entry, query = entry.take(chosen), query.take(chosen)
    p = entry.place[:, 0] + 1j * entry.place[:, 1]
    q = query.place[:, 0] + 1j * query.place[:, 1]
    rng = np.random.default_rng(len(chosen))  # the same pairs give the same answer
    one, two = rng.integers(0, len(p), (2, TRIALS))
    apart = np.abs(p[one] - p[two]) > 12
    one, two = one[apart], two[apart]
    if not len(one):
        return None
    a = (q[one] - q[two]) / (p[one] - p[two])
    sane = (np.abs(a) > SCALES[0]) & (np.abs(a) < SCALES[1])
    a, one = a[sane], one[sane]
    if not len(a):
        return None
    b = q[one] - a * p[one]
    off = np.abs(a[:, None] * p[None, :] + b[:, None] - q[None, :])
    reach = np.minimum(FAR, 3.0 + 2.0 * np.abs(a))[:, None]
    agreed = off <= reach
    best = int(agreed.sum(axis=1).argmax())
    held = agreed[best]
    if held.sum() < MIN_PAIRS:
        return None
    transform = _fitted(entry.place[held], query.place[held])
    if transform is None:
        transform = Transform(
            np.array([[a[best].real, -a[best].imag], [a[best].imag, a[best].real]], dtype=np.float32),
            np.array([b[best].real, b[best].imag], dtype=np.float32),
        )
    return transform, _apart(entry.place[held], query.place[held])


def refined(transform: Transform, entry: Floats, query: Floats) -> Transform:
    """Return the transform that fits these places best, or the given one if they are too few.

    Both are float32 (n, 2), pair by pair: x and y in units of either frame.
    """
    return _fitted(entry, query) or transform


class _Grid:
    """The corners of one query frame in cells of one size, row after row."""

    def __init__(self, query: Points, cell: float) -> None:
        self.cell = cell
        self.columns = int(SPAN / cell) + 5  # with room beyond both borders
        column, row = np.clip((query.place.T + 2 * cell) / cell, 1, self.columns - 2).astype(np.int64)
        key = row * self.columns + column
        self.order = np.argsort(key, kind="stable")
        self.begin = np.searchsorted(key[self.order], np.arange(self.columns**2 + 1))
        self.points = query.take(self.order)
        self.x, self.y = np.ascontiguousarray(self.points.place.T)

    def near(self, x: Floats, y: Floats, reach: float) -> tuple[Ints, Ints]:
        """Return (number of a place, number of a corner here) of all that lie within `reach`, at most a cell."""
        column = ((x + 2 * self.cell) / self.cell).astype(np.int32)  # what lies before the first column is no matter
        row = ((y + 2 * self.cell) / self.cell).astype(np.int32)
        last = self.columns - 1
        inside = np.flatnonzero((column >= 1) & (column < last) & (row >= 1) & (row < last))
        base = (row[inside, None] + ROWS) * self.columns + column[inside, None]  # three cells in a row are one stretch
        base = base.ravel()
        begin = self.begin[base - 1]
        count = self.begin[base + 2] - begin
        some = np.flatnonzero(count)
        if not len(some):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        begin, count, inside = begin[some], count[some], inside[some // 3]
        ends = np.cumsum(count)
        stretch = np.zeros(int(ends[-1]), dtype=np.int32)  # of each pair: faster than to repeat each number
        stretch[ends[:-1]] = 1
        np.cumsum(stretch, out=stretch)
        theirs = (begin - ends + count)[stretch]
        theirs += np.arange(len(theirs))
        across, down = x[inside][stretch] - self.x[theirs], y[inside][stretch] - self.y[theirs]
        keep = np.flatnonzero(across * across + down * down <= reach**2)
        return inside[stretch[keep]], theirs[keep]


class Lookup:
    """The corners of one query frame by place, so that each of an entry's finds its own quickly."""

    def __init__(self, query: Points) -> None:
        self._query = query
        self._grids: dict[float, _Grid] = {}

    def find(self, entry: Points, transform: Transform, *, reach: float | None = None, bits: int = LIKELY) -> Ints:
        """Return for each corner of the entry the number of the query's corner that is its own, or -1.

        `reach` (units, at most 32) is how far off it may be, `bits` how different.
        What is returned is int64 (n,).
        """
        found = np.full(len(entry), -1, dtype=np.int64)
        if not len(entry) or not len(self._query):
            return found
        reach = transform.reach() if reach is None else reach
        grid = self._grid(reach)
        moved = transform.apply(entry.place)
        ours, theirs = grid.near(moved[:, 0], moved[:, 1], reach)
        apart = np.bitwise_count(entry.word[ours] ^ grid.points.word[theirs])
        like = np.flatnonzero(apart <= bits)
        ours, theirs, apart = ours[like], theirs[like], apart[like]
        level = np.float32(np.log(max(transform.scale, 1e-3)) / np.log(STEP))
        turn = np.abs(turned(grid.points.angle[theirs] - entry.angle[ours] - np.float32(transform.angle)))
        keep = (turn <= 0.55) & (np.abs(grid.points.size[theirs] - entry.size[ours] - level) <= 2.6)
        ours, theirs, apart = ours[keep], theirs[keep], apart[keep]
        nearest = np.lexsort((apart, ours))
        ours, theirs = ours[nearest], theirs[nearest]
        first = np.ones(len(ours), dtype=bool)
        first[1:] = ours[1:] != ours[:-1]
        found[ours[first]] = grid.order[theirs[first]]
        return found

    def _grid(self, reach: float) -> _Grid:
        cell = next(cell for cell in CELLS if cell >= reach)
        if cell not in self._grids:
            self._grids[cell] = _Grid(self._query, cell)
        return self._grids[cell]


def _alike(entry: Points, query: Points) -> NDArray[np.intp]:
    """Return the pairs that turn and grow alike: those around the fullest bin of direction and size."""
    if len(entry) < MIN_PAIRS:
        return np.zeros(0, dtype=np.intp)
    turn = turned(query.angle - entry.angle)
    growth = query.size - entry.size
    direction = ((turn + np.pi) * BINS / (2 * np.pi)).astype(int) % BINS
    level = np.clip((growth + 12) / 2, 0, 12).astype(int)
    votes = np.zeros((BINS, 13))
    np.add.at(votes, (direction, level), 1)
    smooth = votes + np.roll(votes, 1, axis=0) + np.roll(votes, -1, axis=0)
    smooth[:, 1:] += smooth[:, :-1].copy()
    at, size = np.unravel_index(int(smooth.argmax()), smooth.shape)
    near = (np.abs((direction - at + BINS // 2) % BINS - BINS // 2) <= 1) & (np.abs(level - size + 0.5) <= 1.5)
    return np.flatnonzero(near)


def _fitted(entry: Floats, query: Floats) -> Transform | None:
    """Return the affine transform by least squares, or None if the places do not settle it or it is absurd."""
    if len(entry) < 10:
        return None
    design = np.concatenate([entry, np.ones((len(entry), 1), dtype=np.float32)], axis=1).astype(np.float64)
    centred = design[:, :2] - design[:, :2].mean(axis=0)
    if np.linalg.svd(centred, compute_uv=False)[-1] < 8 * np.sqrt(len(entry)):
        return None
    solved = np.linalg.lstsq(design, query.astype(np.float64), rcond=None)[0]
    matrix = solved[:2].T
    stretch = np.linalg.svd(matrix, compute_uv=False)
    if np.linalg.det(matrix) <= 0 or stretch[1] < SCALES[0] or stretch[0] > SHEAR * stretch[1]:
        return None
    return Transform(matrix.astype(np.float32), solved[2].astype(np.float32))


def _apart(entry: Floats, query: Floats) -> int:
    """Return how many pairs there are, counting those at one place (one corner at several sizes) once."""
    places = np.concatenate([entry // 6, query // 6], axis=1).astype(np.int64)
    return min(len(np.unique(places[:, :2], axis=0)), len(np.unique(places[:, 2:], axis=0)))
