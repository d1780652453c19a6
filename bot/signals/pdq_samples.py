"""The 64x64 samples of a frame that its PDQ is made of, twice: quickly, and as the reference computes them.

The reference blurs the whole frame, by two passes of a running mean along each axis, and keeps 64x64 samples. Two
running means over w rows weigh 2w - 1 rows by 1, 2 ... w ... 2, 1, so only what the samples need is added. Down the
frame whole numbers are added, exactly, two columns at a time: two bytes side by side are one number of 16 bits, whose
sums run over into one another, and the sums of the upper bytes alone tell how far. Across, where little is left, a
product of matrices reaches over a few columns each.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.signals.base import Luma

Floats = NDArray[np.float32]
Sums = NDArray[np.float32]  # 2 x 64 x half the columns: of the even columns and of the odd ones

SMALL = 64
GROUPS = 4  # products across the frame: fewer are wider and larger, more are more calls
MIN_TIMES, MAX_APART = 8, 4  # how often a pattern of columns must return; samples at the edges that are not in it
AT_ONCE = 400 * 2**10  # bytes of rows that are added at once: they stay in the processor's own memory
WIDEST = 16  # rows of a window whose sums fit 16 bits


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
        whole = _ramp(self.window) / self.window**2
        if self.weights.shape[1] != len(whole):
            return list(range(SMALL))
        return [i for i in range(SMALL) if not np.allclose(self.weights[i], whole, rtol=1e-6, atol=0)]

    def dense(self, length: int) -> Floats:
        whole = np.zeros((SMALL, length), dtype=np.float32)
        for i, begin in enumerate(self.start):
            whole[i, begin : begin + self.weights.shape[1]] += self.weights[i]
        return whole


def _ramp(window: int) -> NDArray[np.intp]:
    """Return what two running means weigh: 1, 2 ... window ... 2, 1."""
    return np.append(np.arange(1, window + 1), np.arange(window - 1, 0, -1))


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
    """How the rows become 64, each a sum that is window^2 times what the sample is."""

    window: int
    ramp: NDArray[np.unsignedinteger]  # taps
    parts: tuple[tuple[slice, NDArray[np.intp]], ...]  # outputs, and their rows: taps x outputs, one after the other
    cut_short: tuple[tuple[int, slice, Floats], ...]  # output, its rows, their weights


@lru_cache(maxsize=32)
def _down(length: int, width: int) -> _Down:
    axis = _axis(length)
    ramp = _ramp(axis.window)
    rows = np.clip(axis.start + np.arange(len(ramp))[:, None], 0, length - 1)
    each = max(1, min(SMALL, AT_ONCE // (len(ramp) * width)))
    taps = axis.weights.shape[1]
    return _Down(
        window=axis.window,
        ramp=ramp.astype(np.uint16 if axis.window <= WIDEST else np.uint32),
        parts=tuple(
            (slice(i, min(i + each, SMALL)), np.ascontiguousarray(rows[:, i : i + each]).ravel())
            for i in range(0, SMALL, each)
        ),
        cut_short=tuple(
            (i, slice(int(axis.start[i]), int(axis.start[i]) + taps), axis.weights[i] * axis.window**2)
            for i in axis.cut_short
        ),
    )


@dataclass(frozen=True, slots=True)
class _Across:
    """How 64 samples come from the columns, the even and the odd ones in turn. A weight is a part of one."""

    period: tuple[tuple[int, Floats], ...] = ()
    """For even and odd columns, where they begin and the weights of so many for so many samples, again and again, where
    the width allows it."""
    groups: tuple[tuple[slice, slice, Floats, Floats], ...] = ()
    """Pairs of columns, samples, weights of even and of odd columns: of all samples, or of those at the ends."""


@lru_cache(maxsize=32)
def _across(length: int) -> _Across:
    axis = _axis(length)
    dense = axis.dense(length + length % 2).T
    times = math.gcd(length, SMALL)
    if length // times % 2:
        times //= 2  # whole pairs of columns
    if times >= MIN_TIMES:
        columns, each = length // times, SMALL // times
        middle = times // 2
        shift = int(axis.start[middle * each]) - middle * columns
        begin = middle * columns + shift
        period = dense[begin : begin + columns, middle * each : (middle + 1) * each]
        whole = np.zeros((length + columns, SMALL), dtype=np.float32)
        if 0 <= shift < columns:
            whole[shift : shift + length] = np.kron(np.eye(times, dtype=np.float32), period)
        apart = [i for i in range(SMALL) if not np.allclose(whole[:length, i], dense[:, i], rtol=1e-6, atol=0)]
        if len(apart) <= MAX_APART:
            # the column at which the pattern begins may be an odd one
            halves = [np.ascontiguousarray(period[(shift + odd) % 2 :: 2]) for odd in (0, 1)]
            return _Across(
                period=tuple(((shift + 1 - odd) // 2, halves[odd]) for odd in (0, 1)),
                groups=tuple(_group(axis, dense, i, i + 1) for i in apart),
            )
    each = SMALL // GROUPS
    return _Across(groups=tuple(_group(axis, dense, i, i + each) for i in range(0, SMALL, each)))


def _group(axis: _Axis, dense: Floats, first: int, end: int) -> tuple[slice, slice, Floats, Floats]:
    pairs = slice(int(axis.start[first]) // 2, (int(axis.start[end - 1]) + axis.weights.shape[1] + 1) // 2)
    weights = dense[2 * pairs.start : 2 * pairs.stop, first:end]
    return pairs, slice(first, end), np.ascontiguousarray(weights[::2]), np.ascontiguousarray(weights[1::2])


class _Scratch(threading.local):
    """Memory that is used again and again: fresh pages cost more than what is done in them."""

    def __init__(self) -> None:
        self._rows: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
        self._sums: Floats = np.empty(0, dtype=np.float32)

    def rows(self, count: int, width: int) -> NDArray[np.uint8]:
        if self._rows.size < count * width:
            self._rows = np.empty(count * width, dtype=np.uint8)
        return self._rows[: count * width].reshape(count, width)

    def sums(self, count: int) -> Floats:
        if self._sums.size < 2 * count:
            self._sums = np.empty(2 * count, dtype=np.float32)
        return self._sums[: 2 * count].reshape(2, count)


SCRATCH = _Scratch()


def quick(luma: Luma) -> Floats:
    """Return the samples of a frame, each as near to the reference's as 32 bits let it.

    From uint8 (h, w), 0-255, to float32 (64, 64), 0-255.
    """
    height, width = luma.shape
    down, across = _down(height, width), _across(width)
    half = (width + 1) // 2
    ahead = max((begin for begin, _ in across.period), default=0)
    flat = SCRATCH.sums(SMALL * half + ahead)
    flat[:, SMALL * half :] = 0
    sums = flat[:, : SMALL * half].reshape(2, SMALL, half)
    if luma.strides[1] != 1:  # a turned frame
        luma = np.ascontiguousarray(luma)
    _add(luma, down, sums)
    for i, lines, weights in down.cut_short:
        row = weights @ luma[lines].astype(np.float32)
        sums[0, i], sums[1, i, : width // 2] = row[::2], row[1::2]
    if across.period:
        products = (
            part[begin : begin + SMALL * half].reshape(-1, len(weights)) @ weights
            for part, (begin, weights) in zip(flat, across.period, strict=True)
        )
        thumbnail: Floats = np.add(*products).reshape(SMALL, SMALL)
    else:
        thumbnail = np.empty((SMALL, SMALL), dtype=np.float32)
    for pairs, samples, even, odd in across.groups:
        thumbnail[:, samples] = sums[0, :, pairs] @ even + sums[1, :, pairs] @ odd
    thumbnail *= np.float32(1 / down.window**2)
    return thumbnail


def _add(luma: Luma, down: _Down, sums: Sums) -> None:
    """Fill in the weighted sums of rows."""
    width, half = luma.shape[1], sums.shape[2]
    wide = down.ramp.dtype == np.uint32
    for outputs, rows in down.parts:
        if luma.flags.c_contiguous and not width % 2:
            taken = SCRATCH.rows(len(rows), width)
            luma.take(rows, axis=0, out=taken, mode="clip")
        else:
            taken = SCRATCH.rows(len(rows), 2 * half)
            taken[:, :width] = luma[rows]
            taken[:, width:] = 0
        pairs = taken.view("<u2").reshape(len(down.ramp), -1, half)
        if wide:
            sums[1, outputs] = np.einsum("k,kiw->iw", down.ramp, pairs >> 8)
            sums[0, outputs] = np.einsum("k,kiw->iw", down.ramp, pairs & 255)
            continue
        even = np.einsum("k,kiw->iw", down.ramp, pairs)
        np.right_shift(pairs, 8, out=pairs)
        odd = np.einsum("k,kiw->iw", down.ramp, pairs)
        sums[1, outputs] = odd
        np.left_shift(odd, 8, out=odd)
        np.subtract(even, odd, out=even)  # below 2^16, so what ran over is gone
        sums[0, outputs] = even


def slow(luma: Luma) -> Floats:
    """Return the samples by the reference's own order of operations, each rounded to 32 bits.

    From uint8 (h, w), 0-255, to float32 (64, 64), 0-255.
    """
    down, across = _axis(luma.shape[0]), _axis(luma.shape[1])
    flat = first_mean(luma, across.window)
    flat = _running_mean(flat, down.window)
    flat = _running_mean(_turned(flat), across.window, across.picked)
    return _running_mean(_turned(flat), down.window, down.picked)


def _turned(lines: Floats) -> Floats:
    return np.asarray(cv2.transpose(lines), dtype=np.float32)


def first_mean(luma: Luma, window: int) -> Floats:
    """Return the mean over a window across the frame. Sums of whole numbers are exact in any order.

    From uint8 (h, w) to float32 (h, w), both 0-255.
    """
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
