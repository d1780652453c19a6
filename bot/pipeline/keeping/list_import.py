"""Others' lists into a bank, in steps that are kept.

What was cut off is given again, and what is there already is passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.lists import Bad, Fault, Plain, Record, Whole
from bot.model import Voice
from bot.store import Store
from bot.store.lists import Listed, Seen, Taken
from bot.store.minors import names_of

MARKED = "a row is of a file that was marked as a suspected minor's; it is left out"
FAILS = (Fault.BROKEN, Fault.PART)  # others are no fault of the row
TOLD = ("added", "changed", "known", "withdrawn", "children", "not_ours", "failed")  # of a reading, with its list
STEP = 20_000  # rows a transaction: a fraction of a second


@dataclass(slots=True)
class Counts:
    """What became of the rows of a list."""

    added: int = 0
    changed: int = 0  # had other hashes before
    known: int = 0  # were there already, or twice in the list
    withdrawn: int = 0  # by the list
    gone: int = 0  # withdrawn by the list, and never there, or not any more
    again: int = 0  # of `changed`: rows whose id came before in the same reading, with other hashes
    children: int = 0  # tagged as child abuse: dropped
    not_ours: int = 0  # of kinds that we do not match
    failed: int = 0
    ended: int = 0  # of `withdrawn`: their row is there and could not be read
    marked: int = 0  # of these, of files that were marked as a suspected minor's
    passed: Counter[str] = field(default_factory=Counter)  # kinds of digests passed over in rows that were taken

    @property
    def plain(self) -> dict[str, int]:
        """What came of them, by name."""
        return {name: getattr(self, name) for name in TOLD}

    @property
    def rows(self) -> int:
        """How many rows there were."""
        taken = self.added + self.changed + self.known + self.withdrawn + self.gone
        return taken + self.children + self.not_ours + self.failed - self.ended


class _Unread:
    """Ids of rows that are there and cannot be read: what they held before matches no more.

    An id may stand in several rows, one a digest, of which one is of a kind that we do not match. Such rows stand
    beside one another, so an id with a good row a step before or behind stays.
    """

    def __init__(self) -> None:
        self._new: list[str] = []
        self._waiting: list[str] = []
        self._before: set[str | None] = set()

    def add(self, id: str | None) -> None:
        """Note an id, None if the row has none that could be read."""
        if id is not None:
            self._new.append(id)

    def due(self, good: Iterable[str | None]) -> list[str]:
        """Return which ids end with this step, whose good rows have these."""
        here = set(good)
        found = [one for one in self._waiting if one not in here and one not in self._before]
        self._waiting = [one for one in self._new if one not in here and one not in self._before]
        self._new, self._before = [], here
        return found


def take(
    store: Store,
    bank: str,
    source: str,
    rows: Iterable[Record | Bad | Whole | Plain],
    *,
    by: Voice,
    told: Callable[[Bad], None],
    seen: Seen | None = None,
    ends: bool = True,
) -> Counts:
    """Take rows of a list of a bank; return what became of them. `told` hears of each bad row as it is met.

    `seen` hears of each row that is there afterwards. `ends`: these were all; else who calls says at the end what came.
    They are unconfirmed: they act alone only if the operator trusts the bank by name. Raises StoreError.
    """
    counts = Counts()
    number = store.lists.source(bank, source)
    held: list[Listed] = []
    dropped = 0  # of these, tagged as child abuse
    unread = _Unread()

    def keep() -> None:
        nonlocal dropped
        taken = store.lists.take(number, held, by=by, seen=seen)
        count(taken)
        counts.gone += max(0, sum(row.withdrawn for row in held) - dropped - taken.withdrawn)
        end(unread.due(row.id for row in held))
        held.clear()
        dropped = 0

    def count(taken: Taken) -> None:
        counts.added += taken.added
        counts.changed += taken.changed
        counts.known += taken.known
        counts.withdrawn += taken.withdrawn
        counts.again += taken.again

    def end(ids: list[str]) -> None:
        taken = (
            store.lists.take(number, [Listed(one, (), (), withdrawn=True) for one in ids], by=by) if ids else Taken()
        )
        counts.withdrawn += taken.withdrawn
        counts.ended += taken.withdrawn

    for row in rows:
        if isinstance(row, Whole):
            continue
        if isinstance(row, Plain):
            if row.ids is not None:
                end(unread.due(row.ids))
            if held:
                keep()
            count(store.lists.take_plain(number, row.ids, row.values, by=by, seen=seen))
            continue
        if isinstance(row, Bad):
            counts.failed += row.fault in FAILS
            counts.not_ours += row.fault is Fault.NOT_OURS
            told(row)
            unread.add(row.id)
            continue
        if row.child:  # never kept, and what was kept of it before goes
            counts.children += 1
        if row.passed:
            counts.passed.update(row.passed)
        if row.files and store.minors.is_never(*(name for pair in row.files for name in names_of(*pair))):
            counts.failed += 1
            counts.marked += 1
            told(Bad(line=0, reason=MARKED))
            unread.add(row.id)
            continue
        dropped += row.child
        held.append(
            Listed(id=row.id, signals=row.signals, files=row.files, withdrawn=row.withdrawn, opinions=row.opinions)
        )
        if len(held) == STEP:
            keep()
    if held:
        keep()
    end(unread.due(()))
    end(unread.due(()))
    if ends:
        ended(store, number, bank, counts, by=by)
    return counts


def ended(store: Store, number: int, bank: str, counts: Counts, *, by: Voice) -> None:
    """Say in the audit trail and with the list what came of it, and hold nothing of it in memory."""
    store.lists.rest()
    store.lists.came(number, counts.plain)
    if counts.added or counts.changed or counts.withdrawn:
        more = f", {counts.changed} changed" if counts.changed else ""
        what = f"list imported into {bank}: {counts.added} added{more}, {counts.withdrawn} withdrawn"
        store.audit.record(by=by, what=what, subject=bank)
