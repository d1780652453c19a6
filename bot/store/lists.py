"""Rows of others' lists: in a table of their own, taken many at a time. An entry is made of a row only when it matches.

A list is one source of one bank. The number of a row is never used again, and a row whose hashes change gets another
one; a row of several signals takes one number for each. So what is new has a number above the last one, and what is
gone stands in `list_gone`: that is all that an index needs to know. Each step that adds or takes away leaves a mark.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, repeat

import numpy as np

from bot.errors import StoreError
from bot.model import Opinion, Signal, Voice, Withdrawal
from bot.store.list_entries import LETTER, ListedRow, ListEntries, row_number
from bot.store.list_keys import Numbers
from bot.store.list_rows import (
    BARE,
    EARLIER,
    NAMES,
    PDQ,
    Listed,
    Prepared,
    content,
    earlier_key,
    hash_of,
    numbers_of,
    prepared,
    unpacked,
)
from bot.store.list_steps import LIST, Held, ListRow, Seen, Step, Taken

SWEPT = 20_000  # numbers looked at in a step
AGAINST = (Opinion.DISPUTED, Opinion.WRONG)

__all__ = ["ListRow", "Listed", "ListedRow", "Lists", "Seen", "Taken", "row_number"]


class Lists(ListEntries):
    """Tables lists, list_rows, list_keys, list_gone, list_steps and list_opinions, and the entries made of rows."""

    def source(self, bank: str, name: str) -> int:
        """Return the number of a list of a bank, which is there from now on. Raises StoreError if there is no bank."""
        with self._c:
            number = self._c.value("select id from banks where name = ?", (bank,))
            if number is None:
                raise StoreError(f"there is no bank {bank}; run: gifwarden bank create {bank} --kind block")
            self._c.run(
                "insert or ignore into lists (bank, name, added_at) values (?, ?, ?)", (number, name, self._c.now())
            )
            return int(self._c.value("select id from lists where bank = ? and name = ?", (number, name)))

    def listing(self, bank: str | None = None) -> list[ListRow]:
        """Return the lists of a bank, or of all."""
        rows = self._c.rows(f"{LIST} where ? is null or b.name = ? order by b.name, l.name", (bank, bank))
        return [ListRow(**row) for row in rows]

    def count(self, number: int) -> int:
        """Return how many rows of a list are there, those that are entries by now among them."""
        return self.get(number).rows

    def called(self, name: str, source: str | None = None) -> list[str]:
        """Return the labels of the rows that lists call so, or one list of that source: of entries, if they are any."""
        found: list[str] = []
        for one in self.listing():
            if source is not None and one.name != source:
                continue
            held = self._candidates(one, [prepared(Listed(name, (), (), withdrawn=True), one.id)]).get(0, ())
            for old in held:
                row = self._c.one(
                    "select r.key, e.label from list_rows r left join entries e on e.id = r.entry where r.id = ?",
                    (old.id,),
                )
                if row is not None and row["key"] == name:
                    found.append(row["label"] or f"{LETTER}-{old.id}")
        return found

    def fresh_until(self, number: int, moment: str | None) -> None:
        """Let a list be stale from a moment on, ISO 8601 in UTC: what it alone speaks for acts no more by itself."""
        self._c.run("update lists set fresh_until = ? where id = ?", (moment, number))

    def rest(self) -> None:
        """Hold nothing in memory: what was being taken has ended."""
        self.keys.rest()

    def take(self, number: int, rows: Sequence[Listed], *, by: Voice, seen: Seen | None = None) -> Taken:
        """Take rows of a list in one transaction, in their order; `seen` hears of each that is there afterwards.

        What somebody here withdrew stays so. Raises StoreError if there is no such list.
        """
        ready = [prepared(row, number) for row in rows]
        with self._c:
            step = Step(self.get(number))
            candidates = self._candidates(step.source, ready)
            held: dict[bytes, Held | None] = {}
            fresh: dict[bytes, Prepared] = {}
            dropped: set[bytes] = set()
            known: list[tuple[int, Prepared]] = []
            for place, one in enumerate(ready):
                ident = one.ident
                if place in candidates and ident not in held:
                    held[ident] = _chosen(candidates[place], one, step.source.name)
                old = held.get(ident) if held else None
                if ident in fresh:
                    self._again(step, fresh, one, instead=ident in dropped)
                elif old is None:
                    if not one.row.withdrawn:
                        fresh[ident] = one
                        step.taken.added += 1
                elif old.refused:
                    step.taken.known += not one.row.withdrawn
                    known.append((old.id, one))
                elif one.row.withdrawn:
                    self._drop(step, old)
                    held[ident] = None
                    step.taken.withdrawn += 1
                elif self._same(step, old, one):
                    step.taken.known += 1
                    known.append((old.id, one))
                else:
                    self._drop(step, old)
                    held[ident] = None
                    dropped.add(ident)
                    fresh[ident] = one
                    step.taken.changed += 1
                    step.taken.again += seen is not None and old.id in seen
            numbers = self._insert(step, list(fresh.values()))
            self._hear(known)
            if seen is not None:
                for row in (*numbers, *(row for row, _ in known)):
                    seen.add(row)
            self._taken_by(number, by)
            self._end(step)
        return step.taken

    def take_plain(
        self,
        number: int,
        ids: Sequence[str] | None,
        values: Sequence[bytes],
        *,
        by: Voice,
        seen: Seen | None = None,
    ) -> Taken:
        """Take many rows that are a PDQ of full quality each, with or without an id; no two are the same row.

        The same as `take`, and several times as fast for those that are new.
        """
        if ids is None:
            idents = [b"pdq:" + value for value in values]
        else:
            head = b"%d\0" % number
            idents = [head + one.encode() for one in ids]
        with self._c:
            step = Step(self.get(number))
            hashes = numbers_of([hash_of(ident) for ident in idents])
            places = np.unique(self._met(step.source, hashes)).tolist()
            taken = Taken()
            if places:
                signals = ((Signal(type="pdq", value=values[place], quality=100, t=0.0),) for place in places)
                met = [
                    Listed(id=None if ids is None else ids[place], signals=one)
                    for place, one in zip(places, signals, strict=True)
                ]
                taken = self.take(number, met, by=by, seen=seen)
                new = np.ones(len(values), dtype=bool)
                new[places] = False
                kept = np.flatnonzero(new).tolist()
                ids = None if ids is None else [ids[place] for place in kept]
                values, hashes = [values[place] for place in kept], hashes[new]
            if values:
                first = self._last()[0] + 1
                last = first + len(values) - 1
                self._put(
                    f"""insert into list_rows (id, list, key, type, value, quality)
                        values (?, {number}, ?, {PDQ}, ?, 100)""",  # noqa: S608  numbers of ours
                    list(zip(range(first, last + 1), repeat(None) if ids is None else ids, values, strict=False)),
                )
                self.keys.add(hashes, np.arange(first, last + 1, dtype=np.int64))
                step.counts["rows"] += len(values)
                step.counts["pdq"] += len(values)
                step.taken.added += len(values)
                if seen is not None:
                    seen.add_new(first, last)
                self._span_to(step.source, first, last)
                self._taken_by(number, by)
                self._end(step)
            taken.added += step.taken.added
        return taken

    def _met(self, source: ListRow, hashes: Numbers) -> Numbers:
        """Return the places of hashes that a row of some list has, or may have."""
        if self._c.value("select earlier from lists where id = ?", (source.id,)):
            return np.arange(len(hashes), dtype=np.int64)
        if self._c.value("select first_row from lists where id = ?", (source.id,)) is None:  # never had a row
            return np.zeros(0, dtype=np.int64)
        return self.keys.find(hashes)[0]

    def sweep(self, number: int, seen: Seen) -> Taken:
        """Withdraw the rows of a list that a whole reading of it has not met, in short transactions."""
        first, last = self._span(number)
        taken = Taken()
        for start in range(first, last + 1, SWEPT):
            with self._c:
                step = Step(self.get(number))
                for old in self._rows(
                    "r.id >= ? and r.id < ? and r.id <= ? and r.list = ?", (start, start + SWEPT, last, number)
                ):
                    if old.id not in seen and not old.refused and not old.by_list:
                        self._drop(step, old)
                        step.taken.withdrawn += 1
                self._end(step)
            taken.withdrawn += step.taken.withdrawn
            taken.entries += step.taken.entries
        return taken

    def would(self, number: int, rows: Sequence[Listed], seen: Seen, gone: Seen) -> Taken:
        """Return what `take` would make of rows, and write nothing. `seen` and `gone` hear of rows that are there now.

        What stands in two calls is counted in both.
        """
        ready = [prepared(row, number) for row in rows]
        source = self.get(number)
        candidates = self._candidates(source, ready)
        taken = Taken()
        fresh: set[bytes] = set()
        for place, one in enumerate(ready):
            old = _chosen(candidates[place], one, source.name) if place in candidates else None
            if old is None or old.id in gone:
                added = not one.row.withdrawn and one.ident not in fresh
                taken.added += added
                taken.known += not one.row.withdrawn and not added
                fresh.update({one.ident} if added else ())
            elif not one.row.withdrawn:
                seen.add(old.id)
                same = old.refused or self._holds(old, one)
                taken.known += same
                taken.changed += not same
            elif not old.refused:
                gone.add(old.id)
                taken.withdrawn += 1
        return taken

    def unseen(self, number: int, seen: Seen, gone: Seen) -> int:
        """Return how many rows `sweep` would withdraw after such a reading."""
        first, last = self._span(number)
        where = "r.id >= ? and r.id < ? and r.id <= ? and r.list = ?"
        return sum(
            old.id not in seen and old.id not in gone and not old.refused and not old.by_list
            for start in range(first, last + 1, SWEPT)
            for old in self._rows(where, (start, start + SWEPT, last, number))
        )

    def _span(self, number: int) -> tuple[int, int]:
        row = self._c.tuples("select coalesce(first_row, 1), coalesce(last_row, 0) from lists where id = ?", (number,))
        return (int(row[0][0]), int(row[0][1])) if row else (1, 0)

    def _candidates(self, source: ListRow, ready: Sequence[Prepared]) -> dict[int, list[Held]]:
        """Return for the places of these rows what may be the same row, of the same list."""
        if self._c.value("select first_row from lists where id = ?", (source.id,)) is None:  # never had a row
            return {}
        hashes = [one.hash for one in ready]
        if self._c.value("select earlier from lists where id = ?", (source.id,)):
            hashes += [hash_of(earlier_key(one.row, source.name)) for one in ready]
        places, rows = self.keys.find(numbers_of(hashes))
        if not len(rows):
            return {}
        there = {
            old.id: old
            for old in self._rows(
                "r.id in (select value from json_each(?)) and r.list = ?",
                (json.dumps(np.unique(rows).tolist()), source.id),
            )
        }
        found: dict[int, list[Held]] = {}
        for place, row in zip((places % len(ready)).tolist(), rows.tolist(), strict=True):
            if row in there:
                found.setdefault(place, []).append(there[row])
        return found

    def _again(self, step: Step, fresh: dict[bytes, Prepared], one: Prepared, *, instead: bool) -> None:
        """Take a row that stands twice in what is taken together; `instead`: of another one, which is gone."""
        before = fresh[one.ident]
        if one.row.withdrawn:
            del fresh[one.ident]
            step.taken.changed -= instead
            step.taken.withdrawn += instead
            step.taken.added -= not instead
        elif (before.type, before.value, before.quality) == (one.type, one.value, one.quality):
            step.taken.known += 1
        else:
            fresh[one.ident] = one
            step.taken.changed += 1
            step.taken.again += 1

    def _same(self, step: Step, old: Held, one: Prepared) -> bool:
        """Return whether a row holds what is there already; one of an earlier version gets its hashes then."""
        if not self._holds(old, one):
            return False
        if old.type not in BARE:
            return True
        self._c.run(
            "update list_rows set key = ?, type = ?, value = ?, quality = ? where id = ?",
            (one.row.id, one.type, one.value, one.quality, old.id),
        )
        self.keys.add(numbers_of([one.hash]), np.array([old.id], dtype=np.int64))
        step.counts["earlier"] -= old.type == EARLIER
        return True

    def _holds(self, old: Held, one: Prepared) -> bool:
        """Return whether a row has the hashes of one that is there already."""
        if old.type not in BARE:
            return (old.type, old.value, old.quality) == (one.type, one.value, one.quality)
        held = self._c.tuples(
            "select type, value, quality, t from signals where entry = ? order by type, value, t", (old.entry,)
        )
        files = self._c.tuples("select sha256, md5 from entry_files where entry = ?", (old.entry,))
        ours = sorted(((s.type, s.value, s.quality, s.t) for s in one.row.signals), key=lambda s: (s[0], s[1], s[3]))
        return bool(held == ours and set(files) == set(dict(one.row.files).items()))

    def _drop(self, step: Step, old: Held) -> None:
        """Let a row go that its list does not have any more; of one with an entry a digest stays as long as that."""
        step.counts["rows"] -= 1
        if old.entry is None:
            step.count(*unpacked(old.type, old.value, old.quality), -1)
            step.deleted.append(old.id)
            return
        step.counts["made"] -= 1
        self._c.run(
            """update entries set state = 'withdrawn', withdrawn_at = ?, withdrawal = ?, followed_at = null
               where id = ? and state = 'active'""",
            (self._c.now(), Withdrawal.BY_LIST, old.entry),
        )
        step.taken.entries.append(str(old.label))
        self._hollow(old, step.source.name)

    def _insert(self, step: Step, fresh: Sequence[Prepared]) -> list[int]:
        """Put in new rows; return their numbers."""
        if not fresh:
            return []
        first = self._last()[0] + 1
        ends = list(accumulate((len(one.row.signals) or 1 for one in fresh), initial=first))
        numbers, last = ends[:-1], ends[-1] - 1
        source = step.source.id
        self._put(
            """insert into list_rows (id, list, key, type, value, quality, disputed)
               values (?, ?, ?, ?, ?, ?, ?)""",
            [
                (number, source, row.id, kind, value, quality, _disputed(row) if row.opinions else 0)
                for number, (row, _, _, kind, value, quality, _) in zip(numbers, fresh, strict=True)
            ],
        )
        keys, rows = numbers_of([one.hash for one in fresh]), np.array(numbers, dtype=np.int64)
        files = [(digest, number) for number, one in zip(numbers, fresh, strict=True) for digest in one.digests]
        if files:
            keys = np.append(keys, numbers_of([digest for digest, _ in files]))
            rows = np.append(rows, [number for _, number in files])
        self.keys.add(keys, rows)
        told = [
            (number, who, opinion)
            for number, one in zip(numbers, fresh, strict=True)
            if one.row.opinions
            for who, opinion in dict(one.row.opinions).items()
        ]
        self._c.run_many("insert into list_opinions (row, who, opinion) values (?, ?, ?)", told)
        step.counts["rows"] += len(fresh)
        for kind, count in Counter(one.type for one in fresh).items():
            if kind in NAMES:
                step.counts[NAMES[kind]] += count
        for one in fresh:
            if one.type not in NAMES:
                step.count(one.row.signals, one.row.files, 1)
        self._span_to(step.source, first, last)
        return numbers

    def _hear(self, known: Sequence[tuple[int, Prepared]]) -> None:
        """Keep what is said of rows that were there already, if it is another thing than before."""
        told = {number: dict(one.row.opinions) for number, one in known}
        if not any(told.values()) and not self._c.value("select exists (select 1 from list_opinions)"):
            return
        before: dict[int, dict[str, str]] = {}
        for number, who, opinion in self._c.tuples(
            "select row, who, opinion from list_opinions where row in (select value from json_each(?))",
            (json.dumps(list(told)),),
        ):
            before.setdefault(number, {})[who] = opinion
        for number, opinions in told.items():
            if opinions != before.get(number, {}):
                self._c.run("delete from list_opinions where row = ?", (number,))
                self._c.run_many(
                    "insert into list_opinions (row, who, opinion) values (?, ?, ?)",
                    ((number, who, opinion) for who, opinion in opinions.items()),
                )
                disputed = any(opinion in AGAINST for opinion in opinions.values())
                self._c.run("update list_rows set disputed = ? where id = ?", (disputed, number))


def _chosen(candidates: Sequence[Held], one: Prepared, source: str) -> Held | None:
    """Return the row that is the same, one with hashes before one that has only their digest."""
    same = [old for old in candidates if not old.by_list and _is(old, one, source)]
    return min(same, key=lambda old: (old.type in BARE, old.id), default=None)


def _is(old: Held, one: Prepared, source: str) -> bool:
    if old.type in BARE:
        return old.value == earlier_key(one.row, source)
    if one.row.id is not None or old.key is not None:
        return old.key == one.row.id
    if (old.type, old.value) == (one.type, one.value):
        return True
    signals, files = unpacked(old.type, old.value, old.quality)
    return content(signals, files) == one.ident


def _disputed(row: Listed) -> bool:
    return any(opinion in AGAINST for _, opinion in row.opinions)
