"""One row of a list, checked."""

from __future__ import annotations

import base64
import binascii
import math
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, wraps
from typing import Any, NamedTuple, TypeVar

from bot.model import Opinion, Signal

HEX = frozenset(string.hexdigits)
MIN_BITS = 32  # set or clear in a PDQ: fewer are an empty frame's, which is within reach of every other empty frame
MAX_BITS = 256 - MIN_BITS
SHORT = 256  # characters of a text of which something is remembered
MAX_ID = 200  # characters
LENGTHS = {"pdq": 64, "phash": 64, "md5": 32, "sha256": 64}
KNOWN = ", ".join(LENGTHS)
_AROUND = " \t\r\n\x00\ufeff\u200b\u00a0'\"`"
_BETWEEN = str.maketrans("", "", " \t:-\u00a0")  # digests are written in groups, too
_BASE64 = re.compile(r"(?i)(?:base64[:,]|(?:md5|sha-?256)-)([A-Za-z0-9+/_-]{22,44}={0,2})")
_ROUNDED = re.compile(r"-?\d(?:[.,]\d{1,20})?[eE]\+?\d{2,3}")  # an id as a spreadsheet shows a long number
_NOTHING = {"", "null", "none", "n/a", "na", "nan", "nil", "-", "--", "undefined", "unknown", "[object object]", "\\n"}


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set: names that lists use."""
    return frozenset(text.split())


T = TypeVar("T")


def for_short(most: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Remember what a function of a text gave, for so many texts that are short: what strangers write is not held."""

    def around(function: Callable[[str], T]) -> Callable[[str], T]:
        remembered = lru_cache(most)(function)

        @wraps(function)
        def call(text: str) -> T:
            return remembered(text) if len(text) <= SHORT else function(text)

        return call

    return around


REST_TAKEN = "what else the row holds is taken"


class RowError(ValueError):
    """What is wrong with a row, in a phrase. `id` is the list's own name of the row, where that could be read."""

    id: str | None = None


class NotOursError(RowError):
    """Nothing is wrong with it, but there is nothing in it that we could match."""


class NoteError(RowError):
    """The row is taken; what was assumed of it is told."""


class Fault(StrEnum):
    """Why a row is left out."""

    BROKEN = "broken"
    PART = "part"  # of a row's digests one is damaged; the others are taken
    NOTE = "note"  # nothing is left out; something is assumed that a person should know
    NOT_OURS = "not_ours"  # its digests are of kinds that we do not match


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that is left out, or a digest of it; the reason quotes nothing of it."""

    line: int  # from 1; for JSON documents the number of the element; 0: not of one row
    reason: str
    fault: Fault = Fault.BROKEN
    id: str | None = None  # the list's own name of the row: what it held before it holds no more
    item: bool = False  # `line` is the number of an element of a JSON document

    @property
    def place(self) -> str:
        """Where it stands, in words; empty if nowhere."""
        return f"{'item' if self.item else 'line'} {self.line:,}" if self.line else ""


def bad(line: int, error: RowError, *, part: bool = False, item: bool = False) -> Bad:
    """Return what is told of a row; `part`: of one whose rest is taken; `item`: `line` counts elements."""
    if isinstance(error, NoteError):
        return Bad(line, str(error), Fault.NOTE, item=item)
    if part:
        return Bad(line, f"{error}; {REST_TAKEN}", Fault.PART, item=item)
    return Bad(line, str(error), Fault.NOT_OURS if isinstance(error, NotOursError) else Fault.BROKEN, error.id, item)


class Record(NamedTuple):
    """One media of a list. A tuple, for lists have millions. `id` is the list's own name for it, opaque to us."""

    id: str | None = None
    signals: tuple[Signal, ...] = ()
    files: tuple[tuple[str, str], ...] = ()  # (SHA-256, MD5); one of each may be empty
    withdrawn: bool = False
    opinions: tuple[tuple[str, Opinion], ...] = ()  # who says it, what
    child: bool = False  # tagged as child abuse: never kept, and what was kept of it before is withdrawn
    passed: tuple[str, ...] = ()  # kinds of its digests that we cannot match
    change: bool = False  # it is a line of a log of changes: it stands in the place of what the id was before
    unnamed: bool = False  # nobody says that its PDQ is one: 64 hex digits may be a SHA-256 as well


class Whole(NamedTuple):
    """The list says that it is whole: what it does not name is no part of it any more."""


Row = Record | Bad | Whole


def clean(value: Any) -> str:
    """Return the text of a digest, without what stands around it; empty if there is none."""
    if not isinstance(value, str):
        return ""
    text = value.strip(_AROUND)
    return "" if text.lower() in _NOTHING else text


def digest(kind: str, value: str) -> str:
    """Return hex digits in lower case. Raises RowError if they are no value of that type."""
    text = value.strip(_AROUND).lower().removeprefix("0x").removeprefix("\\x")
    if text[:1] == "=":  # as spreadsheets are told that it is a text
        text = text[1:].strip(_AROUND)
    length = LENGTHS[kind]
    if len(text) != length:
        if found := _BASE64.fullmatch(value.strip(_AROUND)):
            text = _hex_of(found[1])
        elif len(text) > length:
            text = text.translate(_BETWEEN).removeprefix("0x")
    if len(text) != length or not set(text) <= HEX:
        raise RowError(f"not a {kind} value: it has {length} hex digits")
    return text


def from_base64(value: str) -> str:
    """Return the hex digits of a digest that is said to be base64, or the value as it is."""
    text = clean(value)
    return _hex_of(text) or text if not set(text.lower()) <= HEX else text


def _hex_of(text: str) -> str:
    try:
        standard = text.translate(str.maketrans("-_", "+/")).rstrip("=")
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).hex()
    except (binascii.Error, ValueError):
        return ""


def signal(kind: str, value: str, quality: Any = None, t: Any = None) -> Signal:
    """Return a checked signal. A list that names no quality holds only what was good enough. Raises RowError."""
    raw = bytes.fromhex(digest(kind, value))
    if kind == "pdq" and not MIN_BITS <= int.from_bytes(raw).bit_count() <= MAX_BITS:
        raise RowError("the PDQ of an empty frame, which would match every other empty frame")
    return Signal(type=kind, value=raw, quality=round(quality_of(quality)), t=number(t, "time", 0, 1e7))


def quality_of(value: Any) -> float:
    """Return a quality from 0 to 100; one that is no number is as good as none. Raises RowError for more than 100.

    A fraction up to 1 is a share: no list keeps what has less than one of a hundred.
    """
    if isinstance(value, bool) or value is None:
        return 100
    text = str(value).strip().removesuffix("%").rstrip().replace(",", ".")
    try:
        found = float(text)
    except ValueError:
        return 100
    if math.isnan(found) or found < 0:
        return 100
    if found > 100:
        raise RowError("the quality is not between 0 and 100")
    return found * 100 if found <= 1 and "." in text else found


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


def id_of(value: Any) -> str | None:
    """Return the list's own name of a row. Raises RowError if it is none that can be kept."""
    if isinstance(value, dict) and isinstance(value.get("$oid"), str):  # as MongoDB exports it
        value = value["$oid"]
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RowError("the id is neither a short text nor a number")
    text = value.strip() if isinstance(value, str) else str(value) if abs(value) < 10**MAX_ID else ""
    if not text or len(text) > MAX_ID or not _writable(text):
        raise RowError("the id is neither a short text nor a number")
    if _ROUNDED.fullmatch(text):
        raise RowError("the id was rounded by a spreadsheet, so that rows share it; export that column as text")
    return text


def _writable(text: str) -> bool:
    """Return whether it can be kept: half a character cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
