"""Notices to hosts: drafted by rules, stated and confirmed by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso, iso
from bot.errors import StoreError, UsageError
from bot.model import NOTICE_MOVES, Capacity, Ground, Hold, Notice, NoticeEventKind, NoticeItem, NoticeState
from bot.serialization import dumps, loads
from bot.store.base import Connection, Row, label
from bot.store.notice_life import NoticeLife

MAX_ITEMS = 20
EVENTS = {state: NoticeEventKind(state) for state in (NoticeState.SENT, NoticeState.BY_HAND, NoticeState.RETRACTED)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A stored notice. Ground and statement are None until a person has confirmed it.

    Media of a case that is marked as a suspected minor's are not among its items, whoever asks.
    """

    label: str
    host: str
    subreddit: str
    state: NoticeState
    recipient: str | None
    items: tuple[NoticeItem, ...]
    marked: bool  # whether media that is marked as a suspected minor's stands on it besides
    subreddits: tuple[str, ...]  # of the cases that it stands for
    cases: tuple[str, ...]
    ground: Ground | None
    ground_detail: str | None
    capacity: Capacity | None
    stated_by: str | None
    organisation: str | None
    contact: str | None
    language: str
    reference: str | None  # the host's own number of it
    stated: datetime | None
    created: datetime
    sent: datetime | None  # when it left, or was put into a form
    acknowledged: datetime | None  # when the host confirmed receipt
    reminded: datetime | None
    ended: datetime | None

    def stated_notice(self) -> Notice:
        """Return what is said to the host.

        Raises StoreError before a person has stated it, UsageError while all of it is marked as a suspected minor's.
        """
        if not (self.ground and self.capacity and self.stated_by and self.recipient and self.stated):
            raise StoreError(f"notice {self.label} has no statement yet; see: gifwarden notices confirm")
        if self.marked and not self.items:
            raise UsageError(
                f"notice {self.label} is about a suspected minor's media alone, so no word of it is written"
            )
        return Notice(
            id=self.label,
            host=self.host,
            to=self.recipient,
            items=self.items,
            ground=self.ground,
            ground_detail=self.ground_detail or "",
            capacity=self.capacity,
            stated_by=self.stated_by,
            organisation=self.organisation or "",
            contact=self.contact or "",
            stated_at=self.stated,
            language=self.language,
        )


class Notices:
    """Tables notices and notice_items."""

    def __init__(self, connection: Connection, life: NoticeLife) -> None:
        self._c = connection
        self._life = life

    def draft(self, *, host: str, subreddit: str, recipient: str | None, case: int, item: NoticeItem) -> str:
        """Put a case's media on the notice that names it already, on an open draft, or on a new one.

        Return the notice's label. A media stands on one notice of its host, whatever the number of its cases.
        """
        now = self._c.now()
        with self._c:
            name = self._c.value(
                """select n.label from notices n join notice_items i on i.notice = n.label
                   where n.host = ? and i.host_id = ? and n.state not in ('removed', 'closed', 'retracted')""",
                (host, item.host_id),
            ) or self._c.value(
                """select n.label from notices n where n.host = ? and n.subreddit = ? and n.state = 'drafted'
                   and (select count(distinct i.host_id) from notice_items i where i.notice = n.label) < ?
                   order by n.created_at limit 1""",
                (host, subreddit, MAX_ITEMS),
            )
            if name is None:
                name = label("N")
                self._c.run(
                    """insert into notices (label, host, subreddit, state, recipient, created_at, updated_at)
                       values (?, ?, ?, 'drafted', ?, ?, ?)""",
                    (name, host, subreddit, recipient, now, now),
                )
            self._c.run(
                """insert or replace into notice_items
                   (notice, case_id, host_id, url, seen_at, sha256, md5, entry, person, ranges, rendition)
                   values (?, ?, ?, ?, ?, ?, ?, (select id from entries where label = ?), ?, ?, ?)""",
                (
                    name,
                    case,
                    item.host_id,
                    item.url,
                    iso(item.seen_at),
                    item.sha256,
                    item.md5,
                    item.entry,
                    item.person,
                    dumps(item.ranges),
                    item.rendition,
                ),
            )
        return str(name)

    def get(self, name: str) -> NoticeRow:
        """Return a notice by its label. Raises StoreError if there is none."""
        row = self._c.one("select * from notices where label = ?", (name,))
        if row is None:
            raise StoreError(f"there is no notice {name}; see: gifwarden notices list")
        return self._row(row)

    def listing(self, limit: int = 1000) -> list[NoticeRow]:
        """Return notices, newest first."""
        rows = self._c.rows("select * from notices order by created_at desc, label limit ?", (limit,))
        return [self._row(row) for row in rows]

    def of_case(self, case: int) -> str | None:
        """Return the label of the last notice that a case's media was put on."""
        name = self._c.value("select notice from notice_items where case_id = ? order by rowid desc limit 1", (case,))
        return str(name) if name else None

    def take_off(self, case: int) -> None:
        """Take a case off a notice that was sent, after its media was taken back or stands there for another case."""
        self._c.run("delete from notice_items where case_id = ?", (case,))

    def hold_mail(self, case: int, reason: str) -> None:
        """Hold the mail of the notice on which a case stands, if it has not begun to leave."""
        self._c.run(
            """update actions set state = 'held', hold = ?, reason = ?, next_at = ?, updated_at = ?
               where state = 'planned' and key in (select 'notice:' || notice from notice_items where case_id = ?)""",
            (Hold.MINOR, reason, self._c.now(), self._c.now(), case),
        )

    def beside(self, case: int) -> tuple[list[str], list[str]]:
        """Return the labels of the other cases on a case's notice: those of the same media, and those of others."""
        rows = self._c.rows(
            """select c.label, i.host_id = mine.host_id as same from notice_items mine
               join notice_items i on i.notice = mine.notice and i.case_id != mine.case_id
               join cases c on c.id = i.case_id where mine.case_id = ? and mine.notice = ? order by i.case_id""",
            (case, self.of_case(case)),
        )
        return [r["label"] for r in rows if r["same"]], [r["label"] for r in rows if not r["same"]]

    def drop_case(self, case: int) -> None:
        """Take a case off a notice that has not left yet.

        A media that no other case holds leaves with it, and an empty notice is retracted. One that a person had
        stated becomes a draft again: what was stated is no longer what would be sent.
        """
        with self._c:
            name = self.of_case(case)
            if name is None:
                return
            state = self.get(name).state
            if state == NoticeState.CONFIRMED:
                if not self._c.run(
                    """update actions set state = 'cancelled', hold = null,
                       reason = 'a case on the notice was decided otherwise', updated_at = ?
                       where key = 'notice:' || ? and state in ('planned', 'held', 'failed')""",
                    (self._c.now(), name),
                ):
                    return  # it is leaving at this moment, or has left
            elif state != NoticeState.DRAFTED:
                return
            self._c.run("delete from notice_items where case_id = ? and notice = ?", (case, name))
            left = self._c.value("select count(*) from notice_items where notice = ?", (name,))
            after = NoticeState.DRAFTED if left else NoticeState.RETRACTED
            self.move(name, after, expect=(state,))

    def confirm(self, notice: Notice, *, member: int) -> bool:
        """Record what a member of the team states on a draft, now; False if it is no draft any more."""
        now = self._c.now()
        return bool(
            self._c.run(
                """update notices set state = 'confirmed', recipient = ?, ground = ?, ground_detail = ?, capacity = ?,
                   stated_by = ?, stated_member = ?, organisation = ?, contact = ?, stated_at = ?, updated_at = ?
                   where label = ? and state = 'drafted'""",
                (
                    notice.to,
                    notice.ground,
                    notice.ground_detail,
                    notice.capacity,
                    notice.stated_by,
                    member,
                    notice.organisation,
                    notice.contact,
                    now,
                    now,
                    notice.id,
                ),
            )
        )

    def viewed(self, name: str) -> None:
        """Record that the person who states a notice has looked at every media on it."""
        self._c.run("update notice_items set viewed_at = ? where notice = ?", (self._c.now(), name))

    def move(self, name: str, state: NoticeState, *, expect: tuple[NoticeState, ...]) -> bool:
        """Put a notice into a state if it still is in one of the expected ones, and may go there; False if not.

        That it was sent, put into a form or retracted is an event, too.
        """
        with self._c:
            now = self._life.state(name)
            if now not in expect or state not in NOTICE_MOVES[now]:
                return False
            self._c.run("update notices set state = ?, updated_at = ? where label = ?", (state, self._c.now(), name))
            self._life.entered(name, state)
            if state in EVENTS:
                self._life.note(name, EVENTS[state])
            return True

    def _row(self, row: Row) -> NoticeRow:
        items = self._c.rows(
            """select i.*, c.label, c.state = 'minor' as minor, p.subreddit, e.label as entry_label from notice_items i
               join cases c on c.id = i.case_id join posts p on p.fullname = c.post
               left join entries e on e.id = i.entry where notice = ? order by i.case_id""",
            (row["label"],),
        )
        minors = {item["host_id"] for item in items if item["minor"]}
        once: dict[str, Row] = {}
        for item in items:
            if item["host_id"] not in minors:
                once.setdefault(item["host_id"], item)
        return NoticeRow(
            label=row["label"],
            host=row["host"],
            subreddit=row["subreddit"],
            state=NoticeState(row["state"]),
            recipient=row["recipient"],
            items=tuple(
                NoticeItem(
                    host_id=item["host_id"],
                    url=item["url"],
                    seen_at=from_iso(item["seen_at"]),
                    sha256=item["sha256"],
                    md5=item["md5"],
                    viewed_at=from_iso(item["viewed_at"]) if item["viewed_at"] else None,
                    entry=item["entry_label"],
                    person=item["person"],
                    ground=item["ground"],
                    ground_detail=item["ground_detail"] or "",
                    ranges=loads(tuple[tuple[float, float], ...], item["ranges"]),
                    rendition=item["rendition"],
                )
                for item in once.values()
            ),
            marked=bool(minors),
            subreddits=tuple(sorted({item["subreddit"] for item in items} | {row["subreddit"]})),
            cases=tuple(item["label"] for item in items),
            ground=row["ground"],
            ground_detail=row["ground_detail"],
            capacity=row["capacity"],
            stated_by=row["stated_by"],
            organisation=row["organisation"],
            contact=row["contact"],
            language=row["language"],
            reference=row["reference"],
            stated=_moment(row["stated_at"]),
            created=from_iso(row["created_at"]),
            sent=_moment(row["sent_at"]),
            acknowledged=_moment(row["acknowledged_at"]),
            reminded=_moment(row["reminded_at"]),
            ended=_moment(row["ended_at"]),
        )


def _moment(text: str | None) -> datetime | None:
    """Return a stored moment, if there is one."""
    return from_iso(text) if text else None
