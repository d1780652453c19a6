"""What happened hour by hour, for plots. Hours are named as moments begin: `2026-11-29T18`, in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.clock import iso
from bot.store.base import Connection

HOUR = 13  # characters of a moment that name its hour


class Hours:
    """Tables links and cases, counted by hour."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def judged(self, since: datetime) -> Mapping[str, int]:
        """Return how many links were judged in each hour since then; hours without any are left out."""
        return self._counted(
            "select substr(updated_at, 1, ?) as hour, count(*) as n from links where state = 'judged' "
            "and updated_at >= ? group by 1",
            since,
        )

    def opened(self, since: datetime) -> Mapping[str, int]:
        """Return how many cases were opened in each hour, proposals not counted."""
        return self._counted(
            "select substr(opened_at, 1, ?) as hour, count(*) as n from cases where proposal is null "
            "and opened_at >= ? group by 1",
            since,
        )

    def closed(self, since: datetime) -> Mapping[str, int]:
        """Return how many cases that are not open any more were decided in each hour."""
        return self._counted(
            "select substr(decided_at, 1, ?) as hour, count(*) as n from cases where proposal is null "
            "and state != 'open' and decided_at >= ? group by 1",
            since,
        )

    def open_now(self) -> int:
        """Return how many cases are open."""
        return int(self._c.value("select count(*) from cases where state = 'open' and proposal is null"))

    def _counted(self, query: str, since: datetime) -> Mapping[str, int]:
        return {row["hour"]: row["n"] for row in self._c.rows(query, (HOUR, iso(since)))}
