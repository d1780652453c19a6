"""What a decoder hands out, and what all decoders agree on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bot.config import DecodeConfig
from bot.errors import LimitError, MediaError
from bot.model import MediaKind

Format = Literal["gif", "png", "jpeg", "webp", "avif", "mp4", "mov", "webm", "mkv", "avi"]
Luma = NDArray[np.uint8]
Colour = NDArray[np.uint8]

LONGEST_SIDE = 65_535  # no format but PNG can say more, and nobody shows it


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `luma` is 8 bit, height x width, upright, and valid until the next frame is asked for.

    `colour` decodes the same frame to RGB, 8 bit, height x width x 3, upright, until then too; a large still has fewer
    pixels in `luma` than in `colour`. It raises MediaError if the colours do not decode.
    """

    t: float  # seconds from the first frame
    luma: Luma
    colour: Callable[[], Colour]
    finer: bool = False  # lies between frames that came before; without it times never fall


@dataclass(slots=True)
class Decoded:
    """What `decode` found. `duration` and `note` are final when `frames` is used up."""

    format: Format
    kind: MediaKind
    width: int  # upright
    height: int
    duration: float | None  # seconds; None for images
    expected: int | None = None  # frames, as far as the file says; known with the first one
    note: str | None = None  # one sentence when the file is damaged or more than the limits let us read
    frames: Iterator[Frame] = field(default_factory=lambda: iter(()), repr=False)


def name(found: Format) -> str:
    """Return how people write a format."""
    return {"webp": "WebP", "webm": "WebM", "mov": "QuickTime", "mkv": "Matroska"}.get(found, found.upper())


def remark(result: Decoded, sentence: str) -> None:
    """Keep the first thing that is to be said about a file."""
    if result.note is None:
        result.note = sentence


def check_size(width: int, height: int, limits: DecodeConfig) -> None:
    """Raise LimitError if a picture is larger than the limits allow, before anything is allocated for it."""
    if width * height > limits.max_pixels or max(width, height) > LONGEST_SIDE:
        raise LimitError(
            f"the picture is {width}x{height}, beyond the limit of {limits.max_pixels} pixels; "
            "raise decode.max_pixels if such files are wanted"
        )


def unreadable(result: Decoded, error: Exception) -> MediaError:
    """Return the error for a file that has nothing to give, with the library's reason."""
    return MediaError(f"the {name(result.format)} file does not decode ({reason(error)}); fetch it again or leave it")


def reason(error: Exception) -> str:
    """Return a library's complaint as a phrase that fits into a sentence."""
    text = " ".join((getattr(error, "strerror", None) or str(error)).split()).rstrip(".;")
    return text[:120] if text and "BytesIO" not in text else "its header is damaged"
