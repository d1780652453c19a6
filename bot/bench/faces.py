"""How often faces are found and recognised after what people do to pictures, and what the published figures promise.

The second file of each pair is altered and the first stays as it is, as an enrolled portrait would. A picture is made
smaller until the face that is found in it has the height that is asked for, never larger. What moves is made from the
portrait too: it is no footage.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import cv2
import numpy as np

from bot.bench.alter import Rgb, blur, resize, tone
from bot.bench.figures import Say, wilson
from bot.bench.portraits import Pair, Portrait, seen, vectors
from bot.faces import Curve, FaceModel, Vector
from bot.pipeline.scanning.face_index import FaceIndex, chance
from bot.samples import media

WIDTH, HEIGHT = 640, 360  # of a clip
FPS, FRAMES = 8, 16  # of a clip
GROUND = 96  # grey level around a portrait in a clip
HEIGHTS = (160, 80, 60, 40)  # pixels of a face
USUAL = 80  # pixels of a face that is altered in other ways
SHIPPED = 10  # views in the gallery whose threshold the table is about
SIZES = (1, 10, 100, 1000, 10_000)
RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)

Motion = Callable[[Rgb, tuple[float, float], float], Rgb]  # a picture, the middle of its face, 0 to 1 through the clip


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """One way in which a portrait is shown. `make` gives a file; a portrait that is too small for it is left out."""

    name: str
    make: Callable[[Portrait], bytes]
    height: int = 0  # pixels of the face, at least, before it is altered


def placed(picture: Rgb, middle: tuple[float, float], *, by: float = 1, lean: float = 0, across: float = 0) -> Rgb:
    """Return a frame of a clip with a picture in it whose point `middle` is `across` pixels beside the frame's middle.

    `by` times as large, and leaning by so many degrees; around it is grey.
    """
    matrix = cv2.getRotationMatrix2D(middle, lean, by)
    matrix[0, 2] += WIDTH / 2 + across - middle[0]
    matrix[1, 2] += HEIGHT / 2 - middle[1]
    return np.asarray(
        cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderValue=(GROUND,) * 3), np.uint8
    )


def pan(picture: Rgb, middle: tuple[float, float], part: float) -> Rgb:
    """Return a frame of a portrait that passes by, 240 pixels in all."""
    return placed(picture, middle, across=240 * (part - 0.5))


def zoom(picture: Rgb, middle: tuple[float, float], part: float) -> Rgb:
    """Return a frame of a portrait that grows from three quarters to one and a half."""
    return placed(picture, middle, by=0.75 * 2**part)


def turn(picture: Rgb, middle: tuple[float, float], part: float) -> Rgb:
    """Return a frame of a portrait that leans from 15 degrees one way to 15 degrees the other way."""
    return placed(picture, middle, lean=30 * (part - 0.5))


def blurred(picture: Rgb, middle: tuple[float, float], part: float) -> Rgb:
    """Return a frame of a portrait that passes by, more and more blurred: 1 to 3 pixels of 80 that its face is high."""
    return blur(pan(picture, middle, part), 1 + 2 * part)


def lit(picture: Rgb, middle: tuple[float, float], part: float) -> Rgb:
    """Return a frame of a portrait that passes by, from too bright to too dark."""
    return tone(pan(picture, middle, part), brightness=40 - 80 * part, gamma=0.6 + 1.4 * part)


def _small(portrait: Portrait, height: int) -> tuple[Rgb, tuple[float, float]]:
    """Return a portrait whose face is so high, and the middle of that face."""
    box = portrait.box
    assert box is not None, "only portraits with a face are altered"
    picture = resize(portrait.picture, height / box.height)
    across, down = (new / old for new, old in zip(picture.shape[1::-1], portrait.picture.shape[1::-1], strict=True))
    return picture, ((box.x + box.width / 2) * across, (box.y + box.height / 2) * down)


def _clip(portrait: Portrait, height: int, motion: Motion) -> list[Rgb]:
    picture, middle = _small(portrait, height)
    return [motion(picture, middle, i / (FRAMES - 1)) for i in range(FRAMES)]


def _sized(height: int) -> Treatment:
    def make(portrait: Portrait) -> bytes:
        return media.encode_still(_small(portrait, height)[0], format="png")

    return Treatment(name=f"{height} px", make=make, height=height)


def _moving(name: str, motion: Motion, height: int = USUAL, crf: int = 28) -> Treatment:
    def make(portrait: Portrait) -> bytes:
        return media.encode_clip(_clip(portrait, height, motion), fps=FPS, crf=crf)

    return Treatment(name=f"{name}, {height} px", make=make, height=height)


def _gif(height: int) -> Treatment:
    def make(portrait: Portrait) -> bytes:
        return media.encode_moving(_clip(portrait, height, pan), fps=FPS)

    return Treatment(name=f"GIF, 128 colours, pan, {height} px", make=make, height=height)


VARIANTS = (
    Treatment(name="as it is", make=lambda portrait: portrait.data),
    *(_sized(height) for height in HEIGHTS),
    Treatment(
        name=f"JPEG quality 20, {USUAL} px",
        make=lambda portrait: media.encode_still(_small(portrait, USUAL)[0], quality=20),
        height=USUAL,
    ),
    *(_gif(height) for height in HEIGHTS),
    *(_moving("x264 crf 35, pan", pan, height, 35) for height in HEIGHTS),
    *(
        _moving(name, motion)
        for name, motion in (("pan", pan), ("zoom", zoom), ("turn", turn), ("blur", blurred), ("light", lit))
    ),
)


@dataclass(slots=True)
class Row:
    """What came of one variant. A distance is None where one of the two faces was not found."""

    variant: str
    cut: float  # the threshold's distance
    files: int = 0
    found: int = 0
    same: list[float | None] = field(default_factory=list)
    different: list[float | None] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON data: counts, rates with their 95 % intervals, and the distances at the edge."""
        same = [apart for apart in self.same if apart is not None]
        different = [apart for apart in self.different if apart is not None]
        return {
            "table": "pairs",
            "variant": self.variant,
            "files": self.files,
            "found": self.found,
            "distance": round(self.cut, 3),
            **_rate("same", within(same, self.cut), len(self.same)),
            **_rate("different", within(different, self.cut), len(different)),
            "largest_same": round(max(same), 3) if same else None,
            "smallest_different": round(min(different), 3) if different else None,
        }


def within(distances: Sequence[float | None], cut: float) -> int:
    """Return how many distances are at most `cut`."""
    return sum(apart is not None and apart <= cut for apart in distances)


def _rate(name: str, matched: int, asked: int) -> dict[str, Any]:
    low, high = wilson(matched, asked)
    return {
        f"{name}_matched": matched,
        f"{name}_n": asked,
        f"{name}_low": round(low, 4),
        f"{name}_high": round(high, 4),
    }


def compared(
    model: FaceModel, false_matches: float, pairs: Sequence[Pair], portraits: Mapping[str, Portrait], say: Say
) -> Iterator[Row]:
    """Yield, of each variant, how many faces are found and how far pairs are apart.

    The threshold is that of a gallery of ten views. A portrait without a face counts as not found, as it is, and is
    then left out, and so is one whose face is smaller than a variant's.
    """
    cut = model.curve.distance(chance(false_matches, SHIPPED))
    for variant in VARIANTS:
        say(variant.name)
        row = Row(variant.name, cut)
        shown: dict[str, tuple[Vector, ...]] = {}
        for name, portrait in portraits.items():
            if variant.height and (portrait.box is None or portrait.box.height < variant.height):
                continue
            shown[name] = vectors(seen(variant.make(portrait), model))
            row.files += 1
            row.found += bool(shown[name])
        for pair in pairs:
            if pair.other in shown:
                apart = _apart(portraits[pair.one].views, shown[pair.other])
                (row.same if pair.same else row.different).append(apart)
        yield row


def _apart(known: Sequence[Vector], views: Sequence[Vector]) -> float | None:
    """Return the distance by which the gallery would judge: the median of the views'."""
    if not known or not views:
        return None
    ((_, distances),) = FaceIndex(["P"] * len(known), np.stack(known)).nearest([np.stack(views)])
    return float(median(distances.tolist()))


def trade_off(curve: Curve, false_matches: float, plain: Row) -> Iterator[dict[str, Any]]:
    """Yield what a threshold costs, published and, of the pairs as they are (`plain`), measured.

    First the thresholds of galleries of some sizes, then those of false-match rates that are none of these.
    """
    asked: list[tuple[str, float, int | None]]
    asked = [(f"{size:,} views" if size > 1 else "1 view", chance(false_matches, size), size) for size in SIZES]
    others = [rate for rate in RATES if not any(math.isclose(rate, known) for _, known, _ in asked)]
    asked += [(f"1 in {1 / rate:,.0f}", rate, None) for rate in others]
    for name, rate, size in asked:
        distance = curve.distance(rate)
        yield {
            "table": "trade-off",
            "threshold": name,
            "views": size,
            "distance": round(distance, 3),
            "true_match_rate": round(curve.true_match_rate(distance), 4),
            "false_match_rate": float(f"{curve.false_match_rate(distance):.3g}"),
            "false_matches_a_face": float(f"{rate * size:.3g}") if size else None,
            "same_matched": within(plain.same, distance),
            "same_n": len(plain.same),
            "different_matched": within(plain.different, distance),
            "different_n": len([apart for apart in plain.different if apart is not None]),
        }
