"""What waits in the moderation queue, was reported or was edited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.clock import Clock, from_unix
from bot.config import Config
from bot.model import Post
from bot.pipeline.core import connected
from bot.pipeline.log import Log
from bot.pipeline.recovery import GoOn, always
from bot.pipeline.watching.listings import UNREADABLE, Listings
from bot.pipeline.watching.rounds import Backoff, MultiSubreddit
from bot.pipeline.watching.subreddits import SubredditStates, capped
from bot.reddit import Job, ListingName, Reddit
from bot.store import Store

QUEUE_PAGES = 10
EDITED: Literal["about/edited"] = "about/edited"
QUEUES: tuple[Literal["about/modqueue", "about/reports"], ...] = ("about/modqueue", "about/reports")


class ModQueuePoller:
    """What moderators are shown: edits, reports, what waits for them."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        log: Log,
        reddit: Reddit | None,
        places: SubredditStates,
        listings: Listings,
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log
        self._reddit = reddit
        self._places = places
        self._listings = listings
        self._patience = Backoff(clock, log, places, "queue failed")
        self._rounds = MultiSubreddit(clock, log, self._patience.failed)

    def round(self, go_on: GoOn = always) -> int:
        """Read the moderators' listings everywhere; return how many links were new."""
        watched = {place.subreddit for place in self._store.watched.places() if place.state == "watching"}
        names = self._patience.ready(name for name in self._config.subreddits if name in watched)
        split = (names, []) if len(names) > 1 else ([], names)
        return self._rounds.go("queue failed", split, lambda group: (self.read("+".join(group), group), []),
                               lambda name: self.read(name, [name]), go_on)  # fmt: skip

    def read(self, where: str, names: list[str]) -> int:
        """Read edits back to the last look, and what is reported or waits; return how many links were new."""
        links = self._edits(where, names) + sum(self._reported(where, what) for what in QUEUES)
        self._patience.succeeded(names)
        return links

    def _edits(self, where: str, names: list[str]) -> int:
        store, now, settings = self._store, self._clock.now(), self._config.reddit
        marks = [store.watermarks.created(name, "edited") for name in names]
        begin = now - timedelta(hours=settings.lookback_hours)
        known = [mark for mark in marks if mark is not None]
        mark = min(known) if len(known) == len(marks) else begin
        floor = min(mark, now) - timedelta(seconds=settings.overlap_seconds)
        walked = self._listings.walk(where, EDITED, floor=floor, wanted=floor, moment=edited_at)
        newest = capped(walked.newest, now)
        with store.transaction():
            for name in names:
                own = walked.by_place.get(name)
                store.watermarks.move(name, "edited", fullname=own[1] if own else None, created=newest or mark)
        return walked.links

    def _reported(self, where: str, what: ListingName) -> int:
        """Take in what a queue shows; stop at the first page that tells nothing new."""
        new = 0
        after: str | None = None
        for _ in range(QUEUE_PAGES):
            listing = connected(self._reddit).as_job(Job.WATCH).listing(where, what, after=after)
            read = self._listings.read(where, listing.things)
            news = 0
            for _, post, found in read:
                known = self._store.links.reports_known(post.fullname)
                if known is None and not found:
                    continue  # it has no link, so it is not kept, and would be news each time
                news += known is None or known != post.num_reports
                if post.num_reports and known != post.num_reports:
                    self._log.info("post reported", subreddit=post.subreddit.lower(), post=post.fullname)
            _, links = self._listings.store(where, [(post, found) for _, post, found in read])
            new += links
            reported = [post.fullname for _, post, _ in read if post.num_reports]
            self._store.links.urge(reported)
            after = listing.after
            if after is None or not news:
                break
        return new


def edited_at(thing: Mapping[str, Any], _post: Post) -> datetime:
    """Return when a thing was last edited. Reddit says `true` of the oldest edits; those tell no moment."""
    data = thing.get("data")
    value = data.get("edited") if isinstance(data, Mapping) else None
    return from_unix(value) or UNREADABLE
