"""Coverage, stretches of time, and a match in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from bot.clock import minutes
from bot.model import Signal

NAMES = {"pdq": "PDQ", "phash": "pHash"}
GAP = 1.0  # seconds between matching frames that still belong to one range


def coverage(signals: Sequence[Signal], matched: Sequence[int]) -> float:
    """Return the part of the playing time whose frames match; of the frames where there is no time."""
    spans = [after.t - before.t for before, after in pairwise(signals)]
    spans.append(median(spans) if spans else 1.0)
    total = sum(spans)
    if total <= 0:
        return len(matched) / len(signals)
    return round(min(1.0, sum(spans[place] for place in matched) / total), 4)


def ranges(signals: Sequence[Signal], matched: Sequence[int]) -> tuple[tuple[float, float], ...]:
    """Return the stretches of time in which frames match."""
    stretches: list[tuple[float, float]] = []
    for place in matched:
        t = round(signals[place].t, 3)
        if stretches and t - stretches[-1][1] <= GAP:
            stretches[-1] = (stretches[-1][0], t)
        else:
            stretches.append((t, t))
    return tuple(stretches)


def why(
    kind: str,
    queries: Sequence[int],
    usable: Sequence[Signal],
    entry_ranges: Sequence[tuple[float, float]],
    best: Sequence[int],
    *,
    transform: str,
    moving: bool,
    suppressed: bool,
) -> str:
    """Return one sentence: how many frames, where in the entry, how they were altered, how near."""
    frames = "the picture matches" if len(usable) == 1 else f"{len(queries)} of {len(usable)} frames match"
    parts = [f"{frames} by {NAMES[kind]}"]
    if moving:
        parts.append(f"{minutes(entry_ranges[0][0])} to {minutes(entry_ranges[-1][1])} of the entry")
    if transform != "none":
        parts.append(transform)
    parts.append(f"{'distance' if len(best) == 1 else 'median distance'} {median(best):g}")
    if suppressed:
        parts.append("an allow-listed picture explains all of them")
    return ", ".join(parts)
