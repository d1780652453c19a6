"""How many subreddits one client can watch: the real watching, within the limit on requests, on a clock that jumps.

Subreddits have paces as unlike as those on Reddit: the n-th has a share in proportion to 1/n of all that is posted. All
that the daemon asks of Reddit in its one lane is asked, and each request takes its time by that clock. Measured is how
long a thing stands on Reddit until it is shown to the bot, what the requests go to, and what was never seen.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.assemble import Outside, Parts, assembled
from bot.bench.feed import Feed, Streams
from bot.bench.figures import Quiet, Say, short
from bot.clock import ManualClock
from bot.config import Config
from bot.loopback.http import Request
from bot.loopback.reddit.server import LASTING_TOKEN, PER_WINDOW
from bot.loopback.stage import START, write_rules
from bot.pipeline import Pipeline
from bot.pipeline.commands.first_look import MAIL, REPORTS
from bot.schedule import FOLLOW_SECONDS, FORGET_MINUTES

LATENCY = 0.3  # seconds that a request takes
LOOKBACK = 1.0  # hours that the first look reads back; a day's would only make the beginning longer
MOST_BEGINNING = 5 * 3600.0  # seconds until all is measured, begun or not
LATE = 3600.0  # seconds before the end from which on a thing that was not seen is not yet missed
COLUMNS = ("subreddits", "things a day", "seen after", "99 %", "missed", "begun in", "requests a minute", "processor")

WHAT = (  # the first that a path holds names what a request is for
    ("new", r"/new$"),
    ("comments", r"/comments$"),
    ("edits", r"/about/edited$"),
    ("queue", r"/about/modqueue$"),
    ("reports", r"/about/reports$"),
    ("mod log", r"/about/log$"),
    ("moderators", r"/about/moderators$"),
    ("silent ones", r"/about$"),
    ("modmail", r"/api/mod/conversations"),
    ("deletions", r"/api/info$"),
    ("other", r""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What came of some hours. Delays are in seconds, `begun` is how long the first look at all took."""

    subreddits: int
    a_day: int
    median: float
    slowest: float  # 99 % are seen within
    missed: int
    posted: int
    lost: int  # subreddits of which the bot says that posts may be lost
    begun: float
    requests: dict[str, float] = field(default_factory=dict)  # a minute, by what they are for
    again: float  # how often a thing was read
    processor: float  # share of one core

    def plain(self) -> dict[str, Any]:
        """Return it as JSON data."""
        told = {name: getattr(self, name) for name in self.__slots__ if name != "requests"}
        shown = {name: round(value, 2) if isinstance(value, float) else value for name, value in told.items()}
        return {**shown, "requests": {what: round(rate, 1) for what, rate in self.requests.items()}}

    def cells(self) -> list[str]:
        """Return the cells of its line."""
        return [
            f"{self.subreddits:,}",
            f"{self.a_day:,}",
            f"{short(self.median)} s",
            f"{short(self.slowest)} s",
            f"{self.missed} of {self.posted}",
            f"{self.begun / 60:.0f} min",
            f"{sum(self.requests.values()):.0f}: "
            + ", ".join(f"{what} {rate:.0f}" for what, rate in self.requests.items() if rate >= 0.5),
            f"{100 * self.processor:.0f} %",
        ]


def table(found: Sequence[Watched]) -> list[list[str]]:
    """Return the lines of a table."""
    return [one.cells() for one in found]


def run(
    say: Say, subreddits: int, days: Sequence[int], *, hours: float = 2.0, latency: float = LATENCY
) -> Iterator[Watched]:
    """Yield what comes of watching so many subreddits for `hours`, for each number of things a day in all of them."""
    for a_day in days:
        say(f"{subreddits} subreddits, {a_day:,} things a day")
        with tempfile.TemporaryDirectory() as folder:
            yield _watch(Path(folder), subreddits, a_day, hours, latency, say)


def paces(subreddits: int, a_day: int) -> list[tuple[str, float]]:
    """Return each subreddit's name and its things a day."""
    parts = [1 / place for place in range(1, subreddits + 1)]
    whole = sum(parts)
    # names as long as they are on Reddit; the busy ones anywhere in the configuration's order
    return sorted(
        (f"watched_{place * 7919 % 100_003:05d}", a_day * part / whole) for place, part in enumerate(parts, 1)
    )


def _watch(folder: Path, subreddits: int, a_day: int, hours: float, latency: float, say: Say) -> Watched:
    clock = ManualClock(START)
    rates = paces(subreddits, a_day)
    begin = START.timestamp() - LOOKBACK * 3600
    longest = MOST_BEGINNING + 3600 + hours * 3600
    streams = Streams.drawn(rates, begin, LOOKBACK * 3600 + longest)
    with Feed(clock.now, streams, limit=PER_WINDOW) as feed:
        feed.token_seconds = LASTING_TOKEN
        for name, _ in rates:
            feed.add_subreddit(name, bot_permissions=["posts", "mail"])

        feed.before = lambda _request: clock.sleep(latency)
        config = Config.model_validate(
            {
                "reddit": {**feed.login, "contact": "somebody", "lookback_hours": LOOKBACK},
                "subreddits": {name: {} for name, _ in rates},
                "storage": {"path": folder / "data", "rules": write_rules(folder / "rules")},
            }
        )
        outside = Outside(reddit_url=feed.url, oauth_url=feed.url)
        with assembled(config, Quiet(), parts=Parts(outside=outside), clock=clock) as pipeline:
            return _measure(pipeline, clock, feed, streams, hours, (subreddits, a_day), say)


def _measure(
    pipeline: Pipeline,
    clock: ManualClock,
    feed: Feed,
    streams: Streams,
    hours: float,
    what: tuple[int, int],
    say: Say,
) -> Watched:
    lane, store = _Lane(pipeline, clock), pipeline.deps.store

    def all_begun() -> bool:
        """Whether every subreddit was read once, and what stood in its modmail and reports before is known."""
        read = [place for place in store.watched.places() if place.state == "watching"]
        return all(len(some) >= what[0] for some in (read, *(store.orders.starts(way) for way in (MAIL, REPORTS))))

    while not all_begun() and clock.monotonic() < MOST_BEGINNING:
        lane.step()
    begun = clock.monotonic()
    lane.until(begun + 600)  # what the beginning left behind is done
    say("measuring")
    start, asked, things = clock.now().timestamp(), len(feed.log), feed.things
    worked = time.process_time()
    lane.until(clock.monotonic() + hours * 3600)
    worked = time.process_time() - worked
    end = clock.now().timestamp()
    counts = Counter(_what(request) for request in feed.log[asked:])
    mine = {number: at for number, at in streams.posted.items() if start <= at < end}
    delays = sorted(feed.shown[number] - at for number, at in mine.items() if number in feed.shown)
    grace = min(LATE, hours * 1800)
    missed = [number for number, at in mine.items() if at < end - grace and number not in feed.shown]
    for number, name in streams.linked():
        if number in mine and number in feed.shown:
            assert store.links.post(name) is not None, f"{name} was shown and is not stored"
    minutes = (end - start) / 60
    return Watched(
        subreddits=what[0],
        a_day=what[1],
        median=delays[len(delays) // 2] if delays else 0.0,
        slowest=delays[int(0.99 * len(delays))] if delays else 0.0,
        missed=len(missed),
        posted=len(mine),
        lost=len(store.watched.losses(START)),
        begun=begun,
        requests={name: counts[name] / minutes for name, _ in WHAT if counts[name]},
        again=(feed.things - things) / max(1, len(delays)),
        processor=worked / (end - start),
    )


def _what(request: Request) -> str:
    return next(name for name, pattern in WHAT if re.search(pattern, request.path))


class _Lane:
    """The daemon's steps that ask Reddit, one after the other, each as often as it is due."""

    def __init__(self, pipeline: Pipeline, clock: ManualClock) -> None:
        config = pipeline.deps.config
        self._clock = clock
        steps: tuple[tuple[Callable[[], object], float], ...] = (
            (pipeline.watch, config.reddit.poll_seconds),
            (pipeline.follow, FOLLOW_SECONDS),
            (lambda: pipeline.obey(wait=False), config.orders.poll_seconds),
            (pipeline.forget, FORGET_MINUTES * 60),
        )
        self._due = [(clock.monotonic(), place, step, every) for place, (step, every) in enumerate(steps)]

    def step(self) -> None:
        """Do what is due next, waiting for it."""
        due, place, step, every = min(self._due, key=lambda one: one[:2])
        self._clock.sleep(max(0.0, due - self._clock.monotonic()))
        self._due[place] = (self._clock.monotonic() + every, place, step, every)
        step()

    def until(self, moment: float) -> None:
        """Do what is due until then."""
        while self._clock.monotonic() < moment:
            self.step()
