"""A loopback Reddit that shows a stream of made-up posts and comments in many subreddits, as they would come in a day.

Each subreddit has a pace of its own; the things that it is to show are drawn beforehand and appear when the clock
reaches them. A listing is put together of texts that are ready, so that hundreds of thousands of things can pass.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

import numpy as np

from bot.loopback.http import Request, Response
from bot.loopback.reddit.listings import DEEPEST
from bot.loopback.reddit.server import RedditServer
from bot.loopback.reddit.shapes import limit_of
from bot.loopback.reddit.things import linked, public, thing_of

KINDS = {"new": "t3", "comments": "t1"}
COMMENTS = 6  # of seven things; Reddit told of 430 million posts and 2.5 billion comments in eleven months of 2022
LINKED = 3  # one in so many posts, and
TALKED = 30  # one in so many comments, has a link to a host
_EVERY = {"t3": LINKED, "t1": TALKED}
FIRST = 50_000_000  # number of the first thing
HOST = "https://www.redgifs.com/watch/"

Thing = tuple[float, int]  # when it is posted, as Unix time; its number


@dataclass(slots=True)
class Streams:
    """What is posted when: of each subreddit and kind its things, oldest first."""

    things: dict[tuple[str, str], list[Thing]] = field(default_factory=dict)
    posted: dict[int, float] = field(default_factory=dict)  # when each is posted, by its number

    @classmethod
    def drawn(cls, paces: Sequence[tuple[str, float]], start: float, seconds: float) -> Streams:
        """Draw things for (subreddit, things a day), at random moments of this span of Unix time."""
        random, made = np.random.default_rng(11), cls()
        moments = []
        for name, a_day in paces:
            count = int(random.poisson(a_day * seconds / 86_400))
            for moment in random.uniform(start, start + seconds, count):
                moments.append((float(moment), name, "t1" if random.random() < COMMENTS / (COMMENTS + 1) else "t3"))
        for number, (moment, name, kind) in enumerate(sorted(moments), FIRST):
            made.things.setdefault((name, kind), []).append((moment, number))
            made.posted[number] = moment
        return made

    def linked(self) -> Iterator[tuple[int, str]]:
        """Yield number and fullname of every thing that has a link."""
        for (_, kind), own in self.things.items():
            yield from ((number, f"{kind}_{_base36(number)}") for _, number in own if number % _EVERY[kind] == 0)

    def newest(self, names: Sequence[str], kind: str, before: Thing) -> Iterator[tuple[Thing, str]]:
        """Yield what these subreddits have before a thing, newest first, with its subreddit."""
        parts = []
        for name in names:
            own = self.things.get((name, kind))
            if own:
                parts.append(_reversed(own, bisect_right(own, before), name))
        return merge(*parts, reverse=True)


def _reversed(own: list[Thing], end: int, name: str) -> Iterator[tuple[Thing, str]]:
    return ((own[at], name) for at in range(end - 1, -1, -1))


class Feed(RedditServer):
    """Shows streams; everything else is answered as by any loopback Reddit, of which nothing else is posted."""

    def __init__(self, now: Callable[[], datetime], streams: Streams, *, limit: int) -> None:
        super().__init__(now, limit=limit)
        self._streams = streams
        self._texts: dict[tuple[str, str], str] = {}
        self.shown: dict[int, float] = {}  # number of a thing → when it was shown first
        self.pages = 0  # of new and comments
        self.things = 0  # on them

    def _route(self, request: Request) -> Response:
        what = request.path.rsplit("/", 1)[-1]
        if request.method != "GET" or what not in KINDS or not self._authorised(request):
            return super()._route(request)
        names, kind = request.path.split("/")[2].lower().split("+"), KINDS[what]
        now, limit = self._now().timestamp(), limit_of(request)
        after, before = request.query.get("after"), (now, 1 << 60)
        reach = DEEPEST
        if after:
            number = int(after[3:], 36)
            before, reach = (self._streams.posted[number], number - 1), self._left(names, kind, now, number)
        page = list(islice(self._streams.newest(names, kind, before), min(limit, reach)))
        self.pages += 1
        self.things += len(page)
        for (_, number), _ in page:
            self.shown.setdefault(number, now)
        last = f'"{kind}_{_base36(page[-1][0][1])}"' if len(page) == limit and reach > limit else "null"
        body = ",".join(self._text(name, kind, thing) for thing, name in page)
        text = f'{{"kind":"Listing","data":{{"after":{last},"before":null,"dist":{len(page)},"children":[{body}]}}}}'
        return Response(body=text.encode(), headers={"Content-Type": "application/json; charset=UTF-8"})

    def _left(self, names: Sequence[str], kind: str, now: float, number: int) -> int:
        """Return how many things the listing still shows behind one of them."""
        for place, ((_, other), _) in enumerate(islice(self._streams.newest(names, kind, (now, 1 << 60)), DEEPEST)):
            if other <= number:
                return DEEPEST - place - 1
        return 0

    def _text(self, name: str, kind: str, thing: Thing) -> str:
        key = (name, kind)
        if key not in self._texts:
            self._texts[key] = self._template(name, kind)
        moment, number = thing
        shown = f"{HOST}made{number}" if number % _EVERY[kind] == 0 else "no link"
        id = _base36(number)
        return (
            self._texts[key]
            .replace("@ID@", id)
            .replace('"@MOMENT@"', f"{int(moment)}.0")
            .replace("@LINK@", shown)
            .replace("@AUTHOR@", f"user{number * 7919 % 100_003}")
        )

    def _template(self, name: str, kind: str) -> str:
        """Return the JSON of a thing with marks in the place of what differs."""
        data: dict[str, Any] = thing_of(self.world.subreddits[name], kind, "@ID@", "@AUTHOR@", self._now())
        permalink = f"/r/{name}/comments/@ID@/words/"
        data |= {"created": "@MOMENT@", "created_utc": "@MOMENT@", "author_fullname": "t2_@AUTHOR@"}
        if kind == "t3":
            data |= {"title": "some words of a title", "selftext": "Words of a post. @LINK@", "permalink": permalink}
            data |= {**linked(f"https://www.reddit.com{permalink}"), "is_self": True, "over_18": True, "media": None}
        else:
            data |= {"body": "Words of a comment. @LINK@", "permalink": f"{permalink}@ID@/", "link_id": "t3_1",
                     "parent_id": "t3_1", "link_title": "some words of a title", "replies": ""}  # fmt: skip
        return json.dumps({"kind": kind, "data": public(data)})


def _base36(number: int) -> str:
    return np.base_repr(number, 36).lower()
