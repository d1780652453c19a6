"""What the loopback Reddit shows: listings, single things, pages of comments."""

from __future__ import annotations

from typing import Any

from bot.loopback.http import Request, Response, json_response
from bot.loopback.reddit.shapes import Answering, limit_of, listed, listing_of, refused

DEEPEST = 1000  # things a listing shows in all
SEARCH_DEEPEST = 250
SPANS = {"hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000, "year": 31_536_000}  # seconds


class Listings(Answering):
    """Listings and things."""

    def _listing(self, request: Request, joined: str, what: str) -> Response:
        """`new`, `comments`, and the orders by which `what` else sorts submissions."""
        readable, closed = self._readable(joined)
        if closed is not None:
            return closed
        kind = "t1" if what == "comments" else "t3"
        everything = self.world.listed(readable, kind)
        if what in ("top", "controversial"):
            everything = self._within(everything, request.query.get("t", "day"))
        if what not in ("new", "comments"):
            votes = {"controversial": "downs"}.get(what, "ups")
            everything.sort(key=lambda name: -self.world.things[name][votes])
        return self._paged(request, everything, comments=what == "comments")

    def _search(self, request: Request, joined: str) -> Response:
        """Submissions whose address is on the `site:` that is asked for, or that hold all words."""
        readable, closed = self._readable(joined)
        if closed is not None:
            return closed
        words = request.query.get("q", "").lower().split()
        found = [name for name in self.world.listed(readable, "t3") if self._holds(self.world.things[name], words)]
        return self._paged(request, found, deepest=SEARCH_DEEPEST)

    def _moderated(self, request: Request, joined: str, what: str) -> Response:
        """`edited`, `modqueue`, `reports`, `spam`: open only where the bot moderates everything that is asked for."""
        names = joined.lower().split("+")
        for name in names:
            closed = self.closed(name)
            if closed is not None:
                return closed
            if self.username not in self.world.subreddits[self.world.moved.get(name, name)].moderators:
                return refused(403)
        everything = self.world.queued([self.world.moved.get(name, name) for name in names], what)
        only = {"links": "t3", "comments": "t1"}.get(request.query.get("only", ""), "t")
        everything = [name for name in everything if name.startswith(only)]
        return self._paged(request, everything, hidden=what in ("modqueue", "spam"))

    def _about(self, _request: Request, name: str) -> Response:
        closed = self.closed(name.lower())
        if closed is not None:
            return closed
        place = self.world.subreddits[self.world.moved.get(name.lower(), name.lower())]
        data = {
            "display_name": place.name,
            "display_name_prefixed": f"r/{place.name}",
            "id": place.number,
            "name": f"t5_{place.number}",
            "title": place.name,
            "url": f"/r/{place.name}/",
            "subreddit_type": "private" if place.kind == "private" else "public",
            "quarantine": False,
            "over18": False,
            "subscribers": 1000,
            "user_is_moderator": self.username in place.moderators,
            "user_is_banned": False,
        }
        return json_response({"kind": "t5", "data": data})

    def _readable(self, joined: str) -> tuple[list[str], Response | None]:
        """Which of these can be read; if it is one and it cannot, what is said instead. Of several, closed ones are
        left out without a word."""
        names = joined.lower().split("+")
        closed = [self.closed(name) for name in names]
        if len(names) == 1 and closed[0] is not None:
            return [], closed[0]
        pairs = zip(names, closed, strict=True)
        return [self.world.moved.get(name, name) for name, answer in pairs if answer is None], None

    def _within(self, names: list[str], span: str) -> list[str]:
        seconds = SPANS.get(span, float("inf"))
        now = self.world.now().timestamp()
        return [name for name in names if self.world.things[name]["created_utc"] >= now - seconds]

    @staticmethod
    def _holds(thing: dict[str, Any], words: list[str]) -> bool:
        for word in words:
            key, _, value = word.partition(":")
            if key == "site":
                if value not in thing["domain"]:
                    return False
            elif word not in f"{thing['title']} {thing['selftext']}".lower():
                return False
        return True

    def _paged(
        self,
        request: Request,
        everything: list[str],
        *,
        comments: bool = False,
        hidden: bool = False,
        deepest: int = DEEPEST,
    ) -> Response:
        shown = [name for name in everything if hidden or self.world.visible(name)][:deepest]
        limit = limit_of(request)
        after, before = request.query.get("after"), request.query.get("before")
        if after:
            # a removed thing still marks a place to go on from; one that never was here does not
            start = everything.index(after) + 1 if after in everything else len(everything)
            places = {name: index for index, name in enumerate(everything)}
            shown = [name for name in shown if places[name] >= start]
        elif before:
            # known of Reddit: when that thing was removed, nothing comes before it
            shown = shown[: shown.index(before)][-limit:] if before in shown else []
        page = shown[:limit]
        things = [self._in_comments(name) if comments else self.world.shown(name) for name in page]
        return listing_of(things, page[-1] if len(shown) > limit else None)

    def _reported(self, request: Request, joined: str) -> Response:
        names = joined.lower().split("+")
        for name in names:
            closed = self.closed(name)
            if closed is not None:
                return closed
            if not self.world.allows(name, self.username, "posts"):
                return refused(403)
        everything = sorted((*self.world.listed(names, "t3"), *self.world.listed(names, "t1")), reverse=True)
        shown = [name for name in everything if self.world.visible(name) and self.world.things[name]["num_reports"]]
        after = request.query.get("after")
        shown = shown[shown.index(after) + 1 :] if after in shown else shown
        limit = limit_of(request)
        page = shown[:limit]
        return listing_of([self.world.shown(name) for name in page], page[-1] if len(shown) > limit else None)

    def _in_comments(self, fullname: str) -> dict[str, Any]:
        """A listing of comments tells of each submission what `api/info` does not."""
        thing = self.world.shown(fullname)
        link = self.world.things[thing["data"]["link_id"]]
        thing["data"] |= {
            "link_title": link["title"],
            "link_author": link["author"],
            "link_url": link["url"],
            "link_permalink": f"https://www.reddit.com{link['permalink']}",
            "num_comments": link["num_comments"],
            "over_18": link["over_18"],
            "quarantine": False,
        }
        return thing

    def _info(self, request: Request) -> Response:
        names = dict.fromkeys(request.query.get("id", "").split(","))
        known = [name for name in names if name in self.world.things]
        return listing_of([self.world.shown(name) for name in known if not self._hidden(name)], None)

    def _hidden(self, fullname: str) -> bool:
        return self.closed(self.world.things[fullname]["subreddit"].lower()) is not None

    def _page(self, request: Request, number: str, comment: str | None = None) -> Response:
        name = f"t3_{number}"
        if name not in self.world.things:
            return refused(404)
        top = f"t1_{comment or request.query['comment']}" if comment or "comment" in request.query else None
        tree = [self._tree(top)] if top in self.world.things else self._replies(name) if top is None else []
        return json_response([listed([self.world.shown(name)], None), listed(tree, None)])

    def _tree(self, fullname: str) -> dict[str, Any]:
        thing = self.world.shown(fullname)
        replies = self._replies(fullname)
        thing["data"]["replies"] = listed(replies, None) if replies else ""
        return thing

    def _replies(self, parent: str) -> list[dict[str, Any]]:
        return [self._tree(name) for name, data in self.world.things.items() if data.get("parent_id") == parent]
