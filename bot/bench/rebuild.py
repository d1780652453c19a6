"""What an attacker who has the database and its key could rebuild of a picture: patches, each where its corner was.

Every corner becomes the patch, out of many from other pictures, whose word is nearest. How much of the picture that is
is told by two numbers: how well the two correlate, and how often the rebuilt picture is nearest to its own original
among all originals, when both are blurred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.bench.sources import generated
from bot.bench.worlds import texture
from bot.copies.points import OFFSET, SPAN, STEP, Points, unpack
from bot.signals import local
from bot.signals.pdq import PDQ
from bot.store.local_features import kept_corners

SIDE = 400  # pixels
PATCH = 31
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of it: over `pictures` pictures."""

    pictures: int
    correlation: float  # of rebuilt picture and original, median; 1: the same, 0: nothing in common
    blurred: float  # the same, both blurred to what is seen from afar
    first: float  # share of rebuilt pictures that are nearest to their own original
    pdq: float  # median distance in bits of the two; unrelated pictures are 128 apart


def run(count: int = 24, others: int = 60) -> Rebuilt:
    """Rebuild `count` pictures from patches of `others`, and compare."""
    words, patches = _dictionary([texture(70_000 + seed, 640, 360) for seed in range(others)])
    pictures = [source.take[0][0] for source in generated(0, count)]
    originals = [_small(picture) for picture in pictures]
    made = [_painted(picture, words, patches) for picture in pictures]
    sharp = [_alike(one, other) for one, other in zip(made, originals, strict=True)]
    table = np.array([[_alike(_far(one), _far(other)) for other in originals] for one in made])
    pdq = [_bits(one, other) for one, other in zip(made, originals, strict=True)]
    return Rebuilt(
        pictures=count,
        correlation=round(float(np.median(sharp)), 3),
        blurred=round(float(np.median(np.diag(table))), 3),
        first=round(float((table.argmax(axis=1) == np.arange(count)).mean()), 3),
        pdq=float(np.median(pdq)),
    )


def _small(picture: Grey, side: int = SIDE) -> Grey:
    height, width, _ = picture.shape
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(
        cv2.resize(grey, (side, round(side * height / width)), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def _corners(picture: Grey) -> Points:
    """Return what an entry keeps of a still."""
    sketch = local.sketch(_small(picture, local.FINE_SIDE), 0.0, full=True, alone=True)
    return unpack(kept_corners(sketch, alone=True), sketch.aspect)


def _matrix(points: Points, number: int) -> NDArray[np.float64]:
    """Return the transform from a patch that stands upright to where its corner was."""
    scale = STEP ** float(points.size[number] - OFFSET)
    x, y = points.place[number] * SIDE / SPAN
    matrix = cv2.getRotationMatrix2D((PATCH / 2, PATCH / 2), -float(np.rad2deg(points.angle[number])), scale)
    matrix[:, 2] += (x - PATCH / 2, y - PATCH / 2)
    return np.asarray(matrix, dtype=np.float64)


def _dictionary(pictures: Sequence[Grey]) -> tuple[NDArray[np.uint64], list[Grey]]:
    words, patches = [], []
    for picture in pictures:
        points, small = _corners(picture), _small(picture)
        for number in range(len(points)):
            turned = cv2.invertAffineTransform(_matrix(points, number))
            patches.append(np.asarray(cv2.warpAffine(small, turned, (PATCH, PATCH)), dtype=np.uint8))
        words.append(points.word)
    return np.concatenate(words), patches


def _painted(picture: Grey, words: NDArray[np.uint64], patches: Sequence[Grey]) -> Grey:
    """Return a picture made of others' patches, large ones first, where the corners of this one were."""
    points = _corners(picture)
    height, width = _small(picture).shape
    total = np.full((height, width), 128.0)
    weight = np.ones((height, width))
    disc = np.zeros((PATCH, PATCH), dtype=np.float32)
    cv2.circle(disc, (PATCH // 2, PATCH // 2), PATCH // 2, 1.0, -1)
    for number in np.argsort(-points.size):
        nearest = int(np.bitwise_count(words ^ points.word[number]).argmin())
        matrix = _matrix(points, int(number))
        shown = cv2.warpAffine(patches[nearest].astype(np.float32), matrix, (width, height))
        where = cv2.warpAffine(disc, matrix, (width, height))
        total += shown * where
        weight += where
    return (total / weight).astype(np.uint8)


def _far(picture: Grey) -> NDArray[np.float32]:
    small = cv2.resize(picture.astype(np.float32), (32, 18), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def _alike(one: NDArray[np.generic], other: NDArray[np.generic]) -> float:
    if one.shape != other.shape:
        return -1.0
    return float(np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1])


def _bits(one: Grey, other: Grey) -> int:
    a, b = (int.from_bytes(PDQ.compute(picture)[0]) for picture in (one, other))
    return (a ^ b).bit_count()
