"""What the commands on claims have in common: who may read one, what they are given."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from bot.cli import known
from bot.cli.base import decider, warn
from bot.config import closest
from bot.errors import UsageError, unreadable
from bot.model import Actor, Verb
from bot.pipeline import Pipeline
from bot.store import ClaimRow

MAX_TEXT = 100_000  # bytes of a file with an answer
Chosen = TypeVar("Chosen", bound=StrEnum)


def to_read(pipeline: Pipeline, name: str, who: str | None) -> tuple[ClaimRow, Actor]:
    """Return a claim and who may read what is sealed in it."""
    row = known.claim(pipeline, name)
    return row, decider(pipeline, who, Verb.CLAIMANTS, [row.subreddit])


def one_of(kind: type[Chosen], given: str, option: str) -> Chosen:
    """Return which of a few words was given. Raises UsageError, which names the nearest."""
    if given not in tuple(kind):
        near = closest(given, tuple(kind))
        raise UsageError(
            f"{option} {given} is none; {f'did you mean {near}?' if near else 'choose ' + ', '.join(kind)}"
        )
    return kind(given)


def moment(text: str) -> datetime:
    """Return a moment that was given, in UTC unless it says otherwise. Raises UsageError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text} is no moment; write it as 2026-12-01T18:00, in UTC") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def text_of(source: str) -> str:
    """Return the text of a file or of standard input. Raises UsageError."""
    try:
        if source == "-":
            return sys.stdin.read(MAX_TEXT)
        with Path(source).open(encoding="utf-8") as file:
            return file.read(MAX_TEXT)
    except UnicodeDecodeError:
        raise UsageError(f"{source} is no text in UTF-8") from None
    except OSError as error:
        raise UsageError(unreadable(Path(source), error)) from None


def write_new(path: Path, content: str) -> None:
    """Write a new file that only its owner can read. Raises UsageError."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        raise UsageError(f"{path} is there already; name a new file") from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; name another place") from None


def warn_of_language(pipeline: Pipeline, language: str) -> None:
    """Say that nobody has approved of the texts of a language yet."""
    if not pipeline.claims.approved(language):
        warn(
            f"they wrote in {language}, and nobody has approved of its texts: gifwarden claims texts {language}, then "
            "--approve; until then the draft is in English unless --language asks for it"
        )
