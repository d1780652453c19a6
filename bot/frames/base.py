"""What a decoder hands out, and what all decoders agree on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.config import DecodeConfig
from bot.errors import LimitError, MediaError
from bot.frames.messages import Format, Said, name, reason, said
from bot.model import MediaKind

__all__ = [
    "Colour",
    "Decoded",
    "Format",
    "Frame",
    "Luma",
    "Moments",
    "check_size",
    "name",
    "reason",
    "remark",
    "unreadable",
]

Luma = NDArray[np.uint8]
Colour = NDArray[np.uint8]

MAX_SIDE = 65_535  # no format but PNG can say more, and nobody shows it


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `luma` is 8 bit, height x width, upright, and stays as it is for as long as it is held.

    `colour` decodes the same frame to RGB, 8 bit, height x width x 3, upright, until the next frame is asked for; a
    large still has fewer pixels in `luma` than in `colour`. It raises MediaError if the colours do not decode.
    """

    t: float  # seconds from the first frame
    luma: Luma
    colour: Callable[[], Colour]
    finer: bool = False  # lies between frames that came before; without it times never fall
    others: tuple[Luma, ...] = ()  # on a page of another colour; the samples, where a gamma or a profile changes them


@dataclass(frozen=True, slots=True)
class Moments:
    """A few frames instead of all: `even` of them spread over the whole, and those shown at the seconds `at`.

    What is decoded one after the other anyway gives all its frames all the same.
    """

    even: int
    at: tuple[float, ...] = ()


@dataclass(slots=True)
class Decoded:
    """What `decode` found. `duration` and `note` are final when `frames` is used up."""

    format: Format
    kind: MediaKind
    width: int  # upright
    height: int
    duration: float | None  # seconds; None for images
    expected: int | None = None  # frames, as far as the file says; known with the first one
    note: Said | None = None  # one sentence when the file is damaged or more than the limits let us read
    frames: Iterator[Frame] = field(default_factory=lambda: iter(()), repr=False)


def remark(result: Decoded, code: str, *values: int | float | str) -> None:
    """Keep the first thing that is to be said about a file."""
    if result.note is None:
        result.note = said(code, *values)


def check_size(width: int, height: int, limits: DecodeConfig) -> None:
    """Raise LimitError if a picture is larger than the limits allow, before anything is allocated for it."""
    if width * height > limits.max_pixels or max(width, height) > MAX_SIDE:
        raise LimitError(said("size", width, height, limits.max_pixels))


def unreadable(result: Decoded, error: Exception) -> MediaError:
    """Return the error for a file that has nothing to give, with the library's reason."""
    return MediaError(said("unreadable", result.format, reason(error)))
