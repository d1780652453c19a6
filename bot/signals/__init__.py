"""Fingerprints of frames, in the order in which they are tried. A new one is a file here and a line in `SIGNALS`."""

from __future__ import annotations

from bot.signals.base import SignalType
from bot.signals.pdq import PDQ
from bot.signals.phash import PHASH

SIGNALS: tuple[SignalType, ...] = (PDQ, PHASH)
