"""What people did beyond a notice: a complaint, a body out of court, an authority; or that they decided against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso
from bot.model import Recourse
from bot.store.base import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class RecourseRow:
    """One recourse that a person took, or did not want. `reference`: the number that it was given there."""

    recourse: Recourse
    taken: bool
    reference: str | None
    at: datetime
    by: str
    why: str | None


class NoticeRecourses:
    """Table notice_recourses."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def put(
        self,
        notice: str,
        recourse: Recourse,
        *,
        taken: bool,
        member: int,
        reference: str | None = None,
        why: str | None = None,
    ) -> None:
        """Write down that a person took a recourse, or decided against it; what stood there before is replaced."""
        self._c.run(
            "insert or replace into notice_recourses values (?, ?, ?, ?, ?, ?, ?)",
            (notice, recourse, int(taken), reference, self._c.now(), member, why),
        )

    def of(self, notice: str) -> list[RecourseRow]:
        """Return what people decided on for a notice, the oldest first."""
        rows = self._c.rows(
            """select r.*, t.name from notice_recourses r join team t on t.id = r.member
               where r.notice = ? order by r.at, r.recourse""",
            (notice,),
        )
        return [
            RecourseRow(
                recourse=Recourse(row["recourse"]),
                taken=bool(row["taken"]),
                reference=row["reference"],
                at=from_iso(row["at"]),
                by=row["name"],
                why=row["why"],
            )
            for row in rows
        ]
