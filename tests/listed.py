"""Entries in a list, as matching sees those of a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from bot.index import HashIndex
from bot.match import Hits, KnownEntry
from bot.model import Entry


class Listed:
    """What is known: these entries. Offers what `bot.match.Known` asks for; counts the queries."""

    def __init__(self, entries: Iterable[Entry], least_quality: int = 50) -> None:
        self._entries = list(entries)
        self._least = least_quality
        self.asked = 0

    @property
    def has_files(self) -> bool:
        """Whether any entry but those of allow banks has a file's digest."""
        return any(entry.sha256 for entry in self._entries if entry.bank_kind != "allow")

    def search(self, kind: str, values: Sequence[bytes], radius: int) -> Hits:
        """Search all usable signals."""
        rows = [
            (number, row, signal.value)
            for number, entry in enumerate(self._entries)
            for row, signal in zip(self._rows(number), entry.signals, strict=True)
            if signal.type == kind and signal.quality >= self._least
        ]
        self.asked += len(values)
        index = HashIndex([value for _, _, value in rows], [number for number, _, _ in rows])
        found = [
            (query, rows[place][0], rows[place][1], distance) for query, place, distance in index.search(values, radius)
        ]
        return Hits(*np.array(found, dtype=np.int64).reshape(-1, 4).T)

    def allowing(self, numbers: Iterable[int]) -> Sequence[int]:
        """Return those of these entries that are allowed against another."""
        return [number for number in numbers if self._entries[number].against]

    def files(self, digests: Sequence[tuple[str, str]]) -> Sequence[tuple[str, int]]:
        """Return entries with one of these files."""
        return [
            (method, number)
            for sha256, md5 in digests
            for method, value in (("sha256", sha256), ("md5", md5))
            for number, entry in enumerate(self._entries)
            if value in (entry.sha256 if method == "sha256" else entry.md5)
        ]

    def entries(self, numbers: Iterable[int]) -> Mapping[int, KnownEntry]:
        """Return these entries."""
        return {number: KnownEntry(self._entries[number], tuple(self._rows(number))) for number in numbers}

    def _rows(self, number: int) -> range:
        """Return the numbers of an entry's signals: no two of all entries have the same."""
        first = sum(len(entry.signals) for entry in self._entries[:number])
        return range(first, first + len(self._entries[number].signals))
