"""One row of a list, checked."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.model import Signal

HEX = frozenset(string.hexdigits)
MIN_BITS = 32  # set or clear in a PDQ: fewer are an empty frame's, which is within reach of every other empty frame
MAX_ID = 200  # characters

# What the same thing is called in lists.
TYPES = {
    "pdq": "pdq",
    "hash_pdq": "pdq",
    "vpdq": "pdq",
    "phash": "phash",
    "md5": "md5",
    "video_md5": "md5",
    "hash_md5": "md5",
    "hash_video_md5": "md5",
    "sha256": "sha256",
    "hash_sha256": "sha256",
}
LENGTHS = {"pdq": 64, "phash": 64, "md5": 32, "sha256": 64}


class RowError(ValueError):
    """What is wrong with a row, in a phrase."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that is left out."""

    line: int  # from 1; for JSON documents the number of the element
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One media of a list. `id` is the list's own name for it, opaque to us."""

    id: str | None = None
    signals: tuple[Signal, ...] = ()
    files: tuple[tuple[str, str], ...] = field(default=())  # (SHA-256, MD5); one of each may be empty
    withdrawn: bool = False


def signal(kind: str, value: str, quality: Any = None, t: Any = None) -> Signal:
    """Return a checked signal. A list that names no quality holds only what was good enough. Raises RowError."""
    raw = bytes.fromhex(digest(kind, value))
    bits = int.from_bytes(raw).bit_count()
    if kind == "pdq" and not MIN_BITS <= bits <= 8 * len(raw) - MIN_BITS:
        raise RowError("the PDQ of an empty frame, which would match every other empty frame")
    return Signal(type=kind, value=raw, quality=int(number(quality, "quality", 100, 100)), t=number(t, "time", 0, 1e7))


def digest(kind: str, value: str) -> str:
    """Return hex digits in lower case. Raises RowError if they are no value of that type."""
    text = value.strip().lower()
    if len(text) != LENGTHS[kind] or not set(text) <= HEX:
        raise RowError(f"not a {kind} value: it has {LENGTHS[kind]} hex digits")
    return text


def number(value: Any, what: str, default: float, most: float) -> float:
    """Return a number from 0 to `most`. Raises RowError for anything else."""
    if value is None or value == "":
        return default
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise RowError(f"the {what} is no number") from None
    if isinstance(value, bool) or not math.isfinite(found) or not 0 <= found <= most:
        raise RowError(f"the {what} is not between 0 and {most:g}")
    return found


def kind_of(name: Any, value: Any) -> str:
    """Return our name of a type; without a name, what the length of the value says. Raises RowError."""
    if name is None or name == "":
        return "md5" if isinstance(value, str) and len(value.strip()) == LENGTHS["md5"] else "pdq"
    kind = TYPES.get(str(name).strip().lower())
    if kind is None:
        raise RowError(f"the type {str(name)[:40]!r} is none that we match; known: pdq, phash, md5, sha256")
    return kind


def id_of(value: Any) -> str | None:
    """Return the list's own name of a row. Raises RowError if it is none that can be kept."""
    if value is None or value == "":
        return None
    if not isinstance(value, str | int) or len(str(value)) > MAX_ID:
        raise RowError("the id is neither a short text nor a number")
    return str(value)


def one_value(row: Mapping[str, Any], kind: str, value: str, *, withdrawn: bool = False) -> Record:
    """Return the record of a row that holds one value."""
    name = id_of(first(row, "id", "entry", "label"))
    if kind in ("md5", "sha256"):
        text = digest(kind, value)
        return Record(id=name, files=((text, "") if kind == "sha256" else ("", text),), withdrawn=withdrawn)
    found = signal(kind, value, first(row, "quality"), first(row, "t", "timestamp"))
    return Record(id=name, signals=(found,), withdrawn=withdrawn)


def first(row: Mapping[str, Any], *names: str) -> Any:
    """Return what stands under the first of these names that is there."""
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)
