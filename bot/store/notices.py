"""Notices to hosts: drafted by rules, stated and confirmed by a person."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from functools import cache

from bot.clock import iso
from bot.errors import StoreError
from bot.model import NOTICE_MOVES, NOTICE_OPEN, Hold, Notice, NoticeEventKind, NoticeItem, NoticeState, one_ground
from bot.serialization import dumps
from bot.store.action_rows import mails_of
from bot.store.base import Connection, Row, label
from bot.store.grounds import Grounds
from bot.store.notice_events import NoticeEvents
from bot.store.notice_life import NoticeLife
from bot.store.notice_rows import NoticeRow, drafted_with, notice_of

MAX_ITEMS = 20

# of a host that has media of this id on a notice that goes on
_OPEN = f"""select n.label, n.state from notices n join notice_items i on i.notice = n.label
    where n.host = ? and i.host_id = ? and n.state in ({", ".join(f"'{state}'" for state in sorted(NOTICE_OPEN))})
    and i.state not in ('removed', 'taken_back') order by i.rowid desc"""  # noqa: S608  words of ours
# of a host that was told of the same media before, under this id or, where that was removed since, under another
_EARLIER = """select n.label, i.host_id, n.state = 'removed' or i.state = 'removed' as removed
    from notices n join notice_items i on i.notice = n.label
    where n.host = :host and n.state not in ('drafted', 'confirmed', 'retracted') and i.state != 'taken_back'
    and (i.host_id = :host_id or (n.state = 'removed' or i.state = 'removed')
        and coalesce(i.gone_at, n.ended_at, '') < :seen
        and (i.sha256 = :sha256 or i.entry = (select id from entries where label = :entry)))
    order by i.rowid desc"""
_EVENTS = {
    state: NoticeEventKind(state) for state in (NoticeState.SENT, NoticeState.BY_HAND, NoticeState.RETRACTED)
} | {NoticeState.DRAFTED: NoticeEventKind.CHANGED}


class Notices:
    """Tables notices, notice_items and notice_drops."""

    def __init__(self, connection: Connection, grounds: Grounds, events: NoticeEvents, life: NoticeLife) -> None:
        self._c = connection
        self._life = life
        self._grounds = grounds
        self._events = events

    def draft(
        self,
        *,
        host: str,
        subreddit: str,
        recipient: str | None,
        case: int,
        item: NoticeItem,
        among: Collection[str] = (),
    ) -> str:
        """Put a case's media on the notice that names it already, on a draft of its ground and person, or on a new one.

        Return the notice's label. A media stands on one notice of its host that goes on, whatever the number of its
        cases; that it was told already is written down. `among`: further subreddits on whose drafts it may stand.
        """
        with self._c:
            self._c.run("delete from notice_drops where case_id = ?", (case,))
            open_ = self._c.one(_OPEN, (host, item.host_id))
            name = open_["label"] if open_ else self._fitting(host, {subreddit, *among}, item)
            if name is None:
                name = self.begin(host, subreddit, recipient)
            if open_ is None:
                item = replace(item, earlier=self._earlier(name, host, item))
            new, changed = self._put(name, case, item)
            if open_ is None:
                detail = f"told before in {item.earlier}" if item.earlier else ""
                self._events.record(name, NoticeEventKind.DRAFTED, detail, host_id=item.host_id)
            elif open_["state"] != NoticeState.DRAFTED:
                if new:
                    self._events.record(name, NoticeEventKind.ALREADY_TOLD, host_id=item.host_id)
            elif changed:
                name = self._where_it_fits(name, {subreddit, *among}, item)
            if changed:
                self.settle(name)
        return str(name)

    def begin(self, host: str, subreddit: str, recipient: str | None) -> str:
        """Begin an empty draft; return its label. Call it in a transaction that puts something on it."""
        name, now = label("N"), self._c.now()
        self._c.run(
            """insert into notices (label, host, subreddit, state, recipient, created_at, updated_at)
               values (?, ?, ?, 'drafted', ?, ?, ?)""",
            (name, host, subreddit, recipient, now, now),
        )
        return name

    def carry(self, name: str, host_ids: Collection[str], to: str) -> None:
        """Put media of a draft on another one. Call it in the transaction that knows both."""
        for host_id in host_ids:
            self._c.run(
                "update notice_items set notice = ? where notice = ? and host_id = ?",
                (to, name, host_id),
            )
        self.settle(to)
        self.settle(name)

    def settle(self, name: str) -> None:
        """Let a notice be about what its media has in common; a draft of which nothing is left is retracted.

        Call it in the transaction that changes what stands on it.
        """
        self._c.run(
            """update notices set
               entry = (select max(entry) from notice_items where notice = label
                        having count(*) = count(entry) and count(distinct entry) = 1),
               person = (select max(person) from notice_items where notice = label
                         having count(*) = count(person) and count(distinct person) = 1)
               where label = ?""",
            (name,),
        )
        left = self._c.rows(
            """select distinct p.subreddit from notice_items i join cases c on c.id = i.case_id
               join posts p on p.fullname = c.post where i.notice = ? order by p.subreddit""",
            (name,),
        )
        if left:  # where it begins is where some of it still is
            self._c.run(
                """update notices set subreddit = ?
                   where label = ? and subreddit not in (select value from json_each(?))""",
                (left[0]["subreddit"], name, json.dumps([row["subreddit"] for row in left])),
            )
        else:
            self.move(name, NoticeState.RETRACTED, expect=(NoticeState.DRAFTED,), told="nothing is left on it")

    def get(self, name: str) -> NoticeRow:
        """Return a notice by its label. Raises StoreError if there is none."""
        row = self._c.one("select * from notices where label = ?", (name,))
        if row is None:
            raise StoreError(f"there is no notice {name}; see: gifwarden notices list")
        return notice_of(self._c, row)

    def listing(self, limit: int = 1000) -> list[NoticeRow]:
        """Return notices, newest first."""
        rows = self._c.rows("select * from notices order by created_at desc, label limit ?", (limit,))
        return [notice_of(self._c, row) for row in rows]

    def of_case(self, case: int) -> str | None:
        """Return the label of the notice on which a case's media stands, the last one of several."""
        return next(iter(self.all_of_case(case)), None)

    def all_of_case(self, case: int) -> list[str]:
        """Return the labels of the notices on which a case's media stands or stood, the last one first."""
        rows = self._c.rows("select notice from notice_items where case_id = ? order by rowid desc", (case,))
        return [row["notice"] for row in rows]

    def cases_of(self, name: str) -> dict[str, list[str]]:
        """Return the labels of the cases that each media on a notice stands for, by the host's id."""
        found: dict[str, list[str]] = {}
        for row in self._c.rows(
            """select i.host_id, c.label from notice_items i join cases c on c.id = i.case_id
               where i.notice = ? order by i.rowid""",
            (name,),
        ):
            found.setdefault(row["host_id"], []).append(row["label"])
        return found

    def dropped(self, case: int) -> bool:
        """Return whether a person took a case's media off a draft, so that no rule puts it on one again."""
        return bool(self._c.value("select 1 from notice_drops where case_id = ?", (case,)))

    def told_again(self, name: str) -> int:
        """Return in how many posts media of a notice was seen again since it was confirmed."""
        return int(
            self._c.value(
                "select count(*) from notice_events where notice = ? and kind = ?", (name, NoticeEventKind.ALREADY_TOLD)
            )
        )

    def take_off(self, case: int, name: str | None = None) -> None:
        """Take a case off a notice, or off all, after its media was taken back or stands there for another case."""
        self._c.run(
            "delete from notice_items where case_id = ?1 and notice = coalesce(?2, notice)",
            (case, name),
        )

    def hold_mail(self, case: int, reason: str) -> None:
        """Hold the mail of the notice on which a case stands, if it has not begun to leave."""
        self._c.run(
            """update actions set state = 'held', hold = ?, reason = ?, next_at = ?, updated_at = ?
               where state = 'planned' and kind = 'notice'
               and json_extract(params, '$.notice') in (select notice from notice_items where case_id = ?)""",
            (Hold.MINOR, reason, self._c.now(), self._c.now(), case),
        )

    def beside(self, case: int, name: str) -> tuple[list[str], list[str]]:
        """Return the labels of the other cases on a case's notice: those of the same media, and those of others."""
        rows = self._c.rows(
            """select c.label, i.host_id = mine.host_id as same from notice_items mine
               join notice_items i on i.notice = mine.notice and i.case_id != mine.case_id
               join cases c on c.id = i.case_id where mine.case_id = ? and mine.notice = ? order by i.rowid""",
            (case, name),
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
            state = self._c.value("select state from notices where label = ?", (name,))
            if state == NoticeState.CONFIRMED:
                mail = self._c.value(f"select max(id) from actions where {mails_of('?1')}", (name,))  # noqa: S608  words of ours
                self._c.run(
                    """update actions set state = 'cancelled', hold = null,
                       reason = 'a case on the notice was decided otherwise', updated_at = ?
                       where id = ? and state in ('planned', 'held', 'failed')""",
                    (self._c.now(), mail),
                )
                if self._c.value("select 1 from actions where id = ? and state != 'cancelled'", (mail,)):
                    return  # it is leaving at this moment, or has left
                self.move(name, NoticeState.DRAFTED, expect=(NoticeState.CONFIRMED,), told="a case on it was decided")
            elif state != NoticeState.DRAFTED:
                return
            self.take_off(case, name)
            self.settle(name)

    def confirm(self, notice: Notice, *, member: int, authority: str | None = None) -> bool:
        """Record what a member of the team states on a draft, now; False if it is no draft any more.

        One that came back is stated again as if it had not left: what counts from its mail counts from the next.

        `authority`: by which record they speak for the person depicted.
        """
        now = self._c.now()
        with self._c:
            stated = self._c.run(
                """update notices set state = 'confirmed', recipient = ?, ground = ?, ground_detail = ?, capacity = ?,
                   stated_by = ?, stated_member = ?, organisation = ?, contact = ?, stated_at = ?, updated_at = ?,
                   language = ?, law = ?, access = ?, named = ?, authority = ?, text = ?,
                   sent_at = null, acknowledged_at = null
                   where label = ? and state in ('drafted', 'bounced')""",
                (
                    notice.to or None,
                    notice.ground,
                    notice.ground_detail,
                    notice.capacity,
                    notice.stated_by,
                    member,
                    notice.organisation,
                    notice.contact,
                    now,
                    now,
                    notice.language,
                    notice.law,
                    notice.access,
                    int(notice.named),
                    authority,
                    notice.text,
                    notice.id,
                ),
            )
            if stated:
                self._life.entered(notice.id, NoticeState.CONFIRMED)
                self._events.record(notice.id, NoticeEventKind.CONFIRMED, notice.ground, member=member)
        return bool(stated)

    def viewed(self, name: str) -> None:
        """Record that the person who states a notice has looked at every media on it."""
        self._c.run("update notice_items set viewed_at = ? where notice = ?", (self._c.now(), name))

    def move(
        self,
        name: str,
        state: NoticeState,
        *,
        expect: tuple[NoticeState, ...],
        told: str = "",
        member: int | None = None,
    ) -> bool:
        """Put a notice into a state if it still is in one of the expected ones, and may go there; False if not.

        That it was sent, put into a form or retracted, or is a draft again is an event, too, with what else is `told`
        and the member who did it.
        """
        with self._c:
            now = self._life.state(name)
            if now not in expect or state not in NOTICE_MOVES[now]:
                return False
            self._c.run("update notices set state = ?, updated_at = ? where label = ?", (state, self._c.now(), name))
            self._life.entered(name, state)
            if state in _EVENTS:
                self._events.record(
                    name, _EVENTS[state], told or "a draft again" * (state == NoticeState.DRAFTED), member=member
                )
            return True

    def _fitting(self, host: str, among: Collection[str], item: NoticeItem) -> str | None:
        """Return the oldest draft of these subreddits on which a media may stand beside all others, if there is one."""
        ground = cache(self._grounds.of)
        grounded = ground(item) is not None
        for name, items in drafted_with(self._c, host, json.dumps(sorted(among)), item, grounded=grounded).items():
            if len(items) < MAX_ITEMS and all(one_ground(item, one, ground) for one in items):
                return name
        return None

    def _where_it_fits(self, name: str, among: Collection[str], item: NoticeItem) -> str:
        """Return the draft on which a media stands once it is known what it is: another one, if that has changed."""
        row = self.get(name)
        mine = next((one for one in row.items if one.host_id == item.host_id), None)
        others = [one for one in row.items if one != mine and one.ground is None]
        if mine is None or mine.ground or all(one_ground(mine, one, self._grounds.of) for one in others):
            return name
        to = self._fitting(row.host, among, mine) or self.begin(row.host, row.subreddit, row.recipient)
        self.carry(name, [item.host_id], to)
        self._events.record(name, NoticeEventKind.CHANGED, f"one media is another than it seemed, and on {to}")
        self._events.record(to, NoticeEventKind.DRAFTED, f"from {name}", host_id=item.host_id)
        return to

    def _earlier(self, name: str, host: str, item: NoticeItem) -> str | None:
        """Return the notice on which the same media stood before, if one ended; to that its return is written down."""
        asked = {"host": host, "host_id": item.host_id, "sha256": item.sha256, "entry": item.entry}
        row = self._c.one(_EARLIER, {**asked, "seen": iso(item.seen_at)})
        if row is None:
            return None
        if row["removed"]:
            self._events.record(row["label"], NoticeEventKind.REUPLOADED, f"it is back: {name}", host_id=row["host_id"])
        return str(row["label"])

    def _put(self, name: str, case: int, item: NoticeItem) -> tuple[bool, bool]:
        """Put a case's media on a notice, or say anew what it is; return whether the case, or what is known, is new.

        What is known of a media holds for all its cases. Only what is judged again, or knows for the first time what it
        matched, changes that, and nothing does once a person has stated it.
        """
        facts: Row = {
            "sha256": item.sha256,
            "md5": item.md5,
            "entry": item.entry and self._c.value("select id from entries where label = ?", (item.entry,)),
            "person": item.person,
            "ranges": dumps(item.ranges),
            "rendition": item.rendition,
        }
        shared = ", ".join((*facts, "refers", "ground", "ground_detail"))
        new = self._c.value("select 1 from notice_items where notice = ? and case_id = ?", (name, case)) is None
        known = self._c.one(
            f"select {shared} from notice_items where notice = ? and host_id = ? order by rowid limit 1",  # noqa: S608  columns from above
            (name, item.host_id),
        )
        if new:
            row = {"host_id": item.host_id, "url": item.url, "seen_at": iso(item.seen_at), "refers": item.earlier}
            self._c.insert("notice_items", {"notice": name, "case_id": case, **row, **(known or facts)})
        changed = known is None
        if known and not (new and (known["entry"] or facts["entry"] is None)):
            changed = any(known[key] != value for key, value in facts.items())
            self._c.run(
                f"""update notice_items set {", ".join(f"{key} = :{key}" for key in facts)}
                    where notice = :notice and host_id = :host_id
                    and exists (select 1 from notices where label = :notice and state = 'drafted')""",  # noqa: S608  columns from above
                {**facts, "notice": name, "host_id": item.host_id},
            )
        return new, changed
