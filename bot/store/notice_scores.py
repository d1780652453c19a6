"""What hosts made of notices, as rows to count: one a media on a notice that has left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso
from bot.model import NOTICE_LEFT, NoticeItemState, NoticeState
from bot.store.base import Connection
from bot.store.notice_life import FURTHEST, STATES, UNMARKED


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreItem:
    """One media on a notice that has left, whatever the number of its cases."""

    notice: str
    host: str
    notice_state: NoticeState
    state: NoticeItemState
    by_hand: bool  # whether the notice was put into a form, or given to the person depicted
    sent: datetime
    gone: datetime | None  # when it was first seen gone, if it is removed
    seen: datetime | None  # the last look at it that said whether it is there


class NoticeScores:
    """Tables notices, notice_items and notice_events, for figures."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def items(self) -> list[ScoreItem]:
        """Return all media on notices that have left, but those marked as a suspected minor's."""
        marks = ",".join("?" * len(NOTICE_LEFT))
        rows = self._c.rows(
            f"""select i.notice, n.host, n.state as notice_state, {FURTHEST} as state, n.sent_at,
                max(i.gone_at) as gone_at, max(case when i.outcome in
                ('there', 'moved', 'gone', 'placeholder', 'other_media') then i.looked_at end) as seen_at,
                exists (select 1 from notice_events e where e.notice = n.label and e.kind = 'by_hand') as by_hand
                from notice_items i join notices n on n.label = i.notice
                where n.state in ({marks}) and n.sent_at is not null
                and {UNMARKED}
                group by i.notice, i.host_id""",  # noqa: S608  question marks and words of ours
            tuple(NOTICE_LEFT),
        )
        return [
            ScoreItem(
                notice=row["notice"],
                host=row["host"],
                notice_state=NoticeState(row["notice_state"]),
                state=(state := STATES[row["state"] - 1]),
                by_hand=bool(row["by_hand"]),
                sent=from_iso(row["sent_at"]),
                gone=from_iso(row["gone_at"]) if row["gone_at"] and state == NoticeItemState.REMOVED else None,
                seen=from_iso(row["seen_at"]) if row["seen_at"] else None,
            )
            for row in rows
        ]

    def reuploads(self) -> dict[str, int]:
        """Return how often media that had come down was up again, by host."""
        rows = self._c.rows(
            """select n.host, count(*) as n from notice_events e join notices n on n.label = e.notice
               where e.kind = 'reuploaded' group by n.host"""
        )
        return {row["host"]: row["n"] for row in rows}
