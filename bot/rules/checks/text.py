"""Searching in texts with AutoModerator's modifiers: `~title+body (includes, regex)`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import regex as engine

from bot.rules.checks import regex
from bot.rules.checks.base import show
from bot.rules.checks.effort import Budget, How, one_more_pattern, spend
from bot.rules.checks.fields import POST as FIELDS
from bot.rules.checks.fields import TABLES, Mode, prefix_of

__all__ = ["FIELDS", "MODES", "TextQuery", "bare", "query"]

MODES: tuple[Mode, ...] = ("includes", "includes-word", "starts-with", "ends-with", "full-exact", "full-text")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextQuery:
    """The words of one text check, ready to search with."""

    mode: Mode
    patterns: tuple[engine.Pattern[str], ...] = field(repr=False, default=())
    words: tuple[_Word, ...] = field(repr=False, default=())
    is_regex: bool

    def find(self, text: str, length: int, budget: Budget | None = None) -> str | None:
        """Return the first piece of `text` that the query asks for, or None. Regex reads `length` characters.

        Raises OutOfTime if `budget` does not suffice to tell.
        """
        budget = budget or Budget()
        if self.is_regex:
            text = text[:length]
        return budget.find(id(self), text, lambda text: self._look(text, budget))

    @property
    def _how(self) -> How:
        if self.mode in ("full-exact", "full-text", "domain"):
            return "fullmatch"
        return "match" if self.mode == "starts-with" else "search"

    def _look(self, text: str, budget: Budget) -> str | None:
        budget.words()
        with budget.counting():
            text = bare(text) if self.mode == "full-text" and not self.is_regex else text
            folded = "" if self.is_regex else _folded(text)
        for pattern in self.patterns:
            if (found := budget.run(pattern, self._how, text)) is not None:
                return bare(found) if self.mode == "full-text" else found
        for number, word in enumerate(self.words):
            if number % 64 == 0:
                budget.words()
            with budget.counting():
                hit = getattr(_plain(word.source, word.flags), self._how)(text) if word.folded in folded else None
            if hit:
                return str(hit.group())
        return None


@dataclass(frozen=True, slots=True)
class _Word:
    """A plain word: what must stand in a folded text for it to be there, and how to look for it then."""

    folded: str
    source: str
    flags: int


@lru_cache(maxsize=4096)
def _plain(source: str, flags: int) -> re.Pattern[str]:
    return re.compile(source, flags)


def _folded(text: str) -> str:
    # what `re` takes for one letter becomes one: it knows four of the letter i
    return text.replace("\u0130", "i").replace("\u0131", "i").casefold()


def query(words: Sequence[str], *, fields: Sequence[str], modifiers: Sequence[str], table: str = "") -> TextQuery:
    """Compile the words of a check on `fields` of a `table` under AutoModerator's `modifiers`.

    Raises regex.PatternError, with a whole sentence, for a word that cannot be searched for.
    """
    named = [mode for mode in MODES if mode in modifiers]
    texts = TABLES[table]
    mode = named[0] if named else texts[fields[0]].mode if len(fields) == 1 else "includes-word"
    flags = re.DOTALL | (re.NOFLAG if "case-sensitive" in modifiers else re.IGNORECASE)
    is_regex = "regex" in modifiers
    patterns, plain = [], []
    for word in words:
        try:
            if is_regex:
                one_more_pattern(show(word))
                source = regex.check(word, case_sensitive="case-sensitive" in modifiers)
                patterns.append(regex.compiled(_framed_pattern(source, mode)))
            else:
                spend(show(word))
                text = _cleaned(word, prefix_of(table, fields[0]) if len(fields) == 1 else None, mode)
                plain.append(_Word(_folded(text), _framed(re.escape(text), word, mode), flags))
        except regex.PatternError as error:
            raise regex.PatternError(f"{show(word)} {error}") from None
    return TextQuery(mode=mode, patterns=tuple(patterns), words=tuple(plain), is_regex=is_regex)


def _framed_pattern(source: str, mode: Mode) -> str:
    if mode == "domain":
        return rf"(?:[^/]*\.)?{source}"
    if mode == "ends-with":
        return rf"{source}\Z"
    if mode == "full-text":
        return f"[^{regex.WORD}]*{source}[^{regex.WORD}]*"
    # as in AutoModerator: no end of what is found lies inside of a word; one that is a sign needs no gap there
    inside = f"(?<=[{regex.WORD}])(?=[{regex.WORD}])"
    return source if mode != "includes-word" else f"(?!{inside}){source}(?!{inside})"


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


def _framed(source: str, word: str, mode: Mode) -> str:
    if mode == "domain":
        return rf"(?:[^/]*\.)?{source}"
    if mode == "ends-with":
        return rf"{source}\Z"
    if mode != "includes-word":
        return source
    # a word that begins or ends with a sign needs no gap there: `$5` stands in `US$5`
    before = r"(?<!\w)" if re.match(r"\w", word) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", word) else ""
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
