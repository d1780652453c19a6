"""What matching asks of banks. It may hold millions of rows, so only the entries that were hit are handed over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.model import Entry


@dataclass(frozen=True, slots=True)
class Hit:
    """One query within reach of one row."""

    query: int  # place among the queries
    entry: int  # number of the entry in its store
    row: int  # number of the signal in its store
    distance: int  # bits


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

    def search(self, kind: str, values: Sequence[bytes], radius: int) -> Iterable[Hit]:
        """Return every usable signal of type `kind` within `radius` bits of a value, exactly."""

    def files(self, digests: Sequence[tuple[str, str]]) -> Sequence[tuple[str, int]]:
        """Return (sha256 or md5, entry number) of entries with a file of one of these (SHA-256, MD5), in that order."""

    def entries(self, numbers: Iterable[int]) -> Mapping[int, KnownEntry]:
        """Return these entries by number; what was withdrawn meanwhile is left out."""
