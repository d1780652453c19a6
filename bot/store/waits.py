"""Until when links and actions wait: never longer than a day, whatever a wrong clock wrote down."""

from __future__ import annotations

from datetime import timedelta

from bot.clock import DAY, iso
from bot.store.base import Connection

MAX_WAIT = timedelta(
    seconds=DAY, hours=1
)  # nothing waits for more than a day; what seems to was written by a wrong clock
# Each part is found by an index
LINKS = "state in ('seen', 'failed', 'acquired', 'matched', 'untold') and priority in (-2, -1, 0, 1) and next_at > ?"
ACTIONS = "state in ('planned', 'held', 'sending', 'unknown', 'undo_planned') and next_at > ?"
MOVED = "strftime('%Y-%m-%dT%H:%M:%SZ', {}, ?)"
WAITING = (("links", LINKS), ("actions", ACTIONS))
ASKED = ("watched", "exchanges", "feedback")  # whoever is asked again at a moment


class Waits:
    """Column next_at of links, actions and whoever is asked again, decisions, looks at notices' media."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def bound(self) -> int:
        """Let what waits longer than anything may be due now; return how many rows. Writes only if there are any."""
        late = iso(self._c.clock.now() + MAX_WAIT)
        found = 0
        for table, where in WAITING:
            if self._c.value(f"select exists (select 1 from {table} where {where})", (late,)):  # noqa: S608  words from above
                found += self._c.run(
                    f"update {table} set next_at = ? where {where}",  # noqa: S608  words from above
                    (self._c.now(), late),
                )
        return found

    def shift(self, seconds: float) -> int:
        """Let all wait as long as they would have before the clock was set by so many seconds; return how many rows."""
        now = self._c.clock.now()
        # set back, what was due already would wait too
        since = iso(min(now, now - timedelta(seconds=seconds)))
        by = f"{seconds:+.0f} seconds"
        with self._c:
            self._c.run(
                f"update case_decisions set due_at = {MOVED.format('due_at')} where state = 'waiting'",  # noqa: S608  words from above
                (by,),
            )
            for column in ("look_at", "looked_at"):
                self._c.run(
                    f"update notice_items set {column} = {MOVED.format(column)} where look_at is not null",  # noqa: S608  words from above
                    (by,),
                )
            return sum(
                self._c.run(
                    f"update {table} set next_at = {MOVED.format('next_at')} where {where}",  # noqa: S608  words from above
                    (by, since),
                )
                for table, where in (*WAITING, *((table, "next_at > ?") for table in ASKED))
            )
