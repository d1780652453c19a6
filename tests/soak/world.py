"""The world of the soak: people post, comment and delete without end, and what must come of it is written down."""

from __future__ import annotations

import random
import re
from collections import Counter, deque
from collections.abc import ItemsView
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from bot.loopback.smtp import Fault, Received, SmtpSink
from bot.loopback.stage import Stage
from bot.samples import media

FAKES, STILLS, CLIPS = 60, 120, 30
AUTHORS = 900  # for each 2,500 posts a day
PER_DAY = 2500  # posts
SHOWN_DAYS, SHOWN = 3, 30_000  # how far back listings go at most, and how many things; Reddit's end after a thousand
MODES = {"clips": ("enforce", 0.5), "gifs": ("report", 0.3), "quiet": ("observe", 0.2)}  # and the share of the posts
TAKEN_DOWN_HOURS = (3, 90)  # from a notice to what its host does
HEEDLESS = 0.1  # of the notices, which their host never heeds
WATCH = re.compile(r"redgifs\.com/watch/([a-z]+)")


class Kind(StrEnum):
    """What somebody posts."""

    TALK = "talk"
    ELSEWHERE = "elsewhere"
    PICTURE = "picture"
    CLIP = "clip"
    NEW = "new"  # a picture that nobody posted before
    COMMENT = "comment"  # with a link to a picture
    EXACT = "exact"
    NEAR = "near"
    COMMENTED = "commented"  # a comment with a link to a fake
    DELETED = "deleted"  # a fake, which its author deletes the same hour


SHARES = {
    Kind.TALK: 0.5, Kind.ELSEWHERE: 0.18, Kind.PICTURE: 0.17, Kind.CLIP: 0.04, Kind.NEW: 0.01, Kind.COMMENT: 0.05,
    Kind.EXACT: 0.02, Kind.NEAR: 0.02, Kind.COMMENTED: 0.005, Kind.DELETED: 0.005,
}  # fmt: skip
FAKED = frozenset({Kind.EXACT, Kind.NEAR, Kind.COMMENTED})


@dataclass(frozen=True, slots=True)
class Size:
    """How large the world is: posts a day, and how many subreddits of each mode share them evenly."""

    per_day: int = PER_DAY
    of_each_mode: int = 1

    @property
    def places(self) -> dict[str, tuple[str, float]]:
        """Mode and share of the posts by subreddit, e.g. `clips`, `clips2`."""
        numbers = range(1, self.of_each_mode + 1)
        return {
            f"{name}{number if number > 1 else ''}": (mode, share / self.of_each_mode)
            for number in numbers
            for name, (mode, share) in MODES.items()
        }

    @property
    def busier(self) -> int:
        """How many times as many posts there are as in three subreddits, at least 1."""
        return max(1, self.per_day // PER_DAY)


@dataclass(frozen=True, slots=True)
class Posted:
    """Something that was posted, and when, in seconds since the start."""

    kind: Kind
    place: str
    at: float
    in_trouble: bool  # while a fault was on


class Recent(dict[str, dict[str, Any]]):
    """The things of a Reddit, of which listings find only the recent ones: to look through all takes ever longer."""

    def __init__(self) -> None:
        super().__init__()
        self._recent: dict[str, dict[str, Any]] = {}

    def __setitem__(self, name: str, thing: dict[str, Any]) -> None:
        super().__setitem__(name, thing)
        self._recent[name] = thing

    def items(self) -> ItemsView[str, dict[str, Any]]:  # type: ignore[override]  # of another dictionary
        """Return the recent things by name."""
        return self._recent.items()

    def settle(self, before: float) -> None:
        """Leave out of listings what was created before that moment (Unix time); by its name it is found still."""
        for name in [name for name, thing in self._recent.items() if thing["created_utc"] < before]:
            del self._recent[name]


class Sink(SmtpSink):
    """A mail server that can be down."""

    down = False

    def due(self, at: str) -> Fault | None:
        """Return what goes wrong at a step."""
        if self.down and at == "connect":
            return Fault(at="connect", code=421, text="try again later")
        return super().due(at)


@dataclass
class World:
    """Lets people post, and keeps the ledger."""

    stage: Stage
    seed: int
    size: Size = Size()
    posted: dict[str, Posted] = field(default_factory=dict)
    taken_down: set[str] = field(default_factory=set)
    things: Recent = field(default_factory=Recent)
    requests: Counter[str] = field(default_factory=Counter)  # by host
    _number: int = 0
    _known: dict[Kind, deque[str]] = field(default_factory=dict)
    _to_take_down: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._known = {kind: deque(maxlen=40) for kind in Kind}
        places = self.size.places
        self._places, self._shares = list(places), [share for _, share in places.values()]
        self.stage.reddit.world.things = self.things
        self.stage.mail.heard = self._heard

    @cached_property
    def fakes(self) -> list[bytes]:
        """What the bank knows."""
        return [media.clip(2000 + number, seconds=1, width=320, height=180) for number in range(FAKES)]

    @cached_property
    def _copies(self) -> list[bytes]:
        return [media.reencode(fake, crf=30, width=256, height=144) for fake in self.fakes]

    @cached_property
    def _stills(self) -> list[bytes]:
        return [media.still(3000 + number, width=160, height=120) for number in range(STILLS)]

    @cached_property
    def _clips(self) -> list[bytes]:
        return [media.clip(4000 + number, seconds=1, width=160, height=120) for number in range(CLIPS)]

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self.stage.clock.monotonic()

    def post(self, *, in_trouble: bool) -> None:
        """Let somebody post something."""
        kind = self._random.choices(tuple(SHARES), tuple(SHARES.values()))[0]
        place = self._random.choices(self._places, self._shares)[0]
        self._number += 1
        author = f"user{self._random.randrange(AUTHORS * self.size.busier)}"
        if kind in (Kind.COMMENT, Kind.COMMENTED):
            name = self._comment(kind, place, author)
        else:
            url = self._link(kind)
            text = "" if url else "What do you think?"
            name = self.stage.reddit.submit(
                place, author=author, title=f"{kind} {self._number}", url=url, selftext=text,
                created=self.stage.clock.now(),
            )  # fmt: skip
        self.posted[name] = Posted(kind, place, self.now, in_trouble)

    def hour_ends(self) -> None:
        """Let authors delete, hosts take down, and listings end."""
        reddit = self.stage.reddit
        for name in list(self.things.items())[-400 * self.size.busier :]:
            told = self.posted.get(name[0])
            if told is not None and told.kind is Kind.DELETED and self.now - told.at < 7200:
                reddit.delete(name[0])
        due = [id for at, id in self._to_take_down if at <= self.now]
        self._to_take_down = [(at, id) for at, id in self._to_take_down if at > self.now]
        for id in due:
            self.stage.park.gone("redgifs", id)
            self.taken_down.add(id)
        days = min(SHOWN_DAYS, SHOWN / self.size.per_day)
        self.things.settle(self.stage.clock.now().timestamp() - days * 86_400)
        for request in self.stage.park.forget():
            self.requests[request.host] += 1
        self.requests["reddit"] += len(reddit.forget())

    def _comment(self, kind: Kind, place: str, author: str) -> str:
        above = next((name for name, told in reversed(self.posted.items()) if told.place == place), None)
        if above is None or above.startswith("t1_"):
            above = self.stage.reddit.submit(place, author=author, title="Share your loops", selftext="Here")
            self.posted[above] = Posted(Kind.TALK, place, self.now, in_trouble=False)
        link = self._link(Kind.EXACT if kind is Kind.COMMENTED else Kind.PICTURE)
        return self.stage.reddit.comment(above, author=author, body=f"look at [this]({link})", created=None)

    def _link(self, kind: Kind) -> str | None:
        """Return a link of that kind: a new one, or for every other post one that was posted before."""
        if kind is Kind.TALK:
            return None
        if kind is Kind.ELSEWHERE:
            return f"https://news.example.org/{self._number}"
        known = self._known[kind]
        if known and kind is not Kind.NEW and self._random.random() < 0.4:
            link = self._random.choice(known)
            if not (self.taken_down and set(WATCH.findall(link)) & self.taken_down):
                return link
        link = self._upload(kind)
        known.append(link)
        return link

    def _upload(self, kind: Kind) -> str:
        park, letters = self.stage.park, "".join("abcdefghij"[int(digit)] for digit in str(self._number))
        if kind in (Kind.PICTURE, Kind.COMMENT):
            return park.add_reddit_image(
                f"x{self._random.getrandbits(40):010x}y{self._number}", self._chosen(self._stills)
            )
        if kind is Kind.NEW:
            data = media.still(10_000 + self._number, width=160, height=120)
            return park.add_reddit_image(f"n{self._random.getrandbits(40):010x}y{self._number}", data)
        if kind is Kind.CLIP:
            return park.add_redgifs(f"Calm{letters}", hd=self._chosen(self._clips))
        if kind is Kind.NEAR:
            return park.add_redgifs(f"Near{letters}", hd=self._chosen(self._copies))
        return park.add_redgifs(f"Fake{letters}", hd=self._chosen(self.fakes))

    def _chosen(self, files: list[bytes]) -> bytes:
        return self._random.choice(files)

    def _heard(self, mail: Received) -> None:
        """Let the host take down what a notice names, some time later, or never."""
        body = mail.message.get_body()
        ids = sorted(set(WATCH.findall(body.get_content() if body is not None else "")))
        if self._random.random() >= HEEDLESS:
            hours = self._random.uniform(*TAKEN_DOWN_HOURS)
            self._to_take_down += [(self.now + hours * 3600, id) for id in ids]
