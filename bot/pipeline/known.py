"""What the banks know, for matching: search in the index, entries and files from the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.index import HashIndex
from bot.match import Found, Hit
from bot.pipeline.core import Deps
from bot.store.known import SignalRow


class Banked:
    """All active entries of the store. Offers what `bot.match.Known` asks for."""

    def __init__(self, deps: Deps) -> None:
        self._d = deps
        self._seen = -1
        self._has_files = False
        self._built: dict[str, tuple[HashIndex, list[int]]] = {}

    @property
    def has_files(self) -> bool:
        """Whether any entry but those of allow banks has a file's digest."""
        return self._has_files

    def refresh(self) -> None:
        """Take in what changed in the banks, here or in another process."""
        latest = self._d.store.known.latest()
        if latest != self._seen:
            self._built.clear()
            self._has_files = self._d.store.known.has_files()
            self._seen = latest

    def search(self, kind: str, values: Sequence[bytes], radius: int) -> Iterable[Hit]:
        """Return every usable signal of type `kind` within `radius` bits of a value."""
        if kind not in self._built:
            rows = list(self._rows(kind))
            self._built[kind] = HashIndex([row[2] for row in rows], [row[1] for row in rows]), [row[0] for row in rows]
        index, numbers = self._built[kind]
        for query, place, distance in index.search(values, radius):
            yield Hit(query, int(index.owners[place]), numbers[place], distance)

    def files(self, digests: Sequence[tuple[str, str]]) -> Sequence[tuple[str, int]]:
        """Return (sha256 or md5, entry number) of entries with one of these files."""
        return self._d.store.known.files(digests)

    def entries(self, numbers: Iterable[int]) -> Mapping[int, Found]:
        """Return these entries by number, as far as they are active."""
        config = self._d.config
        read = self._d.store.known.entries(numbers, config.banks.trusted, alone=config.review.confirmations == 1)
        return {number: Found(entry, rows) for number, entry, rows in read}

    def _rows(self, kind: str) -> Iterable[SignalRow]:
        known, gate = self._d.store.known, self._d.config.banks.min_quality
        after = 0
        while batch := known.signals(kind, gate, after=after):
            yield from batch
            after = batch[-1][0]
