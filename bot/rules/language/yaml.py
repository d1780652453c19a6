"""Rule files as text → tables that remember their lines. Nothing in a file is ever constructed but text.

YAML turns `no` into False and `1:30` into 90. Rules compare with what people wrote, so scalars keep their text.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias, TypeVar

import yaml

from bot.errors import Gathered, Mistake, RuleError, StoppedError, unreadable
from bot.rules.checks.base import show
from bot.rules.checks.effort import spend
from bot.rules.language.slips import slip
from bot.text import line

MAX_CHARS = 256 * 1024  # of a file; PyYAML reads about 100 KiB a second
MAX_DEPTH = 12
MAX_ITEMS = 1000  # of one list
MAX_NODES = 20_000  # keys and values of a file
MAX_RULES = 500  # of a file
MAX_NAME = 200  # characters of a name in what is no YAML
MAX_SAID = 1200  # characters of a sentence: it may list what is known, and quote what is not
MAX_BROKEN = 50  # documents of a file that are no YAML; then the file is another thing

ScalarKind = Literal["text", "bool", "number", "null"]
_KINDS: dict[str, ScalarKind] = {
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:timestamp": "text",
    "tag:yaml.org,2002:value": "text",
    "tag:yaml.org,2002:merge": "text",
    "tag:yaml.org,2002:bool": "bool",
    "tag:yaml.org,2002:int": "number",
    "tag:yaml.org,2002:float": "number",
    "tag:yaml.org,2002:null": "null",
}
_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One value, as written. `at` says where, for messages."""

    at: str
    text: str
    kind: ScalarKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list."""

    at: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Keys and values, in the order of the file; no key stands twice."""

    at: str
    entries: tuple[Entry, ...]
    first: str = ""  # where it stood at first, if it was overridden since


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key of a table with its value."""

    at: str
    key: str
    value: Value


Value: TypeAlias = Scalar | Items | Table
T = TypeVar("T")


class _Composer(yaml.SafeLoader):
    """Composes nodes only; refuses what can make a small file large or deep."""

    depth = 0
    above = 0  # lines of the file before the text
    place = ""
    made: Counter[str]  # of the whole file, whose documents are read one by one

    def fetch_more_tokens(self) -> None:
        spend(Place(self.place, self.above + self.line + 1))
        super().fetch_more_tokens()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it bare
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _Refused(
                event.start_mark.line,
                "a value that begins with & or * is not read as it is; put quotes around it, or write it out",
            )
        self.depth += 1
        self.made["nodes"] += 1
        if self.made["nodes"] > MAX_NODES:
            self.stop(event.start_mark.line, f"the file holds more than {MAX_NODES:,} keys and values; split it")
        if self.depth > MAX_DEPTH:
            raise _Refused(event.start_mark.line, f"values nest deeper than {MAX_DEPTH} levels; flatten them")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def stop(self, line: int, message: str) -> NoReturn:
        """Read no further; `line` is counted from 0."""
        at = Place(self.place, self.above + line + 1)
        raise StoppedError(Mistake(f"{at}: {message}", at.line, at.file))


class _Refused(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Place(str):
    """`mine.yaml, line 4`, which remembers its line."""

    file: str
    line: int

    def __new__(cls, file: str, line: int) -> Place:
        """`line`: from 1."""
        made = super().__new__(cls, f"{file}, line {line}")
        made.file, made.line = file, line
        return made


TOLD = ""
"""The place of a value that was refused already: nothing more is said about it."""


def fail(at: str, message: str) -> NoReturn:
    """Raise the RuleError of one place; without a sentence if what stands there was refused already."""
    if at == TOLD:
        raise RuleError
    where = (at.line, at.file) if isinstance(at, Place) else (0, str(at))
    raise RuleError(Mistake(f"{at}: {line(message, MAX_SAID)}", *where))


def text_of(path: Path) -> str:
    """Return the text of a rule file. Raises RuleError if it cannot be read, is too large or is not UTF-8."""
    try:
        with path.open("rb") as file:
            data = file.read(4 * MAX_CHARS + 1)
    except OSError as error:
        raise RuleError(unreadable(path, error)) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if len(data) > 4 * MAX_CHARS:  # cut in the middle of a character: the size is what is wrong
            return data.decode("utf-8-sig", "replace")
        fail(Place(str(path), line), "this is not UTF-8 text; save the file as UTF-8")


def documents(text: str, where: str, found: Gathered) -> list[Table]:
    """Return the tables of a file's YAML documents; empty documents are left out.

    What is not a plain table of plain values is a mistake, a sentence with the line in `found`: of a document that is
    no YAML nothing is returned but its name, of the others what can be read.
    """
    if len(text) > MAX_CHARS:
        found.attempt(fail, where, f"the file is longer than {MAX_CHARS // 1024} KiB; split it")
        return []
    tables = []
    for node, above in _composed(text, where, found):
        if isinstance(node, Table):
            tables.append(node)
            continue
        value = _Reader(where, above, found).value(node)
        if isinstance(value, Scalar) and value.kind == "null" and value.at != TOLD:
            continue
        if isinstance(value, Table):
            tables.append(value)
        elif value.at != TOLD:
            found.attempt(
                fail, value.at, "a rule is a table of keys and values, such as name: and action:; write one key a line"
            )
    if not tables and not found.failed:
        found.attempt(fail, where, "the file holds no rule; write one or remove the file")
    return tables


def _composed(text: str, where: str, found: Gathered) -> Iterator[tuple[yaml.Node | Table, int]]:
    """Yield the node of each document and the lines above it; of what is no YAML, a table of its name, at no place."""
    above = broken = 0
    made: Counter[str] = Counter()
    # --- in the first column always begins a document, whatever stands before it
    for part in re.split(r"(?m)^(?=---(?:[ \t\r]|$))", text):
        nodes = found.attempt(_compose, part, where, above, made)
        if nodes is None:
            broken += 1
            if name := _name_of(part):
                value = Scalar(at=TOLD, text=name, kind="text")
                yield Table(at=TOLD, entries=(Entry(at=TOLD, key="name", value=value),)), above
        yield from ((node, above) for node in nodes or ())
        above += part.count("\n")
        if broken >= MAX_BROKEN:
            found.attempt(fail, Place(where, above + 1), "nothing is read from here on; mend what stands above")
            return


def _name_of(part: str) -> str:
    """Return what the first line that begins with `name:` says, empty if there is none: for text that is no YAML."""
    # by hand: a pattern with two repeats side by side takes minutes over a line of blanks, and nothing stops it
    begin = 0 if part.startswith("name:") else part.find("\nname:") + 1
    if not part.startswith("name:", begin):
        return ""
    begin += len("name:")
    end = part.find("\n", begin)
    return part[begin : end if end >= 0 else len(part)].strip()[:MAX_NAME].strip("\"'")


def _compose(text: str, where: str, above: int, made: Counter[str]) -> list[yaml.Node]:
    """`above`: the lines of the file that stand before the text; `made`: what was read of it so far."""
    lines = text.rstrip("\n").count("\n") + 1
    try:
        loader = _Composer(text)
        loader.above, loader.place, loader.made = above, where, made
        nodes = []
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                nodes.append(node)
                made["rules"] += 1
            if made["rules"] > MAX_RULES:
                loader.stop(loader.line, f"the file holds more than {MAX_RULES} rules; split it")
        return nodes
    except _Refused as error:
        fail(Place(where, above + error.line + 1), str(error))
    except yaml.MarkedYAMLError as error:
        line, message = slip(error, lines)
        fail(Place(where, above + line), message)
    except yaml.reader.ReaderError as error:
        line = above + text.count("\n", 0, error.position) + 1
        fail(Place(where, line), "a control character, which nobody can see, stands here; write the line anew")
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        # PyYAML lets chr() and int() raise on absurd escapes and version numbers
        fail(
            Place(where, above + 1),
            "the rule that begins here cannot be read; check signs behind a backslash and lines that begin with %",
        )


class _Reader:
    """Makes values of the nodes of one document that begins `above` lines below the head of its file."""

    def __init__(self, where: str, above: int, found: Gathered) -> None:
        self._where = where
        self._above = above
        self._found = found

    def value(self, node: yaml.Node) -> Value:
        """Return the value of a node; one that is refused has no place, so that nobody complains of it again."""
        at = Place(self._where, self._above + node.start_mark.line + 1)
        value = self._found.attempt(self._plain, node, at)
        return Scalar(at=TOLD, text="", kind="null") if value is None else value

    def _plain(self, node: yaml.Node, at: Place) -> Value:
        if isinstance(node, yaml.ScalarNode):
            kind = _KINDS.get(node.tag)
            if kind is None:
                fail(at, "a value that begins with ! is not read; put quotes around it")
            return Scalar(at=at, text=_clean(node.value, at), kind=kind)
        if node.tag not in _PLAIN_TAGS:
            fail(at, "a value that begins with ! is not read; write plain text, numbers and lists")
        if isinstance(node, yaml.SequenceNode):
            if len(node.value) > MAX_ITEMS:
                fail(at, f"the list has more than {MAX_ITEMS} items; split it over several rules")
            return Items(at=at, values=tuple(self.value(child) for child in node.value))
        assert isinstance(node, yaml.MappingNode)
        entries: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            key = self.value(key_node)
            if not isinstance(key, Scalar) or not key.text:
                self._found.attempt(fail, key.at, "a key is plain text; put quotes around it")
                continue
            name = key.text
            if name in entries:
                self._found.attempt(fail, key.at, f"{show(name)} stands twice in this table; keep one")
                continue
            entries[name] = Entry(at=key.at, key=name, value=self.value(value_node))
        return Table(at=at, entries=tuple(entries.values()))


def _clean(text: str, at: str) -> str:
    if any("\ud800" <= char <= "\udfff" or (char < " " and char not in "\n\t") or char == "\x7f" for char in text):
        fail(at, "the value holds a control character or half a character; remove its escape")
    return text


def near_to(word: str, known: Collection[str]) -> str | None:
    """Return the known word that is nearest, in any case of letters, or None."""
    return _near_to(word.lower()[:60], tuple(known))


@lru_cache(maxsize=256)  # a slip stands in many rules of a page, and looking for what it meant is slow
def _near_to(word: str, known: tuple[str, ...]) -> str | None:
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word, names, n=1)
    return names[near[0]] if near else None


def nearest(word: str, known: Collection[str]) -> str:
    """Return `did you mean x?`, or what is known if nothing is near."""
    near = near_to(word, known)
    return f"did you mean {near}?" if near else f"known here: {', '.join(known)}"


def scalar(value: Value, key: str) -> str:
    """Return one value as written. Raises RuleError if it is a list, a table or nothing."""
    if not isinstance(value, Scalar):
        fail(value.at, f"{key} takes one value; write it as {key}: value")
    if value.kind == "null" or not value.text.strip():
        fail(value.at, f"{key} has no value; write one or remove the key")
    return value.text


def scalars(value: Value, key: str) -> tuple[str, ...]:
    """Return one value or a list of them. Raises RuleError if there is none or one is itself a list or table."""
    if isinstance(value, Items):
        if not value.values:
            fail(value.at, f"{key} is an empty list; name something or remove the key")
        found = Gathered()
        texts = [found.attempt(scalar, item, key) for item in value.values]
        found.settle(RuleError)
        return tuple(text for text in texts if text is not None)
    if isinstance(value, Table):
        fail(value.at, f"{key} takes a value or a list; write it as {key}: [one, two]")
    return (scalar(value, key),)


def flag(value: Value, key: str) -> bool:
    """Return a yes or no. Raises RuleError for anything else."""
    if not isinstance(value, Scalar) or value.kind != "bool":
        fail(value.at, f"{key} is true or false, without quotes")
    return value.text.lower() in ("true", "yes", "on")


def whole(value: Value, key: str) -> int:
    """Return a whole number of at most six digits. Raises RuleError for anything else."""
    text = scalar(value, key).strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,6}", text):
        fail(value.at, f"{key} is a whole number of at most six digits, such as 100")
    return int(text)


def choice(value: Value, key: str, options: Sequence[str]) -> str:
    """Return one of `options`. Raises RuleError for anything else."""
    text = scalar(value, key).strip()
    if text not in options:
        near = near_to(text, options)
        hint = f"; did you mean {near}?" if near else ""
        fail(value.at, f"{key} is one of {', '.join(options)}, not {show(text)}{hint}")
    return text


def table(value: Value, key: str, known: Collection[str]) -> dict[str, Entry]:
    """Return a table by key. Raises RuleError for other values and for keys that are not in `known`."""
    if not isinstance(value, Table):
        fail(value.at, f"{key} takes a table; write it as {key}: {{{next(iter(known))}: …}}")
    found = Gathered()
    for entry in value.entries:
        if entry.key not in known:
            found.attempt(fail, entry.at, f"{show(entry.key)} is not a key of {key}; {nearest(entry.key, known)}")
    found.settle(RuleError)
    return {entry.key: entry for entry in value.entries}


class Told:
    """The keys of a table, each looked at however wrong the others are."""

    def __init__(self, keys: Mapping[str, Entry]) -> None:
        self.keys = keys
        self._found = Gathered()

    def get(self, key: str, make: Callable[[Value, str], T]) -> T | None:
        """Return what a key says, or None if it does not stand there or is wrong."""
        return self._found.attempt(make, self.keys[key].value, key) if key in self.keys else None

    def settle(self) -> None:
        """Raise RuleError with all that is wrong."""
        self._found.settle(RuleError)
