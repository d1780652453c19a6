"""Whether a frame shows what another one showed, told from a few of its points."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

ALIKE = 2.0  # grey levels of difference between thumbnails, on average, below which two frames show the same
SIDE = 32  # points along each side, about
PATCHES = 40  # along the longer side: 16 pixels of 640
NEW = 4.0  # grey levels that a patch differs where something is new; noise of a camera does not reach them
Thumb = NDArray[np.int16]
Patches = NDArray[np.float32]


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


def patches(luma: NDArray[np.uint8]) -> Patches:
    """Return the mean of each patch of a frame.

    From uint8 (h, w) to float32 (r, c), both 0-255: the longer side has 40.
    """
    longer = max(luma.shape)
    height, width = (max(1, round(side * PATCHES / longer)) for side in luma.shape)
    return np.asarray(cv2.resize(luma.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA), np.float32)


def something_new(one: Patches, other: Patches) -> bool:
    """Return whether any part of a frame shows something else than it does in another one.

    Both float32 (r, c), 0-255, as `patches` gives them.
    """
    return one.shape != other.shape or float(np.abs(one - other).max()) >= NEW
