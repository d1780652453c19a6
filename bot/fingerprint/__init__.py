"""Bytes in, fingerprint out.

compute          what is kept of one file
serialization    the same as JSON, in storage
wire             the same as a child answers it, and how that is read
wire_checks      how such an answer is read piece by piece
sheet            a few frames of one file for a person to look at, at one level
sheet_wire       the same as a child answers it, and how that is read
face_regions     where faces are, and a coarse hash of each
child            the confined process in which files are read: see `bot.workers`
resource_limits  what that process gives up before, and the limits of each file
"""

from __future__ import annotations

from bot.fingerprint.child import main
from bot.fingerprint.compute import describe, digests, fingerprint
from bot.fingerprint.serialization import from_json, to_json
from bot.fingerprint.sheet import Pieces, SheetAsked
from bot.fingerprint.sheet_wire import read_sheet
from bot.fingerprint.wire import Asked, read
from bot.fingerprint.wire_checks import WireError

__all__ = [
    "Asked",
    "Pieces",
    "SheetAsked",
    "WireError",
    "describe",
    "digests",
    "fingerprint",
    "from_json",
    "main",
    "read",
    "read_sheet",
    "to_json",
]
