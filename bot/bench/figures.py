"""What a benchmark prints: our figure, the peer's, and what no program could beat, measured in the same run."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

Say = Callable[[str], None]
ROUNDS = 7
ENOUGH = 0.05  # seconds a round


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line. `peer` names who is compared; without `theirs` it is not installed here."""

    what: str
    ours: float
    unit: str
    peer: str | None = None
    theirs: float | None = None
    limit: float | None = None  # in the same unit
    limited_by: str | None = None
    note: str = ""
    missing: str = "not installed"  # why there is no figure of the peer's

    @property
    def times(self) -> float | None:
        """How many times the peer's figure ours is; None without a peer."""
        return None if self.theirs is None or not self.ours else self.theirs / self.ours

    def plain(self) -> dict[str, Any]:
        """Return it as JSON data."""
        shown = {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}
        times = self.times
        return {
            **shown,
            "times": None if times is None else round(times, 2),
            "missing": self.missing if self.peer and self.theirs is None else None,
        }

    def lines(self) -> tuple[str, str, tuple[str, ...]]:
        """Return what was measured, how much, and a line each for the peer's figure, the limit and a note."""
        times = "" if self.times is None else f", {self.times:.3g}×"  # noqa: RUF001  the sign for times
        theirs = self.missing if self.theirs is None else f"{short(self.theirs)} {self.unit}{times}"
        return (
            self.what,
            f"{short(self.ours)} {self.unit}",
            (
                f"{self.peer}: {theirs}" if self.peer else "",
                "" if self.limit is None else f"limit: {short(self.limit)} {self.unit} {self.limited_by}",
                self.note,
            ),
        )


def short(value: float) -> str:
    """Return a number with three digits that matter."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def fastest(*works: Callable[[], Any]) -> list[float]:
    """Return the least seconds of each, taken in turns so that what else the machine does hits all alike."""
    repeats = []
    for work in works:
        work()
        began = time.perf_counter()
        work()
        repeats.append(max(1, min(1000, int(ENOUGH / max(time.perf_counter() - began, 1e-7)))))
    best = [float("inf")] * len(works)
    gc.disable()
    try:
        for _ in range(ROUNDS):
            for number, (work, repeat) in enumerate(zip(works, repeats, strict=True)):
                began = time.perf_counter()
                for _ in range(repeat):
                    work()
                best[number] = min(best[number], (time.perf_counter() - began) / repeat)
    finally:
        gc.enable()
    return best


def least(work: Callable[[], object], tries: int) -> float:
    """Return the least seconds of processor time that some work took in a few tries."""
    times = []
    for _ in range(tries):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def wilson(found: int, asked: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, 0 to 1 (E. B. Wilson, 1927); all of it if nothing was asked."""
    if not asked:
        return 0.0, 1.0
    z, p = 1.96, found / asked
    middle = p + z * z / (2 * asked)
    half = z * math.sqrt(p * (1 - p) / asked + z * z / (4 * asked * asked))
    return max(0.0, (middle - half) / (1 + z * z / asked)), min(1.0, (middle + half) / (1 + z * z / asked))


def installed(name: str) -> Any:
    """Return a module if it can be imported, else None: peers are compared, never needed."""
    try:
        return import_module(name)
    except ImportError:
        return None


class Quiet:
    """A log that nobody reads."""

    def debug(self, event: str, **facts: object) -> None:
        """Say nothing."""

    info = warning = error = debug
