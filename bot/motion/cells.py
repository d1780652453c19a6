"""A motion signature, ready to be compared, and what a query shows in the places of an entry's moving cells."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.motion.signature import RATE, SIDE, unpack

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
Transform = NDArray[np.float64]  # 2 x 3: from the entry's unit square to the query's
Line = tuple[float, float]  # query seconds an entry second, and query seconds at the entry's start

DT = 1 / RATE
MOVES = 0.4  # grey levels (rms) from which on a cell moves
SAMPLED = 8  # placements that are kept in memory, each up to 4 MB
TINY = 1e-6


class Motion:
    """A signature, ready to be compared."""

    def __init__(self, data: bytes) -> None:
        self.changes = unpack(data)
        self._coarse: dict[int, Floats] = {}

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

    def coarse(self, grain: int) -> Floats:
        """Return the changes in `grain` x `grain` cells, by how much of each of the finer ones lies in one.

        float32 (n, cells), row by row.
        """
        if grain not in self._coarse:
            steps = np.arange(grain + 1) * SIDE / grain
            mean = np.zeros((grain, SIDE), dtype=np.float32)
            ends, begins = np.arange(1, SIDE + 1), np.arange(SIDE)
            for row in range(grain):
                mean[row] = np.clip(np.minimum(ends, steps[row + 1]) - np.maximum(begins, steps[row]), 0, None)
            mean /= mean.sum(axis=1, keepdims=True)
            held = np.einsum("gy,nyx,hx->ngh", mean, self.changes.reshape(-1, SIDE, SIDE), mean, optimize=True)
            self._coarse[grain] = np.ascontiguousarray(held.reshape(len(self), -1))
        return self._coarse[grain]

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


class Cells:
    """An entry's moving cells, and what the query shows in their places."""

    def __init__(self, entry: Motion, query: Motion, transform: Transform, grain: int) -> None:
        held = entry.coarse(grain)
        weights, inside = _sampled(tuple(transform.ravel().tolist()), grain)
        moves = np.sqrt((held * held).mean(axis=0)) >= MOVES * grain / SIDE * (1 if grain == SIDE else 1.5)
        self.chosen = np.flatnonzero(moves & inside)
        self.enough = len(self.chosen) >= max(3, grain * grain // 64)
        self.entry: Floats = np.ascontiguousarray(held[:, self.chosen])
        self.query: Floats = query.changes @ weights[self.chosen].T
        self.light = _light(self.entry), _light(self.query)
        self._paces: dict[tuple[int, float], tuple[Floats, Doubles]] = {}

    def at_pace(self, side: int, step: float) -> tuple[Floats, Doubles]:
        """Return the changes of the entry (0) or the query (1) every `step` seconds, and their power up to each.

        float32 (n, cells) and float64 (m,), one more: the first is 0.
        """
        kept = self._paces.get((side, step))
        if kept is None:
            light = self.light[side]
            changes = _at(light, np.arange(int((len(light) - 1) * DT / step + 1e-6) + 1) * step, step)[0]
            power = np.concatenate([[0.0], np.cumsum((changes * changes).sum(axis=1, dtype=np.float64))])
            kept = self._paces[side, step] = changes, power
        return kept

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


@lru_cache(maxsize=SAMPLED)
def _sampled(numbers: tuple[float, ...], grain: int) -> tuple[Floats, Bools]:
    """Return how the query's cells make up each cell of the entry, and which cells the query shows.

    `numbers` are a transform's, row by row. Most are asked for again: all that was not moved has the same.
    """
    transform = np.array(numbers).reshape(2, 3)
    each = max(3, 2 * SIDE // grain)
    at = (np.arange(grain * each) + 0.5) / (grain * each)
    x, y = np.meshgrid(at, at)
    target = (np.arange(grain * each) // each)[:, None] * grain + (np.arange(grain * each) // each)[None, :]
    there = [transform[axis, 0] * x + transform[axis, 1] * y + transform[axis, 2] for axis in (0, 1)]
    within = (there[0] > 0) & (there[0] < 1) & (there[1] > 0) & (there[1] < 1)
    columns, rows = (np.clip(one * SIDE - 0.5, 0, SIDE - 1 - 1e-6) for one in there)
    left, top = columns.astype(np.intp), rows.astype(np.intp)
    weights = np.zeros((grain * grain, SIDE * SIDE), dtype=np.float32)
    for down in (0, 1):
        for right in (0, 1):
            part = (columns - left if right else 1 - columns + left) * (rows - top if down else 1 - rows + top)
            np.add.at(weights, (target, (top + down) * SIDE + left + right), (part / each**2).astype(np.float32))
    share = np.bincount(target.ravel(), weights=within.ravel(), minlength=grain * grain) / each**2
    return weights, share > 0.9
