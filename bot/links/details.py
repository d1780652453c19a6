"""What only rules ask of a post, out of Reddit's JSON; never raises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.model import Origin, PostDetails
from bot.serialization import encodable

_GONE = frozenset({"[deleted]", "[removed]"})
_MAX_TEXTS = 50  # captions or options of one post
_LONGEST = 1000  # characters of one of them


def details_of(data: Mapping[str, Any], *, comment: bool) -> PostDetails | None:
    """Return the details in a thing's bare data, or None if it tells none."""
    oembed = _inner(_inner(data, "secure_media") or _inner(data, "media"), "oembed")
    details = PostDetails(
        is_self=not comment and data.get("is_self") is True,
        is_gallery=data.get("is_gallery") is True,
        is_poll=bool(_inner(data, "poll_data")),
        is_original_content=data.get("is_original_content") is True,
        is_meta=data.get("is_meta") is True,
        top_level=_text(data, "parent_id").startswith("t3_") if comment and _text(data, "parent_id") else None,
        by_submitter=_flag(data, "is_submitter") if comment else None,
        author_premium=_flag(data, "author_premium"),
        discussion_type=_text(data, "discussion_type").lower() or None,
        flair_css_class=_text(data, "link_flair_css_class") or None,
        flair_template_id=_text(data, "link_flair_template_id") or None,
        author_flair_text=_text(data, "author_flair_text") or None,
        author_flair_css_class=_text(data, "author_flair_css_class") or None,
        author_flair_template_id=_text(data, "author_flair_template_id") or None,
        gallery_captions=tuple(_texts(_inner(data, "gallery_data").get("items"), "caption")),
        poll_options=tuple(_texts(_inner(data, "poll_data").get("options"), "text")),
        media_author=_text(oembed, "author_name") or None,
        media_author_url=_text(oembed, "author_url") or None,
        media_title=_text(oembed, "title") or None,
        media_description=_text(oembed, "description") or None,
        crosspost=None if comment else _crosspost(data),
        parent=_parent(data) if comment else None,
    )
    return None if details == PostDetails() else details


def _crosspost(data: Mapping[str, Any]) -> Origin | None:
    shown = data.get("crosspost_parent_list")
    if not isinstance(shown, list) or not shown or not isinstance(shown[0], Mapping):
        return None
    first = shown[0]
    return Origin(
        id=_text(first, "id") or None,
        title=_text(first, "title"),
        url=None if first.get("is_self") is True else _text(first, "url_overridden_by_dest") or _text(first, "url"),
        author=_account(first, "author"),
        author_id=_text(first, "author_fullname") or None,
        subreddit=_text(first, "subreddit") or None,
        over_18=first.get("over_18") is True,
    )


def _parent(data: Mapping[str, Any]) -> Origin | None:
    if not _text(data, "link_id"):
        return None
    return Origin(
        id=_text(data, "link_id").removeprefix("t3_"),
        title=_text(data, "link_title"),
        url=_text(data, "link_url") or None,
        author=_account(data, "link_author"),
        subreddit=_text(data, "subreddit") or None,
        over_18=data.get("over_18") is True,
    )


def _account(data: Mapping[str, Any], key: str) -> str | None:
    name = _text(data, key)
    return None if not name or name in _GONE else name


def _inner(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _texts(items: Any, key: str) -> Iterator[str]:
    for item in items[:_MAX_TEXTS] if isinstance(items, list) else ():
        text = _text(item, key) if isinstance(item, Mapping) else ""
        if text:
            yield text[:_LONGEST]


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return str(encodable(value)) if isinstance(value, str) else ""


def _flag(data: Mapping[str, Any], key: str) -> bool | None:
    value = data.get(key)
    return value if isinstance(value, bool) else None
