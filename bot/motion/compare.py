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
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.motion.signature import RATE, SIDE, unpack

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
Transform = NDArray[np.float64]  # 2 x 3: from the entry's unit square to the query's
Line = tuple[float, float]  # query seconds an entry second, and query seconds at the entry's start
Span = tuple[float, float]  # seconds

DT = 1 / RATE
SPEEDS = tuple(math.exp(k * math.log(1.06)) for k in range(-19, 21))  # query seconds an entry second: 1/3 to 3
WINDOW = 24  # moments that are looked for at once
LEAST = 8  # moments, below which nothing is told
COARSE, MIDDLE = 8, 16  # cells along a side while searching, and while refining
MOVES = 0.4  # grey levels (rms) from which on a cell moves
START = 0.2  # correlation below which a place is not looked at closely
ON = 0.3  # correlation of one second that goes on a stretch
TRIES, MOST = 6, 4  # places that are looked at closely; stretches
STEPS = ((0.03, 0.0625), (0.015, 0.03), (0.006, 0.02)), ((0.006, 0.02), (0.002, 0.01))  # of speed, and of seconds
MOST_COVERED = 0.6  # share of the motion that may be covered, beside which the rest is still compared
TINY = 1e-6


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


class Motion:
    """A signature, ready to be compared."""

    def __init__(self, data: bytes) -> None:
        self.changes = unpack(data)

    def __len__(self) -> int:
        return len(self.changes)

    @property
    def seconds(self) -> float:
        """How long the clip is."""
        return (len(self) + 1) * DT

    @cached_property
    def energy(self) -> Doubles:
        """The rms of each cell over time, float64 (32, 32), in grey levels."""
        mean = (self.changes.astype(np.float64) ** 2).mean(axis=0) if len(self) else np.zeros(SIDE * SIDE)
        return np.asarray(np.sqrt(mean).reshape(SIDE, SIDE))

    @cached_property
    def alike(self) -> float:
        """How alike neighbouring cells move, about -1 to 1: noise by nothing."""
        field = self.changes.reshape(-1, SIDE, SIDE)
        power = (field * field).sum(axis=0)
        pairs = (
            (field[:, :, 1:], field[:, :, :-1], power[:, 1:], power[:, :-1]),
            (field[:, 1:], field[:, :-1], power[1:], power[:-1]),
        )
        both = (float((a * b).sum()) / max(float(np.sqrt(one * other).sum()), TINY) for a, b, one, other in pairs)
        return sum(both) / len(pairs)

    @property
    def moving(self) -> int:
        """How many of the 1,024 cells move."""
        return int((self.energy >= MOVES).sum())


def moments(entry: Motion, query: Motion, turned: Transform) -> Transform:
    """Return a transform that lays the entry's motion over the query's: its middle and its spread along either side.

    `turned` mirrors and turns only; what was bordered, cropped or set into another picture is moved and stretched.
    Both transforms are float64 (2, 3), from the entry's unit square to the query's.
    """
    means, spreads = zip(*(_spread(one.energy) for one in (entry, query)), strict=True)
    about = turned[:, :2] @ (means[0] - 0.5) + 0.5
    wide = np.abs(turned[:, :2]) @ spreads[0]
    scale = spreads[1] / np.maximum(wide, 1e-3)
    found: Transform = np.empty((2, 3))
    found[:, :2] = scale[:, None] * turned[:, :2]
    found[:, 2] = scale * (turned[:, 2] - about) + means[1]
    return found


def _spread(energy: Doubles) -> tuple[Doubles, Doubles]:
    weight = np.maximum(energy - MOVES / 2, 0) ** 2
    weight = weight / max(float(weight.sum()), TINY)
    at = (np.arange(SIDE) + 0.5) / SIDE
    across, down = weight.sum(axis=0), weight.sum(axis=1)
    mean = np.array([across @ at, down @ at])
    spread = np.sqrt(np.maximum([across @ (at - mean[0]) ** 2, down @ (at - mean[1]) ** 2], 1e-4))
    return mean, spread


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


class Cells:
    """An entry's moving cells, and what the query shows in their places."""

    def __init__(self, entry: Motion, query: Motion, transform: Transform, grain: int) -> None:
        steps = np.arange(grain + 1) * SIDE / grain
        mean = np.zeros((grain, SIDE), dtype=np.float32)  # of the entry's cells, by how much of each lies in one
        ends, begins = np.arange(1, SIDE + 1), np.arange(SIDE)
        for row in range(grain):
            mean[row] = np.clip(np.minimum(ends, steps[row + 1]) - np.maximum(begins, steps[row]), 0, None)
        mean /= mean.sum(axis=1, keepdims=True)
        held = np.einsum("gy,nyx,hx->ngh", mean, entry.changes.reshape(-1, SIDE, SIDE), mean, optimize=True)
        held = held.reshape(len(entry), -1)
        weights, inside = _sampled(transform, grain)
        moves = np.sqrt((held * held).mean(axis=0)) >= MOVES * grain / SIDE * (1 if grain == SIDE else 1.5)
        self.chosen = np.flatnonzero(moves & inside)
        self.enough = len(self.chosen) >= max(3, grain * grain // 64)
        self.entry: Floats = np.ascontiguousarray(held[:, self.chosen])
        self.query: Floats = query.changes @ np.ascontiguousarray(weights[self.chosen].T)
        self.light = _light(self.entry), _light(self.query)

    def pair(self, line: Line, begin: float, end: float) -> tuple[Floats, Floats, Bools]:
        """Return the changes of entry and query at the same moments from `begin` to `end` of the entry, in seconds.

        Both float32 (moments, cells); and which of them the query shows whole, bool (moments,). Query time = speed x
        entry time + offset. A moment is an eighth of a second of whichever clip is slower: the faster one has no finer
        ones to compare.
        """
        speed, offset = line
        step = DT * max(1.0, 1 / abs(speed))
        count = max(0, int((end - begin) / step + 1e-6) - 1)
        when = begin + np.arange(count + 2) * step
        held, _ = _at(self.light[0], when, step)
        asked, shown = _at(self.light[1], speed * when + offset, speed * step)
        return held, asked, shown


def _light(changes: Floats) -> Floats:
    """Return the light from the start to each eighth of a second, but for a constant: the changes summed twice."""
    exposures = np.concatenate([np.zeros_like(changes[:1]), np.cumsum(changes, axis=0)])
    return np.concatenate([np.zeros_like(exposures[:1]), np.cumsum(exposures, axis=0)]) * np.float32(DT)


def _at(light: Floats, when: NDArray[Any], step: float) -> tuple[Floats, Bools]:
    """Return the changes of the exposures between some times, `step` seconds apart, and which lie inside the clip."""
    last = len(light) - 1
    inside = (when >= -1e-6) & (when <= last * DT + 1e-6)
    place = np.clip(when / DT, 0, last - 1e-6)
    before = place.astype(np.intp)
    part = (place - before).astype(np.float32)[:, None]
    shown = light[before] * (1 - part) + light[before + 1] * part
    changes = (np.diff(shown, n=2, axis=0) / np.float32(step)).astype(np.float32)
    return changes, inside[:-2] & inside[1:-1] & inside[2:]


def _sampled(transform: Transform, grain: int) -> tuple[Floats, Bools]:
    """Return how the query's cells make up each cell of the entry, and which cells the query shows."""
    each = max(3, 2 * SIDE // grain)
    at = (np.arange(grain * each) + 0.5) / (grain * each)
    x, y = np.meshgrid(at, at)
    target = (np.arange(grain * each) // each)[:, None] * grain + (np.arange(grain * each) // each)[None, :]
    there = [transform[axis, 0] * x + transform[axis, 1] * y + transform[axis, 2] for axis in (0, 1)]
    within = (there[0] > 0) & (there[0] < 1) & (there[1] > 0) & (there[1] < 1)
    columns, rows = (np.clip(one * SIDE - 0.5, 0, SIDE - 1 - 1e-6) for one in there)
    left, top = columns.astype(np.intp), rows.astype(np.intp)
    weights = np.zeros((grain * grain, SIDE * SIDE), dtype=np.float64)
    for down in (0, 1):
        for right in (0, 1):
            part = (columns - left if right else 1 - columns + left) * (rows - top if down else 1 - rows + top)
            np.add.at(weights, (target, (top + down) * SIDE + left + right), part / each**2)
    share = np.bincount(target.ravel(), weights=within.ravel(), minlength=grain * grain) / each**2
    return weights.astype(np.float32), share > 0.9


def _candidates(cells: Cells) -> list[tuple[float, Line, float, float]]:
    """Return (worth, line, entry seconds from, to) of the windows that agree best, the best first."""
    found: list[tuple[float, Line, float, float]] = []
    lasts = [(len(part) + 1) * DT for part in (cells.entry, cells.query)]
    for size in SPEEDS:
        steps = DT * max(1.0, 1 / size), DT * max(1.0, size)
        held, asked_ = (
            _at(light, np.arange(int(last / step + 1e-6) + 1) * step, step)[0]
            for light, last, step in zip(cells.light, lasts, steps, strict=True)
        )
        length = min(round(WINDOW * DT / steps[0]), len(held), len(asked_))
        if length < LEAST // 2:
            continue
        power = np.concatenate([[0.0], np.cumsum((held * held).sum(axis=1, dtype=np.float64))])
        for backward in (False, True):
            asked = -asked_[::-1] if backward else asked_
            total = _diagonals(held @ asked.T, length)
            own = np.concatenate([[0.0], np.cumsum((asked * asked).sum(axis=1, dtype=np.float64))])
            score = total / np.sqrt(np.outer(power[length:] - power[:-length], own[length:] - own[:-length]) + 1e-3)
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


def _diagonals(products: Floats, length: int) -> Doubles:
    """Return the sums of `length` steps down the diagonals, from every element that has so many behind it."""
    rows, columns = products.shape
    wide = np.zeros((rows, rows + columns), dtype=np.float64)
    wide[:, :columns] = products[::-1]
    slanted = wide.ravel()[: rows * (rows + columns - 1)].reshape(rows, rows + columns - 1)[::-1]
    sums = np.concatenate([np.zeros((1, slanted.shape[1])), np.cumsum(slanted, axis=0)])
    windows = sums[length:] - sums[:-length]  # [k, c]: rows k to k + length; column l of row k stands at l + rows-1-k
    first = np.arange(rows - length + 1)[:, None]
    return np.asarray(windows[first, np.arange(columns - length + 1)[None, :] + rows - 1 - first])


def _correlation(held: Floats, asked: Floats) -> float:
    return float(np.vdot(held, asked) / math.sqrt(float(np.vdot(held, held)) * float(np.vdot(asked, asked)) + TINY))


def _score(cells: Cells, line: Line, span: Span) -> float:
    held, asked, shown = cells.pair(line, *span)
    if not shown.all():
        held, asked = held[shown], asked[shown]
    return _correlation(held, asked) if len(held) >= LEAST // 2 else -1.0


def _refined(cells: Cells, line: Line, span: Span, steps: Sequence[tuple[float, float]]) -> Line:
    """Return speed and offset near those given at which most agrees; the middle of the stretch is what turns."""
    middle = (span[0] + span[1]) / 2
    best = _score(cells, line, span), line
    for factor, shift in steps:
        speed, offset = best[1]
        centre = speed * middle + offset
        for turn in range(-2, 3):
            for move in range(-2, 3):
                faster = speed * (1 + turn * factor)
                tried = faster, centre + move * shift - faster * middle
                best = max(best, (_score(cells, tried, span), tried))
    return best[1]


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
