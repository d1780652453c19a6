"""Whose turn it is among waiting links: subreddits by turns, in each its authors by turns, of each author their posts.

A link that is due gets its turn in its subreddit, one later than its author's last; who comes anew starts where the
others stand. So a pick is a look into an index however long the queue is, and nobody's thousandth link stands before
another's first. A deleted author's posts are each an author of their own. Behind all of these stands what is late: what
turned out costly, and what of a post is beyond the cap. Nothing waits for ever: now and then the last come first.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from bot.clock import DAY, iso
from bot.store.base import Connection
from bot.store.links import LEARNT, LIVE, PAST, URGENT, LinkRow, row_of

FRONT, COSTLY, BEYOND = 0, 1, 2  # column late
BATCH = 2000  # links lined up in one transaction
MOST = 2000  # links of servers that are busy that are looked through for one that is not
# In so many picks one each begins with what else might wait for ever; every second one with what nobody reported, for
# else whoever lets his own posts be reported goes before all others
CYCLE = 24
FIRST = {**dict.fromkeys(range(2, CYCLE, 2), LIVE), 7: LEARNT, 13: PAST}
LATE_FIRST = 0
# As the indices say it, word for word
WAITS = "turn is not null and claim is null and state in ('seen', 'failed')"
UNLINED = "turn is null and claim is null and state in ('seen', 'failed')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A link whose turn it is; `head` is the link of the same author whose turn it takes, mostly itself.

    `flow` is that author's name in small letters, or what stands for it.
    """

    row: LinkRow
    head: int
    flow: str | None


@dataclass(frozen=True, slots=True)
class _Group:
    late: int
    priority: int
    host: str
    subreddit: str


class Turns:
    """Columns late, subreddit, flow, turn and round of links, and table subreddit_turns."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def line_up(self, cap: int) -> int:
        """Give a turn to each waiting link whose time has come and that has none; return how many that were.

        What a post has beyond `cap` media, edits included, stands behind all others.
        """
        now, total = self._c.now(), 0
        stale = "claim is not null and claim_until <= ?"
        if self._c.value(f"select exists (select 1 from links indexed by links_claims where {stale})", (now,)):  # noqa: S608  words of ours
            self._c.run(
                f"update links set claim = null, claim_until = null, turn = null where {stale}",  # noqa: S608  words of ours
                (now,),
            )
        due = "from links indexed by links_unlined"
        while self._c.value(f"select exists (select 1 {due} where {UNLINED} and next_at <= ?)", (now,)):
            total += self._line_up(now, cap)
        return total

    def _line_up(self, now: str, cap: int) -> int:
        """Line up one batch."""
        ends: dict[str, int] = {}
        heads: dict[tuple[str, int, int], int] = {}
        lasts: dict[tuple[str, str, int, int], int] = {}
        rounds: dict[tuple[str, int], int] = {}
        with self._c:
            rows = self._c.rows(
                f"""select l.id, l.post, l.late, l.priority, p.subreddit,
                           coalesce(nullif(lower(json_extract(p.data, '$.author')), '[deleted]'), '/' || l.post) as flow
                    from links l left join posts p on p.fullname = l.post
                    where l.id in (select id from links indexed by links_unlined where {UNLINED}
                                   and next_at <= ? order by next_at, id limit ?)
                    order by l.next_at, l.id""",  # noqa: S608  words of ours
                (now, BATCH),
            )
            for row in rows:
                subreddit, flow, priority = row["subreddit"] or "", row["flow"], row["priority"]
                if row["post"] not in ends:
                    ends[row["post"]] = self._last_in_front(row["post"], cap)
                late = row["late"] or (BEYOND if row["id"] > ends[row["post"]] else FRONT)
                group, own, post = (subreddit, late, priority), (subreddit, flow, late, priority), (row["post"], late)
                if group not in heads:
                    self._c.run("insert or ignore into subreddit_turns values (?, 0)", (subreddit,))
                    heads[group] = self._least("turn", "subreddit = ? and late = ? and priority = ?", group)
                if own not in lasts:
                    where = "subreddit = ? and flow = ? and late = ? and priority = ?"
                    lasts[own] = self._most("turn", where, own, heads[group] - 1)
                lasts[own] += 1
                if post not in rounds:
                    where = "subreddit = ? and flow = ? and late = ?"
                    least = self._least("round", where, (subreddit, flow, late))
                    rounds[post] = self._most("round", "post = ? and late = ?", post, least - 1)
                rounds[post] += 1
                self._c.run(
                    "update links set subreddit = ?, flow = ?, late = ?, turn = ?, round = ? where id = ?",
                    (subreddit, flow, late, lasts[own], rounds[post], row["id"]),
                )
            return len(rows)

    def _last_in_front(self, post: str, cap: int) -> int:
        """Return the id of the last link of a post that its cap allows."""
        found = self._c.value(
            """select id from links where post = ? and kind in ('media', 'album') and source <> 'preview'
               and place is null order by id limit 1 offset ?""",
            (post, cap - 1),
        )
        return sys.maxsize if found is None else int(found)

    def _least(self, column: str, where: str, values: tuple[object, ...]) -> int:
        found = self._c.value(f"select min({column}) from links where {WAITS} and {where}", values)  # noqa: S608  words of ours
        return 1 if found is None else int(found)

    def _most(self, column: str, where: str, values: tuple[object, ...], least: int) -> int:
        found = self._c.value(f"select max({column}) from links where {WAITS} and {where}", values)  # noqa: S608  words of ours
        return least if found is None else max(least, int(found))

    def next(
        self,
        *,
        hosts: Callable[[str], int],
        cap: int,
        but: Collection[str] = (),
        not_of: Collection[str] = (),
        late: bool = True,
        may: Callable[[LinkRow], bool] = lambda _row: True,
        ready: Callable[[LinkRow], bool] = lambda _row: True,
        rests: Callable[[LinkRow], float] = lambda _row: 0.0,
        sit_out: Callable[[LinkRow, float], None] = lambda _row, _seconds: None,
    ) -> Pick | None:
        """Return the link whose turn it is, of those that are `ready` if any is, else of those that `may` be taken.

        `hosts` says how many links of a host to look through for one that is ready, 0 for none; `but`: media in work
        already; `not_of`: whose links are passed over, as `flow` of a pick says it; `late`: whether what is late may be
        taken too. `rests` says for how many seconds a link's server wants to be left alone: where each link may name
        its own, such links are put aside for so long, so that however many there are, they hide nobody else's, and
        `sit_out` hears of each.
        """
        self.line_up(cap)
        waits: LinkRow | None = None
        for groups in self._in_order(hosts, late=late):
            walks = [self._walk(group, but, not_of, hosts(group.host), rests, sit_out) for group in groups]
            looked = 0
            for _, row in heapq.merge(*walks, key=lambda pair: pair[0]):
                if may(row):
                    if ready(row):
                        return self._of_author(row, but, may)
                    waits = waits or row
                looked += waits is not None
                if looked > sum(hosts(group.host) for group in groups):
                    break
        return None if waits is None else self._of_author(waits, but, may)

    def _in_order(self, hosts: Callable[[str], int], *, late: bool) -> Iterator[list[_Group]]:
        """Yield what waits of each subreddit, those before whose turn it is first."""
        served = {row["subreddit"]: row["served"] for row in self._c.rows("select * from subreddit_turns")}
        number = (max(served.values(), default=0) + 1) % CYCLE

        def order(group: _Group) -> tuple[bool, bool, int, int, str]:
            behind = (group.late == FRONT) if number == LATE_FIRST else (group.late != FRONT)
            first = group.priority != FIRST.get(number, URGENT)
            return behind, first, -group.priority, served.get(group.subreddit, 0), group.subreddit

        groups = [group for group in self._groups() if hosts(group.host) and (late or group.late == FRONT)]
        for _, same in groupby(sorted(groups, key=order), key=order):
            yield list(same)

    def _groups(self) -> list[_Group]:
        """Return what waits, by seeking from one to the next in the index."""
        found: list[_Group] = []
        columns = ("late", "priority", "host", "subreddit")
        last: tuple[object, ...] = (-1,)
        while last:  # a comparison of whole rows would walk through the index, so each column is sought by itself
            same = "".join(f" and {column} = ?" for column in columns[: len(last) - 1])
            row = self._c.one(
                f"""select late, priority, host, subreddit from links indexed by links_turns where {WAITS}
                    {same} and {columns[len(last) - 1]} > ? order by late, priority, host, subreddit limit 1""",  # noqa: S608  words of ours
                last,
            )
            if row is None:
                last = last[:-1]
                continue
            last = (row["late"], row["priority"], row["host"], row["subreddit"])
            found.append(
                _Group(late=row["late"], priority=row["priority"], host=row["host"], subreddit=row["subreddit"])
            )
        return found

    def _walk(
        self,
        group: _Group,
        but: Collection[str],
        not_of: Collection[str],
        size: int,
        rests: Callable[[LinkRow], float],
        sit_out: Callable[[LinkRow, float], None],
    ) -> Iterator[tuple[tuple[int, str, int], LinkRow]]:
        """Yield links of a group in their order, of a host of one server the first only; put aside those that rest."""
        shown = 0
        while shown < MOST:
            page = self._page(group, but, not_of, size, shown)
            resting = [(row, rests(row)) for _, row in page] if size > 1 else []
            self._put_aside([(row, seconds) for row, seconds in resting if seconds > 0], sit_out)
            aside = {row.id for row, seconds in resting if seconds > 0}
            kept = [pair for pair in page if pair[1].id not in aside]
            yield from kept
            shown += len(kept)
            if size == 1 or len(page) < size:
                return

    def _put_aside(self, links: Sequence[tuple[LinkRow, float]], sit_out: Callable[[LinkRow, float], None]) -> None:
        """Let links wait for so many seconds without a turn; they get one among the others afterwards."""
        now = self._c.clock.now()
        if links:
            with self._c:
                for row, seconds in links:
                    until = now + timedelta(seconds=min(seconds, DAY) + 1)
                    self._c.run("update links set turn = null, next_at = ? where id = ?", (iso(until), row.id))
                    sit_out(row, seconds + 1)

    def _page(
        self, group: _Group, but: Collection[str], not_of: Collection[str], size: int, skip: int
    ) -> list[tuple[tuple[int, str, int], LinkRow]]:
        marks, authors = (", ".join("?" * len(values)) for values in (but, not_of))
        rows = self._c.rows(
            f"""select * from links indexed by links_turns where {WAITS}
                and late = ? and priority = ? and host = ? and subreddit = ? and next_at <= ?
                and coalesce(host_id, url) not in ({marks}) and coalesce(flow, '') not in ({authors})
                order by turn, next_at, id limit ? offset ?""",  # noqa: S608  words of ours and question marks
            (group.late, group.priority, group.host, group.subreddit, self._c.now(), *but, *not_of, size, skip),
        )
        return [((row["turn"], row["next_at"], row["id"]), row_of(row)) for row in rows]

    def _of_author(self, head: LinkRow, but: Collection[str], may: Callable[[LinkRow], bool]) -> Pick:
        """Return the link of the head's author whose post's turn it is among theirs."""
        marks = ", ".join("?" * len(but))
        row = self._c.one(
            f"""select * from links indexed by links_flow_next where {WAITS}
                and subreddit = (select subreddit from links where id = ?)
                and flow = (select flow from links where id = ?) and late = (select late from links where id = ?)
                and priority = ? and host = ? and next_at <= ? and coalesce(host_id, url) not in ({marks})
                order by round, next_at, id limit 1""",  # noqa: S608  words of ours and question marks
            (head.id, head.id, head.id, head.priority, head.link.host, self._c.now(), *but),
        )
        found = row_of(row) if row else head
        flow = row["flow"] if row else self._c.value("select flow from links where id = ?", (head.id,))
        return Pick(row=found if may(found) else head, head=head.id, flow=flow)

    def taken(self, pick: Pick) -> None:
        """Note that a link was taken, which has its turn no more. Call it in the transaction of its claim."""
        if pick.head != pick.row.id:
            self._c.run(
                "update links set turn = (select turn from links where id = ?) where id = ?", (pick.row.id, pick.head)
            )
        self._c.run(
            """update subreddit_turns set served = (select max(served) + 1 from subreddit_turns)
               where subreddit = (select subreddit from links where id = ?)""",
            (pick.row.id,),
        )
        self._c.run("update links set turn = null, flow = null where id = ?", (pick.row.id,))

    def put_back(self, row: LinkRow, reason: str) -> int:
        """Let a link that turned out costly wait behind the others, and what waits of its post or of its media with it.

        Return how many links that were. It is no failure: it will be looked at.
        """
        media = row.link.id or row.link.url
        with self._c:
            return self._c.run(
                """update links set late = :late, turn = null, reason = iif(id = :id, :reason, reason)
                   where late = 0 and state in ('seen', 'failed')
                   and (id in (select id from links where post = :post)
                        or id in (select id from links where host = :host and coalesce(host_id, url) = :media))""",
                {"late": COSTLY, "id": row.id, "reason": reason, "post": row.link.post, "host": row.link.host,
                 "media": media},
            )  # fmt: skip

    def behind(self, post: str) -> int:
        """Return how many links of a post wait behind everybody else's."""
        return int(
            self._c.value(
                """select count(*) from links where post = ? and late > 0 and state in ('seen', 'failed')
                   and place is null""",
                (post,),
            )
        )
