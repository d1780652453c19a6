"""A few frames of one file for a person to look at, at the one level they asked for, made in the confined child.

What leaves the child are the numbers of that level and no others: bits of edges, some greys a frame, a few colours, or
small pictures. Their count follows from level and size alone, so that a child that was taken over cannot say more at a
level than the level holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bot import frames
from bot.config import DecodeConfig
from bot.fingerprint import resource_limits
from bot.frames import Frame, Moments
from bot.frames.messages import within
from bot.model import Level, MediaKind

Picture = NDArray[np.uint8]  # (h, w), or (h, w, 3) in RGB

MOST = 16  # frames on a sheet
NAMED = 6  # moments that may be asked for by name
SIDES = ((1, 640), (4, 480), (9, 320), (MOST, 240))  # up to so many frames: pixels of the longer side of each
BETWEEN = SIDES[0][1]  # of what is held until it is known how many frames there are
HELD = 48  # frames that are held until then
TILES = 12  # along the longer side
GREYS = 8
BLUR = 24  # samples along the longer side
SOFT = 1.6  # sigma of what is smoothed away before edges are looked for, in pixels of the frame on the sheet
EDGES, FAINT = 0.88, 8.0  # share of the picture whose slope is no edge; slope that is none anyway
WEAK = 0.5  # of an edge's slope: what continues an edge
CPU_SHARE = 0.8
PARTIAL = ("no time", "first")  # what is said of a file that was not looked through


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetAsked:
    """What is wanted of a file. `at`: seconds at which a frame is wanted beside `even` ones, `NAMED` at most."""

    level: Level
    grey: bool = False
    even: int = 12
    at: tuple[float, ...] = ()

    @property
    def channels(self) -> int:
        """Numbers a pixel."""
        return 3 if self.level in (Level.BLURRED, Level.PLAIN) and not self.grey else 1

    @property
    def most(self) -> int:
        """Frames on the sheet, at most."""
        return min(MOST, self.even + len(self.at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What a sheet is put together from: of each frame its time and the bytes of `shape_of`."""

    kind: MediaKind
    width: int  # of the media
    height: int
    duration: float | None
    partial: bool
    frames: tuple[tuple[float, bytes], ...]


def cell_of(width: int, height: int, count: int) -> tuple[int, int]:
    """Return (height, width) of one of `count` frames on a sheet, for a media of that size."""
    side = next(side for most, side in SIDES if count <= most)
    return _within(width, height, min(side, max(width, height)))


def shape_of(level: Level, cell: tuple[int, int]) -> tuple[int, int]:
    """Return (height, width) of the numbers that a frame of a level holds; the bits of outlines stand alone."""
    height, width = cell
    if level == Level.TILES:
        return _within(width, height, min(TILES, max(cell)))
    if level == Level.BLURRED:
        return _within(width, height, min(BLUR, max(cell)))
    return cell


def size_of(asked: SheetAsked, cell: tuple[int, int]) -> int:
    """Return how many bytes a frame has."""
    height, width = shape_of(asked.level, cell)
    return height * (-(-width // 8)) if asked.level == Level.OUTLINES else height * width * asked.channels


def _within(width: int, height: int, side: int) -> tuple[int, int]:
    """Return (height, width) of a picture whose longer side is `side`."""
    longer = max(width, height)
    return max(1, round(height * side / longer)), max(1, round(width * side / longer))


def sheet(data: bytes, limits: DecodeConfig, asked: SheetAsked) -> Pieces:
    """Return the frames of one file at one level.

    Raises MediaError if nothing decodes and LimitError if it is too large.
    """
    decoded = frames.decode(data, limits, Moments(asked.even, asked.at))
    until = resource_limits.cpu_seconds() + CPU_SHARE * limits.cpu_seconds
    keeper = _Keeper(asked)
    partial = False
    for frame in decoded.frames:
        keeper.take(frame)
        if resource_limits.cpu_seconds() > until:
            partial = True
            break
    chosen = keeper.chosen()
    cell = cell_of(decoded.width, decoded.height, len(chosen))
    return Pieces(
        kind=decoded.kind,
        width=decoded.width,
        height=decoded.height,
        duration=None if decoded.kind == "image" else round(within(decoded.duration or 0.0), 3),
        partial=partial or (decoded.note is not None and decoded.note.code in PARTIAL),
        frames=tuple((round(within(t), 3), at_level(picture, asked, cell)) for t, picture in chosen),
    )


def at_level(picture: Picture, asked: SheetAsked, cell: tuple[int, int]) -> bytes:
    """Return what one level keeps of a frame, uint8 (h, w) or (h, w, 3), 0-255: `size_of` bytes."""
    if asked.level == Level.OUTLINES:
        return np.packbits(outlines(_resized(picture, cell)), axis=1).tobytes()
    small = _resized(picture, shape_of(asked.level, cell))
    if asked.level == Level.TILES:
        step = 256 // GREYS
        small = small // step * (255 // (GREYS - 1))
    return np.ascontiguousarray(small).tobytes()


def outlines(luma: Picture) -> NDArray[np.bool_]:
    """Return where the edges of a picture are, thin lines: bool (h, w) from uint8 (h, w), 0-255.

    How bright the two sides of an edge are, and which of them is the brighter one, is not in it.
    """
    smooth = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), SOFT)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, x, 1 - x) for x in (1, 0))
    slope = np.hypot(across, down)
    strong = max(FAINT, float(np.quantile(slope, EDGES)))
    dx, dy = (np.rint(side).astype(np.int16) for side in (across, down))
    found = cv2.Canny(dx, dy, WEAK * strong, strong, L2gradient=True)
    return np.asarray(found > 0)


def _resized(picture: Picture, shape: tuple[int, int]) -> Picture:
    if picture.shape[:2] == shape:
        return picture
    smaller = shape[0] <= picture.shape[0] and shape[1] <= picture.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, shape[::-1], interpolation=how), dtype=np.uint8)


class _Keeper:
    """Chooses frames as they pass: what is held is small, and no more than `HELD` and those at named moments."""

    def __init__(self, asked: SheetAsked) -> None:
        self._asked = asked
        self._held: list[tuple[float, Picture]] = []
        self._named: list[tuple[float, tuple[float, Picture]] | None] = [None] * len(asked.at)
        self._gap = 0.0  # seconds between two that are held
        self._due = 0.0

    def take(self, frame: Frame) -> None:
        """Look at one frame; its picture is only made if it is held."""
        kept: tuple[float, Picture] | None = None
        for place, at in enumerate(self._asked.at):
            best = self._named[place]
            if best is None or abs(frame.t - at) < best[0]:
                kept = kept or (frame.t, self._picture(frame))
                self._named[place] = (abs(frame.t - at), kept)
        if frame.finer or frame.t >= self._due or not self._held:
            self._held.append(kept or (frame.t, self._picture(frame)))
            self._due = frame.t + self._gap
        if len(self._held) > HELD:
            self._held.sort(key=lambda held: held[0])
            self._gap = self._held[-1][0] / (HELD // 2)
            self._held = [self._held[place] for place in sorted(_spread(self._held, HELD // 2))]
            self._due = self._held[-1][0] + self._gap

    def chosen(self) -> list[tuple[float, Picture]]:
        """Return the frames of the sheet in order of time."""
        self._held.sort(key=lambda held: held[0])
        even = [self._held[place] for place in _spread(self._held, self._asked.even)]
        named = [best[1] for best in self._named if best is not None]
        found = dict((*even, *named))
        return sorted(found.items(), key=lambda kept: kept[0])[: self._asked.most]

    def _picture(self, frame: Frame) -> Picture:
        whole = frame.colour() if self._asked.channels == 3 else frame.luma
        side = min(BETWEEN, max(whole.shape[:2]))
        small = _resized(whole, _within(whole.shape[1], whole.shape[0], side))
        return small.copy() if small is whole or small.base is not None else small


def _spread(held: Sequence[tuple[float, Any]], count: int) -> set[int]:
    """Return the places of those that are nearest to `count` moments evenly spread up to the last one's."""
    times, end = np.array([t for t, _ in held]), held[-1][0]
    return {int(np.abs(times - (number + 0.5) * end / count).argmin()) for number in range(count)}
