"""What is taken out of the database when a post was deleted on Reddit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.clock import iso
from bot.model import MINOR_ORDER, CaseState, Evidence, NoticeState, Post, Verdict
from bot.serialization import dumps, loads
from bot.store.base import Connection, Row
from bot.store.entry_notes import EntryNotes
from bot.store.notices import Notices

ENDED = (NoticeState.CLOSED, NoticeState.RETRACTED)
NO_WORD = re.compile(r"[0-9_-]")  # what a name has that is no word of a language
# where people write in their own words, and the program quotes
PEOPLES_WORDS = (
    ("audit", "why"), ("stops", "why"), ("quarantine", "why"), ("case_decisions", "why"),
    ("orders", "target"), ("orders", "why"), ("orders", "outcome"),
)  # fmt: skip
TOLD = frozenset({"subject", "body", "reason", "note", "text"})  # parameters that are words to people
DELETED = "the post was deleted on Reddit"


_SLUG = re.compile(r"^(/r/[^/]+/comments/[^/]+/)[^/]+/")  # in a comment's address, words of its submission's title


class Forgetting:
    """Table post_checks, and every field of others in which a post leaves a trace."""

    def __init__(self, connection: Connection, notices: Notices, notes: EntryNotes) -> None:
        self._c = connection
        self._notices = notices
        self._notes = notes

    def due(self, *, checked: datetime, missed: datetime, limit: int) -> list[str]:
        """Return posts not looked for since `checked`, or missing since `missed`, the longest due first."""
        rows = self._c.rows(
            """select p.fullname from posts p left join post_checks k on k.post = p.fullname
               where k.forgotten_at is null and (coalesce(k.checked_at, p.seen_at) <= ? or k.missing_at <= ?)
               order by coalesce(k.checked_at, p.seen_at), p.fullname limit ?""",
            (iso(checked), iso(missed), limit),
        )
        return [row["fullname"] for row in rows]

    def count(self) -> int:
        """Return how many posts are kept."""
        return int(self._c.value("select count(*) from posts"))

    def unlooked(self, since: datetime) -> int:
        """Return how many posts were not looked for since then."""
        return int(
            self._c.value(
                """select count(*) from posts p left join post_checks k on k.post = p.fullname
                   where k.forgotten_at is null and coalesce(k.checked_at, p.seen_at) <= ?""",
                (iso(since),),
            )
        )

    def found(self, fullnames: Iterable[str]) -> None:
        """Record that these posts are there."""
        with self._c:
            for name in fullnames:
                self._c.run(
                    """insert into post_checks (post, checked_at) values (:post, :now)
                       on conflict do update set checked_at = :now, missing_at = null""",
                    {"post": name, "now": self._c.now()},
                )

    def missing(self, fullname: str) -> str:
        """Record that Reddit does not show a post; return since when that is so."""
        with self._c:
            self._c.run(
                """insert into post_checks (post, checked_at, missing_at) values (:post, :now, :now)
                   on conflict do update set checked_at = :now, missing_at = coalesce(missing_at, :now)""",
                {"post": fullname, "now": self._c.now()},
            )
            return str(self._c.value("select missing_at from post_checks where post = ?", (fullname,)))

    def forget_author(self, fullname: str) -> None:
        """Take the author out of a post whose account is gone."""
        with self._c:
            post = self._post(fullname)
            if post is None or (post.author is None and post.author_id is None):
                return
            details = post.details and replace(
                post.details, author_flair_text=None, media_author=None, media_author_url=None, author_premium=None
            )
            self._put(replace(post, author=None, author_id=None, details=details))
            self._c.run("delete from author_facts where post = ?", (fullname,))
            for row in self._c.rows("select id, params from actions where post = ?", (fullname,)):
                params = json.loads(row["params"])
                if post.author:
                    params = {key: str(value).replace(post.author, "[deleted]") for key, value in params.items()}
                self._c.run("update actions set params = ? where id = ?", (json.dumps(params), row["id"]))
            self._in_peoples_words(_names(post), "")

    def forget_post(self, fullname: str) -> tuple[str, ...]:
        """Take a post's permalink, author, text and addresses out of every table; return its cases' labels.

        A post without a case goes altogether. With one, its numbers, states and moments stay, and what a notice that
        was sent says until that is closed.
        """
        with self._c:
            post = self._post(fullname)
            if post is None:
                return ()
            cases = self._c.rows("select id, label, link, verdict, why from cases where post = ?", (fullname,))
            links = self._c.rows("select id, url, host_id from links where post = ?", (fullname,))
            traces = _traces(post, links)
            self._c.run("delete from decisions where post = ?", (fullname,))
            self._c.run("delete from past_removals where post = ?", (fullname,))
            self._c.run("delete from learnt_links where post = ?", (fullname,))
            self._c.run("delete from author_facts where post = ?", (fullname,))
            self._c.run(
                "update flood set author = case_id where case_id in (select id from cases where post = ?)", (fullname,)
            )
            self._orders(fullname, [case["label"] for case in cases])
            self._beneath(post)
            self._actions(fullname, cases)
            self._elsewhere(post)
            if not cases:
                self._c.run("delete from posts where fullname = ?", (fullname,))
                return ()
            for case in cases:
                self._case(case, traces)
            held = [case["link"] for case in cases]
            for link in links:
                if link["id"] in held:
                    self._link(link["id"])
                else:
                    self._c.run("delete from links where id = ?", (link["id"],))
            self._put(
                Post(
                    fullname=fullname,
                    subreddit=post.subreddit,
                    permalink="",
                    created=post.created,
                    over_18=post.over_18,
                    removed_by_category="deleted",
                )
            )
            self._c.run(
                """insert into post_checks (post, checked_at, forgotten_at) values (:post, :now, :now)
                   on conflict do update set checked_at = :now, forgotten_at = :now""",
                {"post": fullname, "now": self._c.now()},
            )
            return tuple(case["label"] for case in cases)

    def forget_ended(self) -> int:
        """Take the media of deleted posts off notices that have ended; return how many were."""
        return self._c.run(
            """delete from notice_items where notice in (select label from notices where state in (?, ?))
               and case_id in (select c.id from cases c join post_checks k on k.post = c.post
                               where k.forgotten_at is not null)""",
            ENDED,
        )

    def _post(self, fullname: str) -> Post | None:
        text = self._c.value("select data from posts where fullname = ?", (fullname,))
        return loads(Post, text) if text else None

    def _put(self, post: Post) -> None:
        self._c.run("update posts set data = ? where fullname = ?", (dumps(post), post.fullname))

    def _beneath(self, post: Post) -> None:
        """Take a deleted submission's title, author and address out of the comments that stand under it."""
        number = post.fullname.partition("_")[2]
        if not post.fullname.startswith("t3_"):
            return
        rows = self._c.rows(
            """select fullname, data from posts
               where subreddit = ? and fullname like 't1!_%' escape '!' and instr(data, ?) > 0""",
            (post.subreddit.lower(), f"/comments/{number}/"),
        )
        for row in rows:
            comment = loads(Post, row["data"])
            path = _SLUG.sub(r"\1_/", comment.permalink)
            details = comment.details and replace(comment.details, parent=None)
            self._put(replace(comment, title="", permalink=path, details=details))
            gone = [(comment.permalink, path), (post.permalink, ""), (post.title, ""), (post.author or "", "[deleted]")]
            for action in self._c.rows("select id, params from actions where post = ?", (comment.fullname,)):
                params = {key: _without(str(value), gone) for key, value in json.loads(action["params"]).items()}
                self._c.run(
                    "update actions set permalink = ?, params = ? where id = ?",
                    (path, json.dumps(params), action["id"]),
                )
            for case in self._c.rows("select id, link, verdict from cases where post = ?", (comment.fullname,)):
                verdict = loads(Verdict, case["verdict"])
                reasons = tuple(_without(reason, gone) for reason in verdict.reasons)
                text = dumps(replace(verdict, reasons=reasons))
                self._c.run("update cases set verdict = ? where id = ?", (text, case["id"]))
                self._c.run("update evidence set verdict = ? where link = ?", (text, case["link"]))

    def _orders(self, fullname: str, labels: Sequence[str]) -> None:
        """Take what moderators wrote of a post off their orders."""
        for word in (fullname.partition("_")[2], *labels):
            self._c.run(
                """update orders set target = '', why = '', outcome = null
                   where instr(lower(target), ?) > 0 or id like ?""",
                (word.casefold(), f"%{fullname}%"),
            )

    def _elsewhere(self, post: Post) -> None:
        """Take a post's id, address, title and author off what is not about it but was told or written with it.

        Watermarks, answers to moderators, and what people wrote in their own words. Where another post's action names
        the author, who may be up with that one, the name stays.
        """
        self._c.run("update watermarks set fullname = null where fullname = ?", (post.fullname,))
        self._c.run(
            """update orders set id = 'forgotten:' || rowid
               where instr(id, ?) > 0 and state not in ('received', 'waiting')""",
            (post.fullname,),
        )
        words = _telling(post)
        self._in_peoples_words(words, post.title)
        text = "lower(key || params || coalesce(reason, '') || coalesce(receipt, ''))"
        found = " or ".join([f"instr({text}, lower(?)) > 0"] * len(words))
        for row in self._c.rows(
            f"""select id, key, params, reason, receipt, post from actions
                where coalesce(json_extract(params, '$.order'), '') != ? and coalesce(post, '') != ?
                and ({found})""",  # noqa: S608  question marks only
            (MINOR_ORDER, post.fullname, *words),
        ):
            here = words[:2] if row["post"] else words
            values = {
                name: _without_words(str(value), here, post.title) if name in TOLD else value
                for name, value in json.loads(row["params"]).items()
            }
            reason, receipt = (
                row[name] and _without_words(row[name], here, post.title) for name in ("reason", "receipt")
            )
            key = f"forgotten:{row['id']}" if post.fullname in row["key"] else row["key"]
            self._c.run(
                "update actions set key = ?, params = ?, reason = ?, receipt = ? where id = ?",
                (key, json.dumps(values), reason, receipt, row["id"]),
            )

    def _in_peoples_words(self, words: Sequence[str], title: str) -> None:
        """Take words off what people wrote in their own words, and the title off what had one of them."""
        self._notes.without(
            lambda text: _without_words(text, words, title),
            lambda url: _without_words(url, words, "") != url,
        )
        for table, column in PEOPLES_WORDS:
            for word in words:
                for row in self._c.rows(
                    f"""select rowid as place, {column} as text from {table}
                        where {"member is not null and" if table == "audit" else ""}
                        instr(lower({column}), lower(?)) > 0""",  # noqa: S608  names of ours
                    (word,),
                ):
                    told = _without_words(row["text"], words, title)
                    self._c.run(f"update {table} set {column} = ? where rowid = ?", (told, row["place"]))  # noqa: S608  names of ours

    def _actions(self, fullname: str, cases: Sequence[Row]) -> None:
        now = self._c.now()
        of_case = ",".join(str(int(case["id"])) for case in cases)
        where = (
            f"(post = ? or case_id in ({of_case})) and coalesce(json_extract(params, '$.order'), '') != '{MINOR_ORDER}'"
        )
        self._c.run(
            f"""update actions set stopped = 1 where {where} and state in ('sending', 'unknown', 'parked')""",  # noqa: S608  numbers
            (fullname,),
        )
        self._c.run(
            f"""update actions set permalink = '', params = '{{}}',
                receipt = iif(receipt is null, null, json_object('detail', '', 'reference',
                              json_extract(receipt, '$.reference'))),
                reason = iif(state in ('planned', 'held'), ?, null), hold = null, updated_at = ?,
                state = iif(state in ('planned', 'held'), 'cancelled', state) where {where}""",  # noqa: S608  numbers
            (DELETED, now, fullname),
        )

    def _case(self, case: Row, traces: Sequence[str]) -> None:
        verdict = replace(loads(Verdict, case["verdict"]), reasons=())
        why = None if _holds(case["why"], traces) else case["why"]
        self._c.run(
            "update cases set verdict = ?, why = ?, media = 'alone:' || id where id = ?",
            (dumps(verdict), why, case["id"]),
        )
        self._c.run("update decided_cases set before = null where case_id = ?", (case["id"],))
        decisions = (
            "select id, why from case_decisions where id in (select decision from decided_cases where case_id = ?)"
        )
        for row in self._c.rows(decisions, (case["id"],)):
            if _holds(row["why"], traces):
                self._c.run("update case_decisions set why = null where id = ?", (row["id"],))
        self._c.run(
            """update cases set state = ?, decided_by = 'reddit', decided_at = ?, why = ?
               where id = ? and state = 'open'""",
            (CaseState.CLOSED_ELSEWHERE, self._c.now(), DELETED, case["id"]),
        )
        for row in self._c.rows("select id, why from audit where subject = ? and why is not null", (case["label"],)):
            if _holds(row["why"], traces):
                self._c.run("update audit set why = null where id = ?", (row["id"],))
        for name in self._notices.all_of_case(case["id"]):
            state = self._notices.get(name).state
            if state == NoticeState.DRAFTED:
                self._notices.drop_case(case["id"])
            elif state in ENDED:
                self._notices.take_off(case["id"], name)

    def _link(self, link: int) -> None:
        self._c.run(
            "update links set url = 'forgotten:' || id, host_id = null, reason = null, updated_at = ? where id = ?",
            (self._c.now(), link),
        )
        for table in ("fingerprints", "link_files"):
            self._c.run(f"delete from {table} where link = ?", (link,))  # noqa: S608  names from the line above
        row = self._c.one("select data, verdict from evidence where link = ?", (link,))
        if row is None:
            return
        evidence = loads(Evidence, row["data"])
        kept = replace(
            evidence,
            target="",
            link=replace(evidence.link, url="", id=None),
            media=tuple(replace(info, sha256=None, md5=None, error=None, note=None) for info in evidence.media),
            source=(),
        )
        verdict = dumps(replace(loads(Verdict, row["verdict"]), reasons=())) if row["verdict"] else None
        self._c.run("update evidence set data = ?, verdict = ? where link = ?", (dumps(kept), verdict, link))


def _telling(post: Post) -> list[str]:
    """Return what identifies a post in a text: its address and id first, then who wrote it.

    A name that may be a word of a language counts as `u/name` only: authors choose theirs, and whoever deletes a post
    must not take words from texts about others.
    """
    return [word for word in (post.permalink, post.fullname.partition("_")[2]) if word] + _names(post)


def _names(post: Post) -> list[str]:
    if not post.author:
        return []
    return [post.author if NO_WORD.search(post.author) else f"u/{post.author}"]


def _without_words(text: str, words: Iterable[str], title: str) -> str:
    """Return a text without these words, in any case, where they stand by themselves; if any did, without the title."""
    told = text
    for word in words:
        told = _alone(word).sub("[deleted]", told)
    return _alone(title).sub("[deleted]", told) if title and told != text else told


def _alone(word: str) -> re.Pattern[str]:
    before, behind = "(?<![A-Za-z0-9])" * word[0].isalnum(), "(?![A-Za-z0-9])" * word[-1].isalnum()
    return re.compile(f"{before}{re.escape(word)}{behind}", re.IGNORECASE)


def _without(text: str, gone: Iterable[tuple[str, str]]) -> str:
    for old, new in gone:
        text = text.replace(old, new) if old else text
    return text


def _traces(post: Post, links: Sequence[Row]) -> list[str]:
    """Return what in a free text tells which post it was, in small letters."""
    words = [post.author, post.author_id, post.permalink, post.permalink.rstrip("/"), post.title, post.body, post.url]
    words += [link[key] for link in links for key in ("url", "host_id")]
    words.append(post.fullname.partition("_")[2])
    return [word.casefold() for word in words if word]


def _holds(text: str | None, traces: Sequence[str]) -> bool:
    return text is not None and any(trace in text.casefold() for trace in traces)
