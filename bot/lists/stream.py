"""A JSON document, value by value, from text that comes in blocks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import from_json

VALUE = 32 * 2**20  # characters of one value, which is held whole
MANY = 2**17  # characters of elements that are parsed together
MAX_REST = 64 * 2**20  # of what an object holds beside its rows
_BLANK = re.compile(r"[ \t\r\n\x00\ufeff]*")
_BETWEEN = re.compile(r"[}\]]\s*,\s*(?=[{\[])")
_scan = json.JSONDecoder().raw_decode


class BrokenError(ValueError):
    """The document cannot be read from here on; why, in a sentence."""


class Stream:
    """What is left of a document. Raises BrokenError where it is no JSON."""

    def __init__(self, parts: Iterable[str]) -> None:
        self._parts = iter(parts)
        self._text = ""
        self._at = 0
        self._before = 0  # characters that were dropped
        self._ended = False

    def peek(self) -> str:
        """Return the next character that is no blank; empty at the end."""
        while True:
            self._at = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def skip(self) -> None:
        """Pass over one character."""
        self._at += 1

    def value(self) -> Any:
        """Return the next value, whole."""
        self.peek()
        while True:
            try:
                found, end = _scan(self._text, self._at)
            except RecursionError:
                raise BrokenError("the JSON nests deeper than any list does") from None
            except ValueError as error:
                if len(self._text) - self._at > VALUE:
                    raise BrokenError(
                        f"not JSON, or a single value larger than {VALUE // 2**20} MB: {self._where()}"
                    ) from None
                if not self._more(double=True):
                    raise BrokenError(
                        f"not JSON: {getattr(error, 'msg', 'a number is too long')}, {self._where()}"
                    ) from None
            else:
                if end == len(self._text) and self._more():
                    continue  # a number may go on
                self._at = end
                return found

    def elements(self) -> Iterator[Any]:
        """Yield the elements of the array that begins here."""
        self.skip()
        if self.peek() == "]":
            self.skip()
            return
        while True:
            yield from self._several()
            yield self.value()
            mark = self.peek()
            self.skip()
            if mark == "]":
                return
            if mark != ",":
                raise BrokenError(f"not JSON: {'it ends too soon' if not mark else 'no comma'}, {self._where()}")
            if self.peek() == "]":  # a comma too many, as people write it
                self.skip()
                return

    def names(self) -> Iterator[str]:
        """Yield the names of the object that begins here; its value is to be taken before the next one."""
        self.skip()
        held = 0
        while True:
            mark = self.peek()
            if mark in ("}", ","):
                self.skip()
                if mark == "}":
                    return
                continue
            if mark != '"':
                raise BrokenError(f"not JSON: {'a name is missing' if mark else 'it ends too soon'}, {self._where()}")
            name = self.value()
            if self.peek() != ":":
                raise BrokenError(f"not JSON: no colon, {self._where()}")
            self.skip()
            before = self._before + self._at
            yield name
            if self._before + self._at - before < MAX_REST:
                held += self._before + self._at - before
            if held > 8 * MAX_REST:
                raise BrokenError(
                    "the JSON document is one object of more than 512 MB; give it as NDJSON, one object a line"
                )

    def _several(self) -> Iterator[Any]:
        """Yield many elements at once while they are objects and the text holds enough of them: that is much faster."""
        while self.peek() == "{":
            if len(self._text) - self._at < MANY and not self._more(double=True):
                return
            ends = list(
                _BETWEEN.finditer(
                    self._text, max(self._at, min(len(self._text), self._at + MANY) - 4_096), self._at + MANY
                )
            )
            if not ends:
                return
            last = ends[-1]
            try:
                found = from_json(f"[{self._text[self._at : last.start() + 1]}]")
            except ValueError:
                return  # that was within an element, or a text
            self._at = last.end()
            yield from found

    def _more(self, *, double: bool = False) -> bool:
        """Read on; return whether there was more."""
        if self._ended:
            return False
        held = self._text[self._at :]
        self._before += self._at
        wanted = len(held) if double else 0
        parts = [held]
        read = 0
        for part in self._parts:
            parts.append(part)
            read += len(part)
            if part and read > wanted:
                break
        else:
            self._ended = True
        self._text, self._at = "".join(parts), 0
        return bool(read)

    def _where(self) -> str:
        return f"near character {self._before + self._at + 1:,}"
