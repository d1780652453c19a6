"""PDQ of a frame against its reference, against imagehash, and against reading and decoding the frame at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np

from bot import frames
from bot.bench.figures import Figure, Say, fastest, installed
from bot.config import DecodeConfig
from bot.frames import Luma
from bot.samples import media
from bot.signals.base import distance
from bot.signals.pdq import PDQ
from bot.signals.phash import PHASH

SIZES = ((640, 360), (1920, 1080))
FRAMES = 24
PADDING = 64  # bytes a row


def run(say: Say, sizes: tuple[tuple[int, int], ...] | None = None) -> Iterator[Figure]:
    """Yield the figures of each size. The frames are those of a generated clip, in turn."""
    reference = installed("pdqhash")
    for width, height in sizes or SIZES:
        name = f"{width}x{height}"
        say(f"frames of {name}")
        data = media.clip(5, seconds=2.4, width=width, height=height)
        planes = _planes(data)
        colours = [np.repeat(plane[:, :, None], 3, axis=2) for plane in planes]
        ours, eight, read, decoded, imagehash = fastest(
            _each(planes, PDQ.compute),
            _each(planes, PDQ.dihedral),
            _each(planes, np.max),
            partial(_planes, data),
            _each(planes, PHASH.compute),
        )
        theirs = theirs_eight = None
        same = "the reference is not here to compare with"
        if reference is not None:
            theirs, theirs_eight = fastest(
                _each(colours, reference.compute), _each(colours, reference.compute_dihedral)
            )
            far = [_apart(reference, plane, colour) for plane, colour in zip(planes, colours, strict=True)]
            same = f"largest distance {max(far)} in {len(far)} frames"
        ms = {"unit": "ms"}
        yield Figure(
            what=f"PDQ {name}",
            ours=1000 * ours,
            peer="pdqhash",
            theirs=None if theirs is None else 1000 * theirs,
            limit=1000 * read,
            limited_by="to read it",
            note=same,
            **ms,
        )
        yield Figure(
            what=f"PDQ turned, 8 values {name}",
            ours=1000 * eight,
            peer="pdqhash",
            theirs=None if theirs_eight is None else 1000 * theirs_eight,
            limit=1000 * decoded / len(planes),
            limited_by="to decode it",
            **ms,
        )
        yield Figure(
            what=f"PDQ {name}",
            ours=1000 * ours,
            peer="imagehash pHash-256",
            theirs=1000 * imagehash,
            limit=1000 * decoded / len(planes),
            limited_by="to decode it",
            **ms,
        )


def _planes(data: bytes) -> list[Luma]:
    """Return frames as the decoder hands them out: rows with padding behind."""
    planes: list[Luma] = []
    for frame in frames.decode(data, DecodeConfig(cpu_seconds=600)).frames:
        height, width = frame.luma.shape
        padded = np.zeros((height, width + PADDING), dtype=np.uint8)
        padded[:, :width] = frame.luma
        planes.append(padded[:, :width])
    return planes[:FRAMES]


def _each(planes: list[Any], work: Callable[[Any], Any]) -> Callable[[], Any]:
    """Return work on one frame after the other."""
    turn = cycle(planes)
    return lambda: work(next(turn))


def _apart(reference: Any, plane: Luma, colour: Any) -> int:
    bits, quality = reference.compute(colour)
    value, own = PDQ.compute(plane)
    assert quality == own, f"quality {own} is not the reference's {quality}"
    return distance(value, np.packbits(bits).tobytes())
