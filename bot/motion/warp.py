"""Whether a clip shows an entry's moments at another pace from moment to moment: stalls, uneven delays, cuts.

Each change of the query is laid on a change between two exposures of the entry, by dynamic programming. Where time only
goes on, the same freedom backward, and at all other moments, says how far chance goes: of motion that can be traced
otherwise too, such as something that swings, nothing is told. With jumps the path says only how much of the query might
be of the entry at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bot.motion.compare import DT, Cells, Floats, Motion, Span, Transform, elsewhere

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


def warp(entry: Motion, query: Motion, transform: Transform, within: Span | None = None) -> Warp | None:
    """Return how an entry's motion is found in a query's at an uneven pace; None if too little moves.

    The transform is float64 (2, 3), from the entry's unit square to the query's. `within` is the stretch of the query's
    time (seconds) in which to look.
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
    best: Warp | None = None
    free = 0.0
    for slower in SLOWER:
        step = slower * coarser
        changes = np.diff(_coarser(asked, step), axis=0)
        if len(changes) > MOST:
            continue
        if len(changes) < LEAST or (best is not None and best.score >= CLEAR):
            break
        on, back = _path(places, changes), _path(places[::-1], changes)
        free = max(free, *(_path(way, changes, jump=JUMP).score for way in (places, places[::-1])))
        way, other = (back, on) if back.score > on.score else (on, back)
        if not len(way.places) or (best is not None and way.score <= best.score):
            continue
        apart = round(APART * FINE / (DT * coarser))
        again = _path(places[::-1] if way is back else places, changes, jump=JUMP, but=(way.places, apart))
        low, high = (float(place) * DT * coarser / FINE for place in (way.places[0], way.places[-1]))
        if way is back:
            whole = (len(places) - 1) * DT * coarser / FINE
            low, high = whole - high, whole - low
        begin, end = first * DT, first * DT + (len(changes) + 1) * step * DT
        speed = (end - begin) / max(high - low, DT)
        replaced, covered, _ = elsewhere(way.explained, changes)
        best = Warp(
            score=way.score,
            other=max(other.score, again.score),
            speed=-speed if way is back else speed,
            entry=(low, high),
            query=(begin, end),
            replaced=replaced,
            covered=covered,
            free=0.0,
        )
    return None if best is None else replace(best, free=max(free, best.score))


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


def _path(places: Floats, changes: Floats, *, jump: float | None = None, but: tuple[Ints, int] | None = None) -> _Path:
    """Return the way on through some places that explains some changes best.

    `jump`: what a jump to any place costs, in moments' motion; None: there are none. `but`: a way whose places must not
    be used, nor those so many beside them.
    """
    count, moments = len(places), len(changes)
    reach = min(FASTEST * FINE, count - 1)
    far = [((places[step:] - places[: count - step]) ** 2).sum(axis=1, dtype=np.float64) for step in range(reach + 1)]
    shown = changes.astype(np.float64) @ places.T.astype(np.float64)
    power = float((changes * changes).sum(dtype=np.float64))
    gain, best = 1.0, _Path(0.0, np.zeros(0, dtype=np.intp), changes)
    for _ in range(PASSES):
        worth = np.zeros(count)
        came = np.zeros((moments, count), dtype=np.int8)
        left = np.zeros(moments, dtype=np.intp)
        for moment in range(moments):
            there = 2 * gain * shown[moment]
            rest, reached = worth - there, worth.copy()
            for step in range(1, reach + 1):
                offered = rest[: count - step] + there[step:] - gain * gain * far[step]
                better = offered > reached[step:]
                reached[step:][better] = offered[better]
                came[moment, step:][better] = step
            if jump is not None:
                left[moment] = worth.argmax()
                better = worth[left[moment]] - jump * power / moments > reached
                reached[better] = worth[left[moment]] - jump * power / moments
                came[moment, better] = -1
            if but is not None:
                at = int(but[0][moment + 1])
                reached[max(0, at - but[1]) : at + but[1] + 1] = -np.inf
            worth = reached
        path = np.zeros(moments + 1, dtype=np.intp)
        path[-1] = worth.argmax()
        went = np.zeros(moments, dtype=bool)
        for moment in range(moments - 1, -1, -1):
            step = int(came[moment, path[moment + 1]])
            went[moment] = step >= 0
            path[moment] = path[moment + 1] - step if step >= 0 else left[moment]
        explained = np.where(went[:, None], places[path[1:]] - places[path[:-1]], 0)
        both, own = float((changes * explained).sum(dtype=np.float64)), float((explained**2).sum(dtype=np.float64))
        score = both / math.sqrt(power * own + 1e-6)
        if score > best.score:
            best = _Path(score, path, explained.astype(np.float32))
        gain = max(both / (own + 1e-9), 0.05)
    return best
