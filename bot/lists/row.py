"""A row of names and values, out of whatever list, as a record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.lists import children, opinions, stix
from bot.lists.digests import MAX_DEPTH, Digests, collect, first
from bot.lists.names import OF_CHANGES, Plan, joined
from bot.lists.record import NoteError, NotOursError, Record, RowError, id_of
from bot.lists.shortcut import plan_of
from bot.lists.state import UNKNOWN_STATE, is_gone, is_unknown
from bot.model import Signal

_OF_NCMEC = frozenset(("classification", "member", "memberid"))
LEAST_QUALITY = 50  # of a policy list of Matrix: what is below is ignored there


def of_object(row: Any) -> Iterator[Record | RowError]:
    """Yield the record of an object, and what is wrong with digests of it. Raises RowError if nothing is usable."""
    if isinstance(row, str):
        row = {"value": row}
    if not isinstance(row, dict):
        raise RowError("neither an object nor a hash")
    if isinstance(row.get("content"), dict) and isinstance(row.get("type"), str) and "." in row["type"]:
        row = _of_event(row)
    elif isinstance(row.get("attributes"), dict):
        row = {"id": row.get("id"), **row["attributes"]}  # as JSON:API wraps it
    elif stix.is_object(row):
        yield from _of_stix(row)
        return
    yield from of_row(row, plan_of(row))


def _of_stix(found: dict[str, Any]) -> Iterator[Record | RowError]:
    if not stix.holds_hashes(found):
        if not says_child(found):
            raise stix.error_of(found)
        yield Record(found["id"], withdrawn=True, child=True)
        return
    row = stix.row(found)
    where = plan_of(row)
    try:
        yield from of_row(row, where)
    except RowError:
        if where.holds_digests and row.get("hashes", True):
            raise
        raise stix.error_of(found) from None


def _of_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return the row in an event of a policy list of Matrix: without content it is taken back."""
    row = {"id": event.get("state_key") or event.get("event_id"), **event["content"]}
    if not event["content"]:
        row["withdrawn"] = True
    if joined(event["type"]) == "mpdqhash":
        row["type"] = event["type"]
    return row


def of_row(row: Any, where: Plan) -> Iterator[Record | RowError]:
    """Yield the record of a row whose names were looked at, and what is wrong with digests of it.

    Raises RowError if nothing of it is usable.
    """
    found = Digests()
    child = any(children.speaks_of_child(row[key], how) for key, how in where.children)
    if where.children and not child and "mediaid" in where.names:
        child = any(
            children.is_row_of_vics(where.names, row[key]) for key, how in where.children if how is children.Field.CLASS
        )
    if not child and isinstance(row, dict):
        child = any(speaks_of_child(part) for part in row.values() if isinstance(part, dict | list))
    collect(row, where, found)
    if _OF_NCMEC & where.names and ("pdna" in where.names or "pdna" in found.passed):
        child = True  # nobody else writes PhotoDNA so beside these
    gone = is_gone(row, where)
    try:
        name = id_of(first(row, where.ids)) if "entitykey" not in where.names else None  # there the id is the change's
    except RowError:
        if not child:
            raise
        name = None
    signals, files = tuple(found.signals), found.files
    if child:
        yield Record(name, signals, files, withdrawn=True, child=True)
        return
    said, all_say_no = opinions.of_row(row, where.names) if isinstance(row, dict) else ((), False)
    gone = gone or all_say_no
    if not signals and not files and not (gone and name is not None):
        raise _named(found.error(), name)
    if "mpdqhash" in where.names or any(joined(str(row[key])) == "mpdqhash" for key in where.types):
        try:
            signals = _good(signals)
        except RowError as error:
            raise _named(error, name) from None
    change = bool(OF_CHANGES & where.names)
    yield Record(name, signals, files, gone, said, False, tuple(found.passed), change, found.unnamed)
    yield from found.errors if signals or files else ()
    if where.states and not gone and is_unknown(row, where):
        yield NoteError(UNKNOWN_STATE)


def says_child(found: dict[str, Any]) -> bool:
    """Return whether an object says of itself, in its own fields or deeper, that it is of child abuse."""
    return any(
        (how := children.field_named(str(name))) is not None and children.speaks_of_child(value, how)
        for name, value in found.items()
    ) or speaks_of_child(found)


def speaks_of_child(part: Any, depth: int = 0) -> bool:
    """Return whether an object in a row, or one of an array, is tagged as child abuse."""
    if depth > MAX_DEPTH:
        return False
    if isinstance(part, list):
        return any(speaks_of_child(value, depth + 1) for value in part[:1000] if isinstance(value, dict | list))
    return any(
        ((how := children.field_named(str(name))) is not None and children.speaks_of_child(value, how))
        or (isinstance(value, dict | list) and speaks_of_child(value, depth + 1))
        for name, value in part.items()
    )


def _named(error: RowError, name: str | None) -> RowError:
    """Return what is wrong with a row, with the list's own name of it."""
    error.id = name
    return error


def _good(signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    good = tuple(part for part in signals if part.type != "pdq" or part.quality >= LEAST_QUALITY)
    if signals and not good:
        raise NotOursError(f"its quality is below {LEAST_QUALITY}: too little to tell it by")
    return good
