"""Whether a clip is the take that an entry is, by its motion alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bot.motion.cells import Motion, Transform, moments
from bot.motion.compare import Span, Stretch, compare
from bot.motion.warp import warp

# Chosen on seven clips (lpd12, lpd18, lpd19, lpd3, lps20 of people, friday, chair-19) and their alterations: copies
# have 0.70 and more but for those of a third of their length, a second half asked as the first 0.66 and less. Over a
# shorter time chance goes further: docs/why.md has the figures.
SAME, SAME_SHORT = 0.70, 0.88  # correlation over ENOUGH seconds and more, and over the shortest time
ENOUGH, SHORTEST = 3.0, 0.9  # seconds
TELLING = 1.5  # seconds of the shorter clip, below which motion that does not agree says nothing
OTHER = 0.5  # correlation below which it is another take, or another moment
SIGMA = 3.0  # standard deviations
# At an uneven pace a path may bend, and chance goes further: on the same clips copies with stalls, mixed delays, ramps
# and 6 times slower have 0.81 to 0.99 and leave 0.02 to 0.52 of what the other direction leaves; other halves have up
# to 0.81, and leave 0.64 and more.
SAME_BENT, REST = 0.8, 0.5
SURE = 0.85  # correlation from which on no other transform is tried
REPLACED = 0.12  # share of the motion in cells that move otherwise: copies have 0.08 and less
MIN_CELLS = 12  # of 1,024 that move
MIN_ALIKE = 0.15  # correlation of neighbours: of noise 0.1 and less, of 15 clips 0.24 and more
NOISE = 0.1  # what lies between is no noise for sure: somebody who sits still before a noisy camera has 0.13

UPRIGHT: Transform = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
MIRRORED: Transform = np.array([[-1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])

Kind = Literal["same", "other", "unsure", "still"]


@dataclass(frozen=True, slots=True)
class Take:
    """What motion says: the same take, another one, not sure, or nothing, because little moves for long enough."""

    kind: Kind
    stretches: tuple[Stretch, ...] = ()
    uneven: bool = False  # its pace changes from moment to moment
    faint: bool = False  # hardly more than noise moves, so it was not compared

    @property
    def replaced(self) -> bool:
        """Whether a part of the picture moves otherwise in a take that is the same."""
        return bool(self.stretches) and self.stretches[0].replaced >= REPLACED


STILL = Take("still")


def tells(motion: Motion) -> bool:
    """Return whether a clip moves enough, for long enough, and by more than noise."""
    return _moves(motion) and motion.alike >= MIN_ALIKE


def _moves(motion: Motion) -> bool:
    return motion.seconds >= SHORTEST and motion.moving >= MIN_CELLS


def judge(
    entry: Motion, query: Motion, transforms: Sequence[Transform], *, sure: bool, within: Span | None = None
) -> Take:
    """Return what the motion of a query says of an entry under the likeliest of some transforms.

    `sure` says that one of the transforms is right: only then does motion that does not agree mean another take.
    Without it what was laid over one another by the middle and spread of the motion is tried as well. `within` is the
    stretch of the query's time (seconds) in which the entry was found.
    Each transform is float64 (2, 3), from the entry's unit square to the query's.
    """
    if not tells(entry) or not tells(query):
        # a copy as far as frames go; but where more than noise moves, it may be another moment
        faint = _moves(entry) and _moves(query) and max(entry.alike, query.alike) > NOISE
        return Take("unsure", faint=True) if sure and faint and min(entry.seconds, query.seconds) >= TELLING else STILL
    tried = [*transforms, *(moments(entry, query, one) for one in (() if sure else (UPRIGHT, MIRRORED)))]
    best: list[Stretch] = []
    for transform in tried:
        found = compare(entry, query, transform)
        if found and (not best or _worth(found[0]) > _worth(best[0])):
            best = found
            if found[0].score >= SURE and found[0].seconds >= ENOUGH:
                break
    same = [one for one in best if one.score >= needed(one.seconds) and one.sigma >= SIGMA]
    if same:
        return Take("same", tuple(same))
    longest = min(entry.seconds, query.seconds)
    other = sure and longest >= ENOUGH and all(one.score < OTHER for one in best)  # unless it is there in any order
    bent = [
        one
        for transform in tried
        if (one := warp(entry, query, transform, within, least=SAME_BENT, jumps=other)) is not None
    ]
    for one in sorted(bent, key=lambda one: -one.score):
        times = one.entry, one.query
        if one.score >= SAME_BENT and one.rest <= REST and min(end - begin for begin, end in times) >= ENOUGH:
            stretch = Stretch(
                score=one.score,
                sigma=SIGMA,
                speed=one.speed,
                entry=one.entry,
                query=one.query,
                cells=entry.moving,
                replaced=one.replaced,
                covered=one.covered,
            )
            return Take("same", (stretch,), uneven=True)
    if not sure or longest < TELLING:
        return STILL
    other = other and all(one.free < OTHER for one in bent)
    return Take("other" if other else "unsure", tuple(best[:1]))


def needed(seconds: float) -> float:
    """Return the correlation that makes a stretch of so many seconds the same take; more than 1: none does."""
    if seconds < SHORTEST:
        return 2.0
    short = max(0.0, ENOUGH - seconds) / (ENOUGH - SHORTEST)
    return SAME + short * (SAME_SHORT - SAME)


def _worth(stretch: Stretch) -> float:
    return stretch.score * min(stretch.seconds, ENOUGH)
