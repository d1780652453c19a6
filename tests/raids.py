"""Cases on media that need not be there: what a raid leaves behind, for tests of lists and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.clock import iso
from bot.model import Evidence, Link, MediaInfo, Post, Verdict
from bot.store import CaseRow, Store
from tests.conftest import START

VERDICT = Verdict(outcome="review", rule="a rule")


def case_of(
    store: Store,
    number: int,
    files: Sequence[str | None],
    *,
    id: str | None = None,
    author: str | None = "poster",
    subreddit: str = "Clips",
    source: str = "url",
    beside: Link | None = None,
) -> CaseRow:
    """Open a case whose link has files with these SHA-256; None: a file that could not be read."""
    post = Post(
        fullname=f"t3_{number:x}", subreddit=subreddit, permalink=f"/r/{subreddit}/comments/{number:x}/x/",
        created=START, author=author,
    )  # fmt: skip
    id = id or f"id{number}"
    link = Link(url=f"https://host/{id}", host="redgifs", id=id, kind="media", source=source, post=post.fullname)
    store.links.add([(post, [*([replace(beside, post=post.fullname)] if beside else []), link])])
    row = store.connection.value("select max(id) from links")
    media = tuple(
        MediaInfo(index=index, state="failed", error="gone")
        if sha256 is None
        else MediaInfo(index=index, state="fingerprinted", sha256=sha256, md5=f"md5 of {sha256}")
        for index, sha256 in enumerate(files)
    )
    store.links.matched(row, Evidence(target=link.url, link=link, post=post.fullname, media=media))
    return store.cases.open(row, post.fullname, VERDICT)


def act(store: Store, case: CaseRow, kind: str, state: str, hold: str | None = None) -> None:
    """Give a case an action that stands so."""
    at = iso(case.opened)
    store.connection.run(
        """insert into actions (key, kind, case_id, post, subreddit, permalink, params, state, hold, reason, next_at,
           planned_at, updated_at) values (?, ?, ?, ?, ?, '', '{}', ?, ?, null, ?, ?, ?)""",
        (f"{kind}:{case.id}", kind, case.id, case.post.fullname, case.post.subreddit, state, hold, at, at, at),
    )
