"""On which ground media of an entry or of a protected person is reported: stated once, and offered again."""

from __future__ import annotations

from bot.model import Grounded, GroundFor, NoticeItem
from bot.store.base import Connection, Row

_SELECT = "select g.*, e.label as entry_label from grounds g left join entries e on e.id = g.entry"


class Grounds:
    """Table grounds. That of an entry that is withdrawn, or of a person who is forgotten, goes by a trigger."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def put(self, found: GroundFor, *, member: int) -> bool:
        """Record a ground in place of the one before; False if there is no such active entry or protected person."""
        with self._c:
            of = (
                self._c.value("select id from entries where label = ? and state != 'withdrawn'", (found.entry,))
                if found.entry
                else self._c.value("select id from persons where label = ?", (found.person,))
            )
            if of is None:
                return False
            self.forget(found.entry or found.person or "")
            self._c.run(
                "insert into grounds (entry, person, ground, detail, at, member) values (?, ?, ?, ?, ?, ?)",
                (of if found.entry else None, found.person, found.ground, found.detail, self._c.now(), member),
            )
            return True

    def of(self, item: NoticeItem) -> Grounded | None:
        """Return the ground of one media and what is said to it: its own, else its entry's, else its person's."""
        if item.ground:
            return item.ground, item.ground_detail
        return self.recorded(item)

    def recorded(self, item: NoticeItem) -> Grounded | None:
        """Return the ground that was recorded for a media's entry, else the one for its person."""
        row = self._c.one(
            f"""{_SELECT} where e.label = ? or g.person = ? order by g.entry is null limit 1""",
            (item.entry, item.person),
        )
        return (row["ground"], row["detail"]) if row else None

    def get(self, label: str) -> GroundFor | None:
        """Return what is recorded for an entry or a person, by label."""
        row = self._c.one(f"{_SELECT} where e.label = ?1 or g.person = ?1", (label,))
        return _ground(row) if row else None

    def listing(self) -> list[GroundFor]:
        """Return all that are recorded, the newest first."""
        return [_ground(row) for row in self._c.rows(f"{_SELECT} order by g.id desc")]

    def forget(self, label: str) -> bool:
        """Delete what is recorded for an entry or a person; False if there is nothing."""
        return bool(
            self._c.run(
                "delete from grounds where person = ?1 or entry = (select id from entries where label = ?1)", (label,)
            )
        )


def _ground(row: Row) -> GroundFor:
    return GroundFor(ground=row["ground"], detail=row["detail"], entry=row["entry_label"], person=row["person"])
