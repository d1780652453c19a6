"""A list that lies in a file: looked at first where it may take much away, taken, and swept where it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat

from bot.errors import UsageError
from bot.lists import Bad, Fault, Plain, Record, Whole
from bot.lists import Row as OneRow
from bot.model import Signal, Voice
from bot.pipeline.keeping.exchange_standing import EXCHANGES
from bot.pipeline.keeping.list_import import FAILS, STEP, Counts, ended, take
from bot.pipeline.keeping.sweeping import asks, may_sweep
from bot.plural import many
from bot.store import Store
from bot.store.lists import Listed, ListRow, Seen

UNNAMED = "import"  # the source of rows that have no ids, if nobody named one
MAX_SOURCE = 100  # characters
UNNAMED_WITHDRAWS = (
    "say which list it is with --source NAME, the same name each time, so that it withdraws nothing of another one"
)


Row = OneRow | Plain


@dataclass(slots=True)
class Look:
    """What a list would do, or did, to what is there of it."""

    counts: Counts
    listed: int  # rows of it that were there before
    silent: int  # of those that are withdrawn: it says nothing of them any more
    whole: bool  # it is, or says that it is
    unreadable: int = 0  # rows; a whole list with some of them is not swept, for they may be what is missed

    @property
    def sweeps(self) -> bool:
        """Whether what is not in the list any more goes."""
        return may_sweep(whole=self.whole, unreadable=self.unreadable)

    @property
    def asks(self) -> bool:
        """Whether a person has to say yes to what it takes away."""
        counts = self.counts
        meets_none = self.silent > 0 and not counts.known + counts.changed
        return asks(counts.withdrawn + counts.changed, self.listed, meets_none=meets_none)


class _Watched:
    """The rows of a list, watched for what concerns all of it. Raises UsageError for ids of nobody."""

    def __init__(self, rows: Iterable[Row], *, whole: bool, named: bool) -> None:
        self._rows = rows
        self._named = named
        self.whole = whole
        self.unreadable = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            if isinstance(row, Record | Plain):
                has_ids = row.id is not None if isinstance(row, Record) else row.ids is not None
                if has_ids and not self._named:
                    raise UsageError(
                        "the rows have ids of their own; say whose they are with --source NAME, the same name each "
                        "time, so that another list with the same ids is kept apart from it"
                    )
                if isinstance(row, Record) and row.withdrawn and not row.child and not self._named:
                    raise UsageError(f"the list withdraws rows; {UNNAMED_WITHDRAWS}")
            elif isinstance(row, Whole):
                self.whole = True
                if not self._named:
                    raise UsageError(f"the list says that it is whole; {UNNAMED_WITHDRAWS}")
            else:
                self.unreadable += row.fault is Fault.BROKEN
            yield row


class ListFile:
    """A list for a bank. `source`: whose it is; None: nobody said, so its rows may have no ids. Raises UsageError."""

    def __init__(self, store: Store, bank: str, source: str | None, *, whole: bool = False) -> None:
        self._store = store
        self._bank = bank
        self._named = source is not None
        self._source = UNNAMED if source is None else source_name(source)
        self._whole = whole
        if whole and source is None:
            raise UsageError(f"a list that is whole withdraws what it does not have; {UNNAMED_WITHDRAWS}")

    @property
    def may_ask(self) -> bool:
        """Whether so much of it is there that it has to be looked at before it is taken."""
        return (there := self._there()) is not None and there.rows > 0

    def look_for_gone(self, rows: Callable[[], Iterable[Row]]) -> Look:
        """Return how much the rows would withdraw; nothing is done. Asked for twice if they say that they are whole."""
        found = self.look(rows(), _nobody, everything=self._whole)
        return self.look(rows(), _nobody) if found.whole and not self._whole else found

    def look(self, rows: Iterable[Row], told: Callable[[Bad], None], *, everything: bool = True) -> Look:
        """Return what would come of the rows, else only how many would go; nothing is done."""
        there = self._there()
        watched = self._watched(rows)
        seen, gone = Seen(), Seen()
        counts = Counts()
        held: list[Listed] = []
        dropped: list[Listed] = []  # they go whatever anybody says

        def add() -> None:
            if there is None:
                counts.added += sum(not row.withdrawn for row in held)
                counts.gone += sum(row.withdrawn for row in held)
            else:
                self._store.lists.would(there.id, dropped, seen, gone)
                taken = self._store.lists.would(there.id, held, seen, gone)
                counts.added += taken.added
                counts.changed += taken.changed
                counts.known += taken.known
                counts.withdrawn += taken.withdrawn
                counts.gone += sum(row.withdrawn for row in held) - taken.withdrawn
            held.clear()
            dropped.clear()

        for row in watched:
            if isinstance(row, Bad):
                counts.failed += row.fault in FAILS
                counts.not_ours += row.fault is Fault.NOT_OURS
                told(row)
                if row.id is not None:  # what it held before ends
                    held.append(Listed(row.id, (), (), withdrawn=True))
            elif isinstance(row, Plain):
                for one in _rows_of(row) if everything or row.ids is not None else ():
                    held.append(one)
                    if len(held) + len(dropped) == STEP:
                        add()
            elif isinstance(row, Record):
                counts.passed.update(row.passed)
                counts.children += row.child
                if not everything and not row.withdrawn and row.id is None:
                    continue  # it is there or is new; a row that has an id may have got other hashes
                one = Listed(row.id, row.signals, row.files, row.withdrawn, row.opinions)
                (dropped if row.child else held).append(one)
                if len(held) + len(dropped) == STEP:
                    add()
        add()
        found = Look(counts, there.rows if there else 0, 0, watched.whole, watched.unreadable)
        if found.sweeps and everything and there is not None:
            found.silent = self._store.lists.unseen(there.id, seen, gone)
            counts.withdrawn += found.silent
        self._store.lists.rest()
        return found

    def take(self, rows: Iterable[Row], *, by: Voice, told: Callable[[Bad], None]) -> Look:
        """Take the rows, in steps that are kept, and sweep if they are whole. Raises StoreError."""
        there = self._there()
        watched = self._watched(rows)
        seen = Seen()
        counts = take(self._store, self._bank, self._source, watched, by=by, told=told, seen=seen, ends=False)
        found = Look(counts, there.rows if there else 0, 0, watched.whole, watched.unreadable)
        number = self._store.lists.source(self._bank, self._source)
        if found.sweeps:
            found.silent = self._store.lists.sweep(number, seen).withdrawn
            counts.withdrawn += found.silent
        ended(self._store, number, self._bank, counts, by=by)
        return found

    def _watched(self, rows: Iterable[Row]) -> _Watched:
        return _Watched(rows, whole=self._whole, named=self._named)

    def _there(self) -> ListRow | None:
        return next((one for one in self._store.lists.listing(self._bank) if one.name == self._source), None)


def _rows_of(plain: Plain) -> Iterator[Listed]:
    """Yield rows that came many at a time, one by one."""
    for name, value in zip(plain.ids or repeat(None), plain.values, strict=False):
        yield Listed(name, (Signal(type="pdq", value=value, quality=100, t=0.0),))


def _nobody(_bad: Bad) -> None:
    """Hear of a bad row that is told later."""


def question(found: Look) -> str:
    """Return what a person is asked before a list takes so much away."""
    counts, of = found.counts, f"of {many(found.listed, 'row')}"
    said = counts.withdrawn - found.silent
    parts = [
        f"{said:,} {of} would be withdrawn, for the list says so" if said else "",
        f"{found.silent:,} {of} would be withdrawn, for the list is whole and no longer has them"
        if found.silent
        else "",
        f"{counts.changed:,} {of} would get other hashes, and the old ones match no more: is it another list?"
        if counts.changed
        else "",
    ]
    return "; ".join(part for part in parts if part)


def source_name(given: str) -> str:
    """Return a name for where a list comes from. Raises UsageError if it is none."""
    name = given.strip()
    if not name or len(name) > MAX_SOURCE or not name.isprintable():
        raise UsageError(f"--source takes a name of 1 to {MAX_SOURCE} characters that can be seen")
    if name == UNNAMED:
        raise UsageError(f"--source may not be {UNNAMED}: so are called lists that nobody named; choose another name")
    if name.startswith(EXCHANGES):
        raise UsageError(f"--source may not begin with {EXCHANGES}, which names what comes by an exchange")
    return name
