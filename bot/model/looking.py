"""What a person looks at when they choose to, and how much of it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.model.states import MediaKind


class Level(StrEnum):
    """How much of a picture is shown, the least first."""

    OUTLINES = "outlines"  # edges only: no skin, no tone
    TILES = "tiles"  # a coarse mosaic in eight greys
    BLURRED = "blurred"
    PLAIN = "plain"


class LookState(StrEnum):
    """waiting → fetching → ready → gone; or failed, with a sentence."""

    WAITING = "waiting"
    FETCHING = "fetching"
    READY = "ready"
    FAILED = "failed"
    GONE = "gone"  # handed out, left, too old, or never theirs


KINDS: tuple[MediaKind, ...] = ("image", "animation", "video")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookSettings:
    """How one person wants to look."""

    level: Level = Level.OUTLINES  # where looking begins
    grey: bool = False  # no colours at any level
    refused: tuple[MediaKind, ...] = ()  # kinds of media that are never shown to them; all: none is


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFrame:
    """One frame on a contact sheet and where it stands there, in pixels."""

    t: float  # seconds from the start of the media
    matched: bool  # it lies in what was found, and has a white frame around it
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A contact sheet: a few frames of one media in one picture, at one level. In memory only."""

    level: Level
    grey: bool
    kind: MediaKind
    duration: float | None  # seconds of the media, None for a still
    frames: tuple[SheetFrame, ...]  # in order of time
    width: int  # pixels of the picture
    height: int
    png: bytes = field(repr=False)
    partial: bool = False  # there was no time for all of the media
