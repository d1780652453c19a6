"""Two real faces that Python packages carry, both in the public domain, as files of many kinds. For tests only."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

PLACES = {
    "astronaut": ("skimage", "data/astronaut.png", (110, 20, 360, 330)),
    "officer": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg", (80, 20, 450, 480)),
    "cat": ("skimage", "data/chelsea.png", (0, 0, 451, 300)),
}


@cache
def picture(name: str) -> Image.Image:
    """Return a portrait, cut to the head and shoulders."""
    package, place, box = PLACES[name]
    spec = importlib.util.find_spec(package)
    assert spec
    assert spec.origin
    return Image.open(Path(spec.origin).parent / place).convert("RGB").crop(box)


def file(name: str, *, height: int = 320, kind: str = "png", **options: object) -> bytes:
    """Return a portrait as a file."""
    return encoded(sized(picture(name), height), kind, **options)


def sized(image: Image.Image, height: int) -> Image.Image:
    """Return a picture at that height."""
    return image.resize((round(image.width * height / image.height), height), Image.Resampling.LANCZOS)


def encoded(image: Image.Image, kind: str = "png", **options: object) -> bytes:
    """Return a picture as a file."""
    body = io.BytesIO()
    image.save(body, kind, **options)
    return body.getvalue()


def clip(
    frame: Callable[[float], Image.Image], *, seconds: float = 4, rate: int = 12, size: tuple[int, int] = (640, 360)
) -> bytes:
    """Return a silent MP4 whose frames are drawn by `frame(t)`."""
    body = io.BytesIO()
    with av.open(body, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(rate))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "20", "preset": "veryfast"}
        for number in range(round(seconds * rate)):
            shown = av.VideoFrame.from_ndarray(np.asarray(frame(number / rate).resize(size)), format="rgb24")
            container.mux(stream.encode(shown))
        container.mux(stream.encode())
    return body.getvalue()


def wandering(
    name: str, *, height: int = 220, size: tuple[int, int] = (640, 360), lean: float = 10
) -> Callable[[float], Image.Image]:
    """Return frames in which a portrait moves, grows, leans and changes its light over a textured background."""
    face = sized(picture(name), height)
    rng = np.random.default_rng(7)
    ground: NDArray[np.uint8] = rng.integers(60, 120, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    back = Image.fromarray(ground).resize(size, Image.Resampling.BICUBIC)

    def frame(t: float) -> Image.Image:
        page = back.copy()
        big = 1 + 0.12 * np.sin(t)
        shown = face.resize((round(face.width * big), round(face.height * big)))
        shown = shown.rotate(lean * np.sin(1.3 * t), resample=Image.Resampling.BICUBIC, fillcolor=(90, 90, 90))
        page.paste(shown, (round(150 + 110 * np.sin(0.9 * t)), round(40 + 25 * np.cos(1.1 * t))))
        return page.point(lambda value: min(255, value * (1 + 0.15 * np.sin(2 * t))))

    return frame
