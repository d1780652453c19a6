"""Work that began and never ended: counted before it begins, parked after three times, tried again by command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.errors import StoreError
from bot.store.base import Connection

MAX_TRIES = 3
Queue = Literal["link", "action", "order"]
TABLES: dict[Queue, str] = {"link": "links", "action": "actions", "order": "orders"}
# What is in doubt is looked at in the world before it is done again
AGAIN = {"sending": "unknown"}
SENTENCE = "work on it began three times and never ended, which may have killed the daemon"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRow:
    """Something that is parked."""

    queue: Queue
    name: str  # its number, or an order's id
    about: str  # the host, the kind or the verb
    parked_from: str  # its state before


class Tries:
    """Columns tries and parked_from of links, actions and orders."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._owed: set[tuple[Queue, int | str]] = set()

    def begin(self, queue: Queue, name: int | str) -> bool:
        """Count a try before the work; False if three never ended: then it is parked, and must be left alone."""
        table = TABLES[queue]
        with self._c:
            if (queue, name) in self._owed:  # it ended, and the database could not be told
                self.end(queue, name)
            if self._c.run(
                f"update {table} set tries = tries + 1 where id = ? and tries < ? and state <> 'parked'",  # noqa: S608  one of three
                (name, MAX_TRIES),
            ):
                return True
            outcome = "outcome" if queue == "order" else "reason"
            hold = ", hold = null" if queue == "action" else ""
            self._c.run(
                f"""update {table} set parked_from = state, state = 'parked', {outcome} = ?{hold}
                    where id = ? and state <> 'parked'""",  # noqa: S608  words of ours
                (SENTENCE, name),
            )
        return False

    def end(self, queue: Queue, name: int | str) -> None:
        """Forget the tries: the work ended, well or badly, or our own disk or memory broke it off."""
        self._owed.add((queue, name))
        self._c.run(f"update {TABLES[queue]} set tries = 0 where id = ? and tries > 0", (name,))  # noqa: S608  one of three
        self._owed.discard((queue, name))

    def give_back(self, queue: Queue, name: int | str) -> None:
        """Count the last try no more: what it did ended, and the rest has still to be done."""
        self._c.run(f"update {TABLES[queue]} set tries = tries - 1 where id = ? and tries > 0", (name,))  # noqa: S608  one of three

    def parked(self) -> list[ParkedRow]:
        """Return what is parked."""
        found = []
        for queue, about in (("link", "host"), ("action", "kind"), ("order", "verb")):
            rows = self._c.rows(
                f"select id, {about} as about, parked_from from {TABLES[queue]} where state = 'parked' order by rowid"  # type: ignore[index]  # noqa: S608  words of ours
            )
            found += [
                ParkedRow(queue=queue, name=str(row["id"]), about=row["about"], parked_from=row["parked_from"])  # type: ignore[arg-type]
                for row in rows
            ]
        return found

    def retry(self, queue: Queue, name: str) -> None:
        """Put something back where it was. Raises StoreError if it is not parked."""
        with self._c:
            table = TABLES[queue]
            state = self._c.value(f"select parked_from from {table} where id = ? and state = 'parked'", (name,))  # noqa: S608  one of three
            if state is None:
                raise StoreError(f"no {queue} {name} is parked; see: gifwarden parked list")
            due = "" if queue == "order" else ", next_at = :now"
            self._c.run(
                f"update {table} set state = :state, tries = 0, parked_from = null{due} where id = :name",  # noqa: S608  words of ours
                {"state": AGAIN.get(state, state), "name": name, "now": self._c.now()},
            )
