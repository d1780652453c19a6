"""What is new in a subreddit, and what its moderators decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from bot import hosts
from bot.errors import RedditError, StoreError
from bot.links import links_of, post_of
from bot.model import CaseState, Link, ModAction, Post
from bot.pipeline.core import Deps
from bot.pipeline.rows import reason_of
from bot.reddit import Job

PAGES = 10  # Reddit's listings end after about 1,000 things
APPROVALS = frozenset({"approvelink", "approvecomment"})
DECISIONS = APPROVALS | {"removelink", "removecomment", "spamlink", "spamcomment"}
MACHINES = frozenset({"automoderator", "reddit"})  # what they filter waits for a moderator, as our cases do
UNREADABLE = datetime.fromtimestamp(0, UTC)  # the creation of a post that tells none
Found = tuple[Post, tuple[Link, ...]]


class Watching:
    """Polls listings back to a stored watermark, with overlap, and the mod log."""

    def __init__(self, deps: Deps) -> None:
        self._d = deps
        self._said: dict[tuple[str, str], str] = {}

    def poll(self, subreddit: str) -> int:
        """Store new posts and comments of a subreddit; return how many links were new."""
        settings = self._d.config.subreddits[subreddit]
        listings: tuple[Literal["new", "comments"], ...] = ("new", "comments") if settings.comments else ("new",)
        new = 0
        for what in listings:
            try:
                new += self._poll_listing(subreddit, what)
                self._said.pop((subreddit, what), None)
            except RedditError as error:
                self._say_once("watch failed", subreddit, what, str(error))
        return new

    def mod_log(self, subreddit: str) -> int:
        """Store others' decisions on known posts and close their cases; return how many cases were closed."""
        store, now = self._d.store, self._d.clock.now()
        try:
            machines = MACHINES | {self._d.api.me().casefold()}
            fresh = self._fresh_mod_actions(subreddit)
            self._said.pop((subreddit, "log"), None)
        except RedditError as error:
            self._say_once("mod log failed", subreddit, "log", str(error))
            return 0
        closed = 0
        for decision in sorted(fresh, key=lambda action: action.at):
            try:
                with store.transaction():
                    if decision.action in DECISIONS and decision.moderator.casefold() not in machines:
                        closed += self._hear(decision)
            except StoreError:
                raise  # heard again at the next look
            except Exception as error:  # noqa: BLE001  one decision that cannot be heard must not hide those after it
                self._d.log.warning("decision passed over", subreddit=subreddit, reason=reason_of(error))
            store.links.polled(subreddit, "log", fullname=decision.id, created=min(decision.at, now))
            self._d.boundary("follow.heard")
        return closed

    def _say_once(self, event: str, subreddit: str, what: str, reason: str) -> None:
        """Log a failure when it is new, not at every poll."""
        if self._said.get((subreddit, what)) != reason:
            self._d.log.warning(event, subreddit=subreddit, listing=what, reason=reason)
            self._said[subreddit, what] = reason

    def _poll_listing(self, subreddit: str, what: Literal["new", "comments"]) -> int:
        store, settings = self._d.store, self._d.config.reddit
        now = self._d.clock.now()
        mark = store.links.watermark(subreddit, what)
        window = now - min(
            timedelta(hours=settings.lookback_hours), timedelta(days=self._d.config.storage.seen_days)
        )  # nothing older is taken again: it may have been forgotten already
        if mark is None:
            floor = now - timedelta(hours=settings.lookback_hours)
        else:
            floor = min(mark, now) - timedelta(seconds=settings.overlap_seconds)
        oldest_wanted = min(floor, window)  # what is at hand is looked at again: an edit may have added a link
        newest: Post | None = None
        after: str | None = None
        new = 0
        for page in range(PAGES):
            listing = self._d.api.as_job(Job.WATCH).listing(subreddit, what, after=after)
            self._d.boundary("watch.read")
            found = self._read_all(subreddit, listing.things)
            posts, links = self._store(subreddit, [item for item in found if item[0].created >= oldest_wanted])
            self._d.boundary("watch.stored")
            new += links
            if posts:
                self._d.log.info("posts seen", subreddit=subreddit, listing=what, posts=posts, links=links)
            dated = [post for post, _ in found if post.created != UNREADABLE]
            for post in dated:
                if newest is None or post.created > newest.created:
                    newest = post
            after = listing.after
            if after is None or (dated and min(post.created for post in dated) < floor):
                break
            if page == PAGES - 1:
                self._d.log.warning("listing too deep, older posts are lost", subreddit=subreddit, listing=what)
        store.links.polled(
            subreddit,
            what,
            fullname=newest.fullname if newest else None,
            created=min(newest.created, now) if newest else min(mark or floor, now),  # a clock may be wrong
        )
        self._d.boundary("watch.marked")
        return new

    def _read_all(self, subreddit: str, things: tuple[dict[str, Any], ...]) -> list[Found]:
        found: list[Found] = []
        for thing in things:
            try:
                post = post_of(thing)
                if post.fullname:
                    found.append((post, links_of(thing, hosts.find)))
            except Exception as error:  # noqa: BLE001  one post that cannot be read must not hide the others
                self._d.log.warning("post passed over", subreddit=subreddit, reason=reason_of(error))
        return found

    def _store(self, subreddit: str, found: list[Found]) -> tuple[int, int]:
        """Store a page; if that fails, post by post, so that one that cannot be stored does not hide the others."""
        store = self._d.store
        try:
            return store.links.add(found)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001  recorded below, with the one that it is about
            posts = links = 0
            for item in found:
                try:
                    more_posts, more_links = store.links.add([item])
                except StoreError:
                    raise
                except Exception as error:  # noqa: BLE001  the boundary around one post
                    self._d.log.warning(
                        "post passed over", subreddit=subreddit, post=item[0].fullname, reason=reason_of(error)
                    )
                    continue
                posts, links = posts + more_posts, links + more_links
            return posts, links

    def _fresh_mod_actions(self, subreddit: str) -> list[ModAction]:
        """Everything in the mod log since the last look, newest first."""
        since = self._d.store.links.watermark(subreddit, "log")
        since = since and min(since, self._d.clock.now())
        fresh: list[ModAction] = []
        after: str | None = None
        for _ in range(PAGES):
            page = self._d.api.mod_log(subreddit, after=after)
            fresh.extend(action for action in page if since is None or action.at >= since)
            if not page or since is None or page[-1].at < since:
                break
            after = page[-1].id
        return fresh

    def _hear(self, decision: ModAction) -> int:
        store = self._d.store
        if not store.cases.knows_post(decision.target) or not store.cases.heard(decision):
            return 0
        closed = 0
        for case in store.cases.of_post(decision.target):
            if store.cases.decide(case.id, CaseState.CLOSED_ELSEWHERE, who=decision.moderator, why=decision.action):
                closed += 1
                store.actions.cancel(case=case.id, reason=f"another moderator decided: {decision.action}")
                if decision.action in APPROVALS:  # a removal from Reddit leaves the media on its host
                    store.notices.drop_case(case.id)
                store.links.drop_fingerprints(case.link)
                store.upkeep.note(who="mod log", what="case closed elsewhere", subject=case.label, why=decision.action)
                self._d.log.info("case closed elsewhere", case=case.label, decision=decision.action)
        return closed
