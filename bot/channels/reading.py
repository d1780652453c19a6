"""TOML → channels and bodies, sparse: an operator's file can lie over what is shipped. Every mistake at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from bot.config import is_address
from bot.errors import AcquireError, ConfigError, unreadable
from bot.fetch import check_url, host_of
from bot.model import Body, Channel

MAX_BYTES = 1 << 20
Sparse = dict[str, dict[str, Any]]
"""What a file says: section → field of the noun → value."""

_KINDS: dict[type[Any], dict[str, tuple[Any, Any]]] = {}
_BLANK: tuple[Any, ...] = ("", [])  # how a person empties a line of what is shipped
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_SECTION = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}")


class _Wrong(Exception):
    """What a value should be."""


def read(path: Path, noun: type[Channel] | type[Body]) -> Sparse:
    """Return what the file says of each channel or body.

    Raises ConfigError with a sentence for every mistake.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(unreadable(path, error)) from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path} has more than {MAX_BYTES} bytes, which no file of channels has")
    try:
        tables = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:  # also what is not UTF-8
        raise ConfigError(f"{path} is not TOML: {error}") from None
    mistakes: list[str] = []
    found: Sparse = {}
    for name, table in tables.items():
        if not _SECTION.fullmatch(name):
            mistakes.append(f"{name!r:.80} in {path} cannot name a section; take small letters, digits, dots and -")
        elif not isinstance(table, dict):
            mistakes.append(f"{name} in {path} is not a section; write [{name}]")
        else:
            found[name] = _values(table, noun, name, path, mistakes)
    if mistakes:
        raise ConfigError(*mistakes, where=str(path))
    return found


def _values(table: Mapping[str, Any], noun: type[Any], name: str, path: Path, mistakes: list[str]) -> dict[str, Any]:
    """Return the fields that a table gives, converted; what is blank has the field's default."""
    kinds = _kinds(noun)
    found: dict[str, Any] = {}
    for key, value in table.items():
        if noun is Channel and key == "form" and "forms" not in table:  # one of which no more is known
            key, value = "forms", [{"url": value}] if value != "" else []
        if key not in kinds:
            mistakes.append(f"{name}.{key} in {path} is not a setting; known here: {', '.join(sorted(kinds))}")
            continue
        if value in _BLANK and kinds[key][1] is not MISSING:
            found[key] = kinds[key][1]
            continue
        try:
            found[key] = _value(value, kinds[key][0], key, f"{name}.{key}", path, mistakes)
        except _Wrong as wrong:
            mistakes.append(f"{name}.{key} in {path} is not {wrong}")
    return found


def _kinds(noun: type[Any]) -> dict[str, tuple[Any, Any]]:
    """Return the type and default of each field that a file may give."""
    if noun not in _KINDS:
        hints = get_type_hints(noun)
        named = noun in (Channel, Body)  # by their section
        _KINDS[noun] = {
            one.name: (hints[one.name], one.default) for one in fields(noun) if one.name != "name" or not named
        }
    return _KINDS[noun]


def _value(value: Any, kind: Any, key: str, where: str, path: Path, mistakes: list[str]) -> Any:
    """Return a value as the noun has it. Raises _Wrong with what it must be; what is wrong within is added."""
    if get_origin(kind) is UnionType:  # `X | None`: absent is None, so what is there is X
        kind = next(one for one in get_args(kind) if one is not NoneType)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise _Wrong("a list")
        inner = get_args(kind)[0]
        return tuple(_value(one, inner, key, f"{where}[{place}]", path, mistakes) for place, one in enumerate(value, 1))
    if get_origin(kind) is Literal:
        return _word(value, get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(_word(value, tuple(kind)))
    if hasattr(kind, "__dataclass_fields__"):
        return _noun(value, kind, where, path, mistakes)
    if kind is date:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise _Wrong("a date such as 2026-11-22")
        return value
    if type(value) is not kind:
        raise _Wrong({str: "text", bool: "true or false", int: "a whole number"}[kind])
    if kind is str and (judge := _JUDGES.get(key)):
        judge(value)
    return value


def _noun(value: Any, kind: type[Any], where: str, path: Path, mistakes: list[str]) -> Any:
    if not isinstance(value, dict):
        raise _Wrong(f"a table; write [[{where.partition('[')[0]}]]")
    before = len(mistakes)
    found = _values(value, kind, where, path, mistakes)
    needed = [one.name for one in fields(kind) if one.default is MISSING]
    mistakes.extend(f"{where} in {path} lacks {one}" for one in needed if one not in value)
    # a noun with mistakes is never used: the file is refused as a whole
    return kind(**found) if len(mistakes) == before else None


def _word(value: Any, words: tuple[str, ...]) -> str:
    if value not in words:
        raise _Wrong(f"one of {', '.join(words)}")
    return str(value)


def _address(value: str) -> None:
    if not is_address(value):
        raise _Wrong("an e-mail address such as abuse@example.org")


def _web(value: str) -> None:
    if not web_address(value):
        raise _Wrong("an address such as https://example.org/report")


def _domain(value: str) -> None:
    if domain_of(value) != value:
        raise _Wrong("a domain such as example.org, in small letters, an international one as xn--…")


def _country(value: str) -> None:
    if not _COUNTRY.fullmatch(value):
        raise _Wrong("a country's two letters such as DE")


def _language(value: str) -> None:
    if not _LANGUAGE.fullmatch(value):
        raise _Wrong("a language's two letters such as en")


def web_address(text: str) -> bool:
    """Return whether a text is an https address of the public internet that can be shown and opened as it is."""
    try:
        return text.startswith("https://") and text.isprintable() and " " not in text and bool(check_url(text))
    except AcquireError:
        return False


def domain_of(text: str) -> str | None:
    """Return the domain of a web address or a bare name, in small ASCII letters; None if none of the internet's."""
    try:
        return host_of(check_url(text if "://" in text else f"https://{text.strip()}"))
    except AcquireError:
        return None


_JUDGES: dict[str, Callable[[str], None]] = {
    "email": _address, "email_elsewhere": _address, "url": _web, "policy": _web, "web": _web, "form": _web,
    "domains": _domain, "languages": _language, "established": _country, "represented": _country,
    "not_in": _country, "country": _country,
}  # fmt: skip
