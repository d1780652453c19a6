"""Posts, their links, the watermarks behind them, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.clock import from_iso, iso
from bot.encryption import FieldCipher
from bot.errors import SealError
from bot.model import PREVIEW, UNTOLD, Evidence, Link, LinkState, Post, Verdict
from bot.serialization import dumps, loads
from bot.store.base import Connection, Row
from bot.store.minors import Minors
from bot.store.never import WHY_BLOCKED
from bot.store.sealing import fingerprint_place
from bot.store.untold import MOMENTS, Untold

# Where a link stands in the queue: what somebody reported, what was just posted, what a backfill found, what a
# moderator removed long ago
URGENT, LIVE, PAST, LEARNT = 1, 0, -1, -2
# What a look at a link in vain counts as: a failed attempt, an outage of its host, or something else in its place
Count = Literal["attempts", "outages", "pages"]
# Links of media that an order to look again puts back
ANEW = """kind in ('media', 'album') and id not in (select link from cases)
    and state not in ('seen', 'acquired', 'matched', 'reserve')"""
SHARED_FROM = 10  # links that are asked for at once: of fewer none is kept for what comes behind
# How a link ends of whose media nobody saw anything; the trigger `reserve_woken` says the same
UNSEEN = (
    LinkState.GONE,
    LinkState.BLOCKED,
    LinkState.NEEDS_TOKEN,
    LinkState.UNSUPPORTED,
    LinkState.GIVEN_UP,
    LinkState.PARKED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A stored link and where it is on its way."""

    id: int
    link: Link
    state: LinkState
    attempts: int
    reason: str | None
    outages: int = 0  # looks that met an outage of its host, a wait of hours as those that it stands for
    pages: int = 0  # looks that met something else in the media's place
    place: int | None = None  # of a file that did not come with the others of its album, from 0; None: the whole link
    tries: int = 0  # how often work on it began and never ended
    late: bool = False  # it waits behind everybody else's: costly, or beyond its post's cap
    order: tuple[int, str, int] = (0, "", 0)  # place in the queue

    @property
    def priority(self) -> int:
        """`URGENT`, `LIVE`, `PAST` or `LEARNT`."""
        return -self.order[0]

    @property
    def due(self) -> datetime:
        """Since when it may be looked at."""
        return from_iso(self.order[1])


class Links:
    """Tables posts, watermarks, links, fingerprints and evidence."""

    def __init__(self, connection: Connection, seal: FieldCipher | None, minors: Minors, untold: Untold) -> None:
        self._c = connection
        self._seal = seal
        self._minors = minors
        self._untold = untold

    def add(
        self,
        found: Iterable[tuple[Post, Sequence[Link]]],
        *,
        priority: int = LIVE,
        left_alone: Mapping[str, str] | None = None,
        follows: bool = True,
    ) -> tuple[int, int]:
        """Store posts and links that are new; return how many of each were. One transaction.

        A post without a link is not kept: nothing is ever done about it.
        `priority` is one of `URGENT`, `LIVE`, `PAST` and `LEARNT`. The links of a post in `left_alone` (fullname →
        why) never enter the queue.
        `follows`: permalinks are followed; if not, no preview waits for what stands behind one.
        A post that is known already is stored as it is now, but for what moderators decided on it: that is heard from
        the mod log, which tells our own deeds from theirs. A picture that Reddit tells now takes the place of its row.
        """
        posts = links = 0
        now, soon = self._c.now(), iso(self._c.clock.now() + timedelta(seconds=MOMENTS[0]))
        with self._c:
            for post, refs in found:
                if self._minors.is_never(post.fullname):
                    continue  # a suspected minor: neither stored nor looked at again
                if self._c.value(
                    "select 1 from post_checks where post = ? and forgotten_at is not null", (post.fullname,)
                ):
                    continue  # deleted and forgotten: Reddit showed it a moment before, or still shows it in a listing
                posts += self._put_post(post, now, new=bool(refs))
                why = (left_alone or {}).get(post.fullname)
                first, stands_for, hidden = None, None, False
                for link in refs:
                    preview = link.source == PREVIEW
                    own = self._stands(replace(link, source=""), post) if preview else None  # what it is a copy of
                    waits_for = stands_for if own is None else own
                    state = LinkState.SEEN if link.kind in ("media", "album") else LinkState.UNSUPPORTED
                    if link.source == UNTOLD:
                        state = LinkState.UNTOLD
                    never = (
                        (preview and hidden)  # of what nobody may look at
                        or (link.id is not None and self._minors.is_never(f"{link.host}:{link.id}"))
                        or self._minors.dropped(link.host, link.id or link.url)
                    )
                    hidden = hidden or never
                    if never:
                        state = LinkState.BLOCKED
                    elif why and state in (LinkState.SEEN, LinkState.UNTOLD):
                        state = LinkState.JUDGED
                    elif preview and waits_for is not None and self._may_be_seen(waits_for):
                        state = LinkState.RESERVE
                    reason = WHY_BLOCKED if never else why
                    due = soon if state == LinkState.UNTOLD else now
                    new = self._c.run(
                        """insert or ignore into links
                           (post, url, host, host_id, kind, source, state, reason, next_at, updated_at, priority,
                            stands_for)
                           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                        (post.fullname, link.url, link.host, link.id, link.kind, link.source, state, reason, due, now,
                         priority, waits_for if preview else None),
                    )  # fmt: skip
                    if not new and link.host == "reddit" and link.kind == "media" and not preview:
                        new = self._untold.told(post.fullname, link, state, reason)
                    links += new
                    if preview and waits_for != stands_for:
                        continue  # of one picture of several
                    if link.kind == "page" and not follows:
                        continue
                    if preview or stands_for is None or (first == "page" and link.kind != "page"):
                        number = self._stands(link, post)
                        first, stands_for = (link.kind, number) if number is not None else (first, stands_for)
        return posts, links

    def _stands(self, link: Link, post: Post) -> int | None:
        """Return the row of a link in whose place previews may be looked at; None for what is never looked at."""
        if link.kind not in ("media", "album") and link.host != "reddit":
            return None
        number = self._c.value(
            """select id from links where post = ? and host = ? and coalesce(host_id, url) = ?
               and (kind = 'page') = ? and (source = ?) = ? and place is null""",
            (post.fullname, link.host, link.id or link.url, link.kind == "page", PREVIEW, link.source == PREVIEW),
        )
        return int(number) if number is not None else None

    def _may_be_seen(self, link: int) -> bool:
        """Return whether a link was looked at or may still be; a page of Reddit leads to what may."""
        states = ", ".join("?" * len(UNSEEN))
        return not self._c.value(
            f"select 1 from links where id = ? and kind <> 'page' and state in ({states})",  # noqa: S608  question marks
            (link, *UNSEEN),
        )

    def wake(self, link: int) -> None:
        """Let what stands for a link be looked at. A trigger does so where the link's own state says that it ended."""
        now = self._c.now()
        self._c.run(
            "update links set state = ?, next_at = ?, updated_at = ? where stands_for = ? and state = ?",
            (LinkState.SEEN, now, now, link, LinkState.RESERVE),
        )

    def urge(self, fullnames: Iterable[str]) -> int:
        """Put what waits of these posts in front of the queue; return how many links that moved. Once each."""
        with self._c:
            return sum(
                self._c.run(
                    """update links set priority = :urgent, turn = null,
                       next_at = iif(state = 'untold', next_at, min(next_at, :now))
                       where post = :post and priority < :urgent
                       and state in ('seen', 'failed', 'reserve', 'untold')""",
                    {"urgent": URGENT, "post": name, "now": self._c.now()},
                )
                for name in fullnames
            )

    def reports_known(self, fullname: str) -> int | None:
        """Return how many reports a post had when it was last read, or None if it is not known."""
        post = self.post(fullname)
        return post.num_reports if post else None

    def _put_post(self, post: Post, now: str, *, new: bool) -> int:
        """Store a post as it is now, one that is not known only if it is a `new` one to keep; return 1 if it was."""
        text, data = self._c.value("select data from posts where fullname = ?", (post.fullname,)), dumps(post)
        if text == data or (text is None and not new):
            return 0
        if text is None:
            return self._c.run(
                "insert into posts values (?, ?, ?, ?, ?)",
                (post.fullname, post.subreddit.lower(), iso(post.created), data, now),
            )
        known = loads(Post, text)
        post = replace(post, approved_by=known.approved_by, removed_by_category=known.removed_by_category)
        if post != known:
            self.update_post(post)
        return 0

    def post(self, fullname: str) -> Post | None:
        """Return a stored post."""
        text = self._c.value("select data from posts where fullname = ?", (fullname,))
        return loads(Post, text) if text else None

    def update_post(self, post: Post) -> None:
        """Store a post as it is now."""
        self._c.run("update posts set data = ? where fullname = ?", (dumps(post), post.fullname))

    def due(self, *states: LinkState, limit: int = 100) -> list[LinkRow]:
        """Return links in these states whose time has come: urgent, live, past, learnt ones; the longest due first.

        However many come before them, one of the past and one that is learnt from are among the first `limit`.
        """
        live = [*self._due(states, URGENT, limit), *self._due(states, LIVE, limit)]
        past, learnt = self._due(states, PAST, limit), self._due(states, LEARNT, limit)
        kept = 1 if limit > SHARED_FROM else 0
        live = live[: limit - min(kept, len(past)) - min(kept, len(learnt))]
        past = past[: limit - len(live) - min(kept, len(learnt))]
        return [row_of(row) for row in (*live, *past, *learnt)[:limit]]

    def _due(self, states: Sequence[LinkState], priority: int, limit: int) -> list[Row]:
        rows = [
            row
            for state in states  # one by one: the index gives each in order without sorting a long queue
            for row in self._c.rows(
                """select * from links where state = ? and priority = ? and next_at <= ?
                   order by next_at, id limit ?""",
                (state, priority, self._c.now(), limit),
            )
        ]
        return sorted(rows, key=lambda row: (row["next_at"], row["id"]))[:limit]

    def of_post(self, fullname: str) -> list[Link]:
        """Return the links of a post."""
        return [row_of(row).link for row in self._c.rows("select * from links where post = ? order by id", (fullname,))]

    def get(self, link: int) -> LinkRow:
        """Return one stored link."""
        row = self._c.one("select * from links where id = ?", (link,))
        assert row is not None
        return row_of(row)

    def listing(self, limit: int = 1000) -> list[LinkRow]:
        """Return links, newest first."""
        return [row_of(row) for row in self._c.rows("select * from links order by id desc limit ?", (limit,))]

    def move(self, link: int, state: LinkState, *, reason: str | None = None) -> None:
        """Put a link into a state; never one that a suspected minor's mark blocks: only taking that back does."""
        self._c.run(
            """update links set state = ?, reason = ?, outages = 0, pages = 0, updated_at = ?
               where id = ? and state != 'blocked'""",
            (state, reason, self._c.now(), link),
        )

    def postpone(self, link: int, *, until: datetime, reason: str) -> None:
        """Leave a link in its state and look at it again later; the reason of one that is blocked stays."""
        self._c.run(
            "update links set next_at = ?, reason = ? where id = ? and state != 'blocked'", (iso(until), reason, link)
        )

    def failed(
        self, link: int, *, reason: str, next_at: datetime | None, counts: Count = "attempts", by: int = 1
    ) -> None:
        """Count what came of a look at a link in vain, or of so many; without `next_at` the link is given up."""
        again = next_at is not None  # who is given up and asked for later begins anew
        now = self._c.now()
        self._c.run(
            """update links set state = :state, reason = :reason, attempts = attempts + (:counts = 'attempts'),
               outages = iif(:again, outages + (:counts = 'outages') * :by, 0),
               pages = iif(:again, pages + (:counts = 'pages'), 0), turn = null,
               next_at = :next_at, updated_at = :now where id = :link and state != 'blocked'""",
            {
                "state": LinkState.FAILED if again else LinkState.GIVEN_UP, "reason": reason, "counts": counts,
                "by": by, "again": again, "next_at": iso(next_at) if next_at else now, "now": now, "link": link,
            },
        )  # fmt: skip

    def acquired(self, link: int, evidence: Evidence, fingerprints: Sequence[tuple[int, bytes]]) -> None:
        """Store what was downloaded, as sealed fingerprints. Raises SealError without a key."""
        if self._seal is None:
            raise SealError("there is no sealing key; run: gifwarden init")
        seal = self._seal
        with self._c:
            if self._c.value("select 1 from links where id = ? and state = 'blocked'", (link,)):
                return  # a person stopped it while it was being fetched
            self._c.run("delete from fingerprints where link = ?", (link,))
            for media, data in fingerprints:
                self._c.run(
                    "insert into fingerprints values (?, ?, ?)",
                    (link, media, seal.encrypt(data, *fingerprint_place(link, media))),
                )
            self._put_evidence(link, evidence)
            self.move(link, LinkState.ACQUIRED)

    def fingerprints(self, link: int) -> list[tuple[int, bytes]]:
        """Return the opened fingerprints of a link as (media index, data)."""
        rows = self._c.rows("select media, sealed from fingerprints where link = ? order by media", (link,))
        if rows and self._seal is None:
            raise SealError("there is no sealing key; restore the one of this database")
        return [
            (row["media"], self._seal.decrypt(row["sealed"], *fingerprint_place(link, row["media"])))
            for row in rows
            if self._seal
        ]

    def has_fingerprints(self, link: int) -> bool:
        """Return whether the fingerprints of a link are there."""
        return bool(self._c.value("select exists (select 1 from fingerprints where link = ?)", (link,)))

    def drop_fingerprints(self, link: int) -> None:
        """Forget the fingerprints of a link."""
        self._c.run("delete from fingerprints where link = ?", (link,))

    def found_before(self, link: int, evidence: Evidence) -> None:
        """Store evidence that was found behind another link of the same media, to be matched anew.

        Nothing of a link that does not stand any more.
        """
        with self._c:
            if not self.stands(link):
                return
            self._put_evidence(link, evidence)
            self.move(link, LinkState.ACQUIRED)

    def stands(self, link: int, state: LinkState | None = None, *, evidence: Evidence | None = None) -> bool:
        """Whether a link is still known, not blocked, in this state, and has this evidence.

        All may change while others work on it: what was forgotten keeps its state and loses what its evidence told.
        """
        found = self._c.value("select state from links where id = ?", (link,))
        if found in (None, LinkState.BLOCKED) or state not in (None, found):
            return False
        return evidence is None or self.evidence(link) == evidence

    def matched(self, link: int, evidence: Evidence) -> None:
        """Store the evidence with its matches; nothing of a link that does not stand any more."""
        with self._c:
            if not self.stands(link):
                return
            self._put_evidence(link, evidence)
            self.move(link, LinkState.MATCHED)

    def judged(self, link: int, verdict: Verdict) -> None:
        """Store the verdict; nothing of a link that does not stand any more."""
        with self._c:
            if not self.stands(link):
                return
            self._c.run("update evidence set verdict = ? where link = ?", (dumps(verdict), link))
            self.move(link, LinkState.JUDGED)

    def evidence(self, link: int) -> Evidence | None:
        """Return what was found behind a link."""
        text = self._c.value("select data from evidence where link = ?", (link,))
        return loads(Evidence, text) if text else None

    def verdict(self, link: int) -> Verdict | None:
        """Return what the rules made of it."""
        text = self._c.value("select verdict from evidence where link = ?", (link,))
        return loads(Verdict, text) if text else None

    def _put_evidence(self, link: int, evidence: Evidence) -> None:
        self._c.run(
            """insert into evidence (link, data, at) values (?, ?, ?)
               on conflict do update set data = excluded.data, at = excluded.at""",
            (link, dumps(evidence), self._c.now()),
        )


def row_of(row: Row) -> LinkRow:
    """Return a row of the table as a value."""
    return LinkRow(
        id=row["id"],
        link=Link(
            url=row["url"],
            host=row["host"],
            id=row["host_id"],
            kind=row["kind"],
            source=row["source"],
            post=row["post"],
        ),
        state=LinkState(row["state"]),
        attempts=row["attempts"],
        reason=row["reason"],
        outages=row["outages"],
        pages=row["pages"],
        place=row["place"],
        tries=row["tries"],
        late=row["late"] > 0,
        order=(-row["priority"], row["next_at"], row["id"]),
    )
