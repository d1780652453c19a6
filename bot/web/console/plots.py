"""Small plots, drawn here as shapes with classes: seven days by hour, and how a whole is made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import day, iso
from bot.store.hours import HOUR

DAYS = 7
HEIGHT = 100.0  # of a plot, in its own units; an hour is one wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Seven days in UTC, today the last; `days` holds the name of each and a number to it."""

    title: str
    said: str  # the plot in words
    shapes: tuple[Shape, ...]
    days: tuple[tuple[str, int], ...]
    hours: int = DAYS * 24


def begin(now: datetime) -> datetime:
    """Return where a plot begins: six days before today, at midnight in UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)


def counted(title: str, values: Mapping[str, int], now: datetime) -> Plot:
    """Return how often something happened in each hour, with the sum of each day."""
    hours = [values.get(name, 0) for name in _hours(now)]
    most = max(hours)
    total = sum(hours)
    sums = [sum(hours[at * 24 : at * 24 + 24]) for at in range(DAYS)]
    said = (
        f"{total:,} in seven days, {most:,} in the busiest hour; below, each day's" if total else "none in seven days"
    )
    return Plot(title=title, said=said, shapes=_bars(hours), days=_days(now, sums))


def standing(title: str, now_open: int, came: Mapping[str, int], went: Mapping[str, int], now: datetime) -> Plot:
    """Return how many of something there were at the end of each hour, by how many there are and what came and went."""
    names = _hours(now)
    last = names.index(iso(now)[:HOUR])
    held = [0] * len(names)
    number = now_open
    for at in range(last, -1, -1):
        held[at] = max(0, number)
        number += went.get(names[at], 0) - came.get(names[at], 0)
    ends = [held[min(at * 24 + 23, last)] for at in range(DAYS)]
    said = f"{now_open:,} now, {max(held):,} at most in seven days; below, at each day's end"
    return Plot(title=title, said=said, shapes=_bars(held, gap=0.0), days=_days(now, ends))


def shares(parts: Sequence[tuple[str, int]]) -> tuple[Shape, ...]:
    """Return a bar of width 100 of (kind, number), in that order; empty if there is nothing."""
    whole = sum(number for _, number in parts)
    made, x = [], 0.0
    for kind, number in parts:
        if number:
            width = 100 * number / whole
            made.append(Shape(x=round(x, 2), y=0, width=round(width, 2), height=HEIGHT, kind=kind))
            x += width
    return tuple(made)


def _bars(values: Sequence[int], gap: float = 0.15) -> tuple[Shape, ...]:
    most = max(max(values), 1)
    return tuple(
        Shape(x=at, y=round(HEIGHT - HEIGHT * value / most, 2), width=1 - gap, height=round(HEIGHT * value / most, 2))
        for at, value in enumerate(values)
        if value
    )


def _hours(now: datetime) -> list[str]:
    return [iso(begin(now) + timedelta(hours=at))[:HOUR] for at in range(DAYS * 24)]


def _days(now: datetime, numbers: Sequence[int]) -> tuple[tuple[str, int], ...]:
    first = begin(now)
    return tuple((day(first + timedelta(days=at))[5:], number) for at, number in enumerate(numbers))
