"""Local features of a frame: corners, each with a short word. They survive what a whole-frame hash does not.

A crop, a border, a caption, a turn or a frame around the picture leaves most corners where they were, relative to one
another. A corner is kept as a coarse place (1/256 of the longer side), a direction, a size, and 64 of the 256 bits of
its ORB descriptor: measured, 64 bits that say little about one another tell nearly as well as all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.copies.points import OFFSET, POINT, STEP
from bot.model import LocalFeatures
from bot.signals.base import Luma, picture

SIDE, FINE_SIDE = 400, 640  # pixels of the longer side at which corners are looked for
CELLS = 8  # each way: corners are taken from everywhere, not only where there are most
POINTS = 900  # at most: of a picture alone, and of a finer look
SEVERAL, LESS = 600, 300  # of one of several frames, and of one that is only there to check what moves
GAP = 0.25  # seconds between frames, doubled as often as a clip needs
FRAMES, MANY = 40, 64  # of a clip at most; of one in which they would be more than a second apart
FULL = 4  # one frame of so many is looked at in full
GOLDEN = 0.618034
MIN_SIDE = 48  # pixels: below, nothing but the border is left
# The 64 of ORB's 256 bits that are nearest to balanced and depend least on one another, found on photographs.
BITS = (
    28,
    161,
    240,
    167,
    230,
    21,
    52,
    60,
    165,
    30,
    76,
    67,
    207,
    49,
    96,
    37,
    179,
    80,
    233,
    249,
    202,
    84,
    128,
    33,
    252,
    93,
    137,
    27,
    139,
    196,
    65,
    130,
    189,
    220,
    210,
    11,
    81,
    12,
    2,
    24,
    15,
    117,
    144,
    166,
    13,
    62,
    159,
    57,
    90,
    10,
    120,
    44,
    185,
    169,
    239,
    54,
    105,
    69,
    83,
    34,
    0,
    1,
    97,
    64,
)


def _orb(points: int, levels: int) -> cv2.ORB:
    return cv2.ORB.create(
        nfeatures=points, scaleFactor=STEP, nlevels=levels, fastThreshold=5, edgeThreshold=18, patchSize=31
    )


cv2.setNumThreads(0)  # a confined child may start no thread
ORB, FINE_ORB = _orb(4 * POINTS, 8), _orb(4 * POINTS, 10)


def shrink(luma: Luma) -> Luma:
    """Return a copy of a frame, no larger than features are ever taken from.

    Both uint8 (h, w), 0-255.
    """
    height, width = luma.shape
    return resized(luma, min(FINE_SIDE, max(height, width)))


def sketch(luma: Luma, t: float, *, full: bool, alone: bool = False) -> LocalFeatures:
    """Return the features of one frame, the most telling first; none if it is flat or tiny.

    `full` adds a finer look, for a picture within the picture; of one that is `alone` more is taken.
    `luma`: uint8 (h, w), 0-255; `t` in seconds.
    """
    height, width = luma.shape
    if min(height, width) < MIN_SIDE:
        return LocalFeatures(t=t, aspect=width / height)
    most = POINTS if alone else SEVERAL if full else LESS
    points, mirrored = _points(resized(luma, SIDE), ORB, most, 0)
    fine, fine_mirrored = (b"", b"")
    if full and max(height, width) > SIDE:
        finer = np.log(FINE_SIDE / SIDE) / np.log(STEP)
        fine, fine_mirrored = _points(resized(luma, FINE_SIDE), FINE_ORB, POINTS, float(finer))
    return LocalFeatures(
        t=t, aspect=width / height, points=points, mirrored=mirrored, fine=fine, fine_mirrored=fine_mirrored
    )


def warm_up() -> None:
    """Load what is otherwise loaded with the first frame."""
    sketch(picture(FINE_SIDE, SIDE, 1, "noise"), 0.0, full=True)


def resized(luma: Luma, side: int) -> Luma:
    """Return a copy of a frame whose longer side has `side` pixels.

    Both uint8 (h, w), 0-255.
    """
    height, width = luma.shape
    scale = side / max(height, width)
    if scale == 1:
        return luma.copy()
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(luma, size, interpolation=way), dtype=np.uint8)


def _points(luma: Luma, orb: cv2.ORB, most: int, finer: float) -> tuple[bytes, bytes]:
    """Return packed corners of a picture, and the words that they have in its mirror image."""
    height, width = luma.shape
    found = orb.detect(luma, None)
    if not found:
        return b"", b""
    keys = np.empty((len(found), 4))  # one after the other: Python reads an object's field slowly, and tuples slower
    keys[:, :2] = cv2.KeyPoint.convert(found)
    keys[:, 2] = [key.octave for key in found]
    keys[:, 3] = [key.response for key in found]
    order = _spread(keys, width, height)[:most]
    chosen = [found[i] for i in order]
    kept, words = _described(luma, orb, chosen)
    turned = [
        cv2.KeyPoint(width - 1 - x, y, key.size, (180 - key.angle) % 360, response, int(octave))
        for key, (x, y, octave, response) in zip(chosen, keys[order].tolist(), strict=True)
    ]
    also, other = _described(np.ascontiguousarray(luma[:, ::-1]), orb, turned)
    both, mine, theirs = np.intersect1d(kept, also, return_indices=True)
    if not len(both):
        return b"", b""
    places, angles = keys[order[both]], np.array([chosen[i].angle for i in both])
    packed = np.zeros(len(both), dtype=POINT)
    packed["x"], packed["y"] = (np.clip((places[:, :2].T + 0.5) * 256 / max(width, height), 0, 255)).astype(np.uint8)
    packed["angle"] = np.rint(angles * 256 / 360).astype(np.int64) % 256
    packed["size"] = np.rint(places[:, 2] - finer) + OFFSET
    packed["word"] = words[mine]
    return packed.tobytes(), np.ascontiguousarray(other[theirs]).tobytes()


def _spread(keys: NDArray[np.float64], width: int, height: int) -> NDArray[np.intp]:
    """Return an order that takes the strongest corners of each part and size of the picture in turn.

    `keys` are rows of x, y, octave and response.
    """
    cell = (keys[:, 1] * CELLS // height).astype(int) * CELLS + (keys[:, 0] * CELLS // width).astype(int)
    group = cell * 8 + keys[:, 2].astype(int) // 2
    order = np.lexsort((-keys[:, 3], group))
    first = np.searchsorted(group[order], group[order])
    rank = np.arange(len(order)) - first
    return np.asarray(order[np.lexsort((-keys[order, 3], rank // 4))])


def _described(luma: Luma, orb: cv2.ORB, keys: Sequence[cv2.KeyPoint]) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
    """Return which of the corners could be described, and their words."""
    for number, key in enumerate(keys):
        key.class_id = number  # OpenCV sorts them, and drops some
    kept, rows = orb.compute(luma, keys)
    if not len(kept):
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.uint64)
    bits = np.unpackbits(np.asarray(rows, dtype=np.uint8), axis=1)[:, BITS]
    words = np.ascontiguousarray(np.packbits(bits, axis=1)).view(np.uint64).ravel()
    return np.array([key.class_id for key in kept], dtype=np.intp), words


class Sketcher:
    """Keeps small copies of frames as they pass, and takes the features of a few when all have.

    The times are spread evenly but not regularly: in two cuts of one take, some then fall close together whatever lies
    between their beginnings.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[int, float, Luma]] = []
        self._stride = 1
        self._next = 0
        self._last: Luma | None = None

    def take(self, luma: Luma, t: float) -> None:
        """Look at the next frame. Times must not fall.

        `luma`: uint8 (h, w), 0-255; `t` in seconds.
        """
        if self._kept and t < _due(self._next):
            return
        small = shrink(luma)
        if self._last is not None and np.array_equal(self._last, small):
            return  # a standing picture is one frame
        self._last = small
        self._kept.append((self._next, t, small))
        while t >= _due(self._next):
            self._next += self._stride
        if len(self._kept) > (FRAMES if self._stride * GAP < 1 else MANY):
            self._stride *= 2
            self._kept = [kept for kept in self._kept if kept[0] % self._stride == 0]
            self._next += -self._next % self._stride

    def frames(self) -> list[tuple[float, Luma]]:
        """Return the times (seconds) and small copies of the frames that `sketches` tells of, in the same order.

        A copy is uint8 (h, w), 0-255.
        """
        return [(t, small) for _, t, small in self._kept]

    def sketches(self) -> tuple[LocalFeatures, ...]:
        """Return the features of the frames that were kept; a few of them in full."""
        return tuple(
            sketch(small, round(t, 3), full=place % FULL == 0, alone=len(self._kept) == 1)
            for place, (_, t, small) in enumerate(self._kept)
        )


def _due(number: int) -> float:
    """Return the earliest time of the sample `number`, in seconds."""
    return GAP * (number + 0.9 * (number * GOLDEN % 1)) if number else 0.0
