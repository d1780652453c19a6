"""JSON documents of any size: an array, an object with one in it, or a single row. Elements are read as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from pydantic_core import from_json

from bot.errors import UsageError
from bot.lists import children, misp, row, stix, vpdq
from bot.lists.digests import NESTED
from bot.lists.names import OURS, WHOLES, joined, kind_named
from bot.lists.plain import TOO_LONG
from bot.lists.record import HEX, Bad, Record, Row, RowError, Whole, bad, words
from bot.lists.shortcut import MAX_NAMES, plan_of, quick
from bot.lists.stream import BrokenError, Stream

# Keys whose array is the list.
LISTS = words("""
    data results hashrecords value items entries records indicators rows list hashlist changes ordereditems objects
    hashes media blocklist banned known contents bankcontents feed images videos events chunk threats threatupdates
    bank payload response body iocs collection elements documents docs hits
    """)
_IN_ROWS = frozenset(
    ("hashes", "media", "bank", "feed", "value", "collection", "videos", "images")
)  # they stand in rows, too
LOOKED_UP = "this is the answer to a look-up: it says what matched and holds no hashes, so it is no list"
_MATCH = frozenset(("bank_content_id", "distance"))
Told = Iterator[Record | RowError]


def read(parts: Iterable[str]) -> Iterator[Row]:
    """Yield a record or a bad row for each element. Raises UsageError if it is no JSON, or no list."""
    stream = Stream(parts)
    number = 0
    try:
        while mark := stream.peek():
            if mark in ",\x1e":
                stream.skip()
                continue
            rows = (
                _array(stream)
                if mark == "["
                else _object(stream)
                if mark == "{"
                else _rows_of([stream.value()], row.of_object)
            )
            for found in rows:
                if isinstance(found, int):
                    number = found
                    continue
                number += 1
                yield found
    except BrokenError as error:
        if not number:
            raise UsageError(str(error)) from None
        yield Bad(0, f"{error}; what stands behind that is not read")


def ndjson(parts: Iterable[str | None]) -> Iterator[Row]:
    """Yield a record or a bad row for each line that holds one JSON value."""
    tagged: set[str] = set()
    for number, line in enumerate(parts, 1):
        if line is None:
            yield Bad(number, TOO_LONG)
            continue
        try:
            found = from_json(line)
        except ValueError:
            text = line.strip(" \t\r\n\x00\x1e\ufeff")
            if not text or text[0] in "#/":
                continue
            try:
                found = from_json(text)
            except ValueError:
                yield Bad(number, "not JSON")
                continue
        if (record := quick(found)) is not None:
            yield record
            continue
        if (
            isinstance(found, dict)
            and len(found) < 4
            and any(value is True and joined(key) in WHOLES for key, value in found.items())
        ):
            yield Whole()
            continue
        for one in _flat((found,), tagged):
            try:
                for part in (
                    vpdq.of_array(one)
                    if _is_frames(one)
                    else _single(one)
                    if isinstance(one, dict)
                    else row.of_object(one)
                ):
                    yield part if isinstance(part, Record) else bad(number, part, part=True)
            except RowError as error:
                yield bad(number, error)
            except UsageError as error:
                yield Bad(number, str(error))


def _flat(elements: Iterable[Any], tagged: set[str]) -> Iterator[Any]:
    """Yield elements, and in the place of a bundle, an event, an answer or one of its pages those in it.

    Of which objects a report says that they are child abuse, that is said before it and behind it: `tagged` is of the
    whole document.
    """
    for element in stix.flat(elements, tagged):
        if element.__class__ is not dict:
            yield element
        elif (rows := misp.rows_of(element)) is not None:
            yield from rows
        elif (within := _within(element)) is not None:
            yield from within
        else:
            yield element
            if (refs := stix.refs(element)) and row.says_child(element):
                tagged.update(refs)
                yield from ({"id": ref, "tags": "csam"} for ref in refs)


def _within(found: dict[str, Any]) -> Iterable[Any] | None:
    """Return the rows of an object that is none itself: a page of an answer, or rows by their names; None of others.

    A row that holds others keeps them: their states would be lost with it, and its own with them.
    """
    parts = found.values()
    if not any(isinstance(part, dict | list) for part in parts):
        return None
    if all(isinstance(part, dict) for part in parts) and not vpdq.is_object(found):
        named = any(joined(name) in NESTED or joined(name) in LISTS or kind_named(name) for name in found)
        return None if named or not all(map(_holds, islice(parts, MAX_NAMES))) else parts
    if len(found) >= MAX_NAMES or plan_of(found).ids or plan_of(found).holds_digests or _is_of_children(found):
        return None
    for name, part in found.items():
        if isinstance(part, list) and joined(name) in LISTS and joined(name) not in _IN_ROWS:
            rows = all(isinstance(one, dict) and plan_of(one).ids for one in part[:MAX_NAMES])
            return part if rows else None
    return None


def _rows_of(elements: Iterable[Any], one: Callable[[Any], Told], *, all_children: bool = False) -> Iterator[Row]:
    for number, element in enumerate(_flat(elements, set()), 1):
        if not all_children and (record := quick(element)) is not None:
            yield record
            continue
        try:
            for part in one(element):
                if isinstance(part, RowError):
                    yield bad(number, part, part=True, item=True)
                else:
                    yield part._replace(child=True, withdrawn=True) if all_children else part
        except RowError as error:
            yield Record(child=True, withdrawn=True) if all_children else bad(number, error, item=True)


def _array(stream: Stream) -> Iterator[Row]:
    """Yield the rows of an array: hashes, objects, or the frames of one video."""
    elements = stream.elements()
    first = next(elements, None)
    if first is None:
        return
    every = chain((first,), elements)
    if vpdq.is_frame(first):
        yield from _rows_of([every], vpdq.of_array)
    else:
        yield from _rows_of(every, _element)


def _element(found: Any) -> Told:
    if _is_frames(found):
        return vpdq.of_array(found)
    if isinstance(found, dict) and found.keys() >= _MATCH and not _holds(found):
        raise UsageError(LOOKED_UP)
    return vpdq.of_object(found) if vpdq.is_object(found) else row.of_object(found)


def _is_frames(found: Any) -> bool:
    return isinstance(found, list) and bool(found) and vpdq.is_frame(found[0])


def _object(stream: Stream) -> Iterator[Row]:
    """Yield the rows of an object: those of the array in it, or itself."""
    rest: dict[str, Any] = {}
    streamed = False
    for name in stream.names():
        kind = kind_named(name) if stream.peek() == "[" else None
        if stream.peek() == "[" and (kind in OURS.values() or (joined(name) in LISTS and not _is_in_row(name, rest))):
            streamed = True
            marked = _is_of_children(rest)

            def one(found: Any, kind: str | None = kind) -> Told:
                return row.of_object({kind: found}) if kind and isinstance(found, str) else _element(found)

            yield from _rows_of(stream.elements(), one, all_children=marked)
        else:
            rest[name] = stream.value()
    if any(value is True and joined(name) in WHOLES for name, value in list(rest.items())[:MAX_NAMES]):
        yield Whole()
        if len(rest) == 1:
            return
    if not streamed:
        yield from (
            _rows_of([rest], _single)
            if misp.rows_of(rest) is not None or not (found := _rows_in(rest))
            else _rows_of(found, _element, all_children=_is_of_children(rest))
        )


def _is_in_row(name: str, rest: dict[str, Any]) -> bool:
    """Return whether an array of this name belongs to a row, which has said an id or a hash before it."""
    where = plan_of(rest)
    return joined(name) in _IN_ROWS and bool(where.ids or where.holds_digests)


def _rows_in(found: Any, depth: int = 0) -> list[Any] | None:
    """Return the array of rows that stands deeper in an object, if the object is no row itself."""
    if not isinstance(found, dict) or depth > 3 or len(found) > MAX_NAMES or plan_of(found).kinds:
        return None
    for name, value in found.items():
        if joined(name) not in LISTS:
            continue
        if depth and isinstance(value, list) and value and isinstance(value[0], dict):
            return value
        if (inner := _rows_in(value, depth + 1)) is not None:
            return inner
    return None


def _is_of_children(rest: dict[str, Any]) -> bool:
    """Return whether what stands about the list says that all of it is child abuse."""
    context = str(rest.get("@odata.context") or rest.get("odata.metadata") or "").lower()
    if "projectvic" in context or "/vics" in context or "vicsdatamodel" in context:
        return True
    return any(
        (how := children.field_named(name)) and children.speaks_of_child(value, how)
        for name, value in list(rest.items())[:MAX_NAMES]
        if not isinstance(value, int | float)
    )


def _single(found: dict[str, Any]) -> Told:
    """Yield the record of an object: a row, a video, or hashes by name. Raises UsageError for what is no list."""
    plain = not any(value.__class__ in (dict, list) for value in found.values())
    if plain and _holds(found):
        yield from row.of_object(found)
        return
    if vpdq.is_object(found):
        yield from vpdq.of_object(found)
        return
    if _is_looked_up(found):
        raise UsageError(LOOKED_UP)
    if (isinstance(found.get("error"), dict | str) or isinstance(found.get("message"), str)) and not _holds(found):
        raise UsageError("this is what a server said of an error, not a list; ask it again and look at what it answers")
    if found and not _holds(found) and all(_is_digest(name) for name in found):
        for name, value in found.items():
            about = value if isinstance(value, dict) else {"tags": value} if isinstance(value, str | list) else {}
            yield from row.of_object({**about, "hash": name})
    elif found and not _holds(found) and all(_is_digest(value) for value in found.values()):
        for value in found.values():
            yield from row.of_object({"hash": value})
    else:
        yield from row.of_object(found)


def _holds(found: dict[str, Any]) -> bool:
    return len(found) < MAX_NAMES and plan_of(found).holds_digests


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and len(value) in (32, 40, 64) and set(value) <= HEX


def _is_looked_up(found: dict[str, Any], depth: int = 0) -> bool:
    """Return whether an object is what HMA answers to a look-up: banks, and in each the contents that matched."""
    for name, value in list(found.items())[:20]:
        if isinstance(value, list) and value:
            if isinstance(value[0], dict) and _MATCH & value[0].keys() and not _holds(value[0]):
                return True
            if name == "matches" and isinstance(value[0], int):
                return True
        elif isinstance(value, dict) and depth < 2 and _is_looked_up(value, depth + 1):
            return True
    return False


def is_json(text: str) -> bool:
    """Return whether a line is one JSON value by itself: an object or an array."""
    try:
        return isinstance(from_json(text), dict | list)
    except ValueError:
        return False
