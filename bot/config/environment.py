"""Variables named GIFWARDEN_… → settings by their path. A name that is no setting is a mistake, not a shrug."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.config.kinds import Section
from bot.config.sections import Config, ExchangeConfig, HostConfig, SubredditConfig
from bot.config.wanted import closest, wanted
from bot.errors import ConfigError, Gathered, unreadable

PREFIX = "GIFWARDEN_"
NOT_SETTINGS = frozenset({"GIFWARDEN_CONFIG", "GIFWARDEN_STORAGE__KEY"})
NAMED: Mapping[str, type[Section]] = {
    "subreddits": SubredditConfig,
    "hosts": HostConfig,
    "exchanges": ExchangeConfig,
}
"""Sections that hold one section for each name."""
# what Docker and Kubernetes put into the environment of everything beside a service called gifwarden-…
_ORCHESTRATION = re.compile(r"_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)\Z|_PORT_[0-9]+_(TCP|UDP)(_(PROTO|PORT|ADDR))?\Z")
_ENDPOINT = re.compile(r"(tcp|udp)://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One setting of the environment."""

    name: str
    path: tuple[str, ...]
    text: str


def model_of(section: str) -> type[Section]:
    """Return the declaration of a section's keys; of one with names: of each of them."""
    model = NAMED.get(section) or Config.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, Section)
    return model


def read_by_others(path: Path, mode: int, environ: Mapping[str, str]) -> bool:
    """Return whether others than its owner and the service can read a secret file of this mode.

    systemd gives a service its credentials with an access list, of which the group's bit of the mode is the mask, in a
    folder that the service alone may enter.
    """
    theirs = stat.S_IRWXG | stat.S_IRWXO
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    if credentials and path.absolute().parent == Path(credentials):
        theirs &= ~stat.S_IRGRP
    return bool(mode & theirs)


def private_text(path: Path, environ: Mapping[str, str]) -> str:
    """Read a file that holds a secret. Raises ConfigError if it is missing or others may read it."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(unreadable(path, error)) from None
    except (UnicodeDecodeError, ValueError):
        raise ConfigError(f"{path} does not hold text; write the secret into it as one line") from None
    if read_by_others(path, mode, environ):
        raise ConfigError(f"{path} holds a secret and others can read it; run: chmod 600 {path}")
    return text


def variables(environ: Mapping[str, str], found: Gathered) -> Iterator[Variable]:
    """Yield the settings of the environment, those of files last; what is wrong goes to `found`."""
    own = [
        name
        for name in sorted(environ)
        if name.startswith(PREFIX)
        and name not in NOT_SETTINGS
        and not _ORCHESTRATION.search(name)
        and not _ENDPOINT.match(environ[name])
    ]
    for name in own:
        path, is_file = _path(name)
        if path is None:
            found.add(f"${name} is not a setting; {_hint(name)}")
            continue
        if not is_file:
            yield Variable(name=name, path=path, text=environ[name])
            continue
        if not environ[name]:
            found.add(f"${name} names no file; write its path, or remove the variable")
            continue
        try:
            text = private_text(Path(environ[name]), environ).strip()
        except ConfigError as error:
            found.add(*(f"${name}: {mistake}" for mistake in error.mistakes))
            continue
        if not text:
            found.add(f"${name}: {environ[name]} is empty; write the value into it")
        yield Variable(name=name, path=path, text=text)


def _path(name: str) -> tuple[tuple[str, ...] | None, bool]:
    """Return the path of a variable's setting (None: there is none) and whether the variable names a file."""
    section, *names = name.removeprefix(PREFIX).lower().split("__")
    if section not in Config.model_fields or not names or not all(names):
        return None, False
    keys = model_of(section).model_fields
    if len(names) == 2 and section == "orders" and names[0] == "reasons":
        return (section, *names), False
    if len(names) != (2 if section in NAMED else 1):
        return None, False
    key = names[-1]
    if key in keys:
        return (section, *names), False
    bare = key.removesuffix("_file")
    return ((section, *names[:-1], bare), True) if bare != key and bare in keys else (None, False)


def _hint(name: str) -> str:
    known = [f"{PREFIX}CONFIG", f"{PREFIX}STORAGE__KEY"]
    middle = re.fullmatch(rf"{PREFIX}({'|'.join(NAMED)})_+([A-Z0-9]\w*?)__\w+", name, re.IGNORECASE)
    for section in Config.model_fields:
        if section in NAMED and middle is None:
            continue
        where = f"{section}__{middle[2]}" if section in NAMED and middle else section
        for key in model_of(section).model_fields:
            plain = f"{PREFIX}{where}__{key}".upper()
            known += [plain, f"{plain}_FILE"] if wanted(model_of(section), key).form == "secret" else [plain]
    near = closest(name.lower(), known) if len(name) <= 60 else None
    if near:
        return f"did you mean ${near}?"
    return f"a variable is named ${PREFIX}SECTION__KEY, with two _ between, such as $GIFWARDEN_LOG__LEVEL"
