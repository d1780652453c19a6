"""What review keeps: appeals, which entries a case made, and the history of a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.clock import from_iso
from bot.model import Actor, Voice
from bot.store.base import Connection, Row

Made = Literal["banked", "allowed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealRow:
    """An appeal against a case. `decider` confirmed the case and may not decide the appeal; None: nobody had."""

    at: datetime
    raised_by: str
    decider: str | None
    decider_member: int | None
    decider_account: str | None  # under which the decider's name was typed
    closed_by: str | None
    closed_member: int | None
    outcome: str | None  # upheld or overturned; None while it is open


class Review:
    """Tables appeals and case_entries."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def made(self, case: int, label: str, what: Made) -> None:
        """Record that a decision on a case put an entry into a bank."""
        self._c.run(
            "insert or ignore into case_entries select ?, id, ? from entries where label = ?", (case, what, label)
        )

    def made_by(self, case: int, what: Made) -> list[str]:
        """Return the labels of active entries that decisions on a case made."""
        rows = self._c.rows(
            """select e.label from case_entries c join entries e on e.id = c.entry
               where c.case_id = ? and c.what = ? and e.state = 'active' order by e.id""",
            (case, what),
        )
        return [row["label"] for row in rows]

    def all_made(self, case: int) -> list[str]:
        """Return the labels of all entries that decisions on a case made, withdrawn ones too."""
        rows = self._c.rows(
            "select e.label from case_entries c join entries e on e.id = c.entry where c.case_id = ? order by e.id",
            (case,),
        )
        return [row["label"] for row in rows]

    def appeal(self, case: int, *, raised_by: Voice, confirmed: bool) -> None:
        """Record an appeal; `confirmed`: whoever decided the case before may not decide this."""
        self._c.run(
            """insert into appeals (case_id, at, raised_by, raised_member, decider, decider_member, decider_account)
               select id, ?, ?, ?, iif(?4, decided_by, null), iif(?4, decided_member, null),
               iif(?4, decided_account, null) from cases where id = ?5""",
            (self._c.now(), raised_by.name, raised_by.member, confirmed, case),
        )

    def open_appeal(self, case: int) -> AppealRow | None:
        """Return the appeal that waits for a decision, or None."""
        return next((row for row in self.appeals(case) if row.outcome is None), None)

    def appeals(self, case: int) -> list[AppealRow]:
        """Return the appeals of a case, oldest first."""
        rows = self._c.rows("select * from appeals where case_id = ? order by id", (case,))
        return [_appeal(row) for row in rows]

    def appealed(self) -> frozenset[int]:
        """Return the cases whose appeal is open."""
        return frozenset(row["case_id"] for row in self._c.rows("select case_id from appeals where outcome is null"))

    def close_appeal(self, case: int, *, outcome: Literal["upheld", "overturned"], by: Actor) -> bool:
        """Decide the open appeal of a case; False if there is none."""
        return bool(
            self._c.run(
                """update appeals set closed_at = ?, closed_by = ?, closed_member = ?, outcome = ?
                   where case_id = ? and outcome is null""",
                (self._c.now(), by.name, by.member, outcome, case),
            )
        )

    def history(self, subject: str) -> list[Row]:
        """Return the audit trail of one label, oldest first."""
        return self._c.rows("select at, who, what, why from audit where subject = ? order by id", (subject,))

    def latest(self, subject: str, limit: int) -> list[Row]:
        """Return the end of the audit trail of one label or name, newest first, so many lines at most."""
        return self._c.rows(
            "select at, who, what, why from audit where subject = ? order by id desc limit ?", (subject, limit)
        )


def _appeal(row: Row) -> AppealRow:
    return AppealRow(
        at=from_iso(row["at"]),
        raised_by=row["raised_by"],
        decider=row["decider"],
        decider_member=row["decider_member"],
        decider_account=row["decider_account"],
        closed_by=row["closed_by"],
        closed_member=row["closed_member"],
        outcome=row["outcome"],
    )
