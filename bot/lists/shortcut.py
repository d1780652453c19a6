"""What most rows of lists are, an id and one hash, without a second look: lists have millions of them."""

from __future__ import annotations

from typing import Any

from bot.lists.names import Plan, plan
from bot.lists.record import MAX_BITS, MIN_BITS, Record, words
from bot.model import Signal

MAX_PLANS = 512  # shapes of rows that are remembered
MAX_NAMES = 100  # of a shape that is remembered
MAX_LENGTH = 4_096  # characters of its names
_LARGE = 10**60
KINDS = {name: kind for kind in ("pdq", "md5") for name in (kind, kind.upper(), f"HASH_{kind.upper()}")} | {
    "video_md5": "md5",
    "HASH_VIDEO_MD5": "md5",
    "ImagePDQ": "pdq",
    "VideoMD5": "md5",
}
_LIVE = words("active Active ACTIVE MALICIOUS malicious put confirmed")
_new = tuple.__new__
_plans: dict[tuple[str, ...], Plan] = {}


def plan_of(row: dict[str, Any]) -> Plan:
    """Return where in an object is what. Objects of one shape share it."""
    names = tuple(row)
    where = _plans.get(names)
    if where is None:
        where = plan((name, name) for name in names)
        if len(names) <= MAX_NAMES and sum(map(len, names)) <= MAX_LENGTH:
            if len(_plans) >= MAX_PLANS:
                _plans.clear()
            _plans[names] = where
    return where


def quick(row: Any) -> Record | None:
    """Return the record of an object with a PDQ or MD5 and little else, the most frequent; None for every other."""
    where = _plans.get(tuple(row)) if row.__class__ is dict else None
    if where is None or where.short is None:
        return None
    id_key, value_key, type_key, kind = where.short
    value, name = row[value_key], row[id_key] if id_key is not None else None
    if type_key is not None:
        said = row[type_key]
        kind = KINDS.get(said) if said.__class__ is str else None
        if kind is None:
            return None
    for key in where.states:
        if row[key].__class__ is not str or row[key] not in _LIVE:
            return None
    for key in where.others:
        if row[key].__class__ is dict or row[key].__class__ is list:
            return None
    return plain_record(name, kind, value)


def plain_record(name: Any, kind: str | None, value: Any) -> Record | None:
    """Return the record of one PDQ or MD5 that is written as it should be, else None. Without kind, by its length."""
    if kind not in (None, "pdq", "md5"):
        return None
    if value.__class__ is not str or (
        name.__class__ is str and (len(name) > 100 or not name.isascii() or "E" in name or "e+" in name)
    ):
        return None
    try:
        raw = bytes.fromhex(value)
    except ValueError:
        return None
    if name is not None and name.__class__ is not str:
        if name.__class__ is not int or abs(name) > _LARGE:
            return None
        name = str(name)
    if len(raw) == 32 and len(value) == 64 and kind in (None, "pdq"):
        if not MIN_BITS <= int.from_bytes(raw).bit_count() <= MAX_BITS:
            return None
        found = (Signal(type="pdq", value=raw, quality=100, t=0.0),)
        return _new(Record, (name or None, found, (), False, (), False, (), False, kind is None))
    if len(raw) == 16 and len(value) == 32 and kind in (None, "md5"):
        return _new(Record, (name or None, (), (("", raw.hex()),), False, (), False, (), False, False))
    return None
