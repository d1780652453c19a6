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
        )

    def apply(self, subreddit: str, page: str, *, revision: str, text: str) -> None:
        """Put a revision in force."""
        self._c.run(
            """insert into wiki_rules (subreddit, page, revision, text, applied_at) values (?, ?, ?, ?, ?)
               on conflict do update set page = excluded.page, revision = excluded.revision, text = excluded.text,
               applied_at = excluded.applied_at, refused = null, why = null, refused_at = null""",
            (subreddit.lower(), page, revision, text, self._c.now()),
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
