"""Rows of lists as matching reads them, beside the entries of banks: the number of a row counts below zero there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from bot.model import Backing, Entry
from bot.store.base import Connection
from bot.store.list_keys import ListKeys
from bot.store.list_rows import BARE, CODES, PACKED, hash_of, numbers_of, unpacked

ROWS = 20_000  # read at a time: others wait for the connection meanwhile
ANCHORS = 16
SIZE = 32  # bytes of a value that can be searched for

SignalRow = tuple[int, int, bytes]  # number of the signal, number of its row, value


class ListIndexRows:
    """Reads tables lists, list_rows, list_gone and list_steps. Numbers of rows are as they are in the table."""

    def __init__(self, connection: Connection, keys: ListKeys) -> None:
        self._c = connection
        self._keys = keys

    def latest(self) -> int:
        """Return the number of the newest step that changed rows, here or in another process."""
        return int(self._c.value("select max(seq) from list_steps") or 0)

    def changed(self, after: int) -> list[int]:
        """Return the rows that went behind that step, each once."""
        rows = self._c.tuples(
            "select distinct row from list_gone where seq > (select last_gone from list_steps where seq = ?)", (after,)
        )
        return [int(row) for (row,) in rows]

    def anchors(self, seq: int) -> list[tuple[int, str]]:
        """Return (number, mark) of the newest steps up to one: they tell this database from another."""
        return [
            (int(step), str(mark))
            for step, mark in self._c.tuples(
                "select seq, mark from list_steps where seq <= ? order by seq desc limit ?", (seq, ANCHORS)
            )
        ]

    def labels(self, changes: Iterable[int]) -> dict[int, str]:
        """Return the mark of each of these steps, as far as it is there."""
        wanted = json.dumps(list(changes))
        rows = self._c.tuples(
            "select seq, mark from list_steps where seq in (select value from json_each(?))", (wanted,)
        )
        return {int(seq): str(mark) for seq, mark in rows}

    def reaches(self, seq: int) -> bool:
        """Return whether all that changed behind that step can still be told."""
        return bool(seq == 0 or self._c.value("select 1 from list_steps where seq = ?", (seq,)))

    def count(self, kind: str, least_quality: int, most: int) -> int:  # noqa: ARG002  of any
        """Return how many signals of one type there are, of whatever quality, counting no further than `most`."""
        assert kind in CODES, "one of the types that lists have"
        return min(most, int(self._c.value(f"select coalesce(sum({kind}), 0) from lists")))  # noqa: S608  one of two names

    def signals(self, kind: str, least_quality: int, upto: int) -> Iterator[list[SignalRow]]:
        """Yield the signals of one type of rows that are no entries, many at a time, in order, up to a step."""
        return self._signals(kind, least_quality, 0, upto)

    def within(self, after: int, upto: int, most: int) -> int:
        """Return the newest step up to one behind which at most so many numbers were given since another."""
        found = self._c.value(
            """select max(seq) from list_steps where seq >= ? and seq <= ?
               and last_row <= ? + coalesce((select last_row from list_steps where seq = ?), 0)""",
            (after, upto, most, after),
        )
        return after if found is None else int(found)

    def replacing(
        self,
        changed: Sequence[int],  # noqa: ARG002  rows that went have none; entries that changed have others
        kind: str,
        least_quality: int,
        after: int,
        upto: int,
    ) -> Iterator[list[SignalRow]]:
        """Yield the signals of rows that came behind a step, up to another one: what went does not come again."""
        return self._signals(kind, least_quality, after, upto)

    def _signals(self, kind: str, least_quality: int, after: int, upto: int) -> Iterator[list[SignalRow]]:
        last, end = (
            int(self._c.value("select last_row from list_steps where seq = ?", (step,)) or 0) for step in (after, upto)
        )
        if last == end or not self.count(kind, least_quality, 1):
            return
        while rows := self._c.tuples(
            f"""select id, type, value, quality from list_rows
                where id > ? and id <= ? and (type = ? and quality >= ? or type = {PACKED}) and entry is null
                order by id limit ?""",  # noqa: S608  a number of ours
            (last, end, CODES[kind][0], least_quality, ROWS),
        ):
            found: list[SignalRow] = [(row, row, value) for row, code, value, _ in rows if code != PACKED]
            for row, code, value, quality in rows if len(found) < len(rows) else ():
                if code != PACKED:
                    continue
                signals, _ = unpacked(code, value, quality)
                found.extend(
                    (row + place, row, signal.value)
                    for place, signal in enumerate(signals)
                    if signal.type == kind and signal.quality >= least_quality and len(signal.value) == SIZE
                )
            yield found
            last = rows[-1][0]

    def has_files(self) -> bool:
        """Return whether any row without entry, but those of allow banks, has a file's digest."""
        return bool(
            self._c.value(
                """select exists(select 1 from lists l join banks b on b.id = l.bank
                   where l.files > 0 and b.kind <> 'allow')"""
            )
        )

    def files(self, digests: Sequence[tuple[str, str]]) -> list[tuple[str, int]]:
        """Return (sha256 or md5, row) of rows without entry that have one of these (SHA-256, MD5), in that order."""
        if not self._c.value("select exists(select 1 from lists where files > 0)"):
            return []
        wanted = [
            (method, digest)
            for pair in digests
            for method, digest in zip(("sha256", "md5"), pair, strict=True)
            if digest
        ]
        places, rows = self._keys.find(numbers_of([hash_of(digest.encode()) for _, digest in wanted]))
        held = dict(self._files_of(np.unique(rows).tolist()))
        pairs = sorted(set(zip(places.tolist(), rows.tolist(), strict=True)))
        return [
            (wanted[place][0], row)
            for place, row in pairs
            if any(wanted[place][1] == file[wanted[place][0] == "md5"] for file in held.get(row, ()))
        ]

    def entries(self, numbers: Iterable[int], trusted: Sequence[str]) -> Iterator[tuple[int, Entry, tuple[int, ...]]]:
        """Yield (number, entry, numbers of its signals) of these rows, each as if it were an entry.

        One that became an entry since it was found is that entry, as far as it is active. Rows of trusted banks count
        as confirmed, unless their list is stale or somebody disputes them.
        """
        now = self._c.now()
        for row in self._c.rows(
            f"""select r.id, r.type, r.value, r.quality, r.disputed, b.name, b.kind, b.distance, e.label, e.standing,
                l.fresh_until is null or l.fresh_until > ? as fresh
                from list_rows r join lists l on l.id = r.list join banks b on b.id = l.bank
                left join entries e on e.id = r.entry
                where r.id in (select value from json_each(?)) and r.type not in {BARE}
                and (r.entry is null or e.state = 'active') order by r.id""",  # noqa: S608  numbers of ours
            (now, json.dumps(sorted(set(numbers)))),
        ):
            signals, files = unpacked(row["type"], row["value"], row["quality"])
            by_people = row["standing"] == Backing.TWO_PEOPLE
            by_trust = row["name"] in trusted and row["fresh"]
            yield (
                row["id"],
                Entry(
                    label=row["label"] or f"L-{row['id']}",
                    bank=row["name"],
                    bank_kind=row["kind"],
                    confirmed=bool((by_people or by_trust) and not row["disputed"]),
                    distance=row["distance"],
                    sha256=tuple(sha256 for sha256, _ in files),
                    md5=tuple(md5 for _, md5 in files),
                    signals=signals,
                ),
                tuple(range(row["id"], row["id"] + len(signals))),
            )

    def active(self, trusted: Sequence[str], bank: str | None = None) -> Iterator[Entry]:
        """Yield every row without entry of a bank, or of all, each as if it were an entry, in order."""
        lists = self._c.tuples(
            """select l.id, l.first_row, l.last_row from lists l join banks b on b.id = l.bank
               where (? is null or b.name = ?) and l.rows > l.made order by l.first_row""",
            (bank, bank),
        )
        for number, first, last in lists:
            after = first - 1
            while rows := self._c.tuples(
                f"""select id from list_rows where id > ? and id <= ? and list = ? and entry is null
                    and type not in {BARE} order by id limit ?""",  # noqa: S608  numbers of ours
                (after, last, number, ROWS // 10),
            ):
                after = rows[-1][0]
                yield from (entry for _, entry, _ in self.entries((row for (row,) in rows), trusted))

    def one(self, number: int, bank: str) -> Iterator[Entry]:
        """Yield a row of a bank as if it were an entry, if it is there and none yet."""
        if self._c.value("select 1 from list_rows where id = ? and entry is null", (number,)):
            yield from (entry for _, entry, _ in self.entries([number], ()) if entry.bank == bank)

    def _files_of(self, rows: Sequence[int]) -> Iterator[tuple[int, Any]]:
        for row, kind, value in self._c.tuples(
            """select id, type, value from list_rows where id in (select value from json_each(?)) and entry is null""",
            (json.dumps(rows),),
        ):
            yield row, unpacked(kind, value, 0)[1]
