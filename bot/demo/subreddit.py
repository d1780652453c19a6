"""What the scripted week stands on: one subreddit in which people post, and a story told of it hour by hour."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from bot.loopback.stage import Stage
from bot.model import Actor
from bot.pipeline import Pipeline
from bot.samples import media

HOURS = 7 * 24
POSTS = 5000
PLACE = "clips"


class Subreddit:
    """A subreddit of a week: everyday posts, what must come of them, and words for what came."""

    def __init__(
        self,
        stage: Stage,
        pipeline: Pipeline,
        tell: Callable[[str, str], None] = lambda _time, _words: None,
        heading: Callable[[str], None] = lambda _words: None,
    ) -> None:
        self._s = stage
        self._p = pipeline
        self._tell = tell
        self._time = ""
        self._heading = heading
        self._then: list[Callable[[], str]] = []  # what is said once the bot has worked
        self._before: Counter[str] = Counter()  # what there was when the day began
        self._random = random.Random(7)  # noqa: S311  a script, not a secret
        self._fakes = [media.clip(700 + number, seconds=1, width=320, height=180) for number in range(4)]
        self._innocent = [media.still(800 + number, width=160, height=120) for number in range(24)]
        self.removed: Counter[str] = Counter()  # posts that must have been removed, each once
        self.approved: set[str] = set()  # posts that must have been given back
        self.untouched: dict[str, str] = {}  # posts at which nothing may have been done, and why
        self.wrong: list[str] = []  # what was not as it must be in the middle of the week
        self._posts: dict[str, str] = {}
        self._posted = 0

    def _say(self, words: str) -> None:
        self._tell(self._time, words)

    def told(self, number: int) -> None:
        """Say what the bot made of an hour, and at the end of a day how much there was."""
        for said in self._then:
            self._say(f"→ {said()}")
        self._then.clear()
        if number % 24 == 23:
            counts = Counter(posts=self._posted, removals=len(self._s.reddit.removals))
            counts["reports"] = len(self._s.reddit.reports)
            today = counts - self._before
            self._before = counts
            self._time = "24:00"
            self._say(
                f"that day: {today['posts']} posts; the bot removed {today['removals']} and reported "
                f"{today['reports']} to the moderators"
            )

    def _by(self, account: str) -> Actor:
        """Return a moderator, as Reddit confirms them."""
        return self._p.team.by_reddit(account, PLACE, ["all"])

    def _deed(self, name: str, otherwise: str) -> str:
        """Return what the bot did to a post: removed or reported it, or `otherwise`."""
        reddit = self._s.reddit
        if name in reddit.removals:
            return "the bot removed it"
        if any(post == name for post, _, _ in reddit.reports):
            return "the bot reported it to the moderators, and a case asks them"
        return f"the bot {otherwise}"

    def _removed_soon(self, name: str) -> None:
        """Say afterwards whether a post was removed, and whether its author was told."""

        def said() -> str:
            told = any(post == name for post, _, _ in self._s.reddit.received.messages)
            return self._deed(name, "has not removed it yet") + (" and wrote to its author" if told else "")

        self._then.append(said)

    def _of(self, names: list[str]) -> int:
        return len(set(names) & set(self._s.reddit.removals))

    def _back(self, names: list[str]) -> int:
        return len(set(names) & set(self._s.reddit.approvals))

    def _post(self, what: str, *, url: str | None = None, author: str = "some_poster", text: str = "") -> str:
        name = self._s.reddit.submit(
            PLACE, author=author, title=what, url=url, selftext=text, created=self._s.clock.now()
        )
        self._posts[name] = what
        self._posted += 1
        return name

    def _everyday(self) -> None:
        """Post what people post: mostly talk, some links elsewhere, some pictures."""
        kind, author = self._random.random(), f"user{self._random.randrange(900)}"
        number = self._posted
        if kind < 0.72:
            name = self._post(f"Talk {number}", author=author, text="What do you think?")
        elif kind < 0.9:
            name = self._post(f"Link {number}", author=author, url=f"https://news.example.org/{number}")
        else:
            data = self._random.choice(self._innocent)
            id = f"{self._random.getrandbits(40):010x}p{number % 10}"
            url = self._s.park.add_reddit_image(f"x{id}", data)
            name = self._post(f"Picture {number}", author=author, url=url)
        self.untouched[name] = "an everyday post"

    def _fake(self, number: int, id: str, what: str, author: str = "some_poster") -> str:
        url = self._s.park.add_redgifs(id, hd=self._fakes[number])
        return self._post(what, url=url, author=author)
