"""STIX 2: indicators whose pattern names hashes of files, and file observables. Other objects hold no hash for us."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from bot.lists.names import kind_named
from bot.lists.record import NotOursError

NO_HASH = "an object of STIX that is neither an indicator of a file's hash nor a file"
NO_PATTERN = "a STIX indicator whose pattern names no hash of a file"
MAX_REFS = 100_000  # objects of one document that a report calls child abuse
_ID = re.compile(r"([a-z0-9-]{2,60})--[0-9A-Za-z-]{1,60}")
# A path of an object, a text, a word or a mark. What stands in a text is no path.
_TOKEN = re.compile(
    r"""(?P<path>[a-z0-9-]{1,60}:[A-Za-z0-9_-]+(?:\.(?:[\w-]+|'[^'\\]*'|"[^"]*")|\[[\d*]+\])*)"""
    r"""|'(?P<text>(?:[^'\\]|\\.)*)(?:'|\\?\Z)|(?P<word>[A-Za-z]+)|(?P<mark>!=|==?|<>|[<>()\[\]])""",
    re.DOTALL,
)
_HASHES = re.compile(r"""(?:file|artifact|x-[\w-]+):(?:content_ref\.)?hashes\.(?:'([^']+)'|"([^"]+)"|([\w-]+))""")
_OF_FILES = frozenset(("indicator", "file", "artifact", "observed-data"))
_OF_OTHERS = frozenset(("report", "grouping", "note", "opinion"))  # they speak of objects by their ids


def is_object(found: dict[str, Any]) -> bool:
    """Return whether this is an object of STIX: its id begins with its type."""
    kind, name = found.get("type"), found.get("id")
    return (
        isinstance(kind, str)
        and isinstance(name, str)
        and (match := _ID.fullmatch(name)) is not None
        and match[1] == kind
    )


def refs(found: dict[str, Any]) -> list[str]:
    """Return of which objects a report or grouping speaks."""
    if not (is_object(found) and found["type"] in _OF_OTHERS and isinstance(found.get("object_refs"), list)):
        return []
    return [ref for ref in found["object_refs"][:MAX_REFS] if isinstance(ref, str)]


def row(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object that `holds_hashes` as a row of names and values.

    A later version of an object stands in its place, so it is a line of a log.
    """
    kind = found["type"]
    kept = {name: value for name, value in found.items() if name not in ("type", "pattern", "objects", "hashes")}
    kept["sequence"] = found.get("modified", "")
    if kind == "indicator":
        if found.get("pattern_type", "stix") == "stix" and isinstance(found.get("pattern"), str):
            kept |= of_pattern(found["pattern"])
        if found.get("indicator_types") == ["benign"]:
            kept["withdrawn"] = True
    elif kind != "observed-data":
        kept["hashes"] = found.get("hashes")
    elif isinstance(found.get("objects"), dict):  # of STIX 2.0
        kept["files"] = [
            _pair(part["hashes"])
            for part in found["objects"].values()
            if isinstance(part, dict) and part.get("type") == "file" and isinstance(part.get("hashes"), dict)
        ]
    return kept


def holds_hashes(found: dict[str, Any]) -> bool:
    """Return whether an object is of a type whose hashes are of files."""
    return found["type"] in _OF_FILES or found["type"].startswith("x-")


def error_of(found: dict[str, Any]) -> NotOursError:
    """Return why nothing of an object is taken."""
    error = NotOursError(NO_PATTERN if found["type"] == "indicator" else NO_HASH)
    error.id = found["id"]
    return error


def _pair(hashes: dict[str, Any]) -> dict[str, Any]:
    return {kind: value for name, value in hashes.items() if (kind := kind_named(name)) in ("md5", "sha256")}


def of_pattern(pattern: str) -> dict[str, list[str]]:
    """Return the hashes of files that a pattern compares with, by kind; what it excludes is none of them."""
    found: dict[str, list[str]] = {}
    for kind, value in _compared(pattern):
        found.setdefault(kind, []).append(value)
    return found


def _compared(pattern: str) -> Iterator[tuple[str, str]]:
    kind: str | None = None
    operator = ""
    for token in _TOKEN.finditer(pattern):
        if path := token["path"]:
            match = _HASHES.fullmatch(path)
            named = next(name for name in match.groups() if name) if match else ""
            kind, operator = kind_named(named) if match else None, ""
        elif token["text"] is not None:
            if kind and operator in ("=", "==", "IN"):
                yield kind, token["text"]
            if operator != "IN":
                kind = None
        elif word := (token["word"] or token["mark"]):
            if word in ("(", ")"):
                continue
            if word.upper() in ("AND", "OR", "FOLLOWEDBY", "[", "]"):
                kind, operator = None, ""
            elif operator != "NOT":
                operator = word.upper()


def flat(elements: Iterable[Any], tagged: set[str]) -> Iterator[Any]:
    """Yield elements, and those of bundles in their place."""
    for element in elements:
        if element.__class__ is dict and element.get("type") == "bundle" and isinstance(element.get("objects"), list):
            yield from flat(element["objects"], tagged)
        elif tagged and element.__class__ is dict and is_object(element) and element["id"] in tagged:
            yield {**element, "tags": "csam"}
        else:
            yield element
