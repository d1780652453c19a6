"""Whether a clip shows an entry's moments at another pace from moment to moment: stalls, uneven delays, cuts.

Each change of the query is laid on a change between two exposures of the entry, by dynamic programming. Where time only
goes on, the same freedom backward, and at all other moments, says how far chance goes: of motion that can be traced
otherwise too, such as something that swings, nothing is told. With jumps the path says only how much of the query might
be of the entry at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.motion.cells import DT, Cells, Doubles, Floats, Motion, Transform
from bot.motion.compare import Span, elsewhere

Ints = NDArray[np.intp]
GRAIN = 16  # cells along a side
APART = 0.75  # seconds from which on a moment is another one
FINE = 2  # places of the entry an exposure
FASTEST = 6  # exposures of the entry a moment of the query
SLOWER = 1, 2, 4, 8  # moments of the query that are taken as one
LEAST = 12  # moments
MOST = 160  # moments and exposures that are looked at: of longer clips several are taken as one
CLEAR = 0.9  # correlation from which on no slower pace is tried
JUMP = 0.3  # of a moment's motion: what a jump costs
PASSES = 2  # the second with the contrast that the first found


@dataclass(frozen=True, slots=True, kw_only=True)
class Warp:
    """How well a query's motion is explained by an entry's moments in order, and in any order."""

    score: float  # correlation where the entry's time only goes on, or only back, 0-1
    other: float  # as far as chance goes: the same in the other direction, or at other moments in any order
    speed: float  # query seconds an entry second, on the whole; below 0: backward
    entry: Span
    query: Span
    replaced: float  # as of a stretch
    covered: float
    free: float  # correlation where the entry's time may jump, 0-1

    @property
    def rest(self) -> float:
        """What is left unexplained, as a share of what chance leaves: 1 by chance, 0 for a copy."""
        return (1 - self.score**2) / max(1 - self.other**2, 1e-6)


def warp(
    entry: Motion,
    query: Motion,
    transform: Transform,
    within: Span | None = None,
    *,
    least: float = 0.0,
    jumps: bool = True,
) -> Warp | None:
    """Return how an entry's motion is found in a query's at an uneven pace; None if too little moves.

    The transform is float64 (2, 3), from the entry's unit square to the query's. `within` is the stretch of the query's
    time (seconds) in which to look. How far chance goes is only told of what has the `least` score: of less it is the
    score itself. Without `jumps` how much there is in any order is not looked for.
    """
    shown = Cells(entry, query, transform, GRAIN)
    if not shown.enough:
        return None
    first, last = 0, len(query)
    if within is not None:
        first, last = max(0, math.floor(within[0] / DT)), min(last, math.ceil(within[1] / DT))
    held, asked = _exposures(shown.entry), _exposures(shown.query[first:last])
    coarser = math.ceil(len(held) / MOST)
    places = _finer(_coarser(held, coarser))
    ways = [_Way(turned, jump) for jump in (None, JUMP)[: 1 + jumps] for turned in (places, places[::-1])]
    best: tuple[_Path, float, bool, Floats, int] | None = None
    free = 0.0
    for slower in SLOWER:
        step = slower * coarser
        changes = np.diff(_coarser(asked, step), axis=0)
        if len(changes) > MOST:
            continue
        if len(changes) < LEAST or (best is not None and best[0].score >= CLEAR):
            break
        on, back, *any_order = _paths(ways, changes)
        free = max(free, *(path.score for path in any_order), 0.0)
        way, other = (back, on) if back.score > on.score else (on, back)
        if len(way.places) and (best is None or way.score > best[0].score):
            best = way, other.score, way is back, changes, step
    if best is None:
        return None
    way, chance, backward, changes, step = best
    if way.score < least:
        chance = way.score
    else:
        but = way.places, round(APART * FINE / (DT * coarser))
        (again,) = _paths([_Way(places[::-1] if backward else places, JUMP, but)], changes)
        chance = max(chance, again.score)
    low, high = (float(place) * DT * coarser / FINE for place in (way.places[0], way.places[-1]))
    if backward:
        whole = (len(places) - 1) * DT * coarser / FINE
        low, high = whole - high, whole - low
    begin, end = first * DT, first * DT + (len(changes) + 1) * step * DT
    speed = (end - begin) / max(high - low, DT)
    replaced, covered, _ = elsewhere(way.explained, changes)
    return Warp(
        score=way.score,
        other=chance,
        speed=-speed if backward else speed,
        entry=(low, high),
        query=(begin, end),
        replaced=replaced,
        covered=covered,
        free=max(free, way.score),
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """How to go through some places: on, and perhaps by jumps, which cost so many moments' motion.

    `but`: a way whose places must not be used, nor those so many beside them.
    """

    places: Floats
    jump: float | None = None
    but: tuple[Ints, int] | None = None


@dataclass(frozen=True, slots=True)
class _Path:
    """Places of an entry, one before the first moment and one after each, and what going through them explains."""

    score: float
    places: Ints
    explained: Floats


def _exposures(changes: Floats) -> Floats:
    """Return the exposures that have these changes, but for a constant."""
    return np.concatenate([np.zeros_like(changes[:1]), np.cumsum(changes, axis=0)])


def _coarser(exposures: Floats, by: int) -> Floats:
    whole = len(exposures) // by
    return exposures[: whole * by].reshape(whole, by, -1).mean(axis=1) if by > 1 else exposures


def _finer(exposures: Floats) -> Floats:
    at = np.arange((len(exposures) - 1) * FINE + 1) / FINE
    before = np.minimum(at.astype(np.intp), max(0, len(exposures) - 2))
    part = (at - before).astype(np.float32)[:, None]
    return np.asarray(exposures[before] * (1 - part) + exposures[before + 1] * part)


def _paths(ways: Sequence[_Way], changes: Floats) -> list[_Path]:
    """Return for each way the path on through its places that explains some changes best; all have as many places.

    All are gone through at once: `worth` is what the best path to each place explains, ways x places.
    """
    count, moments = len(ways[0].places), len(changes)
    reach = min(FASTEST * FINE, count - 1)
    shown = np.stack([changes.astype(np.float64) @ way.places.T.astype(np.float64) for way in ways], axis=1)
    far = np.zeros((len(ways), reach + 1, count))  # from each place to the one so many steps before
    for number, way in enumerate(ways):
        for step in range(1, reach + 1):
            apart = way.places[step:] - way.places[: count - step]
            far[number, step, step:] = (apart * apart).sum(axis=1, dtype=np.float64)
    power = float((changes * changes).sum(dtype=np.float64))
    costs = np.array([np.inf if way.jump is None else way.jump * power / moments for way in ways])
    gains, best = np.ones(len(ways)), [_Path(0.0, np.zeros(0, dtype=np.intp), changes)] * len(ways)
    for _ in range(PASSES):
        there, apart = 2 * gains[:, None] * shown, (gains * gains)[:, None, None] * far
        for number, (path, went) in enumerate(zip(*_traced(ways, there, apart, costs), strict=True)):
            places = ways[number].places
            explained = np.where(went[:, None], places[path[1:]] - places[path[:-1]], 0)
            both, own = float((changes * explained).sum(dtype=np.float64)), float((explained**2).sum(dtype=np.float64))
            score = both / math.sqrt(power * own + 1e-6)
            if score > best[number].score:
                best[number] = _Path(score, path, explained.astype(np.float32))
            gains[number] = max(both / (own + 1e-9), 0.05)
    return best


def _traced(
    ways: Sequence[_Way], there: Doubles, apart: Doubles, costs: Doubles
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the best path of each way, intp (ways, moments + 1), and which moments it does not jump.

    What going from one place to another explains is the difference of `there`, float64 (moments, ways, places), less
    `apart`, float64 (ways, steps, places).
    """
    moments, many, count = there.shape
    reach = apart.shape[1] - 1
    worth = np.zeros((moments + 1, many, count))
    padded = np.full((many, reach + count), -np.inf)  # so that no path comes from before the first place
    before, step, place = padded.strides[0], -padded.strides[1], padded.strides[1]
    came = np.lib.stride_tricks.as_strided(padded[:, reach:], (many, reach + 1, count), (before, step, place))
    offered = np.empty((many, reach + 1, count))
    for moment in range(moments):
        np.subtract(worth[moment], there[moment], out=padded[:, reach:])
        np.subtract(came, apart, out=offered)
        reached = np.max(offered, axis=1, out=worth[moment + 1])
        reached += there[moment]
        np.maximum(reached, (worth[moment].max(axis=1) - costs)[:, None], out=reached)
        for number, way in enumerate(ways):
            if way.but is not None:
                middle = int(way.but[0][moment + 1])
                reached[number, max(0, middle - way.but[1]) : middle + way.but[1] + 1] = -np.inf
    rows, steps = np.arange(many), np.arange(reach + 1)
    path = np.zeros((many, moments + 1), dtype=np.intp)
    path[:, -1] = worth[-1].argmax(axis=1)
    went = np.zeros((many, moments), dtype=bool)
    for moment in range(moments - 1, -1, -1):
        at = path[:, moment + 1]
        source = np.maximum(at[:, None] - steps, 0)
        gained = worth[moment][rows[:, None], source] - there[moment][rows[:, None], source]
        gained -= apart[rows[:, None], steps, at[:, None]]
        gained[steps > at[:, None]] = -np.inf
        back = gained.argmax(axis=1)
        jumped = worth[moment].max(axis=1) - costs > gained[rows, back] + there[moment][rows, at]
        went[:, moment] = ~jumped
        path[:, moment] = np.where(jumped, worth[moment].argmax(axis=1), at - back)
    return path, went
