"""Drawn people who talk before a camera, which never move twice in the same way.

What real talking heads do and waves do not: the head sways, turns and nods without a period, the mouth follows phrases
of syllables with pauses, eyes blink at uneven intervals, shoulders breathe, the hand that holds the camera is not
quiet, the exposure drifts, the sensor is noisy, and now and then there is a cut to a second framing. All is a function
of time: a later `start` is a later part of the same recording, however it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.samples.portrait import drawn, outline

Rgb = NDArray[np.uint8]

WIDTH, HEIGHT = 320, 180
MARGIN = 24  # pixels of the room beyond the picture, for a camera that is not quiet
HEAD = 112  # pixels of a portrait; the head is three quarters of it
NECK = (160, 78)  # where the middle of a portrait is when nothing moves
MOUTHS, LIDS = 8, 3  # as many positions of each are drawn
SWAYS = tuple(np.sqrt(prime) / 10 for prime in (2, 5, 11, 23))  # cycles a second; no two have a common period
CLOSE = 1.45  # how much larger the second framing shows
BLINK = 3.4  # seconds in which there is at most one blink
CUT = 5.3  # and at most one cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who talks, where and in what clothes (both are the `place`), and which take of it this is.

    Another `take` has all movement otherwise, the same picture else. `lively`: how far the head moves, 1: as people do.
    `shake`: how much the camera does; 0 stands on a tripod.
    """

    person: int
    place: int
    take: int = 0
    lively: float = 1.0
    shake: float = 1.0
    cuts: bool = True

    def frames(self, seconds: float, fps: float, start: float = 0.0) -> list[Rgb]:
        """Return the pictures of a part of the recording, 320x180 each."""
        return [self.frame(start + number / fps) for number in range(max(1, round(seconds * fps)))]

    def frame(self, t: float) -> Rgb:
        """Return the picture at `t` seconds."""
        page = _room(self.place).copy()
        self._body(page, t)
        self._head(page, t)
        return self._exposed(self._seen(page, t), t)

    def mouth(self, t: float) -> float:
        """Return how far the mouth is open, 0 to 1: syllables within phrases, shut between them."""
        phrase = np.clip(3 * (self._noise("phrase", t, 0.8) + 0.7), 0, 1)
        return float(np.clip(phrase * (0.45 + 0.45 * self._noise("syllable", t, 9.0)), 0, 1))

    def lids(self, t: float) -> float:
        """Return how far the eyes are shut, 0 to 1."""
        return max(
            (max(0.0, 1 - abs(t - moment) / 0.13) for moment in self._moments("blink", t, BLINK, 0.85)), default=0
        )

    def framing(self, t: float) -> int:
        """Return which framing is shown, 0 the whole or 1 the closer one; the cuts lie at uneven intervals."""
        if not self.cuts:
            return 0
        before = sum(len(self._in_slot("cut", slot, CUT, 0.6)) for slot in range(int(t // CUT)))
        return (before + sum(moment <= t for moment in self._in_slot("cut", int(t // CUT), CUT, 0.6))) % 2

    def sway(self, stream: str, t: float) -> float:
        """Return where something that moves by itself is, in its own standard deviations (about 1)."""
        rng = np.random.default_rng(self._seed(stream))
        phases, often = rng.uniform(0, 2 * np.pi, len(SWAYS)), rng.uniform(0.85, 1.15)
        waves = sum(np.sin(2 * np.pi * often * cycles * t + phase) for cycles, phase in zip(SWAYS, phases, strict=True))
        return float(0.4 * waves + 0.6 * self._noise(stream, t, 1.1) + 0.25 * self._noise(stream + ", quick", t, 3.7))

    def _body(self, page: Rgb, t: float) -> None:
        """Draw the shoulders, which rise and widen with each breath."""
        cloth, mask = _clothes(self.place)
        breath = np.sin(2 * np.pi * 0.27 * t + 1.3 * self._noise("breath", t, 0.4))
        lean = 2.0 * self.lively * self.sway("lean", t)
        wide = 1 + 0.012 * breath
        matrix = np.array(
            [[wide, 0, MARGIN + lean - (wide - 1) * NECK[0]], [0, 1, MARGIN - 1.3 * breath]], dtype=np.float64
        )
        _put(page, cloth, mask, matrix)

    def _head(self, page: Rgb, t: float) -> None:
        """Draw the head: it sways, leans, comes nearer, and its front turns and nods more than its rim."""
        mouth, lids = round(self.mouth(t) * (MOUTHS - 1)), round(self.lids(t) * (LIDS - 1))
        turn, nod = (self.lively * factor * self.sway(name, t) for name, factor in (("turn", 3.0), ("nod", 2.2)))
        x, y, front = _front()
        turned = cv2.remap(
            _face(self.person, mouth, lids),
            x - np.float32(turn) * front,
            y - np.float32(nod) * front,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        middle = (HEAD / 2, HEAD * 0.8)  # a head turns about its neck
        matrix = _turn(middle, 3.0 * self.lively * self.sway("tilt", t), 1 + 0.012 * self.lively * self.sway("near", t))
        matrix[:, 2] += (
            MARGIN + NECK[0] - HEAD / 2 + self.lively * (3.2 * self.sway("aside", t) + 0.5 * turn),
            MARGIN + NECK[1] - HEAD / 2 + self.lively * 1.6 * self.sway("up", t) + 0.5 * nod,
        )
        _put(page, np.asarray(turned, dtype=np.uint8), _mask(self.person), matrix)

    def _seen(self, page: Rgb, t: float) -> Rgb:
        """Return what the camera sees of the room, to parts of a pixel."""
        scale, centre = (CLOSE, (NECK[0] - 14, NECK[1] + 14)) if self.framing(t) else (1.0, (WIDTH / 2, HEIGHT / 2))
        aside, down, roll = (
            self.shake * (0.9 * self._noise(f"hand {way}", t, 1.7) + 0.45 * self._noise(f"tremor {way}", t, 6.0))
            for way in ("aside", "down", "roll")
        )
        middle = (MARGIN + centre[0] + 1.6 * aside, MARGIN + centre[1] + 1.6 * down)
        matrix = _turn(middle, 0.35 * roll, scale)
        matrix[:, 2] += (WIDTH / 2 - middle[0], HEIGHT / 2 - middle[1])
        shown = cv2.warpAffine(page, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(shown, dtype=np.uint8)

    def _exposed(self, picture: Rgb, t: float) -> Rgb:
        """Return a picture in the light of the moment, with the sensor's noise: more where there is more light."""
        gain = 1 + 0.025 * self._noise("exposure", t, 0.5)
        rng = np.random.default_rng([*self._seed("sensor"), round(t * 1000)])
        light = picture.astype(np.float32) * np.float32(gain)
        grain = rng.standard_normal(light.shape, dtype=np.float32) * (1.2 + 0.16 * np.sqrt(light))
        return np.asarray(np.clip(light + grain + 0.5, 0, 255), dtype=np.uint8)

    def _seed(self, stream: str) -> tuple[int, ...]:
        return self.person, self.place, self.take, *stream.encode()

    def _noise(self, stream: str, t: float, often: float) -> float:
        """Return band-limited noise at `t`: a smooth curve through `often` random values a second."""
        place = t * often
        first = int(place // 1)
        a, b, c, d = (_knot((*self._seed(stream), 999, number)) for number in range(first + 9, first + 13))
        u = place - first
        # Catmull and Rom's spline
        return b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)))

    def _moments(self, stream: str, t: float, slot: float, chance: float) -> list[float]:
        here = int(t // slot)
        return [
            moment for number in (here - 1, here, here + 1) for moment in self._in_slot(stream, number, slot, chance)
        ]

    def _in_slot(self, stream: str, number: int, slot: float, chance: float) -> list[float]:
        """Return the moment in a slot of time at which something happens, if it does."""
        if number < 0:
            return []
        happens, where = np.random.default_rng([*self._seed(stream), number]).random(2)
        return [(number + float(where)) * slot] if happens < chance else []


@lru_cache(maxsize=65536)
def _knot(seed: tuple[int, ...]) -> float:
    return float(np.random.default_rng(seed).normal())


@lru_cache(maxsize=8 * MOUTHS * LIDS)
def _face(person: int, mouth: int, lids: int) -> Rgb:
    return drawn(person, HEAD, mouth=0.35 + 1.5 * mouth / (MOUTHS - 1), lids=lids / (LIDS - 1))


@lru_cache(maxsize=16)
def _mask(person: int) -> NDArray[np.float32]:
    # the rim of a portrait is mixed with its wall
    inner = cv2.erode(outline(person, HEAD), np.ones((3, 3), np.uint8), iterations=2)
    return np.asarray(cv2.GaussianBlur(inner, (0, 0), 0.9), dtype=np.float32) / np.float32(255)


@lru_cache(maxsize=1)
def _front() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return x and y of each point of a head, and how far it stands out: the nose 1, the rim 0."""
    y, x = np.mgrid[0:HEAD, 0:HEAD].astype(np.float32)
    out = np.clip(1 - ((x / HEAD - 0.5) / 0.3) ** 2 - ((y / HEAD - 0.53) / 0.4) ** 2, 0, 1)
    return x, y, out.astype(np.float32)


@lru_cache(maxsize=8)
def _room(place: int) -> Rgb:
    """Return a room: a wall with things on it and before it, lit from one side and a little out of focus."""
    rng = np.random.default_rng([place, 41])
    width, height = WIDTH + 2 * MARGIN, HEIGHT + 2 * MARGIN
    wall = rng.uniform(110, 210, 3)
    page = np.empty((height, width, 3), dtype=np.float32)
    page[:] = wall
    page += _weave(rng, (height, width), 40)[..., None] * 7
    page[int(height * rng.uniform(0.62, 0.75)) :] *= rng.uniform(0.45, 0.75)
    for _ in range(int(rng.integers(4, 8))):  # pictures, shelves, doors
        left, top = int(rng.uniform(-0.1, 0.9) * width), int(rng.uniform(-0.1, 0.6) * height)
        wide, high = int(rng.uniform(0.08, 0.3) * width), int(rng.uniform(0.1, 0.5) * height)
        colour = rng.uniform(20, 235, 3)
        cv2.rectangle(page, (left, top), (left + wide, top + high), (colour * 0.5).tolist(), -1)
        cv2.rectangle(page, (left + 3, top + 3), (left + wide - 3, top + high - 3), colour.tolist(), -1)
        for number in range(int(rng.integers(0, 9))):  # books
            x = left + 4 + number * 6
            if x + 4 < left + wide - 3:
                cv2.rectangle(page, (x, top + high // 3), (x + 4, top + high - 4), rng.uniform(20, 235, 3).tolist(), -1)
    page = np.asarray(cv2.GaussianBlur(page, (0, 0), 1.1), dtype=np.float32)
    page *= np.linspace(1.12, 0.85, width, dtype=np.float32)[None, :: int(rng.choice([-1, 1])), None]
    return np.clip(page, 0, 255).astype(np.uint8)


@lru_cache(maxsize=8)
def _clothes(place: int) -> tuple[Rgb, NDArray[np.float32]]:
    """Return what is worn at a place, and where it covers the picture."""
    rng = np.random.default_rng([place, 43])
    cloth = np.empty((HEIGHT + MARGIN, WIDTH, 3), dtype=np.float32)
    cloth[:] = rng.uniform(30, 200, 3)
    y, x = np.mgrid[0 : HEIGHT + MARGIN, 0:WIDTH].astype(np.float32)
    stripe = np.sin(x * rng.uniform(0, 0.5) + y * rng.uniform(0, 0.7)) * rng.choice([0.0, 18.0])
    folds = _weave(rng, cloth.shape[:2], 24) * 10
    cloth += (stripe + folds)[..., None]
    mask = np.zeros(cloth.shape[:2], dtype=np.uint8)
    shoulder, wide = 116 + int(rng.integers(-3, 4)), 74 + int(rng.integers(-5, 6))
    cv2.ellipse(mask, (NECK[0], shoulder + 46), (wide, 46), 0, 180, 360, 255, -1)
    cv2.rectangle(mask, (NECK[0] - wide, shoulder + 46), (NECK[0] + wide, HEIGHT + MARGIN), 255, -1)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.2), dtype=np.float32) / np.float32(255)
    return np.clip(cloth, 0, 255).astype(np.uint8), soft


def _weave(rng: np.random.Generator, shape: tuple[int, ...], cell: int) -> NDArray[np.float32]:
    """Return soft random structure, about 1 in size, whose parts are `cell` pixels and less."""
    height, width = shape
    total = np.zeros((height, width), dtype=np.float32)
    for size, strength in ((cell, 1.0), (cell // 2, 0.6), (cell // 5, 0.35)):
        grid = rng.normal(0, strength, (height // size + 2, width // size + 2)).astype(np.float32)
        total += np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    return total


def _turn(middle: tuple[float, float], degrees: float, scale: float) -> NDArray[np.float64]:
    return np.asarray(cv2.getRotationMatrix2D(middle, degrees, scale), dtype=np.float64)


def _put(page: Rgb, shown: Rgb, mask: NDArray[np.float32], matrix: NDArray[np.floating[Any]]) -> None:
    """Lay a picture over a page where its mask says, moved by a matrix to parts of a pixel."""
    size = (page.shape[1], page.shape[0])
    over = cv2.warpAffine(shown, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    weight = np.asarray(cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_LINEAR), dtype=np.float32)[..., None]
    page[:] = (page * (1 - weight) + over * weight + 0.5).astype(np.uint8)
