"""How much of an entry was found again: where, how steadily, and whether at its own time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.copies.points import Bools, Floats, Ints, Points, height, width
from bot.copies.timeline import APART, EntryFeatures, QueryFeatures, Seen, in_view, spread

ACROSS, DOWN = 8, 5  # parts of the entry's picture that are told apart
TWIN = 9  # bits of 64 within which two words are one
SAME_PLACE = 10.0  # units within which two corners of one frame are one, at two sizes
UNSURE = 21  # bits within which what stands still in a see-through mark is one
UNEVEN = 0.2  # of the common rate; in a part of a 160th of the picture
ASKED_WHEN, MIN_TIMED = 12, 15  # pairs of frames that are asked when they are; corners for an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """How much of an entry was found again, where, and how steadily."""

    off: float  # seconds between those that were compared
    missed: float  # corners that should have been found again where parts do not agree
    inliers: int  # corners found again in the best pair, each place once
    together: int  # the same in all pairs that were compared
    rate: float  # of corners found again, over parts that agree
    still: tuple[int, float]  # how many corners stand still, and how many of them are found
    passing: tuple[int, float]  # the same of those that do not
    spread: float  # how unsteadily parts agree over time; 1: as chance has it
    bad: Bools  # parts that do not agree, as a grid
    good: Bools
    shown: int  # parts in view with corners enough
    bad_rate: float  # of corners found again there
    small: Bools  # small parts, of the size of a face in the distance, that are found much less often than the others
    unlike: int  # inliers whose word stands only once in the query's frame
    single: int  # the same in both frames
    static: float  # how much of what the query shows in the parts that do not agree stands still in it; -1: nothing


def measure(asked: QueryFeatures, held: EntryFeatures, seen: Seen) -> Numbers:
    """Return the numbers of what was seen."""
    rows = [seen.rows[number] for number in seen.close]
    off = float(np.mean([seen.pairs[number][2] for number in seen.close]))
    across, down = (ACROSS, DOWN) if held.aspect >= 1 else (DOWN, ACROSS)
    part = parts(held.points.place, width(held.aspect), height(held.aspect), across, down)
    total = np.array([np.bincount(part[which], minlength=across * down) for which, _, _ in rows], dtype=float)
    found = np.array(
        [np.bincount(part[which], weights=loose, minlength=across * down) for which, _, loose in rows], dtype=float
    )
    rate = _common_rate(total.sum(axis=0), found.sum(axis=0))
    wanted, had = total.sum(axis=0) * rate, found.sum(axis=0)
    strict = min(1.0, rate / 0.7)  # where little is found again anyway, a part without is no wonder
    bad = (wanted * strict >= 5) & (had <= 0.2 * strict * wanted)
    good = (wanted >= 2.5) & (had >= 0.4 * wanted)
    small = _uneven(held, rows, 2 * across, 2 * down, rate)
    region = small | np.kron(bad.reshape(down, across), np.ones((2, 2), dtype=bool))
    still = held.still() if held.moving else np.zeros(len(held.points), dtype=bool)
    which = np.concatenate([row[0] for row in rows])
    exact, loose = (np.concatenate([row[i] for row in rows]) for i in (1, 2))
    unlike, single = _unlike(asked, held, seen)
    return Numbers(
        off=off,
        missed=float(wanted[bad].sum()) + float(largest(small) * 6),
        inliers=max(_places(held.points.place[row[0][row[1]]]) for row in seen.rows),
        together=sum(_places(held.points.place[row[0][row[1]]]) for row in rows),
        rate=rate,
        still=_share(exact[still[which]]),
        passing=_share(loose[~still[which]]),
        spread=_dispersion(total, found),
        bad=bad.reshape(down, across),
        good=good.reshape(down, across),
        shown=int((total.sum(axis=0) >= 8).sum()),
        bad_rate=float(had[bad].sum() / max(1.0, total.sum(axis=0)[bad].sum())),
        small=small,
        unlike=unlike,
        single=single,
        static=_static(asked, held, seen, region.ravel(), 2 * across, 2 * down) if region.any() else -1.0,
    )


def parts(place: NDArray[np.float32], wide: float, high: float, across: int, down: int) -> Ints:
    """Return in which part of a picture each place, float32 (n, 2), lies: int64 (n,), row after row.

    The picture is `wide` and `high` units, and divided into `across` x `down` parts.
    """
    column = np.clip(place[:, 0] * across / wide, 0, across - 1).astype(np.int64)
    row = np.clip(place[:, 1] * down / high, 0, down - 1).astype(np.int64)
    part: Ints = row * across + column
    return part


def _common_rate(total: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    """Return how many corners are found again where parts agree: the upper quartile over the parts."""
    enough = total >= 8
    if not enough.any():
        return float(found.sum() / max(1.0, total.sum()))
    return float(np.quantile(found[enough] / total[enough], 0.75))


def _uneven(
    held: EntryFeatures, rows: Sequence[tuple[Ints, Bools, Bools]], across: int, down: int, rate: float
) -> Bools:
    """Return the small parts of the picture that are found again much less often than the rest."""
    part = parts(held.points.place, width(held.aspect), height(held.aspect), across, down)
    which = np.concatenate([row[0] for row in rows])
    found = np.concatenate([row[2] for row in rows])
    wanted = np.bincount(part[which], minlength=across * down) * rate
    had = np.bincount(part[which], weights=found, minlength=across * down)
    return np.asarray((wanted >= 6) & (had <= UNEVEN * wanted)).reshape(down, across)


def largest(parts: Bools) -> int:
    """Return how many parts the largest connected group has.

    `parts`: bool (rows, columns), in a grid over the frame; neighbours share a side.
    """
    rest = {(int(row), int(column)) for row, column in np.argwhere(parts)}
    most = 0
    while rest:
        group = [rest.pop()]
        for row, column in group:
            near = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)} & rest
            rest -= near
            group.extend(near)
        most = max(most, len(group))
    return most


def _dispersion(total: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    """Return how much more the parts vary over time than chance makes them."""
    rate = found.sum(axis=0) / np.maximum(1, total.sum(axis=0))
    usable = (total.sum(axis=0) >= 12) & (rate > 0.03)
    if len(total) < 3 or not usable.any():
        return 1.0
    n, m, r = total[:, usable], found[:, usable], np.clip(rate[usable], 0.05, 0.95)
    chi = ((m - n * r) ** 2 / np.maximum(n * r * (1 - r), 0.3)).sum()
    return float(chi / ((n > 0).sum() - usable.sum() + 1e-9))


def _static(asked: QueryFeatures, held: EntryFeatures, seen: Seen, bad: Bools, across: int, down: int) -> float:
    """Return how much of what the query shows in parts that do not agree stands still in it."""
    back = np.linalg.inv(seen.transform.matrix.astype(np.float64))
    still = shown = 0
    rows = [(query, entry) for query, entry, _ in seen.pairs]
    for query, entry in rows[:: max(1, len(rows) // 4)]:
        points = asked.points(query, seen.mirrored)
        far = [other for other, _ in rows if abs(asked.times[other] - asked.times[query]) >= APART]
        if not far:
            continue
        place = ((points.place - seen.transform.shift) @ back.T).astype(np.float32)
        inside = (place > 0).all(axis=1) & (place[:, 0] < width(held.aspect)) & (place[:, 1] < height(held.aspect))
        inside &= bad[parts(place, width(held.aspect), height(held.aspect), across, down)]
        known = asked.lookup(query, seen.mirrored).find(held.of(entry), seen.transform)
        inside[known[known >= 0]] = False
        chosen = points.take(np.flatnonzero(inside))
        still += asked.standing(chosen, far, seen.mirrored, bits=UNSURE)
        shown += len(chosen)
    return still / shown if shown >= 12 else -1.0


def _unlike(asked: QueryFeatures, held: EntryFeatures, seen: Seen) -> tuple[int, int]:
    """Return how many corners of the best pair agree that look like no other of the query's frame; of both frames."""
    best = max(range(len(seen.rows)), key=lambda number: int(seen.rows[number][1].sum()))
    which, exact, _ = seen.rows[best]
    query, entry, _ = seen.pairs[best]
    corners = held.points.take(which[exact])
    here = alone(corners, held.of(entry), corners.place, SAME_PLACE)
    there = alone(
        corners, asked.points(query, seen.mirrored), seen.transform.apply(corners.place), 2 * seen.transform.reach()
    )
    return _places(corners.place[there]), _places(corners.place[here & there])


def alone(corners: Points, frame: Points, place: Floats, near: float) -> Bools:
    """Return which corners look like no other of a frame but those within `near` units of where they are, bool (n,).

    `place` is where the corners are in the frame, float32 (n, 2), in units.
    """
    alike = np.bitwise_count(corners.word[:, None] ^ frame.word[None, :]) <= TWIN
    gap = np.abs(place[:, None, :] - frame.place[None, :, :]).max(axis=2)
    return np.asarray(~(alike & (gap > near)).any(axis=1))


def _places(place: NDArray[np.float32]) -> int:
    """Return how many places there are, a few units apart."""
    return len(np.unique((place // 6).astype(np.int64), axis=0)) if len(place) else 0


def _share(found: Bools) -> tuple[int, float]:
    return len(found), float(found.mean()) if len(found) else 0.0


def timed(asked: QueryFeatures, held: EntryFeatures, seen: Seen) -> tuple[float, float] | None:
    """Return how much of what moves is found at its own time, and how much of it at other times, each 0-1.

    None where it cannot be told: nothing moves, or the entry is too short to have another time.
    """
    which = np.flatnonzero(in_view(held, seen.transform, asked.aspect) & ~held.still())
    corners, frame = held.points.take(which), held.frame[which]
    total = np.bincount(frame, minlength=len(held.times))
    reach = seen.transform.finely()
    own, other = np.zeros(2), np.zeros(2)
    for number in (seen.close[place] for place in spread(len(seen.close), ASKED_WHEN)):
        query, entry, _ = seen.pairs[number]
        met = asked.lookup(query, seen.mirrored).find(corners, seen.transform, reach=reach) >= 0
        found = np.bincount(frame[met], minlength=len(held.times))
        far = np.abs(held.times - held.times[entry]) >= APART
        own += found[entry], total[entry]
        other += found[far].sum(), total[far].sum()
    if min(own[1], other[1]) < MIN_TIMED:
        return None
    return float(own[0] / own[1]), float(other[0] / other[1])
