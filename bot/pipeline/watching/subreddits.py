"""Which subreddits are read together, which alone, and what state each is in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from bot.clock import Clock, backoff
from bot.config import Config
from bot.errors import RedditError
from bot.model import Post
from bot.pipeline.core import connected
from bot.pipeline.log import Log
from bot.reddit import Job, Reddit
from bot.store import Store

TOGETHER_SECONDS = 3600.0  # how far a watermark may lie behind the newest, or reading it alone is cheaper
BUSY_SECONDS = 3600.0  # how long a subreddit that filled a shared listing is read alone
UNSEEN_SECONDS = 900.0  # without a sign of life in a shared listing, until a subreddit is asked for by itself
MAX_CHECKS = 5  # of these a round
FIRST_WAIT, MAX_WAIT = 60.0, 3600.0  # seconds until a closed subreddit is asked again; doubled each time
MODERATORS_SECONDS = 3600.0  # how long a list of moderators is believed
CLOSED = frozenset({"private", "banned", "quarantined"})
ONE_PLACE = CLOSED | {"missing", "forbidden", "renamed"}


class SubredditStates:
    """The states of all watched subreddits."""

    def __init__(self, config: Config, store: Store, clock: Clock, log: Log, reddit: Reddit | None) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log
        self._reddit = reddit
        self._busy: dict[str, float] = {}  # until when it is read alone
        self._moderators: dict[str, tuple[float, frozenset[str]]] = {}

    def begin(self) -> None:
        """Forget the states of what is no longer watched."""
        self._store.watched.keep_only(self._config.subreddits)

    def open(self) -> list[str]:
        """Return the subreddits that may be asked now: not those that were closed a moment ago."""
        now = self._clock.now()
        longest = timedelta(seconds=MAX_WAIT)  # whoever waits longer was written down by a wrong clock
        waiting = {
            place.subreddit
            for place in self._store.watched.places()
            # one in order waits for nothing: its moment is the last look's, by a clock that may have been set back
            if place.state != "watching" and now < place.next_at <= now + longest
        }
        return [name for name in self._config.subreddits if name not in waiting]

    def split(self, names: Iterable[str], listings: Callable[[str], Sequence[str]]) -> tuple[list[str], list[str]]:
        """Return who is read together and who alone: new ones, those far behind, busy ones, those in trouble."""
        watermarks, now = self._store.watermarks, self._clock.monotonic()
        well = {place.subreddit for place in self._store.watched.places() if place.state == "watching"}
        every = {what for name in self._config.subreddits for what in listings(name)}
        newest = {what: watermarks.newest(what) for what in every}
        together: list[str] = []
        alone: list[str] = []
        for name in names:
            behind = False
            for what in listings(name):
                mark, top = watermarks.created(name, what), newest[what]
                behind = behind or mark is None or top is None or top - mark > timedelta(seconds=TOGETHER_SECONDS)
            (alone if behind or name not in well or self._busy.get(name, 0) > now else together).append(name)
        return (together, alone) if len(together) > 1 else ([], [*together, *alone])

    def busy(self, name: str) -> None:
        """Read a subreddit alone for a while: it fills a listing by itself."""
        self._busy[name] = self._clock.monotonic() + BUSY_SECONDS

    def seen(self, names: Iterable[str]) -> None:
        """Note that these can be read."""
        for name in self._store.watched.seen(names):
            self._log.info("subreddit is read again", subreddit=name)

    def troubled(self, name: str, error: RedditError) -> None:
        """Note why a subreddit cannot be read, and when it is asked again."""
        now, before = self._clock.now(), self._store.watched.place(name)
        wait = 0.0
        if error.state in ONE_PLACE:
            failures = before.failures if before and before.state == error.state else 0
            wait = backoff(failures + 1, first=FIRST_WAIT, longest=MAX_WAIT)
            if before and before.state == "watching":
                # while it was left out of a shared listing without a word, its watermark went on with the others'
                overlap = timedelta(seconds=self._config.reddit.overlap_seconds)
                self._store.watermarks.rewind(name, before.checked - overlap)
        sentence = str(error)
        new = self._store.watched.troubled(
            name, state=error.state, sentence=sentence, next_at=now + timedelta(seconds=wait)
        )
        if new:
            self._log.warning("watch failed", subreddit=name, state=error.state, reason=sentence)

    def check_silent(self, names: Iterable[str]) -> None:
        """Ask by itself for what gave no sign of life in shared listings for long: it may be left out of them."""
        limit = self._clock.now() - timedelta(seconds=UNSEEN_SECONDS)
        places = {place.subreddit: place for place in self._store.watched.places()}
        silent = sorted(
            (place.checked, name) for name in names if (place := places.get(name)) and place.checked < limit
        )
        for _, name in silent[:MAX_CHECKS]:
            self.check(name)

    def check(self, name: str) -> bool:
        """Ask whether a subreddit can be read, under this name; note what comes of it."""
        try:
            now_called = connected(self._reddit).as_job(Job.WATCH).place(name)
        except RedditError as error:
            self.troubled(name, error)
            return False
        if now_called.lower() != name:
            self.troubled(name, renamed(name, now_called))
            return False
        self.seen([name])
        return True

    def moderators(self, name: str) -> frozenset[str]:
        """Return a subreddit's moderators in lower case; empty if Reddit does not tell."""
        known = self._moderators.get(name)
        now = self._clock.monotonic()
        if known and known[0] > now:
            return known[1]
        try:
            people = frozenset(connected(self._reddit).as_job(Job.WATCH).moderators(name))
        except RedditError:
            people = known[1] if known else frozenset()  # distinguished posts are still known by their mark
        self._moderators[name] = (now + MODERATORS_SECONDS, people)
        return people

    def by_moderator(self, post: Post) -> bool:
        """Whether somebody wrote this who moderates the subreddit."""
        settings = self._config.subreddit(post.subreddit)
        if settings is None or not post.author:
            return False
        return post.author.lower() in self.moderators(post.subreddit.lower())


def renamed(name: str, now_called: str) -> RedditError:
    """Return the sentence for a subreddit that has another name now."""
    return RedditError(
        f"r/{name} is called r/{now_called} now; rename its section [subreddits.{name}] in the configuration",
        retry=False,
        state="renamed",
    )


def capped(moment: datetime | None, now: datetime) -> datetime | None:
    """Return a moment that is not ahead of the clock: a post may claim any."""
    return None if moment is None else min(moment, now)
