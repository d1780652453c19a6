"""giphy: every id leads straight to its files; only short links have to be asked where they go."""

from __future__ import annotations

import re

from bot.errors import UnsupportedError
from bot.hosts.base import HostMedia, LinkExample, Rendition, Url, Web, belongs, parse, stem
from bot.hosts.pages import PageHost
from bot.model import Link, MediaRef

FILES = "https://i.giphy.com/media"

_ID = re.compile(r"[A-Za-z0-9]{5,64}\Z")
_SHORT = re.compile(r"[A-Za-z0-9]{4,32}\Z")
_KINDS = frozenset({"gifs", "clips", "stickers", "embed", "videos", "video"})
_LISTS = frozenset({"trending", "search", "categories", "upload", "reactions", "entertainment", "sports", "artists"})
_BUCKET = "giphygifs.s3.amazonaws.com"  # where early links lead; only its ids are used
_MEDIA = re.compile(r"(?:media\d{0,2}|i)\.giphy\.com\Z")


class Giphy(PageHost):
    """The host with ids of letters and digits, whose case matters, at the end of a title."""

    name = "giphy"
    adult = False
    domains = ("giphy.com", "gph.is", _BUCKET)
    file_servers = ("giphy.com",)
    examples = (
        LinkExample("https://giphy.com/gifs/heron-green-quiet-aB3dE5gH7jK9mN1pQ3", "aB3dE5gH7jK9mN1pQ3", "media"),
        LinkExample("https://giphy.com/gifs/aB3dE5gH7jK9m/html5", "aB3dE5gH7jK9m", "media"),
        LinkExample("https://giphy.com/clips/example-heron-aB3dE5gH7jK9m", "aB3dE5gH7jK9m", "media"),
        LinkExample("https://giphy.com/embed/aB3dE5gH7jK9m", "aB3dE5gH7jK9m", "media"),
        LinkExample("https://media2.giphy.com/media/aB3dE5gH7jK9m/giphy.gif", "aB3dE5gH7jK9m", "media"),
        LinkExample("https://media.giphy.com/media/v1.Y2lkPTc5&ct=g/aB3dE5gH7jK9m/200.mp4", "aB3dE5gH7jK9m", "media"),
        LinkExample("https://i.giphy.com/aB3dE5gH7jK9m.webp", "aB3dE5gH7jK9m", "media"),
        LinkExample("https://gph.is/g/aB3dE5g", None, "media"),
        LinkExample("https://giphy.com/search/heron", None, "page"),
        LinkExample("https://giphy.com/example", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        if belongs(url.host, ("gph.is",)):
            short = url.path and len(url.path) <= 2 and _SHORT.match(url.path[-1])
            return MediaRef(host=self.name, id=None, kind="media" if short else "page")
        id = _id(url)
        return MediaRef(host=self.name, id=id, kind="media" if id else "page")

    def is_file(self, url: Url) -> bool:
        return bool(_MEDIA.match(url.host)) and _id(url) is not None

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        id = link.id or self._behind(link.url, web)
        video = Rendition(url=f"{FILES}/{id}/giphy.mp4")
        return (HostMedia(id=id, renditions=(video, Rendition(url=f"{FILES}/{id}/giphy.gif", original=True))),)

    def _behind(self, short: str, web: Web) -> str:
        parts = parse(short)
        if parts is None or not belongs(parts.host, ("gph.is",)):
            raise UnsupportedError("the link leads to a page of giphy, not to a clip")
        target = parse(web.page(short).url)
        found = self.match(target) if target is not None else None
        if found is None or found.id is None:
            raise UnsupportedError("the short link leads to a page of giphy, not to a clip")
        return found.id

    def page_url(self, id: str) -> str | None:
        return f"https://giphy.com/gifs/{id}"


def _id(url: Url) -> str | None:
    path = url.path
    if url.host == "api.giphy.com":
        candidate = path[2] if len(path) == 3 and path[:1] == ("v1",) and path[1] in _KINDS else ""
    elif path[:1] == ("media",):
        rest = path[2:] if len(path) > 2 and path[1].startswith("v1.") else path[1:]
        candidate = stem(rest[0]) if rest else ""
    elif url.host == "i.giphy.com":
        candidate = stem(path[0]) if len(path) == 1 else ""
    elif url.host in ("giphy.com", "www.giphy.com") and len(path) >= 2 and path[0] in _KINDS:
        candidate = path[1].rpartition("-")[2] if path[1] not in _LISTS else ""
    else:
        candidate = ""
    return candidate if _ID.match(candidate) and candidate not in _LISTS else None
