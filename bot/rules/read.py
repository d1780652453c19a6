"""Rule files as text → tables that remember their lines. Nothing in a file is ever constructed but text.

YAML turns `no` into False and `1:30` into 90. Rules compare with what people wrote, so scalars keep their text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

import yaml

from bot.errors import RuleError
from bot.rules.effort import spend

MAX_CHARS = 256 * 1024  # of a file; PyYAML reads about 100 KiB a second
MAX_DEPTH = 12
MAX_ITEMS = 1000  # of one list
MAX_NODES = 20_000  # keys and values of a file
MAX_RULES = 500  # of a file

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key of a table with its value."""

    at: str
    key: str
    value: Value


Value: TypeAlias = Scalar | Items | Table


class _Composer(yaml.SafeLoader):
    """Composes nodes only; refuses what can make a small file large or deep."""

    depth = 0
    nodes = 0

    def fetch_more_tokens(self) -> None:
        spend(f"line {self.line + 1}")
        super().fetch_more_tokens()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it bare
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _Refused(event.start_mark.line, "anchors (&) and aliases (*) are not read; write the value out")
        self.depth += 1
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _Refused(event.start_mark.line, f"the file holds more than {MAX_NODES:,} keys and values; split it")
        if self.depth > MAX_DEPTH:
            raise _Refused(event.start_mark.line, f"values nest deeper than {MAX_DEPTH} levels; flatten them")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Refused(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def fail(at: str, message: str) -> NoReturn:
    """Raise the RuleError of one place."""
    raise RuleError(f"{at}: {message}")


def text_of(path: Path) -> str:
    """Return the text of a rule file. Raises RuleError if it cannot be read, is too large or is not UTF-8."""
    try:
        with path.open("rb") as file:
            data = file.read(4 * MAX_CHARS + 1)
    except OSError as error:
        raise RuleError(f"cannot read {path}: {error.strerror}; check the path and its rights") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if len(data) > 4 * MAX_CHARS:  # cut in the middle of a character: the size is what is wrong
            return data.decode("utf-8-sig", "replace")
        fail(f"{path}, line {line}", "this is not UTF-8 text; save the file as UTF-8")


def documents(text: str, where: str) -> list[Table]:
    """Return the tables of a file's YAML documents; empty documents are left out.

    Raises RuleError, with one sentence and the line, for anything that is not a plain table of plain values.
    """
    if len(text) > MAX_CHARS:
        fail(where, f"the file is longer than {MAX_CHARS // 1024} KiB; split it")
    tables = []
    for node in _compose(text, where):
        value = _value(node, where)
        if isinstance(value, Scalar) and value.kind == "null":
            continue
        if not isinstance(value, Table):
            fail(value.at, "a rule is a table of keys and values, such as name: and action:; write one key a line")
        tables.append(value)
    if not tables:
        fail(where, "the file holds no rule; write one or remove the file")
    return tables


def _compose(text: str, where: str) -> list[yaml.Node]:
    try:
        loader = _Composer(text)
        nodes = []
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                nodes.append(node)
            if len(nodes) > MAX_RULES:
                raise _Refused(loader.line, f"the file holds more than {MAX_RULES} rules; split it")
        return nodes
    except _Refused as error:
        fail(f"{where}, line {error.line + 1}", str(error))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{where}, line {mark.line + 1}" if mark else where
        fail(
            at,
            f"this is not YAML ({_one_line(error.problem or error.context or '')}); check indents, quotes and colons",
        )
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        fail(f"{where}, line {line}", "a character that YAML does not allow stands here; remove it")
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        # PyYAML lets chr() and int() raise on absurd escapes and version numbers
        fail(where, "this is not YAML; check escapes such as \\U and lines that begin with %")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _value(node: yaml.Node, where: str) -> Value:
    at = f"{where}, line {node.start_mark.line + 1}"
    if isinstance(node, yaml.ScalarNode):
        kind = _KINDS.get(node.tag)
        if kind is None:
            fail(at, f"the tag {node.tag} is not read; write plain text, numbers and lists")
        return Scalar(at=at, text=_clean(node.value, at), kind=kind)
    if node.tag not in _PLAIN_TAGS:
        fail(at, f"the tag {node.tag} is not read; write plain text, numbers and lists")
    if isinstance(node, yaml.SequenceNode):
        if len(node.value) > MAX_ITEMS:
            fail(at, f"the list has more than {MAX_ITEMS} items; split it over several rules")
        return Items(at=at, values=tuple(_value(child, where) for child in node.value))
    assert isinstance(node, yaml.MappingNode)
    entries: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        key = _value(key_node, where)
        if not isinstance(key, Scalar) or not key.text:
            fail(key.at, "a key is plain text; put quotes around it")
        name = key.text
        if name in entries:
            fail(key.at, f"{show(name)} stands twice in this table; keep one")
        entries[name] = Entry(at=key.at, key=name, value=_value(value_node, where))
    return Table(at=at, entries=tuple(entries.values()))


def _clean(text: str, at: str) -> str:
    if any("\ud800" <= char <= "\udfff" or (char < " " and char not in "\n\t") or char == "\x7f" for char in text):
        fail(at, "the value holds a control character or half a character; remove its escape")
    return text


def show(word: str, limit: int = 60) -> str:
    """Return a word from a file, fit for one line of a message."""
    line = _one_line(word)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def nearest(word: str, known: Collection[str]) -> str:
    """Return `did you mean x?`, or what is known if nothing is near."""
    near = difflib.get_close_matches(word[:60], known, n=1)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"


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
        return tuple(scalar(item, key) for item in value.values)
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
        fail(value.at, f"{key} is one of {', '.join(options)}, not {show(text)}")
    return text


def table(value: Value, key: str, known: Collection[str]) -> dict[str, Entry]:
    """Return a table by key. Raises RuleError for other values and for keys that are not in `known`."""
    if not isinstance(value, Table):
        fail(value.at, f"{key} takes a table; write it as {key}: {{{next(iter(known))}: …}}")
    for entry in value.entries:
        if entry.key not in known:
            fail(entry.at, f"{show(entry.key)} is not a key of {key}; {nearest(entry.key, known)}")
    return {entry.key: entry for entry in value.entries}
