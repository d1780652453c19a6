"""Whether two clips are the same take: how well their motion agrees, at which times, speed and direction.

Two signatures are compared by one normalised correlation over the cells that move in the entry, under a transform of
the picture. Speed, direction and lag are searched for on coarse cells by the sums along the diagonals of one matrix of
products, then refined to where the score is flat. How far chance would go is read from the same matrix: the sums along
all its other diagonals are what these two clips give at times that are not the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.motion.cells import DT, TINY, Bools, Cells, Doubles, Floats, Line, Motion, Transform
from bot.motion.signature import SIDE

Span = tuple[float, float]  # seconds

SPEEDS = tuple(math.exp(k * math.log(1.06)) for k in range(-19, 21))  # query seconds an entry second: 1/3 to 3
WINDOW = 24  # moments that are looked for at once
LEAST = 8  # moments, below which nothing is told
COARSE, MIDDLE = 8, 16  # cells along a side while searching, and while refining
START = 0.2  # correlation below which a place is not looked at closely
ON = 0.3  # correlation of one second that goes on a stretch
TRIES, MOST = 6, 4  # places that are looked at closely; stretches
STEPS = ((0.03, 0.0625), (0.015, 0.03), (0.006, 0.02)), ((0.006, 0.02), (0.002, 0.01))  # of speed, and of seconds
MOST_COVERED = 0.6  # share of the motion that may be covered, beside which the rest is still compared


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time in which the motion of two clips agrees. Times in seconds from the clips' starts."""

    score: float  # correlation, -1 to 1
    sigma: float  # how many standard deviations the score lies above what other times of the two clips give
    speed: float  # query seconds an entry second; below 0: backward
    entry: tuple[float, float]
    query: tuple[float, float]
    cells: int  # that move
    replaced: float  # share of the entry's motion in cells where the query moves otherwise, 0-1
    covered: float  # share of the entry's motion in cells where the query stands still, 0-1

    @property
    def seconds(self) -> float:
        """How long it is, in the entry or the query, whichever is shorter."""
        return min(self.entry[1] - self.entry[0], self.query[1] - self.query[0])


def compare(entry: Motion, query: Motion, transform: Transform) -> list[Stretch]:
    """Return the stretches of time in which a query moves as an entry does, the surest first; none where nothing does.

    `transform` leads from the entry's unit square to the query's (x to the right, y down).
    It is float64 (2, 3).
    """
    if min(len(entry), len(query)) < LEAST:
        return []
    coarse = Cells(entry, query, transform, COARSE)
    if not coarse.enough:
        return []
    found: list[Stretch] = []
    taken = np.zeros(len(query) + 2, dtype=bool)
    middle: Cells | None = None
    fine: Cells | None = None
    tries = 0
    for _, line, begin, end in _candidates(coarse):
        if len(found) >= MOST or tries >= TRIES:
            break
        low, high = sorted((line[0] * begin + line[1], line[0] * end + line[1]))
        if taken[max(0, int(low / DT)) : max(0, int(high / DT)) + 1].mean() > 0.5:
            continue
        tries += 1
        middle = middle or Cells(entry, query, transform, MIDDLE)
        fine = fine or Cells(entry, query, transform, _grain(transform))
        line = _refined(middle, line, (begin, end), STEPS[0])
        span = _extended(middle, line, (begin, end))
        if span is None:
            continue
        line = _refined(middle, line, span, STEPS[1])
        stretch = _told(fine, line, span)
        if stretch is not None:
            found.append(stretch)
            taken[max(0, int(stretch.query[0] / DT)) : int(stretch.query[1] / DT) + 1] = True
    return sorted(found, key=lambda one: -one.score * min(one.seconds, 3.0))


def _grain(transform: Transform) -> int:
    """Return how many cells along a side a query can show of an entry."""
    size = math.sqrt(abs(float(np.linalg.det(transform[:, :2]))))
    return int(np.clip(round(SIDE * min(1.0, size)), COARSE, SIDE))


def _candidates(cells: Cells) -> list[tuple[float, Line, float, float]]:
    """Return (worth, line, entry seconds from, to) of the windows that agree best, the best first."""
    found: list[tuple[float, Line, float, float]] = []
    for size in SPEEDS:
        steps = DT * max(1.0, 1 / size), DT * max(1.0, size)
        (held, power), (asked, own) = (cells.at_pace(side, step) for side, step in enumerate(steps))
        length = min(round(WINDOW * DT / steps[0]), len(held), len(asked))
        if length < LEAST // 2:
            continue
        products = held @ asked.T
        ours, theirs = power[length:] - power[:-length], own[length:] - own[:-length]
        for backward in (False, True):
            total = diagonals(-products[:, ::-1] if backward else products, length)
            norm = np.multiply.outer(ours, theirs[::-1] if backward else theirs)
            norm += 1e-3
            score = np.divide(total, np.sqrt(norm, out=norm), out=norm)
            for _ in range(2):
                i, j = np.unravel_index(int(score.argmax()), score.shape)
                if score[i, j] < START:
                    break
                at, when = float(i) * steps[0], float((len(asked) + 1 - j) if backward else j) * steps[1]
                speed = -size if backward else size
                worth = float(score[i, j]) * math.sqrt(length * steps[0] / (WINDOW * DT))
                found.append((worth, (speed, when - speed * at), at, at + (length + 1) * steps[0]))
                score[max(0, i - 6) : i + 7, max(0, j - 6) : j + 7] = -1
    return sorted(found, reverse=True)


def diagonals(products: Floats, length: int) -> Doubles:
    """Return the sums of `length` steps down the diagonals, from every element that has so many behind it.

    `products` are float32 (n, m), the sums float64 (k, l): `length` less one fewer either way.
    """
    sums = np.zeros((products.shape[0] + 1, products.shape[1] + 1))
    sums[1:, 1:] = products
    for row in range(1, len(sums)):
        sums[row, 1:] += sums[row - 1, :-1]
    return np.asarray(sums[length:, length:] - sums[:-length, :-length])


def _correlation(held: Floats, asked: Floats) -> float:
    return float(np.vdot(held, asked) / math.sqrt(float(np.vdot(held, held)) * float(np.vdot(asked, asked)) + TINY))


def _refined(cells: Cells, line: Line, span: Span, steps: Sequence[tuple[float, float]]) -> Line:
    """Return speed and offset near those given at which most agrees; the middle of the stretch is what turns."""
    middle = (span[0] + span[1]) / 2
    turn, move = (one.ravel() for one in np.meshgrid(np.arange(-2, 3), np.arange(-2, 3), indexing="ij"))
    score = -1.0
    for factor, shift in steps:
        speed, offset = line
        speeds: Doubles = np.asarray(speed * (1 + turn * factor), dtype=np.float64)
        offsets: Doubles = np.asarray(speed * middle + offset + move * shift - speeds * middle, dtype=np.float64)
        scores = _scores(cells, speeds, offsets, span)
        best = int(scores.argmax())
        if scores[best] > score:
            score, line = float(scores[best]), (float(speeds[best]), float(offsets[best]))
    return line


def _scores(cells: Cells, speeds: Doubles, offsets: Doubles, span: Span) -> Doubles:
    """Return the correlation along some lines over a span of the entry's time, float64 (lines,); -1 if too little is in
    view.

    A change is a sum of six rows of light, so all lines are read from the products of few rows.
    """
    step = DT * np.maximum(1.0, 1 / np.abs(speeds))
    count = np.maximum(0, ((span[1] - span[0]) / step + 1e-6).astype(np.intp) - 1)
    when = span[0] + np.arange(int(count.max()) + 2) * step[:, None]
    last = len(cells.light[1]) - 1
    there = speeds[:, None] * when + offsets[:, None]
    inside = (there >= -1e-6) & (there <= last * DT + 1e-6)
    shown = inside[:, :-2] & inside[:, 1:-1] & inside[:, 2:] & (np.arange(when.shape[1] - 2) < count[:, None])
    one = _summed(cells.light[0], when, step)
    two = _summed(cells.light[1], there, speeds * step)
    both, ours, theirs = (
        np.where(shown, _products(*pair), 0).sum(axis=1) for pair in ((one, two), (one, one), (two, two))
    )
    return np.where(shown.sum(axis=1) >= LEAST // 2, both / np.sqrt(ours * theirs + TINY), -1.0)


def _summed(light: Floats, when: Doubles, step: Doubles) -> tuple[Doubles, NDArray[np.intp], Doubles]:
    """Return some rows of light, and for each change between some times, (lines, times), six of them with weights."""
    place = np.clip(when / DT, 0, len(light) - 1 - 1e-6)
    before = place.astype(np.intp)
    first = int(before.min()) if before.size else 0
    rows = light[first : int(before.max()) + 2 if before.size else 0].astype(np.float64)
    part = place - before
    near, far = (1 - part) / step[:, None], part / step[:, None]
    which = [before[:, n : before.shape[1] - 2 + n] - first + after for n in range(3) for after in (0, 1)]
    weight = [sign * one[:, n : before.shape[1] - 2 + n] for n, sign in enumerate((1, -2, 1)) for one in (near, far)]
    return rows, np.stack(which, axis=2), np.stack(weight, axis=2)


def _products(
    one: tuple[Doubles, NDArray[np.intp], Doubles], two: tuple[Doubles, NDArray[np.intp], Doubles]
) -> Doubles:
    """Return the products of changes that `_summed` tells, summed over the cells: float64 (lines, moments)."""
    table = one[0] @ two[0].T
    at = one[1][:, :, :, None] * table.shape[1] + two[1][:, :, None, :]
    return np.asarray(np.einsum("lmij,lmi,lmj->lm", table.ravel()[at], one[2], two[2], optimize=False))


def _extended(cells: Cells, line: Line, span: Span) -> Span | None:
    """Return from where to where a stretch goes on both ways for as long as each second agrees; None if it does not."""
    step = DT * max(1.0, 1 / abs(line[0]))
    start = span[0] % step
    held, asked, shown = cells.pair(line, start, (len(cells.entry) + 1) * DT)
    parts = [np.where(shown, (a * b).sum(axis=1), 0) for a, b in ((held, asked), (held, held), (asked, asked))]
    width = min(len(held), max(3, round(1 / step)))
    both, ours, theirs = (np.convolve(part, np.ones(width), "same") for part in parts)
    good = (both / np.sqrt(ours * theirs + 1e-3) >= ON) & shown
    first = round((span[0] - start) / step)
    inside = np.flatnonzero(good[first : max(first + 1, round((span[1] - start) / step) - 1)])
    if not len(inside):
        return None
    low, high = first + int(inside[0]), first + int(inside[-1]) + 1
    while low > 0 and good[low - 1]:
        low -= 1
    while high < len(good) and good[high]:
        high += 1
    return (start + low * step, start + (high + 1) * step) if high - low >= LEAST // 2 else None


def _told(cells: Cells, line: Line, span: Span) -> Stretch | None:
    held, asked, shown = cells.pair(line, *span)
    held, asked = held[shown], asked[shown]
    if len(held) < LEAST // 2:
        return None
    speed, offset = line
    query = sorted((speed * span[0] + offset, speed * span[1] + offset))
    replaced, covered, open_ = elsewhere(held, asked)
    if 0 < covered <= MOST_COVERED:  # a mark that stands still says nothing about the take
        held, asked = held[:, open_], asked[:, open_]
    return Stretch(
        score=_correlation(held, asked),
        sigma=_sigma(held, asked),
        speed=speed,
        entry=span,
        query=(max(0.0, query[0]), query[1]),
        cells=len(cells.chosen),
        replaced=replaced,
        covered=covered,
    )


def elsewhere(held: Floats, asked: Floats) -> tuple[float, float, Bools]:
    """Return which shares of the entry's motion lie in cells that move otherwise in the query, or stand still there.

    And the cells that do not stand still, bool (cells,). The changes are float32 (moments, cells).
    """
    ours, theirs = (held * held).sum(axis=0), (asked * asked).sum(axis=0)
    agree = (held * asked).sum(axis=0) / np.sqrt(ours * theirs + TINY)
    gain = float(np.median(np.sqrt(theirs / np.maximum(ours, TINY))))
    still = theirs < (0.25 * gain) ** 2 * ours
    total = max(float(ours.sum()), TINY)
    return float(ours[(agree < ON) & ~still].sum()) / total, float(ours[still].sum()) / total, ~still


def _sigma(held: Floats, asked: Floats) -> float:
    """Return how many standard deviations the diagonal's sum is above those of all others in the products' matrix.

    Neighbouring products are alike, so their covariance up to five moments apart counts too (Bartlett's formula).
    """
    count = len(held)
    products = (held @ asked.T).astype(np.float64)
    products /= math.sqrt(float(np.vdot(held, held)) * float(np.vdot(asked, asked)) + TINY)
    i, j = np.indices(products.shape)
    away = (np.abs(i - j) >= min(4, max(1, count // 3))).astype(np.float64)
    other = products * away
    variance = 0.0
    for step in range(min(6, count // 3 + 1)):
        end = count - step
        pairs = max(1.0, float((away[:end, :end] * away[step:, step:]).sum()))
        alike = float((other[:end, :end] * other[step:, step:]).sum()) / pairs
        variance += (count if step == 0 else 2 * end) * alike
    variance = max(variance, 0.5 * count * float((other**2).sum()) / max(1.0, float(away.sum())))
    return float(np.trace(products) / math.sqrt(variance + TINY))
