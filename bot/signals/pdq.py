"""PDQ, the perceptual hash of the shared lists: 256 bits a frame, bit-identical to the reference on the same luma.

The reference blurs the whole frame (two passes of a running mean along each axis), keeps 64x64 samples, takes 16x16
cosine coefficients and compares each with their median. All but the last step is linear, so only what the 64x64 samples
need is computed here. Two running means over w rows weigh 2w - 1 rows by 1, 2 ... w ... 2, 1, so down the frame whole
numbers are added, exactly; across, where little is left, a product of matrices that reach over a few columns each.

Where a coefficient is so near the median that rounding decides (screens of plain rectangles, thumbnails), the
reference's own sequence of 32-bit operations is followed instead. It is slower and rarely needed.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.signals.base import Luma, SignalExample, gradient_quality

Floats = NDArray[np.float32]
Turn = Literal[
    "none", "turn-90", "turn-180", "turn-270", "mirror", "turn-90-mirror", "turn-180-mirror", "turn-270-mirror"
]

SMALL = 64
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
GROUPS = 4  # products across the frame: fewer are wider and larger, more are more calls
MIN_TIMES, MAX_APART = 8, 4  # how often a pattern of columns must return; samples at the edges that are not in it
AT_ONCE = 4 * 2**20  # bytes


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


@dataclass(frozen=True, slots=True)
class _Axis:
    """How one axis of `length` samples becomes 64: `weights[i]` over the samples from `start[i]`."""

    window: int
    picked: tuple[int, ...]
    start: NDArray[np.intp]
    weights: Floats  # 64 x taps

    @property
    def cut_short(self) -> list[int]:
        """The outputs so near an end that their windows are shorter: they have other weights than the rest."""
        whole = np.append(np.arange(1, self.window + 1), np.arange(self.window - 1, 0, -1)) / self.window**2
        if self.weights.shape[1] != len(whole):
            return list(range(SMALL))
        return [i for i in range(SMALL) if not np.allclose(self.weights[i], whole, rtol=1e-6, atol=0)]

    def dense(self, length: int) -> Floats:
        whole = np.zeros((SMALL, length), dtype=np.float32)
        for i, begin in enumerate(self.start):
            whole[i, begin : begin + self.weights.shape[1]] += self.weights[i]
        return whole


@lru_cache(maxsize=16)
def _axis(length: int) -> _Axis:
    window = (length + 2 * SMALL - 1) // (2 * SMALL)
    after = window // 2
    before = window - 1 - after
    picked = tuple(int((i + 0.5) * length / SMALL) for i in range(SMALL))
    taps = min(length, 2 * window - 1)
    start = np.array([max(0, min(at - 2 * before, length - taps)) for at in picked])
    weights = np.zeros((SMALL, taps))
    for i, at in enumerate(picked):
        outer = range(max(0, at - before), min(length, at + after + 1))
        for middle in outer:
            low, high = max(0, middle - before), min(length, middle + after + 1)
            weights[i, low - start[i] : high - start[i]] += 1 / (high - low) / len(outer)
    return _Axis(window=window, picked=picked, start=start, weights=weights.astype(np.float32))


@dataclass(frozen=True, slots=True)
class _Down:
    """How the rows become 64: row `rings[0][i]` weighs most, the two at `rings[2k - 1][i]` and `rings[2k][i]` less."""

    window: int
    rings: NDArray[np.intp]  # (2 * window - 1) x 64 row numbers
    cut_short: tuple[tuple[int, slice, Floats], ...]  # output, its rows, their weights


@lru_cache(maxsize=16)
def _down(length: int) -> _Down:
    axis = _axis(length)
    centre = np.minimum(axis.start + axis.window - 1, length - 1)
    reach = np.array([0, *(side * k for k in range(1, axis.window) for side in (1, -1))])
    taps = axis.weights.shape[1]
    return _Down(
        window=axis.window,
        rings=np.clip(centre + reach[:, None], 0, length - 1),
        cut_short=tuple(
            (i, slice(int(axis.start[i]), int(axis.start[i]) + taps), axis.weights[i]) for i in axis.cut_short
        ),
    )


@dataclass(frozen=True, slots=True)
class _Across:
    """How 64 samples come from the columns."""

    period: Floats | None
    """Weights of so many columns for so many samples, again and again, where the width allows it."""
    shift: int  # the column at which that begins
    groups: tuple[tuple[slice, slice, Floats], ...]  # columns of the frame, samples, weights: all, or those at the end


@lru_cache(maxsize=16)
def _across(length: int) -> _Across:
    axis = _axis(length)
    dense = axis.dense(length).T
    times = math.gcd(length, SMALL)
    columns, each = length // times, SMALL // times
    if times >= MIN_TIMES:
        middle = times // 2
        shift = int(axis.start[middle * each]) - middle * columns
        begin = middle * columns + shift
        period = np.ascontiguousarray(dense[begin : begin + columns, middle * each : (middle + 1) * each])
        whole = np.zeros((length + columns, SMALL), dtype=np.float32)
        whole[shift : shift + length] = np.kron(np.eye(times, dtype=np.float32), period)
        apart = [i for i in range(SMALL) if not np.allclose(whole[:length, i], dense[:, i], rtol=1e-6, atol=0)]
        if 0 <= shift < columns and len(apart) <= MAX_APART:
            return _Across(period, shift, tuple(_group(axis, dense, i, i + 1) for i in apart))
    each = SMALL // GROUPS
    return _Across(None, 0, tuple(_group(axis, dense, i, i + each) for i in range(0, SMALL, each)))


def _group(axis: _Axis, dense: Floats, first: int, end: int) -> tuple[slice, slice, Floats]:
    columns = slice(int(axis.start[first]), int(axis.start[end - 1]) + axis.weights.shape[1])
    return columns, slice(first, end), np.ascontiguousarray(dense[columns, first:end])


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
        return np.zeros((SMALL, SMALL), dtype=np.float32) if min(luma.shape) < LEAST else _thumbnail(luma)

    def of_thumbnail(self, small: Floats, luma: Luma) -> tuple[bytes, int]:
        """Return what `compute` gives of a frame whose thumbnail is known.

        `small`: float32 (64, 64), 0-255; `luma`: uint8 (h, w), 0-255.
        """
        if min(luma.shape) < LEAST:
            return bytes(32), 0
        quality = gradient_quality(small)
        apart = _apart(_quick_coefficients(small))
        if quality and _doubtful(apart, small):  # an empty frame never matches: not worth the time
            small = _slow_thumbnail(luma)
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
        small = _thumbnail(luma)
        quality = gradient_quality(small)
        coefficients = _quick_coefficients(small)
        signed = [_apart(coefficients * TURNS[turn][0]) for turn in turns]
        if quality and any(_doubtful(apart, small) for apart in signed):
            small = _slow_thumbnail(luma)
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


def _thumbnail(luma: Luma) -> Floats:
    height, width = luma.shape
    down = _down(height)
    whole = np.uint16 if 255 * down.window**2 < 2**16 else np.uint32
    if luma.strides[1] != 1:  # a turned frame
        luma = np.ascontiguousarray(luma)
    # a large frame's rows are not copied all at once
    rings = luma[down.rings] if down.rings.size * width <= AT_ONCE else (luma[ring] for ring in down.rings)
    # the sum of what was added so far, added again and again, gives each row its weight: the inner ones come first
    ring = iter(rings)
    added: NDArray[Any] = next(ring).astype(whole)
    sums = added.copy()
    for one, other in zip(ring, ring, strict=True):
        added += one
        added += other
        sums += added
    across = _across(width)
    flat = np.zeros(SMALL * width + across.shift, dtype=np.float32)
    rows = flat[: SMALL * width].reshape(SMALL, width)
    rows[:] = sums
    for i, lines, weights in down.cut_short:
        rows[i] = weights @ luma[lines].astype(np.float32) * np.float32(down.window**2)
    if across.period is None:
        thumbnail = np.empty((SMALL, SMALL), dtype=np.float32)
    else:
        columns = len(across.period)
        thumbnail = (flat[across.shift :].reshape(-1, columns) @ across.period).reshape(SMALL, SMALL)
    for part, samples, weights in across.groups:
        np.matmul(rows[:, part], weights, out=thumbnail[:, samples])
    thumbnail /= np.float32(down.window**2)
    return thumbnail


def _slow_thumbnail(luma: Luma) -> Floats:
    """Return the 64x64 samples by the reference's own order of operations, each rounded to 32 bits."""
    down, across = _axis(luma.shape[0]), _axis(luma.shape[1])
    flat = _first_mean(luma, across.window)
    flat = _running_mean(flat, down.window)
    flat = _running_mean(_turned(flat), across.window, across.picked)
    return _running_mean(_turned(flat), down.window, down.picked)


def _turned(lines: Floats) -> Floats:
    return np.asarray(cv2.transpose(lines), dtype=np.float32)


def _first_mean(luma: Luma, window: int) -> Floats:
    """Return the mean over a window across the frame. Sums of whole numbers are exact in any order."""
    width = luma.shape[1]
    after = window // 2
    before = window - 1 - after
    means: Floats = np.asarray(
        cv2.boxFilter(
            np.ascontiguousarray(luma),
            cv2.CV_32F,
            (window, 1),
            anchor=(before, 0),
            normalize=False,
            borderType=cv2.BORDER_CONSTANT,  # nothing beyond the edges
        ),
        dtype=np.float32,
    )
    at = np.arange(width)
    means /= (np.minimum(at + after, width - 1) - np.maximum(at - before, 0) + 1).astype(np.float32)
    return means


def _slow_coefficients(small: Floats) -> Floats:
    # add.reduce along the first axis adds one after the other, as the reference does; a dot product would not
    half = np.add.reduce(COSINES_T[:, :, None] * small[:, None, :], axis=0)
    whole = np.add.reduce(np.ascontiguousarray(half.T)[:, :, None] * COSINES_T[:, None, :], axis=0)
    coefficients: Floats = whole.ravel()
    return coefficients


def _running_mean(lines: Floats, window: int, wanted: tuple[int, ...] | None = None) -> Floats:
    """Return the mean over a window of lines (shorter at both ends), as one running sum from the first to the last.

    `wanted` are the lines whose mean is needed, in order; else all are.
    """
    count, after = len(lines), window // 2
    every = tuple(range(count)) if wanted is None else wanted
    out = np.empty((len(set(every)), lines.shape[1]), dtype=np.float32)
    # a small frame's lines are wanted more than once; views are made once, and a row of divisors is quicker than one
    places = dict(zip(dict.fromkeys(every), out, strict=True))
    rows, held, divisor = list(lines), 0, np.zeros_like(lines[0])
    total = np.zeros_like(lines[0])
    for i in range(count + after):
        if i < count:
            np.add(total, rows[i], total)
            held += 1
        if i >= window:
            np.subtract(total, rows[i - window], total)
            held -= 1
        place = places.get(i - after)
        if place is not None:
            if divisor[0] != held:
                divisor.fill(held)
            np.divide(total, divisor, place)
    return out if len(out) == len(every) else np.stack([places[at] for at in every])


PDQ = Pdq()
