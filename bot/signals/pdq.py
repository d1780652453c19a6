"""PDQ, the perceptual hash of the shared lists: 256 bits a frame, bit-identical to the reference on the same luma.

The reference blurs the whole frame (two passes of a running mean along each axis), keeps 64x64 samples, takes 16x16
cosine coefficients and compares each with their median. All but the last step is linear, so only what the 64x64 samples
need is computed here: a weighted mean of a few rows and columns each.

Where a coefficient is so near the median that rounding decides (screens of plain rectangles, thumbnails), the
reference's own sequence of 32-bit operations is followed instead. It is slower and rarely needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bot.signals.base import Example, Luma, SignalType, gradient_quality

Floats = NDArray[np.float32]

SMALL = 64
SIDE = 16
LEAST = 5  # the reference gives an empty hash to anything smaller
DOUBT = np.float32(0.004)  # both ways may differ by up to 0.002 (largest seen: 0.0013 at 1280x720)
AT_ONCE = 4_000_000  # pixels that are weighted in one go; larger frames go row by row to save memory


def _cosines() -> Floats:
    row, column = np.arange(1, SIDE + 1)[:, None], 2 * np.arange(SMALL)[None, :] + 1
    # the reference rounds the scale to 32 bits before it multiplies in 64
    table = np.float64(np.float32(np.sqrt(2 / SMALL))) * np.cos((np.pi / 2 / SMALL) * row * column)
    rounded: Floats = table.astype(np.float32)
    return rounded


COSINES = _cosines()
COSINES_T = np.ascontiguousarray(COSINES.T)


@dataclass(frozen=True, slots=True)
class _Axis:
    """How one axis of `length` samples becomes 64: `weights[i]` over the samples from `start[i]`."""

    window: int
    picked: tuple[int, ...]
    start: NDArray[np.intp]
    weights: Floats  # 64 x taps

    def dense(self, length: int) -> Floats:
        whole = np.zeros((SMALL, length), dtype=np.float32)
        for i, begin in enumerate(self.start):
            whole[i, begin : begin + self.weights.shape[1]] += self.weights[i]
        return whole


@lru_cache(maxsize=8)
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


@lru_cache(maxsize=8)
def _columns(length: int) -> Floats:
    return np.ascontiguousarray(_axis(length).dense(length).T)


class Pdq:
    """PDQ of every frame."""

    name = "pdq"
    bits = 256
    gate = 50
    distance = 31
    sampled = 0
    examples: tuple[Example, ...] = (
        Example(
            width=640,
            height=360,
            seed=1,
            quality=100,
            value="0819c1bbddb4d5896319f789ddb4c1bb4919c1deb6d62a6fc1a3632b1c4a4938",
        ),
        Example(
            width=321,
            height=777,
            seed=2,
            quality=100,
            value="775ec803223beb9a5472eb92223b8803631eb2f03e42be9edcf2c1ac3f4a227d",
        ),
        Example(
            width=48,
            height=31,
            seed=3,
            quality=100,
            value="559aaa74a24d8ca0005b8cb21ca9a2659eb89cd27f74f7c8969a552bc9fc73ad",
        ),
    )

    def compute(self, luma: Luma) -> tuple[bytes, int]:
        """Return the 32 bytes that lists write in hex, and the quality. Frames under 5 pixels give zeros."""
        if min(luma.shape) < LEAST:
            return bytes(32), 0
        small = _thumbnail(luma)
        quality = gradient_quality(small)
        coefficients = _quick_coefficients(small)
        if quality and _doubtful(coefficients):  # an empty frame never matches: not worth the time
            small = _slow_thumbnail(luma)
            quality, coefficients = gradient_quality(small), _slow_coefficients(small)
        return _pack(coefficients), quality


def _quick_coefficients(small: Floats) -> Floats:
    coefficients: Floats = np.asarray(COSINES @ small @ COSINES_T, dtype=np.float32).ravel()
    return coefficients


def _median(coefficients: Floats) -> np.float32:
    """Return the lower median, as the reference does."""
    middle: np.float32 = np.partition(coefficients, SIDE * SIDE // 2 - 1)[SIDE * SIDE // 2 - 1]
    return middle


def _pack(coefficients: Floats) -> bytes:
    """Return the bits with the highest coefficient first: lists write them so."""
    return np.packbits((coefficients > _median(coefficients))[::-1]).tobytes()


def _doubtful(coefficients: Floats) -> bool:
    """Tell whether any coefficient but the median itself is within rounding of it."""
    return int(np.count_nonzero(np.abs(coefficients - _median(coefficients)) <= DOUBT)) > 1


def _thumbnail(luma: Luma) -> Floats:
    height, width = luma.shape
    axis = _axis(height)
    taps = axis.weights.shape[1]
    if height * width <= AT_ONCE:
        rows = luma[axis.start[:, None] + np.arange(taps)].astype(np.float32)
        narrow = np.einsum("ik,ikw->iw", axis.weights, rows)
    else:
        narrow = np.empty((SMALL, width), dtype=np.float32)
        for i, begin in enumerate(axis.start):
            narrow[i] = axis.weights[i] @ luma[begin : begin + taps].astype(np.float32)
    thumbnail: Floats = narrow @ _columns(width)
    return thumbnail


def _slow_thumbnail(luma: Luma) -> Floats:
    """Return the 64x64 samples by the reference's own order of operations, each rounded to 32 bits."""
    down, across = _axis(luma.shape[0]), _axis(luma.shape[1])
    flat = _running_mean(luma.T.astype(np.float32, order="C"), across.window).T
    flat = _running_mean(np.ascontiguousarray(flat), down.window)
    flat = _running_mean(np.ascontiguousarray(flat.T), across.window)[list(across.picked)].T
    return _running_mean(np.ascontiguousarray(flat), down.window)[list(down.picked)]


def _slow_coefficients(small: Floats) -> Floats:
    # add.reduce along the first axis adds one after the other, as the reference does; a dot product would not
    half = np.add.reduce(COSINES_T[:, :, None] * small[:, None, :], axis=0)
    whole = np.add.reduce(np.ascontiguousarray(half.T)[:, :, None] * COSINES_T[:, None, :], axis=0)
    coefficients: Floats = whole.ravel()
    return coefficients


def _running_mean(lines: Floats, window: int) -> Floats:
    """Return the mean over a window of lines (shorter at both ends), as one running sum from the first to the last."""
    count, after = len(lines), window // 2
    out = np.empty_like(lines)
    total = np.zeros(lines.shape[1:], dtype=np.float32)
    held = 0
    for i in range(count + after):
        if i < count:
            total += lines[i]
            held += 1
        if i >= window:
            total -= lines[i - window]
            held -= 1
        if i >= after:
            np.divide(total, np.float32(held), out=out[i - after])
    return out


PDQ: SignalType = Pdq()
