"""Whether a frame shows what another one showed, told from a few of its points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ALIKE = 2.0  # grey levels of difference between thumbnails, on average, below which two frames show the same
SIDE = 32  # points along each side, about
Thumb = NDArray[np.int16]


def thumbnail(luma: NDArray[np.uint8]) -> Thumb:
    """Return some points of a frame (height x width), evenly spread.

    From uint8 (h, w) to int16 (r, c), both 0-255: r and c are 32 to 63, fewer of a frame that has fewer.
    """
    rows, columns = (max(1, side // SIDE) for side in luma.shape)
    return luma[::rows, ::columns].astype(np.int16)


def alike(one: Thumb | None, other: Thumb) -> bool:
    """Return whether two thumbnails are of one size and show the same; nothing is like no thumbnail.

    Both int16 (r, c), 0-255, as `thumbnail` gives them.
    """
    return one is not None and one.shape == other.shape and float(np.abs(other - one).mean()) < ALIKE
