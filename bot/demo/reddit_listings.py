"""What the loopback Reddit shows: listings, single things, pages of comments."""

from __future__ import annotations

from typing import Any

from bot.demo.reddit_shapes import Answering, limit_of, listed, listing_of, refused
from bot.demo.web import Request, Response, json_response

DEEPEST = 1000  # things a listing shows in all


class Listings(Answering):
    """Listings and things."""

    def _listing(self, request: Request, joined: str, what: str) -> Response:
        names = joined.lower().split("+")
        for name in names:
            closed = self.closed(name)
            if closed is not None and len(names) == 1:
                return closed
        readable = [name for name in names if self.closed(name) is None]
        everything = self.world.listed(readable, "t3" if what == "new" else "t1")
        shown = [name for name in everything if self.world.visible(name)][:DEEPEST]
        limit = limit_of(request)
        after, before = request.query.get("after"), request.query.get("before")
        if after:
            # a removed thing still marks a place to go on from; one that never was here does not
            behind = set(everything[everything.index(after) + 1 :] if after in everything else ())
            shown = [name for name in shown if name in behind]
        elif before:
            # known of Reddit: when that thing was removed, nothing comes before it
            shown = shown[: shown.index(before)][-limit:] if before in shown else []
        page = shown[:limit]
        things = [self._in_comments(name) if what == "comments" else self.world.shown(name) for name in page]
        return listing_of(things, page[-1] if len(shown) > limit else None)

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
