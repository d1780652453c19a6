"""Where each host takes reports: data in `contacts.toml`, which an operator can edit or replace."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from bot.errors import ConfigError, unreadable

SHIPPED = Path(__file__).parent / "contacts.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A host's report channel. What is not known is None: an address is never guessed."""

    email: str | None = None  # for notices
    form: str | None = None  # URL of a form for people
    policy: str | None = None  # URL of the rules that a notice can refer to
    verified_on: date | None = None  # when the entry was last checked against the host's own words
    note: str = ""


def contact(name: str, path: Path = SHIPPED) -> Contact:
    """Return a host plug's report channel, all unknown if the file has no section for it.

    Raises ConfigError if the file cannot be read or a value is of the wrong kind.
    """
    try:
        with path.open("rb") as file:
            section = tomllib.load(file).get(name, {})
    except OSError as error:
        raise ConfigError(unreadable(path, error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    if not isinstance(section, dict):
        raise ConfigError(f"{name} in {path} is not a section; write [{name}]")
    known = {field.name for field in fields(Contact)}
    for key, value in section.items():
        if key not in known:
            raise ConfigError(f"{name}.{key} in {path} is not a setting; known here: {', '.join(sorted(known))}")
        if type(value) is not (date if key == "verified_on" else str):
            kind = "a date such as 2026-11-22" if key == "verified_on" else "text"
            raise ConfigError(f"{name}.{key} in {path} is not {kind}")
    # An empty text is how a person blanks a line.
    return Contact(**{key: value for key, value in section.items() if value != ""})
