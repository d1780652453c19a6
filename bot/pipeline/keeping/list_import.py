"""Others' lists into a bank, in steps that are kept.

What was cut off is given again, and what is there already is passed over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.lists import Bad, Record
from bot.model import Actor
from bot.store import Store
from bot.store.lists import Listed
from bot.store.minors import names_of

MARKED = "a row is of a file that was marked as a suspected minor's; it is left out"
STEP = 5_000  # rows a transaction


@dataclass(slots=True)
class Counts:
    """What became of the rows of a list."""

    added: int = 0
    known: int = 0  # were there already, or twice in the list
    withdrawn: int = 0  # by the list
    failed: int = 0

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.added + self.known + self.withdrawn + self.failed


def take(
    store: Store,
    bank: str,
    source: str,
    rows: Iterable[Record | Bad],
    *,
    by: Actor,
    told: Callable[[Bad], None],
) -> Counts:
    """Put rows into a bank; return what became of them. `told` hears of each bad row as it is met.

    Entries are unconfirmed: they act alone only if the operator trusts the bank by name. Raises StoreError.
    """
    counts = Counts()
    held: list[Listed] = []

    def keep() -> None:
        added, known, withdrawn = store.lists.take(bank, source, held, by=by)
        counts.added, counts.known, counts.withdrawn = (
            counts.added + added,
            counts.known + known,
            counts.withdrawn + withdrawn,
        )
        held.clear()

    for row in rows:
        if isinstance(row, Bad):
            counts.failed += 1
            told(row)
            continue
        if row.files and store.minors.is_never(*(name for pair in row.files for name in names_of(*pair))):
            counts.failed += 1
            told(Bad(line=0, reason=MARKED))
            continue
        held.append(
            Listed(key=_key(row, source), signals=row.signals, files=row.files, withdrawn=row.withdrawn),
        )
        if len(held) == STEP:
            keep()
    keep()
    if counts.added or counts.withdrawn:
        what = f"list imported into {bank}: {counts.added} added, {counts.withdrawn} withdrawn"
        store.audit.record(by=by, what=what, subject=bank)
    return counts


def _key(row: Record, source: str) -> bytes:
    """Return what tells a row: the list's own id of it, or its content."""
    if row.id is not None:
        return hashlib.blake2b(json.dumps([source, row.id]).encode(), digest_size=20).digest()
    values = sorted((signal.type.encode() + b":" + signal.value) for signal in row.signals)
    return hashlib.blake2b(
        b"".join([*values, *("".join(pair).encode() for pair in row.files)]), digest_size=20
    ).digest()
