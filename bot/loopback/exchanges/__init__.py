"""Exchanges of hash lists on loopback, in the shapes that the real ones document, and everything they can do wrong.

server      one server for all of them; faults in front of any answer
lists       files and pages for `https`, made as they are asked for: ten million rows take no memory
services    HMA, ThreatExchange and StopNCII
"""

from __future__ import annotations

from bot.loopback.exchanges.lists import File, HashFeed, pdq_of
from bot.loopback.exchanges.server import ExchangePark
from bot.loopback.exchanges.services import HmaService, StopNciiService, ThreatExchangeService

__all__ = [
    "ExchangePark",
    "File",
    "HashFeed",
    "HmaService",
    "StopNciiService",
    "ThreatExchangeService",
    "pdq_of",
]
