"""Which subreddits are read in one request, and how long one that refuses is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from bot.clock import Clock, backoff
from bot.errors import RedditError
from bot.pipeline.log import Log
from bot.pipeline.recovery import log_reason
from bot.pipeline.watching.subreddits import CLOSED, FIRST_WAIT, MAX_WAIT, ONE_PLACE, UNSEEN_SECONDS, SubredditStates

MAX_TOGETHER = 60  # subreddits in one request, whose names
MAX_PATH = 1_200  # characters take


def groups(names: Sequence[str]) -> Iterator[list[str]]:
    """Yield names in groups that fit into one request."""
    group: list[str] = []
    for name in names:
        if group and (len(group) == MAX_TOGETHER or sum(map(len, group)) + len(group) + len(name) > MAX_PATH):
            yield group
            group = []
        group.append(name)
    if group:
        yield group


class Backoff:
    """Who refused one kind of listing, e.g. for want of a right, and when it is asked for again.

    That we may not see one listing says nothing of the others, so the subreddit's state stays as it is, unless it is
    closed altogether.
    """

    def __init__(self, clock: Clock, log: Log, places: SubredditStates, event: str) -> None:
        self._clock = clock
        self._log = log
        self._places = places
        self._event = event
        self._refused: dict[str, tuple[str, int, float]] = {}  # sentence, how often, until when

    def ready(self, names: Iterable[str]) -> list[str]:
        """Return who may be asked now."""
        now = self._clock.monotonic()
        return [name for name in names if name not in self._refused or self._refused[name][2] <= now]

    def failed(self, name: str, error: RedditError) -> None:
        """Say a refusal when it is new, and wait longer each time; what concerns everything passes by itself."""
        if error.state in CLOSED:
            self._places.troubled(name, error)
            return
        sentence, often, _ = self._refused.get(name, ("", 0, 0.0))
        if str(error) != sentence:
            self._log.warning(self._event, subreddit=name, reason=str(error))
        again = error.state in ONE_PLACE
        wait = backoff(often + 1, first=FIRST_WAIT, longest=MAX_WAIT) if again else 0.0
        self._refused[name] = (str(error), often + 1, self._clock.monotonic() + wait)

    def succeeded(self, names: Iterable[str]) -> None:
        """Forget that these refused."""
        for name in names:
            self._refused.pop(name, None)


class MultiSubreddit:
    """One step over all subreddits: together where that works, alone where it does not."""

    def __init__(self, clock: Clock, log: Log, troubled: Callable[[str, RedditError], None]) -> None:
        self._clock = clock
        self._log = log
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
        now = self._clock.monotonic()
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
            self._log.warning(event, subreddits=len(group), reason=log_reason(error))
            return 0, group

    def _one(self, event: str, name: str, step: Callable[[], int]) -> int:
        try:
            return step()
        except RedditError as error:
            self._troubled(name, error)
        except Exception as error:  # noqa: BLE001  one subreddit's trouble is said and never another's
            self._log.warning(event, subreddit=name, reason=log_reason(error))
        return 0
