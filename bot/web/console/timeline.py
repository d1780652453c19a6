"""A timeline of both media as an SVG: where everything of it stands. Its words come from the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.clock import minutes, tenths
from bot.pipeline.reviewing.words.timeline import Likeness, Span, Timeline, pace

FAR_APART = 8.0  # times longer: then each media is drawn to its own length
TICKS = 4  # steps of a scale at most, so that seconds do not run into one another on a phone
STEPS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)  # seconds
NEAR = 12.0  # per cent beside the end of a bar, where no tick has room
LEAST = 0.6  # per cent that a moment is wide
NAMED = 2  # pairs that are named in the drawing; more are in the sentence
LEGEND = {
    Likeness.COPY: "matches",
    Likeness.UNSURE: "matches, but not surely the same moment",
    Likeness.FACE: "same footage, another face",
    Likeness.PART: "same footage, a part replaced",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One media, with what is marked on it. Places and widths in per cent of the drawing."""

    name: str
    width: float
    marks: tuple[tuple[float, float], ...]  # (from, width)
    ticks: tuple[tuple[float, str, str], ...]  # (place, anchor: start, middle or end; the second in words)
    moments: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What joins a stretch above with its stretch below."""

    points: str  # of a polygon, in a square of 1,000 by 100
    words: str
    left: float  # where the words' middle is, per cent
    top: int  # and how far down


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A timeline, ready to be written."""

    line: Timeline
    above: Bar
    below: Bar
    bands: tuple[Band, ...]
    legend: str
    scales: bool  # whether each bar has a scale of its own


def drawing(line: Timeline) -> Drawing:
    """Return where everything of a timeline stands."""
    longer, shorter = sorted((line.length, line.entry_length or line.length), reverse=True)
    scales = longer > FAR_APART * shorter
    size = line.length if scales else longer
    below = (line.entry_length or line.length) if scales else longer
    return Drawing(
        line=line,
        above=_bar(
            f"{line.own[:1].upper()}{line.own[1:]}, {tenths(line.length)}", line.length, size, line.here, line.faces
        ),
        below=_bar(
            f"Entry {line.entry}, {tenths(line.entry_length)}"
            if line.entry_length
            else f"Entry {line.entry}, a picture",
            line.entry_length,
            below,
            line.there,
        ),
        bands=tuple(_bands(line, size, below)),
        legend=LEGEND[line.likeness],
        scales=scales and bool(line.entry_length),
    )


def _bar(name: str, length: float, size: float, spans: Sequence[Span], moments: Sequence[float] = ()) -> Bar:
    if not length:  # a picture: one moment, all of which is meant
        return Bar(name=name, width=4.0, marks=((0.0, 4.0),), ticks=())
    whole = _share(length, size)
    return Bar(
        name=name,
        width=whole,
        marks=tuple(
            (min(_share(begin, size), 100 - LEAST), max(LEAST, _share(end - begin, size))) for begin, end in spans
        ),
        ticks=tuple(_ticks(length, size)),
        moments=tuple(_share(t, size) for t in moments if 0 <= t <= length),
    )


def _ticks(length: float, size: float) -> list[tuple[float, str, str]]:
    step = next((one for one in STEPS if size / one <= TICKS), STEPS[-1] * max(1, round(size / STEPS[-1] / TICKS)))
    told = minutes if step >= 1 else tenths
    whole = _share(length, size)
    made = [(0.0, "start", told(0))]
    place = step
    while _share(place, size) < whole - NEAR:
        made.append((_share(place, size), "middle", told(place)))
        place += step
    if whole >= 2 * NEAR:
        made.append((whole, "end", tenths(length)))
    return made


def _bands(line: Timeline, size: float, below: float) -> list[Band]:
    named = line.paced and len(line.pairs) <= NAMED
    made = []
    for number, pair in enumerate(line.pairs, start=1):
        up = [10 * _share(t, size) for t in pair.query]
        down = [10 * _share(t, below) for t in (reversed(pair.entry) if pair.reversed else pair.entry)]
        for ends in (up, down):
            if abs(ends[1] - ends[0]) < 10 * LEAST:
                ends[1] = ends[0] + 10 * LEAST
        points = f"{up[0]:.1f},0 {up[1]:.1f},0 {down[1]:.1f},100 {down[0]:.1f},100"
        if named:
            left = min(80.0, max(20.0, sum((*up, *down)) / 40))
            made.append(Band(points=points, words=pace(line, pair).strip(), left=round(left, 2), top=78))
        else:  # by its number in the sentence, below the stretch
            words = str(number) if len(line.pairs) > 1 else ""
            made.append(Band(points=points, words=words, left=round(sum(up) / 20, 2), top=68))
    return made


def _share(part: float, whole: float) -> float:
    return round(100 * part / whole, 2)
