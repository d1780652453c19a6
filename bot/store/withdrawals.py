"""Entries that were withdrawn, and what rests on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso, iso
from bot.model import Voice, Withdrawal
from bot.store.base import Connection, Row

_LIST = "(select l.name from list_rows r join lists l on l.id = r.list where r.entry = e.id)"
_SELECT = f"""select e.id, e.label, b.name as bank, b.kind, e.withdrawal, e.withdrawn_at, e.withdrawn_by,
    e.withdrawn_member, e.followed_at, {_LIST} as source
    from entries e join banks b on b.id = e.bank"""  # noqa: S608  words of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnRow:
    """An entry that was withdrawn. `followed`: when all that follows from it was done; None while it is not."""

    id: int
    label: str
    bank: str
    kind: str
    why: Withdrawal
    at: datetime
    by: str | None  # who did it, of the team; None: a list, or an earlier version
    member: int | None
    source: str | None  # the list that it came from
    followed: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """A case that an entry carried, and how: `exact`, `near` or `same_footage`."""

    case: int
    how: str


class Withdrawals:
    """Columns withdrawal, withdrawn_* and followed_at of table entries, and table entry_marks."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, label: str) -> WithdrawnRow | None:
        """Return one withdrawn entry, None if there is none of that label."""
        row = self._c.one(f"{_SELECT} where e.label = ? and e.state = 'withdrawn'", (label,))
        return _row(row) if row else None

    def signed(self, label: str, *, by: Voice) -> None:
        """Write down who withdrew an entry."""
        self._c.run(
            "update entries set withdrawn_by = ?, withdrawn_member = ? where label = ?", (by.name, by.member, label)
        )

    def unfollowed(self, limit: int = 100) -> list[WithdrawnRow]:
        """Return withdrawn entries of which not all that follows is done, the longest withdrawn first."""
        rows = self._c.rows(
            f"""{_SELECT} where e.state = 'withdrawn' and e.followed_at is null
                order by e.withdrawn_at, e.id limit ?""",
            (limit,),
        )
        return [_row(row) for row in rows]

    def stands(self, row: WithdrawnRow) -> bool:
        """Whether this very withdrawal still waits to be followed: it may have been taken back, or followed."""
        return bool(
            self._c.value(
                """select 1 from entries where id = ? and state = 'withdrawn' and withdrawn_at = ? and withdrawal = ?
                   and followed_at is null""",
                (row.id, iso(row.at), row.why),
            )
        )

    def resting(self, entry: int, *, open_only: bool = True) -> list[Resting]:
        """Return the cases that an entry carries, open ones or all but a minor's, oldest first.

        One of which its post was deleted is known by what was counted of it only.
        """
        rows = self._c.rows(
            """select f.case_id, min(f.how) as how from (
               select case_id, how from entry_cases where entry = :entry and how != 'suppressed'
               union all select f.case_id, 'near' from flood f join entries e on e.label = f.name
               where e.id = :entry and f.kind = 'entry') f join cases c on c.id = f.case_id
               where c.state != 'minor' and (c.state = 'open' or not :open) group by f.case_id order by f.case_id""",
            {"entry": entry, "open": open_only},
        )
        return [Resting(case=row["case_id"], how=row["how"]) for row in rows]

    def pending(self, case: int) -> str | None:
        """Return an entry of a case that is withdrawn, while not all that follows from that is done; None if none."""
        found = self._c.value(
            """select e.label from entries e join entry_cases m on m.entry = e.id and m.how != 'suppressed'
               where m.case_id = ?1 and e.state = 'withdrawn' and e.followed_at is null
               union select e.label from flood f join entries e on e.label = f.name
               where f.kind = 'entry' and f.case_id = ?1 and e.state = 'withdrawn' and e.followed_at is null limit 1""",
            (case,),
        )
        return str(found) if found else None

    def reasons(self, labels: Iterable[str]) -> dict[str, WithdrawnRow]:
        """Return those of these entries that are withdrawn."""
        found = (self.get(label) for label in dict.fromkeys(labels))
        return {row.label: row for row in found if row is not None}

    def followed(self, row: WithdrawnRow) -> None:
        """Write down that all that follows from a withdrawal is done; what was counted of the entry goes."""
        with self._c:
            self._c.run("delete from flood where entry = ? or (kind = 'entry' and name = ?)", (row.label, row.label))
            self._c.run("update entries set followed_at = ? where id = ?", (self._c.now(), row.id))

    def marked(self, label: str, marks: Iterable[str]) -> None:
        """Keep which marks of files are this withdrawal's, while it can be taken back."""
        with self._c:
            self._c.run_many(
                "insert or ignore into entry_marks select id, ? from entries where label = ?",
                [(mark, label) for mark in marks],
            )

    def unmark(self, label: str) -> int:
        """Take the marks of a withdrawal back; return how many those were."""
        with self._c:
            of_it = "select mark from entry_marks where entry = (select id from entries where label = ?)"
            done = self._c.run(f"delete from never where mark in ({of_it})", (label,))  # noqa: S608  words of ours
            self.settle(label)
            return done

    def settle(self, label: str) -> None:
        """Let the marks of a withdrawal stay for good."""
        self._c.run("delete from entry_marks where entry = (select id from entries where label = ?)", (label,))

    def minors_before(self, moment: datetime, now: datetime) -> list[str]:
        """Return the entries that were withdrawn as a suspected minor's before then and hold something still.

        One that seems to be of the future was written under a wrong clock, and waits for nothing.
        """
        rows = self._c.rows(
            """select label from entries e where state = 'withdrawn' and withdrawal = 'minor'
               and (withdrawn_at <= ? or withdrawn_at > ?) and followed_at is not null
               and (exists (select 1 from signals where entry = e.id)
                    or exists (select 1 from entry_files where entry = e.id)
                    or exists (select 1 from entry_notes where entry = e.id)
                    or exists (select 1 from entry_marks where entry = e.id))""",
            (iso(moment), iso(now)),
        )
        return [row["label"] for row in rows]

    def files(self, label: str) -> list[tuple[str, str]]:
        """Return (SHA-256, MD5) of an entry's files; one of each may be empty."""
        return self._c.tuples(
            "select f.sha256, f.md5 from entry_files f join entries e on e.id = f.entry where e.label = ?", (label,)
        )


def _row(row: Row) -> WithdrawnRow:
    return WithdrawnRow(
        id=row["id"],
        label=row["label"],
        bank=row["bank"],
        kind=row["kind"],
        why=Withdrawal(row["withdrawal"] or Withdrawal.UNSAID),
        at=from_iso(row["withdrawn_at"]),
        by=row["withdrawn_by"],
        member=row["withdrawn_member"],
        source=row["source"],
        followed=from_iso(row["followed_at"]) if row["followed_at"] else None,
    )
