"""MISP: events, attributes and objects as JSON. Each attribute of a hash is a row, an object with hashes one row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.lists.names import FOREIGN, OURS, joined

SAMPLE = "malware-sample"  # a name and an MD5
NO_HASH = "no hash"


def rows_of(found: Any) -> Iterator[dict[str, Any]] | None:
    """Return the rows of an event, of an answer or of an object of MISP; None if it is nothing of MISP's."""
    if found.__class__ is not dict:
        return None
    if found.get("response").__class__ is dict:
        return rows_of(found["response"])
    if found.get("Event").__class__ is dict:
        return _of_event({**found["Event"], **{key: found[key] for key in ("Attribute", "Object") if key in found}})
    if any(_are_dicts(found.get(key)) for key in ("Attribute", "Object")):
        return _of_object(found) if "Object" not in found and "meta-category" in found else _of_event(found)
    if found.get("Attribute").__class__ is dict:  # as one attribute is answered
        return iter((_of_attribute(found["Attribute"], [], ""),))
    return None


def _are_dicts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, dict) for part in value)


def _of_event(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of an event, each with what the event is tagged with: that is said of all in it."""
    tags, about = _list(event.get("Tag")), event.get("info") or ""
    for attribute in _dicts(event.get("Attribute")):
        yield _of_attribute(attribute, tags, about)
    for part in _dicts(event.get("Object")):
        for row in _of_object(part):
            yield {**row, "Tag": [*row["Tag"], *tags], "info": about}


def _of_attribute(attribute: dict[str, Any], tags: list[Any], about: Any) -> dict[str, Any]:
    event = attribute.get("Event")
    about = about or (event.get("info") if isinstance(event, dict) else "")
    row = {key: value for key, value in attribute.items() if key not in ("id", "Event", "Tag", "object_relation")}
    return {**row, "Tag": [*_list(attribute.get("Tag")), *tags], "info": about}


def _of_object(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the one row of an object: hashes of one media. What is not for detection, or deleted, is left out of it."""
    hashes: dict[str, list[str]] = {}
    other: dict[str, Any] = {}
    tags: list[Any] = _list(found.get("Tag"))
    words: list[str] = []
    for attribute in _dicts(found.get("Attribute")):
        said = str(attribute.get("type", ""))
        value = str(attribute.get("value", ""))
        kind = kind_of(said, str(attribute.get("object_relation", "")))
        tags += _list(attribute.get("Tag"))
        words += [str(attribute.get("comment", ""))]
        if kind is None:
            words.append(value[:2_000])
        elif is_on(attribute):
            hashes.setdefault(kind, []).append(value.rpartition("|")[2])
        else:
            other["withdrawn"] = True
    if hashes:
        other.clear()
    elif not other:
        other = {"value": NO_HASH, "type": "object"}
    deleted = {"deleted": found["deleted"]} if "deleted" in found else {}
    about = {"comment": found.get("comment", ""), "notes": [word for word in words if word]}
    yield {"uuid": found.get("uuid"), **hashes, **other, **deleted, **about, "name": found.get("name"), "Tag": tags}


def kind_of(said: str, relation: str) -> str | None:
    """Return the kind of hash of a type: `sha256`, `filename|sha256`, `malware-sample`; None if it is another thing."""
    if said == SAMPLE:
        return "md5"
    for name in (said.rpartition("|")[2], relation if relation in ("pdq", "phash") else ""):
        whole = joined(name)
        if whole in OURS or whole in FOREIGN:
            return OURS.get(whole, whole)
    return None


def is_on(attribute: dict[str, Any]) -> bool:
    """Return whether an attribute is meant for detection and is not deleted."""
    return str(attribute.get("to_ids", True)).lower() not in ("false", "0") and str(
        attribute.get("deleted", False)
    ).lower() in ("false", "0")


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    return (part for part in _list(value) if isinstance(part, dict))
