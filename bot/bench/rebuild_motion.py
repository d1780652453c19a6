"""What an attacker who has the database and its key could rebuild of a picture from how a clip moves.

The kept changes are added up from the clip's beginning: what comes out is each moment less one picture that nobody
knows, the one that stands. Two attackers are tried. One takes that picture to be even grey. The other has seen other
clips whole, and guesses each cell from the changes around it and how much they vary, as well as a straight line can.
Beside them stands what the PDQ of the same frame tells, which every shared list shows to everyone, and what it tells
together with motion. What each makes is held beside what the frames showed, both as 32x32 cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.bench.alter import Take
from bot.bench.sources import folder
from bot.bench.worlds import KINDS, Scene, speaker
from bot.errors import UsageError
from bot.motion import RATE, SIDE, MotionSampler, unpack
from bot.plural import many
from bot.signals.pdq import COSINES, PDQ

Floats = NDArray[np.float64]

AROUND = 1  # cells each way that a guess looks at
MOMENTS = 12  # of a clip, evenly spread
SECONDS, FPS = 6.0, 10.0  # of a generated clip
STIFF = 1e-2  # how much a guess is held back (ridge), a share of the features' mean power
TINY = 1e-9
MOVES = 0.4  # grey levels (rms) from which on a cell moves
LEAST = 16  # such cells, below which nothing is asked of them


@dataclass(frozen=True, slots=True)
class Attack:
    """What came of one: correlations of rebuilt and shown moments, medians; 1: the same, 0: nothing in common."""

    moment: float  # of whole pictures
    moving: float  # of the cells that move alone
    first: float  # share of rebuilt moments that are nearest to a moment of their own clip


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of it: over `clips` clips."""

    clips: int
    moves: float  # share of the cells that move, mean
    change: float  # correlation of what is added up with what truly changed since the clip's mean picture, median
    grey: Attack  # the standing picture taken to be even grey
    guessed: Attack  # guessed by somebody who has seen the other clips
    pdq: Attack  # from the frame's PDQ alone
    both: Attack  # guessed from both

    def attacks(self) -> dict[str, Attack]:
        """Return the attacks by their names."""
        return {"grey": self.grey, "guessed": self.guessed, "pdq": self.pdq, "both": self.both}

    def plain(self) -> dict[str, float | dict[str, float]]:
        """Return it as JSON data."""
        return {
            "clips": self.clips,
            "moves": round(self.moves, 3),
            "change": round(self.change, 3),
            **{
                name: {
                    "moment": round(one.moment, 3),
                    "moving": round(one.moving, 3),
                    "first": round(one.first, 3),
                }
                for name, one in self.attacks().items()
            },
        }


@dataclass(frozen=True, slots=True)
class _Clip:
    shown: Floats  # moments x cells: what the frames showed
    added: Floats  # the same moments, from the signature: each less the mean of all
    moves: NDArray[np.bool_]
    features: Floats  # moments x cells x features
    pdq: Floats  # moments x cells, from the PDQ of each


def generated(count: int) -> list[Take]:
    """Return generated clips: places with things that move in them, and every fourth somebody who talks."""
    return [
        (speaker(7000 + 2 * number, SECONDS, FPS), FPS)
        if number % 4 == 3
        else (Scene(number + 1, KINDS[number % len(KINDS)]).frames(SECONDS, FPS), FPS)
        for number in range(count)
    ]


def of_folder(path: Path) -> list[Take]:
    """Return the first ten seconds of the clips in a folder and its sub-folders; what is none is passed over."""
    return [source.take for source in folder(path) if not isinstance(source, str) and source.moves]


def run(takes: Sequence[Take]) -> Rebuilt:
    """Rebuild moments of some takes (pictures, frames a second) from their signatures, and compare.

    Raises UsageError unless at least two of them move for long enough.
    """
    clips = [clip for clip in map(_clip, takes) if clip is not None]
    if len(clips) < 2:
        raise UsageError(f"{many(len(clips), 'clip')} of two seconds and more to rebuild; at least two are needed")
    changes = [
        _alike(added, shown - mean)
        for clip in clips
        for mean in [clip.shown.mean(axis=0)]
        for added, shown in zip(clip.added, clip.shown, strict=True)
    ]
    return Rebuilt(
        clips=len(clips),
        moves=float(np.mean([clip.moves.mean() for clip in clips])),
        change=float(np.median(changes)),
        grey=_attack(clips, [clip.added for clip in clips]),
        guessed=_attack(clips, _guesses(clips, [clip.features for clip in clips])),
        pdq=_attack(clips, [clip.pdq for clip in clips]),
        both=_attack(clips, _guesses(clips, [_with_pdq(clip) for clip in clips])),
    )


def _clip(take: Take) -> _Clip | None:
    pictures, fps = take
    sampler = MotionSampler()
    light, hashes = [], []
    for number, picture in enumerate(pictures):
        thumbnail = PDQ.thumbnail(np.ascontiguousarray(picture[..., 1]))
        sampler.take(number / fps, thumbnail)
        hashes.append(PDQ.of_thumbnail(thumbnail, np.ascontiguousarray(picture[..., 1]))[0])
        light.append(thumbnail.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3)).ravel())
    signature = sampler.signature(None)
    changes = unpack(signature) if signature else np.zeros((0, SIDE * SIDE), dtype=np.float32)
    if len(changes) < MOMENTS:
        return None
    exposures = np.concatenate([np.zeros((1, SIDE * SIDE)), np.cumsum(changes, axis=0, dtype=np.float64)])
    exposures -= exposures.mean(axis=0)
    when = np.linspace(0, len(exposures) - 1, MOMENTS).round().astype(int)
    frame = np.clip(((when + 0.5) / RATE * fps).astype(int), 0, len(pictures) - 1)
    power = np.sqrt((changes.astype(np.float64) ** 2).mean(axis=0))
    added = exposures[when]
    return _Clip(
        shown=np.asarray(light, dtype=np.float64)[frame],
        added=added,
        moves=power >= MOVES,
        features=_features(added, exposures, power),
        pdq=np.stack([_from_pdq(hashes[number]) for number in frame]),
    )


def _from_pdq(value: bytes) -> Floats:
    """Return 32x32 cells as a PDQ tells them: each wave up or down, the faster the weaker, as pictures mostly are."""
    side = np.arange(1, COSINES.shape[0] + 1)
    signs = np.unpackbits(np.frombuffer(value, dtype=np.uint8))[::-1].reshape(len(side), -1) * 2.0 - 1
    plane = COSINES.T @ (signs / np.hypot(side[:, None], side)) @ COSINES
    return np.asarray(plane.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3)).ravel(), dtype=np.float64)


def _with_pdq(clip: _Clip) -> Floats:
    near = [np.stack(_neighbours(plane), axis=1) for plane in clip.pdq]
    return np.concatenate([clip.features, np.stack(near)], axis=2)


def _features(added: Floats, exposures: Floats, power: Floats) -> Floats:
    """Return what a guess looks at: around each cell how bright it is for its clip, how far it goes and varies."""
    still = [np.log(power + 0.1), exposures.max(axis=0), exposures.min(axis=0), exposures.std(axis=0)]
    place = [one.ravel() for one in np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]]
    ones = np.ones(SIDE * SIDE)
    place = [*place, *(one**2 for one in place), ones]
    rows = []
    for moment in added:
        near = [side for plane in (moment, *still) for side in _neighbours(plane)]
        rows.append(np.stack([*near, *place], axis=1))
    return np.stack(rows)


def _neighbours(plane: Floats) -> list[Floats]:
    wide = np.pad(plane.reshape(SIDE, SIDE), AROUND, mode="edge")
    steps = range(2 * AROUND + 1)
    return [wide[down : down + SIDE, across : across + SIDE].ravel() for down in steps for across in steps]


def _guesses(clips: Sequence[_Clip], features: Sequence[Floats]) -> list[Floats]:
    """Return the moments of each clip as somebody guesses them who has seen all the others (ridge regression)."""
    products, sums = [], []
    for clip, known in zip(clips, features, strict=True):
        flat = known.reshape(-1, known.shape[-1])
        shown = clip.shown - clip.shown.mean(axis=1, keepdims=True)
        products.append(flat.T @ flat)
        sums.append(flat.T @ shown.ravel())
    every, total = np.sum(products, axis=0), np.sum(sums, axis=0)
    guesses = []
    for known, product, part in zip(features, products, sums, strict=True):
        others = every - product
        hold = STIFF * np.diag(np.diag(others) + TINY)
        guesses.append(known @ np.linalg.solve(others + hold, total - part))
    return guesses


def _attack(clips: Sequence[_Clip], made: Sequence[Floats]) -> Attack:
    moments = [
        (clip, guess, shown)
        for clip, own in zip(clips, made, strict=True)
        for guess, shown in zip(own, clip.shown, strict=True)
    ]
    known = _unit(np.concatenate([clip.shown for clip in clips]))
    nearest = (_unit(np.stack([guess for _, guess, _ in moments])) @ known.T).argmax(axis=1) // MOMENTS
    own = np.repeat(np.arange(len(clips)), MOMENTS)
    inside = [
        _alike(guess[clip.moves], shown[clip.moves]) for clip, guess, shown in moments if clip.moves.sum() > LEAST
    ]
    return Attack(
        moment=float(np.median([_alike(guess, shown) for _, guess, shown in moments])),
        moving=float(np.median(inside)) if inside else 0.0,
        first=float((nearest == own).mean()),
    )


def _unit(rows: Floats) -> Floats:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred / (np.linalg.norm(centred, axis=1, keepdims=True) + TINY))


def _alike(one: Floats, other: Floats) -> float:
    return float((_unit(one[None]) @ _unit(other[None]).T)[0, 0])
