"""Whose face? The faces of an entry and of a query, at one moment and in one place, by their coarse hashes.

Measured on synthetic swaps of four people at face heights of 50 to 130 pixels: both parts of a face whose frame was
compressed, made a GIF, blurred or made smaller are 70 bits apart or less, in a swap the nearer one is 82 or more. Of
the corners in a face 55 % and more are found again in copies, 40 % and less in swaps, be they marked or not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.copies.points import width
from bot.copies.timeline import APART as APART_SECONDS
from bot.copies.timeline import EntryFeatures, QueryFeatures, Seen, moments
from bot.model import FaceRegion

SAME_MOMENT = 0.1  # seconds: a mouth has hardly moved
DIFFERS, DOUBTFUL, AGREES = 80, 60, 60  # bits of 256: the nearer part of a face is farther; the farther part is nearer
LEAST = 3  # pairs of frames of moving pictures
FEW_DIFFER = 0.2  # share of the pairs that may differ where a face agrees
TELLING = 30  # corners in the faces
FOUND, MAX_FOUND = 0.5, 0.6  # of the usual rate: less speaks for another face, more for the same
COVER_LOOKS = 6  # frames that are looked at for a caption over a face
APART, LARGER = 0.35, 1.4  # of its height that a face may be off its place; by how much larger or smaller
Place = tuple[float, tuple[int, int, int, int]]  # seconds, (left, top, width, height) in 1/256 of the longer side


@dataclass(frozen=True, slots=True)
class Faces:
    """What became of an entry's faces in a query."""

    region: FaceRegion
    distance: float  # bits of 256 between the faces of one moment, median over the pairs
    near: float  # the same of the nearer part
    seen: tuple[tuple[int, int, Place], ...]
    """For each moment: frames of query and entry next to it whose corners were compared, and where the face is."""


def compare(asked: QueryFeatures, held: EntryFeatures, seen: Seen, rate: float) -> Faces | None:
    """Return what became of the entry's faces; None where no face was seen at the same moment in both.

    Moments are told by the alignment of the two, so faces are compared between frames that have corners too.
    `rate` is the share of corners that are found again elsewhere. Of several faces in a frame the one that is farthest
    counts: one replaced face is enough. Hashes and corners have to say the same.
    """
    best: list[tuple[int, int, tuple[int, int, Place]]] = []
    for query, entry in _moments(asked, held, seen):
        t = float(asked.faces.times[query])
        met = [
            (_gaps(one, other, mirrored=seen.mirrored), _box(other))
            for one, other in _met(held.faces.rows[entry], asked.faces.rows[query], asked, seen)
        ]
        if met:
            gaps, box = max(met, key=lambda pair: min(pair[0]))
            best.append((min(gaps), max(gaps), (*_beside(asked, seen, t), (t, box))))
    if not best:
        return None
    near, far = (np.array([row[place] for row in best]) for place in (0, 1))
    enough = len(best) >= LEAST or len(asked) == 1 or len(held.times) == 1
    wanted, share = _corners(asked, held, seen)
    found = share / max(rate, 0.01) if wanted >= TELLING else None
    return Faces(
        region=_verdict(near, far, found) if enough else "unknown",
        distance=float(np.median((near + far) / 2)),
        near=float(np.median(near)),
        seen=tuple(row[2] for row in best),
    )


def covered(asked: QueryFeatures, held: EntryFeatures, seen: Seen, faces: Faces) -> float:
    """Return how much of what the query shows in its faces stands still in it, 0-1: a caption over them.

    What the entry shows there too is left out, so that a head that does not move tells nothing.
    """
    still = shown = 0
    for query, entry, (t, (x, y, wide, high)) in faces.seen[:: max(1, len(faces.seen) // COVER_LOOKS)]:
        far = np.flatnonzero(np.abs(asked.times - t) >= APART_SECONDS)
        points = asked.points(query, seen.mirrored)
        left = width(asked.aspect) - x - wide if seen.mirrored else x
        inside = (np.abs(points.place - (left + wide / 2, y + high / 2)) <= (wide / 2, high / 2)).all(axis=1)
        known = asked.lookup(query, seen.mirrored).find(held.of(entry), seen.transform)
        inside[known[known >= 0]] = False
        chosen = points.take(np.flatnonzero(inside))
        if not len(far) or not len(chosen):
            continue
        still += asked.standing(chosen, far.tolist(), seen.mirrored)
        shown += len(chosen)
    return still / shown if shown else 0.0


def _verdict(near: NDArray[np.int64], far: NDArray[np.int64], found: float | None) -> FaceRegion:
    """Return what the distances of both parts say, and the share of corners found again, if that tells anything."""
    apart = float(np.median(near))
    if apart >= DIFFERS:
        return "differs" if found is None or found <= MAX_FOUND else "unknown"
    if apart >= DOUBTFUL and found is not None and found <= FOUND:
        return "differs"
    if np.median(far) <= AGREES and np.mean(near >= DIFFERS) <= FEW_DIFFER:
        return "agrees" if found is None or found >= FOUND else "unknown"
    return "unknown"


def _corners(asked: QueryFeatures, held: EntryFeatures, seen: Seen) -> tuple[int, float]:
    """Return how many corners of the entry lie in its faces where the query shows them, and the share found again."""
    wanted = found = 0
    for (query, entry, off), (which, exact, loose) in zip(seen.pairs, seen.rows, strict=True):
        ours, theirs = held.faces.at(held.times[entry]), asked.faces.at(asked.times[query])
        if off > SAME_MOMENT or ours is None or theirs is None:
            continue
        place = held.points.place[which]
        inside = np.zeros(len(which), dtype=bool)
        for one, _ in _met(ours, theirs, asked, seen):
            x, y, wide, high = _box(one)
            gap = np.abs(place - (x + wide / 2, y + 0.55 * high))
            inside |= (gap <= (0.4 * wide, 0.45 * high)).all(axis=1)
        wanted += int(inside.sum())
        found += int((exact | loose)[inside].sum())
    return wanted, found / max(1, wanted)


def _moments(asked: QueryFeatures, held: EntryFeatures, seen: Seen) -> list[tuple[int, int]]:
    """Return the rows of faces of query and entry that show one moment, of the time in which the entry was found."""
    if not len(asked.faces) or not len(held.faces):
        return []
    first, last = asked.times[seen.pairs[0][0]], asked.times[seen.pairs[-1][0]]
    found = moments(asked.faces.times, held.faces.times, seen.speed, seen.offset)
    return [(i, j) for i, j, off in found if off <= SAME_MOMENT and first <= asked.faces.times[i] <= last]


def _beside(asked: QueryFeatures, seen: Seen, t: float) -> tuple[int, int]:
    """Return the frames of query and entry with corners that were compared next to a moment of the query."""
    return min(seen.pairs, key=lambda pair: abs(asked.times[pair[0]] - t))[:2]


def _met(
    ours: NDArray[np.void], theirs: NDArray[np.void], asked: QueryFeatures, seen: Seen
) -> list[tuple[np.void, np.void]]:
    """Return which faces of an entry's frame and a query's lie in one place."""
    return [(one, other) for one in ours for other in theirs if _one_place(one, other, asked, seen)]


def _one_place(ours: np.void, theirs: np.void, asked: QueryFeatures, seen: Seen) -> bool:
    """Return whether a face of the entry lies where a face of the query is."""
    x, y, wide, high = _box(ours)
    middle = seen.transform.apply(np.array([[x + wide / 2, y + high / 2]], dtype=np.float32))[0]
    size = high * seen.transform.scale
    x, y, wide, high = _box(theirs)
    across = x + wide / 2
    if seen.mirrored:
        across = width(asked.aspect) - across
    off = max(abs(middle[0] - across), abs(middle[1] - y - high / 2))
    return bool(off <= APART * size and size <= LARGER * high and high <= LARGER * size)


def _gaps(ours: np.void, theirs: np.void, *, mirrored: bool) -> tuple[int, int]:
    turned = "_mirrored" if mirrored else ""
    upper, lower = (
        int(np.bitwise_count(ours[part] ^ theirs[part + turned]).sum(dtype=np.int64)) for part in ("upper", "lower")
    )
    return upper, lower


def _box(spot: np.void) -> tuple[int, int, int, int]:
    return int(spot["x"]), int(spot["y"]), int(spot["width"]), int(spot["height"])
