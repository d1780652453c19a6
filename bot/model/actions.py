"""What is done in the world, and what others did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.model.standing import Found

# the value of the parameter `order` of a removal that a person ordered for a suspected minor: no mode and no cap holds
# it, and nothing gives the post back
MINOR_ORDER = "minor"


def minor_key(post: str) -> str:
    """Return the key of the removal of a suspected minor."""
    return f"minor:{post}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do in the world, written down before it is done."""

    id: int
    kind: str
    case: str  # opaque case label
    post: str  # fullname
    subreddit: str
    permalink: str
    params: Mapping[str, str]
    planned: datetime
    sent: datetime | None = None  # when it was last begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What an action plug brings back: enough to find the deed again and to undo it."""

    detail: str  # one phrase for people
    reference: str | None = None  # id in the outside world
    held: Found | None = None  # of an undo: how the post had been found, where it therefore stays removed


@dataclass(frozen=True, slots=True, kw_only=True)
class ModAction:
    """One line of a subreddit's mod log."""

    id: str
    action: str  # removelink, removecomment, spamlink, spamcomment, approvelink, approvecomment, …
    moderator: str
    target: str  # fullname
    at: datetime
    details: str = ""
    user: str = ""  # the author of the target, or who was banned
    subreddit: str = ""  # in lower case
