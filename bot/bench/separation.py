"""How far motion tells a copy of a take from another moment of it and from other takes: correlations, and a plot.

Each clip of a folder is banked. Asked are altered copies of it under the transform that was applied, the rest of the
same recording, as it is and mirrored, and all other clips. The best stretch counts, as `bot.motion.judge` sees it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bot import frames
from bot.bench.alter import Alteration, parse
from bot.bench.copies import encode
from bot.bench.figures import Say
from bot.bench.sources import folder
from bot.config import DecodeConfig
from bot.errors import UsageError
from bot.motion import MIRRORED, UPRIGHT, Motion, MotionSampler, Transform, compare
from bot.motion.cells import DT, Cells
from bot.motion.compare import COARSE, LEAST, SPEEDS, WINDOW, diagonals
from bot.motion.judge import ENOUGH, SAME, SHORTEST, needed, tells
from bot.plural import many
from bot.signals.pdq import PDQ

Kind = Literal["copy", "another moment", "another take"]
KINDS: tuple[Kind, ...] = ("copy", "another moment", "another take")
ALTERED = ("re-encode=36", "gif=320", "blur=2", "caption=0.15", "mark=0.15", "trim=2", "speed=1.5", "reversed")
MOVED = ("mirror", "crop=0.15")  # what has a transform
EULER = 0.5772


@dataclass(frozen=True, slots=True)
class Pair:
    """The best stretch of an entry and a query; score 0 where none is found."""

    kind: Kind
    score: float
    seconds: float
    peak: float = 0.0  # the largest correlation over three seconds at any speed, direction and lag, however low


@dataclass(frozen=True, slots=True)
class Separation:
    """What came of it."""

    clips: int
    pairs: tuple[Pair, ...]

    def of(self, kind: Kind, least: float = 0.0, most: float = math.inf) -> list[float]:
        """Return the scores of one kind over so many seconds, sorted."""
        return sorted(pair.score for pair in self.pairs if pair.kind == kind and least <= pair.seconds < most)

    @property
    def chance(self) -> float:
        """The share of other takes that would reach the score of a copy over `ENOUGH` seconds.

        The largest of many tries has a Gumbel distribution: here with the mean and spread of the peaks, in Fisher's z.
        0 without at least two.
        """
        peaks = [min(max(pair.peak, 0.0), 0.99) for pair in self.pairs if pair.kind == "another take"]
        if len(peaks) < 2:
            return 0.0
        z = np.arctanh(peaks)
        wide = float(z.std(ddof=1)) * math.sqrt(6) / math.pi
        if wide <= 0:
            return 0.0
        return -math.expm1(-math.exp(-(math.atanh(SAME) - float(z.mean()) + EULER * wide) / wide))

    @property
    def peaks(self) -> list[float]:
        """The peaks of other takes, sorted."""
        return sorted(pair.peak for pair in self.pairs if pair.kind == "another take")

    def plain(self) -> dict[str, Any]:
        """Return it as JSON data."""
        rows: dict[str, Any] = {}
        for kind in KINDS:
            for name, scores in (
                ("short", self.of(kind, 0.0, ENOUGH)),
                ("long", self.of(kind, ENOUGH)),
            ):
                if scores:
                    median, least, most = float(np.median(scores)), scores[0], scores[-1]
                    rows[f"{kind}, {name}"] = {
                        "n": len(scores),
                        "least": round(least, 3),
                        "median": round(median, 3),
                        "most": round(most, 3),
                    }
        peaks = self.peaks
        told = {"median": round(float(np.median(peaks)), 3), "most": round(peaks[-1], 3)} if peaks else {}
        return {"clips": self.clips, "rows": rows, "peaks": {"n": len(peaks), **told}, "chance": self.chance}


def run(path: Path, say: Say) -> Separation:
    """Measure the clips of a folder and its sub-folders. Raises UsageError unless two of them move enough."""
    clips = []
    for source in folder(path):
        if isinstance(source, str) or not source.moves:
            continue
        motion = _moving(encode(source.take))
        if tells(motion):
            clips.append((source, motion))
    if len(clips) < 2:
        raise UsageError(f"{many(len(clips), 'clip')} in {path} that move enough; at least two are needed")
    pairs: list[Pair] = []
    for source, entry in clips:
        say(source.name)
        for alteration, transform in _alterations():
            query = _moving(encode(alteration.apply(source.take, 1), alteration))
            pairs.append(_best("copy", entry, query, (transform,)))
        for other in source.others:
            pairs.append(_best("another moment", entry, _moving(encode(other)), (UPRIGHT, MIRRORED)))
        for another, query in clips:
            if another is not source:
                found = _best("another take", entry, query, (UPRIGHT, MIRRORED))
                pairs.append(replace(found, peak=max(peak(entry, query, turned) for turned in (UPRIGHT, MIRRORED))))
    return Separation(clips=len(clips), pairs=tuple(pairs))


def _alterations() -> Iterator[tuple[Alteration, Transform]]:
    for text in ALTERED:
        yield parse(text), UPRIGHT
    yield parse(MOVED[0]), MIRRORED
    crop = parse(MOVED[1])
    wide = 1 / (1 - 2 * crop.strength)
    yield crop, np.array([[wide, 0.0, -crop.strength * wide], [0.0, wide, -crop.strength * wide]])


def _moving(data: bytes) -> Motion:
    decoded = frames.decode(data, DecodeConfig())
    sampler = MotionSampler()
    for frame in decoded.frames:
        sampler.take(frame.t, PDQ.thumbnail(frame.luma))
    return Motion(sampler.signature(decoded.duration))


def _best(kind: Kind, entry: Motion, query: Motion, transforms: Sequence[Transform]) -> Pair:
    shortest = min(entry.seconds, query.seconds)
    found = [one for transform in transforms for one in compare(entry, query, transform)]
    best = max(found, key=lambda one: one.score * min(one.seconds, ENOUGH), default=None)
    return Pair(kind, max(0.0, best.score), best.seconds) if best else Pair(kind, 0.0, shortest)


def peak(entry: Motion, query: Motion, transform: Transform) -> float:
    """Return the largest correlation of any three seconds of two clips (less if one is shorter), on coarse cells.

    Over all speeds, directions and lags that `bot.motion.compare` searches, and with no floor; 0 where little moves.
    """
    cells = Cells(entry, query, transform, COARSE)
    largest = 0.0
    for speed in SPEEDS if cells.enough else ():
        steps = DT * max(1.0, 1 / speed), DT * max(1.0, speed)
        (held, power), (asked, own) = (cells.at_pace(side, step) for side, step in enumerate(steps))
        length = min(round(WINDOW * DT / steps[0]), len(held), len(asked))
        if length < LEAST // 2:
            continue
        ours, theirs = (one[length:] - one[:-length] for one in (power, own))
        for shown, norm in ((asked, theirs), (-asked[::-1], theirs[::-1])):
            score = diagonals(held @ shown.T, length) / np.sqrt(np.outer(ours, norm) + 1e-3)
            largest = max(largest, float(score.max()))
    return largest


WIDE, HIGH, EDGE = 640, 320, 44  # pixels
LONGEST = 10.0  # seconds shown
COLOURS = {"copy": "#1a7f37", "another moment": "#bc4c00", "another take": "#57606a"}


def drawn(found: Separation) -> str:
    """Return an SVG picture: each pair by seconds across and correlation up, and the line above which it is a copy."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDE}" height="{HIGH}" fill="#ffffff"/>',
    ]
    for number in range(0, 11, 2):
        parts.append(_text(EDGE - 6, _up(number / 10) + 4, f"{number / 10:g}", "end"))
        parts.append(_line([(0, number / 10), (LONGEST, number / 10)], "#d0d7de", 1))
        parts.append(_text(_across(number), HIGH - EDGE + 16, f"{number} s", "middle"))
    times = [SHORTEST + step * (ENOUGH - SHORTEST) / 8 for step in range(9)]
    parts.append(_line([*((t, needed(t)) for t in times), (LONGEST, SAME)], "#0969da", 2))
    for pair in sorted(found.pairs, key=lambda pair: -KINDS.index(pair.kind)):
        x, y = _across(min(pair.seconds, LONGEST)), _up(pair.score)
        parts.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{COLOURS[pair.kind]}" fill-opacity="0.6"/>')
    for number, kind in enumerate(KINDS):
        x = EDGE + 8 + 150 * number
        parts.append(f'<circle cx="{x}" cy="12" r="4" fill="{COLOURS[kind]}"/>')
        parts.append(_text(x + 9, 16, f"{kind} ({len(found.of(kind))})", "start"))
    parts.append(_text(_across(LONGEST), 16, "blue: needed of a copy", "end"))
    parts.append(_text(_across(LONGEST / 2), HIGH - 8, "seconds that agree best; up: correlation of motion", "middle"))
    return "\n".join([*parts, "</svg>\n"])


def _across(seconds: float) -> float:
    return round(EDGE + seconds / LONGEST * (WIDE - EDGE - 14), 1)


def _up(score: float) -> float:
    return round(HIGH - EDGE - score * (HIGH - EDGE - 26), 1)


def _line(points: Sequence[tuple[float, float]], colour: str, wide: int) -> str:
    way = " ".join(f"{_across(seconds)},{_up(score)}" for seconds, score in points)
    return f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{wide}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="#1f2328">{words}</text>'
