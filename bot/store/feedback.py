"""What our decisions say of entries that came from an exchange, on its way back there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.clock import iso
from bot.model import FeedbackState, Opinion
from bot.store.base import Connection
from bot.store.minors import Minors
from bot.store.opinions import Opinions


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRow:
    """One thing to be told. `attempts`: how often that was tried."""

    id: int
    entry: str  # its label; its number is never told to anybody
    exchange: str
    opinion: Opinion
    state: FeedbackState
    attempts: int
    why: str | None


class Feedback:
    """Table feedback: one row an entry and exchange, with the newest opinion."""

    def __init__(self, connection: Connection, opinions: Opinions, minors: Minors) -> None:
        self._c = connection
        self._opinions = opinions
        self._minors = minors

    def queue(self, exchange: str) -> int:
        """Put what our decisions say now of the entries of an exchange into the queue; return how many are new there.

        What was told already is not told again; of what may show a minor nothing is ever told, and what waited goes.
        """
        with self._c:
            rows = self._c.rows(
                """select e.id, e.label from lists l join list_rows r on r.list = l.id and r.entry is not null
                   join entries e on e.id = r.entry where l.name = ?""",
                (exchange,),
            )
            labels = {row["id"]: row["label"] for row in rows}
            ours = self._opinions.ours(labels)
            hidden = {number for number in ours if self._minors.is_never_label(labels[number])}
            known = {
                row["entry"]: row
                for row in self._c.rows("select entry, opinion, state from feedback where exchange = ?", (exchange,))
            }
            new = 0
            for number, row in known.items():
                if row["state"] in ("planned", "failed") and (number not in ours or number in hidden):
                    self._c.run("delete from feedback where entry = ? and exchange = ?", (number, exchange))
            for number, opinion in ours.items():
                if number in hidden or (number in known and known[number]["opinion"] == opinion):
                    continue
                self._c.run(
                    """insert into feedback (entry, exchange, opinion, state, next_at, at)
                       values (:entry, :exchange, :opinion, 'planned', :now, :now)
                       on conflict do update set opinion = excluded.opinion, state = 'planned', attempts = 0,
                       why = null, next_at = excluded.next_at, at = excluded.at""",
                    {"entry": number, "exchange": exchange, "opinion": opinion, "now": self._c.now()},
                )
                new += 1
        return new

    def due(self, exchange: str, limit: int = 100) -> list[FeedbackRow]:
        """Return what is to be told to an exchange now, the oldest first."""
        return self._rows("f.exchange = ? and f.state in ('planned', 'failed') and f.next_at <= ?", limit, exchange)

    def waiting(self, exchange: str) -> int:
        """Return how much is to be told to an exchange, now or later."""
        return int(
            self._c.value(
                "select count(*) from feedback where exchange = ? and state in ('planned', 'failed')", (exchange,)
            )
        )

    def ended(self, row: FeedbackRow, state: FeedbackState, *, why: str | None = None) -> bool:
        """Write down that it was `sent` or is `refused` for good; False if another opinion took its place meanwhile."""
        return bool(
            self._c.run(
                "update feedback set state = ?, why = ?, attempts = attempts + 1 where id = ? and opinion = ?",
                (state, why, row.id, row.opinion),
            )
        )

    def failed(self, row: FeedbackRow, *, why: str, next_at: datetime) -> None:
        """Let it be tried again."""
        self._c.run(
            """update feedback set state = 'failed', why = ?, attempts = attempts + 1, next_at = ?
               where id = ? and opinion = ?""",
            (why, iso(next_at), row.id, row.opinion),
        )

    def _rows(self, where: str, limit: int, exchange: str) -> list[FeedbackRow]:
        rows = self._c.rows(
            f"""select f.id, e.label as entry, f.exchange, f.opinion, f.state, f.attempts, f.why from feedback f
                join entries e on e.id = f.entry where {where} order by f.at, f.id limit ?""",  # noqa: S608  words of ours
            (exchange, self._c.now(), limit),
        )
        return [
            FeedbackRow(**{**row, "opinion": Opinion(row["opinion"]), "state": FeedbackState(row["state"])})
            for row in rows
        ]
