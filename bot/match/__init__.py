"""Signals against banks: what in the evidence looks like what is known. Pure; what is known is passed in.

`known` says what a search must offer, `library` goes from candidates to matches, `judging` decides on one entry,
`words` says it to people.
"""

from __future__ import annotations

from bot.match.bank import BankReader, Hit, KnownEntry
from bot.match.library import Matcher

__all__ = ["BankReader", "Hit", "KnownEntry", "Matcher"]
