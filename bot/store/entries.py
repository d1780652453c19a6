"""Entries as people read them: page by page, and one with all of its past. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import StoreError
from bot.model import Backing, BankKind, Credential
from bot.store.base import Connection, Row
from bot.store.entry_notes import EntryNotes, NoteRow
from bot.store.opinions import DISPUTED

BATCH = 1_000  # rows of a stream read at a time
STATES = ("active", "withdrawn")
_ROW = """select e.id, e.label, b.name as bank, b.kind, e.state, e.added_by, e.added_credential, e.added_at,
    e.confirmed_by, e.confirmed_at, e.standing, l.name as source,
    (select count(*) from signals s where s.entry = e.id) as signals,
    (select count(*) from entry_cases c where c.entry = e.id) as cases
    from entries e join banks b on b.id = e.bank left join list_rows r on r.entry = e.id
    left join lists l on l.id = r.list"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """An entry without its signals."""

    label: str
    bank: str
    kind: BankKind
    state: str  # active or withdrawn
    added_by: str
    added_at: str
    added_credential: Credential | None  # None: a name of an earlier version that is nobody's
    confirmed_by: str | None
    confirmed_at: str | None
    standing: Backing
    source: str | None  # the list that it came from
    signals: int
    cases: int  # that it matched


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries are wanted; a field that is None asks for nothing."""

    bank: str | None = None
    state: str | None = None
    source: str | None = None  # the list that they came from
    label: str | None = None  # what the label holds, in any case
    disputed: bool = False  # somebody says that it is wrong, and nobody answered
    waiting: bool = False  # for a second person: no word of theirs, and no trust of their bank, lets them act
    trusted: Sequence[str] = ()  # banks whose entries wait for nobody

    def sql(self) -> tuple[str, list[Any]]:
        """Return the condition and its parameters.

        A plus keeps SQLite from an index by which it would read and sort a whole bank for one page.
        """
        asked: list[tuple[str, list[Any]]] = []
        if self.bank is not None:
            asked.append(("+e.bank = (select id from banks where name = ?)", [self.bank]))
        if self.state is not None:
            asked.append(("e.state = ?", [self.state]))
        if self.source is not None:
            asked.append(
                (
                    """e.id in (select r.entry from list_rows r
                       where r.list in (select id from lists where name = ?) and r.entry is not null)""",
                    [self.source],
                )
            )
        if self.label is not None:
            asked.append(("instr(lower(e.label), lower(?)) > 0", [self.label]))
        if self.disputed:
            asked.append((f"e.state = 'active' and e.id in ({DISPUTED})", []))
        if self.waiting:
            marks = ", ".join("?" * len(self.trusted))
            asked.append(
                (
                    f"""e.state = 'active' and e.standing in ('{Backing.WAITS}', '{Backing.AGAIN}')
                        and +e.bank in (select id from banks where kind = 'block' and name not in ({marks}))""",  # noqa: S608  words of ours
                    list(self.trusted),
                )
            )
        return " and ".join(f"({where})" for where, _ in asked) or "true", [value for _, own in asked for value in own]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A person's word for an entry: the first is that of who put it in."""

    by: str
    credential: Credential | None
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """The cases that an entry matched, by what became of them and by how it matched."""

    cases: int
    confirmed: int
    dismissed: int
    open: int
    exact: int  # by its very file
    same_footage: int  # seen with another face or part
    suppressed: int  # an allow entry spoke for it
    last: str | None  # when the newest was opened


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPast:
    """All that is known of an entry but its fingerprints."""

    row: EntryRow
    duration: float | None
    withdrawn_at: str | None
    case: str | None  # the case whose decision made it
    words: tuple[Word, ...]
    notes: tuple[NoteRow, ...]
    hits: Hits
    suppressed_by: tuple[str, ...]  # active allow entries that speak against it
    speaks_against: tuple[str, ...]  # of an allow entry
    files: int
    pdq: int
    best_quality: int | None  # of any signal, 0-100
    quarantined: str | None  # why its automatic actions, or its bank's, are held


class Entries:
    """Reads tables entries, entry_words, list_rows, entry_cases, allow_pairs and what counts beside them."""

    def __init__(self, connection: Connection, notes: EntryNotes) -> None:
        self._c = connection
        self._notes = notes

    def count(self, wanted: EntryFilter) -> int:
        """Return how many entries are wanted."""
        where, values = wanted.sql()
        return int(self._c.value(f"select count(*) from entries e where {where}", values))  # noqa: S608  from above

    def page(self, wanted: EntryFilter, limit: int, *, after: str | None = None) -> list[EntryRow]:
        """Return the newest entries that are wanted, so many at most; `after`: those behind the one of this label.

        Raises StoreError if there is none of that label.
        """
        before = None
        if after is not None:
            before = self._c.value("select id from entries where label = ?", (after,))
            if before is None:
                raise StoreError(f"there is no entry {after}; begin with the first page")
        return next(self._pages(wanted, limit, before), [])

    def stream(self, wanted: EntryFilter, limit: int | None = None) -> Iterator[EntryRow]:
        """Yield the entries that are wanted, the newest first; little of it is in memory at a time."""
        left = limit
        for rows in self._pages(wanted, BATCH):
            yield from rows if left is None else rows[:left]
            if left is not None and (left := left - len(rows)) <= 0:
                return

    def _pages(self, wanted: EntryFilter, size: int, before: int | None = None) -> Iterator[list[EntryRow]]:
        where, values = wanted.sql()
        if before is None:
            before = int(self._c.value("select coalesce(max(id), 0) + 1 from entries"))
        while rows := self._c.rows(
            f"{_ROW} where e.id < ? and {where} order by e.id desc limit ?", [before, *values, size]
        ):
            yield [_entry(row) for row in rows]
            before = rows[-1]["id"]

    def past(self, label: str) -> EntryPast | None:
        """Return all that is known of one entry, None if there is none. Raises SealError if the key is another one."""
        row = self._c.one(f"{_ROW} where e.label = ?", (label,))
        if row is None:
            return None
        number = row["id"]
        more = self._c.one(
            """select e.duration, e.withdrawn_at,
               (select c.label from case_entries m join cases c on c.id = m.case_id
                where m.entry = e.id limit 1) as made,
               (select count(*) from entry_files f where f.entry = e.id) as files,
               (select count(*) from signals s where s.entry = e.id and s.type = 'pdq') as pdq,
               (select max(quality) from signals s where s.entry = e.id) as best_quality,
               (select q.why from quarantine q join banks b on b.id = e.bank
                where q.released is null and ((q.kind = 'entry' and q.name = e.label) or
                (q.kind = 'bank' and q.name = b.name)) limit 1) as quarantined
               from entries e where e.id = ?""",
            (number,),
        )
        assert more is not None, "it was there just now"
        return EntryPast(
            row=_entry(row),
            duration=more["duration"],
            withdrawn_at=more["withdrawn_at"],
            case=more["made"],
            words=self._words(number, row),
            notes=self._notes.of(label),
            hits=self._hits(number),
            suppressed_by=self._pairs("p.allow", "p.against", number),
            speaks_against=self._pairs("p.against", "p.allow", number),
            files=more["files"],
            pdq=more["pdq"],
            best_quality=more["best_quality"],
            quarantined=more["quarantined"],
        )

    def beside(self, label: str) -> list[tuple[str, str, BankKind, str]]:
        """Return the other entries that hold a very file of this one: label, bank, kind of bank, state."""
        rows = self._c.rows(
            """select distinct o.label, b.name, b.kind, o.state, o.id from entries e
               join entry_files f on f.entry = e.id join entry_files g on g.sha256 = f.sha256 and g.entry != e.id
               join entries o on o.id = g.entry join banks b on b.id = o.bank
               where e.label = ? and f.sha256 != '' order by o.id""",
            (label,),
        )
        return [(row["label"], row["name"], row["kind"], row["state"]) for row in rows]

    def named(self, label: str) -> str | None:
        """Return the label of the entry that is named, in whatever case it was written; None if there is none."""
        written = f"{label[:1].upper()}{label[1:].lower()}"
        found = self._c.value("select label from entries where label = ?", (written,))
        return str(found) if found else None

    def bank_of(self, label: str) -> str:
        """Return the bank of an entry, empty if there is no such entry."""
        found = self._c.value("select b.name from entries e join banks b on b.id = e.bank where e.label = ?", (label,))
        return str(found or "")

    def sources(self) -> list[str]:
        """Return the names of the lists of others."""
        return [name for (name,) in self._c.tuples("select distinct name from lists order by name")]

    def _words(self, entry: int, row: Row) -> tuple[Word, ...]:
        first = {"by": row["added_by"], "credential": row["added_credential"], "at": row["added_at"]}
        others = self._c.rows(
            """select t.name as by, w.credential, w.at from entry_words w join team t on t.id = w.member
               where w.entry = ? order by w.at, w.id""",
            (entry,),
        )
        return tuple(
            Word(
                by=word["by"], credential=Credential(word["credential"]) if word["credential"] else None, at=word["at"]
            )
            for word in (first, *others)
        )

    def _hits(self, entry: int) -> Hits:
        row = self._c.one(
            """select count(*) as cases, coalesce(sum(c.state = 'confirmed'), 0) as confirmed,
               coalesce(sum(c.state = 'dismissed'), 0) as dismissed, coalesce(sum(c.state = 'open'), 0) as open,
               coalesce(sum(m.how = 'exact'), 0) as exact, coalesce(sum(m.how = 'same_footage'), 0) as same_footage,
               coalesce(sum(m.how = 'suppressed'), 0) as suppressed, max(c.opened_at) as last
               from entry_cases m join cases c on c.id = m.case_id where m.entry = ?""",
            (entry,),
        )
        assert row is not None, "a sum has one row"
        return Hits(**row)

    def _pairs(self, wanted: str, given: str, entry: int) -> tuple[str, ...]:
        rows = self._c.rows(
            f"""select e.label from allow_pairs p join entries e on e.id = {wanted}
                where {given} = ? and e.state = 'active' order by e.id""",  # noqa: S608  columns of ours
            (entry,),
        )
        return tuple(row["label"] for row in rows)


def listed(connection: Connection, bank: str | None) -> list[EntryRow]:
    """Return all entries of a bank or of all, oldest first."""
    rows = connection.rows(f"{_ROW} where ? is null or b.name = ? order by e.id", (bank, bank))
    return [_entry(row) for row in rows]


def _entry(row: Row) -> EntryRow:
    told = {key: value for key, value in row.items() if key != "id"}
    told["standing"] = Backing(row["standing"])
    told["added_credential"] = Credential(row["added_credential"]) if row["added_credential"] else None
    return EntryRow(**told)
