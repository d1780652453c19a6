"""The frames of a contact sheet as a child answers them, and how that is read: as what a stranger sent.

How long each frame is follows from the level that was asked for; whatever is longer or shorter is no answer.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Any

from bot.errors import MediaError
from bot.fingerprint.sheet import BLUR, NAMED, SIDES, TILES, Pieces, SheetAsked, cell_of, size_of
from bot.fingerprint.wire_checks import (
    WireError,
    as_text,
    decoded,
    error_of,
    in_order,
    keyed,
    listed,
    parsed,
    refuse,
    row_of,
    seconds,
    whole,
)
from bot.frames.base import MAX_SIDE
from bot.model import KINDS, Level

SHOWN = 4  # times the longest side: what is shown may be stretched
SLACK, ROW, TEXT = 1024, 64, 4 / 3  # bytes beside the frames; of a frame beside its picture; base64
VALUES = 5  # a frame
_KEYS = frozenset(("kind", "width", "height", "duration", "partial", "frames"))


def request(asked: SheetAsked) -> list[Any]:
    """Return what is asked for, as it goes to a child."""
    return [asked.level, asked.grey, asked.even, list(asked.at)]


def asked_of(request: list[Any]) -> SheetAsked:
    """Return what `request` was given."""
    level, grey, even, at = request
    return SheetAsked(level=Level(level), grey=grey, even=even, at=tuple(at[:NAMED]))


def longest(asked: SheetAsked) -> int:
    """Return the bytes of the longest answer."""
    largest = 0
    for most, side in SIDES:
        if asked.level == Level.TILES:
            one = TILES * TILES
        elif asked.level == Level.BLURRED:
            one = BLUR * BLUR * asked.channels
        elif asked.level == Level.OUTLINES:
            one = side * (-(-side // 8))
        else:
            one = side * side * asked.channels
        largest = max(largest, min(most, asked.most) * round((one + 3) * TEXT + ROW))
    return SLACK + largest


def sheet_to_wire(pieces: Pieces) -> dict[str, Any]:
    """Return what a child answers."""
    return {
        "kind": pieces.kind,
        "width": pieces.width,
        "height": pieces.height,
        "duration": pieces.duration,
        "partial": pieces.partial,
        "frames": [[t, as_text(data)] for t, data in pieces.frames],
    }


def read_sheet(body: bytes, asked: SheetAsked) -> Pieces:
    """Return the frames in an answer.

    Raises MediaError or LimitError with a sentence of ours if the answer is an error, and WireError if it is not one of
    those that were asked for.
    """
    try:
        answer = keyed(parsed(body, most=longest(asked), values=32 + VALUES * asked.most), None)
        if set(answer) == {"error"}:
            raise error_of(answer["error"])
        return _pieces(keyed(answer, _KEYS), asked)
    except (MediaError, WireError):
        raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, binascii.Error) as error:
        raise WireError(f"not an answer: {type(error).__name__}") from None


def _pieces(data: Mapping[str, Any], asked: SheetAsked) -> Pieces:
    kind = data["kind"]
    if type(kind) is not str or kind not in KINDS:
        refuse("another kind")
    duration = None if data["duration"] is None else seconds(data["duration"])
    if (kind == "image") != (duration is None):
        refuse("a still that lasts, or a clip that does not")
    if type(data["partial"]) is not bool:
        refuse("neither yes nor no")
    width, height = (whole(data[side], 1, SHOWN * MAX_SIDE) for side in ("width", "height"))
    rows = [row_of(row, 2) for row in listed(data["frames"], 1 if kind == "image" else asked.most)]
    if not rows:
        refuse("no frame")
    size = size_of(asked, cell_of(width, height, len(rows)))
    found = [(seconds(t), decoded(text, size)) for t, text in rows]
    if any(len(frame) != size for _, frame in found):
        refuse("a frame of another length")
    return Pieces(
        kind=kind,
        width=width,
        height=height,
        duration=duration,
        partial=data["partial"],
        frames=in_order(found, lambda one: one[0]),
    )
