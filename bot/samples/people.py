"""Clips that show drawn people: one who is protected, one in footage that is known, and a swap of the two."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from bot.samples import media
from bot.samples.portrait import drawn

PROTECTED, OTHER = 1, 8
HEIGHT = 230  # pixels of a portrait in a picture 640 pixels wide
FACE = (0.27, 0.28, 0.73, 0.86)  # of a portrait: left, top, right, bottom of what a swap replaces
Rgb = NDArray[np.uint8]


def picture(person: int = PROTECTED) -> bytes:
    """Return a portrait as a file, as somebody would bring it to be protected."""
    return media.encode_still(drawn(person, 320), format="png")


def clip(scene: int, person: int, *, face_of: int | None = None, seconds: float = 4.0, crf: int = 23) -> bytes:
    """Return a video of a scene with a person who moves about; with `face_of` it shows another person's face."""
    shown = _portrait(person, face_of)
    mask = _oval(shown.shape[0], (0.04, 0.02, 0.96, 0.98))
    return media.encode_clip((_frame(scene, shown, mask, i / 10) for i in range(round(10 * seconds))), fps=10, crf=crf)


@cache
def _portrait(person: int, face_of: int | None) -> Rgb:
    own = drawn(person, HEIGHT)
    if face_of is None:
        return own
    weight = _oval(HEIGHT, FACE)[..., None]
    return (own * (1 - weight) + drawn(face_of, HEIGHT) * weight).astype(np.uint8)


def _oval(side: int, box: tuple[float, float, float, float]) -> NDArray[np.float32]:
    page = Image.new("L", (side, side))
    ImageDraw.Draw(page).ellipse([part * side for part in box], fill=255)
    return np.asarray(page.filter(ImageFilter.GaussianBlur(side / 40)), dtype=np.float32) / np.float32(255)


def _frame(scene: int, shown: Rgb, mask: NDArray[np.float32], t: float) -> Rgb:
    page = media.scene(scene, 640, 360, t)
    x, y = round(200 + 120 * np.sin(0.9 * t)), round(65 + 40 * np.cos(1.3 * t))
    part = page[y : y + HEIGHT, x : x + HEIGHT]
    part[:] = (part * (1 - mask[..., None]) + shown * mask[..., None]).astype(np.uint8)
    return page
