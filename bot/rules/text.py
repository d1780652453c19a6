"""Searching in texts with AutoModerator's modifiers: `~title+body (includes, regex)`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.rules import regex
from bot.rules.fields import POST as FIELDS
from bot.rules.fields import TABLES, Mode, prefix_of
from bot.rules.read import show

__all__ = ["FIELDS", "MODES", "TextQuery", "bare", "query"]

MODES: tuple[Mode, ...] = ("includes", "includes-word", "starts-with", "ends-with", "full-exact", "full-text")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextQuery:
    """The words of one text check, ready to search with."""

    mode: Mode
    patterns: tuple[re.Pattern[str], ...] = field(repr=False)
    is_regex: bool

    def find(self, text: str, length: int) -> str | None:
        """Return the first piece of `text` that the query asks for, or None. Regex reads `length` characters."""
        if self.is_regex:
            text = text[:length]
        if self.mode == "full-text":
            text = bare(text)
        whole = self.mode in ("full-exact", "full-text", "domain")
        for pattern in self.patterns:
            if whole:
                hit = pattern.fullmatch(text)
            else:
                hit = pattern.match(text) if self.mode == "starts-with" else pattern.search(text)
            if hit:
                return hit.group()
        return None


def query(words: Sequence[str], *, fields: Sequence[str], modifiers: Sequence[str], table: str = "") -> TextQuery:
    """Compile the words of a check on `fields` of a `table` under AutoModerator's `modifiers`.

    Raises regex.PatternError, with a whole sentence, for a word that cannot be searched for.
    """
    named = [mode for mode in MODES if mode in modifiers]
    texts = TABLES[table]
    mode = named[0] if named else texts[fields[0]].mode if len(fields) == 1 else "includes-word"
    flags = re.DOTALL | (re.NOFLAG if "case-sensitive" in modifiers else re.IGNORECASE)
    length = max(texts[name].length for name in fields)
    is_regex = "regex" in modifiers
    patterns = []
    for word in words:
        try:
            if is_regex:
                regex.check(word, length=length, anchored=mode in ("starts-with", "full-exact", "full-text"))
                source = f"(?:{word})"
            else:
                source = re.escape(_cleaned(word, prefix_of(table, fields[0]) if len(fields) == 1 else None, mode))
        except regex.PatternError as error:
            raise regex.PatternError(f"{show(word)} {error}") from None
        patterns.append(re.compile(_framed(source, word, mode, is_regex=is_regex), flags))
    return TextQuery(mode=mode, patterns=tuple(patterns), is_regex=is_regex)


def _cleaned(word: str, prefix: str | None, mode: Mode) -> str:
    if prefix is not None:
        word = re.sub(prefix, "", word.strip())
    if mode == "domain":
        if "/" in word:
            raise regex.PatternError("is an address, not a domain; write example.com, or use url")
        word = word.strip().strip(".")
    if mode == "full-text":
        word = bare(word)
    if not word:
        raise regex.PatternError("leaves nothing to look for; write more")
    return word


def _framed(source: str, word: str, mode: Mode, *, is_regex: bool) -> str:
    if mode == "domain":
        return rf"(?:[^/]*\.)?{source}"
    if mode == "ends-with":
        return rf"{source}\Z"
    if mode != "includes-word":
        return source
    # a word that begins or ends with a sign needs no gap there: `$5` stands in `US$5`
    before = r"(?<!\w)" if is_regex or re.match(r"\w", word) else ""
    after = r"(?!\w)" if is_regex or re.search(r"\w\Z", word) else ""
    return f"{before}{source}{after}"


def bare(text: str) -> str:
    """Return the text without punctuation and space at its ends."""
    start, end = 0, len(text)
    while start < end and not _is_word(text[start]):
        start += 1
    while end > start and not _is_word(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_word(char: str) -> bool:
    return char == "_" or char.isalnum()
