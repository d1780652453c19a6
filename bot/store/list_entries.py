"""Entries that are made of lists' rows, and rows that are shown before they are any. See `lists`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.model import BankKind, Opinion, Signal
from bot.store.base import Row
from bot.store.list_rows import BARE, Files, unpacked
from bot.store.list_steps import ListSteps, Step

LETTER = "L"  # of a label that is made of a row's number
PAGE = 500  # rows that are read at a time to be shown
DIGITS = 18  # of a row's number at most


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """A row that is no entry yet."""

    label: str
    list: int
    name: str  # of the list
    id: str | None  # the list's own name of the row
    bank: str
    kind: BankKind
    disputed: bool
    fresh: bool
    signals: tuple[Signal, ...]
    files: Files
    opinions: tuple[tuple[str, Opinion], ...]
    added_by: str
    taken_at: str | None


class ListEntries(ListSteps):
    """Writes tables entries, entry_files and signals of rows, and forgets rows of entries that are destroyed."""

    def make_entries(self, labels: Iterable[str]) -> None:
        """Make entries of these rows, as far as they are there and none yet; other labels are passed over.

        Whoever keeps such a label calls this in the same transaction.
        """
        rows = [number for number in map(row_number, dict.fromkeys(labels)) if number is not None]
        if not rows:
            return
        with self._c:
            for row in self._c.rows(
                f"""select r.id, r.list, r.type, r.value, r.quality, l.bank, l.name, l.added_by, l.added_member,
                    l.added_credential, coalesce(l.taken_at, l.added_at) as at
                    from list_rows r join lists l on l.id = r.list
                    where r.id in (select value from json_each(?)) and r.entry is null and r.type not in {BARE}
                    order by r.id""",  # noqa: S608  a number of ours
                (json.dumps(rows),),
            ):
                step = Step(self.get(row["list"]))
                self._make(step, row)
                self._end(step)

    def rows_of(self, bank: str | None, name: str | None, limit: int | None = None) -> Iterator[ListedRow]:
        """Yield rows that are no entries yet, of a list, of a bank or of all, the newest first; so many at most."""
        left, before = limit, None
        while left is None or left > 0:
            page = self._c.tuples(
                f"""select r.id from list_rows r join lists l on l.id = r.list join banks b on b.id = l.bank
                    where (? is null or r.id < ?) and r.entry is null and r.type not in {BARE}
                    and (? is null or b.name = ?) and (? is null or l.name = ?)
                    order by r.id desc limit ?""",  # noqa: S608  a number of ours
                (before, before, bank, bank, name, name, PAGE if left is None else min(PAGE, left)),
            )
            if not page:
                return
            for (number,) in page:
                if (row := self.row(f"{LETTER}-{number}")) is not None:
                    yield row
            before = int(page[-1][0])
            left = None if left is None else left - len(page)

    def row(self, label: str) -> ListedRow | None:
        """Return the row that a label names, if it is there and no entry yet."""
        number = row_number(label)
        row = None if number is None else self._c.one(
            f"""select r.*, l.name, l.added_by, l.taken_at, b.name as bank, b.kind,
                l.fresh_until is null or l.fresh_until > ? as fresh
                from list_rows r join lists l on l.id = r.list join banks b on b.id = l.bank
                where r.id = ? and r.entry is null and r.type not in {BARE}""",  # noqa: S608  a number of ours
            (self._c.now(), number),
        )  # fmt: skip
        if row is None:
            return None
        signals, files = unpacked(row["type"], row["value"], row["quality"])
        opinions = self._c.tuples("select who, opinion from list_opinions where row = ? order by who", (number,))
        return ListedRow(
            label=label,
            list=row["list"],
            name=row["name"],
            id=row["key"],
            bank=row["bank"],
            kind=row["kind"],
            disputed=bool(row["disputed"]),
            fresh=bool(row["fresh"]),
            signals=signals,
            files=files,
            opinions=tuple((who, Opinion(opinion)) for who, opinion in opinions),
            added_by=row["added_by"] or row["name"],
            taken_at=row["taken_at"],
        )

    def destroyed(self, entry: int) -> None:
        """Forget the hashes of the row of which an entry was made. Call it in the transaction that destroys the entry.

        If the list took it back, the row goes altogether; else a digest stays: the list must not bring it again.
        """
        for old in self._rows("r.entry = ?", (entry,)):
            self._c.run("delete from list_opinions where row = ?", (old.id,))
            number = int(self._c.value("select list from list_rows where id = ?", (old.id,)))
            step = Step(self.get(number))
            if old.by_list:
                step.deleted.append(old.id)
            else:
                self._hollow(old, step.source.name)
            self._end(step)

    def _make(self, step: Step, row: Row) -> None:
        """Make an entry of a row."""
        signals, files = unpacked(row["type"], row["value"], row["quality"])
        entry = self._c.insert(
            "entries",
            {
                "label": f"{LETTER}-{row['id']}",
                "bank": row["bank"],
                "state": "active",
                "added_by": row["added_by"] or row["name"],
                "added_member": row["added_member"],
                "added_credential": row["added_credential"],
                "added_at": row["at"],
                "duration": max(signal.t for signal in signals) if len(signals) > 1 else None,
            },
        )
        self._c.run_many(
            "insert into entry_files (entry, sha256, md5) values (?, ?, ?)",
            ((entry, sha256, md5) for sha256, md5 in dict(files).items()),
        )
        self._c.run_many(
            "insert into signals (entry, type, value, quality, t) values (?, ?, ?, ?, ?)",
            ((entry, signal.type, signal.value, signal.quality, signal.t) for signal in signals),
        )
        self._c.run("update list_rows set entry = ? where id = ?", (entry, row["id"]))
        step.count(signals, files, -1)
        step.counts["made"] += 1
        step.gone.append(row["id"])


def row_number(label: str) -> int | None:
    """Return the number of the row that a label names, None for the label of anything else."""
    letter, _, digits = label.partition("-")
    if letter != LETTER or not digits.isascii() or not digits.isdecimal() or len(digits) > DIGITS or digits[0] == "0":
        return None
    return int(digits)
