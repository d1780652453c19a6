"""PDQ of a frame as it may have been before someone altered it: for lists that hold one PDQ of a picture, nothing else.

The whole frame's PDQ survives no mirror, no turn, no border, no crop. What was done is undone in a few likely ways, and
each is asked. Measured on 51 stills: mirrored and turned by 90° 51 found, with letterbox or white sides 51, with a
caption above it 50, turned by 2-8° 48-51, cropped by 2-5 % a side 35-51; whole-frame PDQ alone found 3 or none of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.signals.base import Luma
from bot.signals.local import resized
from bot.signals.pdq import PDQ, Turn

SIDE = 400  # pixels of the longer side: PDQ looks at 64 x 64 samples
ONE_COLOUR, MOSTLY, LETTERED = 12, 0.9, 0.2  # levels; share of a line of a border, and of one with letters on it
FIRST = 0.95  # of the outermost line
LETTERS, WIDEST = 0.12, 0.45  # of the side: how high letters are, and the widest border
BORDERS = 2  # one in another
MIN_SIDE = 32  # pixels within a border
CROPS = (0.025, 0.055)  # of the side, what may be missing at each edge
ANGLES = (-8, -6, -4, -2, 2, 4, 6, 8)  # degrees
# What was done to a frame that is another one once it is turned so.
DONE: dict[Turn, tuple[str, ...]] = {
    "none": (),
    "mirror": ("mirrored",),
    "turn-90": ("turned by 90°",),
    "turn-180": ("turned by 180°",),
    "turn-270": ("turned by 90°",),
    "turn-90-mirror": ("mirrored", "turned by 90°"),
    "turn-180-mirror": ("mirrored", "turned by 180°"),
    "turn-270-mirror": ("mirrored", "turned by 90°"),
}
MIRRORED: tuple[Turn, ...] = ("none", "mirror")


@dataclass(frozen=True, slots=True)
class Undone:
    """A frame's PDQ (32 bytes) after something was undone, its quality (0-100), and what had been done in words."""

    transform: str
    value: bytes
    quality: int


def _words(done: tuple[str, ...], turn: Turn) -> str:
    return ", ".join(sorted((*done, *DONE[turn]), key=lambda word: word.startswith("turned")))


def _all_said() -> Iterator[str]:
    for border in ((), ("with a border",)):
        yield from (_words(border, turn) for turn in DONE)
        for done in ("cropped", *(f"turned by {angle}°" for angle in ANGLES if angle > 0)):
            yield from (_words((*border, done), turn) for turn in MIRRORED)


STORED = "as stored"  # the samples of a file that shows another picture: lists hash those
TRANSFORMS = (*dict.fromkeys(words for words in _all_said() if words), STORED)  # all that is ever said of what was done
MOST = 2 * len(DONE) + len(MIRRORED) * (len(CROPS) + len(ANGLES)) + 1  # variants of one frame


def variants(luma: Luma) -> tuple[Undone, ...]:
    """Return the PDQs of what a frame may have been, each value once, those of the frame as it is left out.

    `luma`: uint8 (h, w), 0-255.
    """
    height, width = luma.shape
    whole = resized(luma, min(SIDE, max(height, width)))
    inner = within_border(whole)
    picture, border = (whole, ()) if inner is None else (inner, ("with a border",))
    plain, *found = _turned(whole, (), tuple(DONE))
    if inner is not None:
        found += _turned(inner, border, tuple(DONE))
    for part in CROPS:
        found += _turned(_widened(picture, part), (*border, "cropped"), MIRRORED)
    for angle in ANGLES:
        found += _turned(_straight(picture, angle), (*border, f"turned by {abs(angle)}°"), MIRRORED)
    by_value = {one.value: one for one in reversed(found) if one.value != plain.value}
    return tuple(one for one in found if by_value.get(one.value) is one)


def within_border(luma: Luma) -> Luma | None:
    """Return the picture within bars of one colour, lettered or not, on any side of a frame; None if it has none.

    Both uint8 (h, w), 0-255.
    """
    inner = luma
    for _ in range(BORDERS):
        top, bottom = _bar(inner), _bar(inner[::-1])
        left, right = _bar(inner.T), _bar(inner.T[::-1])
        inner = inner[top : len(inner) - bottom, left : inner.shape[1] - right]
        if min(inner.shape) < MIN_SIDE:
            return None
    return None if inner.shape == luma.shape else np.ascontiguousarray(inner)


def _bar(lines: NDArray[np.uint8]) -> int:
    """Return how many of the first lines are a bar. Letters may stand on it, but it ends with lines without."""
    height = len(lines)
    colour = np.int16(np.median(lines[0]))
    near = (np.abs(lines[: int(height * WIDEST)].astype(np.int16) - colour) <= ONE_COLOUR).mean(axis=1)
    if not len(near) or near[0] < FIRST:
        return 0
    plain = 0
    for number, share in enumerate(near, start=1):
        if share >= MOSTLY:
            plain = number
        elif share < LETTERED or number - plain > LETTERS * height:
            break
    return plain


def _turned(luma: Luma, done: tuple[str, ...], turns: tuple[Turn, ...]) -> Iterator[Undone]:
    values, quality = PDQ.dihedral(luma, turns)
    for turn in turns:
        yield Undone(_words(done, turn), values[turn], quality)


def _widened(luma: Luma, part: float) -> Luma:
    """Return a frame with as much around it as a crop of `part` a side took, in the colours of its edge."""
    height, width = luma.shape
    # of what is there now, `part` of what was
    down, across = (round(side * part / (1 - 2 * part)) for side in (height, width))
    wide = cv2.copyMakeBorder(luma, down, down, across, across, cv2.BORDER_REPLICATE)
    return np.asarray(wide, dtype=np.uint8)


def _straight(luma: Luma, angle: float) -> Luma:
    height, width = luma.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    turned = cv2.warpAffine(luma, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, dtype=np.uint8)
