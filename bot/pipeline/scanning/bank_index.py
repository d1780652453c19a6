"""What the banks know, for matching: search in the indexes, entries and files from the store.

Entries of banks and rows of lists have an index each. Matching knows a row by its number below zero, and takes it for
an entry.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from bot.clock import Clock
from bot.config import Config
from bot.match import Hits, KnownEntry
from bot.pipeline.log import Log
from bot.pipeline.scanning.search_index import SearchIndex
from bot.store import Store

FOLDER = "index"  # in storage.path; may be deleted at any time


class BankIndex:
    """All active entries of the store, and all rows of lists. Offers what `bot.match.Known` asks for."""

    def __init__(self, config: Config, store: Store, clock: Clock, log: Log) -> None:
        self._config = config
        self._store = store
        self._lock = threading.Lock()
        self._has_files = False
        folder = config.storage.path / FOLDER if store.path is not None else None
        gate = config.banks.min_quality
        self._listed = SearchIndex(
            store.listed, name="list-", folder=folder, gate=gate, clock=clock, log=log, steady=True
        )
        self._entries = SearchIndex(store.known, name="", folder=folder, gate=gate, clock=clock, log=log)

    @property
    def has_files(self) -> bool:
        """Whether any entry but those of allow banks has a file's digest."""
        return self._has_files

    def refresh(self) -> None:
        """Take in what changed in banks and lists, here or in another process."""
        with self._lock:
            # rows first: one that becomes an entry meanwhile is found twice then, and not nowhere
            changed = [index.refresh() for index in (self._listed, self._entries)]
            if any(changed):
                self._has_files = self._store.known.has_files() or self._store.listed.has_files()

    def close(self) -> None:
        """Stop building in the background."""
        self._listed.close()
        self._entries.close()

    def search(self, kind: str, values: Sequence[bytes], radius: int) -> Hits:
        """Return every usable signal of type `kind` within `radius` bits of a value."""
        listed = self._listed.search(kind, values, radius)
        entries = self._entries.search(kind, values, radius)
        if not len(listed[0]):
            return Hits(*entries)
        query, row, signal, bits = listed
        below = (query, -row, -signal, bits)
        return Hits(*(np.concatenate(parts) for parts in zip(entries, below, strict=True)))

    def files(self, digests: Sequence[tuple[str, str]]) -> Sequence[tuple[str, int]]:
        """Return (sha256 or md5, entry number) of entries with one of these files."""
        listed = [(method, -row) for method, row in self._store.listed.files(digests)]
        return [*self._store.known.files(digests), *listed]

    def allowing(self, numbers: Iterable[int]) -> Sequence[int]:
        """Return those of these entries that are allowed against another."""
        return self._store.known.allowing(number for number in numbers if number > 0)

    def entries(self, numbers: Iterable[int]) -> Mapping[int, KnownEntry]:
        """Return these entries by number, as far as they are active."""
        config, wanted = self._config, list(numbers)
        trusted, alone = config.banks.trusted, config.review.confirmations == 1
        known = self._store.known.entries([number for number in wanted if number > 0], trusted, alone=alone)
        found = {number: KnownEntry(entry, rows) for number, entry, rows in known}
        below = [-number for number in wanted if number < 0]
        for number, entry, rows in self._store.listed.entries(below, trusted) if below else ():
            found[-number] = KnownEntry(entry, tuple(-row for row in rows))
        return found
