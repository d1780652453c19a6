"""Portraits for the benchmark of faces: from a file of pairs, from packages that carry some, or drawn.

A file of pairs is CSV with the columns file_a, file_b and same: 1 for one person, 0 for two.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bot import frames
from bot.bench import sources
from bot.bench.alter import Rgb
from bot.config import DecodeConfig
from bot.demo import media
from bot.errors import MediaError, UsageError
from bot.faces import Box, FaceModel, Vector, Watcher
from bot.model import FaceTrack

COLUMNS = ("file_a", "file_b", "same")
SIDE = 300  # pixels of a drawn face's picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two files, and whether they show one person."""

    one: str
    other: str
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A file, its picture, and the face in it, if one is found."""

    name: str
    data: bytes
    picture: Rgb
    box: Box | None
    views: tuple[Vector, ...]


def seen(data: bytes, model: FaceModel) -> FaceTrack | None:
    """Return the most telling face of a file, as the daemon sees it. Raises MediaError or LimitError."""
    decoded = frames.decode(data, DecodeConfig())
    watcher = Watcher(model, still=decoded.kind == "image")
    for frame in decoded.frames:
        if not frame.finer:
            watcher.take(frame.t, frame.luma, frame.colour)
    return next((track for track in watcher.tracks() if track.views), None)


def vectors(track: FaceTrack | None) -> tuple[Vector, ...]:
    """Return the vectors of a face's views; none of no face."""
    return tuple(np.frombuffer(view.vector, "<f4") for view in track.views) if track else ()


def portrait(name: str, data: bytes, model: FaceModel) -> Portrait:
    """Return a file as a portrait. Raises MediaError or LimitError if it does not decode."""
    picture = next(iter(frames.decode(data, DecodeConfig()).frames)).colour()
    track = seen(data, model)
    box = Box(*max((view.box for view in track.views), key=lambda box: box[3])) if track else None
    return Portrait(name=name, data=data, picture=picture, box=box, views=vectors(track))


def read(path: Path, folder: Path | None, model: FaceModel) -> tuple[list[Pair], dict[str, Portrait]]:
    """Return the pairs of a file and the portraits that they name.

    Names are below `folder`; without one, below the file's own folder or the one above, wherever the first is.
    Raises UsageError, naming the line, if the file or a picture cannot be used.
    """
    pairs, lines = _pairs(path)
    if folder is None:
        folder = next(
            (one for one in (path.parent, path.parent.parent) if (one / pairs[0].one).is_file()), path.parent.parent
        )
    found = {}
    for name, line in lines.items():
        try:
            found[name] = portrait(name, (folder / name).read_bytes(), model)
        except OSError:
            raise UsageError(f"{path}, line {line}: {name} cannot be read in {folder}; see --media") from None
        except MediaError as error:
            raise UsageError(f"{path}, line {line}: {name}: {error}") from None
    return pairs, found


def _pairs(path: Path) -> tuple[list[Pair], dict[str, int]]:
    """Return the pairs, and on which line each file is named first."""
    pairs: list[Pair] = []
    lines: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ())[:3] != COLUMNS:
                raise UsageError(f"{path}, line 1: the columns must be {', '.join(COLUMNS)}")
            for row in rows:
                one, other, same = ((row[column] or "").strip() for column in COLUMNS)
                if not one or not other:
                    raise UsageError(f"{path}, line {rows.line_num}: a pair needs two files")
                if same not in ("0", "1"):
                    raise UsageError(
                        f"{path}, line {rows.line_num}: same is {same or 'empty'}; write 1 for one person, 0 for two"
                    )
                pairs.append(Pair(one=one, other=other, same=same == "1"))
                for name in (one, other):
                    lines.setdefault(name, rows.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is no file of pairs that can be read ({type(error).__name__})") from None
    if not pairs:
        raise UsageError(f"{path} has no pairs")
    return pairs, lines


def packaged(model: FaceModel) -> tuple[list[Pair], dict[str, Portrait]]:
    """Return the portraits that scikit-image and matplotlib bring, else a drawn face, each paired with all and itself.

    What is one person's is one picture here: it shows that copies are found, and nothing about other pictures.
    """
    found = {
        path.name: portrait(path.name, path.read_bytes(), model)
        for path in (sources.packaged(package, inside) for package, (inside, _) in sources.FACES.items())
        if path
    }
    found = found or {"a drawn face": portrait("a drawn face", media.encode_still(drawn(1), format="png"), model)}
    pairs = [Pair(one=one, other=other, same=one == other) for one, other in combinations_with_replacement(found, 2)]
    return pairs, found


def drawn(seed: int) -> Rgb:
    """Return a drawn face, 300 x 300, that detectors find. All drawn faces resemble one another: they are nobody."""
    rng = np.random.default_rng(seed)
    skin = np.array([224, 172, 140]) * rng.uniform(0.55, 1.08)
    hair = _colour(np.array([70, 45, 30]) * rng.uniform(0.3, 2.2))
    shade = _colour(skin * 0.8)
    middle, wide, high = SIDE / 2, rng.uniform(66, 80), rng.uniform(88, 102)
    image = Image.new("RGB", (SIDE, SIDE), _colour(rng.integers(90, 200, 3)))
    pen = ImageDraw.Draw(image)
    pen.ellipse(_around(middle, 137, wide + 14, high + 8), fill=hair)
    pen.rectangle((middle - 32, 130 + high, middle + 32, SIDE), fill=shade)
    pen.ellipse(_around(middle, 155, wide, high), fill=_colour(skin))
    pen.pieslice((middle - wide - 2, 143 - high, middle + wide + 2, 235 - high), 180, 360, fill=hair)
    pen.ellipse(_around(middle, 155 + 0.165 * high, 0.95 * wide, 0.785 * high), fill=_colour(skin))
    apart, level = rng.uniform(30, 36), 155 - rng.uniform(16, 24)
    eye_wide, eye_high = rng.uniform(13, 17), rng.uniform(6, 8.5)
    eyes = [middle - apart, middle + apart]
    for x in eyes:
        pen.ellipse(_around(x, level, 1.35 * eye_wide, 1.85 * eye_high), fill=shade)
    image = image.filter(ImageFilter.GaussianBlur(3))
    pen = ImageDraw.Draw(image)
    for x in eyes:
        pen.ellipse(_around(x, level, eye_wide, eye_high), fill=(240, 238, 235), outline=_colour(skin * 0.55))
        pen.ellipse(_around(x, level, 0.95 * eye_high, 0.95 * eye_high), fill=_colour(rng.integers(30, 110, 3)))
        pen.ellipse(_around(x, level, 3, 3), fill=(10, 10, 10))
        pen.arc(_around(x, level, eye_wide + 1, eye_high + 2), 180, 360, fill=(40, 25, 20), width=3)
        brow = level - 21
        pen.line((x - 1.2 * eye_wide, brow + 3, x, brow - 3, x + 1.2 * eye_wide, brow + 3), fill=hair, width=6)
    tip, nose, mouth = level + rng.uniform(34, 44), rng.uniform(11, 16), rng.uniform(24, 33)
    bridge = [(middle - 5, level + 4), (middle + 5, level + 4), (middle + 0.8 * nose, tip), (middle - 0.8 * nose, tip)]
    pen.polygon(bridge, fill=_colour(skin * 1.12))
    pen.ellipse(_around(middle, tip, nose, 7), fill=shade)
    for x in (middle - 0.45 * nose, middle + 0.45 * nose):
        pen.ellipse(_around(x, tip + 2, 0.25 * nose, 3), fill=_colour(skin * 0.55))
    lips = tip + rng.uniform(24, 32)
    pen.ellipse(_around(middle, lips, mouth, rng.uniform(7, 11)), fill=(160, 75, 75))
    pen.line((middle - mouth, lips, middle + mouth, lips), fill=(80, 38, 38), width=3)
    pen.arc(_around(middle, 130 + high, 25, 17), 20, 160, fill=shade, width=4)
    shown = np.asarray(image.filter(ImageFilter.GaussianBlur(1.2)), np.float64)
    shown = shown * (1 + 0.12 * np.linspace(-1, 1, SIDE)[None, :, None]) + rng.normal(0, 3, shown.shape)  # light, grain
    return np.clip(shown, 0, 255).astype(np.uint8)


def _around(x: float, y: float, wide: float, high: float) -> tuple[float, float, float, float]:
    return x - wide, y - high, x + wide, y + high


def _colour(levels: Sequence[float] | np.ndarray) -> tuple[int, int, int]:
    red, green, blue = (int(min(255, level)) for level in levels)
    return red, green, blue
