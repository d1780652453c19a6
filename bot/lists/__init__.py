"""Hash lists of others, in and out: hex lines, CSV, NDJSON, JSON of exchanges, vPDQ text and JSON. Pure.

`read` gives a record or a bad row for each row, as it comes; `write` gives text.
"""

from __future__ import annotations

from bot.lists.bulk import read_many
from bot.lists.plain_rows import Plain, plain_rows
from bot.lists.read import FORMATS, guess, read
from bot.lists.record import Bad, Fault, Record, Row, RowError, Whole
from bot.lists.unnamed import Unnamed, not_sums, typed
from bot.lists.write import WRITERS

__all__ = [
    "FORMATS",
    "WRITERS",
    "Bad",
    "Fault",
    "Plain",
    "Record",
    "Row",
    "RowError",
    "Unnamed",
    "Whole",
    "guess",
    "not_sums",
    "plain_rows",
    "read",
    "read_many",
    "typed",
]
