"""What happened to notices, in order."""

from __future__ import annotations

from bot.clock import from_iso
from bot.model import NoticeEvent, NoticeEventKind
from bot.store.base import Connection


class NoticeEvents:
    """Table notice_events."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def record(
        self,
        notice: str,
        kind: NoticeEventKind,
        detail: str = "",
        *,
        host_id: str | None = None,
        member: int | None = None,
    ) -> None:
        """Write down what happened to a notice, or to one of its items, now; `member`: of the team, who did it."""
        self._c.run(
            "insert into notice_events (notice, at, kind, host_id, detail, by_member) values (?, ?, ?, ?, ?, ?)",
            (notice, self._c.now(), kind, host_id, detail, member),
        )

    def of(self, notice: str) -> list[NoticeEvent]:
        """Return what happened to a notice, the oldest first; media marked as a suspected minor's is not named."""
        rows = self._c.rows(
            """select e.id, e.notice, e.at, e.kind, e.detail, t.name,
               iif(exists (select 1 from notice_items i join cases c on c.id = i.case_id
                   where i.notice = e.notice and i.host_id = e.host_id and c.state = 'minor'), null,
                   e.host_id) as host_id
               from notice_events e left join team t on t.id = e.by_member
               where e.notice = ? order by e.id""",
            (notice,),
        )
        return [
            NoticeEvent(
                notice=row["notice"],
                at=from_iso(row["at"]),
                kind=NoticeEventKind(row["kind"]),
                host_id=row["host_id"],
                detail=row["detail"],
                by=row["name"],
            )
            for row in rows
        ]
