"""Cases as moderators are told of them in modmail and digests, and which modmail speaks for which."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso, iso
from bot.model import ActionState, Evidence, Hold, Verdict
from bot.serialization import loads
from bot.store.base import Connection, Row

_SELECT = """select c.id, c.label, c.state, c.verdict, c.media, e.data,
             json_extract(p.data, '$.permalink') as permalink, json_extract(p.data, '$.author') as author,
             (select json_group_array(json_array(a.kind, a.state, a.hold)) from actions a
              where a.post = c.post) as deeds
             from cases c join posts p on p.fullname = c.post left join evidence e on e.link = c.link"""
_BEGUN = "('sending', 'unknown', 'done')"
# A case of which there is nothing new to tell yet: what it asks for is about to be done
_UNDER_WAY = """exists (select 1 from actions r where r.post = a.post and r.kind in ('remove', 'report')
                and (r.state in ('planned', 'sending', 'unknown') or (r.state = 'held' and r.hold = 'cap')))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCase:
    """A case as moderators are told of it."""

    id: int
    label: str
    state: str
    verdict: Verdict
    evidence: Evidence | None
    media: str  # the same for cases of the very same media
    permalink: str  # of the post; empty where it is forgotten
    author: str
    deeds: Mapping[str, tuple[ActionState, Hold | None]]  # by kind, what became of each action on the post


class ToldCases:
    """Reads cases with their posts, evidence and actions; writes which modmail speaks for others."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def of(self, cases: Collection[int]) -> list[ToldCase]:
        """Return these cases, oldest first."""
        found = self._c.rows(
            f"{_SELECT} where c.id in (select value from json_each(?)) order by c.id",  # noqa: S608  words of ours
            (json.dumps(list(cases)),),
        )
        return [_told(row) for row in found]

    def opened(self, subreddit: str, since: datetime, until: datetime) -> list[ToldCase]:
        """Return the cases of a subreddit that were opened between then and not decided on Reddit, oldest first."""
        found = self._c.rows(
            f"""{_SELECT} where p.subreddit = ? and c.opened_at >= ? and c.opened_at < ?
                and c.state != 'closed_elsewhere' and c.proposal is null order by c.id""",
            (subreddit.lower(), iso(since), iso(until)),
        )
        return [_told(row) for row in found]

    def under_way(self, action: int) -> bool:
        """Whether what a modmail tells of is about to be done."""
        return bool(self._c.value(f"select {_UNDER_WAY} from actions a where a.id = ?", (action,)))  # noqa: S608  words of ours

    def gather(self, action: int, subreddit: str) -> int:
        """Let a modmail speak for all further ones about cases that wait there; return for how many."""
        return self._c.run(
            f"""update actions set done_by = ?1 where id in (
                select a.id from actions a where a.kind = 'modmail' and a.id != ?1 and a.case_id is not null
                and a.subreddit = ?2 collate nocase and not {_UNDER_WAY}
                and (a.state = 'planned' or (a.state = 'held' and a.hold = 'cap')))""",  # noqa: S608  words of ours
            (action, subreddit),
        )

    def last_modmail(self, subreddit: str, *, since: datetime, but: int) -> datetime | None:
        """Return when a subreddit's moderators were told of a case last, since then, except by one action."""
        found = self._c.value(
            f"""select max(sent_at) from actions where kind = 'modmail' and state in {_BEGUN} and case_id is not null
                and sent_at > ? and sent_at <= ? and id != ? and subreddit = ? collate nocase""",  # noqa: S608  words of ours
            (iso(since), self._c.now(), but, subreddit),
        )
        return from_iso(found) if found else None

    def thread(self, case: int, *, since: datetime) -> str | None:
        """Return the conversation in which moderators were told of the same media last, since then, or None."""
        found = self._c.value(
            """select json_extract(a.receipt, '$.reference') as mail from actions a join cases c on c.id = a.case_id
               join cases o on o.id = ? where a.kind = 'modmail' and a.state = 'done' and a.updated_at > ?
               and c.media = o.media and a.subreddit = (select p.subreddit from posts p where p.fullname = o.post)
               collate nocase and mail is not null order by a.updated_at desc limit 1""",
            (case, iso(since)),
        )
        return str(found) if found else None


def _told(row: Row) -> ToldCase:
    deeds = {kind: (ActionState(state), Hold(hold) if hold else None) for kind, state, hold in json.loads(row["deeds"])}
    return ToldCase(
        id=row["id"],
        label=row["label"],
        state=row["state"],
        verdict=loads(Verdict, row["verdict"]),
        evidence=loads(Evidence, row["data"]) if row["data"] else None,
        media=row["media"] or row["label"],
        permalink=row["permalink"] or "",
        author=(row["author"] or "").casefold(),
        deeds=deeds,
    )
