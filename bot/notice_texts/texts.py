"""The texts of notices: files of the program, and an operator's of the same names in front of them.

Below a language stand one file a kind of text (a notice has one a capacity) and `words.txt`, the sentences that all
share. What ships in English is approved; anything else is a draft until a person of the team has approved exactly it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, get_args

from bot.config import closest
from bot.errors import UsageError, unreadable
from bot.model import Capacity, Ground
from bot.notice_texts import sandbox
from bot.text import UNFIT
from bot.text import line as text_line

SHIPPED = Path(__file__).parent
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "German", "fr": "French", "es": "Spanish"}
"""The languages for which it is known what a law's elements are called: no other can be checked."""
MAX_BYTES = 80_000  # of a file


class Kind(StrEnum):
    """What a text is for."""

    NOTICE = "notice"
    REMINDER = "reminder"  # one, where no answer came
    RETRACTION = "retraction"
    COMPLAINT = "complaint"  # to the host, against its decision (DSA 20)
    OUT_OF_COURT = "out_of_court"  # to a certified dispute settlement body (DSA 21)
    COORDINATOR = "coordinator"  # to a Digital Services Coordinator (DSA 53)
    FTC = "ftc"  # to the US Federal Trade Commission, by the person depicted or with her consent


CAPACITIES: tuple[Capacity, ...] = get_args(Capacity)
GROUNDS: Mapping[Capacity, tuple[Ground, ...]] = {
    "third_party_notifier": ("original_footage", "depicted_person", "citable_list", "public_statement"),
    # Who speaks for or as the person has the person's word; a list would be less.
    "authorised_representative": ("original_footage", "depicted_person", "public_statement"),
    "depicted_person": ("original_footage", "depicted_person", "public_statement"),
}
"""The grounds that fit each capacity."""

WORDS: tuple[str, ...] = (
    *(f"{word}.{ground}" for word in ("title", "shown", "illegal") for ground in get_args(Ground)),
    *(
        f"{word}.{capacity}.{ground}"
        for word in ("why", "shown", "illegal")
        for capacity in CAPACITIES
        for ground in GROUNDS[capacity]
    ),
    *(f"{word}.{capacity}" for word in ("role", "good_faith") for capacity in CAPACITIES),
    *(f"belief.{capacity}" for capacity in CAPACITIES[1:]),
    *(f"subject.{kind}" for kind in Kind),
    *("authority", "more", "range", "blank.name", "blank.contact", "blank.day"),
)
"""The keys of `words.txt`: `shown.CAPACITY.GROUND` and `illegal.CAPACITY.GROUND` may be there, all others are."""
NAMES: tuple[str, ...] = (
    *(f"notice.{capacity}" for capacity in CAPACITIES),
    *(str(kind) for kind in Kind if kind != Kind.NOTICE),
)
"""The texts of a language, by their files' names without `.txt`."""


def name_of(kind: Kind, capacity: Capacity) -> str:
    """Return which text says it."""
    return f"notice.{capacity}" if kind == Kind.NOTICE else str(kind)


@dataclass(frozen=True, slots=True)
class Source:
    """One file: where it stands, and what is in it."""

    where: str
    text: str
    own: bool  # the operator's


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line of `words.txt`."""

    text: str
    where: str
    line: int


class Policy(NamedTuple):
    """What a host's own rules say of this; empty: not known."""

    url: str = ""  # the page
    name: str = ""
    category: str = ""  # what they call it, where they take no notice that does not
    not_in: tuple[str, ...] = ()  # countries in which the host serves nothing


class Texts:
    """All texts, with an operator's in front. `approved`: the digests that people of the team have approved.

    Files are read once, when they are first asked for: one of these is made for each piece of work.
    """

    def __init__(self, folder: Path | None = None, approved: Collection[str] = ()) -> None:
        self._folder = folder
        self._approved = frozenset(approved)
        self._sources: dict[tuple[str, str], Source] = {}
        self._words: dict[str, Mapping[str, Sentence]] = {}

    def source(self, language: str, name: str) -> Source:
        """Return a text as it stands in its file. Raises UsageError for a language or file that cannot be read."""
        if language not in LANGUAGES:
            other = text_line(language, 20)
            raise UsageError(f"notices are written in {', '.join(LANGUAGES)}, not in {other!r}; choose one of them")
        if (language, name) not in self._sources:
            own = self._own(language, name)
            where = f"{own.parents[1].name}/{language}/{name}.txt" if own else f"{language}/{name}.txt"
            text = _read(own, where) if own else _shipped(language, name)
            self._sources[language, name] = Source(where, text, own is not None)
        return self._sources[language, name]

    def words(self, language: str) -> Mapping[str, Sentence]:
        """Return the sentences of a language, an operator's in front. Raises UsageError with every wrong line."""
        if language not in self._words:
            source = self.source(language, "words")
            shipped = _sentences(_shipped(language, "words"), f"{language}/words.txt")
            self._words[language] = {**shipped, **_sentences(source.text, source.where)} if source.own else shipped
        return self._words[language]

    def digest(self, language: str, name: str) -> str:
        """Return by what a text is known again, with the sentences that it is made of."""
        words = "\n".join(f"{key}: {one.text}" for key, one in sorted(self.words(language).items()))
        whole = "\0".join((language, name, self.source(language, name).text, words))
        return hashlib.sha256(whole.encode()).hexdigest()

    def approved(self, language: str, name: str) -> bool:
        """Return whether a text may be sent as it is: English as it ships, and what a person has approved."""
        ships = language == "en" and not self.is_own(language, name)
        return ships or self.digest(language, name) in self._approved

    def is_own(self, language: str, name: str) -> bool:
        """Return whether a text, or a sentence in it, is the operator's."""
        return any(self._own(language, one) is not None for one in (name, "words"))

    def said(self, language: str, key: str, values: Mapping[str, Any]) -> str:
        """Return a sentence of `words.txt`, on one line."""
        sentence = self.words(language)[key]
        return " ".join(sandbox.render(sentence.text, values, f"{sentence.where}, line {sentence.line}").split())

    def by_ground(self, language: str, word: str, capacity: Capacity, ground: Ground) -> str:
        """Return a sentence by ground, in the words of a capacity where it has its own.

        What an operator says of a ground comes before what ships for a capacity.
        """
        words, own, general = self.words(language), f"{word}.{capacity}.{ground}", f"{word}.{ground}"
        shipped = f"{language}/words.txt"
        theirs = own in words and words[own].where == shipped != words[general].where
        return self.said(language, general if theirs or own not in words else own, {})

    def strangers(self) -> list[str]:
        """Return a sentence on each file of the operator's that is none of the texts."""
        folder = self._folder
        if folder is None or not folder.is_dir():
            return []
        known = {Path(language, f"{name}.txt") for language in LANGUAGES for name in (*NAMES, "words")}
        return [
            f"{folder.name}/{path.relative_to(folder)} is no text of a notice; one is called like "
            "de/notice.third_party_notifier.txt"
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.relative_to(folder) not in known
        ]

    def _own(self, language: str, name: str) -> Path | None:
        path = self._folder / language / f"{name}.txt" if self._folder else None
        return path if path is not None and path.exists() else None


@cache
def _shipped(language: str, name: str) -> str:
    return _read(SHIPPED / language / f"{name}.txt", f"{language}/{name}.txt")


def _read(path: Path, where: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(unreadable(path, error)) from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"{where} has more than {MAX_BYTES} bytes, which no text of a notice has; shorten it")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(f"{where}, line {line}: is not UTF-8; save it as that") from None
    wrong = [
        f"{where}, line {number}: holds a character that cannot be seen or turns the text; take it out"
        for number, line in enumerate(text.split("\n"), 1)
        if UNFIT.search(line)
    ]
    if wrong:
        raise UsageError(*wrong)
    return text


@lru_cache(maxsize=32)
def _sentences(text: str, where: str) -> Mapping[str, Sentence]:
    """Return the sentences of a file of words. Raises UsageError with every wrong line."""
    found: dict[str, Sentence] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        key, colon, said = (part.strip() for part in line.partition(":"))
        if not colon or not said:
            wrong.append(f"{where}, line {number}: has the form key: sentence; write both")
        elif key not in WORDS:
            wrong.append(f"{where}, line {number}: there is no sentence {key}; near it: {closest(key, WORDS)}")
        elif key in found:
            wrong.append(f"{where}, line {number}: {key} stands in line {found[key].line} already; keep one of them")
        else:
            found[key] = Sentence(said, where, number)
            wrong += sandbox.mistakes(said, where, line=number)
    if wrong:
        raise UsageError(*wrong)
    return found
