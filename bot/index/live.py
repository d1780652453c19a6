"""A snapshot, and over it what changed since: new signals beside it, changed entries hidden in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bot.index.hashes import Numbers, Words, to_words
from bot.index.linear import scan
from bot.index.snapshot import Snapshot

Row = tuple[int, int, bytes]  # number of the signal, number of its entry, value
LEAST = 20_000  # changed rows that are worth a new snapshot, or
SHARE = 50  # one in so many of the rows


@dataclass(frozen=True, slots=True)
class Rows:
    """Signals in arrays: hashes, the entry of each, its number."""

    words: Words
    entries: Numbers
    numbers: Numbers

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Rows:
        """Return rows as arrays. Raises ValueError if a value has not 32 bytes."""
        # turning rows into columns by zip() takes ten times as long for rows by the million
        return cls(
            to_words([row[2] for row in rows]),
            np.array([row[1] for row in rows], dtype=np.int64),
            np.array([row[0] for row in rows], dtype=np.int64),
        )

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Return all of these as one."""
        if not parts:
            return cls.of(())
        columns = zip(*((part.words, part.entries, part.numbers) for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def where(self, chosen: npt.NDArray[np.bool_]) -> Rows:
        """Return some of these.

        `chosen`: bool (n,), one a row.
        """
        return Rows(self.words[chosen], self.entries[chosen], self.numbers[chosen])

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class Live:
    """All signals of one type that may match. Never altered: a change gives a new one, and whoever searches goes on."""

    base: Snapshot | None = None
    beside: Rows = field(default_factory=lambda: Rows.of(()))
    hidden: Numbers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # entries in the base, sorted

    def changed(self, entries: Iterable[int], rows: Rows) -> Live:
        """Return what is known when these entries have these rows and no others."""
        gone = np.unique(np.fromiter(entries, dtype=np.int64))
        kept = ~np.isin(self.beside.entries, gone)
        beside = Rows.joined([self.beside.where(kept), rows])
        return Live(self.base, beside, self.hidden if self.base is None else np.union1d(self.hidden, gone))

    @property
    def wants_rebuild(self) -> bool:
        """Whether so much changed that searching is slower than it need be."""
        base = 0 if self.base is None else len(self.base)
        return len(self.beside) + len(self.hidden) > max(LEAST, base // SHARE)

    def __len__(self) -> int:
        """The rows that can be found, and those that are hidden."""
        return (0 if self.base is None else len(self.base)) + len(self.beside)

    def search(self, values: Sequence[bytes], radius: int, *, threads: int = 1) -> list[tuple[int, int, int, int]]:
        """Return every (query number, entry, row, distance) with distance <= radius, in no particular order."""
        columns = self.pairs(values, radius, threads=threads)
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def pairs(
        self, values: Sequence[bytes], radius: int, *, threads: int = 1
    ) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return the same in columns: they may be millions.

        Four columns, int64 (m,) each.
        """
        queries = to_words(values)
        which, places, bits = scan(self.beside.words, queries, radius)
        beside = (which, self.beside.entries[places], self.beside.numbers[places], bits)
        if self.base is None:
            return beside
        found = self.base.search(queries, radius, threads=threads)
        if len(self.hidden):
            shown = ~np.isin(found[1], self.hidden)
            which, entries, rows, bits = (part[shown] for part in found)
            found = (which, entries, rows, bits)
        if not len(beside[0]):
            return found
        which, entries, rows, bits = (np.concatenate(parts) for parts in zip(found, beside, strict=True))
        return which, entries, rows, bits
