"""Banks as matching reads them: signals by the hundred thousand, entries only where something hit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from bot.model import Backing, Entry, Signal
from bot.store.base import Connection, Row
from bot.store.opinions import Opinions

BATCH = 500  # entries read at a time: their signals are many
ROWS = 20_000  # signals read at a time: others wait for the connection meanwhile
ANCHORS = 16
SIZE = 32  # bytes of a value that can be searched for

SignalRow = tuple[int, int, bytes]  # number of the signal, number of its entry, value


class BankIndexRows:
    """Reads tables banks, entries, entry_files, signals and entry_changes; writes none but the last."""

    def __init__(self, connection: Connection, opinions: Opinions) -> None:
        self._c = connection
        self._opinions = opinions

    def latest(self) -> int:
        """Return the number of the newest change of an entry or its signals, here or in another process."""
        return int(self._c.value("select max(seq) from entry_changes") or 0)

    def changed(self, after: int) -> list[int]:
        """Return the entries that changed behind that number, each once."""
        return [int(row["entry"]) for row in self._c.rows("select entry from entry_changes where seq > ?", (after,))]

    def anchors(self, seq: int) -> list[tuple[int, str]]:
        """Return (number, label of the entry) of the newest changes up to one: they tell this database from another."""
        rows = self._c.rows(
            """select c.seq, e.label from entry_changes c join entries e on e.id = c.entry
               where c.seq <= ? order by c.seq desc limit ?""",
            (seq, ANCHORS),
        )
        return [(row["seq"], row["label"]) for row in rows]

    def labels(self, changes: Iterable[int]) -> dict[int, str]:
        """Return the label of the entry of each of these changes, as far as that was its last."""
        wanted = list(changes)
        rows = self._c.rows(
            f"""select c.seq, e.label from entry_changes c join entries e on e.id = c.entry
                where c.seq in ({_marks(wanted)})""",  # noqa: S608  question marks only
            wanted,
        )
        return {row["seq"]: row["label"] for row in rows}

    def count(self, kind: str, least_quality: int, most: int) -> int:
        """Return how many signals of one type may match, counting no further than `most`."""
        return int(
            self._c.value(
                """select count(*) from (select 1 from signals s join entries e on e.id = s.entry
                   where s.type = ? and s.quality >= ? and e.state = 'active' limit ?)""",
                (kind, least_quality, most),
            )
        )

    def reaches(self, seq: int) -> bool:  # noqa: ARG002  entries tell of every change
        """Return whether all that changed behind that number can still be told: always."""
        return True

    def signals(
        self,
        kind: str,
        least_quality: int,
        upto: int = 0,  # noqa: ARG002  what changed behind it comes again
    ) -> Iterator[list[SignalRow]]:
        """Yield the signals of one type of active entries, many at a time, in order: as they are now."""
        after = 0
        while rows := self._c.tuples(
            """select s.id, s.entry, s.value from signals s join entries e on e.id = s.entry
               where s.id > ? and s.type = ? and s.quality >= ? and e.state = 'active' and length(s.value) = ?
               order by s.id limit ?""",
            (after, kind, least_quality, SIZE, ROWS),
        ):
            yield rows
            after = rows[-1][0]

    def within(self, after: int, upto: int, most: int) -> int:  # noqa: ARG002  entries come one by one
        """Return the newest change that is to be taken in: all are."""
        return upto

    def replacing(
        self,
        changed: Sequence[int],
        kind: str,
        least_quality: int,
        after: int,  # noqa: ARG002  `changed` tells all
        upto: int,  # noqa: ARG002
    ) -> Iterator[list[SignalRow]]:
        """Yield the signals that entries have that changed."""
        return self.signals_of(changed, kind, least_quality)

    def signals_of(self, entries: Sequence[int], kind: str, least_quality: int) -> Iterator[list[SignalRow]]:
        """Yield the signals of one type of these entries, as far as they are active, many at a time."""
        for batch in _batches(entries):
            yield self._c.tuples(
                f"""select s.id, s.entry, s.value from signals s join entries e on e.id = s.entry
                    where s.entry in ({_marks(batch)}) and s.type = ? and s.quality >= ? and e.state = 'active'
                    and length(s.value) = ? order by s.id""",  # noqa: S608  question marks only
                (*batch, kind, least_quality, SIZE),
            )

    def has_files(self) -> bool:
        """Return whether any active entry but those of allow banks has a file's digest."""
        return bool(
            self._c.value(
                # from the files on: entries without one may be millions, and a cross join keeps SQLite to this order
                """select exists(select 1 from entry_files f cross join entries e on e.id = f.entry
                   cross join banks b on b.id = e.bank where e.state = 'active' and b.kind <> 'allow')"""
            )
        )

    def files(self, digests: Sequence[tuple[str, str]]) -> list[tuple[str, int]]:
        """Return (sha256 or md5, entry) of active entries with one of these (SHA-256, MD5), in that order."""
        found: list[tuple[str, int]] = []
        for sha256, md5 in digests:
            for method, value in (("sha256", sha256), ("md5", md5)):
                rows = self._c.rows(
                    f"""select distinct f.entry from entry_files f join entries e on e.id = f.entry
                        where f.{method} = ? and e.state = 'active' order by f.entry""",  # noqa: S608  one of two names
                    (value,),
                )
                found.extend((method, int(row["entry"])) for row in rows if value)
        return found

    def allowing(self, numbers: Iterable[int]) -> list[int]:
        """Return those of these entries that are allowed against another."""
        found: list[int] = []
        for batch in _batches(sorted(set(numbers))):
            rows = self._c.rows(
                f"select distinct allow from allow_pairs where allow in ({_marks(batch)}) order by allow",  # noqa: S608  question marks only
                batch,
            )
            found.extend(int(row["allow"]) for row in rows)
        return found

    def speaking(self, labels: Iterable[str]) -> dict[str, list[int]]:
        """Return which active allow entries speak against each of these entries, of those against which any does."""
        found: dict[str, list[int]] = {}
        for label in dict.fromkeys(labels):
            rows = self._c.rows(
                """select p.allow from entries e join allow_pairs p on p.against = e.id join entries a on a.id = p.allow
                   where e.label = ? and a.state = 'active' order by p.allow""",
                (label,),
            )
            if rows:
                found[label] = [int(row["allow"]) for row in rows]
        return found

    def entries(
        self, numbers: Iterable[int], trusted: Sequence[str], *, alone: bool = False
    ) -> Iterator[tuple[int, Entry, tuple[int, ...]]]:
        """Yield (number, entry, numbers of its signals) of these entries, as far as they are active.

        Entries of trusted banks count as confirmed, unless their list is stale; with `alone`, what one person confirmed
        twice says so. What somebody disputes counts as neither.
        """
        for batch in _batches(sorted(set(numbers))):
            rows = self._c.rows(
                f"""select e.id, e.label, e.standing, b.name, b.kind, b.distance,
                    l.fresh_until is null or l.fresh_until > ? as fresh from entries e
                    join banks b on b.id = e.bank left join list_rows r on r.entry = e.id
                    left join lists l on l.id = r.list
                    where e.id in ({_marks(batch)}) and e.state = 'active' order by e.id""",  # noqa: S608  question marks only
                (self._c.now(), *batch),
            )
            files = self._parts("select entry, sha256, md5 from entry_files", batch, "sha256")
            signals = self._parts("select id, entry, type, value, quality, t from signals", batch, "id")
            pairs = self._parts(
                """select entry, label from
                   (select p.allow as entry, e.label, e.id from allow_pairs p join entries e on e.id = p.against)""",
                batch,
                "label",
            )
            disputed = self._opinions.disputed(batch)
            for row in rows:
                own = signals.get(row["id"], ())
                doubted = row["id"] in disputed
                yield (
                    row["id"],
                    Entry(
                        label=row["label"],
                        bank=row["name"],
                        bank_kind=row["kind"],
                        confirmed=not doubted
                        and bool(row["standing"] == Backing.TWO_PEOPLE or (row["name"] in trusted and row["fresh"])),
                        one_person=alone
                        and not doubted
                        and row["standing"] == Backing.ONE_PERSON
                        and row["name"] not in trusted,
                        distance=row["distance"],
                        sha256=tuple(file["sha256"] for file in files.get(row["id"], ())),
                        md5=tuple(file["md5"] for file in files.get(row["id"], ())),
                        signals=tuple(
                            Signal(type=signal["type"], value=signal["value"], quality=signal["quality"], t=signal["t"])
                            for signal in own
                        ),
                        against=tuple(pair["label"] for pair in pairs.get(row["id"], ())),
                    ),
                    tuple(signal["id"] for signal in own),
                )

    def standing(self, labels: Iterable[str], trusted: Sequence[str], *, alone: bool) -> dict[str, bool]:
        """Return which of these entries are active, and whether each counts as confirmed, as `entries` says it."""
        words = (Backing.TWO_PEOPLE, Backing.ONE_PERSON) if alone else (Backing.TWO_PEOPLE,)
        found: dict[str, bool] = {}
        for label in set(labels):
            row = self._c.one(
                """select e.id, e.standing, b.name, l.fresh_until is null or l.fresh_until > ? as fresh
                   from entries e join banks b on b.id = e.bank left join list_rows r on r.entry = e.id
                   left join lists l on l.id = r.list where e.label = ? and e.state = 'active'""",
                (self._c.now(), label),
            )
            if row is not None:
                backed = bool(row["standing"] in words or (row["name"] in trusted and row["fresh"]))
                found[label] = backed and not self._opinions.disputed([row["id"]])
        return found

    def active(self, trusted: Sequence[str], bank: str | None = None) -> Iterator[Entry]:
        """Yield every active entry of a bank, or of all, with its signals."""
        after = 0
        while numbers := self._c.rows(
            """select e.id from entries e join banks b on b.id = e.bank
               where e.id > ? and e.state = 'active' and (? is null or b.name = ?) order by e.id limit ?""",
            (after, bank, bank, BATCH),
        ):
            after = numbers[-1]["id"]
            yield from (entry for _, entry, _ in self.entries((row["id"] for row in numbers), trusted))

    def _parts(self, select: str, entries: Sequence[int], order: str) -> dict[int, list[Row]]:
        rows = self._c.rows(f"{select} where entry in ({_marks(entries)}) order by entry, {order}", entries)
        return {entry: list(group) for entry, group in groupby(rows, key=lambda row: int(row["entry"]))}


def _batches(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), BATCH):
        yield numbers[start : start + BATCH]


def _marks(values: Sequence[int]) -> str:
    return ", ".join("?" * len(values))
