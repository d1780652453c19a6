"""Audit trail, the daemon's lease, figures, forgetting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from bot.clock import iso
from bot.store.base import Connection
from bot.store.place import forget_earlier

# tables with what is sealed by the database's key, and the column that holds it
SEALED = {
    "fingerprints": "sealed",
    "sketches": "sealed",
    "persons": "sealed_key",
    "entry_notes": "sealed",
    "claims": "sealed_key",
    "notice_answers": "sealed",
}


class Maintenance:
    """Tables audit and lease, and what touches all tables."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many rows are in each state, by table."""
        shown: dict[str, Mapping[str, int]] = {"posts": {"seen": self._c.value("select count(*) from posts")}}
        for table in ("links", "cases", "actions", "notices", "entries"):
            rows = self._c.rows(f"select state, count(*) as n from {table} group by state order by state")  # noqa: S608  names from the line above
            shown[table] = {row["state"]: row["n"] for row in rows}
        return shown

    def count(self, table: Literal["actions", "notices"]) -> int:
        """Return how many rows a table has."""
        return int(self._c.value(f"select count(*) from {table}"))  # noqa: S608  one of two

    def newest(self) -> str | None:
        """Return the newest moment that was written down here by this program's clock, or None."""
        found: str | None = self._c.value(
            """select max(at) from (select max(at) as at from audit union all select max(seen_at) from posts
                                    union all select max(checked_at) from watched)"""
        )
        return found or None

    def forget_before(self, moment: datetime) -> int:
        """Delete posts seen before then that no case holds, with links and evidence; return how many."""
        with self._c:
            count = self._c.run(
                """delete from posts where seen_at < ? and fullname not in (select post from cases)
                   and fullname not in
                   (select post from links where state in ('seen', 'acquired', 'matched', 'failed', 'untold'))""",
                (iso(moment),),
            )
            self._c.run("delete from decisions where at < ?", (iso(moment),))
            self._c.run("delete from author_facts where at < ?", (iso(moment),))
            self._c.run("delete from losses where at < ?", (iso(moment),))
            self._c.run("delete from backfills where updated_at < ?", (iso(moment),))
            self._c.run("delete from learnings where updated_at < ?", (iso(moment),))
            self._c.run("delete from past_removals where post not in (select fullname from posts) and updated_at < ?",
                        (iso(moment),))  # fmt: skip
            self._c.run("delete from proposals where link is null and case_id is null")
        return count

    def any_sealed(self) -> bool:
        """Return whether the database holds anything that only its key opens or recognises."""
        return any(self._c.value(f"select exists (select 1 from {table})") for table in (*SEALED, "never"))  # noqa: S608  names from above

    def forget_earlier(self, before: datetime) -> int:
        """Delete the copies that were kept before an update until then; return how many."""
        return 0 if self._c.path is None else forget_earlier(self._c.path, before.timestamp())

    def truncate_log(self) -> None:
        """Fold the write-ahead log into the database and empty it, once no other process reads or writes in it.

        What was forgotten stands in it until then. If others never leave it alone, the next purge does it.
        """
        self._c.until(lambda: not self._c.rows("pragma wal_checkpoint(truncate)")[0]["busy"])
