"""Lists of hashes as they stand on web servers: one file, or a feed of pages that is made as it is asked for."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

import numpy as np

from bot.loopback.http import Request, Response

PAGE_ROWS = 50_000


@dataclass(slots=True, kw_only=True)
class File:
    """One file with an ETag, ranges and conditions. `link`: the header that names the next page."""

    body: bytes
    type: str = "text/plain"
    encoding: str = ""
    link: str = ""
    ranges: bool = True
    tagged: bool = True
    needs: str = ""  # an Authorization header

    @property
    def etag(self) -> str:
        """What changes with the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'

    def answer(self, request: Request) -> Response:
        """Return the file, a part of it, or that it did not change."""
        if self.needs and request.headers.get("authorization") != self.needs:
            return Response(status=401, body=b"who are you?")
        headers = {"Content-Type": self.type}
        headers |= {"ETag": self.etag} if self.tagged else {}
        headers |= {"Content-Encoding": self.encoding} if self.encoding else {}
        headers |= {"Link": self.link} if self.link else {}
        if self.tagged and request.headers.get("if-none-match") == self.etag:
            return Response(status=304, headers={"ETag": self.etag})
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        if asked and self.ranges and request.headers.get("if-range", self.etag) == self.etag:
            start = int(asked[1])
            if start >= len(self.body):
                return Response(status=416, headers={"Content-Range": f"bytes */{len(self.body)}"})
            said = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
            return Response(status=206, body=self.body[start:], headers={**headers, "Content-Range": said})
        return Response(body=self.body, headers=headers)


@dataclass(slots=True, kw_only=True)
class HashFeed:
    """A feed of NDJSON pages of so many rows, no two alike, then pages of changes. Nothing of it is held in memory.

    A page of changes holds (row, version); version 0 withdraws the row.
    """

    rows: int
    page_rows: int = PAGE_ROWS
    changes: list[list[tuple[int, int]]] = field(default_factory=list)

    @property
    def pages(self) -> int:
        """How many pages hold the rows as they were first."""
        return -(-self.rows // self.page_rows)

    def answer(self, page: str, etag: str = "") -> Response:
        """Return a page by its number, from 1; nothing of it if it is still the one of that ETag."""
        number = int(page.partition(".")[0]) if page.partition(".")[0].isdecimal() else 0
        last = self.pages + len(self.changes)
        if not 1 <= number <= last:
            return Response(status=404)
        if etag == self._etag(number):
            return Response(status=304)
        head = f'{{"rows": {self.rows}' + (f', "next": "{number + 1}.ndjson"}}\n' if number < last else "}\n")
        if number <= self.pages:
            first = (number - 1) * self.page_rows
            body = _lines(first, min(self.page_rows, self.rows - first), number)
        else:
            body = "".join(
                f'{{"id":"r{row}","pdq":"{pdq_of(row, version)}"}}\n'
                if version
                else f'{{"id":"r{row}","status":"withdrawn"}}\n'
                for row, version in self.changes[number - self.pages - 1]
            )
        return Response(
            body=(head + body).encode(), headers={"Content-Type": "application/x-ndjson", "ETag": self._etag(number)}
        )

    def _etag(self, number: int) -> str:
        """A page changes once: when another follows it."""
        return f'"{number}-{number < self.pages + len(self.changes)}"'


def pdq_of(row: int, version: int = 1) -> str:
    """Return the hash of a row of a feed that has changed so often, as 64 hex digits."""
    return hashlib.blake2b(f"{row} {version}".encode(), digest_size=32).hexdigest()


def page_hashes(number: int, count: int) -> str:
    """Return the hashes of a page of a feed as one text, 64 digits each."""
    return np.random.default_rng(number).bytes(32 * count).hex()


def _lines(first: int, count: int, number: int) -> str:
    text = page_hashes(number, count)
    return "".join(
        [f'{{"id":"r{first + place}","pdq":"{text[64 * place : 64 * place + 64]}"}}\n' for place in range(count)]
    )
