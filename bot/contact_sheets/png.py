"""A picture as a PNG file with nothing in it but the picture."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

EFFORT = 6
LEFT = 1  # the filter that writes a pixel as its difference from the one to its left


def png(picture: NDArray[np.uint8]) -> bytes:
    """Return uint8 (h, w) or (h, w, 3), 0-255, as a file in grey or in RGB."""
    height, width = picture.shape[:2]
    colour = 2 if picture.ndim == 3 else 0
    rows = np.zeros((height, 1 + width * (3 if colour else 1)), dtype=np.uint8)
    rows[:, 0] = LEFT
    steps = picture.copy()
    steps[:, 1:] -= picture[:, :-1]  # modulo 256, as the format has it
    rows[:, 1:] = steps.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), EFFORT)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
