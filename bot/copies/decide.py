"""What was seen of an entry, in numbers that decisions rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bot.copies.faces import DIFFERS, Faces, Place, compare, covered
from bot.copies.points import Bools, Ints, height, width
from bot.copies.timeline import APART, CLOSE, Asked, Held, Seen
from bot.model import FaceRegion

ACROSS, DOWN = 8, 5  # parts of the entry's picture that are told apart
LEAST_STILL_INLIERS, LEAST_MOVING = 24, 12  # places that agree in the best pair; by chance up to some fifteen
LEAST_TOGETHER = 60  # places that agree in the compared pairs together, where the best pair has few
# with a word that stands in the picture once: letters and stripes agree with all
LEAST_UNLIKE, LEAST_MOVING_UNLIKE, ENOUGH_UNLIKE, SHARE_UNLIKE = 16, 8, 40, 0.6
NEARLY_ALL, FEW_INLIERS, FEW_UNLIKE = 0.7, 11, 10  # of one picture: the share of the corners in view
LEAST_IN_FRAME = 8  # corners for a pair of frames to count
LEAST_FRAMES = 3
LEAST_SECONDS = 1.0
OTHER_CAST, OTHER_CAST_APART = 0.6, 0.3  # what moves is found so much less often than what stands: another take
UNSTEADY = 7.0  # how much more parts may vary over time than chance makes them, and more where frames are apart
SURE = 20.0  # corners that should have been found again in a region before it is said to differ
MOSTLY_OTHER, OTHER_STILL, OTHER_MOMENT = 0.45, 0.45, 0.03  # share of the parts that do not agree
LEAST_RATE, LEAST_STILL = 0.08, 0.15  # of corners found again
LEAST_GOOD = 0.4  # share of the parts in view that agree
LEAST_COVERAGE = 0.4  # of query or entry: two cuts of one long take have a moment in common
TWIN = 9  # bits of 64 within which two words are one
OVERLAY, UNSURE = 0.06, 21  # share of what stands still in them that makes them a mark; bits of a see-through one
GROUP = 4  # small parts side by side
UNEVEN = 0.2  # of the common rate; in a part of a 160th of the picture
FACE_BITS = 256.0
COVERED = 0.12  # share of what stands still in the faces: captions have 0.26 and more, swaps 0.02 and less
EVEN_RATE = 0.3  # of corners found again, from which on a face that agrees is taken for the whole picture's word
SMALL = 0.75  # size of the entry in the query


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """How much of an entry was found again, where, and how steadily."""

    pairs: int  # of frames that show one moment
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
    static: float  # how much of what the query shows in the parts that do not agree stands still in it; -1: nothing


def measure(asked: Asked, held: Held, seen: Seen) -> Numbers:
    """Return the numbers of what was seen."""
    rows = [seen.rows[number] for number in seen.close]
    off = float(np.mean([seen.pairs[number][2] for number in seen.close]))
    across, down = (ACROSS, DOWN) if held.aspect >= 1 else (DOWN, ACROSS)
    part = _parts(held.points.place, width(held.aspect), height(held.aspect), across, down)
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
    return Numbers(
        pairs=len(seen.pairs),
        off=off,
        missed=float(wanted[bad].sum()) + float(_largest(small) * 6),
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
        unlike=_unlike(asked, held, seen),
        static=_static(asked, held, seen, region.ravel(), 2 * across, 2 * down) if region.any() else -1.0,
    )


def _parts(place: NDArray[np.float32], wide: float, high: float, across: int, down: int) -> Ints:
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


def _uneven(held: Held, rows: Sequence[tuple[Ints, Bools, Bools]], across: int, down: int, rate: float) -> Bools:
    """Return the small parts of the picture that are found again much less often than the rest."""
    part = _parts(held.points.place, width(held.aspect), height(held.aspect), across, down)
    which = np.concatenate([row[0] for row in rows])
    found = np.concatenate([row[2] for row in rows])
    wanted = np.bincount(part[which], minlength=across * down) * rate
    had = np.bincount(part[which], weights=found, minlength=across * down)
    return np.asarray((wanted >= 6) & (had <= UNEVEN * wanted)).reshape(down, across)


def _largest(parts: Bools) -> int:
    """Return how many parts the largest connected group has."""
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


def _static(asked: Asked, held: Held, seen: Seen, bad: Bools, across: int, down: int) -> float:
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
        inside &= bad[_parts(place, width(held.aspect), height(held.aspect), across, down)]
        known = asked.lookup(query, seen.mirrored).find(held.of(entry), seen.transform)
        inside[known[known >= 0]] = False
        chosen = points.take(np.flatnonzero(inside))
        still += asked.standing(chosen, far, seen.mirrored, bits=UNSURE)
        shown += len(chosen)
    return still / shown if shown >= 12 else -1.0


def _unlike(asked: Asked, held: Held, seen: Seen) -> int:
    """Return how many corners of the best pair agree that look like no other corner of the query's frame."""
    best = max(range(len(seen.rows)), key=lambda number: int(seen.rows[number][1].sum()))
    which, exact, _ = seen.rows[best]
    corners = held.points.take(which[exact])
    frame = asked.points(seen.pairs[best][0], seen.mirrored)
    moved = seen.transform.apply(corners.place)
    alike = np.bitwise_count(corners.word[:, None] ^ frame.word[None, :]) <= TWIN
    gap = np.abs(moved[:, None, :] - frame.place[None, :, :]).max(axis=2)
    single = ~(alike & (gap > 2 * seen.transform.reach())).any(axis=1)
    return _places(corners.place[single])


def _places(place: NDArray[np.float32]) -> int:
    """Return how many places there are, a few units apart."""
    return len(np.unique((place // 6).astype(np.int64), axis=0)) if len(place) else 0


def _share(found: Bools) -> tuple[int, float]:
    return len(found), float(found.mean()) if len(found) else 0.0


Kind = Literal["copy", "source", "place"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a query is to an entry: a copy, the same footage with a region replaced, or another take of one place."""

    kind: Kind
    face_region: FaceRegion
    transform: str  # in words: mirrored, turned by 90°, at 60 % of the size; or none
    inliers: int  # corners that agree in the best pair of frames
    frames: int  # query frames that match
    of: int  # query frames looked at
    entry_frames: int
    coverage_query: float
    coverage_entry: float
    query_ranges: tuple[tuple[float, float], ...]
    entry_ranges: tuple[tuple[float, float], ...]
    face_distance: float | None  # of faces of one moment, 0-1, about 0.5: unrelated; None where none was compared
    faces: tuple[Place, ...]  # of source evidence: where the query shows the other face, in 1/256 of its longer side
    region: float  # share of the compared picture that does not agree, 0-1
    region_found: float  # share of the corners there that are found again; where all agree about `rate`
    rate: float  # share of corners found again elsewhere


def decide(asked: Asked, held: Held, seen: Seen) -> Finding | None:
    """Return what was seen, or None if it is nothing."""
    numbers = measure(asked, held, seen)
    matching = _matching(seen, numbers)
    if not matching or not _enough(numbers, moving=held.moving and len(asked) > 1):
        return None
    kind, face = _kind(asked, held, seen, numbers, matching)
    faces = compare(asked, held, seen, numbers.rate)
    kind, face = _with_faces(asked, held, seen, numbers, (kind, face), faces)
    queries, entries = _ranges(asked.times, held.times, matching)
    query_share = _coverage(asked.times, queries, _gap(asked.times))
    entry_share = _coverage(held.times, entries, max(_gap(held.times), seen.speed * _gap(asked.times)))
    if held.moving and len(asked) > 1 and max(query_share, entry_share) < LEAST_COVERAGE:
        kind, face = "place", "unknown"
    return Finding(
        kind=kind,
        face_region=face,
        transform=_words(seen),
        inliers=numbers.inliers,
        frames=len({query for query, _ in matching}),
        of=len(asked),
        entry_frames=len(held.times),
        coverage_query=query_share,
        coverage_entry=entry_share,
        query_ranges=_rounded(queries),
        entry_ranges=_rounded(entries),
        face_distance=None if faces is None else round(faces.distance / FACE_BITS, 3),
        faces=tuple(place for _, _, place in faces.seen) if faces and kind == "source" else (),
        region=round(float(numbers.bad.sum() / max(1, numbers.bad.sum() + numbers.good.sum())), 3),
        region_found=round(numbers.bad_rate, 3),
        rate=round(numbers.rate, 3),
    )


def _enough(numbers: Numbers, *, moving: bool) -> bool:
    """Return whether so many corners agree that chance is out of the question."""
    least, unlike = (LEAST_MOVING, LEAST_MOVING_UNLIKE) if moving else (LEAST_STILL_INLIERS, LEAST_UNLIKE)
    if moving and numbers.inliers < LEAST_STILL_INLIERS and numbers.together < LEAST_TOGETHER:
        return False
    if not moving and numbers.rate >= NEARLY_ALL and numbers.inliers >= FEW_INLIERS and numbers.unlike >= FEW_UNLIKE:
        return True  # of a much enlarged part few corners are known, but nearly all of them are there
    wanted = min(ENOUGH_UNLIKE, max(unlike, SHARE_UNLIKE * numbers.inliers))
    return numbers.inliers >= least and numbers.unlike >= wanted


def _kind(
    asked: Asked, held: Held, seen: Seen, numbers: Numbers, matching: Sequence[tuple[int, int]]
) -> tuple[Kind, FaceRegion]:
    apart = int(numbers.bad.sum())
    compared = apart + int(numbers.good.sum())
    moving = held.moving and len(asked) > 1
    still, passing = numbers.still, numbers.passing
    # between frames that are apart in time, or in a small picture, what moves fast is not found again either
    clear = numbers.off <= CLOSE / 2 and seen.transform.scale >= SMALL
    other = OTHER_CAST if clear else OTHER_CAST_APART
    if still[0] >= 60 and passing[0] >= 40 and passing[1] < other * still[1]:
        return "place", "unknown"
    if moving and (not _runs(asked, held, matching) or numbers.spread > UNSTEADY + 60 * numbers.off):
        return "place", "unknown"
    # one frame of a take tells nothing of what moves, so nothing may differ that could
    most = MOSTLY_OTHER if moving else OTHER_STILL if len(held.times) == len(asked) == 1 else OTHER_MOMENT
    if apart > most * compared or numbers.rate < (LEAST_RATE if moving else LEAST_STILL):
        return "place", "unknown"
    if numbers.good.sum() < LEAST_GOOD * numbers.shown:
        return "place", "unknown"
    if apart == 0 and _largest(numbers.small) < GROUP:
        return "copy", "agrees" if _whole(seen, numbers) else "unknown"
    replaced = apart >= 2 or _largest(numbers.small) >= GROUP
    replaced = replaced and numbers.missed >= SURE and 0 <= numbers.static < OVERLAY
    if moving and replaced and (clear or apart > 0.15 * compared):
        return "source", "differs"
    return "copy", "unknown"


def _with_faces(
    asked: Asked, held: Held, seen: Seen, numbers: Numbers, told: tuple[Kind, FaceRegion], faces: Faces | None
) -> tuple[Kind, FaceRegion]:
    """Return what a finding is in the light of the faces themselves; what was told without them is its start."""
    kind, region = told
    if kind == "place":
        return told
    if faces is None:
        return _without_faces(asked, held, told)
    if faces.region == "differs":
        return ("copy", "unknown") if covered(asked, held, seen, faces) >= COVERED else ("source", "differs")
    if faces.region == "unknown":
        return ("source" if kind == "source" and faces.near >= DIFFERS else "copy"), "unknown"
    if kind == "source":  # something else than the face was replaced
        return "copy", "unknown"
    # one part at the edge with a few corners may be missing by chance
    even = numbers.bad.sum() <= 1 and numbers.missed < SURE / 2 and _largest(numbers.small) < GROUP
    return kind, "agrees" if even and numbers.rate >= EVEN_RATE else region


def _without_faces(asked: Asked, held: Held, told: tuple[Kind, FaceRegion]) -> tuple[Kind, FaceRegion]:
    """Return what a finding is where no face was seen at one moment in both."""
    kind, _ = told
    ours = [rows for rows in held.faces if rows is not None]
    theirs = [rows for frame in range(len(asked)) if (rows := asked.faces(frame)) is not None]
    if any(len(rows) for rows in ours):  # a face that is known to be there and was not seen again may be another one
        return kind, "unknown"
    if kind == "source" and ours and theirs and not any(len(rows) for rows in theirs):
        return "copy", "unknown"  # looked for on both sides: what was replaced is no face, a mark maybe
    return told


def _runs(asked: Asked, held: Held, matching: Sequence[tuple[int, int]]) -> bool:
    """Return whether time goes on in both while they match: one frame in common is not a take in common."""
    queries, entries = sorted({query for query, _ in matching}), sorted({entry for _, entry in matching})
    if len(queries) < min(LEAST_FRAMES, len(asked)) or len(entries) < min(LEAST_FRAMES, len(held.times)):
        return False
    ours = asked.times[queries[-1]] - asked.times[queries[0]]
    theirs = held.times[entries[-1]] - held.times[entries[0]]
    least = min(LEAST_SECONDS, 0.5 * (asked.times[-1] - asked.times[0]), 0.5 * (held.times[-1] - held.times[0]))
    return bool(min(ours, theirs) >= least)


def _whole(seen: Seen, numbers: Numbers) -> bool:
    """Return whether so much of the picture agrees, at so fine a grain, that no face can have been replaced."""
    compared = numbers.good.size
    return bool(
        numbers.good.sum() >= 0.75 * compared
        and numbers.rate >= 0.5
        and seen.transform.scale >= 0.5
        and not numbers.small.any()
    )


def _matching(seen: Seen, numbers: Numbers) -> list[tuple[int, int]]:
    """Return the pairs of frames that agree by themselves."""
    return [
        (query, entry)
        for (query, entry, _), (which, exact, _) in zip(seen.pairs, seen.rows, strict=True)
        if exact.sum() >= max(LEAST_IN_FRAME, 0.25 * numbers.rate * len(which))
    ]


def _words(seen: Seen) -> str:
    parts = ["mirrored"] if seen.mirrored else []
    degrees = round(float(np.rad2deg(seen.transform.angle)))
    if abs(degrees) >= 2:
        parts.append(f"turned by {abs(degrees)}°")
    percent = round(100 * seen.transform.scale)
    if not 95 <= percent <= 105:
        parts.append(f"at {percent} % of the size")
    return ", ".join(parts) or "none"


def _ranges(
    asked: NDArray[np.float64], held: NDArray[np.float64], matching: Sequence[tuple[int, int]]
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return the stretches of time in query and entry over which frames match; one query frame in between may not."""
    queries: list[tuple[float, float]] = []
    entries: list[tuple[float, float]] = []
    last = -9
    for query, entry in sorted(matching):
        t, at = float(asked[query]), float(held[entry])
        if query - last <= 2:
            queries[-1] = (queries[-1][0], t)
            entries[-1] = (min(entries[-1][0], at), max(entries[-1][1], at))
        else:
            queries.append((t, t))
            entries.append((at, at))
        last = query
    return queries, entries


def _coverage(times: NDArray[np.float64], ranges: Sequence[tuple[float, float]], gap: float) -> float:
    """Return the share of the time that the ranges cover; a frame stands for `gap` seconds."""
    if len(times) < 2:
        return 1.0 if ranges else 0.0
    total = float(times[-1] - times[0]) + gap
    return round(min(1.0, sum(end - begin + gap for begin, end in ranges) / total), 4)


def _gap(times: NDArray[np.float64]) -> float:
    return float(np.median(np.diff(times))) if len(times) > 1 else 0.0


def _rounded(ranges: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    return tuple((round(begin, 3), round(end, 3)) for begin, end in ranges)
