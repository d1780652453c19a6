"""Names that may become a path, and what Reddit's answers wrap their content in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.errors import RedditError
from bot.permalink import is_account, is_fullname

_SUBREDDIT = re.compile(r"[A-Za-z0-9_-]{1,50}(?:\+[A-Za-z0-9_-]{1,50})*")
_NUMBER = re.compile(r"[0-9a-z]{1,13}")


def subreddit_name(name: str) -> str:
    """Return the name, or several joined by `+`. Raises RedditError if it is none."""
    if not _SUBREDDIT.fullmatch(name):
        raise RedditError(f"{name!r} is not a subreddit's name; write it without r/", retry=False)
    return name


def fullname_of(name: str) -> str:
    """Return the fullname. Raises RedditError if it is none."""
    if not is_fullname(name):
        raise RedditError(f"{name!r} is not the fullname of a submission or comment", retry=False)
    return name


def user_name(name: str) -> str:
    """Return an account's name. Raises RedditError if it is none."""
    if not is_account(name):
        raise RedditError(f"{name!r} is not an account's name; write it without u/", retry=False)
    return name


def conversation_id(name: str) -> str:
    """Return the id of a modmail conversation. Raises RedditError if it is none."""
    if not _NUMBER.fullmatch(name):
        raise RedditError(f"{name!r} is not the id of a modmail conversation", retry=False)
    return name


def inner(thing: Any, key: str = "data") -> Mapping[str, Any]:
    """Return the object under a key, empty if there is none."""
    held = thing.get(key) if isinstance(thing, Mapping) else None
    return held if isinstance(held, Mapping) else {}


def page_of(answer: Any, where: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return the children of a listing and its `after`. Raises RedditError if it is no listing."""
    data = inner(answer)
    children = data.get("children")
    if not isinstance(children, list):
        raise RedditError(f"Reddit answers {where} in a shape that we do not know; look for a newer version")
    after = data.get("after")
    return [dict(child) for child in children if isinstance(child, Mapping)], after if isinstance(after, str) else None
