"""Posts with a suspected minor: what a person needs to report them, until one has; and that they are never fetched.

Which files were behind a link is kept as keyed digests, so that a file that was marked is known under any other link.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bot.clock import from_iso, iso
from bot.encryption import FieldCipher
from bot.errors import StoreError
from bot.model import MINOR_ORDER, PROGRAM, CaseState, Entry, LinkState, Post, Verdict, Voice
from bot.serialization import dumps, loads
from bot.store.base import Connection, Row, label
from bot.store.minor_footage import MinorFootage
from bot.store.never import WHY_BLOCKED, Never
from bot.store.sealing import fingerprint_place


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A post that is hidden for now. `who` and `member`: who hid it; an earlier version did not write that down."""

    root: str
    who: str | None
    member: int | None
    why: str | None
    at: datetime


def names_of(sha256: str | None, md5: str | None) -> tuple[str, ...]:
    """Return the names under which a file is marked, of which the database keeps keyed digests only."""
    return tuple(f"{kind}:{value}" for kind, value in (("sha256", sha256), ("md5", md5)) if value)


class Minors:
    """Tables minors, minor_holds and link_files."""

    def __init__(self, connection: Connection, seal: FieldCipher | None, footage: MinorFootage, never: Never) -> None:
        self._c = connection
        self._footage = footage
        self._never = never
        self._seal = seal

    def mark(self, post: Post, urls: Sequence[str], *, seen: datetime, by: Voice, case: str | None) -> str:
        """Keep what is needed to report a post; return its label, which it keeps if it was marked before."""
        known = self._c.value("select label from minors where post = ? and reported_at is null", (post.fullname,))
        name = str(known or case or label("M"))
        where = (name, post.fullname, post.subreddit, post.permalink)
        self._c.run(
            """insert into minors (label, post, subreddit, permalink, urls, seen_at, marked_at, marked_by,
               marked_member) values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do update
               set urls = iif(reported_at is null, excluded.urls, urls) where excluded.urls != '[]'""",
            (*where, json.dumps(list(urls)), iso(seen), self._c.now(), by.name, by.member),
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
        return self.waiting_label(post) is not None

    def waiting_label(self, post: str) -> str | None:
        """Return the label of a post that waits to be reported, or None."""
        name = self._c.value("select label from minors where post = ? and reported_at is null", (post,))
        return str(name) if name else None

    def beside(self, post: str) -> list[MinorRow]:
        """Return what has to be reported of the posts hidden with one, itself first; nothing if it is not hidden."""
        rows = self._c.rows(
            """select m.* from minor_holds h join minors m on m.label = h.label
               where h.root = (select root from minor_holds where post = :post) order by h.post != :post, h.rowid""",
            {"post": post},
        )
        return [_row(row) for row in rows]

    def reported(self, name: str, *, by: Voice) -> None:
        """Forget address and URLs: a person has reported them."""
        self._c.run(
            """update minors set post = '', permalink = '', urls = '[]', reported_at = ?, reported_by = ?,
               reported_member = ?
               where label = ?""",
            (self._c.now(), by.name, by.member, name),
        )
        self._never.reported(name)

    def never(self, things: Iterable[str], *, held: bool = False) -> list[str]:
        """Never fetch these again: fullnames of posts, and media as `host:id`; return the marks that are new.

        Kept as keyed digests only. `held`: it can be taken back; return also those that only a claim holds.
        """
        return self._never.add(self._never.digests(things), held=held)

    def never_files(self, post: str, *, held: bool = False) -> list[str]:
        """Never decode the files of a post again, under whatever link; return as `never`."""
        return [] if self._seal is None else self._never.add(sorted(self._marks_of(post)), held=held)

    def saw_files(self, link: int, files: Iterable[str]) -> None:
        """Remember which files were behind a link, `sha256:HEX` and `md5:HEX`: as keyed digests, while it is stored."""
        if self._seal is None:
            return
        for file in files:
            self._c.run("insert or ignore into link_files values (?, ?)", (link, self._seal.keyed_digest(file)))

    def same_files(self, link: int, *, as_of: int) -> None:
        """Remember that the files of another link are behind this one."""
        self._c.run("insert or ignore into link_files select ?, mark from link_files where link = ?", (link, as_of))

    def came_late(self, link: int, files: Sequence[str]) -> None:
        """Mark the files of a link that was marked while they were fetched; taking the mark back takes back these."""
        post = self._c.value(
            "select post from links where id = ? and state = ? and reason = ?", (link, LinkState.BLOCKED, WHY_BLOCKED)
        )
        if post is None:
            return
        marks = self.never(files)
        if (held := self._c.value("select marks from minor_holds where post = ?", (post,))) is not None:
            self.saw_files(link, files)
            kept = json.dumps([*json.loads(held), *marks])
            self._c.run("update minor_holds set marks = ? where post = ?", (kept, post))

    def drop(self, link: int) -> list[int]:
        """Block a link whose file was marked, and keep nothing of it; return its cases, which are a minor's now."""
        now = self._c.now()
        for table in ("fingerprints", "evidence", "link_files"):
            self._c.run(f"delete from {table} where link = ?", (link,))  # noqa: S608  names from the line above
        self._block_reserves("stands_for", link)
        self._c.run(
            "update links set state = ?, reason = ?, updated_at = ? where id = ?",
            (LinkState.BLOCKED, WHY_BLOCKED, now, link),
        )
        cases = self._c.rows("select id, verdict from cases where link = ? and state != 'minor'", (link,))
        for case in cases:
            verdict = dumps(replace(loads(Verdict, case["verdict"]), reasons=()))
            self._c.run(
                """update cases set state = ?, decided_at = ?, decided_by = ?, why = 'the file was marked', verdict = ?,
                   media = 'alone:' || id where id = ?""",
                (CaseState.MINOR, now, PROGRAM.name, verdict, case["id"]),
            )
        return [case["id"] for case in cases]

    def _block_reserves(self, column: Literal["post", "stands_for"], value: str | int) -> None:
        """Block Reddit's previews of what is blocked now, before the end of its link wakes them."""
        self._c.run(
            f"update links set state = ?, reason = ?, updated_at = ? where {column} = ? and state = ?",  # noqa: S608  one of two
            (LinkState.BLOCKED, WHY_BLOCKED, self._c.now(), value, LinkState.RESERVE),
        )

    def dropped(self, host: str, id: str) -> bool:
        """Return whether the file of another link to this media was found to be a marked one."""
        return bool(
            self._c.value(
                "select 1 from links where host = ? and coalesce(host_id, url) = ? and state = ? and reason = ?",
                (host, id, LinkState.BLOCKED, WHY_BLOCKED),
            )
        )

    def hold(
        self, post: Post, *, root: str, label: str, marks: Sequence[str], fresh: bool, by: Voice, why: str
    ) -> None:
        """Hide a post so that it can be taken back: its cases are a minor's, its links are blocked, all is kept.

        `root`: the post that was named. `marks` were new to `never`. `fresh`: it was not marked before.
        """
        now = self._c.now()
        cases = self._c.rows("select id, state from cases where post = ?", (post.fullname,))
        links = self._c.rows("select id, state, reason from links where post = ?", (post.fullname,))
        self._c.run("update cases set state = ? where post = ?", (CaseState.MINOR, post.fullname))
        self._block_reserves("post", post.fullname)
        self._c.run(
            "update links set state = ?, reason = ?, updated_at = ? where post = ?",
            (LinkState.BLOCKED, WHY_BLOCKED, now, post.fullname),
        )
        kept = (json.dumps(list(marks)), json.dumps([tuple(row.values()) for row in cases]))
        stood = json.dumps([tuple(row.values()) for row in links])
        self._c.run(
            """insert or ignore into minor_holds (post, root, label, marked, marks, cases, links, at, who, member, why)
               values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (post.fullname, root, label, fresh, *kept, stood, now, by.name, by.member, why),
        )

    def held(self) -> list[Held]:
        """Return what is hidden for now and no order will purge: the post that was named, by whom, why and when."""
        rows = self._c.rows(
            """select root, who, member, why, at from minor_holds h where post = root and not exists
               (select 1 from orders o where o.verb = 'minor' and o.target = h.root and o.due_at is not null
                and o.state in ('received', 'waiting')) order by at, root"""
        )
        return [
            Held(root=row["root"], who=row["who"], member=row["member"], why=row["why"], at=from_iso(row["at"]))
            for row in rows
        ]

    def root_of(self, post: str) -> str | None:
        """Return the post with which a post is hidden for now, or None if it is not."""
        root = self._c.value("select root from minor_holds where post = ?", (post,))
        return str(root) if root else None

    def hidden_at(self, post: str) -> datetime | None:
        """Return when a post was hidden, or None if it is not hidden for now."""
        at = self._c.value("select at from minor_holds where post = ?", (post,))
        return from_iso(at) if at else None

    def held_label(self, post: str) -> str | None:
        """Return the label under which a post is hidden for now, or None."""
        name = self._c.value("select label from minor_holds where post = ?", (post,))
        return str(name) if name else None

    def let_go(self, root: str) -> list[tuple[str, list[int]]]:
        """Give what was hidden with a post its states back; return each post and its cases."""
        now = self._c.now()
        found: list[tuple[str, list[int]]] = []
        rows = self._c.rows("select * from minor_holds where root = ? order by rowid", (root,))
        for row in rows:
            for number, state in json.loads(row["cases"]):
                self._c.run("update cases set state = ? where id = ? and state = 'minor'", (state, number))
            for number, state, reason in json.loads(row["links"]):
                self._c.run(
                    """update links set state = ?, reason = ?, next_at = ?, updated_at = ?
                       where id = ? and reason = ?""",
                    (state, reason, now, now, number, WHY_BLOCKED),
                )
            if row["marked"]:
                self._c.run("delete from minors where label = ? and reported_at is null", (row["label"],))
                self._footage.unmark(row["label"])
            found.append((row["post"], [number for number, _ in json.loads(row["cases"])]))
        self.drop_holds(root)
        self._never.free(mark for row in rows for mark in json.loads(row["marks"]))
        self._never.taken_back(row["label"] for row in rows)
        self._never.look_again()
        return found

    def drop_holds(self, root: str) -> None:
        """Forget how what was hidden with a post stood: it can be taken back no more."""
        self._c.run("delete from minor_holds where root = ?", (root,))

    def is_never(self, *things: str) -> bool:
        """Return whether any of these must never be fetched."""
        return self._never.holds(things)

    def is_never_entry(self, entry: Entry) -> bool:
        """Return whether an entry holds a file that was marked."""
        files = [*(names_of(sha256, None) for sha256 in entry.sha256), *(names_of(None, md5) for md5 in entry.md5)]
        return self.is_never(*(name for names in files for name in names)) or self._made_of_one(entry.label)

    def is_never_label(self, label: str) -> bool:
        """Return the same of an entry in whatever state, by its label."""
        files = self._c.rows(
            "select f.sha256, f.md5 from entry_files f join entries e on e.id = f.entry where e.label = ?", (label,)
        )
        names = (name for file in files for name in names_of(file["sha256"], file["md5"]))
        return self.is_never(*names) or self._made_of_one(label)

    def _made_of_one(self, label: str) -> bool:
        """Return whether an entry was made of a case that is a minor's: a part of its media has no digests."""
        return bool(
            self._c.value(
                """select 1 from entries e join case_entries m on m.entry = e.id join cases c on c.id = m.case_id
                   where e.label = ? and c.state = 'minor'""",
                (label,),
            )
        )

    def same_media(self, post: str) -> list[str]:
        """Return the other posts that hold a media of this one at the same host, or its very file anywhere."""
        rows = self._c.rows(
            """select distinct o.post from links l join links o on o.host = l.host and o.host_id = l.host_id
               where l.post = :post and o.post != l.post and l.host_id is not null and o.kind = l.kind
               union select o.post from links l join link_files f on f.link = l.id
               join link_files g on g.mark = f.mark join links o on o.id = g.link
               where l.post = :post and o.post != l.post
               union select o.post from links l join evidence e on e.link = l.id, json_each(e.data, '$.media') m
               join evidence x, json_each(x.data, '$.media') n join links o on o.id = x.link
               where l.post = :post and o.post != l.post
               and json_extract(m.value, '$.sha256') = json_extract(n.value, '$.sha256')""",
            {"post": post},
        )
        return [row["post"] for row in rows]

    def _marks_of(self, post: str) -> set[str]:
        """Return the keyed digests of all files that were seen behind a post's links.

        Of links that an earlier version looked at, what evidence and sealed fingerprints still tell.
        """
        assert self._seal is not None, "asked by callers"
        rows = self._c.rows("select f.mark from link_files f join links l on l.id = f.link where l.post = ?", (post,))
        files: set[str] = set()
        for row in self._c.rows(
            """select json_extract(m.value, '$.sha256') as sha256, json_extract(m.value, '$.md5') as md5
               from links l join evidence e on e.link = l.id, json_each(e.data, '$.media') m where l.post = ?""",
            (post,),
        ):
            files |= set(names_of(row["sha256"], row["md5"]))
        for row in self._c.rows(
            "select f.* from fingerprints f join links l on l.id = f.link where l.post = ?", (post,)
        ):
            found = json.loads(self._seal.decrypt(row["sealed"], *fingerprint_place(row["link"], row["media"])))
            for sha256, md5 in [(found["sha256"], found["md5"]), *found["also"]]:
                files |= set(names_of(sha256, md5))
        return {row["mark"] for row in rows} | {self._seal.keyed_digest(file) for file in files}

    def same_file(self, post: str) -> list[Row]:
        """Return (label, bank) of active entries that hold the very file of a media of this post."""
        return self._c.rows(
            """select distinct x.label, b.name as bank from links l join evidence e on e.link = l.id,
               json_each(e.data, '$.media') m join entry_files f on f.sha256 = json_extract(m.value, '$.sha256')
               join entries x on x.id = f.entry and x.state = 'active' join banks b on b.id = x.bank
               where l.post = ?""",
            (post,),
        )

    def stop(self, fullname: str, *, by: Voice, why: str) -> None:
        """Stop everything about a stored post: links, fingerprints, evidence, cases, text. Its address stays."""
        now = self._c.now()
        cases = self._c.rows("select id, verdict from cases where post = ?", (fullname,))
        for table in ("fingerprints", "evidence", "link_files"):
            self._c.run(f"delete from {table} where link in (select id from links where post = ?)", (fullname,))  # noqa: S608  names from the line above
        self._block_reserves("post", fullname)
        self._c.run(
            """update links set state = ?, reason = ?, url = 'minor:' || id, host_id = null, updated_at = ?
               where post = ?""",
            (LinkState.BLOCKED, WHY_BLOCKED, now, fullname),
        )
        for case in cases:
            verdict = dumps(replace(loads(Verdict, case["verdict"]), reasons=()))
            self._c.run(
                """update cases set state = ?, decided_at = ?, decided_by = ?, decided_member = ?, why = ?, verdict = ?,
                   media = 'alone:' || id where id = ?""",
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
