"""Entries in a list, as matching sees those of a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.index import HashIndex
from bot.match import Hit, KnownEntry
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

    def search(self, kind: str, values: Sequence[bytes], radius: int) -> Iterable[Hit]:
        """Search all usable signals."""
        rows = [
            (number, row, signal.value)
            for number, entry in enumerate(self._entries)
            for row, signal in enumerate(entry.signals)
            if signal.type == kind and signal.quality >= self._least
        ]
        self.asked += len(values)
        index = HashIndex([value for _, _, value in rows], [number for number, _, _ in rows])
        for query, place, distance in index.search(values, radius):
            yield Hit(query, rows[place][0], rows[place][1], distance)

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
        return {
            number: KnownEntry(self._entries[number], tuple(range(len(self._entries[number].signals))))
            for number in numbers
        }
