"""Notices to hosts: drafted by rules, stated and confirmed by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso
from bot.errors import StoreError
from bot.model import Capacity, Ground, Notice, NoticeItem, NoticeState
from bot.store.base import Connection, Row, label

MOST_ITEMS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A stored notice. Ground and statement are None until a person has confirmed it."""

    label: str
    host: str
    subreddit: str
    state: NoticeState
    recipient: str | None
    items: tuple[NoticeItem, ...]
    cases: tuple[str, ...]
    ground: Ground | None
    ground_detail: str | None
    capacity: Capacity | None
    stated_by: str | None
    organisation: str | None
    contact: str | None
    stated: datetime | None
    created: datetime

    def stated_notice(self) -> Notice:
        """Return what is said to the host. Raises StoreError before a person has stated it."""
        if not (self.ground and self.capacity and self.stated_by and self.recipient and self.stated):
            raise StoreError(f"notice {self.label} has no statement yet; see: gifwarden notices confirm")
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
        )


class Notices:
    """Tables notices and notice_items."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def draft(self, *, host: str, subreddit: str, recipient: str | None, case: int, item: NoticeItem) -> str:
        """Put a media on the open draft for its host, or on a new one; return the notice's label.

        A media that already stands on a notice of this host is not reported again.
        """
        with self._c:
            known = self._c.value(
                """select n.label from notices n join notice_items i on i.notice = n.label
                   where n.host = ? and i.host_id = ? and n.state != 'retracted'""",
                (host, item.host_id),
            )
            if known:
                return str(known)
            name = self._c.value(
                """select n.label from notices n where n.host = ? and n.subreddit = ? and n.state = 'drafted'
                   and (select count(*) from notice_items i where i.notice = n.label) < ?
                   order by n.created_at limit 1""",
                (host, subreddit, MOST_ITEMS),
            )
            now = self._c.now()
            if name is None:
                name = label("N")
                self._c.run(
                    """insert into notices (label, host, subreddit, state, recipient, created_at, updated_at)
                       values (?, ?, ?, 'drafted', ?, ?, ?)""",
                    (name, host, subreddit, recipient, now, now),
                )
            self._c.run(
                "insert or ignore into notice_items values (?, ?, ?, ?, ?, ?, ?, null)",
                (
                    name,
                    case,
                    item.host_id,
                    item.url,
                    item.seen_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    item.sha256,
                    item.md5,
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
        """Return the label of the notice that a case's media stands on."""
        name = self._c.value("select notice from notice_items where case_id = ?", (case,))
        return str(name) if name else None

    def drop_case(self, case: int) -> None:
        """Take a case's media off a draft; an empty draft is retracted."""
        with self._c:
            name = self.of_case(case)
            if name is None or self.get(name).state != NoticeState.DRAFTED:
                return
            self._c.run("delete from notice_items where case_id = ?", (case,))
            if not self._c.value("select count(*) from notice_items where notice = ?", (name,)):
                self.move(name, NoticeState.RETRACTED)

    def confirm(
        self,
        name: str,
        *,
        recipient: str,
        ground: Ground,
        ground_detail: str,
        capacity: Capacity,
        stated_by: str,
        organisation: str,
        contact: str,
    ) -> bool:
        """Record a person's statement on a draft; False if it is no draft any more."""
        now = self._c.now()
        return bool(
            self._c.run(
                """update notices set state = 'confirmed', recipient = ?, ground = ?, ground_detail = ?, capacity = ?,
                   stated_by = ?, organisation = ?, contact = ?, stated_at = ?, updated_at = ?
                   where label = ? and state = 'drafted'""",
                (recipient, ground, ground_detail, capacity, stated_by, organisation, contact, now, now, name),
            )
        )

    def viewed(self, name: str) -> None:
        """Record that the person who states a notice has looked at every media on it."""
        self._c.run("update notice_items set viewed_at = ? where notice = ?", (self._c.now(), name))

    def move(self, name: str, state: NoticeState) -> None:
        """Put a notice into a state."""
        self._c.run("update notices set state = ?, updated_at = ? where label = ?", (state, self._c.now(), name))

    def _row(self, row: Row) -> NoticeRow:
        items = self._c.rows(
            """select i.*, c.label from notice_items i join cases c on c.id = i.case_id
               where notice = ? order by i.case_id""",
            (row["label"],),
        )
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
                )
                for item in items
            ),
            cases=tuple(item["label"] for item in items),
            ground=row["ground"],
            ground_detail=row["ground_detail"],
            capacity=row["capacity"],
            stated_by=row["stated_by"],
            organisation=row["organisation"],
            contact=row["contact"],
            stated=from_iso(row["stated_at"]) if row["stated_at"] else None,
            created=from_iso(row["created_at"]),
        )
