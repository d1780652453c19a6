"""A queue that grows for an hour, on a clock that runs faster: how long it takes to drain, and what memory does.

    python -m tests.benchmarks.queue_drains [--minutes 60] [--speed 60] [--rate 90]

For `--minutes` more links arrive than the hosts' pace allows (one request a second and host); one host of three asks
for fewer requests now and then. Then nothing arrives any more. Printed are the queue's length and this process's memory
over time, both by the fast clock, and what became of the links.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.loopback.http import Response
from bot.loopback.stage import Stage, stage
from bot.model import Link, LinkState, Post
from bot.pipeline import Pipeline
from bot.samples import media
from tests.bots import bot_on
from tests.killing import Silent

STEP = 60.0  # seconds of the fast clock between two looks
BUSY = (LinkState.SEEN, LinkState.FAILED, LinkState.ACQUIRED, LinkState.MATCHED)


class FastClock:
    """The machine's clock, so many times as fast; `sleep` waits that much less."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._start = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
        self._began = time.monotonic()

    def monotonic(self) -> float:
        """Return seconds of this clock."""
        return (time.monotonic() - self._began) * self._speed

    def now(self) -> datetime:
        """Return the moment of this clock."""
        return self._start + timedelta(seconds=self.monotonic())

    def sleep(self, seconds: float) -> None:
        """Wait for seconds of this clock."""
        time.sleep(max(0.0, seconds) / self._speed)


@dataclass(slots=True)
class Story:
    """What happened: (minute, links waiting, resident MiB) at each look."""

    looks: list[tuple[float, int, float]] = field(default_factory=list)
    states: Counter[LinkState] = field(default_factory=Counter)
    arrived: int = 0

    @property
    def longest(self) -> int:
        """The longest that the queue was."""
        return max(waiting for _, waiting, _ in self.looks)


def resident() -> float:
    """Return this process's resident memory in MiB; the decoding children are apart and have limits of their own."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def run(minutes: float, speed: float, rate: int, *, patience: float = 600) -> Story:
    """Let `rate` links a minute arrive for that long, then none; end when the queue is empty or patience is over.

    `patience` is in seconds of real time.
    """
    story = Story()
    picture = media.still(940, format="png", width=64, height=48) + bytes(500_000)
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as world:
        clock = FastClock(speed)
        world = Stage(clock=clock, reddit=world.reddit, park=world.park, mail=world.mail, config=world.config)
        with bot_on(world, Silent()) as bot:
            bot.deps.workers.fingerprint(picture)
            end, began = time.monotonic() + patience, clock.monotonic()
            while time.monotonic() < end:
                minute = (clock.monotonic() - began) / 60
                while story.arrived < rate * min(minute, minutes):
                    _arrive(world, bot, story.arrived, picture, clock.now())
                    story.arrived += 1
                turn = clock.monotonic() + STEP
                bot.work(lambda until=turn: clock.monotonic() < until)  # type: ignore[misc]  # bound early on purpose
                waiting = sum(n for state, n in _states(bot).items() if state in BUSY)
                story.looks.append((minute, waiting, resident()))
                if minute > minutes and not waiting:
                    break
                if not bot.downloads.waiting():
                    clock.sleep(5)
            story.states = _states(bot)
    return story


def _arrive(world: Stage, bot: Pipeline, number: int, picture: bytes, now: datetime) -> None:
    park, name = world.park, f"n{number:06d}"
    url = (
        park.add_reddit_image(name, picture, "png"),
        f"https://i.imgur.com/N{number:06d}.png",
        "https://media.example.net/" + name + ".png",
    )[number % 3]
    if number % 3 == 1:
        park.add_imgur(f"N{number:06d}", picture, "png")
    if number % 3 == 2:
        park.add_direct("media.example.net", f"/{name}.png", picture, "image/png")
    if number % 300 == 0:
        park.fail_once("i.redd.it", f"/{name}.png", Response(status=429, headers={"Retry-After": "90"}))
    host = ("reddit", "imgur", "direct")[number % 3]
    id = (name, f"N{number:06d}", None)[number % 3]
    post = Post(fullname=f"t3_{number}", subreddit="quiet", permalink="/", created=now)
    link = Link(url=url, host=host, id=id, kind="media", source="url", post=post.fullname)
    bot.deps.store.links.add([(post, [link])])


def _states(bot: Pipeline) -> Counter[LinkState]:
    return Counter({LinkState(state): n for state, n in bot.deps.store.maintenance.counts()["links"].items()})


def main() -> None:
    """Be the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.queue_drains", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--speed", type=float, default=60)
    parser.add_argument("--rate", type=int, default=90)
    wanted = parser.parse_args()
    story = run(wanted.minutes, wanted.speed, wanted.rate)
    print("minute  waiting  resident MiB")
    for minute, waiting, memory in story.looks[:: max(1, len(story.looks) // 24)] + story.looks[-1:]:
        print(f"{minute:6.0f} {waiting:8d} {memory:13.1f}")
    print(f"arrived {story.arrived}, longest queue {story.longest}, drained at minute {story.looks[-1][0]:.0f}")
    print(", ".join(f"{state} {count}" for state, count in sorted(story.states.items())))


if __name__ == "__main__":
    main()
