"""Media of past removals: which are the same, which wait to be proposed, and which are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.clock import from_iso, iso
from bot.model import CaseState, LinkState
from bot.store.base import Connection
from bot.store.links import LEARNT

Outcome = Literal["known", "allowed", "waiting"]
WAITS = (LinkState.SEEN, LinkState.FAILED, LinkState.UNTOLD, LinkState.RESERVE)  # is looked at anyway, or stands by
READS_FOR = timedelta(hours=6)  # without a sign of life; then a command that chooses is taken for dead
WAITS_FOR = timedelta(hours=12)  # for media that take long, so that the most repeated come first


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRow:
    """One media, or several that look the same, that moderators removed."""

    id: int
    bank: str  # into which a person's word would put it
    link: int | None  # the link that stands for it, and has its fingerprints
    case: int | None  # once it was proposed


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalPast:
    """What is told of the removals behind a proposal. Names nobody."""

    posts: int
    subreddits: tuple[str, ...]
    first: datetime
    last: datetime
    moderators: int
    reasons: tuple[tuple[str, int], ...]  # each with how many, the most frequent first


class Proposals:
    """Tables proposals and learnt_links."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def learn_from(self, post: str) -> int:
        """Let the media behind a stored post be looked at; return how many links that are.

        What is blocked stays so. Call it in the transaction that stored the links.
        """
        rows = self._c.rows(
            """select id, state from links where post = ? and kind in ('media', 'album') and source != 'preview'
               and place is null""",
            (post,),
        )
        now, found = self._c.now(), 0
        for row in rows:
            if row["state"] == LinkState.BLOCKED:
                continue
            found += 1
            new = self._c.run("insert or ignore into learnt_links (link, post) values (?, ?)", (row["id"], post))
            if new and row["state"] not in WAITS:  # looked at or left alone before
                self._c.run(
                    """update links set state = ?, fresh = 1, next_at = ?, updated_at = ?, priority = ?, reason = null
                       where id = ?""",
                    (LinkState.SEEN, now, now, LEARNT, row["id"]),
                )
        self._c.run("update posts set seen_at = ? where fullname = ?", (now, post))
        return found

    def learnt(self, link: int) -> bool:
        """Whether a link is looked at because of a past removal."""
        return bool(self._c.value("select exists (select 1 from learnt_links where link = ?)", (link,)))

    def settle(self, link: int, outcome: Outcome, proposal: int | None = None) -> None:
        """Write down what came of a link; `proposal`: the one that it belongs to."""
        self._c.run("update learnt_links set outcome = ?, proposal = ? where link = ?", (outcome, proposal, link))

    def leave(self, link: int) -> None:
        """Learn nothing from a link any more."""
        self._c.run("delete from learnt_links where link = ?", (link,))

    def begin(self, link: int) -> int:
        """Make a proposal of the media behind a link, which stands for it from now on; return its number."""
        bank = self._c.value(
            "select r.bank from learnt_links k join past_removals r on r.post = k.post where k.link = ?", (link,)
        )
        number = self._c.insert(
            "proposals", {"bank": bank or "known-fakes", "link": link, "case_id": None, "at": self._c.now()}
        )
        self.settle(link, "waiting", number)
        return number

    def standing_for(self, link: int) -> ProposalRow | None:
        """Return the proposal that a link stands for, or None."""
        return self._one("link = ?", link)

    def of_case(self, case: int) -> ProposalRow | None:
        """Return the proposal that a case is about, or None."""
        return self._one("case_id = ?", case)

    def _one(self, where: str, value: int) -> ProposalRow | None:
        row = self._c.one(f"select * from proposals where {where}", (value,))  # noqa: S608  one of two
        return (
            None if row is None else ProposalRow(id=row["id"], bank=row["bank"], link=row["link"], case=row["case_id"])
        )

    def representatives(self) -> dict[int, int]:
        """Return the link that stands for each proposal whose fingerprints are there, by the proposal's number."""
        rows = self._c.tuples(
            """select p.id, p.link from proposals p
               where exists (select 1 from fingerprints f where f.link = p.link) order by p.id"""
        )
        return dict(rows)

    def waiting(self) -> int:
        """Return how many proposals wait to be opened."""
        return int(self._c.value("select count(*) from proposals where case_id is null"))

    def unlooked(self) -> int:
        """Return of how many past removals the media still have to be looked at."""
        return int(
            self._c.value(
                """select count(*) from learnt_links k join links l on l.id = k.link
                   where k.outcome is null and l.state in ('seen', 'failed', 'acquired', 'matched')"""
            )
        )

    def in_work(self) -> bool:
        """Whether more may come that would change the order: a command chooses, or media have not been looked at."""
        now = self._c.clock.now()
        if self._c.value(
            """select exists (select 1 from learnings where source = 'choice' and state = 'reading'
               and updated_at > ?)""",
            (iso(now - READS_FOR),),
        ):
            return True
        return bool(
            self._c.value(
                """select exists (select 1 from learnings where source = 'choice' and updated_at > ?)
                   and exists (select 1 from learnt_links k join links l on l.id = k.link where k.outcome is null
                   and l.attempts = 0 and l.state in ('seen', 'acquired', 'matched'))""",
                (iso(now - WAITS_FOR),),
            )
        )

    def next(self, limit: int) -> list[ProposalRow]:
        """Return proposals that can be opened, the most repeated first."""
        rows = self._c.rows(
            """select p.*, count(distinct k.post) as posts from proposals p join links l on l.id = p.link
               left join learnt_links k on k.proposal = p.id
               where p.case_id is null and l.state = 'judged'
               and exists (select 1 from fingerprints f where f.link = p.link)
               and not exists (select 1 from learnt_links m join links ml on ml.id = m.link
                               where m.proposal = p.id and ml.state = 'blocked')
               group by p.id order by posts desc, p.id limit ?""",
            (limit,),
        )
        return [ProposalRow(id=row["id"], bank=row["bank"], link=row["link"], case=None) for row in rows]

    def opened_since(self, moment: datetime) -> int:
        """Return how many proposals were opened since then."""
        return int(
            self._c.value("select count(*) from cases where proposal is not null and opened_at > ?", (iso(moment),))
        )

    def open(self, proposal: int, case: int) -> None:
        """Write down the case with which a proposal was opened."""
        self._c.run("update proposals set case_id = ? where id = ?", (case, proposal))

    def drop(self, proposal: int, outcome: Outcome) -> None:
        """Propose a media no more that is known, or allowed, by now."""
        with self._c:
            self._c.run("update learnt_links set outcome = ?, proposal = null where proposal = ?", (outcome, proposal))
            self._c.run("delete from proposals where id = ?", (proposal,))

    def past(self, proposal: int) -> ProposalPast | None:
        """Return what is told of the removals behind a proposal; None if nothing is left of them."""
        rows = self._c.rows(
            """select distinct r.* from learnt_links k join past_removals r on r.post = k.post
               where k.proposal = ? order by r.at""",
            (proposal,),
        )
        if not rows:
            return None
        told = Counter(
            f"{row[column]}" for row in rows for column in ("reason", "note", "rule", "flair") if row[column]
        )
        return ProposalPast(
            posts=len(rows),
            subreddits=tuple(sorted({row["subreddit"] for row in rows})),
            first=from_iso(rows[0]["at"]),
            last=from_iso(rows[-1]["at"]),
            moderators=len({row["moderator"] for row in rows if row["moderator"]}),
            reasons=tuple(told.most_common()),
        )

    def put_back(self, post: str) -> None:
        """Learn no more from a post that was approved after all. Call it in a transaction."""
        for row in self._c.rows(
            """select k.link from learnt_links k left join cases c on c.link = k.link
               where k.post = ? and c.id is null""",
            (post,),
        ):
            self._c.run("delete from fingerprints where link = ?", (row["link"],))
            self._c.run(
                "update links set state = ? where id = ? and state != 'blocked'", (LinkState.JUDGED, row["link"])
            )
        self._c.run("delete from learnt_links where post = ?", (post,))
        self._c.run("update past_removals set state = 'skipped', skipped = 'approved' where post = ?", (post,))

    def links(self) -> list[tuple[int, str, str, int | None]]:
        """Return (link, post, host:id, case) of what is learnt and was not decided."""
        return self._c.tuples(
            """select l.id, l.post, l.host || ':' || coalesce(l.host_id, l.url), c.id from learnt_links k
               join links l on l.id = k.link left join proposals p on p.link = l.id
               left join cases c on c.id = p.case_id where coalesce(c.state, 'open') = 'open'"""
        )

    def keep_going(self) -> int:
        """Let another link stand for what lost its own before a person decided; return how many were changed.

        Its post was deleted or approved, or a moderator settled it. What no other post shows any more goes.
        """
        rows = self._c.rows(
            """select p.id from proposals p left join links l on l.id = p.link left join cases c on c.id = p.case_id
               where (c.state = ? and c.link = p.link)
               or (p.case_id is null and (l.id is null or l.url like 'forgotten:%' or not exists
                   (select 1 from learnt_links k where k.link = p.link)
                   or (l.state = 'judged' and not exists (select 1 from fingerprints f where f.link = p.link))))""",
            (CaseState.CLOSED_ELSEWHERE,),
        )
        for row in rows:
            with self._c:
                self._elect(row["id"])
        return len(rows)

    def _elect(self, proposal: int) -> None:
        heir = self._c.value(
            """select k.link from learnt_links k join links l on l.id = k.link left join cases c on c.link = k.link
               where k.proposal = ? and c.id is null and l.url not like 'forgotten:%' and l.state = 'judged'
               and k.link is not (select link from proposals where id = ?) order by k.link limit 1""",
            (proposal, proposal),
        )
        if heir is None:
            self._c.run("delete from proposals where id = ?", (proposal,))
            return
        now = self._c.now()
        self._c.run("update proposals set link = ?, case_id = null where id = ?", (heir, proposal))
        self._c.run(
            "update links set state = ?, fresh = 1, priority = ?, next_at = ?, updated_at = ? where id = ?",
            (LinkState.SEEN, LEARNT, now, now, heir),
        )

    def alike(self, post: str) -> list[str]:
        """Return other stored posts that are proposed, or would be, together with a media of this one."""
        rows = self._c.rows(
            """select distinct k.post from learnt_links k join posts p on p.fullname = k.post
               where k.post != ?1 and k.proposal in (select proposal from learnt_links where post = ?1)""",
            (post,),
        )
        return [row["post"] for row in rows]

    def suspected(self) -> list[ProposalRow]:
        """Return proposals of which a copy was marked as a suspected minor's, and that nobody decided."""
        rows = self._c.rows(
            """select distinct p.* from proposals p join learnt_links k on k.proposal = p.id
               join links l on l.id = k.link left join cases c on c.id = p.case_id
               where l.url like 'minor:%' and coalesce(c.state, 'open') = 'open'"""
        )
        return [ProposalRow(id=row["id"], bank=row["bank"], link=row["link"], case=row["case_id"]) for row in rows]

    def undecided(self, before: datetime) -> Sequence[tuple[int, str, int]]:
        """Return (case, its label, link) of open proposals that nobody decided since before then."""
        return [
            (case, label, link)
            for case, label, link in self._c.tuples(
                "select id, label, link from cases where proposal is not null and state = 'open' and opened_at < ?",
                (iso(before),),
            )
        ]

    def outcomes(self, subreddit: str | None = None) -> Counter[str]:
        """Return what came of the links of past removals, all or a subreddit's: an outcome, or the state it is in."""
        rows = self._c.tuples(
            """select coalesce(k.outcome, l.state), count(*) from learnt_links k join links l on l.id = k.link
               join past_removals r on r.post = k.post where ?1 is null or r.subreddit = ?1 group by 1""",
            (subreddit,),
        )
        return Counter(dict(rows))
