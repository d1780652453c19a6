"""streamable: one video, its files named by the JSON that its own player reads."""

from __future__ import annotations

import re
from typing import Any

from bot.errors import GoneError, HostChangedError, TryLaterError, UnsupportedError
from bot.hosts.base import HostMedia, LinkExample, Rendition, Url, Web, dig, extension, parse, pixels
from bot.hosts.pages import PageHost, mapping
from bot.model import Link, MediaRef

API = "https://ajax.streamable.com/videos"

_ID = re.compile(r"[A-Za-z0-9]{3,12}\Z")
_FILE = re.compile(r"([a-z0-9]{3,12})(?:[-_.]|\Z)")
_FORMS = frozenset({"e", "s", "o", "t", "g", "l", "m"})
_SITES = frozenset({"streamable.com", "www.streamable.com", "m.streamable.com"})
_APIS = frozenset({"ajax.streamable.com", "api.streamable.com"})
_PAGES = frozenset(
    {
        "about",
        "api",
        "blog",
        "careers",
        "contact",
        "dashboard",
        "discover",
        "dmca",
        "documentation",
        "download",
        "explore",
    }
    | {"features", "help", "login", "logout", "oembed", "plans", "pricing", "privacy", "pro", "search", "settings"}
    | {"signup", "support", "terms", "tools", "upgrade", "upload", "user", "users"}
)
_SIZES = ("mp4-mobile", "mp4", "original")  # the order of preference where no sizes are told
_WAITING, _READY, _FAILED = (0, 1), 2, 3


class Streamable(PageHost):
    """The host with ids of a few small letters and digits."""

    name = "streamable"
    adult = False
    domains = ("streamable.com",)
    file_servers = ("streamable.com",)
    examples = (
        LinkExample("https://streamable.com/ab3de", "ab3de", "media"),
        LinkExample("https://www.streamable.com/e/ab3de?autoplay=1", "ab3de", "media"),
        LinkExample("https://streamable.com/s/ab3de/fghijk", "ab3de", "media"),
        LinkExample("https://cdn-cf-east.streamable.com/video/mp4/ab3de.mp4?Expires=1&Signature=x", "ab3de", "media"),
        LinkExample("https://streamable.com/l/ab3de/mp4-high.mp4", "ab3de", "media"),
        LinkExample("https://streamable.com/login", None, "page"),
        LinkExample("https://streamable.com/", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        id = _id(url)
        return MediaRef(host=self.name, id=id, kind="media" if id else "page")

    def is_file(self, url: Url) -> bool:
        ending = extension(url.path[-1]) if url.path else ""
        return url.host.startswith("cdn") and ending == "mp4" and _id(url) is not None

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if link.id is None or url is None:
            raise UnsupportedError("the link leads to a page of streamable, not to a video")
        # The signature of a file in a link is soon too old, so the files are always asked for.
        answer = web.json(f"{API}/{link.id}")
        status = dig(answer, "streamable", "status")
        if status in _WAITING:
            raise TryLaterError("streamable has not finished processing this video")
        if status == _FAILED:
            raise GoneError("streamable says that this video is not available")
        if status != _READY:
            raise HostChangedError("streamable gives a video a status that its plug does not know")
        files = mapping(dig(answer, "streamable", "files"), "streamable")
        found = tuple(self._rendition(name, files[name]) for name in _SIZES if _named(files.get(name)))
        if not found:
            raise HostChangedError("streamable names no file of a finished video, which its plug relies on")
        return (HostMedia(id=link.id, renditions=found),)

    def _rendition(self, name: str, file: Any) -> Rendition:
        width, height = pixels(file.get("width")), pixels(file.get("height"))
        return self.file(file["url"], width=width, height=height, original=name == "mp4")

    def page_url(self, id: str) -> str | None:
        return f"https://streamable.com/{id}"


def _named(file: Any) -> bool:
    return isinstance(file, dict) and bool(file.get("url"))


def _id(url: Url) -> str | None:
    path = url.path
    if url.host.startswith("cdn"):
        found = _FILE.match(path[-1]) if path and extension(path[-1]) in ("mp4", "jpg") else None
        return found[1] if found and found[1] not in _PAGES else None
    if url.host in _APIS:
        path = path[1:2] if path[:1] == ("videos",) else ()
    elif url.host not in _SITES:
        return None
    elif len(path) > 1 and path[0] in _FORMS:
        path = path[1:2]
    named = len(path) == 1 and _ID.match(path[0]) and path[0].lower() not in _PAGES
    return path[0].lower() if named else None
