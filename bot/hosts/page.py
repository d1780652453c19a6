"""Pages of domains that the operator allows: the video that a page itself names for others to show.

Where it is looked for, in this order; the first place that names a file on an allowed domain counts:

1. `og:video:secure_url`, `og:video:url`, `og:video`
2. `twitter:player:stream`
3. `<video src>` and the `<source src>` inside it
4. JSON-LD: `contentUrl` of a `VideoObject`
5. oEmbed: what the page's own link to it answers, and the frame that the answer names, read as above

All of it is strangers' text: no more of it is read than `MAX_…` says, and nothing of it leads to other domains.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import urljoin

from bot.config import HostConfig
from bot.errors import HostChangedError, NotAllowedError, UnsupportedError
from bot.fetch import Page
from bot.hosts.base import (
    MEDIA_EXTENSIONS,
    Host,
    HostMedia,
    LinkExample,
    Rendition,
    Url,
    Web,
    belongs,
    extension,
    parse,
    plain,
)
from bot.hosts.pages import attributes, decoded, tags
from bot.model import Link, MediaRef

MAX_MEDIA = 20  # of one page
MAX_NAMED = 100  # addresses of one place that are looked at
MAX_TAGS = 1000  # `<video>` and `<source>` of one page
MAX_DATA = 20  # pieces of JSON-LD of one page
MAX_DATA_CHARACTERS = 200_000  # of one piece
MAX_NODES = 5000  # objects and lists of one piece that are looked into

_VIDEO = re.compile(r"<(/?)(video|source)\b([^<>]*)>", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b([^<>]*)>", re.IGNORECASE)
_STREAMS = frozenset({"m3u8", "mpd", "f4m", "ism"})
_PAGES = frozenset({"htm", "html", "php", "asp", "aspx", "swf", "js", "json", "xml"})
_OPEN_GRAPH = ("og:video:secure_url", "og:video:url", "og:video")

Named = tuple[str, str]  # an address as it stands there, and its type, empty if none is told


class AllowedPage(Host):
    """The plug of pages. It knows no links by itself: `allow` names the domains whose pages are its own."""

    name = "page"
    adult = False
    domains = ()
    lasting = False  # whoever runs the server can change the page
    examples = (
        LinkExample("https://videos.example.org/watch/quiet-heron", None, "media"),
        LinkExample("https://www.videos.example.org/?v=123", None, "media"),
        LinkExample("https://videos.example.org/", None, "page"),
    )

    def __init__(self, allow: tuple[str, ...] = ()) -> None:
        self._allow = allow

    def as_set(self, settings: HostConfig) -> Host:
        allow = plain(settings.allow)
        return type(self)(allow) if allow else self

    def match(self, url: Url) -> MediaRef | None:
        if not belongs(url.host, self._allow) or (url.path and extension(url.path[-1]) in MEDIA_EXTENSIONS):
            return None  # a file is for `direct`
        return MediaRef(host=self.name, id=None, kind="media" if url.path or url.query else "page")

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        page = web.page(link.url)
        refused: set[str] = set()
        found = _first(page, web, refused, (_open_graph, _player, _elements, _data)) or _embedded(page, web, refused)
        if found:
            return tuple(HostMedia(id=None, renditions=(Rendition(url=url, original=True),)) for url in found)
        where = parse(page.url)
        name = where.host if where is not None else "the page"
        if refused:
            raise NotAllowedError(
                f"the page on {name} names a file on {min(refused)}, which may not be contacted; "
                "add it to allow in [hosts.page] if it may"
            )
        raise UnsupportedError(f"the page on {name} names no video in a way that is read")

    def page_url(self, id: str) -> str | None:  # noqa: ARG002  the link is the page
        return None


def _first(
    page: Page, web: Web, refused: set[str], places: tuple[Callable[[str], Iterator[Named]], ...]
) -> tuple[str, ...]:
    """Return the files of the first place that names any; hosts that may not be contacted go into `refused`."""
    for place in places:
        found: dict[str, None] = {}
        for text, kind in islice(place(page.text), MAX_NAMED):
            url = _address(text, page.url)
            if url is None or not _is_file(url, kind):
                continue
            if not web.allows(url.host):
                refused.add(url.host)
            elif len(found) < MAX_MEDIA:
                found[url.text] = None
        if found:
            return tuple(found)
    return ()


def _open_graph(page: str) -> Iterator[Named]:
    yield from _one_of(page, _OPEN_GRAPH, "og:video:type")


def _player(page: str) -> Iterator[Named]:
    yield from _one_of(page, ("twitter:player:stream",), "twitter:player:stream:content_type")


def _one_of(page: str, names: tuple[str, ...], typed: str) -> Iterator[Named]:
    """Yield what the first of these names says: the others say the same. Without a type the ending counts."""
    told: dict[str, list[str]] = {}
    for tag in tags(page, "meta"):
        key = (tag.get("property") or tag.get("name") or "").lower()
        if (key in names or key == typed) and tag.get("content"):
            told.setdefault(key, []).append(tag["content"])
    kinds = told.get(typed, [])
    chosen = next((told[name] for name in names if name in told), [])
    for place, text in enumerate(chosen):
        yield text, kinds[place] if place < len(kinds) else "unknown"


def _elements(page: str) -> Iterator[Named]:
    """Yield the first file that each `<video>` names which can be read: the others are the same in other formats."""
    options: list[Named] = []
    inside = False
    for tag in islice(_VIDEO.finditer(page), MAX_TAGS):
        closing, name, told = bool(tag[1]), tag[2].lower(), attributes(tag[3])
        if name == "video":
            yield from _readable(options)
            options, inside = [], not closing
        if inside and not closing and told.get("src"):
            options.append((told["src"], told.get("type", "")))
    yield from _readable(options)


def _readable(options: list[Named]) -> Iterator[Named]:
    for text, kind in options:
        url = _address(text, "https://page.example.org/")
        if url is not None and _is_file(url, kind):
            yield text, kind
            return


def _data(page: str) -> Iterator[Named]:
    """Yield the files of all videos in the page's JSON-LD."""
    pieces = 0
    for tag in _SCRIPT.finditer(page):
        if attributes(tag[1]).get("type", "").strip().lower() != "application/ld+json":
            continue
        pieces += 1
        end = page.find("</script", tag.end(), tag.end() + MAX_DATA_CHARACTERS)
        if pieces > MAX_DATA:
            return
        if end >= 0:
            yield from _videos(page[tag.end() : end])


def _videos(text: str) -> Iterator[Named]:
    try:
        waiting = deque([decoded(text, "page")])
    except HostChangedError:
        return
    for _ in range(MAX_NODES):
        if not waiting:
            return
        node = waiting.popleft()
        if isinstance(node, dict):
            kinds = node.get("@type")
            if "VideoObject" in (kinds if isinstance(kinds, list) else [kinds]):
                urls = node.get("contentUrl")
                kind = node.get("encodingFormat")
                for url in urls if isinstance(urls, list) else [urls]:
                    if isinstance(url, str):
                        yield url, kind if isinstance(kind, str) else ""
            waiting.extend(value for value in node.values() if isinstance(value, dict | list))
        elif isinstance(node, list):
            waiting.extend(value for value in node if isinstance(value, dict | list))


def _embedded(page: Page, web: Web, refused: set[str]) -> tuple[str, ...]:
    """Return the files that the page's oEmbed answer names, or the frame in it."""
    for tag in tags(page.text, "link"):
        if tag.get("type", "").lower() not in ("application/json+oembed", "text/json+oembed") or not tag.get("href"):
            continue
        url = _address(tag["href"], page.url)
        if url is None or not web.allows(url.host):
            return ()
        answer = web.json(url.text)
        return _told(answer, url.text, web, refused) if isinstance(answer, dict) else ()
    return ()


def _told(answer: dict[str, Any], base: str, web: Web, refused: set[str]) -> tuple[str, ...]:
    named, html = answer.get("url"), answer.get("html")
    if answer.get("type") == "photo" and isinstance(named, str):
        photo = _address(named, base)
        if photo is not None and web.allows(photo.host):
            return (photo.text,)
        refused |= {photo.host} if photo is not None else set()
    if answer.get("type") != "video" or not isinstance(html, str):
        return ()
    inside = Page(url=base, status=200, text=html)
    found = _first(inside, web, refused, (_elements,))
    frame = next((tag["src"] for tag in tags(html, "iframe") if tag.get("src")), None)
    url = _address(frame, base) if frame and not found else None
    if url is None:
        return found
    if not web.allows(url.host):
        refused.add(url.host)
        return ()
    return _first(web.page(url.text), web, refused, (_open_graph, _player, _elements, _data))


def _address(text: str, base: str) -> Url | None:
    """Return an address that a page names, completed by where it stands."""
    try:
        return parse(urljoin(base, text.strip()))
    except ValueError:
        return None


def _is_file(url: Url, kind: str) -> bool:
    """Return whether an address may be that of a file: no stream, no page, and none that only a player would be."""
    ending = extension(url.path[-1]) if url.path else ""
    kind = kind.strip().lower()
    if ending in MEDIA_EXTENSIONS:
        return not kind.startswith("text/")
    if ending in _STREAMS or ending in _PAGES or not url.path:
        return False
    return not kind or kind.startswith("video/")
