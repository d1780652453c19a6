"""What is counted while copies are asked for, as JSON data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.bench.figures import wilson
from bot.bench.peers import PEERS


@dataclass(slots=True)
class Recall:
    """What came of one row of the table."""

    row: str
    target: float
    asked: int = 0
    found: int = 0
    review: int = 0  # matched, for a person to look at
    false: int = 0
    agrees: int = 0  # found, and the face region is said to agree
    peers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PEERS, 0))
    missed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # that plain PDQ finds, and we neither find nor show to a person

    def count(self, wanted: str | None, copies: set[str], unsure: set[str], pdq: set[str], what: str) -> None:
        """Count what came of a copy of `wanted` (None: of nothing): entries found, for a person, found by plain PDQ."""
        self.asked += 1
        self.found += wanted in copies
        self.review += bool(unsure - copies) if wanted is None else wanted in unsure - copies
        if wanted is not None and wanted not in copies:
            self.missed.append(what)
        if wanted in pdq - copies - unsure:
            self.lost.append(what)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON data, with the 95 % interval of the recall."""
        low, high = wilson(self.found, self.asked)
        return {
            "row": self.row,
            "target": self.target or None,
            "n": self.asked,
            "found": self.found,
            "recall": round(self.found / self.asked, 4) if self.asked else None,
            "low": round(low, 4),
            "high": round(high, 4),
            "review": self.review,
            "lost": self.lost,
            "false": self.false,
            "agrees": self.agrees,
            **{peer: round(count / self.asked, 4) if self.asked else None for peer, count in self.peers.items()},
            "missed": self.missed,
        }


@dataclass(slots=True)
class Report:
    """All rows, and what was measured beside them."""

    rows: list[Recall] = field(default_factory=list)
    clips: int = 0
    stills: int = 0
    bank: int = 0
    left_out: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # processor time of each match
    false: list[str] = field(default_factory=list)
    peers_false: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PEERS, 0))

    def plain(self) -> dict[str, Any]:
        """Return it as JSON data."""
        times = sorted(self.seconds) or [0.0]
        return {
            "clips": self.clips,
            "stills": self.stills,
            "bank": self.bank,
            "rows": [row.plain() for row in self.rows],
            "false": self.false,
            "peers_false": self.peers_false,
            "match_ms": {
                "median": round(1000 * times[len(times) // 2], 1),
                "p95": round(1000 * times[int(len(times) * 0.95)], 1),
                "most": round(1000 * times[-1], 1),
            },
            "left_out": self.left_out,
        }
