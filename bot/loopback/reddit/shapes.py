"""What the loopback Reddit's answers have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.loopback.http import Request, Response, json_response
from bot.loopback.reddit.moderation import ModeratorActions
from bot.loopback.reddit.state import RedditState


@dataclass(slots=True)
class Received:
    """What the bot did, in order, performed or not."""

    reports: list[tuple[str, str, str]] = field(default_factory=list)  # fullname, reason, by
    removals: list[str] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)
    modmails: list[tuple[str, str, str]] = field(default_factory=list)  # subreddit, subject, body
    answers: list[tuple[str, str]] = field(default_factory=list)  # conversation, body
    messages: list[tuple[str, str, str]] = field(default_factory=list)  # fullname, title, body
    marks: list[tuple[str, str]] = field(default_factory=list)  # fullname, what
    notes: list[tuple[str, str, str]] = field(default_factory=list)  # subreddit, user, text
    bans: list[tuple[str, str, str]] = field(default_factory=list)  # subreddit, user, note
    looked_up: list[str] = field(default_factory=list)  # accounts whose page was read


class Answering:
    """Base of the endpoints: a world, seen by the account `username`."""

    def __init__(self, world: RedditState, username: str) -> None:
        self.world = world
        self.username = username
        self.received = Received()
        self.actions = ModeratorActions(world)

    def closed(self, name: str) -> Response | None:
        """What Reddit answers where it does not let the bot in; None where it does."""
        name = self.world.moved.get(name, name)
        place = self.world.subreddits.get(name)
        if place is None:
            return Response(status=302, headers={"Location": f"https://www.reddit.com/subreddits/search?q={name}"})
        if place.kind == "banned":
            return refused(404, "banned")
        if place.kind == "private" and self.username not in place.moderators:
            return refused(403, "private")
        if place.kind == "quarantined":
            return refused(403, "quarantined")
        return None


def limit_of(request: Request) -> int:
    """Return how many things a page shows."""
    text = request.query.get("limit", "25")
    return max(1, min(100, int(text))) if text.isascii() and text.isdigit() and len(text) < 10 else 25


def content_of(request: Request) -> dict[str, Any]:
    """Return what stands in a form as JSON; nothing where it is none, or nested deeper than can be read."""
    try:
        content = json.loads(request.form.get("json", ""))
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def names_in(content: Mapping[str, Any], key: str) -> list[str]:
    """Return the names in a list of such content; what is none is left out."""
    held = content.get(key)
    return [name for name in held if isinstance(name, str)] if isinstance(held, list) else []


def text_in(content: Mapping[str, Any], key: str) -> str | None:
    """Return a text of such content; None where there is none."""
    held = content.get(key)
    return held if isinstance(held, str) else None


def listed(things: list[dict[str, Any]], after: str | None) -> dict[str, Any]:
    """Return a listing."""
    data = {"after": after, "before": None, "dist": len(things), "modhash": None, "geo_filter": "", "children": things}
    return {"kind": "Listing", "data": data}


def listing_of(things: list[dict[str, Any]], after: str | None) -> Response:
    """Answer with a listing."""
    return json_response(listed(things, after))


def refused(status: int, reason: str | None = None) -> Response:
    """Refuse as Reddit does."""
    answer = {"message": {403: "Forbidden", 404: "Not Found"}[status], "error": status}
    return json_response(answer | ({"reason": reason} if reason else {}), status=status)


def bad(reason: str, key: str, explanation: str | None) -> Response:
    """Refuse a value as the newer endpoints do."""
    answer = {"fields": [key], "explanation": explanation, "message": "Bad Request", "reason": reason}
    return json_response(answer, status=400)


def stated(*error: str) -> Response:
    """State an error inside an answer with status 200."""
    return json_response({"json": {"errors": [list(error)]}})
