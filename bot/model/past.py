"""What people note of an entry: words, where the original is or was seen, and the time in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bot.errors import UsageError

LONGEST_NOTE, LONGEST_URL = 500, 2000  # characters
LATEST = 24 * 3600.0  # seconds; no recording is longer
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d(?:\.\d{1,3})?)", re.ASCII)
_SECONDS = re.compile(r"\d{1,5}(?:\.\d{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryNote:
    """What one person notes of an entry. Empty fields say nothing."""

    note: str = ""
    origin: str = ""  # URL of the original, or of where it was seen
    seconds: float | None = None  # where in the origin

    def with_(self, newer: EntryNote) -> EntryNote:
        """Return this with what a newer one says instead. A time belongs to its origin and goes with it.

        Raises UsageError if a time is left without an origin.
        """
        held = replace(self, seconds=None) if newer.origin and newer.origin != self.origin else self
        return EntryNote(
            note=newer.note or held.note,
            origin=newer.origin or held.origin,
            seconds=held.seconds if newer.seconds is None else newer.seconds,
        ).checked()

    def checked(self) -> EntryNote:
        """Return this. Raises UsageError if a time is given without what it is a time in."""
        if self.seconds is not None and not self.origin:
            raise UsageError("--at is a time in the origin; give that too: --origin URL")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWords:
    """What the parts of a note are called where it is written; `forget`: how all is deleted there."""

    note: str = "--note"
    origin: str = "--origin"
    at: str = "--at"
    forget: str = "run: gifwarden bank note LABEL --forget"


OPTIONS = NoteWords()


def noted(note: str | None, origin: str | None, at: str | None, called: NoteWords = OPTIONS) -> EntryNote | None:
    """Return what is said of an entry, None if nothing is. Raises UsageError, with all mistakes in one."""
    mistakes: list[str] = []
    seconds = None
    words = " ".join((note or "").split())
    if note is not None and not words:
        mistakes.append(f"{called.note} is empty; leave it out, or {called.forget}")
    elif len(words) > LONGEST_NOTE:
        mistakes.append(f"{called.note} is {len(words)} characters long; {LONGEST_NOTE} are kept at most")
    elif not words.isprintable():
        mistakes.append(f"{called.note} holds characters that cannot be seen; write it in plain words")
    if origin is not None and (wrong := _wrong_url(origin)):
        mistakes.append(f"{called.origin} {wrong}")
    if at is not None:
        try:
            seconds = time_in(at, called.at)
        except UsageError as error:
            mistakes.append(str(error))
    if mistakes:
        raise UsageError("; ".join(mistakes))
    given = EntryNote(note=words, origin=origin or "", seconds=seconds)
    return None if given == EntryNote() else given


def time_in(text: str, called: str = OPTIONS.at) -> float:
    """Return a place in a recording, written `1:23`, `1:02:03` or `83.5`, in seconds. Raises UsageError."""
    seconds = -1.0
    if found := _CLOCK.fullmatch(text):
        hours, minutes, rest = found.groups()
        if hours is None or int(minutes) < 60:
            seconds = int(hours or 0) * 3600 + int(minutes) * 60 + float(rest)
    elif _SECONDS.fullmatch(text):
        seconds = float(text)
    if not 0 <= seconds <= LATEST:
        raise UsageError(f"{called} {text!r} is no time in a recording; write it as 1:23, 1:02:03 or 83")
    return seconds


def _wrong_url(url: str) -> str:
    """Return what is wrong with an address, empty if nothing is."""
    if len(url) > LONGEST_URL:
        return f"is {len(url)} characters long; {LONGEST_URL} are kept at most"
    if not url.isprintable() or " " in url:
        return f"{url!r} holds blanks or characters that cannot be seen; give the address as a browser shows it"
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and bool(parts.hostname)
        secret = parts.password is not None or parts.username is not None
    except ValueError:
        named = secret = False
    if not named:
        return f"{url!r} is no web address; it begins with https://"
    return "holds a name or a password before the host; give it without" if secret else ""
