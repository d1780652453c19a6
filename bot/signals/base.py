"""What a signal is, and a picture that every signal can be tried on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]  # height x width, full or video range alike: signals do not change with contrast
HUNDRED, BRIGHTEST = np.float32(100), np.float32(255)
ENOUGH = 9000  # significant steps, for a quality of 100
Pattern = Literal["patches", "faint", "noise", "box", "ramp", "flat"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalExample:
    """A generated picture and the value that a signal must give for it. `within` bits of it are the same value."""

    width: int
    height: int
    seed: int
    value: str  # hex
    quality: int
    pattern: Pattern = "patches"
    within: int = 0


class SignalType(Protocol):
    """A fingerprint of one frame. One file in this folder, one line in `SIGNALS`."""

    name: str  # as in Signal.type
    bits: int  # length of a value
    gate: int  # quality below which a value is not worth matching, 0-100
    distance: int  # largest distance in bits that is a near copy, unless a bank says otherwise
    sampled: int  # at most so many frames of a moving picture, evenly spread; 0: every frame
    examples: tuple[SignalExample, ...]

    def compute(self, luma: Luma) -> tuple[bytes, int]:
        """Return the value (`bits` / 8 bytes) and the quality (0-100) of one frame.

        `luma`: uint8 (h, w), 0-255.
        """


def distance(a: bytes, b: bytes) -> int:
    """Return how many bits differ between two values of one length."""
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_count()


def gradient_quality(small: NDArray[np.float32]) -> int:
    """Return PDQ's quality, 0-100, of a 64x64 thumbnail: how much significant contrast there is between neighbours.

    `small`: float32 (64, 64), 0-255.
    """
    down = _significant(small[1:] - small[:-1])
    if down >= ENOUGH:  # most frames have more than enough
        return 100
    return min(100, (down + _significant(small[:, 1:] - small[:, :-1])) // 90)


def _significant(steps: NDArray[np.float32]) -> int:
    """Return the sum of steps between neighbours, each in whole percents, rounded down; it uses up `steps`."""
    steps *= HUNDRED
    steps /= BRIGHTEST
    np.trunc(steps, steps)
    # whole numbers that add up to less than 2^24: exact in any order
    return int(np.abs(steps, steps).sum())


def picture(width: int, height: int, seed: int, pattern: Pattern = "patches") -> Luma:
    """Return a generated picture: the same bytes on every machine, by integer arithmetic alone.

    uint8 (height, width), 0-255.
    """
    x = np.arange(width, dtype=np.uint64)[None, :]
    y = np.arange(height, dtype=np.uint64)[:, None]
    if pattern == "noise":
        return _mixed(y * np.uint64(width) + x, seed).astype(np.uint8)
    plane = np.zeros((height, width), dtype=np.uint8)
    if pattern == "flat":
        plane += np.uint8(seed % 256)
    elif pattern == "ramp":
        plane += (x * np.uint64(255) // np.uint64(width)).astype(np.uint8)
    elif pattern == "box":
        plane[height // 3 : height // 2, width // 4 : width // 2] = 255
    else:
        plane += _patches(x, y, width, height, seed)
    if pattern == "faint":
        plane = plane // np.uint8(4) + np.uint8(100)
    return plane


def _mixed(numbers: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    value = numbers + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        value = (value ^ (value >> np.uint64(shift))) * np.uint64(factor)
    return (value ^ (value >> np.uint64(31))) & np.uint64(255)


def _patches(x: NDArray[np.uint64], y: NDArray[np.uint64], width: int, height: int, seed: int) -> Luma:
    """Blend a 13x13 lattice of random greys, so that the picture has soft structure at every size."""
    cells, fine = 12, 64
    u, v = x * np.uint64(cells * fine) // np.uint64(width), y * np.uint64(cells * fine) // np.uint64(height)
    i, j = u // np.uint64(fine), v // np.uint64(fine)
    p, q = u % np.uint64(fine), v % np.uint64(fine)
    one, rest = np.uint64(1), np.uint64(fine)

    def corner(row: NDArray[np.uint64], column: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return _mixed(row * np.uint64(cells + 1) + column, seed)

    top = corner(j, i) * (rest - p) + corner(j, i + one) * p
    bottom = corner(j + one, i) * (rest - p) + corner(j + one, i + one) * p
    blended: Luma = ((top * (rest - q) + bottom * q) // np.uint64(fine * fine)).astype(np.uint8)
    return blended
