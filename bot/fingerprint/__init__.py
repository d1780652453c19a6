"""Bytes in, fingerprint out.

compute  what is kept of one file
plain    the same as JSON, from a child and in storage
spots    where faces are, and a coarse hash of each
child    the confined process in which files are read: see `bot.workers`
rights   what that process gives up before, and the limits of each file
"""

from __future__ import annotations

from bot.fingerprint.child import main
from bot.fingerprint.compute import describe, digests, fingerprint
from bot.fingerprint.plain import faces_from_json, faces_to_json, from_json, to_json

__all__ = ["describe", "digests", "faces_from_json", "faces_to_json", "fingerprint", "from_json", "main", "to_json"]
