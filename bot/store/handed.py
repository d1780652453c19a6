"""Notices that people put into a host's form, or that the person depicted has sent herself."""

from __future__ import annotations

from datetime import datetime

from bot.clock import iso
from bot.model import NoticeState
from bot.store.base import Connection
from bot.store.notices import Notices


class HandedNotices:
    """The part of table notices that says when and under which number a person handed one in."""

    def __init__(self, connection: Connection, notices: Notices) -> None:
        self._c = connection
        self._notices = notices

    def record(
        self, name: str, at: datetime, reference: str | None, *, member: int, expect: tuple[NoticeState, ...]
    ) -> bool:
        """Record when a notice was handed in, and the host's number; False if it cannot go there from its state."""
        with self._c:
            told = f"number {reference}" if reference else ""
            if not self._notices.move(name, NoticeState.BY_HAND, expect=expect, told=told, member=member):
                return False
            self._c.run(
                "update notices set sent_at = ?, reference = coalesce(?, reference) where label = ?",
                (iso(at), reference, name),
            )
            return True
