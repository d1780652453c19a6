"""What people change on drafts: media goes to another one, or off it, or has a ground of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.model import Grounded, NoticeEventKind
from bot.plural import many
from bot.store.base import Connection
from bot.store.notice_events import NoticeEvents
from bot.store.notices import MAX_ITEMS, Notices


class NoticeChanges:
    """Tables notice_items and notice_drops, as people change them. Call each in a transaction that knows the draft."""

    def __init__(self, connection: Connection, notices: Notices, events: NoticeEvents) -> None:
        self._c = connection
        self._notices = notices
        self._events = events

    def split(self, name: str, host_ids: Sequence[str], *, member: int) -> str:
        """Put media of a draft on a new one to the same host; return its label."""
        row = self._c.one("select host, subreddit, recipient from notices where label = ?", (name,))
        assert row is not None, "its draft was read in this transaction"
        with self._c:
            new = self._notices.begin(row["host"], row["subreddit"], row["recipient"])
            self._notices.carry(name, host_ids, new)
            self._events.record(new, NoticeEventKind.DRAFTED, f"split off {name}", member=member)
            said = f"{many(len(host_ids), 'media', 'media')} split off: {new}"
            self._events.record(name, NoticeEventKind.CHANGED, said, member=member)
        return new

    def move(self, name: str, host_ids: Sequence[str], to: str, *, member: int) -> None:
        """Put media of a draft on another one."""
        with self._c:
            self._notices.carry(name, host_ids, to)
            media = many(len(host_ids), "media", "media")
            self._events.record(to, NoticeEventKind.CHANGED, f"{media} moved here from {name}", member=member)
            self._events.record(name, NoticeEventKind.CHANGED, f"{media} moved to {to}", member=member)

    def drop(self, name: str, host_ids: Collection[str], *, member: int) -> None:
        """Take media off a draft; no rule puts it on one again for the same cases."""
        with self._c:
            for host_id in host_ids:
                self._c.run(
                    """insert or replace into notice_drops (case_id, notice, at, member)
                       select case_id, notice, ?, ? from notice_items where notice = ? and host_id = ?""",
                    (self._c.now(), member, name, host_id),
                )
                self._c.run("delete from notice_items where notice = ? and host_id = ?", (name, host_id))
            said = f"{many(len(host_ids), 'media', 'media')} taken off"
            self._events.record(name, NoticeEventKind.CHANGED, said, member=member)
            self._notices.settle(name)

    def own_ground(self, name: str, host_id: str, ground: Grounded | None) -> None:
        """Let a media have a ground of its own, or none."""
        self._c.run(
            "update notice_items set ground = ?, ground_detail = ? where notice = ? and host_id = ?",
            (*(ground or (None, None)), name, host_id),
        )

    def room(self, name: str) -> int:
        """Return how many more media a notice can hold, what is hidden on it counted."""
        held = self._c.value("select count(distinct host_id) from notice_items where notice = ?", (name,))
        return MAX_ITEMS - int(held)
