"""How many face swaps of banked footage are found as such, and what else is wrongly called one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bot.advice import install
from bot.assemble import Parts, assembled
from bot.bench import alter, swaps
from bot.bench.alter import Rgb, Take
from bot.bench.copies import FACE_AREAS, Bench, printed
from bot.bench.figures import wilson
from bot.config import Config
from bot.errors import UsageError
from bot.pipeline.core import Log

BAR = 0.13  # of the height: a caption over a face


@dataclass(slots=True)
class Row:
    """One kind of clip: how many were asked about, and how many were called swaps."""

    what: str
    swap: bool  # whether they are
    asked: int = 0
    called: int = 0
    wrong: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON data, with the 95 % interval of the share that was called a swap."""
        low, high = wilson(self.called, self.asked)
        share = self.called / self.asked if self.asked else None
        return {
            "row": self.what,
            "swap": self.swap,
            "n": self.asked,
            "called": self.called,
            "share": share,
            "low": round(low, 4),
            "high": round(high, 4),
            "wrong": self.wrong,
        }


def run(log: Log, say: Callable[[str], None], *, count: int = 40) -> list[Row]:
    """Bank `count` takes as footage; ask with swaps of each, with altered copies, and with other takes.

    Raises UsageError without a package that carries a portrait: drawn faces alone look too much alike.
    """
    people = swaps.portraits()
    chosen = swaps.pairs(people, count)
    if not chosen:
        raise UsageError(f"this needs portraits: {install('scikit-image', 'matplotlib')}")
    rows: dict[str, Row] = {}
    with assembled(Config(), log, parts=Parts(rules=False, reddit=False, memory=True)) as pipeline:
        for number, (host, donor) in enumerate(chosen):
            # a bank of its own for each: a portrait is one still, and every clip that shows it has that in common
            bench = Bench(pipeline, say, bank=f"footage {number}", kind="source")
            face = FACE_AREAS[number % len(FACE_AREAS)]
            footage = swaps.take(host, number, face=face)
            name = f"{host.name} in scene {number + 1}"
            label = bench.bank(name, printed(footage))
            fake = swaps.take(swaps.swapped(host, donor, swaps.BLENDS[number // 3 % 3]), number, face=face)
            other = people[(people.index(host) + 1) % len(people)]
            for what, swap, take in _asked(footage, fake, other, number, face):
                row = rows.setdefault(what, Row(what, swap))
                row.asked += 1
                called = bench.swaps(printed(take))
                row.called += called
                if called != swap:
                    row.wrong.append(f"{name}, {donor.name}'s face" if swap else name)
            bench.drop(label)
            say(f"{name}: {sum(row.called for row in rows.values() if row.swap)} swaps found")
    return list(rows.values())


def _asked(
    footage: Take, fake: Take, other: swaps.Portrait, number: int, face: float
) -> Iterator[tuple[str, bool, Take]]:
    """Yield (kind, whether it is a swap, the take)."""
    crop, mirror = alter.parse("crop=0.05"), alter.parse("mirror")
    yield "swap", True, fake
    yield "swap, cropped and mirrored", True, mirror.apply(crop.apply(fake, number), number)
    yield "untouched", False, footage
    yield "compressed, smaller", False, alter.parse("resize=0.5").apply(footage, number)
    yield "cropped and mirrored", False, mirror.apply(crop.apply(footage, number), number)
    yield "captioned", False, alter.parse("caption=0.15").apply(footage, number)
    yield "captioned over the face", False, ([_barred(picture) for picture in footage[0]], footage[1])
    yield "another person in the same place", False, swaps.take(other, number, face=face, start=11.0)
    yield "another person elsewhere", False, swaps.take(other, number + 500, face=face)


def _barred(picture: Rgb) -> Rgb:
    height = picture.shape[0]
    shown = np.array(picture)
    top, bar = round(0.46 * height), round(BAR * height)
    shown[top : top + bar] = alter.caption(picture, BAR, 7)[:bar]
    return shown
