"""The shapes of what the loopback Reddit holds: subreddits, and the fields that all things have."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

Kind = Literal["public", "private", "banned", "quarantined"]


@dataclass(slots=True)
class Subreddit:
    """One subreddit. `moderators` maps a name to its permissions."""

    name: str
    number: str
    kind: Kind
    moderators: dict[str, list[str]]


def thing_of(place: Subreddit, kind: str, number: str, author: str, created: datetime) -> dict[str, Any]:
    """Return the fields that submissions and comments have in common."""
    moment = created.timestamp()
    return {
        "id": number,
        "name": f"{kind}_{number}",
        "subreddit": place.name,
        "subreddit_id": f"t5_{place.number}",
        "subreddit_name_prefixed": f"r/{place.name}",
        "subreddit_type": "public",
        "author": author,
        "author_fullname": f"t2_{author.lower()}",
        "author_flair_text": None,
        "created": float(int(moment)),
        "created_utc": float(int(moment)),
        "edited": False,
        "distinguished": None,
        "stickied": False,
        "locked": False,
        "archived": False,
        "score": 1,
        "ups": 1,
        "downs": 0,
        "likes": None,
        "saved": False,
        "can_mod_post": True,
        "num_reports": 0,
        "mod_reports": [],
        "user_reports": [],
        "report_reasons": [],
        "removal_reason": None,
        "mod_note": None,
        "mod_reason_by": None,
        "mod_reason_title": None,
        "approved": False,
        "approved_by": None,
        "approved_at_utc": None,
        "removed": False,
        "spam": False,
        "banned_by": None,
        "banned_at_utc": None,
        "ban_note": "",
        "ignore_reports": False,
        "_reporters": [],
    }


def public(thing: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shown of a thing, without what only this world knows."""
    return {key: copy.deepcopy(value) for key, value in thing.items() if not key.startswith("_")}


def linked(url: str) -> dict[str, Any]:
    """Return the fields of a submission that leads to an address."""
    return {"url": url, "url_overridden_by_dest": url, "is_self": False, "domain": urlsplit(url).hostname or ""}


def slug(title: str) -> str:
    """Return a title as it stands in a permalink."""
    words = "".join(char.lower() if char.isalnum() else " " for char in title).split()
    return "_".join(words)[:50] or "_"
