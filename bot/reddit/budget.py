"""How many requests Reddit still takes, and who may use them.

Reddit allows an app 100 requests a minute, averaged over 10 minutes, and says in each answer what is left of the
window. Those headers count what every process of this app sends, so they are believed before our own count.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from bot.clock import Clock, backoff
from bot.errors import RedditError

WINDOW = 600.0  # seconds over which Reddit counts
PER_WINDOW = 1000  # requests, until the headers tell another number
FIRST_PAUSE, MAX_PAUSE = 30.0, 1800.0  # seconds after a refusal that concerns everything; doubled each time
UNASKED_PAUSE = 60.0  # seconds after a 429 that names no time
DOWN_AFTER = 3  # requests in a row that Reddit did not serve, after which it is left alone
MAX_DOWN = 300.0  # seconds of that, from FIRST_PAUSE on doubled: an outage ends without a word
BURST = 0.1  # of a window's requests that may be sent before their time


class Job(IntEnum):
    """What a request is for; the lower goes first."""

    ACT = 0  # do what was decided, and hear what others decided
    WATCH = 1
    REVIEW = 2  # a person looks something up
    FOLLOW = 3  # look behind the permalinks in posts
    BACKFILL = 4


# What of a window is left to whatever is more important, and how many seconds a job waits before it is told to come
# back: most steps of the daemon run one after the other, so a step that waits keeps the more important from running.
RESERVED: Mapping[Job, float] = {Job.ACT: 0.0, Job.WATCH: 0.1, Job.REVIEW: 0.2, Job.FOLLOW: 0.4, Job.BACKFILL: 0.5}
PATIENCE: Mapping[Job, float] = {
    Job.ACT: 20.0, Job.WATCH: 2.0, Job.REVIEW: 20.0, Job.FOLLOW: 0.0, Job.BACKFILL: math.inf,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """What is known of the budget at one moment."""

    limit: int  # requests in a window
    remaining: int
    resets: datetime
    by_job: Mapping[str, int] = field(default_factory=dict)  # requests of this process in the last 10 minutes
    closed: str | None = None  # the sentence of the refusal that makes us pause
    until: datetime | None = None  # when the pause ends


class Budget:
    """Thread-safe. Times are the clock's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limit = PER_WINDOW
        self._remaining = float(PER_WINDOW)
        self._reset_at = clock.monotonic() + WINDOW
        self._sent: deque[tuple[float, Job]] = deque()
        self._closed_until = -math.inf
        self._refusal: RedditError | None = None
        self._refusals = 0
        self._unserved = 0  # in a row

    def wait(self, job: Job) -> float:
        """Return how many seconds from now a request of this job may go; 0: at once."""
        with self._lock:
            now = self._turn()
            wait = max(0.0, self._closed_until - now)
            if self._remaining <= RESERVED[job] * self._limit:
                wait = max(wait, self._reset_at - now)
            return wait

    def in_pace(self, job: Job) -> bool:
        """Return whether this job and more important ones sent no more of the window than is due, but for a burst.

        What is done again and again spreads its requests by this, in place of using them up and then standing still.
        What less important jobs and other processes send does not count: they must not keep it waiting.
        """
        with self._lock:
            now = self._turn()
            elapsed = 1 - max(0.0, self._reset_at - now) / WINDOW
            due = BURST + (1 - RESERVED[job] - BURST) * elapsed
            sent = sum(at >= self._reset_at - WINDOW and other <= job for at, other in self._sent)
            return sent <= due * self._limit

    def refusal(self, job: Job, doing: str) -> RedditError | None:
        """Return why this job is told to come back instead of waiting, or None if it may go or should wait."""
        wait = self.wait(job)
        with self._lock:
            held = self._refusal if self._closed_until > self._clock.monotonic() else None
        if held is not None and held.state == "unreachable":
            return RedditError(
                f"Reddit did not serve the last requests, so we could not {doing}",
                retry_after=wait,
                again=f"in {math.ceil(wait)} s",
            )
        if held is not None and held.state != "limited":
            # what is refused to everybody is refused at once, by the same sentence: asking again only makes it worse
            return RedditError(
                held.message,
                retry=held.retry,
                retry_after=wait,
                setup=held.setup,
                state=held.state,
                again=held.again,
            )
        if wait <= PATIENCE[job]:
            return None
        return RedditError(
            f"Reddit's limit of {self._limit} requests in 10 minutes leaves none for this, so we could not {doing}",
            retry_after=wait,
            state="limited",
            again=f"in {math.ceil(wait)} s",
        )

    def sent(self, job: Job) -> None:
        """Count a request that goes out."""
        with self._lock:
            now = self._turn()
            self._remaining = max(0.0, self._remaining - 1)
            self._sent.append((now, job))

    def told(self, headers: Mapping[str, str]) -> None:
        """Take what an answer says of the window. Headers that are missing or are no numbers are passed over."""
        remaining, used, reset = (_number(headers, name) for name in ("remaining", "used", "reset"))
        if remaining is None or reset is None:
            return
        with self._lock:
            self._remaining = remaining
            self._reset_at = self._clock.monotonic() + min(reset, WINDOW)
            if used is not None and remaining + used >= 1:
                self._limit = round(remaining + used)

    def refused(self, error: RedditError) -> None:
        """Pause after what concerns every request: 429, a blocked network, a refused login, several not served."""
        with self._lock:
            down = error.state == "unreachable" and error.retry
            self._unserved = self._unserved + 1 if down else 0
            if error.state == "limited":
                wait = UNASKED_PAUSE if error.retry_after is None else error.retry_after
            elif error.state in ("blocked", "login"):
                self._refusals += 1
                wait = backoff(self._refusals, first=FIRST_PAUSE, longest=MAX_PAUSE)
            elif self._unserved >= DOWN_AFTER:
                wait = backoff(self._unserved - DOWN_AFTER + 1, first=FIRST_PAUSE, longest=MAX_DOWN)
            else:
                return
            self._closed_until = max(self._closed_until, self._clock.monotonic() + wait)
            self._refusal = error

    def went_well(self) -> None:
        """End every pause: Reddit answers again."""
        with self._lock:
            self._refusals, self._unserved, self._refusal, self._closed_until = 0, 0, None, -math.inf

    def figures(self) -> RateLimit:
        """Return what is known now."""
        with self._lock:
            now, moment = self._turn(), self._clock.now()
            closed = self._closed_until > now
            counts = dict.fromkeys(Job, 0)
            for _, job in self._sent:
                counts[job] += 1
            return RateLimit(
                limit=self._limit,
                remaining=math.floor(self._remaining),
                resets=moment + timedelta(seconds=self._reset_at - now),
                by_job={job.name.lower(): count for job, count in counts.items() if count},
                closed=str(self._refusal) if closed and self._refusal else None,
                until=moment + timedelta(seconds=self._closed_until - now) if closed else None,
            )

    def _turn(self) -> float:
        """Begin a new window if the last one has ended; return the moment."""
        now = self._clock.monotonic()
        if now >= self._reset_at:
            self._remaining = float(self._limit)
            self._reset_at = now + WINDOW
        while self._sent and self._sent[0][0] < now - WINDOW:
            self._sent.popleft()
        return now


def _number(headers: Mapping[str, str], name: str) -> float | None:
    wanted = f"x-ratelimit-{name}"
    try:
        value = float(next((text for key, text in headers.items() if key.lower() == wanted), ""))
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None
