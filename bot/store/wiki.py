"""Rules that subreddits keep on a page of their wiki: the last good text, and the last revision that was refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso
from bot.store.base import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class WikiRow:
    """What is known of one subreddit's page."""

    page: str
    revision: str | None  # the one in force; None: none was good so far
    text: str | None
    applied_at: datetime | None
    refused: str | None  # the newest revision, if it is not in force
    why: str | None  # one sentence
    refused_at: datetime | None
    author: str | None = None  # whose rights uphold the revision in force
    checked: datetime | None = None  # when they were last confirmed
    before: tuple[str, str, str] | None = None  # revision, text and author of what stood before, by somebody else


class WikiRules:
    """Table wiki_rules."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, subreddit: str, page: str) -> WikiRow | None:
        """Return what is known of a page; None if it was never read, or another page was."""
        row = self._c.one("select * from wiki_rules where subreddit = ? and page = ?", (subreddit.lower(), page))
        if row is None:
            return None
        return WikiRow(
            page=row["page"],
            revision=row["revision"],
            text=row["text"],
            applied_at=from_iso(row["applied_at"]) if row["applied_at"] else None,
            refused=row["refused"],
            why=row["why"],
            refused_at=from_iso(row["refused_at"]) if row["refused_at"] else None,
            author=row["author"],
            checked=from_iso(row["checked_at"]) if row["checked_at"] else None,
            before=(
                (row["before_revision"], row["before_text"], row["before_author"]) if row["before_revision"] else None
            ),
        )

    def apply(self, subreddit: str, page: str, *, revision: str, text: str, author: str) -> None:
        """Put a revision in force. What stood before is kept if somebody else wrote it."""
        now = self._c.now()
        self._c.run(
            """insert into wiki_rules (subreddit, page, revision, text, applied_at, author, checked_at)
               values (:subreddit, :page, :revision, :text, :now, :author, :now)
               on conflict do update set
               before_revision = iif(page != :page, null, iif(author = :author, before_revision, revision)),
               before_text = iif(page != :page, null, iif(author = :author, before_text, text)),
               before_author = iif(page != :page, null, iif(author = :author, before_author, author)),
               page = :page, revision = :revision, text = :text, applied_at = :now, author = :author, checked_at = :now,
               refused = null, why = null, refused_at = null""",
            {
                "subreddit": subreddit.lower(), "page": page, "revision": revision, "text": text, "now": now,
                "author": author.lower(),
            },
        )  # fmt: skip

    def upheld(self, subreddit: str, author: str) -> None:
        """Note that the author of the revision in force still has the right to write it."""
        self._c.run(
            "update wiki_rules set author = ?, checked_at = ? where subreddit = ?",
            (author.lower(), self._c.now(), subreddit.lower()),
        )

    def lapse(self, subreddit: str, *, revision: str, why: str, instead: tuple[str, str, str] | None) -> None:
        """Take a revision out of force; `instead`: revision, text and author of what comes into force again."""
        now = self._c.now()
        again = instead or (None, None, None)
        self._c.run(
            """update wiki_rules set revision = ?, text = ?, author = ?, applied_at = ?, checked_at = ?,
               before_revision = null, before_text = null, before_author = null,
               refused = coalesce(refused, ?), why = ?, refused_at = ? where subreddit = ?""",
            (*again, now if instead else None, now if instead else None, revision, why, now, subreddit.lower()),
        )

    def refuse(self, subreddit: str, page: str, *, revision: str, why: str) -> None:
        """Remember that a revision is not in force, and why; the last good one of the page stays."""
        self._c.run(
            """insert into wiki_rules (subreddit, page, refused, why, refused_at)
               values (:subreddit, :page, :revision, :why, :now)
               on conflict do update set
               revision = case when page = :page then revision end, text = case when page = :page then text end,
               applied_at = case when page = :page then applied_at end,
               page = :page, refused = :revision, why = :why, refused_at = :now""",
            {"subreddit": subreddit.lower(), "page": page, "revision": revision, "why": why, "now": self._c.now()},
        )
