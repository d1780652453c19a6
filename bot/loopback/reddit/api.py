"""What the loopback Reddit answers to a logged-in bot, in Reddit's shapes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Literal

from bot.loopback.http import Request, Response, json_response
from bot.loopback.reddit.accounts import AccountPages
from bot.loopback.reddit.listings import Listings
from bot.loopback.reddit.moderation_api import Marking
from bot.loopback.reddit.modmail import Mail
from bot.loopback.reddit.shapes import limit_of, listing_of, refused, stated

LOG_REACH = timedelta(days=90)  # about three months


class Endpoints(Listings, Mail, Marking, AccountPages):
    """The paths of the API, acting on a world as the account `username`."""

    def answer(self, request: Request) -> Response:
        """Return the answer to a request that is authorised."""
        path = request.path.rstrip("/").removesuffix(".json")
        for method, pattern, endpoint in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == request.method:
                return endpoint(self, request, *match.groups())
        return refused(404)

    def _me(self, _request: Request) -> Response:
        return json_response({"name": self.username, "id": "bot1", "is_mod": True, "is_suspended": False})

    def _report(self, request: Request) -> Response:
        name, reason = request.form.get("id", ""), request.form.get("reason", "")
        self.received.reports.append((name, reason, self.username))
        if name not in self.world.things:
            return stated("NO_THING_ID", "id not specified", "id")
        if len(reason) > 100:
            return stated("TOO_LONG", "this is too long (max: 100)", "reason")
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
            return refused(403)
        do()
        return json_response({})

    def _mod_log(self, request: Request, joined: str) -> Response:
        names = [self.world.moved.get(name, name) for name in joined.lower().split("+")]
        for name in names:
            closed = self.closed(name)
            if closed is not None:
                return closed
            if self.username not in self.world.subreddits[name].moderators:
                return refused(403)
        oldest = (self.world.now() - LOG_REACH).timestamp()
        entries = [
            entry
            for entry in reversed(self.world.mod_log)
            if entry["subreddit"].lower() in names and entry["created_utc"] >= oldest
        ]
        after = request.query.get("after")
        if after:
            order = [entry["id"] for entry in entries]
            entries = entries[order.index(after) + 1 :] if after in order else []
        limit = limit_of(request)
        page = [{"kind": "modaction", "data": entry} for entry in entries[:limit]]
        return listing_of(page, entries[limit - 1]["id"] if len(entries) > limit else None)

    def _moderators_of(self, name: str) -> dict[str, list[str]]:
        return self.world.subreddits[self.world.moved.get(name.lower(), name.lower())].moderators

    def _moderators(self, request: Request, name: str) -> Response:
        closed = self.closed(name.lower())
        if closed is not None:
            return closed
        wanted = request.query.get("user", "").lower()
        children = [
            {"name": moderator, "id": f"t2_{moderator.lower()}", "rel_id": f"rb_{index}", "date": 1.7e9,
             "author_flair_text": None, "author_flair_css_class": None, "mod_permissions": permissions}
            for index, (moderator, permissions) in enumerate(self._moderators_of(name).items())
            if wanted in ("", moderator.lower())
        ]  # fmt: skip
        return json_response({"kind": "UserList", "data": {"children": children}})


_NAME = r"([\w-]+)"
_ROUTES: Iterable[tuple[Literal["GET", "POST", "DELETE"], str, Callable[..., Response]]] = (
    ("GET", "/api/v1/me", Endpoints._me),
    ("GET", r"/r/([\w+-]+)/(new|comments|hot|rising|top|controversial)", Endpoints._listing),
    ("GET", r"/r/([\w+-]+)/search", Endpoints._search),
    ("GET", r"/r/([\w+-]+)/about/(edited|modqueue|reports|spam)", Endpoints._moderated),
    ("GET", r"/r/([\w+-]+)/about", Endpoints._about),
    ("GET", "/api/info", Endpoints._info),
    ("GET", r"(?:/r/\w+)?/comments/(\w+)(?:/[^/]+)?", Endpoints._page),
    ("GET", r"(?:/r/\w+)?/comments/(\w+)/[^/]+/(\w+)", Endpoints._page),
    ("POST", "/api/report", Endpoints._report),
    ("POST", "/api/remove", Endpoints._remove),
    ("POST", "/api/approve", Endpoints._approve),
    ("POST", "/api/mod/conversations", Endpoints._converse),
    ("GET", "/api/mod/conversations", Endpoints._conversations),
    ("GET", r"/api/mod/conversations/(\w+)", Endpoints._conversation),
    ("POST", r"/api/mod/conversations/(\w+)", Endpoints._answer_mail),
    ("POST", "/api/(un)?(lock|spoiler)", Endpoints._mark),
    ("POST", "/api/(un)?marknsfw", Endpoints._nsfw),
    ("POST", f"/r/{_NAME}/api/(?:select)?flair", Endpoints._flair),
    ("GET", f"/api/v1/{_NAME}/removal_reasons", Endpoints._reasons),
    ("POST", "/api/v1/modactions/removal_reasons", Endpoints._explain),
    ("POST", "/api/v1/modactions/removal_(link|comment)_message", Endpoints._removal_message),
    ("GET", "/api/mod/notes", Endpoints._notes),
    ("POST", "/api/mod/notes", Endpoints._write_note),
    ("DELETE", "/api/mod/notes", Endpoints._delete_note),
    ("GET", f"/r/{_NAME}/about/banned", Endpoints._banned),
    ("POST", f"/r/{_NAME}/api/friend", Endpoints._ban),
    ("POST", f"/r/{_NAME}/api/unfriend", Endpoints._unban),
    ("GET", f"/user/{_NAME}/about", Endpoints._account),
    ("GET", f"/r/{_NAME}/wiki/(.+)", Endpoints._wiki),
    ("GET", f"/r/{_NAME}/about/contributors", Endpoints._contributors),
    ("GET", r"/r/([\w+-]+)/about/reports", Endpoints._reported),
    ("GET", r"/r/([\w+-]+)/about/log", Endpoints._mod_log),
    ("GET", f"/r/{_NAME}/about/moderators", Endpoints._moderators),
)
