"""PDQ, the perceptual hash of the shared lists: 256 bits a frame, bit-identical to the reference on the same luma.

The reference blurs the whole frame, keeps 64x64 samples, takes 16x16 cosine coefficients and compares each with their
median. All but the last step is linear, so only what the 64x64 samples need is computed (`pdq_samples`).

Where a coefficient is so near the median that rounding decides (screens of plain rectangles, thumbnails), the
reference's own sequence of 32-bit operations is followed instead. It is slower and rarely needed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import numpy as np

from bot.signals import pdq_samples
from bot.signals.base import Luma, SignalExample, gradient_quality
from bot.signals.pdq_samples import SMALL, Floats

Turn = Literal[
    "none", "turn-90", "turn-180", "turn-270", "mirror", "turn-90-mirror", "turn-180-mirror", "turn-270-mirror"
]

SIDE = 16
LEAST = 5  # the reference gives an empty hash to anything smaller
# How far both ways may differ in how a coefficient lies to the median: most for the two slowest waves down the frame,
# as the reference's running sums go astray slowly, and more the brighter a frame is. Largest seen among 930 frames: in
# the first two rows of coefficients 0.0024 below a mean of 150 and 0.0042 above, in the others 0.0010 and 0.0014.
BRIGHT = 150
DOUBT, BRIGHT_DOUBT = (
    np.repeat(np.array([slow, other], dtype=np.float32), [2 * SIDE, SIDE * (SIDE - 2)])
    for slow, other in ((0.005, 0.002), (0.009, 0.003))
)


def _cosines() -> Floats:
    row, column = np.arange(1, SIDE + 1)[:, None], 2 * np.arange(SMALL)[None, :] + 1
    # the reference rounds the scale to 32 bits before it multiplies in 64
    table = np.float64(np.float32(np.sqrt(2 / SMALL))) * np.cos((np.pi / 2 / SMALL) * row * column)
    rounded: Floats = table.astype(np.float32)
    return rounded


COSINES = _cosines()
COSINES_T = np.ascontiguousarray(COSINES.T)


def _signs(down: int, across: int) -> Floats:
    """Return the signs that coefficients get when a frame is mirrored: -1 for a frame upside down, or left to right."""
    place = np.arange(1, SIDE + 1)
    signs: Floats = ((float(down) ** place)[:, None] * (float(across) ** place)[None, :]).astype(np.float32).ravel()
    return signs


# What is done to the frame: turned anticlockwise, then mirrored left to right; signs first, then rows for columns.
TURNS: dict[Turn, tuple[Floats, bool]] = {
    "none": (_signs(1, 1), False),
    "turn-90": (_signs(1, -1), True),
    "turn-180": (_signs(-1, -1), False),
    "turn-270": (_signs(-1, 1), True),
    "mirror": (_signs(1, -1), False),
    "turn-90-mirror": (_signs(-1, -1), True),
    "turn-180-mirror": (_signs(-1, 1), False),
    "turn-270-mirror": (_signs(1, 1), True),
}


class Pdq:
    """PDQ of every frame."""

    name = "pdq"
    bits = 256
    gate = 50
    distance = 31
    sampled = 0
    examples: tuple[SignalExample, ...] = (
        SignalExample(
            width=640,
            height=360,
            seed=1,
            quality=100,
            value="0819c1bbddb4d5896319f789ddb4c1bb4919c1deb6d62a6fc1a3632b1c4a4938",
        ),
        SignalExample(
            width=321,
            height=777,
            seed=2,
            quality=100,
            value="775ec803223beb9a5472eb92223b8803631eb2f03e42be9edcf2c1ac3f4a227d",
        ),
        SignalExample(
            width=48,
            height=31,
            seed=3,
            quality=100,
            value="559aaa74a24d8ca0005b8cb21ca9a2659eb89cd27f74f7c8969a552bc9fc73ad",
        ),
    )

    def compute(self, luma: Luma) -> tuple[bytes, int]:
        """Return the 32 bytes that lists write in hex, and the quality. Frames under 5 pixels give zeros.

        `luma`: uint8 (h, w), 0-255.
        """
        return self.of_thumbnail(self.thumbnail(luma), luma)

    def thumbnail(self, luma: Luma) -> Floats:
        """Return the 64x64 samples (0-255) that a value is made of; zeros for frames under 5 pixels.

        From uint8 (h, w), 0-255, to float32 (64, 64).
        """
        return np.zeros((SMALL, SMALL), dtype=np.float32) if min(luma.shape) < LEAST else pdq_samples.quick(luma)

    def of_thumbnail(self, small: Floats, luma: Luma) -> tuple[bytes, int]:
        """Return what `compute` gives of a frame whose thumbnail is known.

        `small`: float32 (64, 64), 0-255; `luma`: uint8 (h, w), 0-255.
        """
        if min(luma.shape) < LEAST:
            return bytes(32), 0
        quality = gradient_quality(small)
        apart = _apart(_quick_coefficients(small))
        if quality and _doubtful(apart, small):  # an empty frame never matches: not worth the time
            small = pdq_samples.slow(luma)
            quality, apart = gradient_quality(small), _apart(_slow_coefficients(small))
        return _pack(apart), quality

    def dihedral(self, luma: Luma, turns: Collection[Turn] = tuple(TURNS)) -> tuple[dict[Turn, bytes], int]:
        """Return the values of the frame turned and mirrored in all eight ways or some of them, and the quality.

        They come from one transform, as the reference's do: mirroring a frame changes the sign of every other
        coefficient, turning it swaps rows and columns as well. Hashing a frame that was really turned may give a few
        bits of difference, because the 64x64 samples do not lie symmetrically.
        `luma`: uint8 (h, w), 0-255.
        """
        if min(luma.shape) < LEAST:
            return dict.fromkeys(turns, bytes(32)), 0
        small = pdq_samples.quick(luma)
        quality = gradient_quality(small)
        coefficients = _quick_coefficients(small)
        signed = [_apart(coefficients * TURNS[turn][0]) for turn in turns]
        if quality and any(_doubtful(apart, small) for apart in signed):
            small = pdq_samples.slow(luma)
            quality, coefficients = gradient_quality(small), _slow_coefficients(small)
            signed = [_apart(coefficients * TURNS[turn][0]) for turn in turns]
        return {
            turn: _pack(apart.reshape(SIDE, SIDE).T.ravel() if TURNS[turn][1] else apart)
            for turn, apart in zip(turns, signed, strict=True)
        }, quality


def _quick_coefficients(small: Floats) -> Floats:
    coefficients: Floats = np.asarray(COSINES @ small @ COSINES_T, dtype=np.float32).ravel()
    return coefficients


def _apart(coefficients: Floats) -> Floats:
    """Return how far the coefficients lie from their lower median, as the reference takes it."""
    middle = SIDE * SIDE // 2 - 1
    apart: Floats = coefficients - np.partition(coefficients, middle)[middle]
    return apart


def _pack(apart: Floats) -> bytes:
    """Return the bits with the highest coefficient first: lists write them so."""
    return np.packbits((apart > 0)[::-1]).tobytes()


def _doubtful(apart: Floats, small: Floats) -> bool:
    """Tell whether any coefficient but the median itself is within rounding of it."""
    gap = np.abs(apart)
    if np.count_nonzero(gap <= BRIGHT_DOUBT[0]) < 2:
        return False
    doubt = DOUBT if small.mean() < BRIGHT else BRIGHT_DOUBT
    astray = gap.argmin() < 2 * SIDE  # the median itself
    return int(np.count_nonzero(gap <= (doubt[0] if astray else doubt))) > 1


def _slow_coefficients(small: Floats) -> Floats:
    # add.reduce along the first axis adds one after the other, as the reference does; a dot product would not
    half = np.add.reduce(COSINES_T[:, :, None] * small[:, None, :], axis=0)
    whole = np.add.reduce(np.ascontiguousarray(half.T)[:, :, None] * COSINES_T[:, None, :], axis=0)
    coefficients: Floats = whole.ravel()
    return coefficients


PDQ = Pdq()
