"""Posts with a suspected minor: what a person needs to report them, until one has; and that they are never fetched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.clock import from_iso, iso
from bot.encryption import FieldCipher
from bot.errors import StoreError
from bot.model import MINOR_ORDER, Actor, CaseState, LinkState, Post, Verdict
from bot.serialization import dumps, loads
from bot.store.base import Connection, Row, label

WHY_BLOCKED = "suspected minor: never fetched"


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorRow:
    """One post that somebody has to report. Address and URLs are empty once that is done."""

    label: str
    post: str
    subreddit: str
    permalink: str
    urls: tuple[str, ...]
    seen: datetime
    marked: datetime
    marked_by: str
    reported: datetime | None
    reported_by: str | None


class Minors:
    """Tables minors and never."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def mark(self, post: Post, urls: Sequence[str], *, seen: datetime, by: Actor, case: str | None) -> str:
        """Keep what is needed to report a post; return its label, which it keeps if it was marked before."""
        known = self._c.value("select label from minors where post = ? and reported_at is null", (post.fullname,))
        name = str(known or case or label("M"))
        self._c.run(
            """insert into minors (label, post, subreddit, permalink, urls, seen_at, marked_at, marked_by,
               marked_member) values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do update
               set urls = iif(reported_at is null, excluded.urls, urls) where excluded.urls != '[]'""",
            (
                name,
                post.fullname,
                post.subreddit,
                post.permalink,
                json.dumps(list(urls)),
                iso(seen),
                self._c.now(),
                by.name,
                by.member,
            ),
        )
        return name

    def waiting(self) -> list[MinorRow]:
        """Return the posts that nobody has reported yet, the oldest first."""
        rows = self._c.rows("select * from minors where reported_at is null order by marked_at, label")
        return [_row(row) for row in rows]

    def get(self, name: str) -> MinorRow:
        """Return one by its label. Raises StoreError if there is none."""
        row = self._c.one("select * from minors where label = ?", (name,))
        if row is None:
            raise StoreError(f"nothing is marked as a suspected minor under {name}; see: gifwarden cases list")
        return _row(row)

    def holds(self, post: str) -> bool:
        """Return whether a post waits to be reported."""
        return bool(self._c.value("select 1 from minors where post = ? and reported_at is null", (post,)))

    def reported(self, name: str, *, by: Actor) -> None:
        """Forget address and URLs: a person has reported them."""
        self._c.run(
            """update minors set post = '', permalink = '', urls = '[]', reported_at = ?, reported_by = ?,
               reported_member = ?
               where label = ?""",
            (self._c.now(), by.name, by.member, name),
        )

    def never(self, things: Iterable[str]) -> list[str]:
        """Never fetch these again: fullnames of posts, and media as `host:id`; return the marks that are new.

        Kept as keyed digests only.
        """
        if self._seal is None:
            return []
        marks = [self._seal.keyed_digest(thing) for thing in things]
        return [m for m in marks if self._c.run("insert or ignore into never values (?, ?)", (m, self._c.now()))]

    def hold(self, post: Post, *, root: str, label: str, marks: Sequence[str], fresh: bool) -> None:
        """Hide a post so that it can be taken back: its cases are a minor's, its links are blocked, all is kept.

        `root`: the post that was named. `marks` were new to `never`. `fresh`: it was not marked before.
        """
        now = self._c.now()
        cases = self._c.rows("select id, state from cases where post = ?", (post.fullname,))
        links = self._c.rows("select id, state, reason from links where post = ?", (post.fullname,))
        self._c.run("update cases set state = ? where post = ?", (CaseState.MINOR, post.fullname))
        self._c.run(
            "update links set state = ?, reason = ?, updated_at = ? where post = ?",
            (LinkState.BLOCKED, WHY_BLOCKED, now, post.fullname),
        )
        kept = (json.dumps(list(marks)), json.dumps([tuple(row.values()) for row in cases]))
        self._c.run(
            "insert or ignore into minor_holds values (?, ?, ?, ?, ?, ?, ?, ?)",
            (post.fullname, root, label, fresh, *kept, json.dumps([tuple(row.values()) for row in links]), now),
        )

    def root_of(self, post: str) -> str | None:
        """Return the post with which a post is hidden for now, or None if it is not."""
        root = self._c.value("select root from minor_holds where post = ?", (post,))
        return str(root) if root else None

    def held_label(self, post: str) -> str | None:
        """Return the label under which a post is hidden for now, or None."""
        name = self._c.value("select label from minor_holds where post = ?", (post,))
        return str(name) if name else None

    def let_go(self, root: str) -> list[tuple[str, list[int]]]:
        """Give what was hidden with a post its states back; return each post and its cases."""
        now = self._c.now()
        found: list[tuple[str, list[int]]] = []
        for row in self._c.rows("select * from minor_holds where root = ? order by rowid", (root,)):
            for number, state in json.loads(row["cases"]):
                self._c.run("update cases set state = ? where id = ? and state = 'minor'", (state, number))
            for number, state, reason in json.loads(row["links"]):
                self._c.run(
                    """update links set state = ?, reason = ?, next_at = ?, updated_at = ?
                       where id = ? and reason = ?""",
                    (state, reason, now, now, number, WHY_BLOCKED),
                )
            for mark in json.loads(row["marks"]):
                self._c.run("delete from never where mark = ?", (mark,))
            if row["marked"]:
                self._c.run("delete from minors where label = ? and reported_at is null", (row["label"],))
            found.append((row["post"], [number for number, _ in json.loads(row["cases"])]))
        self.drop_holds(root)
        return found

    def drop_holds(self, root: str) -> None:
        """Forget how what was hidden with a post stood: it can be taken back no more."""
        self._c.run("delete from minor_holds where root = ?", (root,))

    def is_never(self, *things: str) -> bool:
        """Return whether any of these must never be fetched."""
        if self._seal is None or not self._c.value("select exists (select 1 from never)"):
            return False
        marks = [self._seal.keyed_digest(thing) for thing in things]
        return any(self._c.value("select 1 from never where mark = ?", (mark,)) for mark in marks)

    def same_media(self, post: str) -> list[str]:
        """Return the other posts that hold a media of this one at the same host."""
        rows = self._c.rows(
            """select distinct o.post from links l join links o on o.host = l.host and o.host_id = l.host_id
               where l.post = ? and o.post != l.post and l.host_id is not null and o.kind = l.kind""",
            (post,),
        )
        return [row["post"] for row in rows]

    def same_file(self, post: str) -> list[Row]:
        """Return (label, bank) of active entries that hold the very file of a media of this post."""
        return self._c.rows(
            """select distinct x.label, b.name as bank from links l join evidence e on e.link = l.id,
               json_each(e.data, '$.media') m join entry_files f on f.sha256 = json_extract(m.value, '$.sha256')
               join entries x on x.id = f.entry and x.state = 'active' join banks b on b.id = x.bank
               where l.post = ?""",
            (post,),
        )

    def stop(self, fullname: str, *, by: Actor, why: str) -> None:
        """Stop everything about a stored post: links, fingerprints, evidence, cases, text. Its address stays."""
        now = self._c.now()
        cases = self._c.rows("select id, verdict from cases where post = ?", (fullname,))
        for table in ("fingerprints", "evidence"):
            self._c.run(f"delete from {table} where link in (select id from links where post = ?)", (fullname,))  # noqa: S608  names from the line above
        self._c.run(
            """update links set state = ?, reason = ?, url = 'minor:' || id, host_id = null, updated_at = ?
               where post = ?""",
            (LinkState.BLOCKED, WHY_BLOCKED, now, fullname),
        )
        for case in cases:
            verdict = dumps(replace(loads(Verdict, case["verdict"]), reasons=()))
            self._c.run(
                """update cases set state = ?, decided_at = ?, decided_by = ?, decided_member = ?, why = ?, verdict = ?
                   where id = ?""",
                (CaseState.MINOR, now, by.name, by.member, why, verdict, case["id"]),
            )
        text = self._c.value("select data from posts where fullname = ?", (fullname,))
        if text:
            post = loads(Post, text)
            bare = Post(
                fullname=fullname, subreddit=post.subreddit, permalink=post.permalink, created=post.created,
                approved_by=post.approved_by, removed_by_category=post.removed_by_category,
            )  # fmt: skip
            self._c.run("update posts set data = ? where fullname = ?", (dumps(bare), fullname))
            self._c.run("delete from author_facts where post = ?", (fullname,))
        self._c.run(
            """update actions set permalink = '', params = '{}', receipt = null, reason = null
               where post = ? and coalesce(json_extract(params, '$.order'), '') != ?
               and state not in ('sending', 'unknown')""",
            (fullname, MINOR_ORDER),
        )


def _row(row: Row) -> MinorRow:
    return MinorRow(
        label=row["label"],
        post=row["post"],
        subreddit=row["subreddit"],
        permalink=row["permalink"],
        urls=tuple(json.loads(row["urls"])),
        seen=from_iso(row["seen_at"]),
        marked=from_iso(row["marked_at"]),
        marked_by=row["marked_by"],
        reported=from_iso(row["reported_at"]) if row["reported_at"] else None,
        reported_by=row["reported_by"],
    )
