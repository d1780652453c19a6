"""The motion signature of a clip: how the brightness of 32x32 cells changes from one eighth of a second to the next.

Each eighth of a second is what a camera with so long an exposure would have seen of the shown frames, so frame rate,
dropped frames and jitter matter little. From each difference the median over the cells is taken (flicker, fades), and
what is left is kept in tenths of a grey level, 8 bits each: 8 kB a second. It holds nothing that stands still.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.model import MotionSignature

Floats = NDArray[np.float32]

RATE = 8.0  # exposures a second
SIDE = 32  # cells along either side of the frame
UNIT = 0.1  # grey levels of one step
LIMIT = 127  # steps
LONGEST = 120.0  # seconds of a clip that are kept
CELLS = SIDE * SIDE


class MotionSampler:
    """Takes the frames of a clip as they pass and gives its signature."""

    def __init__(self) -> None:
        self._exposures: list[Floats] = []
        self._shown: Floats | None = None
        self._since = 0.0
        self._start = 0.0
        self._last = 0.0  # seconds that the frame before was shown

    def take(self, t: float, thumbnail: Floats) -> None:
        """Take the next frame: its time in seconds, which never falls, and any square thumbnail of its luma, 0-255.

        `thumbnail`: float32 (n, n).
        """
        if self._shown is None:
            self._start = self._since = t
        else:
            self._last = t - self._since
            self._expose(t)
        self._shown = cv2.resize(thumbnail, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
        self._since = t

    def signature(self, end: float | None) -> bytes:
        """Return the signature of a clip that ends at `end` seconds (None: its last frame is shown as the one before).

        1,024 bytes for each eighth of a second but the first: signed steps of a tenth of a grey level, cells row by
        row. Empty for what is shorter than two exposures.
        """
        if self._shown is not None:
            self._expose(max(self._since + self._last if end is None else end, self._since))
            self._shown = None
        whole = math.floor((self._since - self._start) * RATE + 1e-6)
        seen = np.array(self._exposures[:whole], dtype=np.float32) * np.float32(RATE)
        if len(seen) < 2:
            return b""
        changes = np.diff(seen, axis=0)
        changes -= np.median(changes, axis=(1, 2), keepdims=True)
        return np.clip(np.rint(changes / UNIT), -LIMIT, LIMIT).astype(np.int8).tobytes()

    def _expose(self, until: float) -> None:
        """Add the shown frame to the exposures from the time before until this one."""
        assert self._shown is not None, "a frame was taken"
        begin, last = self._since - self._start, min(until - self._start, LONGEST)
        while begin < last:
            number = int(begin * RATE + 1e-9)
            if number == len(self._exposures):
                self._exposures.append(np.zeros((SIDE, SIDE), dtype=np.float32))
            end = min((number + 1) / RATE, last)
            self._exposures[number] += self._shown * np.float32(end - begin)
            begin = end if end > begin else last
        self._since = until


def unpack(data: bytes) -> Floats:
    """Return a signature as grey levels, moments x 1,024 cells. Raises ValueError if it has another length.

    float32 (n, 1024), each moment's cells row by row, -12.7 to 12.7.
    """
    return np.frombuffer(data, dtype=np.int8).reshape(-1, CELLS).astype(np.float32) * np.float32(UNIT)


def of_span(motion: MotionSignature, span: tuple[float, float]) -> MotionSignature | None:
    """Return what a signature holds of a span of the file's time in seconds, or None if it holds nothing of it."""
    first = max(0, math.ceil((span[0] - motion.start) * RATE - 0.5))
    last = math.floor((span[1] - motion.start) * RATE + 0.5)  # exposures
    changes = motion.changes[first * CELLS : max(first, last - 1) * CELLS]
    return MotionSignature(start=motion.start + first / RATE, changes=changes) if changes else None
