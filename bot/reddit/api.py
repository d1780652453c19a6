"""One call after the other: what PRAW and prawcore do in our one thread, and our own errors out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from bot.clock import Clock, SystemClock
from bot.config import RedditConfig
from bot.errors import RedditError
from bot.reddit.budget import Budget, Job, RateLimit
from bot.reddit.errors import FAILURES, error_of, refusal_of
from bot.reddit.request_queue import RequestQueue
from bot.reddit.transport import OAUTH_URL, REDDIT_URL, connect, date_of
from bot.serialization import encodable

T = TypeVar("T")


class Calls:
    """Base of what can be asked of Reddit: requests by path, one at a time, in a thread of their own."""

    def __init__(
        self,
        config: RedditConfig,
        *,
        reddit_url: str | None = None,
        oauth_url: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Set up without using the network. Raises RedditError, naming the key, if a credential is missing."""
        self._site = reddit_url or REDDIT_URL
        self._praw, self._requestor = connect(config, self._site, oauth_url or OAUTH_URL)
        self._clock = clock = clock or SystemClock()
        self._budget = Budget(clock)
        self._line = RequestQueue(self._budget, clock)
        self._requestor.on_answer = self._budget.told
        self._job = Job.ACT
        self._accounts: list[str] = []  # our own name, once asked for

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for the call under way, then hang up. Later calls raise RedditError."""
        self._line.close()
        self._requestor.close()

    def stop(self) -> None:
        """Cut the call under way, in whatever thread, and refuse those that wait; `close` comes after."""
        self._line.stop()
        self._requestor.stop()

    def as_job(self, job: Job) -> Self:
        """Return the same connection for requests of another importance; close only the original."""
        other = copy.copy(self)
        other._job = job
        return other

    def budget(self) -> RateLimit:
        """Return what Reddit's limit on requests still allows."""
        return self._budget.figures()

    def in_pace(self) -> bool:
        """Return whether requests of this job, which are made again and again, may be made now and not later."""
        return self._budget.in_pace(self._job)

    def clock_ahead(self) -> timedelta | None:
        """Return by how much our clock is ahead of Reddit's as of its last answer, or None if that says no time."""
        last = self._requestor.last
        theirs = date_of(last) if last is not None else None
        return self._clock.now() - theirs if theirs is not None else None

    def answered_at(self) -> datetime | None:
        """Return when Reddit answered last, by its own clock, to the second; None if no answer told a time yet."""
        return self._requestor.date

    def get(self, path: str, doing: str, **params: str | int | None) -> Any:
        """Return the JSON of a path; parameters that are None are left out. `doing` completes "could not …"."""
        return self._ask("GET", path, doing, params={key: value for key, value in params.items() if value is not None})

    def post(self, path: str, doing: str, **data: str | bool) -> Any:
        """Post a form exactly once and return the JSON of the answer. Raises RedditError for a stated refusal too."""
        answer = self._ask("POST", path, doing, data=data)
        refusal = refusal_of(answer, doing)
        if refusal is not None:
            raise refusal
        return answer

    def _ask(self, method: str, path: str, doing: str, **content: Any) -> Any:
        return self._run(lambda: self._exchange(method, path, doing, content), doing)

    def redirect(self, path: str) -> str:
        """Return where Reddit sends us from a share link; empty if nowhere."""
        return self._run(lambda: self._follow(path), f"follow {path}")

    def _run(self, call: Callable[[], T], doing: str) -> T:
        """Do it on our thread, in its job's turn, and wait."""
        return self._line.run(self._job, call, doing)

    def _exchange(self, method: str, path: str, doing: str, content: Mapping[str, Any]) -> Any:
        self._requestor.last = None
        try:
            with self._requestor.call():
                answer = encodable(self._praw.request(method=method, path=path, **content))
        except FAILURES as error:
            told = error_of(error, self._requestor.last, doing, posting=method != "GET")
            self._budget.refused(told)
            # without its cause: that one carries what was sent, the password included
            raise told from None
        self._budget.went_well()
        return answer

    def _follow(self, path: str) -> str:
        try:
            self._exchange("GET", f"{self._site}{path}", f"follow {path}", {})
        except RedditError:
            last = self._requestor.last
            if last is None or not last.is_redirect:
                raise
            return str(last.headers["location"])
        return ""
