"""What a face model is. A new one is one file with one of these.

Pictures are RGB, 8 bit, height x width x 3, upright. Boxes are pixels of the picture they were found in. Distances are
Euclidean, between vectors of one model; vectors of two models never meet.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

WEAK = 0.1  # detector's score below which a face is no face
Picture = NDArray[np.uint8]
Vector = NDArray[np.float32]


class Box(NamedTuple):
    """Where a face is: its left upper corner and its size, in pixels."""

    x: int
    y: int
    width: int
    height: int

    def scaled(self, by: float) -> Box:
        """Return the same box in a picture `by` times as large."""
        return Box(*(round(part * by) for part in self))

    def moved(self, x: int, y: int) -> Box:
        """Return the box as it lies in the picture of which this one was cut out at (x, y)."""
        return Box(self.x + x, self.y + y, self.width, self.height)

    def overlap(self, other: Box) -> float:
        """Return the area that two boxes share over the area that they cover together, 0 to 1."""
        wide = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        high = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if wide <= 0 or high <= 0:
            return 0.0
        shared = wide * high
        return shared / (self.width * self.height + other.width * other.height - shared)

    def follows(self, other: Box) -> bool:
        """Return whether this may be the same face a moment later: no farther than its size, and about as large."""
        size = max(self.width, other.width)
        across = abs(2 * self.x + self.width - 2 * other.x - other.width) / 2
        down = abs(2 * self.y + self.height - 2 * other.y - other.height) / 2
        return max(across, down) <= size and size <= 1.7 * min(self.width, other.width)

    def away(self, other: Box) -> float:
        """Return how far two boxes' middles are apart, in pixels."""
        return math.hypot(
            self.x + self.width / 2 - other.x - other.width / 2, self.y + self.height / 2 - other.y - other.height / 2
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """One face that a detector found."""

    box: Box
    score: float  # the detector's own, higher is surer
    points: tuple[tuple[float, float], ...] = ()  # landmarks, where the detector gives them

    def scaled(self, by: float) -> Located:
        """Return the same face in a picture `by` times as large."""
        return replace(self, box=self.box.scaled(by), points=tuple((by * x, by * y) for x, y in self.points))

    def moved(self, x: int, y: int) -> Located:
        """Return the face as it lies in the picture of which this one was cut out at (x, y)."""
        return replace(self, box=self.box.moved(x, y), points=tuple((x + px, y + py) for px, py in self.points))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """A face turned upright and cut out for embedding. Holds pixels: it lives as long as its file is being read."""

    chip: Picture
    frontal: float  # 0 for a profile to 1 for a face that looks at us, by the places of its eyes and nose
    sharpness: float  # mean square of the chip's second differences, in grey levels; below about 20 it is a blur


@dataclass(frozen=True, slots=True)
class Curve:
    """How often pairs of faces are within a distance: rows of (distance, same person, different persons), 0 to 1.

    Rising in all three. Between rows, and beyond the ends, the rates are read off in logarithms.
    """

    rows: tuple[tuple[float, float, float], ...]
    source: str  # where the figures were published, how many pairs

    def false_match_rate(self, distance: float) -> float:
        """Return the share of pairs of different persons within a distance."""
        return min(1.0, math.exp(self._read(distance, lambda row: math.log(row[2]))))

    def true_match_rate(self, distance: float) -> float:
        """Return the share of pairs of one person within a distance."""
        odds = self._read(distance, lambda row: math.log(row[1] / (1 - row[1])))
        return 1 / (1 + math.exp(-odds))

    def distance(self, false_match_rate: float) -> float:
        """Return the distance at which the share of pairs of different persons within it is that."""
        low, high = 0.0, 2.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.false_match_rate(middle) < false_match_rate else (low, middle)
        return low

    def likelihood_ratio(self, distance: float) -> float:
        """Return how much more often one person's faces are at a distance than two persons'.

        Known between two rows each, in logarithms along a line from there to there and beyond.
        """
        known = [
            ((near[0] + far[0]) / 2, math.log((far[1] - near[1]) / (far[2] - near[2])))
            for near, far in pairwise(self.rows)
        ]
        return math.exp(min(_along(known, distance), known[0][1]))

    def probability(self, distance: float, others: int = 1) -> float:
        """Return how likely a face is a person's, if it is either theirs or one of `others` as likely ones, 0 to 1."""
        ratio = self.likelihood_ratio(distance)
        return ratio / (ratio + max(1, others))

    def _read(self, distance: float, value: Callable[[tuple[float, float, float]], float]) -> float:
        return _along([(row[0], value(row)) for row in self.rows], distance)


def _along(points: Sequence[tuple[float, float]], at: float) -> float:
    """Return the height at a place on a line through points, continued straight beyond its ends."""
    place = min(max(bisect_left([x for x, _ in points], at), 1), len(points) - 1)
    (x0, y0), (x1, y1) = points[place - 1], points[place]
    return y0 + (at - x0) / (x1 - x0) * (y1 - y0)


class FaceModel(Protocol):
    """Finds faces and turns each into a vector."""

    name: str  # with a version: vectors of another version are of another model
    licence: str  # of the weights, as one phrase
    least: int  # pixels of the height of the smallest face that is worth looking for
    curve: Curve

    @property
    def size(self) -> int:
        """How many numbers a vector has."""

    def check(self) -> str:
        """Return in a phrase what the model is, its licence included. Raises FaceModelError if it cannot be used."""

    def warm_up(self) -> None:
        """Load the weights: later no file can be opened. Raises FaceModelError if they are not there."""

    def locate(self, picture: Picture, *, least: int) -> list[Located]:
        """Return the faces of a picture that are at least `least` pixels high, the surest first.

        `picture`: uint8 (h, w, 3), RGB, 0-255.
        """

    def align(self, picture: Picture, found: Located) -> Aligned:
        """Return a located face, ready to be embedded.

        `picture`: uint8 (h, w, 3), RGB, 0-255.
        """

    def embed(self, chips: list[Picture]) -> list[Vector]:
        """Return a vector of `size` numbers for each aligned face.

        A chip is uint8 (h, w, 3), RGB, as `align` gives it; a vector float32 (size,), compared by Euclidean distance.
        """


def again(model: FaceModel, picture: Picture, box: Box, *, margin: float, share: float) -> Located | None:
    """Return a face where one was in a frame before, or None: `margin` of its box around that, the nearest.

    `share` of its height is the least that it may have left.
    `picture`: uint8 (h, w, 3), RGB, 0-255.
    """
    wide, high = round(box.width * margin), round(box.height * margin)
    x, y = max(0, box.x - wide), max(0, box.y - high)
    part = picture[y : box.y + box.height + high, x : box.x + box.width + wide]
    if min(part.shape[:2]) < model.least:
        return None
    inside = model.locate(part, least=max(20, round(box.height * share)))
    near = [one.moved(x, y) for one in inside if one.score > WEAK]
    return min((one for one in near if one.box.follows(box)), key=lambda one: one.box.away(box), default=None)


def shrunk(picture: Picture, scale: float) -> NDArray[np.float32]:
    """Return a picture at `scale` (at most 1) of its size: the mean of whole blocks, then the nearest of these.

    From uint8 (h, w, 3) to float32 (h, w, 3), RGB, both 0-255.
    """
    step = max(1, int(1 / scale))
    height, width = (side // step * step for side in picture.shape[:2])
    blocks = picture[:height, :width].reshape(height // step, step, width // step, step, 3)
    means = blocks.mean(axis=(1, 3), dtype=np.float64) if step > 1 else picture
    rest = scale * step
    if rest != 1:
        rows, columns = (
            np.minimum((np.arange(round(side * rest)) / rest).astype(int), side - 1) for side in means.shape[:2]
        )
        means = means[rows][:, columns]
    return np.asarray(means, np.float32)


def sharpness(grey: NDArray[np.uint8]) -> float:
    """Return the mean square of second differences (a Laplacian), in grey levels squared.

    `grey`: uint8 (h, w), 0-255.
    """
    plane = grey.astype(np.int32)
    inner = plane[1:-1, 1:-1]
    second = 4 * inner - plane[:-2, 1:-1] - plane[2:, 1:-1] - plane[1:-1, :-2] - plane[1:-1, 2:]
    return float(np.mean(np.square(second)))


def frontal(left: tuple[float, float], right: tuple[float, float], nose: tuple[float, float]) -> float:
    """Return 1 if the nose is in the middle of the eyes, seen along their line, down to 0 if it is beside them."""
    across = (right[0] - left[0], right[1] - left[1])
    length = across[0] ** 2 + across[1] ** 2
    if length <= 0:
        return 0.0
    place = ((nose[0] - left[0]) * across[0] + (nose[1] - left[1]) * across[1]) / length
    return max(0.0, 1 - 2 * abs(place - 0.5))
