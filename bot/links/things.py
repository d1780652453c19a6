"""Walk Reddit's JSON and read what rules and people need of a thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from bot.clock import from_unix
from bot.links.details import details_of
from bot.links.text import LONGEST
from bot.model import Post, PostReport, standing
from bot.permalink import is_fullname
from bot.serialization import encodable, unescaped

ReportList = Literal["mod_reports", "mod_reports_dismissed", "user_reports", "user_reports_dismissed"]

_GONE = frozenset({"[deleted]", "[removed]"})
_EPOCH = datetime.fromtimestamp(0, UTC)


def things_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the submissions and comments in a listing, a thing, a list of either, or a page of comments.

    Each comes as `{"kind": "t3" | "t1", "data": {…}}`, a comment before its replies. Anything else is passed over;
    never raises.
    """
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list | tuple):
            waiting.extend(reversed(item))
            continue
        if not isinstance(item, Mapping):
            continue
        data = item.get("data")
        kind = item.get("kind")
        if isinstance(data, Mapping):
            if kind in ("t1", "t3"):
                yield {"kind": kind, "data": dict(data)}
                waiting.append(data.get("replies"))
            else:
                waiting.append(data.get("children"))
        elif fullname_of(item):
            yield {"kind": fullname_of(item)[:2], "data": dict(item)}
            waiting.append(item.get("replies"))


def data_of(thing: Any) -> Mapping[str, Any]:
    """Return the data of `{"kind", "data"}`, or the mapping itself if it is bare, or an empty one."""
    if not isinstance(thing, Mapping):
        return {}
    inner = thing.get("data")
    return inner if "kind" in thing and isinstance(inner, Mapping) else thing


def fullname_of(thing: Any) -> str:
    """Return the fullname of a thing, empty if it tells none."""
    data = data_of(thing)
    name = data.get("name")
    if isinstance(name, str) and is_fullname(name):
        return name
    kind, number = (thing.get("kind") if isinstance(thing, Mapping) else None), data.get("id")
    if kind in ("t1", "t3") and isinstance(number, str) and is_fullname(f"{kind}_{number}"):
        return f"{kind}_{number}"
    return ""


def post_of(thing: Mapping[str, Any]) -> Post:
    """Return the post in a thing, `{"kind", "data"}` or its bare data.

    Fields that are missing or of the wrong type take the noun's defaults, the moment of creation 1970; never raises.
    """
    data = data_of(thing)
    fullname = fullname_of(thing)
    comment = fullname.startswith("t1_") or (not fullname and "body" in data)
    author = text(data, "author")
    url = text(data, "url_overridden_by_dest") or ("" if data.get("is_self") is True else text(data, "url"))
    return Post(
        fullname=fullname,
        subreddit=text(data, "subreddit"),
        permalink=_path(text(data, "permalink")),
        created=_moment(data.get("created_utc")),
        author=None if not author or author in _GONE else author,
        author_id=text(data, "author_fullname") or None,
        title=text(data, "link_title" if comment else "title"),
        body=text(data, "body" if comment else "selftext"),
        url=(None if comment else url[:LONGEST]) or None,
        flair_text=text(data, "link_flair_text") or None,
        over_18=data.get("over_18") is True,
        edited=bool(data.get("edited")),
        num_reports=_count(data.get("num_reports")),
        author_is_moderator=data.get("distinguished") == "moderator",
        approved_by=text(data, "approved_by") or None,
        removed_by_category=standing(data).category,
        details=details_of(data, comment=comment),
    )


def reports_in(data: Mapping[str, Any], name: ReportList) -> list[PostReport]:
    """Return one list of a thing's reports: `[reason, account]` of moderators, `[reason, count, …]` of users.

    What is no report is passed over, what a report leaves out is empty; never raises.
    """
    listed = data.get(name)
    rows = [row for row in listed if isinstance(row, list | tuple)] if isinstance(listed, list | tuple) else []
    return [
        PostReport(reason=unescaped(str(encodable(reason))), by=by if isinstance(by, str) else "")
        for reason, by in ((*row, None, None)[:2] for row in rows)
        if isinstance(reason, str)
    ]


def text(data: Mapping[str, Any], key: str) -> str:
    """Return a field if it is a string, else an empty one."""
    value = data.get(key)
    return str(encodable(value)) if isinstance(value, str) else ""


def _path(permalink: str) -> str:
    try:
        return urlsplit(permalink).path
    except ValueError:
        return ""


def _moment(value: Any) -> datetime:
    return from_unix(value) or _EPOCH


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
