"""Synthetic face swaps: a person in a moving scene, and the same take with another person's face put on theirs.

The donor's face is warped onto the landmarks of the face below it and blended in, as the first tools of this kind did.
Expressions are not moved along: the face is one still. Needs the default face model for its landmarks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from bot import frames
from bot.bench import sources
from bot.bench.alter import Rgb, Take
from bot.bench.worlds import KINDS, Scene, with_face
from bot.config import DecodeConfig
from bot.faces.dlib import Dlib
from bot.samples.portrait import drawn as portrait_of

Blend = Literal["matched", "plain", "faint"]
BLENDS: tuple[Blend, ...] = ("matched", "plain", "faint")
FAINT = 0.8  # how much of the donor a faint swap shows
ROOM = 0.9  # of a face's box, kept around it on every side
WIDTH = 260  # pixels of a portrait
SECONDS = 6.0  # of a take


@dataclass(frozen=True, slots=True)
class Portrait:
    """A head and shoulders, and where the face's landmarks are in it."""

    name: str
    picture: Rgb
    points: NDArray[np.float32]  # n x 2, the same landmarks in the same order for all
    box: tuple[float, float, float, float]  # left, top, width, height

    @property
    def drawn(self) -> bool:
        """Whether it is of nobody."""
        return self.name.startswith("drawn")


def portraits(drawn: int = 4) -> list[Portrait]:
    """Return some drawn portraits and those that installed packages carry."""
    found = [cut(f"drawn {seed}", portrait_of(seed)) for seed in range(drawn)]
    for name, (package, inside) in sources.PORTRAITS.items():
        if path := sources.packaged(package, inside):
            pictures = frames.decode(path.read_bytes(), DecodeConfig()).frames
            found.append(cut(name, np.ascontiguousarray(next(iter(pictures)).colour())))
    return [one for one in found if one is not None]


def cut(name: str, picture: Rgb) -> Portrait | None:
    """Return a picture cut to its largest face and made `WIDTH` wide, or None if it shows none."""
    model = Dlib()
    located = model.locate(picture, least=60)
    if not located:
        return None
    face = max(located, key=lambda one: one.box.height)
    x, y, w, h = face.box
    left, top = max(0, round(x - ROOM * w)), max(0, round(y - ROOM * h))
    shown = picture[top : round(y + (1 + ROOM) * h), left : round(x + (1 + ROOM) * w)]
    scale = WIDTH / shown.shape[1]
    shown = np.asarray(cv2.resize(shown, (WIDTH, round(shown.shape[0] * scale)), interpolation=cv2.INTER_AREA))
    placed = face.moved(-left, -top).scaled(scale)
    points = np.array(model.landmarks(shown, placed), dtype=np.float32)
    return Portrait(name, np.ascontiguousarray(shown), points, tuple(map(float, placed.box)))  # type: ignore[arg-type]  # four


def swapped(host: Portrait, donor: Portrait, blend: Blend = "matched") -> Portrait:
    """Return the host's portrait with the donor's face in it."""
    matrix, _ = cv2.estimateAffinePartial2D(donor.points, host.points, method=cv2.LMEDS)
    height, width, _ = host.picture.shape
    face = cv2.warpAffine(donor.picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    x, y, w, h = host.box
    mask = np.zeros((height, width), dtype=np.uint8)
    centre = (round(x + w / 2), round(y + h * 0.55))
    cv2.ellipse(mask, centre, (round(w * 0.46), round(h * 0.56)), 0, 0, 360, 255, -1)
    weight = cv2.GaussianBlur(mask, (0, 0), w / 18).astype(np.float32)[..., None] / 255
    if blend != "plain":
        inside = mask > 0
        ours, theirs = host.picture[inside].astype(np.float32), face[inside].astype(np.float32)
        gain = np.clip(ours.std(axis=0) / (theirs.std(axis=0) + 1e-3), 0.5, 2)
        toned = (face.astype(np.float32) - theirs.mean(axis=0)) * gain + ours.mean(axis=0)
        face = np.clip(toned, 0, 255)
    if blend == "faint":
        weight = weight * FAINT
    shown = (host.picture * (1 - weight) + face * weight).astype(np.uint8)
    return Portrait(f"{host.name} with the face of {donor.name}", shown, host.points, host.box)


def take(
    shown: Portrait, number: int, *, face: float, seconds: float | None = None, fps: float = 8.0, start: float = 0.0
) -> Take:
    """Return a moving scene with a person whose face covers `face` (0-1) of the picture; a number is a scene.

    `seconds`: by default `SECONDS`.
    """
    seconds = SECONDS if seconds is None else seconds
    height, width, _ = shown.picture.shape
    area = face * 0.785 * height * width / (shown.box[2] * shown.box[3])
    world = Scene(700 + number, KINDS[number % len(KINDS)], movers=2)
    return with_face(world.frames(seconds, fps, start), shown.picture, area, number, fps, start), fps


def pairs(people: Sequence[Portrait], count: int) -> list[tuple[Portrait, Portrait]]:
    """Return `count` (host, donor), all in turn but two drawn ones, who look too much alike."""
    both = [(a, b) for a in people for b in people if a.name != b.name and not (a.drawn and b.drawn)]
    return [both[number % len(both)] for number in range(count)] if both else []
