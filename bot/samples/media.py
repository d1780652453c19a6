"""Generated test media: benign, repeatable, made in memory and never written to disk.

A scene is a field of drifting waves with a few moving discs and bars. One seed is one scene; unrelated seeds are about
128 PDQ bits apart, neighbouring moments of one seed a few bits. Coordinates are relative, so that the same seed in
another size is the same picture.

`marker` is ASCII put into the file's comment, `pixels` is ASCII put into the first row of the picture (exact in PNG and
at `crf=0`): both prove, where they are searched for, that nothing of a file was written anywhere.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

Rgb = NDArray[np.uint8]
Container = Literal["mp4", "webm"]
StillFormat = Literal["jpeg", "png", "webp", "avif"]
MovingFormat = Literal["gif", "png", "webp", "avif"]

WAVES = 48
SHAPES = 5
CODECS: dict[Container, str] = {"mp4": "libx264", "webm": "libvpx-vp9"}
SPEED: dict[str, dict[str, str]] = {
    # with mbtree the bytes differ from run to run
    "libx264": {"preset": "veryfast", "x264-params": "mbtree=0"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "b": "0"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "b": "4M"},
}


@dataclass(frozen=True, slots=True)
class _Recipe:
    cycles: NDArray[np.float32]  # WAVES x 2: horizontal, vertical, over the picture
    phase: NDArray[np.float32]
    drift: NDArray[np.float32]  # radians a second
    mix: NDArray[np.float32]  # 3 x WAVES: what each wave gives to R, G, B
    shapes: NDArray[np.float32]  # SHAPES x 10: centre, speed, half size (x and y each), round?, colour


@lru_cache(maxsize=256)
def _recipe(seed: int) -> _Recipe:
    rng = np.random.default_rng([seed, 0x67_69_66])
    cycles = rng.uniform(-7.5, 7.5, (WAVES, 2)).astype(np.float32)
    strength = 22.0 / (1.0 + 0.25 * np.hypot(cycles[:, 0], cycles[:, 1]))
    tint = rng.uniform(0.4, 1.0, (3, WAVES))
    shapes = np.concatenate(
        [
            rng.uniform(0.1, 0.9, (SHAPES, 2)),
            rng.uniform(-0.06, 0.06, (SHAPES, 2)),
            rng.uniform(0.04, 0.16, (SHAPES, 2)),
            rng.integers(0, 2, (SHAPES, 1)),
            rng.uniform(0, 255, (SHAPES, 3)),
        ],
        axis=1,
    )
    return _Recipe(
        cycles=cycles,
        phase=rng.uniform(0, 2 * np.pi, WAVES).astype(np.float32),
        drift=rng.uniform(-0.3, 0.3, WAVES).astype(np.float32),
        mix=(tint * strength).astype(np.float32),
        shapes=shapes.astype(np.float32),
    )


def scene(seed: int, width: int = 640, height: int = 360, t: float = 0.0) -> Rgb:
    """Return one picture of a scene at `t` seconds: height x width x 3, uint8, RGB."""
    recipe = _recipe(seed)
    x = ((np.arange(width, dtype=np.float32) + 0.5) / width)[:, None]
    y = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
    across = 2 * np.pi * x * recipe.cycles[:, 0]
    down = 2 * np.pi * y * recipe.cycles[:, 1] + recipe.phase + recipe.drift * np.float32(t)
    right = np.concatenate([np.cos(across), -np.sin(across)], axis=1).T
    left = np.concatenate([np.cos(down), np.sin(down)], axis=1)
    picture = np.empty((height, width, 3), dtype=np.float32)
    for channel in range(3):
        picture[..., channel] = 128 + (left * np.tile(recipe.mix[channel], 2)) @ right
    for shape in recipe.shapes:
        _draw(picture, shape, t)
    shown: Rgb = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
    return shown


def _draw(picture: NDArray[np.float32], shape: NDArray[np.float32], t: float) -> None:
    height, width, _ = picture.shape
    cx, cy = (_bounce(float(shape[i] + shape[i + 2] * t)) for i in (0, 1))
    rx, ry = float(shape[4]), float(shape[5])
    left, right = max(0, round((cx - rx) * width)), min(width, round((cx + rx) * width))
    top, bottom = max(0, round((cy - ry) * height)), min(height, round((cy + ry) * height))
    if left >= right or top >= bottom:
        return
    box = picture[top:bottom, left:right]
    if shape[6] > 0:
        u = ((np.arange(left, right) + 0.5) / width - cx) / rx
        v = ((np.arange(top, bottom) + 0.5) / height - cy) / ry
        box[(u[None, :] ** 2 + v[:, None] ** 2) <= 1] = shape[7:10]
    else:
        box[:] = shape[7:10]


def _bounce(position: float) -> float:
    folded = position % 2.0
    return 2.0 - folded if folded > 1.0 else folded


def still(
    seed: int,
    *,
    format: StillFormat = "jpeg",
    quality: int = 90,
    width: int = 640,
    height: int = 360,
    t: float = 0.0,
    marker: bytes = b"",
    pixels: bytes = b"",
) -> bytes:
    """Return a still picture of a scene as a JPEG, PNG, WebP or AVIF file. `quality` 1-100, ignored for PNG."""
    picture = scene(seed, width, height, t)
    if pixels:
        picture[0, : len(pixels)] = np.frombuffer(pixels, np.uint8)[:width, None]
    return encode_still(picture, format=format, quality=quality, marker=marker)


def encode_still(
    picture: Rgb,
    *,
    format: StillFormat = "jpeg",
    quality: int = 90,
    marker: bytes = b"",
) -> bytes:
    """Return an RGB picture as a JPEG, PNG, WebP or AVIF file."""
    out = io.BytesIO()
    image = Image.fromarray(picture)
    if format == "png":
        info = PngInfo()
        if marker:
            info.add_text("Comment", marker.decode("ascii"))
        image.save(out, "PNG", pnginfo=info, compress_level=1)
    elif format == "webp":
        image.save(out, "WEBP", quality=quality, method=0, xmp=marker)
    elif format == "avif":
        image.save(out, "AVIF", quality=quality, speed=10, xmp=marker)
    elif marker:
        image.save(out, "JPEG", quality=quality, comment=marker)
    else:
        image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def gif(
    seed: int,
    *,
    seconds: float = 2.0,
    fps: int = 10,
    width: int = 320,
    height: int = 180,
    start: float = 0.0,
    format: MovingFormat = "gif",
    marker: bytes = b"",
) -> bytes:
    """Return an animated picture of a scene: GIF, animated PNG, WebP or AVIF. `start` is the scene's time at 0."""
    count = max(1, round(seconds * fps))
    pictures = (scene(seed, width, height, start + i / fps) for i in range(count))
    return encode_moving(pictures, fps=fps, format=format, marker=marker)


def encode_moving(
    pictures: Iterable[Rgb], *, fps: float = 10, format: MovingFormat = "gif", marker: bytes = b""
) -> bytes:
    """Return RGB pictures of one size as an animated picture: GIF, animated PNG, WebP or AVIF."""
    shown = [Image.fromarray(picture) for picture in pictures]
    delay = round(1000 / fps)
    out = io.BytesIO()
    if format == "gif":
        shown = [image.quantize(128, method=Image.Quantize.FASTOCTREE) for image in shown]
        extra = {"comment": marker} if marker else {}
        shown[0].save(out, "GIF", save_all=True, append_images=shown[1:], duration=delay, loop=0, **extra)
    elif format == "png":
        info = PngInfo()
        if marker:
            info.add_text("Comment", marker.decode("ascii"))
        shown[0].save(
            out, "PNG", save_all=True, append_images=shown[1:], duration=delay, loop=0, pnginfo=info, compress_level=1
        )
    elif format == "avif":
        shown[0].save(out, "AVIF", save_all=True, append_images=shown[1:], duration=delay, quality=80, speed=10)
    else:
        shown[0].save(
            out, "WEBP", save_all=True, append_images=shown[1:], duration=delay, quality=80, method=0, xmp=marker
        )
    return out.getvalue()


def costly_gif(side: int, frames: int) -> bytes:
    """Return a GIF that takes long to decode for its bytes: large frames of one colour, by turns of another."""
    blocks, head = [], b""
    for colour in (0, 1):
        picture = Image.new("P", (side, side), colour)
        picture.putpalette([0, 0, 0, 255, 255, 255])
        out = io.BytesIO()
        picture.save(out, "GIF", optimize=False)
        data = out.getvalue()
        palette = 3 * 2 ** ((data[10] & 7) + 1) if data[10] & 0x80 else 0
        head, block = data[: 13 + palette], data[13 + palette : -1]
        blocks.append(b"\x21\xf9\x04\x08\x02\x00\x00\x00" + block)
    return b"GIF89a" + head[6:] + b"".join(blocks[n % 2] for n in range(frames)) + b";"


def clip(
    seed: int,
    *,
    seconds: float = 3.0,
    fps: int = 10,
    width: int = 640,
    height: int = 360,
    start: float = 0.0,
    container: Container = "mp4",
    codec: str | None = None,
    crf: int = 23,
    marker: bytes = b"",
    pixels: bytes = b"",
) -> bytes:
    """Return a video of one scene. `start` is the scene's time at 0, so that parts of one long take can be made.

    H.264 in MP4 or VP9 in WebM unless `codec` says otherwise; sides must be even for H.264, where `crf` 0 is lossless.
    """
    return compilation(
        [(seed, seconds)],
        fps=fps,
        width=width,
        height=height,
        start=start,
        container=container,
        codec=codec,
        crf=crf,
        marker=marker,
        pixels=pixels,
    )


def compilation(
    parts: Sequence[tuple[int, float]],
    *,
    fps: int = 10,
    width: int = 640,
    height: int = 360,
    start: float = 0.0,
    container: Container = "mp4",
    codec: str | None = None,
    crf: int = 23,
    marker: bytes = b"",
    pixels: bytes = b"",
) -> bytes:
    """Return a video of several scenes, one after the other: pairs of seed and seconds. Each starts at its `start`."""
    pictures = (
        scene(seed, width, height, start + i / fps)
        for seed, seconds in parts
        for i in range(max(1, round(seconds * fps)))
    )
    return encode_clip(pictures, fps=fps, container=container, codec=codec, crf=crf, marker=marker, pixels=pixels)


def encode_clip(
    pictures: Iterable[Rgb],
    *,
    fps: int = 10,
    container: Container = "mp4",
    codec: str | None = None,
    crf: int = 23,
    marker: bytes = b"",
    pixels: bytes = b"",
) -> bytes:
    """Return RGB pictures of one size as a video."""
    name = codec or CODECS[container]
    out = io.BytesIO()
    with av.open(out, "w", format=container, options={"fflags": "+bitexact"}) as target:  # no random ids, no version
        if marker:
            target.metadata["comment"] = marker.decode("ascii")
        stream = target.add_stream(name, rate=fps, options={"crf": str(crf), **SPEED.get(name, {})})
        if not isinstance(stream, av.VideoStream):
            raise ValueError(f"{name} is not a video codec")
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1  # the same bytes on every machine
        for i, picture in enumerate(pictures):
            if i == 0:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format="yuv420p")
            if pixels:
                plane = frame.planes[0]
                luma = np.frombuffer(memoryview(plane), np.uint8).copy()
                luma[: len(pixels)] = np.frombuffer(pixels, np.uint8)
                plane.update(luma.tobytes())
            frame.pts = i
            frame.time_base = Fraction(1, fps)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


def reencode(
    data: bytes,
    *,
    width: int | None = None,
    height: int | None = None,
    fps: int | None = None,
    container: Container = "mp4",
    codec: str | None = None,
    crf: int = 30,
    marker: bytes = b"",
) -> bytes:
    """Return a lossy copy of one of our own videos, as a host or reposter makes one. `fps` drops or repeats frames."""
    pictures, rate = _pictures(data, width, height)
    wanted = fps or rate
    count = max(1, round(len(pictures) * wanted / rate))
    chosen: Iterator[Rgb] = (pictures[min(len(pictures) - 1, int(i * rate / wanted))] for i in range(count))
    return encode_clip(chosen, fps=wanted, container=container, codec=codec, crf=crf, marker=marker)


def resize(picture: Rgb, width: int, height: int) -> Rgb:
    """Return a picture in another size."""
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC))


def restill(
    data: bytes,
    *,
    format: StillFormat = "jpeg",
    quality: int = 60,
    width: int | None = None,
    height: int | None = None,
) -> bytes:
    """Return a lossy copy of one of our own still pictures."""
    with Image.open(io.BytesIO(data)) as image:
        picture = np.asarray(image.convert("RGB"))
    if width or height:
        picture = resize(picture, width or picture.shape[1], height or picture.shape[0])
    return encode_still(picture, format=format, quality=quality)


def _pictures(data: bytes, width: int | None, height: int | None) -> tuple[list[Rgb], int]:
    with av.open(io.BytesIO(data), "r") as source:
        stream = source.streams.video[0]
        rate = round(float(stream.average_rate or 10))
        shown = (frame.to_ndarray(format="rgb24", width=width, height=height) for frame in source.decode(stream))
        return [picture.astype(np.uint8, copy=False) for picture in shown], rate
