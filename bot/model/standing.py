"""How a post or comment stands on Reddit: who removed, held or approved it. Read here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from bot.clock import from_unix
from bot.model.posts import Post

APPROVALS = frozenset({"approvelink", "approvecomment"})  # words of the mod log
REMOVALS = frozenset({"removelink", "removecomment", "spamlink", "spamcomment"})
DECISIONS = APPROVALS | REMOVALS
MACHINES = frozenset({"automoderator", "reddit"})  # what they do waits for a moderator, as our cases do
UNDECIDED = frozenset({"automod_filtered", "reddit"})  # categories of what waits in the moderation queue
_HALF = re.compile("[\ud800-\udfff]")  # half characters, which no database takes
_DELETED = frozenset({"deleted", "author"})  # categories of what its author took down
_NOBODY = (None, "", "[deleted]")  # authors of what was deleted, or whose account is gone


class Found(StrEnum):
    """How a post stood at the moment before we removed it. Only what was up or approved may ever be published again."""

    UP = "up"
    APPROVED = "approved"
    AUTOMODERATOR = "held_by_automoderator"
    FILTER = "held_by_reddit"  # the spam filter, crowd control and Reddit's other filters
    REMOVED = "removed"  # by another moderator, by AutoModerator for good, by Reddit's staff
    OURS = "removed_by_us"
    DELETED = "deleted"
    EDITED = "edited_since"  # found up, and its text was changed since: nobody has looked at what it says now
    UNKNOWN = "unknown"  # nobody wrote it down: counts as held


OPEN = frozenset({Found.UP, Found.APPROVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What we found before we removed a post."""

    found: Found
    at: datetime  # when we looked, by Reddit's clock; by ours where it told no time
    since: datetime | None = None  # since when it had been held, by Reddit's clock
    edited: datetime | None = None  # when its text had been changed last, by Reddit's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class PostStatus:
    """How a post or comment stands. `filtered` waits in the moderation queue and is nobody's decision yet."""

    state: Literal["up", "approved", "filtered", "removed", "deleted"]
    by: str | None = None  # the moderator's name, if Reddit shows one
    at: datetime | None = None  # of the approval or removal
    category: str | None = None  # Reddit's `removed_by_category`, also where Reddit leaves it out
    author_gone: bool = False  # the account is deleted; the post may be up
    edited: datetime | None = None

    def by_user(self, name: str) -> bool:
        """True if this user decided it; names on Reddit ignore case."""
        return self.by is not None and self.by.casefold() == name.casefold()

    def decided_by_others(self, me: str) -> bool:
        """True if somebody else than `me` removed it, or a person else than `me` approved it."""
        if self.by_user(me):
            return False
        return self.state == "removed" or (self.state == "approved" and not _machine(self.by))

    def found(self, me: str) -> Found:
        """Return the kind of it, for undo."""
        match self.state:
            case "filtered":
                return Found.AUTOMODERATOR if self.category == "automod_filtered" else Found.FILTER
            case "removed":
                return Found.OURS if self.by_user(me) else Found.REMOVED
            case state:
                return Found(state)


def standing(data: Mapping[str, Any]) -> PostStatus:
    """Read how a thing stands from its data, as a moderator sees it.

    Comments, and things of older shapes, carry no category: then who removed tells it. What AutoModerator took down
    without one may be filtered or removed; it counts as filtered, which nobody decided on and nobody publishes.
    """
    return replace(_standing(data), edited=from_unix(data.get("edited")))


def _standing(data: Mapping[str, Any]) -> PostStatus:
    category, remover = _text(data, "removed_by_category"), data.get("banned_by")
    by = _text(data, "banned_by")  # None with a remover of True: Reddit's own filter
    left = next((_text(data, key) for key in ("body", "selftext") if key in data), None)
    author = data.get("author")
    gone = author in _NOBODY
    bare = author == "[deleted]" and not remover and not {"body", "selftext"} & data.keys()  # nothing else tells it
    if category in _DELETED or (gone and left == "[deleted]") or bare:
        return PostStatus(state="deleted", category=category or "deleted", author_gone=gone)
    at = from_unix(data.get("banned_at_utc"))
    if category in UNDECIDED or (category is None and (remover is True or _machine(by))):
        if by is None or _machine(by):
            kind = category or ("automod_filtered" if by and by.casefold() == "automoderator" else "reddit")
            return PostStatus(state="filtered", by=by, at=at, category=kind, author_gone=gone)
        category = "moderator"  # a person made the machine's removal theirs
    if category or remover or data.get("removed") is True or data.get("spam") is True or (gone and left == "[removed]"):
        # beyond moderators it is Reddit's staff, whoever had removed it before
        who = by if category in (None, "moderator") else None
        return PostStatus(state="removed", by=who, at=at, category=category or "moderator", author_gone=gone)
    if data.get("approved_by") or data.get("approved") is True:
        moment = from_unix(data.get("approved_at_utc"))
        return PostStatus(state="approved", by=_text(data, "approved_by"), at=moment, author_gone=gone)
    return PostStatus(state="up", author_gone=gone)


def decided_by_others(post: Post) -> str | None:
    """Return what moderators or the author decided on a post already, or None."""
    if post.approved_by and not _machine(post.approved_by):
        return "approved by a moderator"
    if post.removed_by_category and post.removed_by_category not in UNDECIDED:
        return f"removed ({post.removed_by_category})"
    return None


def _machine(name: str | None) -> bool:
    """Whether a name is no person's. Reddit's own filter has none."""
    return name is not None and name.casefold() in MACHINES


def _text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return _HALF.sub("\ufffd", value) if isinstance(value, str) and value else None
