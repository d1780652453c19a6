"""A child's answer put together to a picture. Nothing is decoded here: numbers of a level are spread over pixels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from bot.contact_sheets.png import png
from bot.fingerprint import Pieces, SheetAsked
from bot.fingerprint.sheet import MOST, NAMED, cell_of, shape_of
from bot.model import Level, Sheet, SheetFrame

Picture = NDArray[np.uint8]
Ranges = Sequence[tuple[float, float]]

GUTTER, MARK = 8, 4  # pixels between frames; of them the mark around a matched one
GROUND, MARKED = 24, 255  # greys
SLACK = 0.02  # seconds: times are rounded, and a host's next rendition begins a little elsewhere


def wanted(level: Level, ranges: Ranges, *, grey: bool = False) -> SheetAsked:
    """Return what to ask for of a media in which these stretches matched, in seconds: frames of all, and of each."""
    spans = list(ranges)
    if len(spans) > NAMED:
        spans = [spans[round(place * (len(spans) - 1) / (NAMED - 1))] for place in range(NAMED)]
    each = max(1, min(2, NAMED // max(1, len(spans))))
    named = [begin + (end - begin) * (part + 1) / (each + 1) for begin, end in spans for part in range(each)]
    at = tuple(sorted({round(moment, 3) for moment in named}))[:NAMED]
    return SheetAsked(level=level, grey=grey, even=MOST - len(at), at=at)


def few(level: Level, count: int, at: Sequence[float], *, grey: bool = False) -> SheetAsked:
    """Return what to ask for of a media that is compared with another: frames at these seconds, else `count` evenly."""
    return SheetAsked(level=level, grey=grey, even=0 if at else count, at=tuple(at))


def matched(t: float, ranges: Ranges) -> bool:
    """Return whether a moment lies in what matched, in seconds."""
    return any(begin - SLACK <= t <= end + SLACK for begin, end in ranges)


def compose(pieces: Pieces, asked: SheetAsked, ranges: Ranges) -> Sheet:
    """Return the sheet: frames at named seconds alone in the order in which they were asked for, others in time."""
    cell = cell_of(pieces.width, pieces.height, len(pieces.frames))
    chosen = pieces.frames
    if not asked.even and len(chosen) > 1:
        chosen = tuple(min(pieces.frames, key=lambda frame: abs(frame[0] - at)) for at in asked.at)
    count = len(chosen)
    columns = next(columns for columns in range(1, count + 1) if columns * columns >= count)
    rows = -(-count // columns)
    height, width = rows * (cell[0] + GUTTER) + GUTTER, columns * (cell[1] + GUTTER) + GUTTER
    whole = np.full((height, width, 3) if asked.channels == 3 else (height, width), GROUND, dtype=np.uint8)
    frames = []
    for place, (t, data) in enumerate(chosen):
        top = GUTTER + place // columns * (cell[0] + GUTTER)
        left = GUTTER + place % columns * (cell[1] + GUTTER)
        marked = matched(t, ranges)
        if marked:
            whole[top - MARK : top + cell[0] + MARK, left - MARK : left + cell[1] + MARK] = MARKED
        whole[top : top + cell[0], left : left + cell[1]] = shown(data, asked, cell)
        frames.append(SheetFrame(t=t, matched=marked, left=left, top=top, width=cell[1], height=cell[0]))
    return Sheet(
        level=asked.level,
        grey=asked.channels == 1,
        kind=pieces.kind,
        duration=pieces.duration,
        frames=tuple(frames),
        width=width,
        height=height,
        png=png(whole),
        partial=pieces.partial,
    )


def shown(data: bytes, asked: SheetAsked, cell: tuple[int, int]) -> Picture:
    """Return what a level keeps of a frame as pixels: uint8 (h, w) or (h, w, 3), 0-255, of (height, width) `cell`."""
    height, width = shape_of(asked.level, cell)
    numbers = np.frombuffer(data, dtype=np.uint8)
    if asked.level == Level.OUTLINES:
        return np.unpackbits(numbers.reshape(height, -1), axis=1, count=width) * np.uint8(255)
    picture = numbers.reshape((height, width, 3) if asked.channels == 3 else (height, width))
    if (height, width) == cell:
        return picture
    how = cv2.INTER_NEAREST if asked.level == Level.TILES else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, cell[::-1], interpolation=how), dtype=np.uint8)
