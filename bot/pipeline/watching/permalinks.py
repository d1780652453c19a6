"""From a post that links to another Reddit post to the media of that other post: one level deep, in batches.

A permalink hides media as well as a short link does. The media become links of the post that leads to them, so that
a case is about the post in front of the moderators; links in the other post's text to further posts are not followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot import hosts
from bot.config import Config
from bot.errors import RedditError, StoreError
from bot.links import links_of
from bot.model import PREVIEW, UNTOLD, Link, LinkState
from bot.permalink import permalink_ids, share_path
from bot.pipeline.core import connected
from bot.pipeline.log import Log
from bot.pipeline.recovery import GoOn, always, reason_of
from bot.reddit import Job, Reddit
from bot.store import LinkRow, Store
from bot.store.tries import SENTENCE

BATCH = 50  # permalinks a round: with the posts around comments, as many as one request answers
ALONE = 10  # permalinks a round, of those that may have ended the last run
SHARES = 10  # share links a round: each costs a request of its own
MAX_A_POST = 20  # permalinks of one post that are followed
FOLLOWED_SOURCES = frozenset({"url", "text"})  # what a crossposted post links to would be a second level


class PermalinkFollower:
    """Follows the permalinks in posts."""

    def __init__(self, config: Config, store: Store, log: Log, reddit: Reddit | None) -> None:
        self._config = config
        self._find = hosts.finder(config)
        self._store = store
        self._log = log
        self._reddit = reddit
        self._said: str | None = None
        self._woken = False  # what waited for permalinks that are followed no more

    def round(self, go_on: GoOn = always) -> int:
        """Look at the permalinks that are due; return how many new media links they led to.

        Costs at most one request for all, and one for each of a few share links; when the budget has none to spare,
        they wait for the next round.
        """
        if not self._config.reddit.linked_posts:
            if not self._woken:
                self._store.linked.wake()
                self._woken = True
            return 0
        new = 0
        try:
            for batch in _batches(self._store.linked.due(BATCH)):
                if not go_on():
                    break
                new += self._tried(batch, go_on)
            self._said = None
        except RedditError as error:
            if str(error) != self._said:
                self._said = str(error)
                self._log.info("permalinks wait", reason=self._said)
        return new

    def _tried(self, rows: Sequence[LinkRow], go_on: GoOn) -> int:
        """Look at some permalinks, and leave alone what began three times and never ended. Raises RedditError."""
        tries = self._store.tries
        with self._store.transaction():
            begun = [row for row in rows if tries.begin("link", row.id)]
        for row in rows:
            if row not in begun:
                self._log.warning("link parked", link=row.id, host=row.link.host, reason=SENTENCE)
        try:
            new = self._look(begun, go_on)
        except Exception:
            self._ended(begun)
            raise
        self._ended(begun)
        return new

    def _ended(self, rows: Sequence[LinkRow]) -> None:
        with self._store.transaction():
            for row in rows:
                self._store.tries.end("link", row.id)

    def _look(self, rows: Sequence[LinkRow], go_on: GoOn) -> int:
        wanted: list[tuple[LinkRow, str, str | None]] = []
        new = shares = 0
        for row in rows:
            if not go_on():
                return new
            url = hosts.unwrapped(row.link.url)
            if reason := self._not_worth(row, url):
                self._close(row, reason)
                continue
            if permalink_ids(url) is None:
                shares += 1
                if shares > SHARES:
                    continue
                url = self._behind(row, url)
                if not url:
                    continue
            fullname, around = _names(url)
            known = self._store.linked.media(fullname)
            if known:
                new += self._lead(row, fullname, known)
            else:
                wanted.append((row, fullname, around))
        return new + self._ask(wanted)

    def _not_worth(self, row: LinkRow, url: str) -> str | None:
        """Return why a permalink is not followed, or None."""
        ids = permalink_ids(url)
        if ids is None and share_path(url) is None:
            return "a page of Reddit that is no post"
        if row.link.source not in FOLLOWED_SOURCES:
            return "a link in a post that this one leads to; only the first level is followed"
        if row.link.source == "url" and any(
            link.source == "crosspost" for link in self._store.linked.media(row.link.post or "") or ()
        ):
            return "the post that it crossposts; its media came with it"
        if ids is not None and f"t3_{ids[0]}" == row.link.post and ids[1] is None:
            return "the post itself"
        if self._store.linked.followed(row.link.post or "") >= MAX_A_POST:
            return f"a post is followed to {MAX_A_POST} others at most"
        return None

    def _behind(self, row: LinkRow, url: str) -> str:
        """Return the permalink behind a share link; empty if it leads to no post, which is then written down."""
        path = share_path(url)
        assert path is not None, "what names no post is a share link here"
        try:
            target = connected(self._reddit).as_job(Job.FOLLOW).redirect(path)
        except RedditError as error:
            if error.retry or error.setup:
                raise
            target = ""
        if permalink_ids(target) is None:
            self._close(row, "the share link leads to no post", state=LinkState.GONE)
            return ""
        return target

    def _ask(self, wanted: list[tuple[LinkRow, str, str | None]]) -> int:
        """Read posts from Reddit and lead to their media; return how many links are new."""
        names = tuple(dict.fromkeys(name for _, *pair in wanted for name in pair if name))
        if not names:
            return 0
        new = 0
        things = connected(self._reddit).as_job(Job.FOLLOW).things(names)
        for row, fullname, around in wanted:
            try:
                if fullname not in things:
                    gone = "Reddit shows no post there: it was deleted, or this account may not see it"
                    self._close(row, gone, state=LinkState.GONE)
                    continue
                found = media_in(things[fullname], self._find)
                if not found and around in things:
                    fullname, found = around, media_in(things[around], self._find)  # a comment stands under some
                new += self._lead(row, fullname, found)
            except (StoreError, MemoryError):  # not of the post: it is done again
                raise
            except Exception as error:  # noqa: BLE001  one post that cannot be read must not hide the others
                self._close(row, reason_of(error))
        return new

    def _lead(self, row: LinkRow, fullname: str, found: Sequence[Link]) -> int:
        """Store the media of another post as the linking post's own; return how many are new. One transaction."""
        store = self._store
        media = [as_of(link, row.link.post) for link in found]
        with store.transaction():
            post = store.links.post(row.link.post or "")
            assert post is not None, "a link belongs to a post"
            _, new = store.links.add([(post, media)], priority=row.priority) if media else (0, 0)
            what = f"its {len(media)} media are looked at here too" if media else "it holds no media of a known host"
            store.linked.follow(row.id)
            self._close(row, f"it leads to {fullname}: {what}", seen=bool(media))
        if new:
            self._log.info("permalink followed", link=row.id, media=new)
        return new

    def _close(
        self, row: LinkRow, reason: str, *, state: LinkState = LinkState.UNSUPPORTED, seen: bool = False
    ) -> None:
        store = self._store
        with store.transaction():
            store.links.move(row.id, state, reason=reason)
            store.tries.end("link", row.id)
            if not seen:  # then the post's own preview is all that there is to look at
                store.links.wake(row.id)


def _batches(rows: Sequence[LinkRow]) -> list[Sequence[LinkRow]]:
    """Return what is looked at together: all, or what may have ended the last run alone, so that none is blamed."""
    suspects = [row for row in rows if row.tries]
    return [[row] for row in suspects[:ALONE]] or [rows]


def _names(url: str) -> tuple[str, str | None]:
    """Return the fullname that a permalink names, and for a comment that of the submission around it."""
    ids = permalink_ids(url)
    assert ids is not None, "a permalink names a post"
    submission = f"t3_{ids[0]}"
    return (f"t1_{ids[1]}", submission) if ids[1] else (submission, None)


def as_of(link: Link, post: str | None) -> Link:
    """Return a link as the linking post's own; a preview stays one, and so does what Reddit does not tell."""
    return replace(link, source=link.source if link.source in (PREVIEW, UNTOLD) else "linked", post=post)


def media_in(thing: dict[str, Any], find: hosts.Finder) -> tuple[Link, ...]:
    """Return the media links of a post, and its pictures of which Reddit does not tell where they are."""
    found = links_of(thing, find, reserve=True)
    return tuple(link for link in found if link.kind in ("media", "album") or link.source == UNTOLD)
