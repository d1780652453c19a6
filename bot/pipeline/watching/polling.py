"""What is new in the watched subreddits."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from bot.pipeline.core import Deps
from bot.pipeline.recovery import GoOn, always
from bot.pipeline.watching.listings import Listings, Walked
from bot.pipeline.watching.rounds import MultiSubreddit
from bot.pipeline.watching.subreddits import ONE_PLACE, SubredditStates, capped, renamed
from bot.reddit import ListingName

FILLS_ALONE = 300  # things between two polls from which on a subreddit is read by itself
SHORT_OVERLAP = 60.0  # seconds behind the newest known thing, between two reads with all of the overlap


class ListingPoller:
    """Polls listings back to a stored watermark, with overlap: several subreddits in one, then each alone."""

    def __init__(self, deps: Deps, places: SubredditStates, listings: Listings) -> None:
        self._d = deps
        self._places = places
        self._listings = listings
        self._rounds = MultiSubreddit(deps.clock, deps.log, places.troubled)
        self._whole: dict[tuple[str, str], tuple[float, datetime]] = {}  # when a listing was read whole, its mark then

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
            walked, least = self._walk(subreddit, what, mark)
            links += walked.links
            if walked.by_place and subreddit not in walked.by_place:
                raise renamed(subreddit, next(iter(walked.by_place)))
            if walked.things >= FILLS_ALONE and mark is not None:
                self._places.busy(subreddit)
            read = self._d.store.watermarks.read_at(subreddit, what)
            if mark and read and (lost := walked.lost(min(mark, self._d.clock.now()), read)):
                self._note_loss(subreddit, what, *lost)
            self._mark(subreddit, what, walked.by_place.get(subreddit), top, mark or least)
            self._d.boundary("watch.marked")
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
            walked, _ = self._walk("+".join(asked), what, min(mark for mark in marks.values() if mark))
            links += walked.links
            seen |= walked.by_place.keys() & set(asked)
            if not walked.complete:
                return links, names
            newest = max(walked.newest, top) if walked.newest else top
            with self._d.store.transaction():  # one wait for the disk, however many there are
                for name in asked:
                    self._mark(name, what, walked.by_place.get(name), newest, top)
            self._d.boundary("watch.marked")
        self._places.seen(sorted(seen))
        return links, []

    def _names(self, subreddit: str) -> tuple[ListingName, ...]:
        return ("new", "comments") if self._d.config.subreddits[subreddit].comments else ("new",)

    def _walk(self, where: str, what: ListingName, mark: datetime | None) -> tuple[Walked, datetime]:
        """Read a listing back to its watermark and the overlap; return what came of it, and how far it was to reach.

        What Reddit shows late stands behind the mark, and all of the overlap holds for it; but to read that at each
        poll is to read everything twenty times. So it is read twice in that time, from where the last such read began,
        and a little at the other polls.
        """
        settings, now, elapsed = self._d.config.reddit, self._d.clock.now(), self._d.clock.monotonic()
        window = now - min(
            timedelta(hours=settings.lookback_hours), timedelta(days=self._d.config.storage.seen_days)
        )  # nothing older is taken again: it may have been forgotten already
        if mark is None:
            floor = now - timedelta(hours=settings.lookback_hours)
            return self._listings.walk(where, what, floor=floor, wanted=min(floor, window)), floor
        overlap, mark = timedelta(seconds=settings.overlap_seconds), min(mark, now)
        enough = mark - min(overlap, timedelta(seconds=SHORT_OVERLAP))
        read_at, mark_then = self._whole.get((where, what), (-math.inf, mark))
        whole = elapsed - read_at >= settings.overlap_seconds / 2
        floor = min(mark, mark_then) - overlap if whole else enough
        # what is at hand is looked at again: an edit may have added a link
        walked = self._listings.walk(where, what, floor=floor, wanted=min(mark - overlap, window), enough=enough)
        if whole and walked.complete:
            self._whole[where, what] = (elapsed, mark)
        return walked, floor

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
