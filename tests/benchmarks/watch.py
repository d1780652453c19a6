"""How long watching takes: `python -m tests.benchmarks.watch [POSTS]`.

A loopback Reddit without delay, in a process and on a core of its own, shows POSTS (10,000) posts with links in ten
subreddits. The bot, on another core, reads, extracts and stores them in a database on disk. Its processor time is
given beside the clock's, because other work on the machine slows the clock only.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from bot import bundled
from bot.assemble import Outside, Parts, assembled
from bot.clock import ManualClock
from bot.config import Config
from bot.loopback.http import Request, Response
from bot.loopback.reddit.server import RedditServer
from bot.pipeline import Pipeline
from tests.killing import Silent

PLACES = 10
START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
PHASES = ("Reddit's answers, with PRAW", "posts and links out of JSON", "database")


class Prepared(RedditServer):
    """Answers each page the second time from memory, so that what is measured is the bot."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self._pages: dict[tuple[str, str], Response] = {}

    def _route(self, request: Request) -> Response:
        listed = request.method == "GET" and request.path.startswith("/r/") and self._authorised(request)
        key = (request.path, urlencode(sorted(request.query.items())))
        if listed and key in self._pages:
            return self._pages[key]
        response = super()._route(request)
        if listed and response.status == 200:
            self._pages[key] = response
        return response


def fill(server: RedditServer, posts: int) -> int:
    """Post through the last day in the shapes that occur; return how many links stand in them."""
    links = 0
    for place in range(PLACES):
        server.add_subreddit(f"place{place}")
    for number in range(posts):
        subreddit, kind = f"place{number % PLACES}", number % 5
        what: dict[str, Any] = {"url": f"https://www.redgifs.com/watch/bench{number}x"}
        links += 1
        if kind == 1:
            text = " ".join(f"[part {part}](https://imgur.com/a{number:05}{part})" for part in range(3))
            what = {"selftext": f"Some words before. {text} And some words after, as people write them. " * 2}
            links += 2
        elif kind == 2:
            items = [
                {"id": f"g{number:06}{part}", "status": "valid", "e": "Image", "m": "image/jpg",
                 "s": {"u": f"https://preview.redd.it/g{number:06}{part}.jpg?width=640&amp;s=aa", "x": 640, "y": 360}}
                for part in range(4)
            ]  # fmt: skip
            what = {"gallery": items}
            links += 3
        elif kind == 3:
            video = f"https://v.redd.it/v{number:012}"
            files = {"fallback_url": "DASH_360.mp4?source=fallback", "dash_url": "DASHPlaylist.mpd"}
            media = {"reddit_video": {key: f"{video}/{name}" for key, name in files.items()}}
            what = {"url": video, "media": media, "secure_media": media, "is_video": True}
        server.submit(
            subreddit,
            author=f"user{number % 700}",
            title=f"A title of usual length, number {number}",
            created=START - timedelta(seconds=(posts - number) * 80_000 / posts),
            over_18=True,
            preview={"images": [{"source": {"url": "https://external-preview.redd.it/x.jpg"}, "variants": {}}]},
            **what,
        )
    return links


def serve(pipe: Connection, posts: int, core: int) -> None:
    """Run the loopback Reddit until told to stop."""
    os.sched_setaffinity(0, {core})
    with Prepared(lambda: START) as server:
        links = fill(server, posts)
        pipe.send((server.port, links))
        pipe.recv()


@contextmanager
def timed(owner: Any, name: str, spent: dict[str, float], phase: str) -> Iterator[None]:
    """Add the processor time of a method to a phase."""
    inner = getattr(owner, name)

    def outer(*args: Any, **kwargs: Any) -> Any:
        begun = time.process_time()
        try:
            return inner(*args, **kwargs)
        finally:
            spent[phase] += time.process_time() - begun

    setattr(owner, name, outer)
    try:
        yield
    finally:
        delattr(owner, name)


def watch(pipeline: Pipeline) -> tuple[float, float, dict[str, float]]:
    """Watch once; return seconds by the clock and of the processor, and the latter by phase."""
    spent = dict.fromkeys(PHASES, 0.0)
    listings, links = pipeline.listings, pipeline.deps.store.links
    reading = type(pipeline.deps.api)
    plain = reading.listing

    def listing(self: Any, *args: Any, **kwargs: Any) -> Any:
        begun = time.process_time()
        try:
            return plain(self, *args, **kwargs)
        finally:
            spent[PHASES[0]] += time.process_time() - begun

    reading.listing = listing  # type: ignore[method-assign]  # for the length of a measurement
    try:
        with timed(listings, "read", spent, PHASES[1]), timed(links, "add", spent, PHASES[2]):
            begun, worked = time.perf_counter(), time.process_time()
            pipeline.watch()
            return time.perf_counter() - begun, time.process_time() - worked, spent
    finally:
        reading.listing = plain  # type: ignore[method-assign]


def measure(posts: int) -> dict[str, Any]:
    """Return what a run came to."""
    cores = sorted(os.sched_getaffinity(0))
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there, posts, cores[-1]))
    server.start()
    port, links = here.recv()
    os.sched_setaffinity(0, {cores[0]})
    try:
        with TemporaryDirectory() as warm, TemporaryDirectory() as folder:
            for place in (warm, folder):  # the first run only lets the server prepare its pages
                result = _one(Path(place), port)
    finally:
        here.send(None)
        server.join()
        os.sched_setaffinity(0, set(cores))
    return {**result, "links in them": links, "cores": len(cores)}


def _one(folder: Path, port: int) -> dict[str, Any]:
    (folder / "rules").mkdir()
    for file in bundled.rule_files():
        (folder / "rules" / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    config = Config.model_validate(
        {
            "reddit": {
                "client_id": "loopback-client", "client_secret": "loopback-secret", "username": "gifwarden_bot",
                "password": "correct horse", "contact": "somebody",
            },
            "subreddits": {f"place{place}": {} for place in range(PLACES)},
            "storage": {"path": folder / "data", "rules": folder / "rules"},
        }
    )  # fmt: skip
    outside = Outside(reddit_url=url, oauth_url=url)
    with assembled(config, Silent(), parts=Parts(outside=outside), clock=ManualClock(START)) as pipeline:
        seconds, processor, phases = watch(pipeline)
        counts = pipeline.deps.store.maintenance.counts()
        return {
            "posts": counts["posts"]["seen"],
            "links stored": sum(counts["links"].values()),
            "seconds": round(seconds, 1),
            "processor seconds": round(processor, 1),
            **{f"of them {name}": round(value, 1) for name, value in phases.items()},
        }


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for key, value in measure(wanted).items():
        print(f"{key:>40}  {value}")
