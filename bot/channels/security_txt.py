"""RFC 9116 `security.txt`: a stranger's text → contacts in order of preference, and what is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.clock import day

PATH = "/.well-known/security.txt"
MAX_CHARS = 32_768  # a longer one is cut off: what comes first is preferred
MAX_CONTACTS = 10
MAX_VALUE = 300

_BEGIN, _SIGNATURE, _END = (
    f"-----{word}-----" for word in ("BEGIN PGP SIGNED MESSAGE", "BEGIN PGP SIGNATURE", "END PGP SIGNATURE")
)
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:[ \t]*(\S.*)")
_LANGUAGE = re.compile(r"([a-z]{2,3})(-[a-z0-9-]{1,20})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityTxt:
    """What a security.txt says. `faults`: a sentence's end for each thing that is wrong with it."""

    contacts: tuple[str, ...] = ()  # as written, in order of preference
    policy: str | None = None
    languages: tuple[str, ...] = ()  # ISO 639-1, as far as they are
    expires: datetime | None = None
    signed: bool = False  # it says so; nobody checked the signature
    faults: tuple[str, ...] = ()


def parse(text: str, *, url: str, now: datetime) -> SecurityTxt | None:
    """Return what a file says that was found at `url`; None if it is no security.txt, which names a contact."""
    faults: list[str] = []
    if len(text) > MAX_CHARS:
        text = text[:MAX_CHARS]
        faults.append(f"has more than {MAX_CHARS} characters, of which the rest is not read")
    lines, signed = _body(text.removeprefix("\ufeff").splitlines(), faults)
    found: dict[str, list[str]] = {}
    for line in lines:
        if field := _FIELD.fullmatch(line.strip()):
            found.setdefault(field[1].lower(), []).append(field[2].strip())
    contacts = found.get("contact", [])
    if not contacts:
        return None
    if len(contacts) > MAX_CONTACTS:
        faults.append(f"names {len(contacts)} contacts, of which {MAX_CONTACTS} are read")
    expires = _expires(found.get("expires", []), now, faults)
    canonical = found.get("canonical", [])
    if canonical and url not in canonical:
        faults.append("says that it belongs to another address (Canonical)")
    named = found.get("preferred-languages", [])
    if len(named) > 1:
        faults.append("names its languages more than once")
    return SecurityTxt(
        contacts=tuple(one for one in contacts[:MAX_CONTACTS] if len(one) <= MAX_VALUE and one.isprintable()),
        policy=next((one for one in found.get("policy", []) if len(one) <= MAX_VALUE and one.isprintable()), None),
        languages=tuple(dict.fromkeys(_languages(named[0]))) if named else (),
        expires=expires,
        signed=signed,
        faults=tuple(faults),
    )


def _body(lines: list[str], faults: list[str]) -> tuple[list[str], bool]:
    """Return the lines that count, and whether they are framed as signed: then nothing outside the frame does."""
    stripped = [line.rstrip() for line in lines]
    if _BEGIN not in stripped:
        return lines, False
    start = stripped.index(_BEGIN) + 1
    if any(line and not line.startswith("#") for line in stripped[: start - 1]):
        faults.append("has text outside its signature, which is not read")
    while start < len(stripped) and stripped[start]:  # `Hash: …`, up to the empty line
        start += 1
    if _SIGNATURE not in stripped[start:]:
        faults.append("begins as signed and has no signature")
        end = len(lines)
    else:
        end = stripped.index(_SIGNATURE, start)
        if _END not in stripped[end:]:
            faults.append("has a signature without an end")
        elif any(stripped[stripped.index(_END, end) + 1 :]):
            faults.append("has text outside its signature, which is not read")
    return [line.removeprefix("- ") for line in lines[start:end]], True  # RFC 9580 7.2: dashes are escaped so


def _expires(values: list[str], now: datetime, faults: list[str]) -> datetime | None:
    if len(values) != 1:
        faults.append("says more than once when it expires" if values else "does not say when it expires")
        return None
    try:
        found = datetime.fromisoformat(values[0].upper())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        faults.append("says in no date that can be read when it expires")
        return None
    try:
        found = found.astimezone(UTC)
    except OverflowError:  # an offset at either end of the calendar
        faults.append("says in no date that can be read when it expires")
        return None
    if found <= now:
        faults.append(f"expired on {day(found)}")
    return found


def _languages(value: str) -> Iterator[str]:
    for one in value.split(",")[:20]:
        if (found := _LANGUAGE.fullmatch(one.strip())) and len(found[1]) == 2:
            yield found[1].lower()
