"""What is new in the watched subreddits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from bot.model import Post
from bot.pipeline.core import Deps
from bot.pipeline.listings import UNREADABLE, Listings
from bot.pipeline.places import ONE_PLACE, Patience, Places, Rounds, capped, renamed
from bot.pipeline.rows import GoOn, always
from bot.reddit import Job, ListingName

FILLS_ALONE = 300  # things between two polls from which on a subreddit is read by itself
QUEUE_PAGES = 10
EDITED: Literal["about/edited"] = "about/edited"
QUEUES: tuple[Literal["about/modqueue", "about/reports"], ...] = ("about/modqueue", "about/reports")


class Watching:
    """Polls listings back to a stored watermark, with overlap: several subreddits in one, then each alone."""

    def __init__(self, deps: Deps, places: Places, listings: Listings) -> None:
        self._d = deps
        self._places = places
        self._listings = listings
        self._rounds = Rounds(deps, places.troubled)

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
            top = self._d.store.links.newest_watermark(what)
            mark = self._d.store.links.watermark(subreddit, what)
            floor, wanted = self._floors(mark)
            walked = self._listings.walk(subreddit, what, floor=floor, wanted=wanted)
            links += walked.links
            if walked.by_place and subreddit not in walked.by_place:
                raise renamed(subreddit, next(iter(walked.by_place)))
            if walked.things >= FILLS_ALONE and mark is not None:
                self._places.busy(subreddit)
            read = self._d.store.links.last_read(subreddit, what)
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
            marks = {name: self._d.store.links.watermark(name, what) for name in asked}
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
        self._d.store.links.polled(subreddit, what, fullname=own[1] if own else None, created=newest)
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


class Queues:
    """What moderators are shown: edits, reports, what waits for them."""

    def __init__(self, deps: Deps, places: Places, listings: Listings) -> None:
        self._d = deps
        self._places = places
        self._listings = listings
        self._patience = Patience(deps, places, "queue failed")
        self._rounds = Rounds(deps, self._patience.troubled)

    def round(self, go_on: GoOn = always) -> int:
        """Read the moderators' listings everywhere; return how many links were new."""
        watched = {place.subreddit for place in self._d.store.watched.places() if place.state == "watching"}
        names = self._patience.ready(name for name in self._d.config.subreddits if name in watched)
        split = (names, []) if len(names) > 1 else ([], names)
        return self._rounds.go("queue failed", split, lambda group: (self.read("+".join(group), group), []),
                               lambda name: self.read(name, [name]), go_on)  # fmt: skip

    def read(self, where: str, names: list[str]) -> int:
        """Read edits back to the last look, and what is reported or waits; return how many links were new."""
        links = self._edits(where, names) + sum(self._reported(where, what) for what in QUEUES)
        self._patience.well(names)
        return links

    def _edits(self, where: str, names: list[str]) -> int:
        store, now, settings = self._d.store, self._d.clock.now(), self._d.config.reddit
        marks = [store.links.watermark(name, "edited") for name in names]
        begin = now - timedelta(hours=settings.lookback_hours)
        known = [mark for mark in marks if mark is not None]
        mark = min(known) if len(known) == len(marks) else begin
        floor = min(mark, now) - timedelta(seconds=settings.overlap_seconds)
        walked = self._listings.walk(where, EDITED, floor=floor, wanted=floor, moment=edited_at)
        newest = capped(walked.newest, now)
        for name in names:
            own = walked.by_place.get(name)
            store.links.polled(name, "edited", fullname=own[1] if own else None, created=newest or mark)
        return walked.links

    def _reported(self, where: str, what: ListingName) -> int:
        """Take in what a queue shows; stop at the first page that tells nothing new."""
        new = 0
        after: str | None = None
        for _ in range(QUEUE_PAGES):
            listing = self._d.api.as_job(Job.WATCH).listing(where, what, after=after)
            read = self._listings.read(where, listing.things)
            news = 0
            for _, post, _ in read:
                known = self._d.store.links.reports_known(post.fullname)
                news += known is None or known != post.num_reports
                if post.num_reports and known != post.num_reports:
                    self._d.log.info("post reported", subreddit=post.subreddit.lower(), post=post.fullname)
            _, links = self._listings.store(where, [(post, found) for _, post, found in read])
            new += links
            reported = [post.fullname for _, post, _ in read if post.num_reports]
            self._d.store.links.urge(reported)
            for thing, post, _ in read:
                if orders := mod_reports_of(thing):
                    self._d.store.watched.mod_reported(post.fullname, orders)
            after = listing.after
            if after is None or not news:
                break
        return new


def edited_at(thing: Mapping[str, Any], _post: Post) -> datetime:
    """Return when a thing was last edited. Reddit says `true` of the oldest edits; those tell no moment."""
    data = thing.get("data")
    value = data.get("edited") if isinstance(data, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return UNREADABLE
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return UNREADABLE


def mod_reports_of(thing: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (moderator, reason) of every report that a moderator made by name."""
    data = thing.get("data")
    rows = data.get("mod_reports") if isinstance(data, Mapping) else None
    found = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, list) and len(row) >= 2 and isinstance(row[1], str) and row[1]:
            found.append((row[1], row[0] if isinstance(row[0], str) else ""))
    return found
