"""Cases: what a moderator sees, and what other moderators decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso, iso
from bot.errors import StoreError
from bot.model import CaseState, ModAction, Post, Verdict, Voice
from bot.serialization import dumps, loads
from bot.store.base import Connection, Row, label

SELECT = """select c.*, p.data as post_data, l.url, l.host, l.host_id, l.source from cases c
            join posts p on p.fullname = c.post join links l on l.id = c.link"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A stored case with its post and link."""

    id: int
    label: str
    link: int
    state: CaseState
    verdict: Verdict
    post: Post
    url: str
    host: str
    host_id: str | None
    source: str  # where in the post the link stood
    opened: datetime
    decided_by: str | None
    decided_member: int | None  # their row of the team, if they are of it
    decided_account: str | None  # of a name that was typed: the system account under which it was
    why: str | None


class Cases:
    """Tables cases and decisions."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def open(self, link: int, post: str, verdict: Verdict) -> CaseRow:
        """Open a case for a link, or return the one that it has."""
        with self._c:
            self._c.run(
                "insert or ignore into cases (label, link, post, state, verdict, opened_at) values (?, ?, ?, ?, ?, ?)",
                (label("C"), link, post, CaseState.OPEN, dumps(verdict), self._c.now()),
            )
            row = self._c.one(f"{SELECT} where c.link = ?", (link,))
        assert row is not None
        return _row(row)

    def get(self, name: str) -> CaseRow:
        """Return a case by its label. Raises StoreError if there is none."""
        row = self._c.one(f"{SELECT} where c.label = ?", (name,))
        if row is None:
            raise StoreError(f"there is no case {name}; see: gifwarden cases list")
        return _row(row)

    def of_id(self, case: int) -> CaseRow:
        """Return a case by its row."""
        row = self._c.one(f"{SELECT} where c.id = ?", (case,))
        assert row is not None
        return _row(row)

    def of_post(self, fullname: str) -> list[CaseRow]:
        """Return the cases of a post, oldest first."""
        return [_row(row) for row in self._c.rows(f"{SELECT} where c.post = ? order by c.id", (fullname,))]

    def listing(self, states: tuple[CaseState, ...] = (), limit: int = 1000) -> list[CaseRow]:
        """Return cases, newest first, of these states or of all."""
        marks = ",".join("?" * len(states))
        where = f"where c.state in ({marks})" if states else ""
        return [_row(row) for row in self._c.rows(f"{SELECT} {where} order by c.id desc limit ?", (*states, limit))]

    def decide(self, case: int, state: CaseState, *, by: Voice, why: str) -> bool:
        """Move an open case into a final state; False if it was not open any more."""
        return bool(
            self._c.run(
                """update cases set state = ?, decided_by = ?, decided_member = ?, decided_account = ?,
                   decided_at = ?, why = ? where id = ? and state = 'open'""",
                (state, by.name, by.member, by.account, self._c.now(), why, case),
            )
        )

    def reopen(self, case: int) -> bool:
        """Put a decided case back on the table; False if it is about a suspected minor, where it stays."""
        return bool(
            self._c.run(
                """update cases set state = 'open', decided_by = null, decided_member = null, decided_account = null,
                   decided_at = null, why = null where id = ? and state != 'minor'""",
                (case,),
            )
        )

    def heard(self, decision: ModAction) -> bool:
        """Store a decision of another moderator; False if it was known."""
        return bool(
            self._c.run(
                "insert or ignore into decisions values (?, ?, ?, ?, ?)",
                (decision.id, decision.target, decision.action, decision.moderator, iso(decision.at)),
            )
        )

    def knows_post(self, fullname: str) -> bool:
        """Whether a post was ever seen."""
        return self._c.value("select 1 from posts where fullname = ?", (fullname,)) is not None

    def decision_on(self, fullname: str) -> ModAction | None:
        """Return the newest decision of another moderator on a post."""
        row = self._c.one("select * from decisions where post = ? order by at desc limit 1", (fullname,))
        if row is None:
            return None
        return ModAction(
            id=row["id"], action=row["action"], moderator=row["moderator"], target=row["post"], at=from_iso(row["at"])
        )


def _row(row: Row) -> CaseRow:
    return CaseRow(
        id=row["id"],
        label=row["label"],
        link=row["link"],
        state=CaseState(row["state"]),
        verdict=loads(Verdict, row["verdict"]),
        post=loads(Post, row["post_data"]),
        url=row["url"],
        host=row["host"],
        host_id=row["host_id"],
        source=row["source"],
        opened=from_iso(row["opened_at"]),
        decided_by=row["decided_by"],
        decided_member=row["decided_member"],
        decided_account=row["decided_account"],
        why=row["why"],
    )
