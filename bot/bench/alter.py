"""What people do to a clip before they post it again, each with its strength. Pictures in, pictures out.

A take is (pictures, frames a second); a still is a take of one picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Take = tuple[list[Rgb], float]


Change = Callable[[Take, float, int], Take]  # the take, the strength, a seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """One way of altering a take, and how strongly."""

    kind: str  # in CHANGES
    strength: float
    row: str  # of the table it counts in
    target: float  # the recall aimed at, 0-1; 0: none
    stills: bool = True  # makes sense for a still too

    @property
    def form(self) -> str:
        """What it is saved as: a video or a GIF."""
        return "gif" if self.kind in ("gif", "slow gif", "combined") else "video"

    @property
    def crf(self) -> int:
        """How badly a video is compressed, on x264's scale."""
        return round(self.strength) if self.kind == "re-encode" else 28

    @property
    def quality(self) -> int:
        """How well a still is saved, 1-100."""
        return 45 if self.kind == "re-encode" else 70

    def apply(self, take: Take, seed: int) -> Take:
        """Return the altered take."""
        return CHANGES[self.kind](take, self.strength, seed)

    def __str__(self) -> str:
        return f"{self.kind} {self.strength:g}" if self.strength else self.kind


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
    return even(picture[y : height - y, x : width - x])


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
    return even(padded)


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
        return even(np.concatenate([strip, picture]))
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
    from bot.bench.worlds import Scene

    height, width, _ = picture.shape
    outer = Scene(900_000 + seed, "room", movers=2).frame(t, width, height)
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


def again(take: Take, backward: bool) -> Take:
    """Return a take that is shown twice, the second time `backward` (a boomerang) or as it is (a loop)."""
    pictures, fps = take
    return [*pictures, *(pictures[::-1] if backward else pictures)], fps


def dropped(take: Take, share: float, seed: int) -> Take:
    """Return a take of which a `share` of the frames is missing, each replaced by the one before."""
    pictures, fps = take
    keep = np.random.default_rng(seed).random(len(pictures)) >= share
    last, shown = pictures[0], []
    for picture, kept in zip(pictures, keep, strict=True):
        last = picture if kept else last
        shown.append(last)
    return shown, fps


def jitter(take: Take, seconds: float, seed: int) -> Take:
    """Return a take whose frames come up to `seconds` early or late, never out of order."""
    pictures, fps = take
    shift = np.random.default_rng(seed).uniform(-seconds * fps, seconds * fps, len(pictures))
    places = np.clip(np.sort(np.arange(len(pictures)) + shift), 0, len(pictures) - 1)
    return [pictures[int(place)] for place in places], fps


def compilation(take: Take, seconds: float, seed: int) -> Take:
    """Return the take inside others, `seconds` long in all."""
    from bot.bench.worlds import Scene

    pictures, fps = at_rate(take, min(take[1], 8))
    height, width, _ = pictures[0].shape
    rest = max(0.0, seconds - len(pictures) / fps)
    before: list[Rgb] = []
    after: list[Rgb] = []
    for number in range(6):
        world = Scene(800_000 + seed * 7 + number, "room", movers=1)
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


def combined(take: Take, part: float, seed: int) -> Take:
    """Return a take mirrored, letterboxed, captioned and made a GIF."""
    changed = [caption(letterbox(np.ascontiguousarray(picture[:, ::-1]), 0.2), part, seed) for picture in take[0]]
    return gif((changed, take[1]))


def even(picture: Rgb) -> Rgb:
    """Return a picture whose sides are even, as video wants them."""
    height, width, _ = picture.shape
    return np.ascontiguousarray(picture[: height // 2 * 2, : width // 2 * 2])


def _each(change: Callable[[Rgb, float, int], Rgb]) -> Change:
    return lambda take, strength, seed: ([change(picture, strength, seed) for picture in take[0]], take[1])


def _framed(take: Take, size: float, seed: int) -> Take:
    pictures, fps = take
    return [picture_in_picture(picture, size, seed, i / fps) for i, picture in enumerate(pictures)], fps


CHANGES: dict[str, Change] = {
    "re-encode": _each(lambda p, _s, _n: p),  # the strength is the compression
    "resize": _each(lambda p, s, _n: resize(p, s)),
    "gif": lambda take, s, _n: gif(take, side=round(s)),
    "grey": _each(lambda p, _s, _n: grey(p)),
    "brighter": _each(lambda p, s, _n: tone(p, brightness=s)),
    "contrast": _each(lambda p, s, _n: tone(p, contrast=s)),
    "gamma": _each(lambda p, s, _n: tone(p, gamma=s)),
    "blur": _each(lambda p, s, _n: blur(p, s)),
    "noise": _each(noise),
    "caption": _each(caption),
    "caption added": _each(lambda p, s, n: caption(p, s, n, outside=True)),
    "mark": _each(watermark),
    "see-through mark": _each(lambda p, s, n: watermark(p, s, n, opacity=0.5)),
    "letterbox": _each(lambda p, s, _n: letterbox(p, s)),
    "white sides": _each(lambda p, s, _n: letterbox(p, s, 255, sides=True)),
    "mirror": _each(lambda p, _s, _n: np.ascontiguousarray(p[:, ::-1])),
    "quarter turns": _each(lambda p, s, _n: np.ascontiguousarray(np.rot90(p, round(s)))),
    "crop": _each(lambda p, s, _n: crop(p, s)),
    "rotate": _each(lambda p, s, _n: rotate(p, s)),
    "trim": trim,
    "speed": lambda take, s, _n: speed(take, s),
    "slow gif": lambda take, s, _n: gif(take, fps=s),
    "reversed": lambda take, _s, _n: (take[0][::-1], take[1]),
    "boomerang": lambda take, _s, _n: again(take, backward=True),
    "loop": lambda take, _s, _n: again(take, backward=False),
    "dropped frames": dropped,
    "jitter": jitter,
    "compilation": compilation,
    "in a picture": _framed,
    "combined": combined,
}

LIGHT, HEAVY = "re-encode, resize, GIF, tone, blur, noise", "caption, mark, border, mirror, turn"


def _row(row: str, target: float, *parts: tuple[str, float], stills: bool = True) -> tuple[Alteration, ...]:
    return tuple(
        Alteration(kind=kind, strength=strength, row=row, target=target, stills=stills) for kind, strength in parts
    )


ALTERATIONS: tuple[Alteration, ...] = (
    *_row(LIGHT, 0.99, ("re-encode", 34), ("resize", 0.25), ("resize", 0.5), ("resize", 1.5), ("gif", 320)),
    *_row(LIGHT, 0.99, ("grey", 0), ("brighter", 40), ("contrast", 0.6), ("gamma", 1.8), ("blur", 2), ("noise", 12)),
    *_row(HEAVY, 0.99, ("caption", 0.15), ("caption added", 0.15), ("mark", 0.05), ("mark", 0.15)),
    *_row(HEAVY, 0.99, ("letterbox", 0.2), ("white sides", 0.2)),
    *_row(HEAVY, 0.99, ("mirror", 0), ("quarter turns", 1), ("quarter turns", 2)),
    *_row("see-through mark, 15 %", 0.99, ("see-through mark", 0.15)),
    *_row("crop 5 % a side", 0.99, ("crop", 0.05)),
    *_row("crop 15 % a side", 0.96, ("crop", 0.15)),
    *_row("crop 25 % a side", 0.88, ("crop", 0.25)),
    *_row("rotated by 4°", 0.98, ("rotate", 4)),
    *_row("rotated by 8°", 0.95, ("rotate", 8)),
    *_row("2 s of 10", 0.98, ("trim", 2), stills=False),
    *_row("speed 0.75 and 1.5", 0.98, ("speed", 0.75), ("speed", 1.5), stills=False),
    *_row("speed 0.5, 1.3 and 2", 0.98, ("speed", 0.5), ("speed", 1.3), ("speed", 2), stills=False),
    *_row("speed 3", 0, ("speed", 3), stills=False),
    *_row("reversed", 0.98, ("reversed", 0), stills=False),
    *_row("boomerang, loop", 0.95, ("boomerang", 0), ("loop", 0), stills=False),
    *_row("frames dropped, early or late", 0.98, ("dropped frames", 0.4), ("jitter", 0.05), stills=False),
    *_row("GIF of 5 frames a second", 0.98, ("slow gif", 5), stills=False),
    *_row("inside 60 s of others", 0.97, ("compilation", 60), stills=False),
    *_row("picture in picture, 60 %", 0.96, ("in a picture", 0.6)),
    *_row("picture in picture, 40 %", 0.85, ("in a picture", 0.4)),
    *_row("mirror, letterbox, caption, GIF", 0.95, ("combined", 0.12)),
)


def parse(text: str) -> Alteration:
    """Return the alteration that `KIND=STRENGTH` or `KIND` asks for. Raises ValueError if there is none."""
    kind, _, strength = text.partition("=")
    known = [one for one in ALTERATIONS if one.kind == kind]
    if not known:
        raise ValueError(f"{kind} is no alteration; there are {', '.join(CHANGES)}")
    try:
        value = float(strength) if strength else known[0].strength
    except ValueError:
        raise ValueError(f"{strength} is no number; write {kind}={known[0].strength:g}, say") from None
    return Alteration(kind=kind, strength=value, row=f"{kind} {value:g}", target=0, stills=known[0].stills)
