"""Bytes in, fingerprint out.

compute          what is kept of one file
serialization    the same as JSON, in storage
wire             the same as a child answers it, and how that is read
face_regions     where faces are, and a coarse hash of each
child            the confined process in which files are read: see `bot.workers`
resource_limits  what that process gives up before, and the limits of each file
"""

from __future__ import annotations

from bot.fingerprint.child import main
from bot.fingerprint.compute import describe, digests, fingerprint
from bot.fingerprint.serialization import from_json, to_json
from bot.fingerprint.wire import Asked, WireError, read

__all__ = ["Asked", "WireError", "describe", "digests", "fingerprint", "from_json", "main", "read", "to_json"]
