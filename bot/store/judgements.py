"""Verdicts with all that they were made of, to be judged again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.clock import iso
from bot.model import AuthorFacts, Evidence, Post, Verdict
from bot.serialization import loads
from bot.store.base import Connection

PAGE = 500  # read at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A stored verdict with all that it was made of."""

    link: int
    post: Post
    evidence: Evidence
    verdict: Verdict
    author: AuthorFacts | None
    case: str | None  # its label


class Judgements:
    """Reads table evidence, and the posts, authors and cases of its rows."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def count(self, since: datetime | None = None, subreddits: Sequence[str] | None = None) -> int:
        """Return how many judgements are stored of evidence found since then, of all subreddits or of some."""
        among, names = _in(subreddits)
        return int(
            self._c.value(
                f"""select count(*) from evidence e join links l on l.id = e.link
                    join posts p on p.fullname = l.post
                    where verdict is not null and at >= ? and l.state <> 'blocked' {among}""",  # noqa: S608  marks
                (iso(since) if since else "", *names),
            )
        )

    def all(
        self, since: datetime | None = None, subreddits: Sequence[str] | None = None, *, newest: bool = False
    ) -> Iterator[Judgement]:
        """Yield every stored judgement of evidence found since then, a page in memory at a time.

        Oldest first, and what is judged meanwhile may come too; or newest first. Of all subreddits, or of some.
        """
        among, names = _in(subreddits)
        last = 1 << 62 if newest else 0
        behind, order = ("<", "desc") if newest else (">", "asc")
        while True:
            rows = self._c.rows(
                f"""select e.link, e.data, e.verdict, p.data as post, a.data as author, c.label from evidence e
                   join links l on l.id = e.link join posts p on p.fullname = l.post
                   left join author_facts a on a.post = l.post left join cases c on c.link = e.link
                   where e.link {behind} ? and e.verdict is not null and e.at >= ? and l.state <> 'blocked' {among}
                   order by e.link {order} limit ?""",  # noqa: S608  of two words each; nothing of what is marked
                (last, iso(since) if since else "", *names, PAGE),
            )
            for row in rows:
                yield Judgement(
                    link=row["link"],
                    post=loads(Post, row["post"]),
                    evidence=loads(Evidence, row["data"]),
                    verdict=loads(Verdict, row["verdict"]),
                    author=loads(AuthorFacts, row["author"]) if row["author"] else None,
                    case=row["label"],
                )
            if len(rows) < PAGE:
                return
            last = rows[-1]["link"]


def _in(subreddits: Sequence[str] | None) -> tuple[str, list[str]]:
    """Return the condition that a post is of one of these subreddits, and its values."""
    if subreddits is None:
        return "", []
    return f"and p.subreddit in ({','.join('?' * len(subreddits))})", [name.lower() for name in subreddits]
