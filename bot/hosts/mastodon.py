"""Mastodon and what speaks its language: statuses by the public API of the servers that the operator allows.

The addresses of statuses tell nothing of who runs a server, so each that may be asked is allowed by name. The files of
a status are fetched from allowed domains only, whatever the server's answer names: a server that keeps its files on a
domain of another name needs that in the list as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.errors import HostChangedError, NotAllowedError, TryLaterError, UnsupportedError
from bot.hosts.base import Host, HostMedia, LinkExample, Rendition, Url, Web, dig, parse, pixels
from bot.hosts.pages import items, mapping
from bot.model import Link, MediaRef

_NUMBER = re.compile(r"(\d{5,20})(?!\w)", re.ASCII)
_ID = re.compile(r"([A-Za-z0-9]{18,26}|\d{1,20})(?![\w-])", re.ASCII)  # Pleroma's and GoToSocial's hold letters
_NAME = re.compile(r"@[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}(?:@[A-Za-z0-9.-]{3,200}(?::\d{1,5})?)?\Z")
_LISTS = frozenset({"context", "favourites", "history", "quotes", "reblogs"})
# A tuple: what an answer holds there may be a list, which is looked for in no set
_KINDS = ("image", "video", "gifv", "unknown")  # unknown: of another server, and not kept on this one


class Mastodon(Host):
    """The plug of many servers. It owns no domain: which it may ask is for the operator to say."""

    name = "mastodon"
    adult = False
    domains = ()
    lasting = False  # whoever runs the server, or wrote the status, can change it
    examples = (
        LinkExample(
            "https://social.example.org/@heron/123456789012345678", "social.example.org/123456789012345678", "album"
        ),
        LinkExample(
            "https://social.example.org/@heron@other.example.net/123456789012345678",
            "social.example.org/123456789012345678",
            "album",
        ),
        LinkExample(
            "https://social.example.org/users/heron/statuses/123456789012345678",
            "social.example.org/123456789012345678",
            "album",
        ),
        LinkExample(
            "https://social.example.org/web/statuses/123456789012345678",
            "social.example.org/123456789012345678",
            "album",
        ),
    )

    def match(self, url: Url) -> MediaRef | None:
        id = _status(url)
        return MediaRef(host=self.name, id=f"{url.host}/{id}", kind="album") if id else None

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        id = _status(url) if url is not None else None
        if url is None or id is None:
            raise UnsupportedError("the link leads to no status of a Mastodon server")
        answer = web.json(f"https://{url.host}/api/v1/statuses/{id}")
        dig(answer, url.host, "media_attachments")
        found = [one for part in _parts(answer, url.host) for one in _attached(part, url.host)]
        if not found:
            raise UnsupportedError(f"the status on {url.host} holds no picture or video")
        _check_allowed(found, url.host, web)
        return tuple(_media(one, url.host, web) for one in found)

    def page_url(self, id: str) -> str | None:  # noqa: ARG002  a status's page needs the account's name too
        return None


def _status(url: Url) -> str | None:
    """Return the id that a status has on the server of an address, in any of the forms that servers have had."""
    path = url.path
    if path[:1] in (("web",), ("deck",)):
        path = path[1:]
    if len(path) >= 2 and _NAME.match(path[0]):
        name, rest = path[1], path[2:]
        found = _NUMBER.match(name)
        if name == "statuses" and rest:  # GoToSocial
            found, rest = _ID.match(rest[0]), rest[1:]
    elif path[:1] == ("users",) and len(path) >= 4 and path[2] == "statuses":
        found, rest = _ID.match(path[3]), path[4:]
    elif path[:2] == ("ap", "users") and len(path) >= 5 and path[3] == "statuses":
        found, rest = _ID.match(path[4]), path[5:]
    elif path[:3] == ("api", "v1", "statuses") and len(path) >= 4:
        found, rest = _ID.match(path[3]), path[4:]
    elif len(path) == 2 and path[0] in ("statuses", "notice"):
        found, rest = _ID.match(path[1]), ()
    else:
        return None
    return found[1] if found and rest[:1] != ("activity",) and not _LISTS & {*rest} else None


def _parts(answer: Any, where: str) -> Iterator[Mapping[str, Any]]:
    """Yield a status, what it boosts, and what it quotes."""
    status = mapping(answer, where)
    for part in (status, status.get("reblog")):
        if not part:
            continue
        yield mapping(part, where)
        quote = mapping(mapping(part, where).get("quote") or {}, where)
        if quote.get("quoted_status"):
            yield mapping(quote["quoted_status"], where)


def _attached(part: Mapping[str, Any], where: str) -> Iterator[Mapping[str, Any]]:
    for one in items(part.get("media_attachments") or [], where):
        if mapping(one, where).get("type") in _KINDS:
            yield one


def _media(one: Mapping[str, Any], where: str, web: Web) -> HostMedia:
    """Return a file that the status shows: the server's own copy, else that of the server it was posted on."""
    sizes = mapping(one.get("meta") or {}, where)
    named = [parts for key in ("url", "remote_url") if (parts := parse(str(one.get(key) or ""))) is not None]
    if not named and (one.get("url") or one.get("remote_url")):
        raise HostChangedError(f"{where} names no address of a file for a media, which its plug relies on")
    if not named:
        raise TryLaterError(f"{where} has not prepared the media of this status yet")
    whole = _allowed(named, web) or named[0]  # which is refused by the guard, and told
    small = parse(str(one.get("preview_url"))) if one.get("type") == "image" else None
    shown = [_sized(small, sizes.get("small"), where)] if small and web.allows(small.host) else []
    return HostMedia(
        id=str(one.get("id")), renditions=(*shown, _sized(whole, sizes.get("original"), where, whole=True))
    )


def _check_allowed(found: list[Mapping[str, Any]], where: str, web: Web) -> None:
    """Raise NotAllowedError if no file of a status may be fetched."""
    named = [parts for one in found for key in ("url", "remote_url") if (parts := parse(str(one.get(key) or "")))]
    if named and _allowed(named, web) is None:
        host = min(parts.host for parts in named)
        raise NotAllowedError(
            f"{where} keeps the media of this status on {host}, which may not be contacted; "
            "add it to allow in [hosts.mastodon] if it may"
        )


def _allowed(named: list[Url], web: Web) -> Url | None:
    return next((parts for parts in named if web.allows(parts.host)), None)


def _sized(url: Url, size: Any, where: str, *, whole: bool = False) -> Rendition:
    told = mapping(size or {}, where)
    width, height = pixels(told.get("width")), pixels(told.get("height"))
    return Rendition(url=url.text, width=width, height=height, original=whole)
