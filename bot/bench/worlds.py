"""Generated scenes for the benchmark: benign, repeatable, with the things that tell copies from lookalikes.

A world is a textured place, things that move in it, and a camera. One seed is one place; `cast` changes what moves
there and nothing else, so that two worlds with one seed and another cast were "shot in the same place".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Kind = Literal["room", "pan", "drift"]
KINDS: tuple[Kind, ...] = ("room", "pan", "drift")


def texture(seed: int, width: int, height: int, roughness: float = 0.62) -> Rgb:
    """Return a picture of random structure at every size, with some hard edges, in a few colours."""
    rng = np.random.default_rng([seed, 77])
    total = np.zeros((height, width, 3), dtype=np.float32)
    strength = 1.0
    cells = int(rng.integers(2, 5))
    while cells < max(width, height) / 2:
        rows = max(2, round(cells * height / width))
        grid = rng.normal(0, 1, (rows + 1, cells + 1, 3)).astype(np.float32)
        grid = 0.75 * grid.mean(axis=2, keepdims=True) + 0.25 * grid
        way = cv2.INTER_CUBIC if rng.random() < 0.8 else cv2.INTER_NEAREST
        total += strength * cv2.resize(grid, (width, height), interpolation=way)
        strength *= roughness
        cells *= 2
    for _ in range(int(rng.integers(4, 14))):
        _block(total, rng)
    total -= total.mean()
    picture: Rgb = np.clip(128 + total * (58 / (total.std() + 1e-6)), 0, 255).astype(np.uint8)
    return picture


def _block(total: NDArray[np.float32], rng: np.random.Generator) -> None:
    height, width, _ = total.shape
    centre = rng.uniform(0, 1, 2) * (width, height)
    size = rng.uniform(0.02, 0.16, 2) * width
    corners = cv2.boxPoints(
        ((float(centre[0]), float(centre[1])), (float(size[0]), float(size[1])), float(rng.uniform(0, 90)))
    )
    mask = np.zeros((height, width), dtype=np.uint8)
    if rng.random() < 0.6:
        cv2.fillConvexPoly(mask, corners.astype(np.int32), 1)
    else:
        cv2.ellipse(mask, (int(centre[0]), int(centre[1])), (int(size[0] / 2), int(size[1] / 2)), 0, 0, 360, 1, -1)
    total += (mask[..., None] * rng.normal(0, 1.2, 3)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Scene:
    """A place, a cast and a camera."""

    seed: int
    kind: Kind = "room"
    cast: int = 0
    movers: int = 3
    place: Rgb | None = None  # a photograph instead of a generated place

    def frame(self, t: float, width: int = 640, height: int = 360) -> Rgb:
        """Return the picture at `t` seconds."""
        wide = 960 if self.kind == "room" else 1600
        back = _background(self.seed, wide, wide * 9 // 16) if self.place is None else self.place
        picture = back.copy()
        for mover in range(self.movers):
            _draw(picture, self.seed, self.cast, mover, t)
        return _camera(picture, (self.seed, self.cast), self.kind, t, width, height)

    def frames(self, seconds: float, fps: float, start: float = 0.0, width: int = 640, height: int = 360) -> list[Rgb]:
        """Return the pictures of a take."""
        return [self.frame(start + i / fps, width, height) for i in range(max(1, round(seconds * fps)))]


SWAYS = ((0.31, 9.0, 0.4, 0.7), (0.83, 6.0, 1.1, 0.5), (1.37, 4.0, 2.0, 1.4), (2.3, 3.0, 3.1, 2.2))
"""Of somebody who talks: how often a second, how far in pixels, and how unevenly across and down."""


def speaker(
    seed: int, seconds: float, fps: float, start: float = 0.0, lively: float = 1.0, width: int = 640, height: int = 360
) -> list[Rgb]:
    """Return a take of a place in which something large stays where it is and never holds still, as one who talks.

    Another `start` is another moment of the same. `lively` is how far it moves, 1: a few hundredths of the width.
    """
    place, skin = texture(seed, width, height), texture(seed + 1, width, height, 0.7)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    body = ((x / width - 0.5) / 0.27) ** 2 + ((y / height - 0.58) / 0.55) ** 2 < 1
    pictures = []
    for i in range(max(1, round(seconds * fps))):
        turn = 2 * np.pi * (start + i / fps)
        across, down = np.zeros_like(x), np.zeros_like(y)
        for number, (often, far, wave, other) in enumerate(SWAYS):
            across += lively * far * np.sin(often * turn + wave * x / 100 + number)
            down += lively * far * np.cos(1.13 * often * turn + other * y / 100 + 2 * number)
        moved = cv2.remap(skin, x + across, y + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        pictures.append(np.where(body[..., None], moved, place).astype(np.uint8))
    return pictures


@lru_cache(maxsize=6)
def _background(seed: int, width: int, height: int) -> Rgb:
    return texture(seed, width, height)


@lru_cache(maxsize=32)
def _skin(seed: int, cast: int, mover: int) -> Rgb:
    return texture(seed * 1000 + cast * 31 + mover + 5, 240, 240, 0.7)


def _draw(picture: Rgb, seed: int, cast: int, mover: int, t: float) -> None:
    """Draw something that moves: a textured shape that turns, grows and bends a little."""
    rng = np.random.default_rng([seed, cast, mover, 3])
    height, width, _ = picture.shape
    speed, phase = rng.uniform(0.25, 1.1, 4), rng.uniform(0, 2 * np.pi, 4)
    x = (0.5 + 0.36 * np.sin(speed[0] * t + phase[0])) * width
    y = (0.5 + 0.30 * np.sin(speed[1] * t + phase[1])) * height
    scale = rng.uniform(0.5, 1.05) * height / 480 * (1 + 0.12 * np.sin(speed[2] * t + phase[2]))
    angle = 25 * np.sin(speed[3] * t + phase[3])
    skin = _skin(seed, cast, mover)
    matrix = cv2.getRotationMatrix2D((120, 120), float(angle), float(scale))
    matrix[:, 2] += (x - 120, y - 120)
    mask = np.zeros((240, 240), dtype=np.uint8)
    cv2.ellipse(mask, (120, 120), (115, int(80 + 30 * rng.random())), 0, 0, 360, 255, -1)
    half = int(175 * scale) + 2
    left, top = max(0, int(x) - half), max(0, int(y) - half)
    right, bottom = min(width, int(x) + half), min(height, int(y) + half)
    if left >= right or top >= bottom:
        return
    matrix[:, 2] -= (left, top)
    size = (right - left, bottom - top)
    where = cv2.warpAffine(mask, matrix, size) > 127
    picture[top:bottom, left:right][where] = cv2.warpAffine(skin, matrix, size)[where]


def _camera(picture: Rgb, seed: tuple[int, int], kind: Kind, t: float, width: int, height: int) -> Rgb:
    rng = np.random.default_rng([*seed, 9])  # another take: another way of the camera
    rows, columns, _ = picture.shape
    phase = rng.uniform(0, 2 * np.pi, 3)
    if kind == "room":
        centre, view = (columns / 2, rows / 2), columns * 0.96
        centre = (centre[0] + 1.5 * np.sin(2.1 * t + phase[0]), centre[1] + 1.2 * np.sin(1.7 * t + phase[1]))
    else:
        along = 0.5 + 0.3 * np.sin(0.17 * t + phase[0]) if kind == "pan" else 0.5 + 0.2 * np.sin(0.12 * t + phase[0])
        zoom = 0.55 + (0.1 * np.sin(0.13 * t + phase[1]) if kind == "drift" else 0)
        centre = (along * columns, (0.5 + 0.1 * np.sin(0.1 * t + phase[2])) * rows)
        view = zoom * columns
        if view / width * height > rows:
            view = rows * width / height
    scale = width / view
    matrix = np.array(
        [[scale, 0, width / 2 - scale * centre[0]], [0, scale, height / 2 - scale * centre[1]]], dtype=np.float32
    )
    shown = cv2.warpAffine(
        picture,
        matrix,
        (width, height),
        flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(shown, dtype=np.uint8)


def with_face(pictures: Sequence[Rgb], face: Rgb, area: float, seed: int, fps: float, start: float = 0.0) -> list[Rgb]:
    """Return a take in which a face covers `area` (0-1) of the picture, moving gently as a head does."""
    rng = np.random.default_rng([seed, 21])
    height, width, _ = pictures[0].shape
    phase = rng.uniform(0, 2 * np.pi, 4)
    spot = rng.uniform(0.35, 0.65, 2)
    rows, columns, _ = face.shape
    side = np.sqrt(area * height * width / (0.785 * rows * columns))
    mask = np.zeros((rows, columns), dtype=np.uint8)
    cv2.ellipse(mask, (columns // 2, rows // 2), (columns // 2 - 2, rows // 2 - 2), 0, 0, 360, 255, -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), max(1.0, columns / 40)))
    out = []
    for i, picture in enumerate(pictures):
        t = start + i / fps
        matrix = cv2.getRotationMatrix2D(
            (columns / 2, rows / 2),
            float(6 * np.sin(1.3 * t + phase[0])),
            float(side * (1 + 0.03 * np.sin(t + phase[1]))),
        )
        matrix[:, 2] += (
            spot[0] * width + 0.02 * width * np.sin(1.1 * t + phase[2]) - columns / 2,
            spot[1] * height + 0.02 * height * np.sin(0.9 * t + phase[3]) - rows / 2,
        )
        shown = cv2.warpAffine(face, matrix, (width, height), flags=cv2.INTER_AREA)
        weight = cv2.warpAffine(mask, matrix, (width, height)).astype(np.float32)[..., None] / 255
        out.append((picture * (1 - weight) + shown * weight).astype(np.uint8))
    return out
