"""Who says what of an entry: other users of its list, and what our own decisions say. Disputed, it acts alone no more.

Ours is never written down twice: it is what became of the cases that the entry matched, and why it was withdrawn.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso
from bot.model import Actor, Opinion
from bot.store.base import Connection

# A dismissed case speaks against what it matched, unless it taught which frames only look like it. A word given since
# settles it, and one that can still be taken back says nothing yet.
OURS = """select d.entry, c.label, c.decided_by, c.decided_member, c.decided_at from disputes d
    join cases c on c.id = d.case_id and c.state = 'dismissed'
    where (d.how = 'exact' or not exists (select 1 from case_entries x join allow_pairs p on p.allow = x.entry
           where x.case_id = c.id and x.what = 'allowed' and p.against = d.entry))
    and not exists (select 1 from decided_cases t join case_decisions w on w.id = t.decision
                    where t.case_id = c.id and w.state = 'waiting')
    and not exists (select 1 from settlements s where s.entry = d.entry and s.at >= c.decided_at)"""
THEIRS = """select json_group_array(who) from (select who from list_opinions
    where row = r.id and opinion in ('disputed', 'wrong') order by who)"""
# What others say has no time: answered is what was said when somebody gave their word
LISTED = f"""select r.entry from list_rows r where r.disputed = 1 and r.entry is not null and not exists
    (select 1 from settlements s where s.entry = r.entry and s.theirs = ({THEIRS}))"""  # noqa: S608  words of ours
DISPUTED = f"select entry from ({OURS} union all select entry, null, null, null, null from ({LISTED}))"  # noqa: S608  words of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody says of an entry. Ours is by a `case` that was decided, theirs by the list `source`."""

    by: str
    opinion: Opinion
    at: datetime | None = None
    case: str | None = None
    source: str | None = None
    member: int | None = None


class Opinions:
    """Tables disputes and settlements; reads cases and entries."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def against(self, label: str) -> list[Said]:
        """Return who disputes an entry and was not answered yet, oldest first."""
        rows = self._c.rows(
            f"select o.* from ({OURS}) o join entries e on e.id = o.entry where e.label = ? order by o.decided_at",  # noqa: S608  words of ours
            (label,),
        )
        theirs = self._c.rows(
            f"""select o.who, o.opinion, l.name from list_opinions o join list_rows r on r.id = o.row
                join lists l on l.id = r.list join entries e on e.id = r.entry
                where e.label = ? and o.opinion in ('disputed', 'wrong') and r.entry in ({LISTED}) order by o.who""",  # noqa: S608  words of ours
            (label,),
        )
        listed = [Said(by=row["who"], opinion=Opinion(row["opinion"]), source=row["name"]) for row in theirs]
        return listed + [
            Said(
                by=row["decided_by"] or "",
                opinion=Opinion.DISPUTED,
                at=from_iso(row["decided_at"]),
                case=row["label"],
                member=row["decided_member"],
            )
            for row in rows
        ]

    def disputed(self, entries: Iterable[int]) -> frozenset[int]:
        """Return which of these entries, by number, somebody disputes."""
        wanted = json.dumps(list(entries))
        rows = self._c.tuples(
            f"""select entry from ({OURS} and d.entry in (select value from json_each(?)))
                union {LISTED} and r.entry in (select value from json_each(?))""",  # noqa: S608  words of ours
            (wanted, wanted),
        )
        return frozenset(number for (number,) in rows)

    def disputed_labels(self, labels: Iterable[str]) -> list[str]:
        """Return which of these entries, by label, somebody disputes."""
        rows = self._c.tuples(
            "select id, label from entries where label in (select value from json_each(?))", (json.dumps(list(labels)),)
        )
        disputed = self.disputed([number for number, _ in rows]) if rows else frozenset()
        return [label for number, label in rows if number in disputed]

    def carrying(self, case: int) -> str | None:
        """Return a disputed entry on whose word a case acts, or None."""
        found = self._c.value(
            f"""select e.label from flood f join entries e on e.label = f.name
                where f.kind = 'entry' and f.case_id = ? and e.id in ({DISPUTED}) order by e.label limit 1""",  # noqa: S608  words of ours
            (case,),
        )
        return str(found) if found else None

    def settle(self, label: str, *, by: Actor) -> None:
        """Write down that a person looked at an entry after it was disputed, and gives their word for it."""
        self._c.run(
            f"""insert into settlements (entry, member, credential, at, theirs)
                select e.id, ?, ?, ?, coalesce((select ({THEIRS}) from list_rows r where r.entry = e.id), '[]')
                from entries e where e.label = ?""",  # noqa: S608  words of ours
            (by.member, by.credential, self._c.now(), label),
        )

    def settled(self, label: str) -> list[tuple[str, datetime]]:
        """Return who settled disputes of an entry, and when, oldest first."""
        rows = self._c.rows(
            """select t.name, s.at from settlements s join team t on t.id = s.member
               join entries e on e.id = s.entry where e.label = ? order by s.at, s.id""",
            (label,),
        )
        return [(row["name"], from_iso(row["at"])) for row in rows]

    def ours(self, entries: Collection[int]) -> dict[int, Opinion]:
        """Return what our decisions say of each of these entries now; of one that may show a minor, nothing."""
        found: dict[int, Opinion] = {}
        wanted = json.dumps(list(entries))
        against = self.disputed(entries)
        for row in self._c.rows(
            """select e.id, e.state, e.withdrawal,
               exists (select 1 from entry_cases m join cases c on c.id = m.case_id
                       where m.entry = e.id and m.how != 'suppressed' and c.state = 'confirmed')
               or exists (select 1 from settlements s where s.entry = e.id) as confirmed,
               exists (select 1 from entry_cases m join cases c on c.id = m.case_id
                       where m.entry = e.id and m.how != 'suppressed' and c.state = 'minor') as minor
               from entries e where e.id in (select value from json_each(?))""",
            (wanted,),
        ):
            if row["minor"] or row["withdrawal"] == "minor":
                continue
            if row["withdrawal"] == "wrong":
                found[row["id"]] = Opinion.WRONG
            elif row["state"] != "active":
                continue
            elif row["id"] in against:
                found[row["id"]] = Opinion.DISPUTED
            elif row["confirmed"]:
                found[row["id"]] = Opinion.CONFIRMED
        return found
