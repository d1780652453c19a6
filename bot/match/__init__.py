"""Signals against banks: what in the evidence looks like what is known. Pure; what is known is passed in.

`bank` says what a search must offer, `tally` adds up what it finds, `library` goes from there to matches, `judging`
decides on one entry, `explain` says it to people.
"""

from __future__ import annotations

from bot.match.bank import BankReader, Hits, KnownEntry
from bot.match.library import Matcher

__all__ = ["BankReader", "Hits", "KnownEntry", "Matcher"]
