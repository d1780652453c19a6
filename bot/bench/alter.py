"""What people do to a clip before they post it again, each with its strength. Pictures in, pictures out.

A take is (pictures, frames a second); a still is a take of one picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Take = tuple[list[Rgb], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """One way of altering a take. `form` is what it is saved as, `crf` and `quality` how badly."""

    name: str
    group: str  # the row of the table it counts in
    target: float  # the recall aimed at, 0-1
    apply: Callable[[Take, int], Take]  # the take and a seed
    form: str = "video"  # video or gif; a still is saved as JPEG or GIF
    crf: int = 28
    quality: int = 70
    stills: bool = True  # makes sense for a still too


def _each(change: Callable[[Rgb], Rgb]) -> Callable[[Take, int], Take]:
    return lambda take, _seed: ([change(picture) for picture in take[0]], take[1])


def resize(picture: Rgb, factor: float) -> Rgb:
    """Return a picture in another size, sides even."""
    height, width, _ = picture.shape
    size = (max(16, round(width * factor / 2) * 2), max(16, round(height * factor / 2) * 2))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=way), dtype=np.uint8)


def crop(picture: Rgb, side: float) -> Rgb:
    """Return the picture without a strip of `side` (of its width or height) on every side."""
    height, width, _ = picture.shape
    x, y = round(width * side), round(height * side)
    return _even(picture[y : height - y, x : width - x])


def rotate(picture: Rgb, degrees: float) -> Rgb:
    """Return the picture turned about its middle, with black corners."""
    height, width, _ = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height)), dtype=np.uint8)


def letterbox(picture: Rgb, part: float, level: int = 0, sides: bool = False) -> Rgb:
    """Return the picture with bars that are `part` of its height (or width) in all."""
    height, width, _ = picture.shape
    bar = round((width if sides else height) * part / 2)
    rows, columns = (0, bar) if sides else (bar, 0)
    padded = np.full((height + 2 * rows, width + 2 * columns, 3), level, dtype=np.uint8)
    padded[rows : rows + height, columns : columns + width] = picture
    return _even(padded)


def caption(picture: Rgb, part: float, seed: int, outside: bool = False) -> Rgb:
    """Return the picture with a white bar of black text over, or added to, `part` of its height."""
    height, width, _ = picture.shape
    bar = max(12, round(height * part))
    strip = np.full((bar, width, 3), 255, dtype=np.uint8)
    words = ["when the", "nobody", "wait for", "it", "this is", "the moment", "again"]
    rng = np.random.default_rng(seed)
    text = " ".join(words[i] for i in rng.permutation(len(words))[:5])
    size = bar / 40
    cv2.putText(strip, text, (width // 20, round(bar * 0.7)), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 2)
    if outside:
        return _even(np.concatenate([strip, picture]))
    shown = picture.copy()
    shown[:bar] = strip
    return shown


def watermark(picture: Rgb, area: float, seed: int, opacity: float = 1.0) -> Rgb:
    """Return the picture with a logo that covers `area` (0-1) of it, in some place."""
    height, width, _ = picture.shape
    rng = np.random.default_rng(seed)
    across = rng.uniform(0.9, 2.0)
    w = min(width - 2, round(np.sqrt(area * height * width * across)))
    h = min(height - 2, round(area * height * width / w))
    x, y = int(rng.integers(0, width - w)), int(rng.integers(0, height - h))
    logo = np.empty((h, w, 3), dtype=np.uint8)
    logo[:] = rng.integers(0, 255, 3)
    cv2.ellipse(logo, (w // 2, h // 2), (w // 3, h // 3), 0, 0, 360, tuple(map(int, rng.integers(0, 255, 3))), -1)
    cv2.putText(logo, "clips.example", (4, h // 2), cv2.FONT_HERSHEY_DUPLEX, max(0.3, w / 230), (255, 255, 255), 2)
    shown = picture.copy()
    part = shown[y : y + h, x : x + w]
    part[:] = (part * (1 - opacity) + logo * opacity).astype(np.uint8)
    return shown


def picture_in_picture(picture: Rgb, size: float, seed: int, t: float) -> Rgb:
    """Return another, moving picture with this one in it at `size` (0-1) of its width."""
    from bot.bench.worlds import World

    height, width, _ = picture.shape
    outer = World(900_000 + seed, "room", movers=2).frame(t, width, height)
    inner = resize(picture, size)
    rng = np.random.default_rng(seed)
    x = int(rng.integers(0, max(1, width - inner.shape[1])))
    y = int(rng.integers(0, max(1, height - inner.shape[0])))
    outer[y : y + inner.shape[0], x : x + inner.shape[1]] = inner[: height - y, : width - x]
    return outer


def tone(picture: Rgb, brightness: float = 0, contrast: float = 1, gamma: float = 1) -> Rgb:
    """Return the picture brighter by `brightness` (of 255), with more contrast, and with another gamma."""
    levels = np.arange(256) / 255
    levels = np.clip(((levels**gamma) - 0.5) * contrast + 0.5 + brightness / 255, 0, 1)
    return np.asarray((levels * 255).astype(np.uint8)[picture], dtype=np.uint8)


def grey(picture: Rgb) -> Rgb:
    """Return the picture without colour."""
    return np.asarray(np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2), dtype=np.uint8)


def blur(picture: Rgb, sigma: float) -> Rgb:
    """Return the picture blurred by `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.uint8)


def noise(picture: Rgb, sigma: float, seed: int) -> Rgb:
    """Return the picture with noise of `sigma` levels."""
    rng = np.random.default_rng(seed)
    return np.clip(picture + rng.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def trim(take: Take, seconds: float, seed: int) -> Take:
    """Return `seconds` of a take, from anywhere in it."""
    pictures, fps = take
    count = max(1, min(len(pictures), round(seconds * fps)))
    start = int(np.random.default_rng(seed).integers(0, len(pictures) - count + 1))
    return pictures[start : start + count], fps


def speed(take: Take, factor: float) -> Take:
    """Return a take that plays `factor` times as fast, at the same frame rate."""
    pictures, fps = take
    count = max(1, int(len(pictures) / factor))
    return [pictures[min(len(pictures) - 1, int(i * factor))] for i in range(count)], fps


def compilation(take: Take, seconds: float, seed: int) -> Take:
    """Return the take inside others, `seconds` long in all."""
    from bot.bench.worlds import World

    pictures, fps = at_rate(take, min(take[1], 8))
    height, width, _ = pictures[0].shape
    rest = max(0.0, seconds - len(pictures) / fps)
    before: list[Rgb] = []
    after: list[Rgb] = []
    for number in range(6):
        world = World(800_000 + seed * 7 + number, "room", movers=1)
        (before if number < 1 + seed % 5 else after).extend(world.frames(rest / 6, fps, width=width, height=height))
    return [*before, *pictures, *after], fps


def at_rate(take: Take, fps: float) -> Take:
    """Return a take at another frame rate."""
    pictures, rate = take
    count = max(1, round(len(pictures) * fps / rate))
    return [pictures[min(len(pictures) - 1, int(i * rate / fps))] for i in range(count)], fps


def gif(take: Take, side: int = 320, fps: float = 10) -> Take:
    """Return a take as GIFs are made: `side` pixels wide, few frames a second."""
    pictures, rate = at_rate(take, fps) if len(take[0]) > 1 else take
    return [resize(picture, side / max(picture.shape)) for picture in pictures], rate


def combined(take: Take, seed: int) -> Take:
    """Return a take mirrored, letterboxed, captioned and made a GIF."""
    changed = [caption(letterbox(np.ascontiguousarray(picture[:, ::-1]), 0.2), 0.12, seed) for picture in take[0]]
    return gif((changed, take[1]))


def _even(picture: Rgb) -> Rgb:
    height, width, _ = picture.shape
    return np.ascontiguousarray(picture[: height // 2 * 2, : width // 2 * 2])


def _pip(size: float) -> Callable[[Take, int], Take]:
    return lambda take, seed: (
        [picture_in_picture(picture, size, seed, i / take[1]) for i, picture in enumerate(take[0])],
        take[1],
    )


def _seeded(change: Callable[[Rgb, int], Rgb]) -> Callable[[Take, int], Take]:
    return lambda take, seed: ([change(picture, seed) for picture in take[0]], take[1])


def _turn(quarters: int) -> Callable[[Take, int], Take]:
    return _each(lambda picture: np.ascontiguousarray(np.rot90(picture, quarters)))


LIGHT, HEAVY = "re-encode, resize, tone, blur, noise", "caption, mark, border, mirror, turn"
ALTERATIONS: Sequence[Alteration] = (
    Alteration(name="re-encoded", group=LIGHT, target=0.99, apply=_each(lambda p: p), crf=34, quality=45),
    Alteration(name="resized to 0.25", group=LIGHT, target=0.99, apply=_each(lambda p: resize(p, 0.25))),
    Alteration(name="resized to 0.5", group=LIGHT, target=0.99, apply=_each(lambda p: resize(p, 0.5))),
    Alteration(name="resized to 1.5", group=LIGHT, target=0.99, apply=_each(lambda p: resize(p, 1.5))),
    Alteration(name="GIF, 10 fps, 320 px", group=LIGHT, target=0.99, apply=lambda t, _: gif(t), form="gif"),
    Alteration(name="grey", group=LIGHT, target=0.99, apply=_each(grey)),
    Alteration(name="brighter by 40", group=LIGHT, target=0.99, apply=_each(lambda p: tone(p, brightness=40))),
    Alteration(name="contrast 0.6", group=LIGHT, target=0.99, apply=_each(lambda p: tone(p, contrast=0.6))),
    Alteration(name="gamma 1.8", group=LIGHT, target=0.99, apply=_each(lambda p: tone(p, gamma=1.8))),
    Alteration(name="blur 2 px", group=LIGHT, target=0.99, apply=_each(lambda p: blur(p, 2.0))),
    Alteration(name="noise 12", group=LIGHT, target=0.99, apply=_seeded(lambda p, s: noise(p, 12, s))),
    Alteration(name="caption over 15 %", group=HEAVY, target=0.99, apply=_seeded(lambda p, s: caption(p, 0.15, s))),
    Alteration(
        name="caption added, 15 %",
        group=HEAVY,
        target=0.99,
        apply=_seeded(lambda p, s: caption(p, 0.15, s, outside=True)),
    ),
    Alteration(name="mark on 5 %", group=HEAVY, target=0.99, apply=_seeded(lambda p, s: watermark(p, 0.05, s))),
    Alteration(name="mark on 15 %", group=HEAVY, target=0.99, apply=_seeded(lambda p, s: watermark(p, 0.15, s))),
    Alteration(name="letterbox 20 %", group=HEAVY, target=0.99, apply=_each(lambda p: letterbox(p, 0.2))),
    Alteration(
        name="white sides 20 %", group=HEAVY, target=0.99, apply=_each(lambda p: letterbox(p, 0.2, 255, sides=True))
    ),
    Alteration(name="mirror", group=HEAVY, target=0.99, apply=_each(lambda p: np.ascontiguousarray(p[:, ::-1]))),
    Alteration(name="quarter turn", group=HEAVY, target=0.99, apply=_turn(1)),
    Alteration(name="half turn", group=HEAVY, target=0.99, apply=_turn(2)),
    Alteration(name="crop 5 % a side", group="crop 5 %", target=0.99, apply=_each(lambda p: crop(p, 0.05))),
    Alteration(name="crop 15 % a side", group="crop 15 %", target=0.96, apply=_each(lambda p: crop(p, 0.15))),
    Alteration(name="crop 25 % a side", group="crop 25 %", target=0.88, apply=_each(lambda p: crop(p, 0.25))),
    Alteration(name="rotated 4°", group="rotation 4°", target=0.98, apply=_each(lambda p: rotate(p, 4))),
    Alteration(name="rotated 8°", group="rotation 8°", target=0.95, apply=_each(lambda p: rotate(p, 8))),
    Alteration(name="2 s of 10", group="trim", target=0.98, apply=lambda t, s: trim(t, 2, s), stills=False),
    Alteration(name="speed 0.75", group="speed", target=0.98, apply=lambda t, _: speed(t, 0.75), stills=False),
    Alteration(name="speed 1.5", group="speed", target=0.98, apply=lambda t, _: speed(t, 1.5), stills=False),
    Alteration(
        name="inside a compilation",
        group="compilation",
        target=0.97,
        apply=lambda t, s: compilation(t, 60, s),
        stills=False,
    ),
    Alteration(name="in a picture, 60 %", group="picture in picture 60 %", target=0.96, apply=_pip(0.6)),
    Alteration(name="in a picture, 40 %", group="picture in picture 40 %", target=0.85, apply=_pip(0.4)),
    Alteration(name="mirror, letterbox, caption, GIF", group="combined", target=0.95, apply=combined, form="gif"),
)
