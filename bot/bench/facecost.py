"""What looking for faces costs: processor time of this machine, the least of a few tries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bot import frames
from bot.bench.alter import Rgb, resize
from bot.bench.figures import Say, least
from bot.bench.portraits import Portrait
from bot.config import DecodeConfig
from bot.faces import FaceModel
from bot.faces.dlib import Dlib
from bot.faces.tracks import FACES, VIEWS
from bot.fingerprint import fingerprint
from bot.pipeline.scanning.face_index import FaceIndex
from bot.samples import media

WIDTH, HEIGHT = 640, 360
SECONDS, FPS = 10.0, 25
FACE = 110  # pixels of the moving face, at most
PERSONS, EACH = 10_000, 3  # of a gallery, and views of each
TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One line. `aim` is in the same unit; None: there is none."""

    what: str
    value: float
    unit: str  # ms or s of processor time
    aim: float | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "table": "cost",
            "what": self.what,
            "value": float(f"{self.value:.3g}"),
            "unit": self.unit,
            "aim": self.aim,
        }


def run(model: FaceModel, portrait: Portrait, say: Say) -> Iterator[Cost]:
    """Measure the detector, the embedding, a clip with a portrait that moves, and a large gallery.

    The portrait must have a face.
    """
    locator = Dlib()
    locator.warm_up_locating()
    model.warm_up()
    say("detecting")
    pictures = _clip(portrait)
    still = pictures[0]
    for height, aim in ((model.least, 85), (2 * model.least, None)):
        yield Cost(
            what=f"searching a frame of {WIDTH}x{HEIGHT} for faces of {height} px and more",
            value=1000 * least(partial(model.locate, still, least=height), TRIES),
            unit="ms",
            aim=aim,
        )
    yield from _embedding(model, portrait)
    say("a clip")
    data = media.encode_clip(pictures, fps=FPS)
    limits = DecodeConfig()
    clip = f"a clip of {SECONDS:g} s, {WIDTH}x{HEIGHT}, {FPS} a second"

    def decode() -> None:
        for _ in frames.decode(data, limits).frames:
            pass

    yield Cost(what=f"{clip}: decoding", value=least(decode, TRIES), unit="s")
    yield Cost(what=f"{clip}: and hashes", value=least(lambda: fingerprint(data, limits), TRIES), unit="s")
    whole = least(lambda: fingerprint(data, limits, model=model, locator=locator), TRIES)
    yield Cost(what=f"{clip}: and a moving face", value=whole, unit="s", aim=2.5)
    data = media.encode_clip(_restless(portrait), fps=FPS)
    whole = least(lambda: fingerprint(data, limits, model=model, locator=locator), TRIES)
    yield Cost(what="the same with three faces and a cut every half second", value=whole, unit="s", aim=2.5)
    say("a gallery")
    yield _gallery(model.size)


def _embedding(model: FaceModel, portrait: Portrait) -> Iterator[Cost]:
    assert portrait.box is not None, "the portrait was chosen for its face"
    found = next(iter(model.locate(portrait.picture, least=max(model.least, portrait.box.height // 2))), None)
    if found is None:
        return
    aligned = model.align(portrait.picture, found)
    aligning = least(lambda: model.align(portrait.picture, found), TRIES)
    yield Cost(what="aligning a face", value=1000 * aligning, unit="ms")
    yield Cost(what="embedding a face", value=1000 * least(lambda: model.embed([aligned.chip]), TRIES), unit="ms")


def _gallery(size: int) -> Cost:
    """Look for a clip's faces, as many as are embedded, among random vectors of unit length."""
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(PERSONS * EACH, size)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    known = FaceIndex([f"P-{number // EACH:010x}" for number in range(len(vectors))], vectors)
    asked = np.split(vectors[:VIEWS] + 0.1, FACES)
    known.nearest(asked)
    return Cost(
        what=f"recognising {FACES} faces among {PERSONS:,} persons with {EACH} views each",
        value=1000 * least(lambda: known.nearest(asked), 10 * TRIES),
        unit="ms",
        aim=5,
    )


def _cut_out(portrait: Portrait, face: int) -> Rgb:
    """Return the head of a portrait with a face of at most so many pixels."""
    box = portrait.box
    assert box is not None, "the portrait was chosen for its face"
    top, left = max(0, box.y - box.height // 2), max(0, box.x - box.width // 2)
    shown = portrait.picture[top : top + 2 * box.height, left : left + 2 * box.width]
    return resize(shown, min(1.0, face / box.height))


def _clip(portrait: Portrait) -> list[Rgb]:
    """Return the frames of a generated scene through which a portrait moves."""
    shown = _cut_out(portrait, FACE)[: HEIGHT - 80, : WIDTH - 300]
    pictures = []
    for number in range(round(SECONDS * FPS)):
        t = number / FPS
        picture = media.scene(7, WIDTH, HEIGHT, t)
        x, y = round(150 + 140 * np.sin(0.9 * t)), round(40 + 38 * np.cos(1.1 * t))
        picture[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
        pictures.append(picture)
    return pictures


def _restless(portrait: Portrait) -> list[Rgb]:
    """Return the frames of a clip that shows another scene every half second, with the face in three other places."""
    shown = _cut_out(portrait, FACE * 2 // 3)[: HEIGHT // 2, : WIDTH // 3]
    height, width, _ = shown.shape
    rng = np.random.default_rng(3)
    pictures = []
    for number in range(round(SECONDS * FPS)):
        if number % (FPS // 2) == 0:
            rows = rng.integers(0, HEIGHT - height, 3)
            columns = rng.integers(0, WIDTH // 3 - width + 1, 3) + np.arange(3) * (WIDTH // 3)
        picture = media.scene(100 + number // (FPS // 2), WIDTH, HEIGHT, number / FPS)
        for y, x in zip(rows, columns, strict=True):
            picture[y : y + height, x : x + width] = shown
        pictures.append(picture)
    return pictures
