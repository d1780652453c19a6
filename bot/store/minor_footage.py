"""Other cases of the footage that was marked as a suspected minor's: a person says of each whether it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.store.base import Connection

# A match that speaks of the same footage: the very file, or a near copy whose face is not another one. A copy with
# another face may be the genuine clip, which is somebody else's.
SAME = """not coalesce(json_extract(m.value, '$.suppressed'), 0)
    and coalesce(json_extract(m.value, '$.bank_kind'), '') != 'allow'
    and (json_extract(m.value, '$.method') in ('sha256', 'md5')
         or coalesce(json_extract(m.value, '$.face_region'), '') != 'differs')"""

# what a case (`c`) rests on that was marked, if it is open, or confirmed and its media told to hosts
_RESTS = f"""select f.entry, f.label from evidence v, json_each(v.data, '$.matches') m
    join minor_footage f on f.entry = json_extract(m.value, '$.entry')
    where v.link = c.link and c.state in ('open', 'confirmed') and {SAME}"""  # noqa: S608  words of ours

RESTS_ON_MARKED = f"(exists (select 1 from minor_footage) and exists ({_RESTS}))"  # noqa: S608  words of ours
"""Whether a case (`c`) is of footage that was marked in another case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """What a case shares with what was marked."""

    entry: str
    label: str  # what was marked: the case or post under which it is reported, or the entry itself

    @property
    def words(self) -> str:
        """What whoever opens the case is told."""
        return (
            f"the same footage ({self.entry}) was marked as a suspected minor's in {self.label}: do not look; mark it "
            "too, or dismiss it"
        )


class MinorFootage:
    """Table minor_footage: entries that are of marked footage, for as long as the mark stands."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def mark(self, post: str, label: str, made: Sequence[str]) -> None:
        """Mark what a post's media is of, by its evidence, and the entries that were `made` of it."""
        self._c.run(
            f"""insert or ignore into minor_footage
                select json_extract(m.value, '$.entry'), :label from links l join evidence v on v.link = l.id,
                    json_each(v.data, '$.matches') m where l.post = :post and {SAME}
                union select e.label, :label from links l join evidence v on v.link = l.id,
                    json_each(v.data, '$.media') m
                    join entry_files x on x.sha256 = json_extract(m.value, '$.sha256')
                    join entries e on e.id = x.entry where l.post = :post""",  # noqa: S608  words of ours
            {"post": post, "label": label},
        )
        for entry in made:
            self.mark_entry(entry, label)

    def mark_entry(self, entry: str, label: str) -> None:
        """Mark an entry."""
        self._c.run("insert or ignore into minor_footage values (?, ?)", (entry, label))

    def unmark(self, label: str) -> None:
        """Take back what was marked with a case, a post or an entry."""
        self._c.run("delete from minor_footage where label = ?", (label,))

    def of_case(self, case: int) -> Footage | None:
        """Return what an open or confirmed case shares with what was marked, or None."""
        row = self._c.one(
            f"""select f.entry, f.label from cases c join evidence v on v.link = c.link,
                json_each(v.data, '$.matches') m join minor_footage f on f.entry = json_extract(m.value, '$.entry')
                where c.id = ? and c.state in ('open', 'confirmed') and {SAME} limit 1""",  # noqa: S608  words of ours
            (case,),
        )
        return Footage(entry=row["entry"], label=row["label"]) if row else None

    def beside(self, label: str) -> list[int]:
        """Return the open and confirmed cases that are of what was marked under a label."""
        rows = self._c.rows(
            f"select c.id from cases c where c.state in ('open', 'confirmed') and exists ({_RESTS} and f.label = ?)",  # noqa: S608  words of ours
            (label,),
        )
        return [row["id"] for row in rows]
