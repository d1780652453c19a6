"""TOML text → values that know their lines, and every statement that is wrong, each with its line. Pure.

The library reads a whole text or names its first mistake, in its own words and without the lines of what it read. So
the text is cut into statements (a section's heading, or one setting), and a wrong one does not hide the others.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.config.slips import meant, slip
from bot.errors import Mistake

MAX_CHARS = 1 << 20
Path = tuple[str, ...]

_NAME = r"(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
_NEW = re.compile(rf"[ \t]*(?:\[\[?[ \t]*[A-Za-z_][^\],\n]*\]\]?[ \t]*(?:#.*)?(?:\n|\Z)|{_NAME}(?:\.{_NAME})*[ \t]*=)")
_LONG = {
    '"""': re.compile(r'"""(?:\\.|[^\\])*?"""(?:"{0,2})', re.DOTALL),
    "'''": re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL),
}
_SHORT = {'"': re.compile(r'"(?:\\.|[^"\\\n])*"?'), "'": re.compile(r"'[^'\n]*'?")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A heading or a setting, as written, and the line (from 1) where it begins."""

    line: int
    text: str


@dataclass(slots=True, kw_only=True)
class Document:
    """What a text says. `lines`: of each section and setting, by its path."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of a setting, or of the nearest thing around it; 0 if there is none."""
        return next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), 0)


def statements(text: str, *, strict: bool) -> Iterator[Statement]:
    """Yield the statements of a text.

    `strict`: the text is TOML. Otherwise a bracket that is never closed ends where another statement seems to begin.
    """
    start, line = 0, 1
    while start < len(text):
        end = _end(text, start, strict=strict)
        found = text[start:end]
        if found.strip() and not found.lstrip().startswith("#"):
            yield Statement(line=line, text=found)
        line += found.count("\n") + 1
        start = end + 1


def _end(text: str, start: int, *, strict: bool) -> int:
    """Return the place of the line feed that ends the statement that begins at `start`."""
    depth, at, size = 0, start, len(text)
    while at < size:
        sign = text[at]
        if sign == "\n":
            if depth <= 0 or (not strict and _NEW.match(text, at + 1)):
                return at
            at += 1
        elif sign == "#":
            end = text.find("\n", at)
            at = size if end < 0 else end
        elif sign in _SHORT:
            long = _LONG[sign * 3].match(text, at) if text.startswith(sign * 3, at) else None
            found = long or _SHORT[sign].match(text, at)
            assert found is not None, "a quote matches itself at least"
            at = found.end()
        else:
            depth += (sign in "[{") - (sign in "]}")
            at += 1
    return size


def read(text: str) -> Document:
    """Return what a text says; what is wrong with its form stands in `mistakes`, and the rest is read."""
    text = text.replace("\r\n", "\n")
    if len(text) > MAX_CHARS:
        return Document(mistakes=[Mistake(f"the file is longer than {MAX_CHARS >> 10} KiB; is it the right one?", 1)])
    try:
        values, strict = tomllib.loads(text), True
    except (ValueError, RecursionError) as error:
        values, strict, wrong = {}, False, error
    found = _Reader().read(text, strict=strict)
    if strict:
        found.values, found.mistakes = values, []
    elif not found.mistakes:
        # every statement is TOML by itself, so they contradict one another in a way that we do not name
        line = re.search(r"line ([0-9]+)", str(wrong))
        found.mistakes.append(
            Mistake(
                "this contradicts what stands above it; give each section one heading and each setting one line",
                int(line[1]) if line else text.count("\n") + 1,
            )
        )
    return found


class _Reader:
    def __init__(self) -> None:
        self.found = Document()
        self._section: Path = ()
        self._headings: dict[Path, int] = {}

    def read(self, text: str, *, strict: bool) -> Document:
        for statement in statements(text, strict=strict):
            said = statement.text.strip()
            try:
                told = tomllib.loads(said)
            except (ValueError, RecursionError):
                self._wrong(statement, slip(said))
                if said.startswith("["):
                    # what follows is not the section's before; where it belongs may not be known
                    self._section = meant(said) or ("",)
                    if self._place(self._section) is None:
                        self._section = ("",)
                    for end in range(1, len(self._section) + 1):
                        self.found.lines.setdefault(self._section[:end], statement.line)
                continue
            if said.startswith("["):
                self._heading(statement, told)
            else:
                for path, value in _leaves(told):
                    self._setting(statement, path, value)
        self.found.values.pop("", None)
        return self.found

    def _wrong(self, statement: Statement, message: str) -> None:
        self.found.mistakes.append(Mistake(message, statement.line))

    def _heading(self, statement: Statement, told: dict[str, Any]) -> None:
        path: list[str] = []
        inner: Any = told
        while isinstance(inner, dict) and inner:
            (name, inner), *_ = inner.items()
            path.append(name)
        self._section = tuple(path)
        shown = ".".join(path)
        if isinstance(inner, list):
            self._wrong(statement, f"a section stands in single brackets; write [{shown}]")
            self._place(self._section)
        elif self._section in self._headings:
            first = self._headings[self._section]
            self._wrong(statement, f"the section [{shown}] stands twice, first in line {first}; put its settings there")
        elif self._place(self._section) is None:
            self._wrong(statement, f"{shown} is a setting above and a section here; keep one")
        self._headings.setdefault(self._section, statement.line)
        for end in range(1, len(self._section) + 1):
            self.found.lines.setdefault(self._section[:end], statement.line)

    def _setting(self, statement: Statement, path: Path, value: Any) -> None:
        whole = (*self._section, *path)
        table = self._place(whole[:-1])
        if table is None:
            self._wrong(statement, f"{'.'.join(path)} is a setting and a section; keep one")
            return
        if whole[-1] in table:
            first = self.found.line(whole)
            self._wrong(statement, f"{'.'.join(path)} stands twice in its section, first in line {first}; keep one")
            return
        table[whole[-1]] = value
        for end in range(len(self._section) + 1, len(whole) + 1):
            self.found.lines.setdefault(whole[:end], statement.line)

    def _place(self, path: Path) -> dict[str, Any] | None:
        """Return the table at a path, made if need be; None if a value stands there."""
        table = self.found.values
        for name in path:
            inner = table.setdefault(name, {})
            if not isinstance(inner, dict):
                return None
            table = inner
        return table


def _leaves(table: dict[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value
