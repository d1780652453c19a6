"""Whether a row says that it is taken back, in whatever way."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from bot.lists.names import GONE, Plan, joined
from bot.lists.record import words

_LATEST = 10**11  # what is larger are milliseconds
_TRUE = words("true 1 yes y t")
_FALSE = words("false 0 no n f")


def is_gone(row: Any, where: Plan) -> bool:
    """Return whether a row says that it is withdrawn."""
    said = [row[key] for key in where.states]
    if "entitykey" in where.names or "published" in where.names:
        said.extend(row[key] for key in where.types)
    return (
        any(isinstance(value, str) and joined(value[:40]) in GONE for value in said)
        or any(_is_one(row[key], _TRUE) for key in where.gone)
        or any(_is_one(row[key], _FALSE) for key in where.live)
        or any(row[key] not in (None, "", 0, "0", "null", False) for key in where.gone_at)
        or any(_is_past(row[key]) for key in where.expires)
        or any(_is_off(row[key]) for key in where.disabled_until)
    )


def _is_one(value: Any, known: frozenset[str]) -> bool:
    return str(value).strip().lower() in known if isinstance(value, str | int | bool) else False


def _is_off(value: Any) -> bool:
    """Return whether HMA's `disable_until_ts` switches a content off: 0 for good, 1 not, else until that moment."""
    try:
        until = float(value)
    except (TypeError, ValueError):
        return False
    return until == 0 or (until != 1 and until > time.time())


def _is_past(value: Any) -> bool:
    """Return whether a moment lies behind us; what is none does not."""
    if isinstance(value, str) and not value.strip().isdecimal():
        try:
            return datetime.fromisoformat(value.strip()).timestamp() < time.time()
        except (ValueError, OverflowError):
            return False
    try:
        at = float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return 0 < (at / 1000 if at > _LATEST else at) < time.time()
