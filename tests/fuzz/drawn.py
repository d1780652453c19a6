"""An input out of bytes: one of our own examples, and how it is altered. No bytes make the first example as it is.

It is what atheris' FuzzedDataProvider is, in Python, so that inputs can be made anew where there is no atheris.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, TypeVar

T = TypeVar("T")
LONGEST = 12_000  # characters of a text
MOST_EDITS = 10
MOST_GROWN = 3  # of them that put a part there once more
_RAW = range(1, 40)  # the first byte of what is taken as it is
_TOKEN = re.compile(r"\w+|[^\w\s]+")
_REPEATS = (1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 8, 8, 8, 40, 40, 400)  # the last fills a text, and takes half of all time
# JSON of values that strangers put where another is expected
VALUES: tuple[str, ...] = (
    "null", "true", "false", "0", "-1", "1", "2", "65536", "2147483648", "9223372036854775808", "1e400", "-0.0",
    "0.5", "1e308", "NaN", "-Infinity", '""', '"x"', '"\\u0000"', '"\\u001b[2J"', '"\\u202e"', '"\\ud800"',
    '"\\r\\nX-A: b"', '"id"', '"mp4"', '"' + "a" * 300 + '"', '"' + "9" * 60 + '"', "[]", "{}", "[[]]", "[null]",
    '{"id": null}', '[{"id": "x"}]', '{"data": []}', "1" + "0" * 80,
    '"https://example.net/a.gif"', '"http://127.0.0.1/a.mp4"', '"//example.net/a"', '"javascript:0"', '"https://"',
    '"https://["', '"../a"', '"%00"', '"https://user@example.net/"', '"1970-01-01T00:00:00Z"',
)  # fmt: skip


class Drawn:
    """Numbers, choices, texts and JSON out of bytes; `made` is what was made of them, for a person."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._grown = 0
        self.made: list[object] = []

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self._at

    def byte(self) -> int:
        """Return the next byte, 0 behind the last."""
        if self._at >= len(self._data):
            return 0
        self._at += 1
        return self._data[self._at - 1]

    def below(self, most: int) -> int:
        """Return a number from 0 to below `most`."""
        if most <= 1:
            return 0
        value = self.byte()
        if most > 256:
            value = value << 8 | self.byte()
        return value % most

    def pick(self, values: Sequence[T]) -> T:
        """Return one of some values, the first behind the last byte."""
        return values[self.below(len(values))]

    def rest(self) -> bytes:
        """Return the bytes that are left."""
        rest = self._data[self._at :]
        self._at = len(self._data)
        return rest

    def text(self, examples: Sequence[str], words: Sequence[str]) -> str:
        """Return bytes as they are, or one of the examples with pieces of it cut, doubled, swapped or put in."""
        how = self.byte()
        if how in _RAW:
            return self._remember(self.rest().decode("utf-8", "replace"))
        text = self.pick(examples)
        for _ in range(how % MOST_EDITS):
            if not self.left:
                break
            text = self._edited(text, examples, words)[:LONGEST]
        return self._remember(text)

    def tree(self, examples: Sequence[str], words: Sequence[str] = ()) -> Any:
        """Return one of the examples, which are JSON, with things exchanged, doubled, left out or put elsewhere."""
        tree = json.loads(self.pick(examples))
        for _ in range(self.below(MOST_EDITS)):
            tree = self._lie(tree, words)
        return self._remember(tree)

    def _edited(self, text: str, examples: Sequence[str], words: Sequence[str]) -> str:
        way = self.below(8)
        at = self.below(len(text) + 1)
        if way == 0 and words:
            return text[:at] + self.pick(words) + text[at:]
        if way == 1:
            return text[:at] + text[at + 1 + self.below(60) :]
        if way == 2:
            piece = text[at : at + 1 + self.below(40)]
            return text[:at] + piece * self.pick(_REPEATS) + text[at:]
        if way == 3:
            return text[:at] + chr(self.byte() << 8 | self.byte()) + text[at + 1 :]
        if way == 4 and words and (found := _TOKEN.search(text, at)):
            return text[: found.start()] + self.pick(words) + text[found.end() :]
        if way == 5:
            other = self.pick(examples)
            start = self.below(len(other) + 1)
            return text[:at] + other[start : start + 1 + self.below(80)] + text[at:]
        if way == 6:
            return text[:at] + text[at:].swapcase()
        return text[:at] + chr(self.byte()) + text[at:]

    def _lie(self, tree: Any, words: Sequence[str]) -> Any:
        at: Any = tree
        within: Any = None
        key: Any = None
        for _ in range(1 + self.below(6)):
            if not isinstance(at, list | dict) or not at:
                break
            within = at
            key = self.pick(list(at)) if isinstance(at, dict) else self.below(len(at))
            at = within[key]
        if within is None:
            return self._value(words)
        way = self.below(8)
        if way == 0:
            del within[key]
        elif way in (1, 2, 4) and self._grown >= MOST_GROWN:  # what is doubled ten times over fills a memory
            within[key] = self._value(words)
        elif way == 1 and isinstance(within, list):
            self._grown += 1
            within.insert(key, at)
        elif way == 2 and isinstance(within, list):
            self._grown += 1
            within.extend(within[:50] * self.pick((1, 8)))
        elif way == 3 and isinstance(at, str):
            within[key] = self._edited(at, (at,), words)[:LONGEST]
        elif way == 4 and isinstance(within, dict):
            self._grown += 1
            within[self.pick(words) if words else "x"] = at
        elif way == 5 and isinstance(at, str) and words:
            within[key] = self.pick(words)
        elif way == 6:
            within[key] = self.pick(([at], {"data": at}, {"id": at}))
        else:
            within[key] = self._value(words)
        return tree

    def _value(self, words: Sequence[str]) -> Any:
        if words and self.byte() & 1:
            return self.pick(words)
        return json.loads(self.pick(VALUES))

    def _remember(self, made: T) -> T:
        self.made.append(made)
        return made
