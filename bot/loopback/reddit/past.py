"""A subreddit's past on the loopback Reddit: what moderators, AutoModerator, Reddit and authors took down, and why."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.loopback.hosts import HostPark
from bot.loopback.reddit.api import LOG_REACH
from bot.loopback.reddit.listings import DEEPEST
from bot.loopback.reddit.server import RedditServer

FAKE, NOTE, FLAIR, RULE = "Deepfake or AI porn", "ai fake of an actress", "Removed: fake", "Rule 12: no deepfakes"
MACHINE_RULE = "deepfake words in the title"
OTHERS = ("Spam", "Low effort", "Rule 3: Off-topic")
AGES = (
    "Sexualization of minors", "possibly underage", "looks 16", "Minderjährige", "semble mineure",
    "parece menor de edad", "teen", "loli", "csam", "jailbait",
)  # fmt: skip
MODERATORS = ("head_moderator", "second_moderator", "third_moderator")
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Plan:
    """What was played, and what must come of it if fakes are named by reason, note, flair and rule."""

    kinds: Counter[str] = field(default_factory=Counter)  # how many removals of each kind
    kind_of: dict[str, str] = field(default_factory=dict)  # by fullname
    groups: dict[str, set[str]] = field(default_factory=dict)  # media → posts of it that must be proposed together
    known: set[str] = field(default_factory=set)  # posts of media that a bank has
    allowed: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)  # named posts whose media are gone
    at: dict[str, datetime] = field(default_factory=dict)  # when each was posted and removed
    shown: set[str] = field(default_factory=set)  # what the log, or the list of removed posts, still tells
    forbidden: set[str] = field(default_factory=set)  # parts of paths that no host may be asked for


class Past:
    """Plays removals. `at` is the moment of each; the log has its own reach."""

    def __init__(self, reddit: RedditServer, park: HostPark, subreddit: str = "clips") -> None:
        self.reddit = reddit
        self._park = park
        self.subreddit = subreddit
        self.plan = Plan()
        self._numbers = 0
        self._reasons: dict[str, str] = {}
        for name in MODERATORS:
            reddit.world.subreddits[subreddit].moderators.setdefault(name, ["all"])

    @contextlib.contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let the world's clock stand at a moment of the past meanwhile."""
        world = self.reddit.world
        with world.lock:
            now, world.now = world.now, lambda: moment
            try:
                yield
            finally:
                world.now = now

    def post(self, kind: str, url: str | None, *, title: str = "look", comment: bool = False) -> str:
        """Post something that will be removed; return its fullname."""
        reddit, number = self.reddit, self._numbers
        self._numbers += 1
        if comment:
            parent = reddit.submit(self.subreddit, author="op", title="thread", selftext="talk")
            name = reddit.comment(parent, author=f"poster_{number}", body=f"see [this]({url})")
        else:
            name = reddit.submit(self.subreddit, author=f"poster_{number}", title=title, url=url)
        self.plan.kinds[kind] += 1
        self.plan.kind_of[name] = kind
        self.plan.at[name] = reddit.world.now()
        return name

    def removed(self, name: str, *, by: str | None = None, reason: str = "", note: str = "", flair: str = "") -> None:
        """Remove a post as a moderator does, with a reason from the list, a note or a flair."""
        moderator = by or MODERATORS[self._numbers % len(MODERATORS)]
        actions = self.reddit.actions
        self.reddit.moderator_removes(name, moderator)
        if reason or note:
            if reason and reason not in self._reasons:
                self._reasons[reason] = actions.add_reason(self.subreddit, reason)
            actions.explain(name, moderator, reason=self._reasons.get(reason), note=note or None)
        if flair and name.startswith("t3_"):
            actions.flair(name, moderator, text=flair)

    def id(self, kind: str) -> str:
        """Return a new id of a clip or picture, of letters only."""
        self._numbers += 1
        number, text = self._numbers, ""
        while number:
            number, digit = divmod(number, 26)
            text += ALPHABET[digit]
        return f"{kind.split()[0].capitalize()}{text.capitalize()}Past"

    def hosted(self, kind: str, data: bytes, *, picture: bool = True) -> str:
        """Put a file on a host under a name of its own; return its link."""
        if picture:
            return self._park.add_reddit_image(f"x{self.id(kind).lower()}", data)
        return self._park.add_redgifs(self.id(kind), hd=data)

    def gone(self, kind: str) -> str:
        """Return the link of a file that its host has no more."""
        id = f"x{self.id(kind).lower()}"
        self._park.gone("reddit", id)
        return f"https://i.redd.it/{id}.jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Files to play with: of each fake the file and a near copy of it, and what nobody should propose."""

    fakes: Sequence[tuple[bytes, bytes]]
    known: bytes
    allowed: bytes
    innocent: bytes
    aged: bytes


SHARES: Mapping[str, float] = {
    "fake": 0.2, "fake gone": 0.26, "other": 0.2, "reddit": 0.08, "filter": 0.02, "deleted": 0.05, "age": 0.05,
    "automoderator": 0.04, "approved": 0.03, "known": 0.02, "allowed": 0.01, "ours": 0.01, "text": 0.02, "silent": 0.01,
}  # fmt: skip


def play(past: Past, media: Media, *, removals: int, now: datetime, seed: int = 5) -> Plan:
    """Play so many removals over a hundred days, the oldest first; return what must come of them."""
    chance, plan = random.Random(seed), past.plan  # noqa: S311  a script, not a secret
    kinds = [kind for kind, share in SHARES.items() for _ in range(max(1, round(removals * share)))]
    kinds += ["fake gone"] * (removals - len(kinds))
    kinds = kinds[:removals]
    chance.shuffle(kinds)
    step = timedelta(days=100) / removals
    for number, kind in enumerate(kinds):
        with past.at(now - timedelta(days=100) + step * number):
            _one(past, media, kind, chance)
    _trap(past, media, now)
    listed = set(past.reddit.world.queued([past.subreddit], "spam")[:DEEPEST])
    plan.shown = {name for name, moment in plan.at.items() if moment >= now - LOG_REACH or name in listed}
    return plan


def _said(past: Past, name: str, chance: random.Random) -> None:
    """Say of a fake why it was removed, in one of the ways in which moderators do."""
    way = chance.randrange(5)
    if way == 1:
        past.removed(name, note=NOTE)
    elif way == 2 and name.startswith("t3_"):
        past.removed(name, flair=FLAIR)
    elif way == 3 and name.startswith("t3_"):
        past.reddit.world.report(name, RULE, MODERATORS[0])
        past.removed(name)
    else:
        past.removed(name, reason=FAKE, note="by u/some_poster again" if way == 4 else "")


def _one(past: Past, media: Media, kind: str, chance: random.Random) -> None:
    plan = past.plan
    match kind:
        case "fake":
            place = min(int(chance.expovariate(3.0 / len(media.fakes))), len(media.fakes) - 1)
            data = media.fakes[place][chance.random() < 0.3]
            name = past.post(kind, past.hosted(kind, data), comment=chance.random() < 0.1)
            _said(past, name, chance)
            plan.groups.setdefault(f"fake {place}", set()).add(name)
        case "fake gone":
            name = past.post(kind, past.gone(kind))
            _said(past, name, chance)
            plan.gone.add(name)
        case "known" | "allowed":
            data = media.known if kind == "known" else media.allowed
            name = past.post(kind, past.hosted(kind, data))
            past.removed(name, reason=FAKE)
            (plan.known if kind == "known" else plan.allowed).add(name)
        case "text":
            past.removed(past.post(kind, None), reason=FAKE)
        case _:
            _left_out(past, media, kind, chance)


def _left_out(past: Past, media: Media, kind: str, chance: random.Random) -> None:
    """Play what must not be learnt from, and note which files no host may be asked for."""
    reddit = past.reddit
    data = media.aged if kind == "age" else media.innocent
    url = past.hosted(kind.split()[0], data)
    name = past.post(kind, url, comment=kind in ("other", "age") and chance.random() < 0.1)
    past.plan.forbidden.add(url.rpartition("/")[2])
    match kind:
        case "other":
            past.removed(name, reason=chance.choice(OTHERS), flair=chance.choice(("", "Meta")))
        case "reddit":
            if chance.random() < 0.5:
                past.removed(name, reason=FAKE)
            reddit.actions.staff_removes(name)
        case "filter":
            reddit.actions.filter_as_spam(name, chance.choice((True, "reddit")))
        case "deleted":
            past.removed(name, reason=FAKE)
            reddit.delete(name)
        case "age":
            words = chance.choice(AGES)
            if chance.random() < 0.5:
                past.removed(name, reason=words)
            else:
                past.removed(name, reason=FAKE, note=words)
        case "automoderator":
            reddit.actions.automoderator(name, rule=MACHINE_RULE)
        case "approved":
            past.removed(name, reason=FAKE)
            reddit.moderator_approves(name, MODERATORS[1])
        case "ours":
            past.removed(name, by=reddit.username, reason=FAKE)
        case "silent":
            past.removed(name)


def _trap(past: Past, media: Media, now: datetime) -> None:
    """Let one file be removed twice: as a fake by one moderator, as something with a child by another."""
    url = past.hosted("trap", media.aged)
    past.plan.forbidden.add(url.rpartition("/")[2])
    for hours, note in ((30, ""), (20, "she is a minor")):
        with past.at(now - timedelta(hours=hours)):
            past.removed(past.post("trap", url), reason=FAKE, note=note)
