"""Corners as arrays: unpacked, mirrored, moved, and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.model import LocalFeatures

POINT = np.dtype(
    [
        ("x", "u1"),  # in 1/256 of the longer side, from the left
        ("y", "u1"),
        ("angle", "u1"),  # in 1/256 of a turn
        ("size", "u1"),  # level of detail, in factors of 1.2
        ("word", "<u8"),  # what it looks like, in 64 bits
    ]
)
SPOT = np.dtype(  # a face in a frame, see `bot.spots`; places and sizes in 1/256 of the longer side
    [
        ("x", "<i2"),
        ("y", "<i2"),
        ("width", "<i2"),
        ("height", "<i2"),
        ("upper", "<u8", 4),
        ("lower", "<u8", 4),
        ("upper_mirrored", "<u8", 4),
        ("lower_mirrored", "<u8", 4),
    ]
)
SPAN = 256.0  # units along the longer side
STEP = 1.2  # a level of detail
OFFSET = 4  # the size of what fills the smallest level at the usual scale

Floats = NDArray[np.float32]
Words = NDArray[np.uint64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Points:
    """n corners, of one frame or of several one after the other."""

    place: Floats  # n x 2
    angle: Floats  # radians
    size: Floats  # levels
    word: Words

    def __len__(self) -> int:
        return len(self.word)

    def take(self, which: Ints | Bools | slice) -> Points:
        """Return some of them.

        `which`: numbers, int64 (m,), or bool (n,) of which the true ones are taken, or a slice.
        """
        return Points(self.place[which], self.angle[which], self.size[which], self.word[which])


def unpack(packed: bytes, aspect: float, mirrored: bytes | None = None) -> Points:
    """Return packed corners, or those of the mirror image if their words there are given."""
    rows = np.frombuffer(packed, dtype=POINT)
    x, y = rows["x"].astype(np.float32) + np.float32(0.5), rows["y"].astype(np.float32) + np.float32(0.5)
    angle = rows["angle"].astype(np.float32) * np.float32(2 * np.pi / 256)
    word = rows["word"].astype(np.uint64)
    if mirrored is not None:
        x, angle = np.float32(width(aspect)) - x, np.float32(np.pi) - angle
        word = np.frombuffer(mirrored, dtype="<u8").astype(np.uint64)
    return Points(np.stack([x, y], axis=1), angle, rows["size"].astype(np.float32), word)


def spots(packed: bytes | None) -> NDArray[np.void] | None:
    """Return the packed faces of a frame as rows of `SPOT`, or None where nobody looked.

    void (n,): one `SPOT` a face.
    """
    return None if packed is None else np.frombuffer(packed, dtype=SPOT)


def of_frame(sketch: LocalFeatures, *, mirrored: bool, fine: bool = True) -> Points:
    """Return all corners of a frame, those of the larger picture too."""
    parts = [unpack(sketch.points, sketch.aspect, sketch.mirrored if mirrored else None)]
    if fine and sketch.fine:
        parts.append(unpack(sketch.fine, sketch.aspect, sketch.fine_mirrored if mirrored else None))
    return joined(parts)


def joined(parts: Sequence[Points]) -> Points:
    """Return the corners of several one after the other."""
    if not parts:
        none = np.zeros(0, dtype=np.float32)
        return Points(np.zeros((0, 2), dtype=np.float32), none, none, np.zeros(0, dtype=np.uint64))
    return Points(
        np.concatenate([part.place for part in parts]),
        np.concatenate([part.angle for part in parts]),
        np.concatenate([part.size for part in parts]),
        np.concatenate([part.word for part in parts]),
    )


def width(aspect: float) -> float:
    """Return how many units a frame of this aspect is wide."""
    return SPAN * min(1.0, aspect)


def height(aspect: float) -> float:
    """Return how many units a frame of this aspect is high."""
    return SPAN * min(1.0, 1.0 / aspect)


def turned(difference: Floats) -> Floats:
    """Return differences of angles as between -pi and pi.

    Both float32 (n,), in radians.
    """
    wrapped: Floats = (difference + np.float32(np.pi)) % np.float32(2 * np.pi) - np.float32(np.pi)
    return wrapped


def met(words: Words, others: Words, bits: int) -> Bools:
    """Return which words have one within so many bits among some others, bool (n,). Both are uint64 (n,) and (m,)."""
    least = np.full(len(words), 64, dtype=np.uint8)
    apart, differing = np.empty_like(words), np.empty_like(least)
    for other in others:  # one after the other, so that what is worked on stays near the processor
        np.bitwise_xor(words, other, out=apart)
        np.bitwise_count(apart, out=differing)
        np.minimum(least, differing, out=least)
    return np.asarray(least <= bits)


class FaceRows:
    """The faces of a media wherever somebody looked for them, between frames that have corners too."""

    def __init__(self, sketches: Sequence[LocalFeatures]) -> None:
        looked = [(sketch.t, rows) for sketch in sketches if (rows := spots(sketch.faces)) is not None]
        self.times = np.array([t for t, _ in looked])
        self.rows = [rows for _, rows in looked]

    def __len__(self) -> int:
        return len(self.rows)

    def any(self) -> bool:
        """Return whether there is a face."""
        return any(len(rows) for rows in self.rows)

    def at(self, t: float) -> NDArray[np.void] | None:
        """Return the faces of one frame, by its time, or None if nobody looked.

        void (n,): one `SPOT` a face.
        """
        place = int(np.searchsorted(self.times, t))
        return self.rows[place] if place < len(self.rows) and self.times[place] == t else None
