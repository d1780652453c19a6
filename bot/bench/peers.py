"""What others find where we look for copies: their ways of taking and comparing hashes, over the same pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bot.model import Fingerprint, Signal

# ours against a bank of PDQ alone, PDQ of whole frames as they are, as Meta samples it, imagehash
PEERS = ("foreign", "pdq", "vpdq", "phash")


class Peers:
    """What others do with the same pictures: PDQ of one frame a second on both sides, and pHash of a few frames."""

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {"vpdq": [], "phash": []}
        self._values: dict[str, list[bytes]] = {"vpdq": [], "phash": []}

    def add(self, name: str, found: Fingerprint) -> None:
        """Add an entry."""
        for peer, signals in (("vpdq", _each_second(found)), ("phash", _of(found, "phash"))):
            self._values[peer].extend(signal.value for signal in signals)
            self._names[peer].extend([name] * len(signals))

    def of(self, found: Fingerprint) -> dict[str, set[str]]:
        """Return the names that each peer finds."""
        return {
            "vpdq": self._within("vpdq", _each_second(found), 31),
            "phash": self._within("phash", _of(found, "phash"), 40),
        }

    def _within(self, peer: str, signals: Sequence[Signal], radius: int) -> set[str]:
        if not signals or not self._values[peer]:
            return set()
        ours = np.frombuffer(b"".join(self._values[peer]), dtype=np.uint64).reshape(-1, 4)
        found: set[str] = set()
        for signal in signals:
            gap = np.bitwise_count(ours ^ np.frombuffer(signal.value, dtype=np.uint64)).sum(axis=1)
            found.update(self._names[peer][place] for place in np.flatnonzero(gap <= radius))
        return found


def _of(found: Fingerprint, kind: str) -> list[Signal]:
    return [signal for signal in found.signals if signal.type == kind and signal.quality >= 50]


def _each_second(found: Fingerprint) -> list[Signal]:
    chosen, due = [], 0.0
    for signal in _of(found, "pdq"):
        if signal.t >= due:
            chosen.append(signal)
            due = math.floor(signal.t) + 1.0
    return chosen
