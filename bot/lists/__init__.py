"""Hash lists of others, in and out: hex lines, CSV, NDJSON, ThreatExchange and HMA JSON, vPDQ text and JSON. Pure.

`read` gives a record or a bad row for each row, as it comes; `write` gives text.
"""

from __future__ import annotations

from bot.lists.read import FORMATS, guess, read
from bot.lists.record import Bad, Record, RowError
from bot.lists.write import WRITERS

__all__ = ["FORMATS", "WRITERS", "Bad", "Record", "RowError", "guess", "read"]
