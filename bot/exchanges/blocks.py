"""Lists as they come over a wire or out of a file: bytes in, pages of rows out, with what the list says of itself."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from bot.errors import UsageError
from bot.exchanges.base import PAGE_ROWS, Row
from bot.lists import Bad, Record, Whole, guess, plain_rows, read
from bot.lists.names import WHOLES, joined
from bot.lists.record import HEX

LOOKED_AT = 64 * 1024  # bytes by which a format is told
LONGEST_LINE = 4 * 2**20  # bytes
LARGEST_DOCUMENT = 2**30  # bytes of a format that is one document
BY_LINE = frozenset({"hex", "ndjson"})  # a row a line, whatever stands above it: can be gone on with anywhere
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF8)
_CONTROL = re.compile(rb'^[ \t]*\{\s*"(?:next|rows|%s)"\s*:' % "|".join(WHOLES).encode(), re.MULTILINE | re.IGNORECASE)
_SPEAKS = re.compile(rb'\{\s*"(?:next|rows|%s)"' % "|".join(WHOLES).encode(), re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class Said:
    """What a list of NDJSON says of itself, on lines of its own: where it goes on, how many rows it has in all."""

    next: str | None = None
    rows: int | None = None
    whole: bool = False  # in whatever words and format

    def hear(self, line: str) -> bool:
        """Hear a line that begins like such a one; return whether it is."""
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return False
        if not isinstance(found, dict) or any(map(_is_digest, found.values())):
            return False
        if any(value is True and joined(key) in WHOLES for key, value in found.items()):
            self.whole = True
        following, rows = found.get("next"), found.get("rows")
        if isinstance(following, str) and len(following) <= 2000:
            self.next = following
        if isinstance(rows, int) and not isinstance(rows, bool) and 0 <= rows < 2**53:
            self.rows = rows
        return True


@dataclass(slots=True, kw_only=True)
class Part:
    """Rows, and how many bytes of the list are read with them; `offset` None: it cannot be gone on with from here."""

    rows: list[Row]
    size: int
    offset: int | None


@dataclass(slots=True)
class Listing:
    """A list that is read once. `how` is its format, known once the first part was read."""

    chunks: Iterable[bytes]
    how: str
    name: str
    said: Said = field(default_factory=Said)
    offset: int = 0  # where the first byte stands in the whole list
    size: int = 0  # bytes read
    _digest: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))

    @property
    def digest(self) -> str:
        """What changes with the rows of a list whose rows are lines, and not with what it says of itself."""
        return str(self._digest.hexdigest()) if self.how in BY_LINE else ""

    def hear(self, data: bytes) -> str:
        """Hear what a whole list says of itself without reading its rows; return its digest."""
        for block in blocks([data]):
            for _, said in self._spoken(block):
                self._digest.update(said)
        return self.digest

    def parts(self) -> Iterator[Part]:
        """Yield the rows, `PAGE_ROWS` or somewhat more at a time. Raises UsageError for what is no list."""
        source = iter(self.chunks)
        first = b""
        for chunk in source:
            first += chunk
            if len(first) >= LOOKED_AT:
                break
        whole = self._counted(chain((first,), source) if first else source)
        plain = not first.startswith(_MARKS) and b"\0" not in first
        if self.how == "auto" and plain:
            self.how = guess(first[:LOOKED_AT].decode("utf-8", "replace").splitlines(), self.name)
        if self.how in BY_LINE and plain:
            yield from self._by_block(whole)
        else:
            yield from self._at_once(whole)

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size += len(chunk)
            yield chunk

    def _by_block(self, chunks: Iterable[bytes]) -> Iterator[Part]:
        rows: list[Row] = []
        at, line, count = self.offset, 0, 0
        for block in blocks(chunks):
            for first, said in self._spoken(block):
                self._digest.update(said)
                if (plain := plain_rows(said, self.how)) is not None:
                    rows.append(plain)
                    count += plain.count
                    continue
                for row in read([said], self.how):
                    count += 1
                    if isinstance(row, Record):
                        rows.append(row)
                    elif isinstance(row, Bad):
                        rows.append(replace(row, line=row.line + line + first))
                    else:
                        self.said.whole = True
            at, line = at + len(block), line + block.count(b"\n")
            if count >= PAGE_ROWS:
                yield Part(rows=rows, size=self.size, offset=at)
                rows, count = [], 0
        yield Part(rows=rows, size=self.size, offset=at)

    def _spoken(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the parts of a block between lines in which the list speaks of itself, and how many lines are above."""
        start = line = 0
        speaks = self.how == "ndjson" and _SPEAKS.search(block)
        for found in _CONTROL.finditer(block) if speaks else ():
            end = block.find(b"\n", found.start()) + 1 or len(block)
            if found.start() < start or not self.said.hear(block[found.start() : end].decode("utf-8", "replace")):
                continue
            if found.start() > start:
                yield line, block[start : found.start()]
            line += block.count(b"\n", start, end)
            start = end
        if start < len(block):
            yield line, block[start:]

    def _at_once(self, chunks: Iterable[bytes]) -> Iterator[Part]:
        rows: list[Row] = []
        bounded = _bounded(chunks) if self.how == "json" else chunks
        for row in read(bounded, self.how, self.name):
            if isinstance(row, Whole):
                self.said.whole = True
                continue
            rows.append(row)
            if len(rows) >= PAGE_ROWS:
                yield Part(rows=rows, size=self.size, offset=None)
                rows = []
        yield Part(rows=rows, size=self.size, offset=None)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) in (32, 40, 64) and set(value) <= HEX


def blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield whole lines, many at a time. Raises UsageError for a line that is longer than any row."""
    rest: list[bytes] = []
    held = 0
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if not end:
            rest.append(chunk)
            held += len(chunk)
            if held > LONGEST_LINE:
                raise UsageError("a line of the list is longer than any row is")
            continue
        yield b"".join((*rest, chunk[:end]))
        rest, held = [chunk[end:]], len(chunk) - end
    if held:
        yield b"".join(rest)


def _bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST_DOCUMENT:
            raise UsageError("the list is one JSON document of more than 1 GB; its keeper can give it as NDJSON")
        yield chunk
