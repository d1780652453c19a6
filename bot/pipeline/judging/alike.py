"""Which media of past removals that wait to be proposed look the same, by the matching that banks go by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from bot.config import BanksConfig
from bot.index.hashes import to_words
from bot.index.linear import scan
from bot.match import Hits, KnownEntry, Matcher
from bot.model import Entry, Fingerprint, Signal

MOST_OF = 0.6  # of each of two media that must be in the other; less is a part of something longer
KINDS = ("pdq", "phash")


class Alike:
    """Media by number, in memory only. Offers what matching asks of banks."""

    def __init__(self, config: BanksConfig) -> None:
        self._config = config
        self._entries: dict[int, KnownEntry] = {}
        self._files: dict[str, set[int]] = {}
        self._rows = 0
        self._columns: dict[str, tuple[list[bytes], list[int], list[int]]] = {kind: ([], [], []) for kind in KINDS}
        self._matcher = Matcher(self, config)

    @property
    def has_files(self) -> bool:
        """Files are compared."""
        return True

    @property
    def numbers(self) -> frozenset[int]:
        """The media that are held."""
        return frozenset(self._entries)

    def add(self, number: int, prints: Iterable[Fingerprint]) -> None:
        """Hold the media behind one link."""
        found = tuple(prints)
        signals: list[Signal] = []
        rows: list[int] = []
        for one in found:
            for signal in one.signals:
                if signal.type not in KINDS or signal.quality < self._config.min_quality:
                    continue
                self._rows += 1
                signals.append(signal)
                rows.append(self._rows)
                values, owners, places = self._columns[signal.type]
                values.append(signal.value)
                owners.append(number)
                places.append(self._rows)
        digests = [pair for one in found for pair in ((one.sha256, one.md5), *one.also)]
        for pair in digests:
            for name in filter(None, pair):
                self._files.setdefault(name, set()).add(number)
        entry = Entry(
            label=str(number),
            bank="proposals",
            bank_kind="block",
            confirmed=False,
            sha256=tuple(sha256 for sha256, _ in digests),
            md5=tuple(md5 for _, md5 in digests),
            signals=tuple(signals),
        )
        self._entries[number] = KnownEntry(entry, tuple(rows))

    def drop(self, number: int) -> None:
        """Hold a media no more."""
        self._entries.pop(number, None)
        for kind, columns in self._columns.items():
            kept = [row for row in zip(*columns, strict=True) if row[1] != number]
            self._columns[kind] = ([row[0] for row in kept], [row[1] for row in kept], [row[2] for row in kept])
        for numbers in self._files.values():
            numbers.discard(number)

    def like(self, prints: Sequence[tuple[int, Fingerprint]]) -> int | None:
        """Return the number of a media that is the same as one of these, or a near copy; the first, if several are."""
        found: set[int] = set()
        for place, one in prints:
            for match in self._matcher.match(one, place):
                most = min(match.coverage_query, match.coverage_entry)
                if match.exact or (not match.unsure and most >= MOST_OF):
                    found.add(int(match.entry))
        return min(found, default=None)

    def search(self, kind: str, values: Sequence[bytes], radius: int) -> Hits:
        """Return every signal of type `kind` within `radius` bits of a value."""
        known, owners, places = self._columns.get(kind, ([], [], []))
        none = np.zeros(0, dtype=np.int64)
        if not known or not values:
            return Hits(none, none, none, none)
        queries, rows, bits = scan(to_words(known), to_words(values), radius)
        return Hits(queries, np.asarray(owners, dtype=np.int64)[rows], np.asarray(places, dtype=np.int64)[rows], bits)

    def files(self, digests: Sequence[tuple[str, str]]) -> Sequence[tuple[str, int]]:
        """Return (sha256 or md5, number) of media with one of these files."""
        return [
            (method, number)
            for pair in digests
            for method, name in zip(("sha256", "md5"), pair, strict=True)
            if name
            for number in sorted(self._files.get(name, ()))
        ]

    def allowing(self, numbers: Iterable[int]) -> Sequence[int]:  # noqa: ARG002  part of what a bank offers
        """Nothing is allowed here."""
        return ()

    def entries(self, numbers: Iterable[int]) -> Mapping[int, KnownEntry]:
        """Return these media."""
        return {number: self._entries[number] for number in numbers if number in self._entries}
