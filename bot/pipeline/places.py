"""Which subreddits are read together, which alone, and what state each is in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.clock import backoff
from bot.errors import RedditError
from bot.model import Post
from bot.pipeline.core import Deps
from bot.pipeline.rows import reason_of
from bot.reddit import Job

MOST_TOGETHER = 60  # subreddits in one request, whose names
LONGEST_PATH = 1_200  # characters take
TOGETHER_SECONDS = 3600.0  # how far a watermark may lie behind the newest, or reading it alone is cheaper
BUSY_SECONDS = 3600.0  # how long a subreddit that filled a shared listing is read alone
UNSEEN_SECONDS = 900.0  # without a sign of life in a shared listing, until a subreddit is asked for by itself
MOST_CHECKS = 5  # of these a round
FIRST_WAIT, LONGEST_WAIT = 60.0, 3600.0  # seconds until a closed subreddit is asked again; doubled each time
MODERATORS_SECONDS = 3600.0  # how long a list of moderators is believed
CLOSED = frozenset({"private", "banned", "quarantined"})
ONE_PLACE = CLOSED | {"missing", "forbidden", "renamed"}


class Places:
    """The states of all watched subreddits."""

    def __init__(self, deps: Deps) -> None:
        self._d = deps
        self._busy: dict[str, float] = {}  # until when it is read alone
        self._moderators: dict[str, tuple[float, frozenset[str]]] = {}

    def begin(self) -> None:
        """Forget the states of what is no longer watched."""
        self._d.store.watched.keep_only(self._d.config.subreddits)

    def open(self) -> list[str]:
        """Return the subreddits that may be asked now: not those that were closed a moment ago."""
        now = self._d.clock.now()
        waiting = {place.subreddit for place in self._d.store.watched.places() if place.next_at > now}
        return [name for name in self._d.config.subreddits if name not in waiting]

    def split(self, names: Iterable[str], listings: Callable[[str], Sequence[str]]) -> tuple[list[str], list[str]]:
        """Return who is read together and who alone: new ones, those far behind, busy ones, those in trouble."""
        links, now = self._d.store.links, self._d.clock.monotonic()
        well = {place.subreddit for place in self._d.store.watched.places() if place.state == "watching"}
        newest = {what: links.newest_watermark(what) for name in self._d.config.subreddits for what in listings(name)}
        together: list[str] = []
        alone: list[str] = []
        for name in names:
            behind = False
            for what in listings(name):
                mark, top = links.watermark(name, what), newest[what]
                behind = behind or mark is None or top is None or top - mark > timedelta(seconds=TOGETHER_SECONDS)
            (alone if behind or name not in well or self._busy.get(name, 0) > now else together).append(name)
        return (together, alone) if len(together) > 1 else ([], [*together, *alone])

    def busy(self, name: str) -> None:
        """Read a subreddit alone for a while: it fills a listing by itself."""
        self._busy[name] = self._d.clock.monotonic() + BUSY_SECONDS

    def seen(self, names: Iterable[str]) -> None:
        """Note that these can be read."""
        for name in self._d.store.watched.seen(names):
            self._d.log.info("subreddit is read again", subreddit=name)

    def troubled(self, name: str, error: RedditError) -> None:
        """Note why a subreddit cannot be read, and when it is asked again."""
        now, before = self._d.clock.now(), self._d.store.watched.place(name)
        wait = 0.0
        if error.state in ONE_PLACE:
            failures = before.failures if before and before.state == error.state else 0
            wait = backoff(failures + 1, first=FIRST_WAIT, longest=LONGEST_WAIT)
            if before and before.state == "watching":
                # while it was left out of a shared listing without a word, its watermark went on with the others'
                overlap = timedelta(seconds=self._d.config.reddit.overlap_seconds)
                self._d.store.links.rewind(name, before.checked - overlap)
        sentence = str(error)
        new = self._d.store.watched.troubled(
            name, state=error.state, sentence=sentence, next_at=now + timedelta(seconds=wait)
        )
        if new:
            self._d.log.warning("watch failed", subreddit=name, state=error.state, reason=sentence)

    def check_silent(self, names: Iterable[str]) -> None:
        """Ask by itself for what gave no sign of life in shared listings for long: it may be left out of them."""
        limit = self._d.clock.now() - timedelta(seconds=UNSEEN_SECONDS)
        places = {place.subreddit: place for place in self._d.store.watched.places()}
        silent = sorted(
            (place.checked, name) for name in names if (place := places.get(name)) and place.checked < limit
        )
        for _, name in silent[:MOST_CHECKS]:
            self.check(name)

    def check(self, name: str) -> bool:
        """Ask whether a subreddit can be read, under this name; note what comes of it."""
        try:
            now_called = self._d.api.as_job(Job.WATCH).place(name)
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
        now = self._d.clock.monotonic()
        if known and known[0] > now:
            return known[1]
        try:
            people = frozenset(self._d.api.as_job(Job.WATCH).moderators(name))
        except RedditError:
            people = known[1] if known else frozenset()  # distinguished posts are still known by their mark
        self._moderators[name] = (now + MODERATORS_SECONDS, people)
        return people

    def by_moderator(self, post: Post) -> bool:
        """Whether somebody wrote this who moderates the subreddit."""
        settings = self._d.config.subreddit(post.subreddit)
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


def groups(names: Sequence[str]) -> Iterator[list[str]]:
    """Yield names in groups that fit into one request."""
    group: list[str] = []
    for name in names:
        if group and (len(group) == MOST_TOGETHER or sum(map(len, group)) + len(group) + len(name) > LONGEST_PATH):
            yield group
            group = []
        group.append(name)
    if group:
        yield group


class Patience:
    """Who refused one kind of listing, e.g. for want of a right, and when it is asked for again.

    That we may not see one listing says nothing of the others, so the subreddit's state stays as it is, unless it is
    closed altogether.
    """

    def __init__(self, deps: Deps, places: Places, event: str) -> None:
        self._d = deps
        self._places = places
        self._event = event
        self._refused: dict[str, tuple[str, int, float]] = {}  # sentence, how often, until when

    def ready(self, names: Iterable[str]) -> list[str]:
        """Return who may be asked now."""
        now = self._d.clock.monotonic()
        return [name for name in names if name not in self._refused or self._refused[name][2] <= now]

    def troubled(self, name: str, error: RedditError) -> None:
        """Say a refusal when it is new, and wait longer each time; what concerns everything passes by itself."""
        if error.state in CLOSED:
            self._places.troubled(name, error)
            return
        sentence, often, _ = self._refused.get(name, ("", 0, 0.0))
        if str(error) != sentence:
            self._d.log.warning(self._event, subreddit=name, reason=str(error))
        again = error.state in ONE_PLACE
        wait = backoff(often + 1, first=FIRST_WAIT, longest=LONGEST_WAIT) if again else 0.0
        self._refused[name] = (str(error), often + 1, self._d.clock.monotonic() + wait)

    def well(self, names: Iterable[str]) -> None:
        """Forget that these refused."""
        for name in names:
            self._refused.pop(name, None)


class Rounds:
    """One step over all subreddits: together where that works, alone where it does not."""

    def __init__(self, deps: Deps, troubled: Callable[[str, RedditError], None]) -> None:
        self._d = deps
        self._troubled = troubled
        self._apart: dict[tuple[str, ...], float] = {}  # groups that are refused although each alone is not

    def go(
        self,
        event: str,
        split: tuple[list[str], list[str]],
        together: Callable[[list[str]], tuple[int, list[str]]],
        alone: Callable[[str], int],
        go_on: Callable[[], bool],
    ) -> int:
        """Return the sum of what both brought. `together` also names who has to be read alone in this round.

        Whatever goes wrong with one group or subreddit is said and never another's trouble.
        """
        joined, single = split
        done = 0
        for group in groups(joined):
            if not go_on():
                return done
            more, rest = self._group(event, group, together)
            done += more
            single = [*single, *rest]
        for name in single:
            if not go_on():
                break
            done += self._one(event, name, partial(alone, name))
        return done

    def _group(
        self, event: str, group: list[str], together: Callable[[list[str]], tuple[int, list[str]]]
    ) -> tuple[int, list[str]]:
        now = self._d.clock.monotonic()
        key = (event, *group)
        if len(group) == 1 or self._apart.get(key, 0) > now:
            return 0, group
        try:
            return together(group)
        except RedditError as error:
            if error.state not in ONE_PLACE:  # it concerns everything, so asking for each would only make it worse
                for name in group:
                    self._troubled(name, error)
                return 0, []
            self._apart[key] = now + UNSEEN_SECONDS
            return 0, group
        except Exception as error:  # noqa: BLE001  whose trouble it is shows when each is read alone
            self._d.log.warning(event, subreddits=len(group), reason=reason_of(error))
            return 0, group

    def _one(self, event: str, name: str, step: Callable[[], int]) -> int:
        try:
            return step()
        except RedditError as error:
            self._troubled(name, error)
        except Exception as error:  # noqa: BLE001  one subreddit's trouble is said and never another's
            self._d.log.warning(event, subreddit=name, reason=reason_of(error))
        return 0


def capped(moment: datetime | None, now: datetime) -> datetime | None:
    """Return a moment that is not ahead of the clock: a post may claim any."""
    return None if moment is None else min(moment, now)
