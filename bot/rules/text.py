"""Checks on the post's own texts, in AutoModerator's words: `~title+body (includes, regex)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from bot.model import Post
from bot.rules import regex
from bot.rules.read import show

Mode = Literal["includes", "includes-word", "starts-with", "ends-with", "full-exact", "full-text", "domain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One text of a post: how to read it (None if there is none), its default mode and how much of it regex reads."""

    read: Callable[[Post], str | None]
    mode: Mode
    length: int  # characters; Reddit's own limits where it has some


def _own(read: Callable[[Post], str | None]) -> Callable[[Post], str | None]:
    # a comment carries its submission's title and flair for people to read; they are not its own
    return lambda post: None if post.is_comment else read(post)


def _domain(post: Post) -> str | None:
    try:
        return (urlsplit(post.url or "").hostname or "").rstrip(".") or None
    except ValueError:  # a poster's URL such as http://[ is no URL
        return None


FIELDS: Mapping[str, Field] = {
    "title": Field(read=_own(lambda post: post.title), mode="includes-word", length=300),
    "body": Field(read=lambda post: post.body, mode="includes-word", length=5_000),
    "url": Field(read=_own(lambda post: post.url), mode="includes", length=2_000),
    "domain": Field(read=_own(_domain), mode="domain", length=253),
    "id": Field(read=lambda post: post.fullname.partition("_")[2], mode="full-exact", length=20),
    "flair_text": Field(read=_own(lambda post: post.flair_text), mode="full-exact", length=300),
    "author": Field(read=lambda post: post.author, mode="full-exact", length=50),
    "subreddit": Field(read=lambda post: post.subreddit, mode="full-exact", length=50),
}
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


def query(words: Sequence[str], *, fields: Sequence[str], modifiers: Sequence[str]) -> TextQuery:
    """Compile the words of a check on `fields` under AutoModerator's `modifiers`.

    Raises regex.PatternError, with a whole sentence, for a word that cannot be searched for.
    """
    named = [mode for mode in MODES if mode in modifiers]
    mode = named[0] if named else FIELDS[fields[0]].mode if len(fields) == 1 else "includes-word"
    flags = re.DOTALL | (re.NOFLAG if "case-sensitive" in modifiers else re.IGNORECASE)
    length = max(FIELDS[name].length for name in fields)
    is_regex = "regex" in modifiers
    patterns = []
    for word in words:
        try:
            if is_regex:
                regex.check(word, length=length, anchored=mode in ("starts-with", "full-exact", "full-text"))
                source = f"(?:{word})"
            else:
                source = re.escape(_cleaned(word, fields, mode))
        except regex.PatternError as error:
            raise regex.PatternError(f"{show(word)} {error}") from None
        patterns.append(re.compile(_framed(source, word, mode, is_regex=is_regex), flags))
    return TextQuery(mode=mode, patterns=tuple(patterns), is_regex=is_regex)


_PREFIXES = {"id": r"\At[13]_", "author": r"\A/?u/", "subreddit": r"\A/?r/"}


def _cleaned(word: str, fields: Sequence[str], mode: Mode) -> str:
    if len(fields) == 1 and fields[0] in _PREFIXES:
        word = re.sub(_PREFIXES[fields[0]], "", word.strip())
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
