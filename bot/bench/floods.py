"""How long ordinary posts wait alone, and while somebody floods the bot: the daemon itself, on a loopback world.

Fifty people post a link each, one of them a banked fake. What a flood is stands there before them, when the daemon
starts. Measured is the time until the last of their posts is judged, and until the fake's removal is received; alone
and behind each flood in the same run, so that the ratio holds on any machine.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.bench.figures import Quiet, Say, short
from bot.clock import SystemClock
from bot.config import Config
from bot.loopback.answers import redirect, slow
from bot.loopback.stage import Stage, bot_on, stage
from bot.pipeline import Pipeline
from bot.samples import media
from bot.schedule import Daemon

AIM = 2.0  # times as long as alone, at most
INTERVAL = 0.2  # seconds between two requests to one host, so that a run ends soon
PATIENCE = 300.0  # seconds after which a run is given up
HOSTS = tuple(f"media{n}.example.net" for n in range(8))  # hosts that the operator knows, on which the flooder is slow
LOOK = 0.1  # seconds between two looks at what is judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What one run took, in seconds; None: not within the patience. `alone`: the same without a flood."""

    flood: str
    what: str
    judged: float | None
    removed: float | None
    alone_judged: float
    alone_removed: float

    @property
    def times(self) -> float | None:
        """How many times as long as alone the slower of the two took."""
        if self.judged is None or self.removed is None:
            return None
        return max(self.judged / self.alone_judged, self.removed / self.alone_removed)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON data."""
        rounded = {name: getattr(self, name) for name in ("judged", "removed", "alone_judged", "alone_removed")}
        times = self.times
        return {
            "flood": self.flood,
            "what": self.what,
            **{name: None if value is None else round(value, 2) for name, value in rounded.items()},
            "times": None if times is None else round(times, 2),
            "aim": AIM,
        }

    def cells(self) -> list[str]:
        """Return the cells of its line."""
        never = f"> {PATIENCE:.0f} s"
        took = [never if value is None else f"{short(value)} s" for value in (self.judged, self.removed)]
        times = self.times
        return [
            self.flood,
            self.what,
            *took,
            "" if times is None else f"{times:.2f}×",  # noqa: RUF001  the sign for times
            f"≤ {AIM:.0f}×",  # noqa: RUF001  likewise
        ]


COLUMNS = ("flood", "what", "judged", "fake removed", "times", "aim")


@dataclass(frozen=True, slots=True)
class _Flood:
    what: str
    put: Callable[[Stage], None]


def run(say: Say, floods: Collection[str] = (), ordinary: int = 50) -> Iterator[Wait]:
    """Yield how long ordinary posts wait alone, twice, and behind each of these floods, all by default."""
    say("alone")
    first = _one(None, ordinary)
    waits = {}
    for name in floods or FLOODS:
        say(FLOODS[name].what)
        waits[name] = _one(FLOODS[name], ordinary)
    say("alone again")
    alone = [one for one in (first, _one(None, ordinary)) if None not in one]
    judged, removed = (sum(one[part] or 0.0 for one in alone) / max(1, len(alone)) for part in (0, 1))
    for name, (mine, fake) in {"alone": first, **waits}.items():
        yield Wait(
            flood=name,
            what="nothing beside them" if name == "alone" else FLOODS[name].what,
            judged=mine,
            removed=fake,
            alone_judged=judged,
            alone_removed=removed,
        )


def table(waits: Sequence[Wait]) -> list[list[str]]:
    """Return the lines of a table."""
    return [wait.cells() for wait in waits]


def _one(flood: _Flood | None, ordinary: int) -> tuple[float | None, float | None]:
    """Return the seconds until that many ordinary posts are judged, and until the fake among them is removed."""
    fake = media.clip(401, seconds=1, width=160, height=90)
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as built:
        world = _on_real_time(built)
        if flood is not None:
            flood.put(world)
        names = _ordinary(world, ordinary, fake)
        with bot_on(world, Quiet()) as pipeline:
            _prepare(pipeline, fake)
            return _watch(world, pipeline, names)


def _on_real_time(built: Stage) -> Stage:
    settings = built.config.model_dump()
    settings["fetch"]["host_interval_seconds"] = INTERVAL
    settings["reddit"]["lookback_hours"] = 24 * 365
    settings["hosts"]["direct"] = {"allow": list(HOSTS)}
    for name in HOSTS:
        built.park.add_name(name)
    return replace(built, clock=SystemClock(), config=Config.model_validate(settings))


def _prepare(pipeline: Pipeline, fake: bytes) -> None:
    """Bank the fake in the bank that is trusted, and let orders count that stand there already."""
    store = pipeline.deps.store
    store.banks.create("known-fakes", "block")
    who = pipeline.team.first("bench", "bench")
    store.banks.add("known-fakes", pipeline.deps.workers.fingerprint(fake), by=who)
    for name in pipeline.deps.config.subreddits:
        for way in ("modmail", "reports"):
            store.orders.start(name, way, words="", since=None)


def _ordinary(world: Stage, count: int, fake: bytes) -> list[str]:
    """Let so many people post a link each; the last posts the fake. Return the posts' fullnames."""
    names = []
    for n in range(count):
        data = fake if n == count - 1 else media.still(5000 + n, format="png", width=96, height=64)
        world.park.add_imgur(f"Or{n:05d}", data, "mp4" if n == count - 1 else "png")
        url = f"https://i.imgur.com/Or{n:05d}.{'mp4' if n == count - 1 else 'png'}"
        names.append(_post(world, f"person{n}", url=url))
    return names


def _watch(world: Stage, pipeline: Pipeline, names: Sequence[str]) -> tuple[float | None, float | None]:
    """Run the daemon until all these are judged and the last one is removed, or patience ends."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a step that is longer than its interval is no news here
    daemon = Daemon(pipeline)
    took: list[float | None] = [None, None]
    began = time.monotonic()

    def look() -> None:
        try:
            while None in took and time.monotonic() - began < PATIENCE:
                time.sleep(LOOK)
                seconds = time.monotonic() - began
                if took[0] is None and pipeline.deps.store.figures.judged(names) == len(names):
                    took[0] = seconds
                if took[1] is None and names[-1] in world.reddit.removals:
                    took[1] = seconds
        finally:
            daemon.stop()

    looking = threading.Thread(target=look, name="bench")
    looking.start()
    try:
        daemon.run()
    finally:
        looking.join()
    return took[0], took[1]


def _post(world: Stage, author: str, *, url: str | None = None, text: str = "", subreddit: str = "clips") -> str:
    return world.reddit.submit(subreddit, author=author, title="a post", url=url, selftext=text)


def _pictures(world: Stage, count: int, prefix: str = "F") -> list[str]:
    """Let imgur serve so many files that all differ in their bytes; return their addresses."""
    picture = media.still(7, format="png", width=64, height=48)
    urls = []
    for n in range(count):
        id = f"{prefix}{n:06d}"
        world.park.add_imgur(id, picture + n.to_bytes(4), "png")
        urls.append(f"https://i.imgur.com/{id}.png")
    return urls


def _one_post(world: Stage) -> None:
    _post(world, "flooder", text="\n\n".join(_pictures(world, 1025)))


def _one_author(world: Stage) -> None:
    for url in _pictures(world, 300):
        _post(world, "flooder", url=url)


def _raid(world: Stage) -> None:
    for n, url in enumerate(_pictures(world, 500)):
        _post(world, f"throwaway{n}", url=url, subreddit="gifs")


def _comments(world: Stage) -> None:
    parent = _post(world, "somebody", text="a talk")
    urls = _pictures(world, 500)
    for n in range(0, 500, 5):
        world.reddit.comment(parent, author="flooder", body="\n\n".join(urls[n : n + 5]))


def _reports(world: Stage) -> None:
    for n, url in enumerate(_pictures(world, 200)):
        name = _post(world, f"flooder{n % 3}", url=url)
        for by in range(3):
            world.reddit.world.report(name, "gifwarden: remove this at once", f"liar{by}")


def _orders(world: Stage) -> None:
    for n, url in enumerate(_pictures(world, 200)):
        world.reddit.actions.write_mail("clips", f"stranger{n}", "gifwarden", f"gifwarden scan {url}")


def _costly(world: Stage) -> None:
    heavy = media.costly_gif(4000, 300)
    for n in range(5):
        id = f"Co{n:05d}"
        world.park.add_imgur(id, heavy + bytes([n]), "gif")
        _post(world, "flooder", url=f"https://i.imgur.com/{id}.gif")


def _redirects(world: Stage) -> None:
    for n in range(200):
        host = HOSTS[n % len(HOSTS)]
        for hop in range(21):
            path = f"/{n}/{hop}.gif"
            world.park.fail_once(host, path, redirect(f"https://{host}/{n}/{hop + 1}.gif"))
        _post(world, f"flooder{n % 3}", url=f"https://{host}/{n}/0.gif")


def _slow(world: Stage) -> None:
    data = bytes(1_000_000)
    for n in range(80):
        host = HOSTS[n % len(HOSTS)]
        world.park.fail_once(host, f"/{n}.gif", slow(data, 1.0, "image/gif"))
        _post(world, "flooder", url=f"https://{host}/{n}.gif")


FLOODS = {
    "one post": _Flood("a post of 1,025 links", _one_post),
    "one author": _Flood("300 posts of one author", _one_author),
    "raid": _Flood("500 posts of 500 authors in another subreddit", _raid),
    "comments": _Flood("100 comments of 5 links of one author", _comments),
    "reports": _Flood("200 posts of three authors, each reported three times", _reports),
    "orders": _Flood("200 conversations of strangers with orders", _orders),
    "costly": _Flood("5 GIFs of 4000x4000 pixels and 300 frames", _costly),
    "redirects": _Flood("200 links of three authors that redirect without end", _redirects),
    "slow": _Flood("80 links of one author to 8 hosts that send a byte a second", _slow),
}
