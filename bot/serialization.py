"""Nouns to plain JSON data and back, for the database and for `--json`. HTML entities undone."""

from __future__ import annotations

import html
import json
import re
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")

_HALF = re.compile("[\ud800-\udfff]")
_NUMBERED = re.compile(r"&#[0-9]{1000,};?")  # Python makes no number of some thousand digits


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def encodable(value: Any) -> Any:
    """Return JSON data in which half characters (lone surrogates, which JSON may carry) are replaced by U+FFFD.

    No file, database or terminal takes them.
    """
    if isinstance(value, str):
        return value if value.isascii() else _HALF.sub("\ufffd", value)
    try:
        # whether there is any is found a few times sooner than each text is looked through, and hardly ever is there
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return _without_halves(value)
    return value


def _without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_halves(item) for item in value]
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(item) for key, item in value.items()}
    return value


def unescaped(text: str) -> str:
    """Return a text with its HTML entities undone; a character by a number too long for one becomes U+FFFD."""
    return html.unescape(_NUMBERED.sub("\ufffd", text))


def to_json_data(value: Any) -> Any:
    """Return a noun as dicts, lists, strings and numbers; moments become ISO 8601."""
    return _adapter(type(value)).dump_python(value, mode="json")


def dumps(value: Any) -> str:
    """Return a noun as compact JSON text."""
    return json.dumps(to_json_data(value), ensure_ascii=False, separators=(",", ":"))


def loads(kind: type[T], text: str) -> T:
    """Return the noun that `dumps` wrote. Raises ValueError (pydantic's) if the text is not one."""
    return _adapter(kind).validate_json(text)  # type: ignore[no-any-return]  # an adapter of `kind` yields `kind`
