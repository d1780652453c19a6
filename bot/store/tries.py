"""Work that began and never ended: counted before it begins, parked after three times, tried again by command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.errors import StoreError
from bot.store.base import Connection

MAX_TRIES = 3
Queue = Literal["link", "action", "order", "backfill", "learning", "digest"]


@dataclass(frozen=True, slots=True)
class _Table:
    """Where rows of a queue are, what names one and what it is about, and which column holds its sentence."""

    table: str
    name: str
    about: str
    sentence: str | None
    waits: bool = False  # has a moment at which it is tried next


TABLES: dict[Queue, _Table] = {
    "link": _Table("links", "id", "host", "reason", waits=True),
    "action": _Table("actions", "id", "kind", "reason", waits=True),
    "order": _Table("orders", "id", "verb", "outcome"),
    "backfill": _Table("backfills", "subreddit || '/' || source", "source", None),
    "learning": _Table("learnings", "subreddit || '/' || source", "source", None),
    "digest": _Table("digests", "subreddit", "day", None),
}
# What is in doubt is looked at in the world before it is done again
AGAIN = {"sending": "unknown"}
SENTENCE = "work on it began three times and never ended, which may have killed the daemon"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRow:
    """Something that is parked."""

    queue: Queue
    name: str  # its number, an order's id, `subreddit/listing` of a backfill or learning, or a digest's subreddit
    about: str  # the host, the kind, the verb, the listing, or the day of the last digest
    parked_from: str  # its state before


class Tries:
    """Columns tries and parked_from of links, actions, orders, backfills, learnings and digests."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._owed: set[tuple[Queue, int | str]] = set()

    def begin(self, queue: Queue, name: int | str) -> bool:
        """Count a try before the work; False if three never ended: then it is parked, and must be left alone."""
        at = TABLES[queue]
        with self._c:
            if (queue, name) in self._owed:  # it ended, and the database could not be told
                self.end(queue, name)
            if self._c.run(
                f"update {at.table} set tries = tries + 1 where {at.name} = ? and tries < ? and state <> 'parked'",  # noqa: S608  words of ours
                (name, MAX_TRIES),
            ):
                return True
            said = f", {at.sentence} = '{SENTENCE}'" if at.sentence else ""
            hold = ", hold = null" if queue == "action" else ""
            self._c.run(
                f"""update {at.table} set parked_from = state, state = 'parked'{said}{hold}
                    where {at.name} = ? and state <> 'parked'""",  # noqa: S608  words of ours
                (name,),
            )
        return False

    def end(self, queue: Queue, name: int | str) -> None:
        """Forget the tries: the work ended, well or badly, or our own disk or memory broke it off."""
        at = TABLES[queue]
        self._owed.add((queue, name))
        self._c.run(f"update {at.table} set tries = 0 where {at.name} = ? and tries > 0", (name,))  # noqa: S608  words of ours
        self._owed.discard((queue, name))

    def give_back(self, queue: Queue, name: int | str) -> None:
        """Count the last try no more: what it did ended, and the rest has still to be done."""
        at = TABLES[queue]
        self._c.run(f"update {at.table} set tries = tries - 1 where {at.name} = ? and tries > 0", (name,))  # noqa: S608  words of ours

    def parked(self) -> list[ParkedRow]:
        """Return what is parked."""
        return [
            ParkedRow(queue=queue, name=str(row["name"]), about=row["about"], parked_from=row["parked_from"])
            for queue, at in TABLES.items()
            for row in self._c.rows(
                f"""select {at.name} as name, {at.about} as about, parked_from from {at.table}
                    where state = 'parked' order by rowid"""  # noqa: S608  words of ours
            )
        ]

    def retry(self, queue: Queue, name: str) -> None:
        """Put something back where it was. Raises StoreError if it is not parked."""
        with self._c:
            at = TABLES[queue]
            where = f"from {at.table} where {at.name} = ? and state = 'parked'"
            state = self._c.value(f"select parked_from {where}", (name,))
            if state is None:
                raise StoreError(f"no {queue} {name} is parked; see: gifwarden parked list")
            due = ", next_at = :now" if at.waits else ""
            # a permalink that has a reason was looked at
            untold = ", reason = null" if queue == "link" else ""
            self._c.run(
                f"""update {at.table} set state = :state, tries = 0, parked_from = null{due}{untold}
                    where {at.name} = :name""",  # noqa: S608  words of ours
                {"state": AGAIN.get(state, state), "name": name, "now": self._c.now()},
            )
