"""Reading a listing back to a moment, and storing what stands in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot import hosts
from bot.errors import StoreError
from bot.links import links_of, post_of
from bot.model import Link, Post, decided_by_others
from bot.pipeline.core import Boundary, connected
from bot.pipeline.log import Log
from bot.pipeline.recovery import reason_of
from bot.pipeline.rulebook import Rulebook
from bot.pipeline.watching.subreddits import SubredditStates
from bot.reddit import Job, ListingName, Reddit
from bot.store import Store
from bot.store.links import LIVE

PAGES = 10  # Reddit's listings end after about 1,000 things
ENDS_EARLY = 500  # a listing with more than this that ends by itself may have reached Reddit's depth
UNREADABLE = datetime.fromtimestamp(0, UTC)  # the creation of a post that tells none
MODERATORS_POST = "left alone: posted by a moderator of the subreddit"
Found = tuple[Post, tuple[Link, ...]]
Moment = Callable[[Mapping[str, Any], Post], datetime]


@dataclass(slots=True, kw_only=True)
class Walked:
    """What came of reading a listing."""

    complete: bool = False  # everything back to the wanted moment was there
    things: int = 0
    links: int = 0
    newest: datetime | None = None
    oldest: datetime | None = None
    by_place: dict[str, tuple[datetime, str]] = field(default_factory=dict)  # newest moment and fullname of each

    def lost(self, mark: datetime, last_read: datetime) -> tuple[datetime, datetime, int] | None:
        """Return from when to when things after `mark` may be lost, and about how many; None if nothing is.

        `last_read` is by our own clock, which may be wrong, so it makes the span smaller but never hides it.
        """
        if self.complete or self.oldest is None or self.newest is None or self.oldest <= mark:
            return None
        begin = last_read if mark < last_read < self.oldest else mark
        seen_for = (self.newest - self.oldest).total_seconds()
        pace = self.things / seen_for if seen_for > 0 else 0.0
        return begin, self.oldest, round(pace * (self.oldest - begin).total_seconds())


class Listings:
    """Reads pages and stores their posts and links, each post by itself if it must be."""

    def __init__(
        self,
        rulebook: Rulebook,
        store: Store,
        log: Log,
        reddit: Reddit | None,
        boundary: Boundary,
        places: SubredditStates,
        find: hosts.Finder,
        *,
        follows: bool,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._log = log
        self._reddit = reddit
        self._boundary = boundary
        self._places = places
        self.find = find
        self._follows = follows  # permalinks, to what is looked at

    def walk(
        self,
        where: str,
        what: ListingName,
        *,
        floor: datetime,
        wanted: datetime,
        enough: datetime | None = None,
        moment: Moment = lambda _thing, post: post.created,
    ) -> Walked:
        """Read back until a page reaches behind `floor`; store what is not older than `wanted`.

        What reaches behind `enough` (by default `floor`) counts as complete.
        """
        walked = Walked()
        after: str | None = None
        for _ in range(PAGES):
            listing = connected(self._reddit).as_job(Job.WATCH).listing(where, what, after=after)
            self._boundary("watch.read")
            read = self.read(where, listing.things)
            moments = [(moment(thing, post), (post, links)) for thing, post, links in read]
            found = [item for at, item in moments if at >= wanted]
            posts, links = self.store(where, found)
            self._boundary("watch.stored")
            if posts:
                self._log.info("posts seen", subreddit=where, listing=what, posts=posts, links=links)
            walked.things += len(listing.things)
            walked.links += links
            dated = [(at, post) for at, (post, _) in moments if at != UNREADABLE]
            for at, post in dated:
                place = post.subreddit.lower()
                if place not in walked.by_place or at > walked.by_place[place][0]:
                    walked.by_place[place] = (at, post.fullname)
            if dated:
                ends = [at for at, _ in dated]
                walked.newest = max(ends if walked.newest is None else [walked.newest, *ends])
                walked.oldest = min(ends)
            after = listing.after
            reached = min((at for at, _ in dated), default=None)
            if reached is not None:
                walked.complete = walked.complete or reached < (enough or floor)
                if reached < floor:
                    break
            if after is None:
                walked.complete = walked.complete or walked.things < ENDS_EARLY
                break
        return walked

    def read(self, where: str, things: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], Post, tuple[Link, ...]]]:
        """Return things with their posts and links; one that cannot be read is said and passed over."""
        found = []
        for thing in things:
            try:
                post = post_of(thing)
                if post.fullname:
                    found.append((thing, self._as_seen_here(post), links_of(thing, self.find, reserve=True)))
            except MemoryError:  # not of the post: the page is read again
                raise
            except Exception as error:  # noqa: BLE001  one post that cannot be read must not hide the others
                self._log.warning("post passed over", subreddit=where, reason=reason_of(error))
        return found

    def store(self, where: str, found: Sequence[Found], *, priority: int = LIVE) -> tuple[int, int]:
        """Store a page; if that fails, post by post, so that one that cannot be stored does not hide the others.

        Return how many posts and links were new.
        """
        add = partial(self._store.links.add, follows=self._follows)
        alone = {post.fullname: why for post, links in found if links and (why := self._left_alone(post))}
        try:
            return add(found, priority=priority, left_alone=alone)
        except (StoreError, MemoryError):
            raise
        except Exception:  # noqa: BLE001  recorded below, with the one that it is about
            posts = links = 0
            for item in found:
                try:
                    more_posts, more_links = add([item], priority=priority, left_alone=alone)
                except (StoreError, MemoryError):
                    raise
                except Exception as error:  # noqa: BLE001  the boundary around one post
                    self._log.warning(
                        "post passed over", subreddit=where, post=item[0].fullname, reason=reason_of(error)
                    )
                    continue
                posts, links = posts + more_posts, links + more_links
            return posts, links

    def _as_seen_here(self, post: Post) -> Post:
        """Know a moderator by the list of moderators, not only by the mark."""
        if post.author_is_moderator or not self._places.by_moderator(post):
            return post
        return replace(post, author_is_moderator=True)

    def _left_alone(self, post: Post) -> str | None:
        """Return why a post's links are not even fetched, or None: a moderator decided on it, or wrote it."""
        decided = decided_by_others(post)
        if decided:
            return f"left alone: {decided}"
        if post.author_is_moderator and all(rule.moderators_exempt for rule in self._rules(post)):
            return MODERATORS_POST
        return None

    def _rules(self, post: Post) -> tuple[Any, ...]:
        return self._rulebook.rules_for(post.subreddit).rules
