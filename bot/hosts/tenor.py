"""tenor: its API has closed, so a clip's files come from the data that its page carries."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from bot.errors import GoneError, HostChangedError, UnsupportedError
from bot.hosts.base import HostMedia, LinkExample, Rendition, Url, Web, dig, parse, pixels
from bot.hosts.pages import PageHost, items, mapping, script
from bot.model import Link, MediaRef

_VIEW = re.compile(r"(?:.*-)?(\d{4,20})\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,4})?\Z")
_SHORT = re.compile(r"[A-Za-z0-9]{4,16}\.gif\Z")
_ITEM = re.compile(r"\d{4,20}\Z")
_SITES = frozenset({"tenor.com", "www.tenor.com", "tenor.co", "www.tenor.co"})
_KEY = re.compile(r"([\w-]{11})AA[\w-]{3}\Z", re.ASCII)  # the id in base64, and which of its files
_OLD_KEY = re.compile(r"[0-9a-f]{32}\Z")
_FOLDERS = frozenset({"m", "images", "videos"})
_SERVER = re.compile(r"(?:media\d{0,2}|c)\.tenor\.com?\Z")


class Tenor(PageHost):
    """The host with numbers as ids, which its file servers write in base64."""

    name = "tenor"
    adult = False
    domains = ("tenor.com", "tenor.co")
    file_servers = domains
    examples = (
        LinkExample("https://tenor.com/view/quiet-green-heron-gif-12345678", "12345678", "media"),
        LinkExample(
            "https://tenor.com/pt-BR/view/quiet-green-heron-gif-1234567890123456789", "1234567890123456789", "media"
        ),
        LinkExample("https://tenor.com/embed/12345678", "12345678", "media"),
        LinkExample("https://media1.tenor.com/m/ESIQ9H3pgRUAAAAC/heron.gif", "1234567890123456789", "media"),
        LinkExample("https://c.tenor.com/ESIQ9H3pgRUAAAAd/tenor.gif", "1234567890123456789", "media"),
        LinkExample("https://media1.tenor.com/images/0f0f/tenor.gif?itemid=12345678", "12345678", "media"),
        LinkExample("https://tenor.com/aB3dE5gH7jK.gif", None, "media"),
        LinkExample("https://tenor.com/search/heron-gifs", None, "page"),
        LinkExample("https://tenor.com/users/example", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        id = _id(url)
        short = url.host in _SITES and len(url.path) == 1 and _SHORT.match(url.path[0])
        return MediaRef(host=self.name, id=id, kind="media" if id or short else "page")

    def is_file(self, url: Url) -> bool:
        return bool(_SERVER.match(url.host)) and _id(url) is not None

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or (link.id is None and _id(url) is None and not _SHORT.match("".join(url.path))):
            raise UnsupportedError("the link leads to a page of tenor, not to a clip")
        if self.is_file(url):
            return self.linked(link.id, url)
        page = web.page(link.url if link.id is None else f"https://tenor.com/view/{link.id}")
        known = mapping(dig(script(page.text, "store-cache", "tenor"), "tenor", "gifs", "byId"), "tenor")
        results = [result for entry in known.values() for result in items(dig(entry, "tenor", "results"), "tenor")]
        if not results:
            raise GoneError("tenor shows its page without the clip")
        return (self._media(results[0], link.id),)

    def _media(self, result: Any, id: str | None) -> HostMedia:
        formats = mapping(dig(result, "tenor", "media_formats"), "tenor")
        found = [self._rendition(formats[name], name) for name in ("mp4", "gif") if name in formats]
        if not found:
            raise HostChangedError("tenor names neither a video nor a GIF, which its plug relies on")
        told = result.get("id")
        return HostMedia(id=id or (told if isinstance(told, str) else None), renditions=tuple(found))

    def _rendition(self, entry: Any, name: str) -> Rendition:
        url = dig(entry, "tenor", "url")
        size = entry.get("dims") if isinstance(entry, Mapping) else None
        width, height = size if isinstance(size, list) and len(size) == 2 else (None, None)
        return self.file(url, width=pixels(width), height=pixels(height), original=name == "gif")

    def page_url(self, id: str) -> str | None:
        return f"https://tenor.com/view/{id}" if id.isdigit() else None


def _id(url: Url) -> str | None:
    path = url.path
    if _SERVER.match(url.host):
        item = url.query.get("itemid", "")
        if _ITEM.match(item):
            return item  # the clip's own number, by which its page is known too
        key = path[1] if len(path) > 1 and path[0] in _FOLDERS else path[0] if path else ""
        found = _KEY.match(key)
        if found:
            return str(int.from_bytes(urlsafe_b64decode(f"{found[1]}=")))
        return key if _OLD_KEY.match(key) else None
    if url.host not in _SITES:
        return None
    if len(path) > 2 and _LANGUAGE.match(path[0]):
        path = path[1:]
    named = _VIEW.match(path[1]) if len(path) == 2 and path[0] in ("view", "embed") else None
    return named[1] if named else None
