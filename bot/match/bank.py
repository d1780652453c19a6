"""What matching asks of banks. It may hold millions of rows, so only the entries that were hit are handed over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot.model import Entry

Numbers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Hits:
    """Pairs of a query and a row within its reach, a column a fact: they may be millions."""

    query: Numbers  # places among the queries
    entry: Numbers  # numbers of the entries in their store
    row: Numbers  # numbers of the signals in their store, no two the same
    distance: Numbers  # bits


@dataclass(frozen=True, slots=True)
class Reach:
    """What of one entry is within reach: queries and rows that have hits, each with the distance of its nearest."""

    queries: Numbers
    query_bits: Bits
    rows: Numbers
    row_bits: Bits


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An active entry, and the number of each of its signals in the store, in the same order."""

    entry: Entry
    rows: tuple[int, ...]


class BankReader(Protocol):
    """All active entries, wherever they are kept."""

    @property
    def has_files(self) -> bool:
        """Whether any entry but those of allow banks has a file's digest."""

    def search(self, kind: str, values: Sequence[bytes], radius: int) -> Hits:
        """Return every usable signal of type `kind` within `radius` bits of a value, exactly."""

    def files(self, digests: Sequence[tuple[str, str]]) -> Sequence[tuple[str, int]]:
        """Return (sha256 or md5, entry number) of entries with a file of one of these (SHA-256, MD5), in that order."""

    def allowing(self, numbers: Iterable[int]) -> Sequence[int]:
        """Return those of these entries that are allowed against another."""

    def entries(self, numbers: Iterable[int]) -> Mapping[int, KnownEntry]:
        """Return these entries by number; what was withdrawn meanwhile is left out."""
