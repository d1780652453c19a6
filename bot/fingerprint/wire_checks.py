"""How an answer of a child is read piece by piece: each piece has its shape and its bounds, or WireError is raised."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NoReturn, TypeVar

import numpy as np

from bot.errors import LimitError, MediaError
from bot.frames import Said, said
from bot.frames.messages import ERRORS, LIMITS, LONGEST

DEPTH = 6  # lists and objects in one another
T = TypeVar("T")


class WireError(ValueError):
    """An answer that no child gives that is what it should be."""


def parsed(body: bytes, *, most: int, values: int) -> Any:
    """Return the JSON of a body that is no longer than `most`, of no more than `values` values, about."""
    if len(body) > most:
        refuse("longer than what was asked for")
    raw = np.frombuffer(body, dtype=np.uint8)
    opening = (raw == 0x5B) | (raw == 0x7B)
    closing = (raw == 0x5D) | (raw == 0x7D)
    held = int(np.count_nonzero(opening)) + int(np.count_nonzero(raw == 0x2C))
    if held > values:
        refuse("more values than were asked for")
    steps = opening.astype(np.int8) - closing.astype(np.int8)
    if len(steps) and int(np.cumsum(steps, dtype=np.int32).max()) > DEPTH:
        refuse("lists within lists")
    return json.loads(body.decode("ascii"), parse_constant=refuse)


def refuse(why: str) -> NoReturn:
    """Raise WireError."""
    raise WireError(f"not an answer: {why}")


def keyed(value: Any, keys: frozenset[str] | None) -> Mapping[str, Any]:
    """Return an object with exactly these keys, None: any."""
    if type(value) is not dict or (keys is not None and value.keys() != keys):
        refuse("other keys")
    return value


def listed(value: Any, most: int) -> list[Any]:
    """Return a list of at most so many."""
    if type(value) is not list or len(value) > most:
        refuse("no list, or a longer one than was asked for")
    return value


def row_of(value: Any, length: int) -> list[Any]:
    """Return a list of exactly that length."""
    if len(listed(value, length)) != length:
        refuse("a row of another length")
    return list(value)


def whole(value: Any, least: int, most: int) -> int:
    """Return a whole number in a range."""
    if type(value) is not int or not least <= value <= most:
        refuse("a number that cannot be")
    return value


def number(value: Any, least: float, most: float) -> float:
    """Return a finite number in a range."""
    if type(value) not in (int, float) or not least <= value <= most:  # what is no number is in no range
        refuse("a number that cannot be")
    return float(value)


def seconds(value: Any) -> float:
    """Return a time."""
    return number(value, 0, LONGEST)


def decoded(value: Any, most: int) -> bytes:
    """Return what stands in base64, at most so many bytes."""
    if type(value) is not str or len(value) > 4 * (-(-most // 3)):
        refuse("more bytes than were asked for")
    return base64.b64decode(value, validate=True)


def error_of(value: Any) -> MediaError:
    """Return the error that an answer tells."""
    told = said_by(value, ERRORS | LIMITS)
    return LimitError(told) if told.code in LIMITS else MediaError(told)


def said_by(value: Any, codes: frozenset[str]) -> Said:
    """Return a sentence of ours, by one of these codes."""
    code, *values = listed(value, 8)
    if type(code) is not str or code not in codes:
        refuse("a word that is none of ours")
    return said(code, *values)


def in_order(found: Sequence[T], moment: Callable[[T], Any]) -> tuple[T, ...]:
    """Return what was found, whose moments must not fall."""
    if any(moment(after) < moment(before) for before, after in pairwise(found)):
        refuse("times that fall")
    return tuple(found)


def as_text(data: bytes | None) -> str | None:
    """Return bytes in base64."""
    return None if data is None else base64.b64encode(data).decode()
