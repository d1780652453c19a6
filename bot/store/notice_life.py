"""What becomes of notices that have left: their states, and the looks at their media. Every step is an event, too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import from_iso, iso
from bot.errors import StoreError
from bot.model import (
    LOOKS_THERE,
    NOTICE_LEFT,
    NOTICE_MOVES,
    NOTICE_OPEN,
    NOTICE_WAITING,
    LookOutcome,
    NoticeEventKind,
    NoticeItemState,
    NoticeState,
)
from bot.store.action_rows import mails_of
from bot.store.base import Connection, Row, label, moment
from bot.store.notice_events import NoticeEvents

HOPED = NOTICE_WAITING | {NoticeState.BOUNCED}  # its host has it, or may: anybody who saw a mail can write its report
LOOKED = HOPED | {NoticeState.ANSWERED, NoticeState.REJECTED, NoticeState.REMOVED}  # where a look may be due
LONGEST = timedelta(days=31)  # no look is planned further ahead, so what is was written by a wrong clock
# media of a case that is marked as a suspected minor's is neither looked for nor counted
UNMARKED = """(i.notice, i.host_id) not in (select m.notice, m.host_id
    from cases c join notice_items m on m.case_id = c.id where c.state = 'minor')"""
_WITHOUT_LOOK = "i.look_at is null and i.state in ('listed', 'gone_once')"  # the words of an index
# a case that came later has a row of its own, of which no look knows yet
_UNPLANNED = """not exists (select 1 from notice_items s where s.notice = i.notice and s.host_id = i.host_id
    and (s.look_at is not null or s.state = 'removed'))"""
STATES = (
    NoticeItemState.LISTED,
    NoticeItemState.GONE_ONCE,
    NoticeItemState.KEPT,
    NoticeItemState.REMOVED,
    NoticeItemState.TAKEN_BACK,
)
FURTHEST = "max(instr('lgkrt', substr(i.state, 1, 1)))"  # of a media's rows, as a place in STATES, from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeItem:
    """One media on a notice that has left, whatever the number of its cases."""

    notice: str
    host: str
    host_id: str
    url: str
    sha256: str | None
    md5: str | None
    known: bool  # whether what it matched is still there, to compare by what it shows
    clip: bool  # whether that is a clip
    state: NoticeItemState
    notice_state: NoticeState
    outcome: LookOutcome | None  # of the last look
    looks: int
    misses: int  # looks in a row that said nothing
    sent: datetime
    gone: datetime | None  # when it was first seen gone
    looked: datetime | None
    look: datetime | None  # when it is looked for next

    @property
    def there(self) -> bool:
        """Whether it was there when it was last seen, and is not removed."""
        return self.state == NoticeItemState.LISTED and self.outcome in LOOKS_THERE


class NoticeLife:
    """Tables notices and notice_items once a notice has left, and the moves of its state at any time."""

    def __init__(self, connection: Connection, events: NoticeEvents) -> None:
        self._c = connection
        self._events = events

    def state(self, name: str) -> NoticeState:
        """Return a notice's state. Raises StoreError if there is none of that name."""
        found = self._c.value("select state from notices where label = ?", (name,))
        if found is None:
            raise StoreError(f"there is no notice {name}; see: gifwarden notices list")
        return NoticeState(found)

    def happened(
        self,
        name: str,
        kind: NoticeEventKind,
        detail: str = "",
        *,
        to: NoticeState | None = None,
        host_id: str | None = None,
        member: int | None = None,
    ) -> bool:
        """Write down what happened to a notice, and let it go to a state if it may from where it is.

        Return whether it went there. What came too late for that (a bounce of what is removed) is written down all the
        same. Whatever ends the waiting ends the looks with it. Raises StoreError if there is no such notice.
        """
        with self._c:
            now, before = self._c.now(), self.state(name)
            moved = to is not None and to in NOTICE_MOVES[before]
            self._events.record(name, kind, detail, host_id=host_id, member=member)
            if moved and to is not None:
                self._c.run("update notices set state = ?, updated_at = ? where label = ?", (to, now, name))
                self.entered(name, to)
            return moved

    def entered(self, name: str, state: NoticeState) -> None:
        """Do what follows from a state that a notice was put into. Call it in the same transaction."""
        now = self._c.now()
        if state in (NoticeState.SENT, NoticeState.BY_HAND):
            self._c.run("update notices set sent_at = coalesce(sent_at, ?) where label = ?", (now, name))
        if state == NoticeState.REMINDED:
            self._c.run("update notices set reminded_at = coalesce(reminded_at, ?) where label = ?", (now, name))
        if state in (NoticeState.REMOVED, NoticeState.CLOSED, NoticeState.RETRACTED):
            self._c.run("update notices set ended_at = coalesce(ended_at, ?) where label = ?", (now, name))
        if state not in HOPED | {NoticeState.REMOVED}:
            self._c.run("update notice_items set look_at = null where notice = ?", (name,))
        kept = {NoticeState.REJECTED: NoticeItemState.KEPT, NoticeState.RETRACTED: NoticeItemState.TAKEN_BACK}
        if state in kept:
            self._c.run(
                "update notice_items set state = ? where notice = ? and state in ('listed', 'gone_once')",
                (kept[state], name),
            )
        elif state in NOTICE_WAITING:  # the host decides anew
            self._c.run("update notice_items set state = 'listed' where notice = ? and state = 'kept'", (name,))

    def acknowledged(self, name: str, reference: str | None = None) -> None:
        """Write down that the host confirmed receipt, and the number that it gave the notice. It ends nothing."""
        with self._c:
            self.happened(name, NoticeEventKind.ACKNOWLEDGED, f"number {reference}" if reference else "")
            self._c.run(
                """update notices set acknowledged_at = coalesce(acknowledged_at, ?),
                   reference = coalesce(?, reference), updated_at = ? where label = ?""",
                (self._c.now(), reference, self._c.now(), name),
            )

    def by_hand(self, name: str) -> bool:
        """Return whether a person handed a notice in, maybe after its mail."""
        return bool(
            self._c.value(
                "select exists (select 1 from notice_events where notice = ? and kind = ?)",
                (name, NoticeEventKind.BY_HAND),
            )
        )

    def items(self, name: str) -> list[LifeItem]:
        """Return the media on a notice that has left, but those marked as a suspected minor's."""
        return [_item(row) for row in self._rows("n.label = ?", (name,))]

    def there(self, name: str) -> frozenset[str]:
        """Return the host ids of what was there when it was last seen, and is not removed."""
        return frozenset(item.host_id for item in self.items(name) if item.there)

    def unarmed(self) -> list[LifeItem]:
        """Return media, not removed, of which no look is planned, of notices that a host has or may have."""
        marks = ",".join("?" * len(HOPED))
        hoped = f"i.notice in (select label from notices where state in ({marks}))"  # noqa: S608  question marks
        return [_item(row) for row in self._rows(f"{hoped} and {_WITHOUT_LOOK} and {_UNPLANNED}", tuple(HOPED))]

    def due(self, limit: int) -> list[LifeItem]:
        """Return media whose look is due, the longest due first."""
        marks = ",".join("?" * len(LOOKED))
        tail = f"order by look, i.notice, i.host_id limit {int(limit)}"
        return [
            _item(row) for row in self._rows(f"n.state in ({marks}) and i.look_at <= ?", (*LOOKED, self._c.now()), tail)
        ]

    def planned(self, host: str, *, before: datetime) -> list[LifeItem]:
        """Return the media of a host whose look is planned before a moment."""
        return [_item(row) for row in self._rows("n.host = ? and i.look_at < ?", (host, iso(before)))]

    def plan_look(self, item: LifeItem, at: datetime | None) -> None:
        """Let a media be looked for at a moment, or no more."""
        self._c.run(
            "update notice_items set look_at = ? where notice = ? and host_id = ?",
            (iso(at) if at else None, item.notice, item.host_id),
        )

    def begin_look(self, item: LifeItem, again: datetime) -> bool:
        """Count a look before it begins, and plan the next, so that a kill in the middle asks nothing twice.

        Return False if it is not due any more: somebody else looked, or the notice has ended.
        """
        marks = ",".join("?" * len(LOOKED))
        now = self._c.now()
        return bool(
            self._c.run(
                f"""update notice_items set look_at = ?, looked_at = ?, looks = looks + 1
                    where notice = ? and host_id = ? and look_at <= ?
                    and (select state from notices where label = notice_items.notice) in ({marks})""",  # noqa: S608  question marks only
                (iso(again), now, item.notice, item.host_id, now, *LOOKED),
            )
        )

    def looked(
        self,
        item: LifeItem,
        outcome: LookOutcome,
        detail: str,
        *,
        state: NoticeItemState,
        gone: datetime | None,
        misses: int,
        next_at: datetime | None,
    ) -> None:
        """Write down what a look found, what the media is by now, and when it is looked for next."""
        with self._c:
            self._events.record(
                item.notice, NoticeEventKind.LOOKED, f"{outcome}: {detail}" if detail else outcome, host_id=item.host_id
            )
            self._c.run(
                """update notice_items set outcome = ?, gone_at = ?, misses = ?, look_at = ?,
                   state = iif(state = 'taken_back' or (state = 'kept' and ? = 'listed'), state, ?)
                   where notice = ? and host_id = ?""",
                (
                    outcome,
                    iso(gone) if gone else None,
                    misses,
                    iso(next_at) if next_at else None,
                    state,
                    state,
                    item.notice,
                    item.host_id,
                ),
            )

    def bound(self) -> int:
        """Let looks that a wrong clock put off for longer than any be due in time; return how many."""
        late = self._c.clock.now() + LONGEST
        if not self._c.value("select exists (select 1 from notice_items where look_at > ?)", (iso(late),)):
            return 0
        return self._c.run(
            "update notice_items set look_at = ?, looked_at = min(looked_at, ?) where look_at > ?",
            (iso(self._c.clock.now() + timedelta(hours=1)), self._c.now(), iso(late)),
        )

    def all_removed(self, name: str) -> bool:
        """Return whether every media on a notice that still speaks of any is removed."""
        states = {item.state for item in self.items(name)} - {NoticeItemState.TAKEN_BACK}
        return states == {NoticeItemState.REMOVED}

    def over(self) -> list[str]:
        """Return the notices whose media is removed and is not looked for any more."""
        rows = self._c.rows(
            """select label from notices n where state = 'removed' and not exists
               (select 1 from notice_items where notice = n.label and look_at is not null) order by label"""
        )
        return [row["label"] for row in rows]

    def late(self, before: datetime) -> list[str]:
        """Return the notices that left before a moment, without a decision, whose media was there when last seen.

        So is one of which its host said that it took it down, where a look since then found it there.
        """
        there = ",".join("?" * len(LOOKS_THERE))
        rows = self._c.rows(
            f"""select distinct n.label from notices n join notice_items i on i.notice = n.label
                where n.sent_at <= ? and i.state = 'listed' and (n.state in ('sent', 'by_hand')
                or (n.state = 'answered' and 'removed' = (select means from notice_answers a
                    where a.notice = n.label and a.decided_at < i.looked_at and a.means != 'receipt'
                    order by a.decided_at desc, a.id desc limit 1)))
                and i.outcome in ({there}) and {UNMARKED} order by n.label""",  # noqa: S608  question marks and words of ours
            (iso(before), *LOOKS_THERE),
        )
        return [row["label"] for row in rows]

    def to_remind(self) -> list[str]:
        """Return overdue notices that went by mail, and of which no reminder was ever planned.

        Where an answer waits to be read, nobody is reminded.
        """
        rows = self._c.rows(
            f"""select n.label from notices n
               where n.state = 'overdue'
               and exists (select 1 from actions m where m.state = 'done' and {mails_of("n.label")})
               and n.reminded_at is null
               and not exists (select 1 from notice_answers a
                               where a.notice = n.label and a.kind = 'answer' and a.means is null)
               and not exists (select 1 from notice_events h where h.notice = n.label and h.kind = 'by_hand')
               and not exists (select 1 from actions r where r.key = 'reminder:' || n.label) order by n.label"""  # noqa: S608  words of ours
        )
        return [row["label"] for row in rows]

    def draft_again(self, item: LifeItem, *, host_id: str, url: str) -> str | None:
        """Put media that is up again, under this id of its host, on a draft of its own, which names the notice before.

        Return the draft's label; None if it stands on an open notice already.
        """
        now, name = self._c.now(), label("N")
        with self._c:
            states = ",".join("?" * len(NOTICE_OPEN))
            if self._c.value(
                f"""select exists (select 1 from notices n join notice_items i on i.notice = n.label
                    where n.host = ? and i.host_id = ? and n.state in ({states})
                    and not (n.label = ? and i.state = 'removed'))""",  # noqa: S608  question marks only
                (item.host, host_id, *NOTICE_OPEN, item.notice),
            ):
                return None
            self._c.run(
                """insert into notices (label, host, subreddit, state, recipient, entry, person, language, created_at,
                   updated_at) select ?, host, subreddit, 'drafted', recipient, entry, person, language, ?, ?
                   from notices where label = ?""",
                (name, now, now, item.notice),
            )
            same = host_id == item.host_id
            self._c.run(
                """insert into notice_items (notice, case_id, host_id, url, seen_at, sha256, md5, entry, person, ground,
                   ground_detail, ranges, rendition, refers)
                   select ?, case_id, ?, ?, ?, iif(?, sha256, null), iif(?, md5, null), entry, person, ground,
                   ground_detail, ranges, iif(?, rendition, null), notice
                   from notice_items where notice = ? and host_id = ?""",
                (name, host_id, url, now, same, same, same, item.notice, item.host_id),
            )
            self._events.record(name, NoticeEventKind.DRAFTED, f"after {item.notice}, which listed the same media")
            return name

    def elsewhere(self) -> list[tuple[str, str, str]]:
        """Return drafted media of which its host removed the same entry's before: (earlier notice, draft, host id).

        Each once: what is written down as such already is not among them.
        """
        rows = self._c.rows(
            """select max(o.gone_at), o.notice as earlier, i.notice as draft, i.host_id
               from notice_items i join notices n on n.label = i.notice
               join notice_items o on o.entry = i.entry and o.host_id != i.host_id and o.state = 'removed'
               join notices b on b.label = o.notice and b.host = n.host
               where n.state = 'drafted' and i.refers is null group by i.notice, i.host_id"""
        )
        return [(row["earlier"], row["draft"], row["host_id"]) for row in rows]

    def refer(self, draft: str, host_id: str, earlier: str) -> None:
        """Let a media on a draft name the notice by which the same came down before."""
        self._c.run(
            "update notice_items set refers = ? where notice = ? and host_id = ?",
            (earlier, draft, host_id),
        )

    def earlier(self, name: str) -> list[str]:
        """Return the notices by which what a notice lists came down before."""
        rows = self._c.rows(
            "select distinct refers from notice_items where notice = ? and refers is not null order by refers", (name,)
        )
        return [row["refers"] for row in rows]

    def _rows(self, where: str, values: tuple[object, ...], tail: str = "") -> list[Row]:
        # the pluses keep SQLite from reading all of an index because it has the order of the groups
        return self._c.rows(
            f"""select i.notice, n.host, i.host_id, min(i.url) as url, max(i.sha256) as sha256, max(i.md5) as md5,
                max(coalesce(e.state = 'active', 0) and exists (select 1 from signals s where s.entry = e.id)) as known,
                max(e.duration is not null) as clip,
                {FURTHEST} as state, n.state as notice_state, max(i.outcome) as outcome, max(i.looks) as looks,
                max(i.misses) as misses, n.sent_at, max(i.gone_at) as gone_at, max(i.looked_at) as looked_at,
                min(i.look_at) as look
                from notice_items i join notices n on n.label = i.notice left join entries e on e.id = i.entry
                where n.sent_at is not null and n.state in ({",".join("?" * len(NOTICE_LEFT))}, 'retracted')
                and {where} and {UNMARKED} group by +i.notice, +i.host_id {tail}""",  # noqa: S608  question marks and words of ours
            (*NOTICE_LEFT, *values),
        )


def _item(row: Row) -> LifeItem:
    return LifeItem(
        notice=row["notice"],
        host=row["host"],
        host_id=row["host_id"],
        url=row["url"],
        sha256=row["sha256"],
        md5=row["md5"],
        known=bool(row["known"]),
        clip=bool(row["clip"]),
        state=STATES[row["state"] - 1],
        notice_state=NoticeState(row["notice_state"]),
        outcome=LookOutcome(row["outcome"]) if row["outcome"] else None,
        looks=row["looks"],
        misses=row["misses"],
        sent=from_iso(row["sent_at"]),
        gone=moment(row["gone_at"]),
        looked=moment(row["looked_at"]),
        look=moment(row["look"]),
    )
