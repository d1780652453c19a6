"""Drawn portraits: faces of nobody, plain enough to be drawn and face enough for a detector to find them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIDE = 300  # pixels at which a portrait is drawn
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Look:
    """What tells one drawn person from another."""

    skin: Colour
    hair: Colour
    lip: Colour
    iris: Colour
    wall: Colour
    wide: float  # half the width of the face
    high: float
    eyes: float  # half the distance between them
    eye_wide: float
    eye_high: float
    eye_line: float
    brow: float
    nose_long: float
    nose_wide: float
    mouth_line: float
    mouth_wide: float
    mouth_high: float


def drawn(seed: int, height: int = SIDE, *, mouth: float = 1.0, lids: float = 0.0) -> NDArray[np.uint8]:
    """Return a portrait as RGB, `height` pixels square. One seed is one person.

    `mouth` is how far it is open, `lids` how far the eyes are shut, 0 to 1.
    """
    rng = np.random.default_rng([seed, 4])
    look = _person(rng)
    page = Image.new("RGB", (SIDE, SIDE), look.wall)
    _head(page, look)
    page = page.filter(ImageFilter.GaussianBlur(3))
    _sockets(page, look)
    page = page.filter(ImageFilter.GaussianBlur(3))
    _eyes(page, look)
    if lids > 0:
        _lids(page, look, lids)
    _nose_and_mouth(page, look, mouth)
    page = page.filter(ImageFilter.GaussianBlur(1.2))
    light = 1 + 0.12 * np.linspace(-1, 1, SIDE)[None, :, None] * rng.choice([-1, 1])
    grain = rng.normal(0, 3, (SIDE, SIDE, 3))
    lit = Image.fromarray(np.clip(np.asarray(page) * light + grain, 0, 255).astype(np.uint8))
    return np.asarray(lit.resize((height, height), Image.Resampling.LANCZOS))


def outline(seed: int, height: int = SIDE) -> NDArray[np.uint8]:
    """Return where a portrait shows the person (255) and not the wall (0): hair, face and neck."""
    page = Image.new("RGB", (SIDE, SIDE), (0, 0, 0))
    look = _person(np.random.default_rng([seed, 4]))
    _head(page, replace(look, skin=(255, 255, 255), hair=(255, 255, 255)))
    whole = Image.fromarray(((np.asarray(page)[..., 0] > 0) * 255).astype(np.uint8))
    return np.asarray(whole.resize((height, height), Image.Resampling.LANCZOS))


def _person(rng: np.random.Generator) -> _Look:
    def colour(base: tuple[float, float, float], low: float, high: float) -> Colour:
        r, g, b = (int(min(255, part)) for part in np.array(base) * rng.uniform(low, high))
        return r, g, b

    def any_colour(low: int, high: int) -> Colour:
        r, g, b = (int(part) for part in rng.integers(low, high, 3))
        return r, g, b

    return _Look(
        skin=colour((224, 172, 140), 0.55, 1.08),
        hair=colour((70, 45, 30), 0.3, 2.2),
        lip=colour((170, 80, 80), 0.7, 1.1),
        iris=any_colour(30, 110),
        wall=any_colour(90, 200),
        wide=rng.uniform(66, 80),
        high=rng.uniform(88, 102),
        eyes=rng.uniform(30, 36),
        eye_wide=rng.uniform(13, 17),
        eye_high=rng.uniform(6, 8.5),
        eye_line=155 - rng.uniform(16, 24),
        brow=rng.uniform(19, 23),
        nose_long=rng.uniform(34, 44),
        nose_wide=rng.uniform(11, 16),
        mouth_line=rng.uniform(24, 32),
        mouth_wide=rng.uniform(24, 33),
        mouth_high=rng.uniform(7, 11),
    )


def _shade(colour: Colour, by: float) -> Colour:
    r, g, b = (int(min(255, part * by)) for part in colour)
    return r, g, b


def _head(page: Image.Image, look: _Look) -> None:
    pen = ImageDraw.Draw(page)
    x, y, w, h = 150, 155, look.wide, look.high
    pen.ellipse((x - w - 14, y - h - 26, x + w + 14, y + h - 10), fill=look.hair)
    pen.rectangle((x - 32, y + h - 25, x + 32, SIDE), fill=_shade(look.skin, 0.8))
    pen.ellipse((x - w, y - h, x + w, y + h), fill=look.skin)
    pen.pieslice((x - w - 2, y - h - 12, x + w + 2, y - h + 80), 180, 360, fill=look.hair)
    pen.ellipse((x - w * 0.95, y - h * 0.62, x + w * 0.95, y + h * 0.95), fill=look.skin)


def _sockets(page: Image.Image, look: _Look) -> None:
    pen = ImageDraw.Draw(page)
    for side in (-1, 1):
        x = 150 + side * look.eyes
        wide, high = 1.35 * look.eye_wide, look.eye_high
        pen.ellipse(
            (x - wide, look.eye_line - 2 * high, x + wide, look.eye_line + 1.7 * high), fill=_shade(look.skin, 0.8)
        )


def _eyes(page: Image.Image, look: _Look) -> None:
    pen = ImageDraw.Draw(page)
    y, wide, high = look.eye_line, look.eye_wide, look.eye_high
    for side in (-1, 1):
        x = 150 + side * look.eyes
        pen.ellipse((x - wide, y - high, x + wide, y + high), fill=(240, 238, 235), outline=_shade(look.skin, 0.55))
        pen.ellipse((x - high * 0.95, y - high * 0.95, x + high * 0.95, y + high * 0.95), fill=look.iris)
        pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=(10, 10, 10))
        pen.arc((x - wide - 1, y - high - 2, x + wide + 1, y + high + 3), 180, 360, fill=(40, 25, 20), width=3)
        brow = y - look.brow
        pen.line((x - wide * 1.2, brow + 3, x, brow - 3, x + wide * 1.2, brow + 3), fill=look.hair, width=6)


def _lids(page: Image.Image, look: _Look, shut: float) -> None:
    """Draw the upper lids over the eyes, down to `shut` of their height."""
    pen = ImageDraw.Draw(page)
    y, wide, high = look.eye_line, look.eye_wide + 1, look.eye_high + 2
    for side in (-1, 1):
        x = 150 + side * look.eyes
        down = y - high + 2 * high * min(1.0, shut)
        pen.rectangle((x - wide, y - high, x + wide, down), fill=_shade(look.skin, 0.8))
        pen.line((x - wide, down, x + wide, down), fill=(40, 25, 20), width=3)


def _nose_and_mouth(page: Image.Image, look: _Look, mouth: float) -> None:
    pen = ImageDraw.Draw(page)
    x, y, long, wide = 150, look.eye_line, look.nose_long, look.nose_wide
    dark = _shade(look.skin, 0.55)
    pen.polygon(
        [(x - 5, y + 4), (x + 5, y + 4), (x + wide * 0.8, y + long), (x - wide * 0.8, y + long)],
        fill=_shade(look.skin, 1.12),
    )
    pen.ellipse((x - wide, y + long - 8, x + wide, y + long + 7), fill=_shade(look.skin, 0.8))
    for side in (-1, 1):
        left, right = sorted((x + side * wide * 0.2, x + side * wide * 0.7))
        pen.ellipse((left, y + long, right, y + long + 5), fill=dark)
    line = y + long + look.mouth_line
    open_ = look.mouth_high * mouth
    pen.ellipse((x - look.mouth_wide, line - open_, x + look.mouth_wide, line + open_), fill=look.lip)
    pen.line((x - look.mouth_wide, line, x + look.mouth_wide, line), fill=_shade(look.lip, 0.5), width=3)
    pen.arc((x - 25, 155 + look.high - 42, x + 25, 155 + look.high - 8), 20, 160, fill=_shade(look.skin, 0.8), width=4)
