"""What was removed and what came of it, by month: on what word, undone, confirmed by a person, appealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.model import APPROVALS, MINOR_ORDER
from bot.store.base import Connection

_APPROVED = ", ".join(f"'{word}'" for word in sorted(APPROVALS))  # another moderator's word, as the mod log says it
_REMOVED = f"""with removed as (
    select a.post, min(a.sent_at) as at, a.rung,
    max(a.state in ('done', 'undo_planned')) as stands, max(coalesce(c.state = 'confirmed', 0)) as confirmed,
    max(coalesce(c.state in ('dismissed', 'withdrawn'), 0)
        or coalesce(c.state = 'closed_elsewhere' and c.why in ({_APPROVED}), 0)) as overruled
    from actions a left join cases c on c.id = a.case_id
    where a.kind = 'remove' and a.state in ('done', 'undo_planned', 'undone') and a.sent_at is not null
    and coalesce(json_extract(a.params, '$.order'), '') != '{MINOR_ORDER}'
    and (? is null or a.subreddit = ? collate nocase) group by a.post)
    select substr(at, 1, 7) as month, coalesce(rung, '') as rung, count(*) as n, sum(not stands) as undone,
    sum(stands and not overruled) as correct, sum(stands and not overruled and confirmed) as confirmed
    from removed group by 1, 2"""  # noqa: S608  words of ours
_APPEALED = """select substr(a.at, 1, 7) as month, count(*) as n, sum(coalesce(a.outcome = 'overturned', 0)) as upheld,
    sum(a.outcome is null) as open from appeals a join cases c on c.id = a.case_id join posts p on p.fullname = c.post
    where ? is null or p.subreddit = ? collate nocase group by 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month's removals, in posts; those for suspected minors are counted nowhere."""

    month: str  # YYYY-MM, in UTC
    removed: Mapping[str, int]  # by rung: exact, near_face, person; empty: an earlier version did not write it down
    undone: int = 0  # given back, or taken back where a post was held before
    correct: int = 0  # neither undone nor decided otherwise by a person
    confirmed: int = 0  # of those, with a person's word
    appeals: int = 0  # raised in this month
    appeals_upheld: int = 0  # of these, the author was right
    appeals_open: int = 0

    @property
    def total(self) -> int:
        """How many posts were removed."""
        return sum(self.removed.values())


class Removals:
    """Reads actions, cases and appeals."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def months(self, subreddit: str | None = None) -> list[Month]:
        """Return the months in which something was removed or appealed, the newest first, of one subreddit or of all.

        A post counts in the month of its first removal, once, whatever was undone and done again.
        """
        here = (subreddit, subreddit)
        removed, appeals = self._c.rows(_REMOVED, here), {row["month"]: row for row in self._c.rows(_APPEALED, here)}
        found = []
        for month in sorted({*(row["month"] for row in removed), *appeals}, reverse=True):
            rows = [row for row in removed if row["month"] == month]
            told = appeals.get(month, {"n": 0, "upheld": 0, "open": 0})
            found.append(
                Month(
                    month=month,
                    removed={row["rung"]: row["n"] for row in rows},
                    undone=sum(row["undone"] for row in rows),
                    correct=sum(row["correct"] for row in rows),
                    confirmed=sum(row["confirmed"] for row in rows),
                    appeals=told["n"],
                    appeals_upheld=told["upheld"],
                    appeals_open=told["open"],
                )
            )
        return found
