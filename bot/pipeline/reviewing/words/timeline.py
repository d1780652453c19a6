"""Which stretches of a media are which of an entry, where they differ, at what speed: as plain data and in a sentence.

It says of clips only what the stored evidence says; no media is opened for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.clock import tenths
from bot.model import Evidence, Match, MotionStretch, SourceMatch

MOST = 3  # timelines of a case
SPANS = 4  # stretches that a sentence names
SAME_PACE = 0.05  # that a speed may be off and still be the entry's own

Span = tuple[float, float]


class Likeness(StrEnum):
    """What a media's stretches are to those of an entry."""

    COPY = "copy"
    UNSURE = "unsure"  # a copy, or another moment
    FACE = "face"  # the same footage with another face
    PART = "part"  # the same footage, a part of the picture replaced


LIKENESS = {"face_differs": Likeness.FACE, "part_differs": Likeness.PART}
DIFFERS = {
    Likeness.FACE: "the face is another one there",
    Likeness.PART: "a part of the picture is another one there",
    Likeness.UNSURE: "it is not sure that this is the same moment",
}
FACE = {"agrees": "the face region agrees", "differs": "the face region differs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One clip against one entry. Seconds from the starts of both."""

    entry: str  # its label
    media: int | None  # place in an album, from 0; None: there is one media
    likeness: Likeness
    length: float
    entry_length: float  # 0: the entry is a picture
    here: tuple[Span, ...]
    there: tuple[Span, ...]
    pairs: tuple[MotionStretch, ...]  # stretches of which it is known which belongs to which
    paced: bool  # whether speed and direction of the pairs were measured
    uneven: bool  # the pace changes from moment to moment
    faces: tuple[float, ...]  # seconds at which faces were compared, and are not one another's
    sentence: str

    @property
    def own(self) -> str:
        """What the upper media is called."""
        return "this media" if self.media is None else f"media {self.media + 1}"


def timelines(evidence: Evidence | None, beside: Sequence[Mapping[str, Any]]) -> list[Timeline]:
    """Return a timeline for each clip and entry of which stretches are known; of stills there is none.

    `beside`: what `compare.compared` says of the entries.
    """
    if evidence is None:
        return []
    lengths = {row["entry"]: row["duration"] or 0.0 for row in beside}
    clips = {info.index: info.duration for info in evidence.media if info.duration and not info.error}
    ours: list[Match | SourceMatch] = []
    ours += [one for one in evidence.matches if one.bank_kind != "allow" and not (one.exact or one.suppressed)]
    ours += [one for one in evidence.source if one.kind in LIKENESS and not one.suppressed]
    return [
        _timeline(one, media=media, length=clips[media], entry_length=lengths[one.entry], alone=len(clips) == 1)
        for one in ours
        if (media := one.media or 0) in clips and one.entry in lengths and one.query_ranges
    ][:MOST]


def _timeline(one: Match | SourceMatch, *, media: int, length: float, entry_length: float, alone: bool) -> Timeline:
    here, there = _spans(one.query_ranges), _spans(one.entry_ranges)
    motion = one.motion
    pairs: tuple[MotionStretch, ...] = motion.stretches if motion is not None else ()
    ends = [end for _, end in there] + [pair.entry[1] for pair in pairs]
    still = not entry_length and not any(ends)
    if still:
        there, pairs = (), ()
    elif not pairs and len(here) == len(there) == 1:
        pairs = (MotionStretch(query=here[0], entry=there[0], speed=1.0),)
    if isinstance(one, Match):
        likeness = Likeness.UNSURE if one.unsure else Likeness.COPY
    else:
        likeness = LIKENESS[one.kind or ""]
    faces = tuple(box[0] for box in one.boxes or ()) if isinstance(one, SourceMatch) else ()
    made = Timeline(
        entry=one.entry,
        media=None if alone else media,
        likeness=likeness,
        length=max([length, *(end for _, end in here), *(pair.query[1] for pair in pairs)]),
        entry_length=0.0 if still else max([entry_length, *ends]),
        here=here,
        there=there,
        pairs=pairs,
        paced=motion is not None and bool(motion.stretches),
        uneven=motion is not None and motion.uneven,
        faces=faces if likeness is Likeness.FACE else (),
        sentence="",
    )
    return _said(made, DIFFERS.get(likeness) or FACE.get(one.face_region, "the face region is not known"))


def _said(line: Timeline, differs: str) -> Timeline:
    if not line.entry_length:
        told = f"{_in_words(line.here)} of {line.own} is the picture {line.entry}"
    elif line.pairs:
        parts = [
            f"{_in_words([pair.query])} of {line.own if not place else 'it'} is {_in_words([pair.entry])} of "
            f"{line.entry}{pace(line, pair)}"
            for place, pair in enumerate(line.pairs[:SPANS])
        ]
        told = "; ".join([*parts, *_more(len(line.pairs))])
    else:
        told = f"{_in_words(line.here)} of {line.own} is in {_in_words(line.there)} of {line.entry}"
    return replace(line, sentence=f"{told}; {differs}")


def pace(line: Timeline, pair: MotionStretch) -> str:
    """Return in words how fast and in which direction a stretch is shown; empty where that was not measured."""
    if not line.paced:
        return ""
    if line.uneven:
        speed = " at an uneven pace"
    elif abs(pair.speed - 1) < SAME_PACE:
        speed = " at its own speed"
    else:
        speed = f" at {pair.speed:.2g} times the speed"
    return f"{speed}, backward" if pair.reversed else speed


def _spans(ranges: Sequence[Span] | None) -> tuple[Span, ...]:
    """Return stretches that can be, in order."""
    return tuple(sorted((begin, end) for begin, end in ranges or () if 0 <= begin <= end < 1e7))


def _in_words(spans: Sequence[Span]) -> str:
    said = [tenths(begin) if end - begin < 0.05 else f"{tenths(begin)} to {tenths(end)}" for begin, end in spans]
    return ", ".join([*said[:SPANS], *_more(len(said))])


def _more(count: int) -> list[str]:
    return [f"and {count - SPANS} more"] if count > SPANS else []
