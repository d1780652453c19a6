"""Writes what a person accepted into the operator's `channels.toml`, beside whatever they wrote there themselves."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from bot.channels.reading import read
from bot.errors import UsageError, file_fault, unreadable
from bot.model import Channel

HEAD = "# What you know better than the program of where hosts take notices; see docs/channels.md.\n"

Value = str | date | tuple[str, ...]


def write(path: Path, name: str, values: Mapping[str, Value]) -> None:
    """Set these keys of a section, and leave all else as it stands. The file is whole or as it was at any moment.

    Raises UsageError, with the lines to write by hand, if the file is written in a way that this does not understand.
    """
    lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else HEAD
    except OSError as error:
        raise UsageError(unreadable(path, error)) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8") from None
    after = _with(before, name, lines, frozenset(values))
    folder = path.resolve().parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, place = tempfile.mkstemp(dir=folder, prefix=".channels-", suffix=".toml")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {file_fault(error)}") from None
    fresh = Path(place)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            fresh.chmod(path.stat().st_mode & 0o777)
        _check(path, fresh, name, values, lines)
        fresh.replace(path.resolve())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {file_fault(error)}") from None
    finally:
        fresh.unlink(missing_ok=True)


def _check(path: Path, fresh: Path, name: str, values: Mapping[str, Value], lines: list[str]) -> None:
    """Raise UsageError unless the new file says what it should and all else as before."""
    try:
        found = read(fresh, Channel)
        before = read(path, Channel) if path.exists() else {}
    except UsageError as error:
        sentences = [mistake.replace(str(fresh), str(path)) for mistake in error.mistakes]
        raise UsageError(*sentences, where=str(path)) from None
    ours = values.keys() | ({"forms"} if "form" in values else set())
    said, was = found.pop(name, {}), before.pop(name, {})
    others = [{key: value for key, value in one.items() if key not in ours} for one in (said, was)]
    if (
        found != before
        or others[0] != others[1]
        or any(said.get(key) != values[key] for key in values if key != "form")
    ):
        raise UsageError(
            f"{path} is written in a way that is not changed by itself; put into [{name}]: {'; '.join(lines)}"
        )


def _with(text: str, name: str, lines: list[str], keys: frozenset[str]) -> str:
    rows = text.splitlines()
    heading = re.compile(rf"\s*\[\s*(?:{re.escape(name)}|\"{re.escape(name)}\"|'{re.escape(name)}')\s*\]\s*(?:#.*)?")
    start = next((place for place, row in enumerate(rows) if heading.fullmatch(row)), None)
    if start is None:
        return "\n".join([*rows, "", f"[{_key(name)}]", *lines, ""])
    end = next((place for place in range(start + 1, len(rows)) if rows[place].lstrip().startswith("[")), len(rows))
    ours = re.compile(rf"\s*(?:{'|'.join(map(re.escape, sorted(keys)))})\s*=.*")
    kept = [row for row in rows[start + 1 : end] if not ours.fullmatch(row)]
    return "\n".join([*rows[: start + 1], *lines, *kept, *rows[end:], ""])


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _toml(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
