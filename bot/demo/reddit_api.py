"""What the loopback Reddit answers to a logged-in bot, in Reddit's shapes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.demo.reddit_world import World
from bot.demo.web import Request, Response, json_response

DEEPEST = 1000  # things a listing shows in all


@dataclass(slots=True)
class Received:
    """What the bot did, in order, performed or not."""

    reports: list[tuple[str, str, str]] = field(default_factory=list)  # fullname, reason, by
    removals: list[str] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)
    modmails: list[tuple[str, str, str]] = field(default_factory=list)  # subreddit, subject, body


class Endpoints:
    """The paths of the API, acting on a world as the account `username`."""

    def __init__(self, world: World, username: str) -> None:
        self.world = world
        self.username = username
        self.received = Received()

    def answer(self, request: Request) -> Response:
        """Return the answer to a request that is authorised."""
        path = request.path.rstrip("/").removesuffix(".json")
        for method, pattern, endpoint in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == request.method:
                return endpoint(self, request, *match.groups())
        return _refused(404)

    def _me(self, _request: Request) -> Response:
        return json_response({"name": self.username, "id": "bot1", "is_mod": True, "is_suspended": False})

    def _listing(self, request: Request, joined: str, what: str) -> Response:
        names = joined.lower().split("+")
        for name in names:
            closed = self._closed(name)
            if closed is not None and len(names) == 1:
                return closed
        readable = [name for name in names if self._closed(name) is None]
        everything = self.world.listed(readable, "t3" if what == "new" else "t1")
        shown = [name for name in everything if self.world.visible(name)][:DEEPEST]
        limit = _limit(request)
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
        return _listing_of(things, page[-1] if len(shown) > limit else None)

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
        return _listing_of([self.world.shown(name) for name in known if not self._hidden(name)], None)

    def _hidden(self, fullname: str) -> bool:
        return self._closed(self.world.things[fullname]["subreddit"].lower()) is not None

    def _page(self, request: Request, number: str, comment: str | None = None) -> Response:
        name = f"t3_{number}"
        if name not in self.world.things:
            return _refused(404)
        top = f"t1_{comment or request.query['comment']}" if comment or "comment" in request.query else None
        tree = [self._tree(top)] if top in self.world.things else self._replies(name) if top is None else []
        return json_response([_listed([self.world.shown(name)], None), _listed(tree, None)])

    def _tree(self, fullname: str) -> dict[str, Any]:
        thing = self.world.shown(fullname)
        replies = self._replies(fullname)
        thing["data"]["replies"] = _listed(replies, None) if replies else ""
        return thing

    def _replies(self, parent: str) -> list[dict[str, Any]]:
        return [self._tree(name) for name, data in self.world.things.items() if data.get("parent_id") == parent]

    def _report(self, request: Request) -> Response:
        name, reason = request.form.get("id", ""), request.form.get("reason", "")
        self.received.reports.append((name, reason, self.username))
        if name not in self.world.things:
            return _stated("NO_THING_ID", "id not specified", "id")
        if len(reason) > 100:
            return _stated("TOO_LONG", "this is too long (max: 100)", "reason")
        self.world.report(name, reason, self.username)
        return json_response({"json": {"errors": []}})

    def _remove(self, request: Request) -> Response:
        name = request.form.get("id", "")
        self.received.removals.append(name)
        spam = request.form.get("spam", "").lower() == "true"
        return self._moderate(name, lambda: self.world.moderator_removes(name, self.username, spam=spam))

    def _approve(self, request: Request) -> Response:
        name = request.form.get("id", "")
        self.received.approvals.append(name)
        return self._moderate(name, lambda: self.world.moderator_approves(name, self.username))

    def _moderate(self, fullname: str, do: Callable[[], None]) -> Response:
        thing = self.world.things.get(fullname)
        if thing is None or not self.world.allows(thing["subreddit"], self.username, "posts"):
            return _refused(403)
        do()
        return json_response({})

    def _converse(self, request: Request) -> Response:
        form = request.form
        name, subject, body = form.get("srName", ""), form.get("subject", ""), form.get("body", "")
        self.received.modmails.append((name, subject, body))
        if name.lower() not in self.world.subreddits:
            return _bad("SUBREDDIT_NOEXIST", "srName", "Hmm, that community doesn't exist. Try checking the spelling.")
        for key, value, longest in (("subject", subject, 100), ("body", body, 10_000)):
            if not value:
                return _bad("NO_TEXT", key, "we need something here")
            if len(value) > longest:
                return _bad("TOO_LONG", key, f"This field must be under {longest} characters")
        return json_response(self.world.converse(name, subject, body, self.username), status=201)

    def _conversations(self, request: Request) -> Response:
        names = [name for name in request.query.get("entity", "").lower().split(",") if name]
        if any(name not in self.world.subreddits for name in names):
            return _bad("BAD_SR_NAME", "entity", None)
        if any(not self.world.allows(name, self.username, "mail") for name in names):
            return _refused(403, "INVALID_MOD_PERMISSIONS")
        internal = request.query.get("state", "all") == "mod"
        found = [
            number
            for number, conversation in reversed(self.world.conversations.items())
            if conversation["isInternal"] is internal
            and conversation["owner"]["displayName"].lower() in (names or self.world.subreddits)
        ]
        after = request.query.get("after")
        if after:
            found = found[found.index(after) + 1 :] if after in found else []
        page = found[: _limit(request)]
        conversations = {number: self.world.conversations[number] for number in page}
        latest = [conversation["objIds"][-1]["id"] for conversation in conversations.values()]
        return json_response(
            {
                "viewerId": "t2_bot1",
                "conversationIds": page,
                "conversations": conversations,
                "messages": {number: self.world.messages[number] for number in latest},
            }
        )

    def _mod_log(self, request: Request, name: str) -> Response:
        closed = self._closed(name.lower())
        if closed is not None:
            return closed
        if self.username not in self.world.subreddits[name.lower()].moderators:
            return _refused(403)
        entries = [entry for entry in reversed(self.world.mod_log) if entry["subreddit"].lower() == name.lower()]
        after = request.query.get("after")
        if after:
            order = [entry["id"] for entry in entries]
            entries = entries[order.index(after) + 1 :] if after in order else []
        limit = _limit(request)
        page = [{"kind": "modaction", "data": entry} for entry in entries[:limit]]
        return _listing_of(page, entries[limit - 1]["id"] if len(entries) > limit else None)

    def _moderators(self, request: Request, name: str) -> Response:
        closed = self._closed(name.lower())
        if closed is not None:
            return closed
        wanted = request.query.get("user", "").lower()
        children = [
            {"name": moderator, "id": f"t2_{moderator.lower()}", "rel_id": f"rb_{index}", "date": 1.7e9,
             "author_flair_text": None, "author_flair_css_class": None, "mod_permissions": permissions}
            for index, (moderator, permissions) in enumerate(self.world.subreddits[name.lower()].moderators.items())
            if wanted in ("", moderator.lower())
        ]  # fmt: skip
        return json_response({"kind": "UserList", "data": {"children": children}})

    def _closed(self, name: str) -> Response | None:
        """What Reddit answers where it does not let the bot in; None where it does."""
        place = self.world.subreddits.get(name)
        if place is None:
            return Response(status=302, headers={"Location": f"https://www.reddit.com/subreddits/search?q={name}"})
        if place.kind == "banned":
            return _refused(404, "banned")
        if place.kind == "private" and self.username not in place.moderators:
            return _refused(403, "private")
        return None


def _limit(request: Request) -> int:
    text = request.query.get("limit", "25")
    return max(1, min(100, int(text))) if text.isdigit() else 25


def _listed(things: list[dict[str, Any]], after: str | None) -> dict[str, Any]:
    data = {"after": after, "before": None, "dist": len(things), "modhash": None, "geo_filter": "", "children": things}
    return {"kind": "Listing", "data": data}


def _listing_of(things: list[dict[str, Any]], after: str | None) -> Response:
    return json_response(_listed(things, after))


def _refused(status: int, reason: str | None = None) -> Response:
    answer = {"message": {403: "Forbidden", 404: "Not Found"}[status], "error": status}
    return json_response(answer | ({"reason": reason} if reason else {}), status=status)


def _bad(reason: str, key: str, explanation: str | None) -> Response:
    answer = {"fields": [key], "explanation": explanation, "message": "Bad Request", "reason": reason}
    return json_response(answer, status=400)


def _stated(*error: str) -> Response:
    return json_response({"json": {"errors": [list(error)]}})


_NAME = r"([\w-]+)"
_ROUTES: Iterable[tuple[Literal["GET", "POST"], str, Callable[..., Response]]] = (
    ("GET", "/api/v1/me", Endpoints._me),
    ("GET", r"/r/([\w+-]+)/(new|comments)", Endpoints._listing),
    ("GET", "/api/info", Endpoints._info),
    ("GET", r"(?:/r/\w+)?/comments/(\w+)(?:/[^/]+)?", Endpoints._page),
    ("GET", r"(?:/r/\w+)?/comments/(\w+)/[^/]+/(\w+)", Endpoints._page),
    ("POST", "/api/report", Endpoints._report),
    ("POST", "/api/remove", Endpoints._remove),
    ("POST", "/api/approve", Endpoints._approve),
    ("POST", "/api/mod/conversations", Endpoints._converse),
    ("GET", "/api/mod/conversations", Endpoints._conversations),
    ("GET", f"/r/{_NAME}/about/log", Endpoints._mod_log),
    ("GET", f"/r/{_NAME}/about/moderators", Endpoints._moderators),
)
