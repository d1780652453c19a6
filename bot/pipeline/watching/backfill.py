"""A subreddit's past: everything that Reddit's listings still show, remembered page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot import hosts
from bot.clock import day_and_time
from bot.config import Config
from bot.errors import UsageError
from bot.pipeline.core import connected
from bot.pipeline.watching.listings import UNREADABLE, Listings
from bot.reddit import Job, ListingName, Reddit, Span
from bot.store import BackfillRow, Store
from bot.store.links import PAST

SEARCHED = {"reddit": "redd.it"}  # what a plug's media are on, where that is not its first domain
EVER = datetime(2005, 6, 1, tzinfo=UTC)  # Reddit's first month


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One listing that shows a part of the past. `ordered`: newest first, so it can be left at the wanted moment."""

    name: str
    what: ListingName
    time: Span | None = None
    query: str | None = None
    ordered: bool = False
    comments: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillResult:
    """What a backfill came to. `complete_to`: back to there every submission that Reddit shows was read."""

    subreddit: str
    rows: tuple[BackfillRow, ...]
    complete_to: datetime | None
    reached: bool  # that is as far as was asked for
    stopped: bool  # by `limit`, or because we were told to stop

    @property
    def seen(self) -> int:
        """How many submissions and comments were read, those that several listings show counted each time."""
        return sum(row.seen for row in self.rows)

    @property
    def posts(self) -> int:
        """How many of them were new."""
        return sum(row.posts for row in self.rows)

    @property
    def links(self) -> int:
        """How many links were new."""
        return sum(row.links for row in self.rows)

    @property
    def sentence(self) -> str:
        """Say how far it reaches, and what it cannot show."""
        parked = [row.source for row in self.rows if row.state == "parked"]
        if parked:
            again = "; ".join(f"gifwarden parked retry backfill {self.subreddit}/{name}" for name in parked)
            return f"to read {', '.join(parked)} began three times and never ended, so that is left out; again: {again}"
        if self.stopped:
            return "stopped before the end; run the same command again to go on from there"
        if self.complete_to is None:
            return f"Reddit shows no submission in r/{self.subreddit}"
        if self.reached:
            return f"every submission since {day_and_time(self.complete_to)} UTC that Reddit shows was read"
        return (
            f"Reddit's list of new submissions ends at {day_and_time(self.complete_to)} UTC (it shows about 1,000); "
            "older ones were read only where its lists of top, controversial and hot ones and its search show them, "
            "so before that the past is not complete"
        )


class Backfill:
    """Reads backwards, beside a daemon if need be: what it finds never goes before what is live."""

    def __init__(self, config: Config, store: Store, reddit: Reddit | None, listings: Listings) -> None:
        self._config = config
        self._store = store
        self._reddit = reddit
        self._listings = listings

    def sources(self, subreddit: str) -> tuple[Source, ...]:
        """Return the listings that show the past of a subreddit, the most complete first."""
        settings = self._config.subreddit(subreddit)
        found = [Source(name="new", what="new", ordered=True)]
        if settings is None or settings.comments:
            found.append(Source(name="comments", what="comments", ordered=True, comments=True))
        spans: tuple[Span, ...] = ("all", "year", "month", "week")
        found += [Source(name=f"top {span}", what="top", time=span) for span in spans]
        found += [Source(name=f"controversial {span}", what="controversial", time=span) for span in spans]
        found.append(Source(name="hot", what="hot"))
        for plug in hosts.HOSTS:
            if plug.domains and self._config.host(plug.name).enabled:
                query = f"site:{SEARCHED.get(plug.name, plug.domains[0])}"
                found.append(Source(name=f"search {query}", what="search", query=query))
        return tuple(found)

    def read(
        self,
        subreddit: str,
        *,
        until: datetime | None = None,
        limit: int | None = None,
        go_on: Callable[[], bool] = lambda: True,
        tell: Callable[[BackfillRow], None] = lambda _row: None,
    ) -> BackfillResult:
        """Store what Reddit still shows since `until`, at most `limit` things in this call; go on where the last ended.

        `tell` is given each listing's row after each page. A run with another `until` starts from the beginning, as
        does one after a run that was finished. Raises UsageError if the subreddit is not watched, and RedditError;
        what was read before stays.
        """
        name = subreddit.lower()
        if self._config.subreddit(name) is None:
            raise UsageError(
                f"r/{subreddit} is not watched, and the bot reads no other subreddit; "
                f"add a section [subreddits.{name}] to the configuration"
            )
        sources = self.sources(name)
        rows = self._begin(name, sources, until)
        left = limit
        for source in sources:
            row = rows[source.name]
            if self._needless(source, rows):
                row = replace(row, state="done")
                self._store.backfills.put(row)
            resumed = row.after is not None
            while row.state == "reading" and go_on() and (left is None or left > 0):
                before = row.seen
                page = self._tried(row, source, 100 if left is None else min(100, left))
                if resumed and page.seen == before:
                    # what we stopped at leads nowhere any more: from the start, where what is known costs little
                    page = replace(page, after=None, state="reading")
                row, resumed = page, False
                if left is not None:
                    left -= row.seen - before
                tell(row)
            rows[source.name] = row
        return self._summary(name, rows)

    def _begin(self, name: str, sources: Sequence[Source], until: datetime | None) -> dict[str, BackfillRow]:
        store = self._store.backfills
        known = {row.source: row for row in store.of(name)}
        finished = bool(known) and all(row.state == "done" for row in known.values())
        asked_before = {row.until for row in known.values()}
        moment = until or EVER
        # `--days 30` names another moment each time it is run: within a day of the last one it is the same wish
        same = known and all(abs((moment - asked).total_seconds()) < 86_400 for asked in asked_before)
        if finished or not same:
            store.drop(name)
            known = {}
        moment = next(iter(known.values())).until if known else moment
        with self._store.transaction():
            for source in sources:
                if source.name not in known:
                    known[source.name] = BackfillRow(
                        subreddit=name, source=source.name, until=moment, after=None, seen=0, posts=0, links=0,
                        oldest=None, state="reading",
                    )  # fmt: skip
                    store.put(known[source.name])
        return known

    def _tried(self, row: BackfillRow, source: Source, size: int) -> BackfillRow:
        """Read a page, and leave a listing alone once that began three times and never ended."""
        tries, name = self._store.tries, f"{row.subreddit}/{row.source}"
        if not tries.begin("backfill", name):
            return replace(row, state="parked")
        try:
            page = self._page(row, source, size)
        except Exception:
            tries.end("backfill", name)
            raise
        tries.end("backfill", name)
        return page

    def _page(self, row: BackfillRow, source: Source, size: int) -> BackfillRow:
        listing = (
            connected(self._reddit)
            .as_job(Job.BACKFILL)
            .listing(row.subreddit, source.what, after=row.after, limit=size, time=source.time, query=source.query)
        )
        read = self._listings.read(row.subreddit, listing.things)
        wanted = [(post, links) for _, post, links in read if post.created >= row.until]
        dated = [post.created for _, post, _ in read if post.created != UNREADABLE]
        behind = source.ordered and bool(dated) and min(dated) < row.until
        done = listing.after is None or behind
        shown = [post.created for post, _ in wanted if post.created != UNREADABLE]
        oldest = min([*([row.oldest] if row.oldest else []), *shown], default=None)
        with self._store.transaction():  # both or neither: a page that is read again would be counted as known
            posts, links = self._listings.store(row.subreddit, wanted, priority=PAST)
            row = replace(
                row,
                after=listing.after,
                seen=row.seen + len(listing.things),
                posts=row.posts + posts,
                links=row.links + links,
                oldest=row.until if behind else oldest,
                state="done" if done else "reading",
            )
            self._store.backfills.put(row)
        return row

    @staticmethod
    def _needless(source: Source, rows: dict[str, BackfillRow]) -> bool:
        """Whether the list of new submissions already showed everything that was asked for."""
        new = rows["new"]
        return not source.ordered and new.state == "done" and new.oldest == new.until

    def _summary(self, name: str, rows: dict[str, BackfillRow]) -> BackfillResult:
        new = rows["new"]
        return BackfillResult(
            subreddit=name,
            rows=tuple(rows.values()),
            complete_to=new.oldest,
            reached=new.state == "done" and new.oldest == new.until,
            stopped=any(row.state == "reading" for row in rows.values()),
        )
