"""Notices as they are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.clock import from_iso
from bot.errors import StoreError, UsageError
from bot.model import Capacity, Ground, Notice, NoticeItem, NoticeState
from bot.serialization import loads
from bot.store.base import Connection, Row, moment
from bot.store.minor_footage import RESTS_ON_MARKED

_ITEMS = f"""select i.*, c.label, c.state = 'minor' as minor, c.state = 'confirmed' as decided,
    {RESTS_ON_MARKED} as same, p.subreddit, e.label as entry_label from notice_items i join cases c on c.id = i.case_id
    join posts p on p.fullname = c.post left join entries e on e.id = i.entry"""  # noqa: S608  words of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A stored notice. Ground and statement are None until a person has confirmed it.

    Media of a case that is marked as a suspected minor's, or is of the same footage, are not among its items.
    """

    label: str
    host: str
    subreddit: str
    state: NoticeState
    recipient: str | None
    items: tuple[NoticeItem, ...]
    marked: bool  # whether media that is marked as a suspected minor's stands on it besides
    same_footage: tuple[str, ...]  # of these cases: the same footage was marked in another one
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
    law: str
    access: str
    named: bool
    authority: str | None  # by which record somebody speaks for the person depicted, in opaque labels
    text: str  # the digest of the text in which it was stated
    stated: datetime | None
    created: datetime
    sent: datetime | None  # when it left, or was put into a form
    acknowledged: datetime | None  # when the host confirmed receipt
    reminded: datetime | None
    ended: datetime | None

    @property
    def as_read(self) -> NoticeRow:
        """What of it a person reads and states: that more posts hold the same media changes nothing of that."""
        return replace(self, cases=())

    def stated_notice(self) -> Notice:
        """Return what is said to the host.

        Raises StoreError before a person has stated it, UsageError while all of it is marked as a suspected minor's.
        """
        if not (self.ground and self.capacity and self.stated_by and self.stated):
            raise StoreError(f"notice {self.label} has no statement yet; see: gifwarden notices confirm")
        if self.marked and not self.items:
            raise UsageError(
                f"notice {self.label} is about a suspected minor's media alone, so no word of it is written"
            )
        return Notice(
            id=self.label,
            host=self.host,
            to=self.recipient or "",
            items=self.items,
            ground=self.ground,
            ground_detail=self.ground_detail or "",
            capacity=self.capacity,
            stated_by=self.stated_by,
            organisation=self.organisation or "",
            contact=self.contact or "",
            stated_at=self.stated,
            language=self.language,
            law=self.law,
            access=self.access,
            named=self.named,
            text=self.text,
        )


def notice_of(connection: Connection, row: Row) -> NoticeRow:
    """Return a notice of its row in table notices."""
    items = connection.rows(f"{_ITEMS} where notice = ? order by i.rowid", (row["label"],))
    minors = {item["host_id"] for item in items if item["minor"] or item["same"]}
    decided = {item["host_id"] for item in items if item["decided"]}
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
        items=tuple(_decided(item_of(item), item["host_id"] in decided) for item in once.values()),
        marked=bool(minors),
        same_footage=tuple(dict.fromkeys(item["label"] for item in items if item["same"])),
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
        law=row["law"],
        access=row["access"],
        named=bool(row["named"]),
        authority=row["authority"],
        text=row["text"] or "",
        stated=moment(row["stated_at"]),
        created=from_iso(row["created_at"]),
        sent=moment(row["sent_at"]),
        acknowledged=moment(row["acknowledged_at"]),
        reminded=moment(row["reminded_at"]),
        ended=moment(row["ended_at"]),
    )


def _decided(item: NoticeItem, confirmed: bool) -> NoticeItem:
    """Return a media as it is told: a likeness is no identity before a person has confirmed a case of it."""
    return item if confirmed or item.person is None else replace(item, person=None, resembles=item.person)


def drafted_with(
    connection: Connection, host: str, among: str, item: NoticeItem, *, grounded: bool
) -> dict[str, list[NoticeItem]]:
    """Return what stands on each draft of a host that has something like a media, the oldest draft first.

    `among`: subreddits, as JSON; `grounded`: whether a ground is known for it, so that any other may be like it.
    """
    found: dict[str, list[NoticeItem]] = {}
    for row in connection.rows(
        """select i.*, e.label as entry_label, min(i.rowid) from notices n join notice_items i on i.notice = n.label
           left join entries e on e.id = i.entry
           where n.label in (
               select notice from notice_items where entry = (select id from entries where label = :entry)
               union select notice from notice_items where sha256 = :sha256
               union select notice from notice_items where :grounded and (ground is not null
                   or entry in (select entry from grounds) or person in (select person from grounds)))
           and n.host = :host and n.state = 'drafted' and n.subreddit in (select value from json_each(:among))
           group by i.notice, i.host_id order by n.created_at, n.rowid, i.rowid""",
        {"host": host, "among": among, "entry": item.entry, "sha256": item.sha256, "grounded": grounded},
    ):
        found.setdefault(row["notice"], []).append(item_of(row))
    return found


def item_of(row: Row) -> NoticeItem:
    """Return one media of its row in table notice_items, with the label of its entry beside."""
    return NoticeItem(
        host_id=row["host_id"],
        url=row["url"],
        seen_at=from_iso(row["seen_at"]),
        sha256=row["sha256"],
        md5=row["md5"],
        viewed_at=moment(row["viewed_at"]),
        entry=row["entry_label"],
        person=row["person"],
        ground=row["ground"],
        ground_detail=row["ground_detail"] or "",
        ranges=loads(tuple[tuple[float, float], ...], row["ranges"]),
        rendition=row["rendition"],
        earlier=row["refers"],
    )
