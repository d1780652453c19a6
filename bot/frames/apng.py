"""Animated PNGs of 16 bit colours, one of which is transparent: composed here, for Pillow compares their high bytes.

A picture can stand in the low bytes: between that colour and one that is nearly it, where a browser shows it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURED_16 = b"\x10\x02"  # depth and colour type, as IHDR has them
MAX_FRAMES = 10_000  # that are composed; those beyond are Pillow's
BACKGROUND, PREVIOUS = 1, 2  # what becomes of a frame's place after it; 0: it stays
SOURCE = 0  # how a frame is put there: in the place of what was there; 1: over it


@dataclass(slots=True)
class _Frame:
    width: int
    height: int
    left: int
    top: int
    dispose: int
    blend: int
    body: list[bytes] = field(default_factory=list, repr=False)


class KeyedAnimation:
    """The frames of one file, in order, as browsers compose them."""

    def __init__(self, header: bytes, key: bytes, frames: list[_Frame]) -> None:
        self._header = header
        self._key = key
        self._frames = frames
        self._next = 0
        width, height = struct.unpack_from(">II", header)
        self._canvas = np.zeros((height, width, 4), np.uint8)
        self._after = self._canvas

    def frame(self, number: int) -> Image.Image | None:
        """Return a frame (RGBA), none before one that was returned already; None if it cannot be composed."""
        while self._next <= number:
            if self._next >= len(self._frames) or not self._compose(self._frames[self._next]):
                self._frames = []
                return None
            self._next += 1
        return Image.fromarray(self._canvas)

    def _compose(self, frame: _Frame) -> bool:
        own = self._decoded(frame)
        if own is None:
            return False
        before, self._canvas = self._after, self._after.copy()
        place = np.s_[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width]
        if frame.blend == SOURCE:
            self._canvas[place] = own
        else:
            opaque = own[..., 3] > 0
            self._canvas[place][opaque] = own[opaque]
        self._after = self._canvas
        if frame.dispose == PREVIOUS and self._next:
            self._after = before
        elif frame.dispose in (BACKGROUND, PREVIOUS):  # before the first there is nothing
            self._after = self._canvas.copy()
            self._after[place] = 0
        return True

    def _decoded(self, frame: _Frame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None:
        """Return the frame's own pixels, uint8 (h, w, 4), red first; None if they cannot be read."""
        parts = [
            (b"IHDR", struct.pack(">II", frame.width, frame.height) + self._header[8:13]),
            (b"tRNS", self._key),
            (b"IDAT", b"".join(frame.body)),
            (b"IEND", b""),
        ]
        still = SIGNATURE + b"".join(
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))
            for name, body in parts
        )
        try:
            deep = cv2.imdecode(np.frombuffer(still, np.uint8), cv2.IMREAD_UNCHANGED)
        except cv2.error:
            return None
        if deep is None or deep.dtype != np.uint16 or deep.shape != (frame.height, frame.width, 4):
            return None
        red_first: np.ndarray[tuple[int, ...], np.dtype[np.uint16]] = deep.view(np.uint16)[..., [2, 1, 0, 3]]
        return (red_first >> 8).astype(np.uint8)


def keyed_animation(data: bytes, size: tuple[int, int]) -> KeyedAnimation | None:
    """Return a file's frames if it is an animated PNG of 16 bit colours with one transparent colour, else None.

    `size`: its width and height, which were checked.
    """
    header = data[16:29]
    if data[12:16] != b"IHDR" or header[8:10] != COLOURED_16 or struct.unpack_from(">II", header) != size:
        return None
    width, height = size
    key, frames = b"", list[_Frame]()
    for name, body in _chunks(data):
        if name == b"tRNS" and not frames and not key:
            key = body
        elif name == b"fcTL" and len(body) == 26:
            w, h, left, top, _, dispose, blend = struct.unpack(">4xIIIIIBB", body)
            if not (0 < w <= width - left and 0 < h <= height - top) or len(frames) == MAX_FRAMES:
                break
            frames.append(_Frame(w, h, left, top, dispose, blend))
        elif name in (b"IDAT", b"fdAT") and frames:
            frames[-1].body.append(body if name == b"IDAT" else body[4:])
    return KeyedAnimation(header, key, frames) if len(key) == 6 and frames else None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the sound chunks of a PNG."""
    at = 8
    while at + 12 <= len(data):
        (size,), name = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        if name == b"IEND" or at + 12 + size > len(data):
            return
        body = data[at + 8 : at + 8 + size]
        if zlib.crc32(body, zlib.crc32(name)) == int.from_bytes(data[at + 8 + size : at + 12 + size]):
            yield name, body
        at += 12 + size
