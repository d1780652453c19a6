"""vPDQ, Meta's hash of a video: a PDQ for each frame. As text, an array, or an object by frame number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from bot.lists.digests import MAX_PARTS
from bot.lists.opening import lines
from bot.lists.plain import TOO_LONG
from bot.lists.record import Bad, Record, Row, RowError, signal
from bot.model import Signal

LINE = re.compile(r"\s*\d+\s*,\s*\d+\s*,\s*[0-9a-fA-F]{64}\s*,\s*[\d.]+\s*")
MANY = f"more than {MAX_PARTS:,} frames in one video"


def read(parts: Iterable[str]) -> Iterator[Row]:
    """Yield the record of each video. Frame number, quality, PDQ, seconds a line; an empty line ends a video."""
    signals: list[Signal] = []
    for number, line in enumerate(chain(lines(parts), ("",)), 1):
        if line is None:
            yield Bad(number, TOO_LONG)
        elif line.strip():
            try:
                if len(signals) >= MAX_PARTS:
                    raise RowError(MANY)
                signals.append(_frame(line))
            except RowError as error:
                yield Bad(number, str(error))
        elif signals:
            yield Record(signals=tuple(signals))
            signals = []


def is_frame(value: Any) -> bool:
    """Return whether a text is a frame of an array: PDQ, quality, seconds."""
    return isinstance(value, str) and value.count(",") == 2


def is_object(found: Any) -> bool:
    """Return whether an object is a video's, by frame number."""
    return (
        isinstance(found, dict)
        and bool(found)
        and all(isinstance(part, dict) and {"hash", "quality"} <= part.keys() for part in found.values())
    )


def of_array(found: Iterable[Any]) -> Iterator[Record | RowError]:
    """Yield the record of an array of frames, and what is wrong with frames of it. Raises RowError if all are."""
    yield from _record(_array_frames(found))


def of_object(found: dict[str, Any]) -> Iterator[Record | RowError]:
    """Yield the record of an object by frame number, and what is wrong with frames. Raises RowError if all are."""
    yield from _record((str(part["hash"]), part["quality"], part.get("timestamp")) for part in found.values())


def _array_frames(found: Iterable[Any]) -> Iterator[tuple[Any, Any, Any]]:
    for part in found:
        value, quality, t = part.split(",") if is_frame(part) else (None, None, None)
        yield value, quality, t


def _record(frames: Iterable[tuple[Any, Any, Any]]) -> Iterator[Record | RowError]:
    signals: list[Signal] = []
    errors: list[RowError] = []
    for value, quality, t in frames:
        try:
            if len(signals) >= MAX_PARTS:
                raise RowError(MANY)
            if value is None:
                raise RowError("not a frame of vPDQ: PDQ, quality, seconds")
            signals.append(signal("pdq", value, quality, t))
        except RowError as error:
            if len(errors) < 100:
                errors.append(error)
    if not signals:
        raise errors[0] if errors else RowError("a video without frames")
    yield Record(signals=tuple(signals))
    yield from errors


def _frame(line: str) -> Signal:
    cells = line.strip().split(",")
    if len(cells) != 4:
        raise RowError("not a frame of vPDQ: frame number, quality, PDQ, seconds")
    _, quality, value, t = cells
    return signal("pdq", value, quality, t)
