"""Exact search for 256-bit hashes within a Hamming radius: nothing within it is ever missed.

`linear` compares with every row, `bands` looks into a few buckets of sorted sub-strings, `snapshot` keeps that in a
file that several processes map, `live` lays over it what changed since.
"""

from __future__ import annotations

from bot.index.bands import Bands
from bot.index.gather import gathered
from bot.index.linear import HashIndex, distance
from bot.index.live import LEAST, Live, Rows
from bot.index.snapshot import Anchor, Snapshot, Stamp
from bot.index.writer import write

__all__ = [
    "LEAST",
    "Anchor",
    "Bands",
    "HashIndex",
    "Live",
    "Rows",
    "Snapshot",
    "Stamp",
    "distance",
    "gathered",
    "write",
]
