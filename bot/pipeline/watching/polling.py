"""What is new in the watched subreddits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.pipeline.core import Deps
from bot.pipeline.recovery import GoOn, always
from bot.pipeline.watching.listings import Listings
from bot.pipeline.watching.rounds import MultiSubreddit
from bot.pipeline.watching.subreddits import ONE_PLACE, SubredditStates, capped, renamed
from bot.reddit import ListingName

FILLS_ALONE = 300  # things between two polls from which on a subreddit is read by itself


class ListingPoller:
    """Polls listings back to a stored watermark, with overlap: several subreddits in one, then each alone."""

    def __init__(self, deps: Deps, places: SubredditStates, listings: Listings) -> None:
        self._d = deps
        self._places = places
        self._listings = listings
        self._rounds = MultiSubreddit(deps.clock, deps.log, places.troubled)

    def round(self, go_on: GoOn = always) -> int:
        """Read what is new everywhere; return how many links were new."""
        self._places.begin()
        split = self._places.split(self._places.open(), self._names)
        new = self._rounds.go("watch failed", split, self.poll_together, self.poll, go_on)
        if go_on():
            self._places.check_silent(split[0])
        self._d.store.watched.put_budget(self._budget())
        return new

    def poll(self, subreddit: str) -> int:
        """Store new posts and comments of one subreddit; return how many links were new. Raises RedditError."""
        place = self._d.store.watched.place(subreddit)
        if place and place.state in ONE_PLACE and not self._places.check(subreddit):
            return 0
        links = 0
        for what in self._names(subreddit):
            top = self._d.store.watermarks.newest(what)
            mark = self._d.store.watermarks.created(subreddit, what)
            floor, wanted = self._floors(mark)
            walked = self._listings.walk(subreddit, what, floor=floor, wanted=wanted)
            links += walked.links
            if walked.by_place and subreddit not in walked.by_place:
                raise renamed(subreddit, next(iter(walked.by_place)))
            if walked.things >= FILLS_ALONE and mark is not None:
                self._places.busy(subreddit)
            read = self._d.store.watermarks.read_at(subreddit, what)
            if mark and read and (lost := walked.lost(min(mark, self._d.clock.now()), read)):
                self._note_loss(subreddit, what, *lost)
            self._mark(subreddit, what, walked.by_place.get(subreddit), top, mark or floor)
        self._places.seen([subreddit])
        return links

    def poll_together(self, names: list[str]) -> tuple[int, list[str]]:
        """Store what is new in several subreddits from one listing; return how many links, and who is left.

        Left to be read alone is everybody when the listing did not reach back to where the last one began.
        """
        links, seen = 0, set[str]()
        for what in ("new", "comments"):
            asked = [name for name in names if what in self._names(name)]
            if len(asked) < 2:
                if asked:
                    links += self.poll(asked[0])
                continue
            marks = {name: self._d.store.watermarks.created(name, what) for name in asked}
            top = max(mark for mark in marks.values() if mark)
            floor, wanted = self._floors(min(mark for mark in marks.values() if mark))
            walked = self._listings.walk("+".join(asked), what, floor=floor, wanted=wanted)
            links += walked.links
            seen |= walked.by_place.keys() & set(asked)
            if not walked.complete:
                return links, names
            newest = max(walked.newest, top) if walked.newest else top
            for name in asked:
                self._mark(name, what, walked.by_place.get(name), newest, top)
        self._places.seen(sorted(seen))
        return links, []

    def _names(self, subreddit: str) -> tuple[ListingName, ...]:
        return ("new", "comments") if self._d.config.subreddits[subreddit].comments else ("new",)

    def _floors(self, mark: datetime | None) -> tuple[datetime, datetime]:
        """Return how far to read back, and the oldest that is taken."""
        settings, now = self._d.config.reddit, self._d.clock.now()
        window = now - min(
            timedelta(hours=settings.lookback_hours), timedelta(days=self._d.config.storage.seen_days)
        )  # nothing older is taken again: it may have been forgotten already
        if mark is None:
            floor = now - timedelta(hours=settings.lookback_hours)
        else:
            floor = min(mark, now) - timedelta(seconds=settings.overlap_seconds)
        return floor, min(floor, window)  # what is at hand is looked at again: an edit may have added a link

    def _mark(
        self,
        subreddit: str,
        what: str,
        own: tuple[datetime, str] | None,
        others: datetime | None,
        least: datetime,
    ) -> None:
        """Move the watermark to the newest moment of Reddit's up to which everything was shown."""
        now = self._d.clock.now()
        moments = [least, *([own[0]] if own else []), *([others] if others else [])]
        newest = capped(max(moments), now)
        assert newest is not None
        self._d.store.watermarks.move(subreddit, what, fullname=own[1] if own else None, created=newest)
        self._d.boundary("watch.marked")

    def _note_loss(self, subreddit: str, what: str, lost_from: datetime, lost_to: datetime, estimate: int) -> None:
        row = self._d.store.watched.lost(subreddit, what, lost_from=lost_from, lost_to=lost_to, estimate=estimate)
        self._d.log.warning("posts lost", subreddit=subreddit, listing=what, reason=row.sentence)

    def _budget(self) -> dict[str, Any]:
        figures = self._d.api.budget()
        return {
            "limit": figures.limit,
            "remaining": figures.remaining,
            "resets": figures.resets.isoformat(timespec="seconds"),
            "by_job": dict(figures.by_job),
            "closed": figures.closed,
        }
