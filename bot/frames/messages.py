"""Everything that is ever said of a file, as codes with numbers: a decoder that was taken over has no words of its own.

What people read is made from a code here, on whichever side of the pipe. A code's values are of a few kinds, and none
of them is free text.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, get_args

from bot.plural import many

Format = Literal["gif", "png", "jpeg", "webp", "avif", "mp4", "mov", "webm", "mkv", "avi", "ts"]
FORMATS: tuple[str, ...] = get_args(Format)
NAMES: Mapping[str, str] = {"webp": "WebP", "webm": "WebM", "mov": "QuickTime", "mkv": "Matroska", "ts": "MPEG-TS"}
READABLE = "GIF, PNG, JPEG, WebP, AVIF, MP4, QuickTime, WebM, Matroska, MPEG-TS and AVI"
HEADER, DAMAGED = "its header is damaged or cut off", "its data are damaged or cut off"
# What libraries complain of, known by a few of their words. Their own words may quote the file.
COMPLAINTS: Mapping[str, str] = {
    "bytesio": HEADER,
    "invalid data": DAMAGED,
    "truncated": "it is cut off",
    "end of file": "it is cut off",
    "not enough": "it is cut off",
    "no more data": "it is cut off",
    "implemented": "it uses what the decoder does not know",
    "supported": "it uses what the decoder does not know",
    "not permitted": "it refers to other files",
    "allocate": "it needs too much memory",
    "too large": "it unpacks to too much",
    "crc": "a checksum is wrong",
    "checksum": "a checksum is wrong",
    "broken": "its data are broken",
    "unrecognized data": "its data are broken",
}
REASONS = tuple(dict.fromkeys((HEADER, DAMAGED, *COMPLAINTS.values())))
LACKS = ("end is missing; what is there", "animation is damaged; its cover picture", "notes are damaged; its picture")
FAULTS = ("other", *sorted(name for name in vars(builtins) if name.endswith("Error")))
MOST, LONGEST = 10**10, 9_999_999.0  # pixels, frames or pieces; seconds


class _Kind(NamedTuple):
    """One kind of value: whether something is one, and how it is written."""

    fits: Callable[[Any], bool]
    shown: Callable[[Any], str] = str


def _one_of(words: tuple[str, ...], shown: Callable[[str], str] = str) -> _Kind:
    return _Kind(lambda value: isinstance(value, str) and value in words, shown)


def is_count(value: object) -> bool:
    """Return whether something is a whole number from 0 to `MOST`."""
    return type(value) is int and 0 <= value <= MOST


def is_seconds(value: Any) -> bool:
    """Return whether something is a number of seconds, finite and not longer than `LONGEST`."""
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value <= LONGEST


def name(found: str) -> str:
    """Return how people write a format."""
    return NAMES.get(found, found.upper())


FORMAT, REASON, LACK, FAULT = _one_of(FORMATS, name), _one_of(REASONS), _one_of(LACKS), _one_of(FAULTS)
FRAMES, PIECES, PACKETS, BYTES = (
    _Kind(is_count, partial(many, noun=noun)) for noun in ("frame", "piece", "packet", "byte")
)
COUNT, SECONDS = _Kind(is_count), _Kind(is_seconds, lambda value: f"{value:.1f}")

# code: the sentence, and the kinds of its values. The first are errors; of those the `LIMITS` are limits.
SENTENCES: Mapping[str, tuple[str, tuple[_Kind, ...]]] = {
    "format": (
        f"the file is not one of the media formats we read ({READABLE}); check that it is the media itself",
        (),
    ),
    "short": ("the file has only {}: it is empty or cut off; fetch it again", (BYTES,)),
    "unreadable": ("the {} file does not decode ({}); fetch it again or leave it", (FORMAT, REASON)),
    "empty": (
        "the {} file holds no picture that decodes, so it is damaged or cut off; fetch it again or leave it",
        (FORMAT,),
    ),
    "no index": (
        "the {} file is cut off before its index, so nothing of it decodes; fetch it again",
        (FORMAT,),
    ),
    "no video": ("the {} file holds no video that we read; nothing to compare in it", (FORMAT,)),
    "colours": ("the colours of a frame do not decode ({}); the file is left alone", (REASON,)),
    "fault": ("the decoder failed on this file ({}); it is left alone", (FAULT,)),
    "unpacks": (
        "the picture unpacks to more than {} pixels; raise decode.max_pixels if such files are wanted",
        (COUNT,),
    ),
    "size": (
        "the picture is {}x{}, beyond the limit of {} pixels; raise decode.max_pixels if such files are wanted",
        (COUNT, COUNT, COUNT),
    ),
    "memory": (
        "decoding needs more than {} MiB; raise decode.memory_mb if such files are wanted",
        (COUNT,),
    ),
    # what is said of a file that was read
    "mended": ("the {} file's {} was read", (FORMAT, LACK)),
    "animation damaged": ("the {} file is damaged after {} ({})", (FORMAT, FRAMES, REASON)),
    "still damaged": ("the {} file is damaged ({}); what decodes was read", (FORMAT, REASON)),
    "no time": ("only the first {} ({} s) were read, for want of time", (FRAMES, SECONDS)),
    "first": ("only the first {} ({} s) were read", (FRAMES, SECONDS)),
    "spread": ("{} of {}, spread over {} s, were read", (COUNT, FRAMES, SECONDS)),
    "sampled": ("{} of about {}, spread over {} s, were read", (COUNT, FRAMES, SECONDS)),
    "sampled late": (
        "{} of about {}, up to {} of {} s, were read, for want of time",
        (COUNT, FRAMES, SECONDS, SECONDS),
    ),
    "streams": ("the file holds {} video streams; only the one that players show first was read", (COUNT,)),
    "cut off": ("the file is cut off: {} of {} seconds decode", (SECONDS, SECONDS)),
    "pieces": ("the file is damaged: {} left out, {} decoded", (PIECES, FRAMES)),
    "packets": ("the file is longer than {}, which alone were looked at", (PACKETS,)),
}
ERRORS = frozenset(("format", "short", "unreadable", "empty", "no index", "no video", "colours", "fault"))
LIMITS = frozenset(("unpacks", "size", "memory"))
NOTES = frozenset(SENTENCES) - ERRORS - LIMITS


class Said(str):
    """A sentence of these, and the code and values that it was made from."""

    __slots__ = ("code", "values")
    code: str
    values: tuple[int | float | str, ...]


def said(code: str, *values: int | float | str) -> Said:
    """Return a sentence. Raises ValueError for a code that is none or values that are not its own."""
    sentence, kinds = SENTENCES.get(code, ("", ()))
    if not sentence or len(values) != len(kinds):
        raise ValueError("nothing that is ever said")
    pairs = list(zip(kinds, values, strict=True))
    if not all(kind.fits(value) for kind, value in pairs):
        raise ValueError("nothing that is ever said: another kind of value")
    told = Said(sentence.format(*(kind.shown(value) for kind, value in pairs)))
    told.code, told.values = code, values
    return told


def reason(error: Exception) -> str:
    """Return a library's complaint as one of `REASONS`."""
    text = (getattr(error, "strerror", None) or str(error)).lower()
    return next((words for part, words in COMPLAINTS.items() if part in text), DAMAGED if text else HEADER)


def fault(error: Exception) -> str:
    """Return the name of an error as one of `FAULTS`."""
    kind = type(error).__name__
    return kind if kind in FAULTS else "other"


def within(seconds: float) -> float:
    """Return a time as one that can be said: what a damaged file says may be no number."""
    return min(max(seconds, 0.0), LONGEST) if math.isfinite(seconds) else LONGEST
