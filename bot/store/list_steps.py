"""What every change of lists' rows leaves: counts, marks, what went. See `lists`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from bot.errors import StoreError
from bot.model import BankKind, Signal, Voice, Withdrawal
from bot.store.base import Connection
from bot.store.list_keys import ListKeys
from bot.store.list_rows import BARE, HOLLOW, Files, Listed, earlier_key, unpacked

TOGETHER = 50  # rows inserted by a statement
STEPS = 1_000  # that an index may lag behind
TIDIED = "list_keys"  # up to which of the rows that went keys are forgotten
COUNTS = ("rows", "made", "earlier", "pdq", "phash", "files")
LIST = """select l.id, b.name as bank, b.kind, l.name, l.rows, l.made, l.added_at, l.taken_at, l.fresh_until, l.last
    from lists l join banks b on b.id = l.bank"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """A list: one source of one bank, and how much it holds."""

    id: int
    bank: str
    kind: BankKind
    name: str
    rows: int  # that the list has, as far as we took them
    made: int  # of these, entries by now
    added_at: str
    taken_at: str | None  # when rows of it were taken last
    fresh_until: str | None  # from then on it is stale; None: never
    last: str | None = None  # what came of the rows of its last reading, as JSON


@dataclass(slots=True)
class Taken:
    """What became of rows. `entries`: labels of entries that were withdrawn, for their row was or has changed."""

    added: int = 0
    changed: int = 0
    known: int = 0
    withdrawn: int = 0
    again: int = 0  # of `changed`: rows that the same reading has met before, with other hashes
    entries: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Held:
    """A row that is there, and what became of its entry if it has one."""

    id: int
    key: str | None
    type: int
    value: bytes
    quality: int
    disputed: int
    entry: int | None
    label: str | None
    state: str | None
    withdrawal: str | None

    @property
    def by_list(self) -> bool:
        """Whether its list took it back: then it is as if it were not there."""
        return self.state == "withdrawn" and self.withdrawal == Withdrawal.BY_LIST

    @property
    def refused(self) -> bool:
        """Whether somebody here withdrew its entry: then it does not come back, whatever its list says."""
        return self.state == "withdrawn" and not self.by_list


@dataclass(slots=True)
class Seen:
    """Which rows of a list a reading of it has met: a bit a row."""

    bits: bytearray = field(default_factory=bytearray)
    count: int = 0

    def add(self, row: int) -> None:
        """Note that a row was met."""
        place, bit = row >> 3, 1 << (row & 7)
        self._reach(place)
        if not self.bits[place] & bit:
            self.bits[place] |= bit
            self.count += 1

    def add_new(self, first: int, last: int) -> None:
        """Note that rows were met, from the first to the last, which have only just been given their numbers."""
        begin, end = (first + 7) >> 3, (last + 1) >> 3
        if begin >= end:
            for row in range(first, last + 1):
                self.add(row)
            return
        self._reach(end)
        self.bits[begin:end] = b"\xff" * (end - begin)
        self.count += (end - begin) * 8
        for row in (*range(first, begin << 3), *range(end << 3, last + 1)):
            self.add(row)

    def _reach(self, place: int) -> None:
        if place >= len(self.bits):
            self.bits.extend(bytes(place + 1 - len(self.bits) + len(self.bits) // 8))

    def __contains__(self, row: int) -> bool:
        place = row >> 3
        return place < len(self.bits) and bool(self.bits[place] & (1 << (row & 7)))


class Step:
    """What one call changes, until it is written."""

    def __init__(self, source: ListRow) -> None:
        self.source = source
        self.taken = Taken()
        self.deleted: list[int] = []
        self.gone: list[int] = []  # from the index, but not from the table
        self.counts = dict.fromkeys(COUNTS, 0)

    def count(self, signals: Iterable[Signal], files: Files, sign: int) -> None:
        """Add the hashes of a row without entry to what the list holds, or take them away."""
        for signal in signals:
            if signal.type in self.counts:
                self.counts[signal.type] += sign
        self.counts["files"] += sign if files else 0


class ListSteps:
    """Tables lists, list_rows, list_gone and list_steps, as every change of rows leaves them."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self.keys = ListKeys(connection)

    def get(self, number: int) -> ListRow:
        """Return one list. Raises StoreError if there is none of that number."""
        row = self._c.one(f"{LIST} where l.id = ?", (number,))
        if row is None:
            raise StoreError(f"there is no list of number {number}")
        return ListRow(**row)

    def tidy(self) -> None:
        """Forget the keys of rows that went, and marks and numbers behind which no index is, in short transactions."""
        done = int(self._c.value("select value from versions where name = ?", (TIDIED,)) or 0)
        upto = int(self._c.value("select max(seq) from list_gone") or 0)
        gone = self._c.tuples(
            """select distinct g.row from list_gone g where g.seq > ? and g.seq <= ?
               and not exists (select 1 from list_rows r where r.id = g.row)""",
            (done, upto),
        )
        rows = np.array([row for (row,) in gone], dtype=np.int64)
        at: int | None = 0 if len(rows) else None
        while at is not None:
            with self._c:
                at = self.keys.without(rows, after=at)
        with self._c:
            self._c.run(
                "insert into versions values (?, ?) on conflict do update set value = excluded.value", (TIDIED, upto)
            )
        self.keys.rest()
        with self._c:
            self._c.run("delete from list_steps where seq <= (select max(seq) from list_steps) - ?", (STEPS,))
            self._c.run(
                "delete from list_gone where seq <= (select min(?, last_gone) from list_steps order by seq limit 1)",
                (upto,),
            )

    def _span_to(self, source: ListRow, first: int, last: int) -> None:
        self._c.run(
            "update lists set first_row = coalesce(first_row, ?), last_row = ? where id = ?", (first, last, source.id)
        )
        self._mark(last_row=last)

    def came(self, number: int, counts: Mapping[str, int]) -> None:
        """Note what came of the last reading of a list."""
        self._c.run("update lists set last = ? where id = ?", (json.dumps(counts), number))

    def _taken_by(self, number: int, by: Voice) -> None:
        self._c.run(
            """update lists set taken_at = ?, added_member = iif(added_by is null, ?, added_member),
               added_credential = iif(added_by is null, ?, added_credential), added_by = coalesce(added_by, ?)
               where id = ?""",
            (self._c.now(), by.member, by.credential, by.name, number),
        )

    def _put(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, many in a statement: that takes a quarter less. `sql` ends with the values of one."""
        whole = len(rows) - len(rows) % TOGETHER
        into, _, row = sql.partition("values ")
        self._c.run_many(
            f"{into} values {', '.join([row] * TOGETHER)}",
            (tuple(chain.from_iterable(rows[start : start + TOGETHER])) for start in range(0, whole, TOGETHER)),
        )
        self._c.run_many(sql, rows[whole:])

    def _rows(self, where: str, values: Sequence[Any]) -> Iterator[Held]:
        rows = self._c.tuples(
            f"""select r.id, r.key, r.type, r.value, r.quality, r.disputed, r.entry, e.label, e.state, e.withdrawal
                from list_rows r left join entries e on e.id = r.entry where {where} order by r.id""",  # noqa: S608  words of ours
            values,
        )
        return (Held(*row) for row in rows)

    def _hollow(self, old: Held, source: str) -> None:
        """Keep of a row's hashes and name only the digest that tells it."""
        if old.type not in BARE:
            signals, files = unpacked(old.type, old.value, old.quality)
            digest = earlier_key(Listed(id=old.key, signals=signals, files=files), source)
            self._c.run(
                "update list_rows set key = null, type = ?, value = ?, quality = 0 where id = ?",
                (HOLLOW, digest, old.id),
            )

    def _last(self) -> tuple[int, int]:
        """Return the last number that was given to a row, and that of the last row that went."""
        rows = self._c.tuples("select last_row, last_gone from list_steps order by seq desc limit 1")
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    def _mark(self, *, last_row: int | None = None, last_gone: int | None = None) -> None:
        """Leave a mark, random so that it tells this database from another one."""
        row, gone = self._last()
        self._c.run(
            "insert into list_steps (last_row, last_gone, mark) values (?, ?, ?)",
            (row if last_row is None else last_row, gone if last_gone is None else last_gone, secrets.token_hex(8)),
        )

    def _end(self, step: Step) -> None:
        """Write what a step took away, and how much its list holds now."""
        for table, column in (("list_rows", "id"), ("list_opinions", "row")) if step.deleted else ():
            self._c.run_many(f"delete from {table} where {column} = ?", ((row,) for row in step.deleted))  # noqa: S608  names of ours
        gone = [*step.deleted, *step.gone]
        if gone:
            self._c.run_many("insert into list_gone (row) values (?)", ((row,) for row in gone))
            self._mark(last_gone=int(self._c.value("select max(seq) from list_gone")))
        if any(step.counts.values()):
            told = ", ".join(f"{name} = {name} + :{name}" for name in COUNTS)
            self._c.run(f"update lists set {told} where id = :id", {**step.counts, "id": step.source.id})  # noqa: S608  names of ours
