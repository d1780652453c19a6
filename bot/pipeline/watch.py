"""What is new in a subreddit, and what its moderators decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from bot import hosts
from bot.errors import RedditError
from bot.links import links_of, post_of
from bot.model import CaseState, Link, ModAction, Post
from bot.pipeline.core import Deps

PAGES = 10  # Reddit's listings end after about 1,000 things
DECISIONS = frozenset({"approvelink", "approvecomment", "removelink", "removecomment", "spamlink", "spamcomment"})


class Watching:
    """Polls listings back to a stored watermark, with overlap, and the mod log."""

    def __init__(self, deps: Deps) -> None:
        self._d = deps
        self._silent: dict[str, str] = {}

    def poll(self, subreddit: str) -> int:
        """Store new posts and comments of a subreddit; return how many links were new."""
        settings = self._d.config.subreddits[subreddit]
        listings: tuple[Literal["new", "comments"], ...] = ("new", "comments") if settings.comments else ("new",)
        new = 0
        for what in listings:
            try:
                new += self._poll_listing(subreddit, what)
                self._silent.pop(subreddit, None)
            except RedditError as error:
                if self._silent.get(subreddit) != str(error):  # say it once, not every poll
                    self._d.log.warning("watch failed", subreddit=subreddit, listing=what, reason=str(error))
                    self._silent[subreddit] = str(error)
        return new

    def mod_log(self, subreddit: str) -> int:
        """Store others' decisions on known posts and close their cases; return how many cases were closed."""
        store = self._d.store
        try:
            me = self._d.api.me()
            fresh = self._fresh_mod_actions(subreddit)
        except RedditError as error:
            self._d.log.warning("mod log failed", subreddit=subreddit, reason=str(error))
            return 0
        closed = 0
        for decision in sorted(fresh, key=lambda action: action.at):
            with store.transaction():
                if decision.action in DECISIONS and decision.moderator.casefold() != me.casefold():
                    closed += self._hear(decision)
                store.links.polled(subreddit, "log", fullname=decision.id, created=decision.at)
            self._d.boundary("follow.heard")
        return closed

    def _poll_listing(self, subreddit: str, what: Literal["new", "comments"]) -> int:
        store, settings = self._d.store, self._d.config.reddit
        mark = store.links.watermark(subreddit, what)
        now = self._d.clock.now()
        if mark is None:
            floor = now - timedelta(hours=settings.lookback_hours)
        else:
            floor = mark - timedelta(seconds=settings.overlap_seconds)
        newest: Post | None = None
        after: str | None = None
        new = 0
        for page in range(PAGES):
            listing = self._d.api.listing(subreddit, what, after=after)
            self._d.boundary("watch.read")
            found = [self._read(thing) for thing in listing.things]
            posts, links = store.links.add(item for item in found if item[0].created >= floor)
            self._d.boundary("watch.stored")
            new += links
            if posts:
                self._d.log.info("posts seen", subreddit=subreddit, listing=what, posts=posts, links=links)
            for post, _ in found:
                if newest is None or post.created > newest.created:
                    newest = post
            after = listing.after
            if after is None or (found and min(post.created for post, _ in found) < floor):
                break
            if page == PAGES - 1:
                self._d.log.warning("listing too deep, older posts are lost", subreddit=subreddit, listing=what)
        store.links.polled(
            subreddit,
            what,
            fullname=newest.fullname if newest else None,
            created=newest.created if newest else mark or floor,
        )
        self._d.boundary("watch.marked")
        return new

    def _read(self, thing: dict[str, object]) -> tuple[Post, tuple[Link, ...]]:
        return post_of(thing), links_of(thing, hosts.find)

    def _fresh_mod_actions(self, subreddit: str) -> list[ModAction]:
        """Everything in the mod log since the last look, newest first."""
        since = self._d.store.links.watermark(subreddit, "log")
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
                store.notices.drop_case(case.id)
                store.links.drop_fingerprints(case.link)
                store.upkeep.note(who="mod log", what="case closed elsewhere", subject=case.label, why=decision.action)
                self._d.log.info("case closed elsewhere", case=case.label, decision=decision.action)
        return closed
