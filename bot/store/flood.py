"""How often entries, banks and rules carried automatic actions, which of them are quarantined, which rules are slow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.clock import from_iso, iso
from bot.errors import StoreError
from bot.model import Actor, Voice
from bot.store.base import Connection, Row

Kind = Literal["entry", "bank", "rule"]


def name_in(subreddit: str, rule: str) -> str:
    """Return what a rule is called whose patterns are quarantined in one subreddit alone."""
    return f"{rule} in r/{subreddit.lower()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow:
    """An entry, a bank or a rule whose automatic actions are held. `released`: until when it is let go."""

    kind: Kind
    name: str
    since: datetime
    why: str
    by: str
    released: datetime | None


class Flood:
    """Tables flood and quarantine."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def carried(self, case: int, carriers: Iterable[tuple[Kind, str]], *, author: str, entry: str) -> None:
        """Note what carried an automatic action. Of the author only a short digest is kept, for counting."""
        sign = hashlib.sha256(author.casefold().encode()).hexdigest()[:8]
        for kind, name in carriers:
            self._c.run(
                "insert or ignore into flood (kind, name, case_id, author, entry, at) values (?, ?, ?, ?, ?, ?)",
                (kind, name, case, sign, entry, self._c.now()),
            )

    def breadth(self, kind: Kind, name: str, *, since: datetime, until: datetime | None = None) -> int:
        """Return by how many authors' posts an entry or rule, through how many entries a bank, acted in a span."""
        what = "entry" if kind == "bank" else "author"
        return int(
            self._c.value(
                f"select count(distinct {what}) from flood where kind = ? and name = ? and at >= ? and at < ?",  # noqa: S608  one of two names
                (kind, name, iso(since), iso(until) if until else "9"),
            )
        )

    def busiest(self, kind: Kind, name: str, *, before: datetime) -> int:
        """Return the same for the busiest day before then."""
        what = "entry" if kind == "bank" else "author"
        return int(
            self._c.value(
                f"""select coalesce(max(n), 0) from (select count(distinct {what}) as n from flood
                    where kind = ? and name = ? and at < ? group by substr(at, 1, 10))""",  # noqa: S608  one of two names
                (kind, name, iso(before)),
            )
        )

    def quarantine(self, kind: Kind, name: str, *, why: str, by: Voice) -> bool:
        """Hold what this carries from now on; False if it is held already, or was let go and still is."""
        now = self._c.now()
        return bool(
            self._c.run(
                """insert into quarantine (kind, name, since, why, by, member)
                   values (:kind, :name, :now, :why, :by, :member)
                   on conflict do update set since = :now, why = :why, by = :by, member = :member, released = null
                   where released is not null and released <= :now""",
                {"kind": kind, "name": name, "now": now, "why": why, "by": by.name, "member": by.member},
            )
        )

    def late(self, subreddit: str, rule: str) -> int:
        """Note that a subreddit's rule ran out of time for its patterns; return how often it did."""
        self._c.run(
            "insert into late_rules (subreddit, rule, at) values (?, ?, ?)", (subreddit.lower(), rule, self._c.now())
        )
        return int(
            self._c.value("select count(*) from late_rules where subreddit = ? and rule = ?", (subreddit.lower(), rule))
        )

    def stopped(self, subreddit: str) -> frozenset[str]:
        """Return a subreddit's rules whose patterns are not run, because they ran out of time too often."""
        rows = self._c.rows(
            """select distinct l.rule as rule from late_rules l join quarantine q on q.kind = 'rule'
               and q.name = l.rule || ' in r/' || l.subreddit where l.subreddit = ? and q.released is null""",
            (subreddit.lower(),),
        )
        return frozenset(row["rule"] for row in rows)

    def edited(self, subreddit: str) -> None:
        """Give a subreddit's slow rules another chance: somebody wrote them anew."""
        self._c.run(
            """update quarantine set released = ? where kind = 'rule' and released is null and name in
               (select rule || ' in r/' || subreddit from late_rules where subreddit = ?)""",
            (self._c.now(), subreddit.lower()),
        )
        self._c.run("delete from late_rules where subreddit = ?", (subreddit.lower(),))

    def release(self, kind: str, name: str, *, until: datetime, by: Actor) -> None:
        """Let it go; until then it is not quarantined again. Raises StoreError if it is not quarantined."""
        if not self._c.run(
            "update quarantine set released = ?, by = ?, member = ? where kind = ? and name = ? and released is null",
            (iso(until), by.name, by.member, kind, name),
        ):
            raise StoreError(f"{kind} {name} is not quarantined; see: gifwarden quarantine list")
        if kind == "rule":
            self._c.run("delete from late_rules where rule || ' in r/' || subreddit = ?", (name,))

    def listing(self, *, released: bool = False) -> list[QuarantineRow]:
        """Return what is quarantined, newest first; `released`: also what was let go."""
        rows = self._c.rows(
            "select * from quarantine where ? or released is null order by since desc, kind, name", (released,)
        )
        return [_row(row) for row in rows]

    def holds(self, case: int) -> QuarantineRow | None:
        """Return what is quarantined of all that carries a case's actions, or None."""
        row = self._c.one(
            """select q.* from flood f join quarantine q on q.kind = f.kind and q.name = f.name
               where f.case_id = ? and q.released is null order by q.since limit 1""",
            (case,),
        )
        return _row(row) if row else None

    def acted(self, kind: str, name: str) -> int:
        """Return how many posts were removed on the word of this."""
        return int(
            self._c.value(
                """select count(distinct a.post) from flood f join actions a on a.case_id = f.case_id
                   where f.kind = ? and f.name = ? and a.kind = 'remove' and a.state = 'done'""",
                (kind, name),
            )
        )

    def forget_before(self, moment: datetime) -> None:
        """Delete counts from before then."""
        self._c.run("delete from flood where at < ?", (iso(moment),))
        self._c.run(
            """delete from late_rules where at < ? and not exists (select 1 from quarantine where kind = 'rule'
               and name = rule || ' in r/' || subreddit and released is null)""",
            (iso(moment),),
        )


def _row(row: Row) -> QuarantineRow:
    return QuarantineRow(
        kind=row["kind"],
        name=row["name"],
        since=from_iso(row["since"]),
        why=row["why"],
        by=row["by"],
        released=from_iso(row["released"]) if row["released"] else None,
    )
