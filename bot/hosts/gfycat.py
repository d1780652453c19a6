"""gfycat: closed since September 2023. What was there often lives on under the same id on its successor."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.errors import GoneError, UnsupportedError
from bot.hosts.base import Host, HostMedia, LinkExample, Url, Web
from bot.model import Link, MediaRef

_ID = re.compile(r"([A-Za-z]{3,80})(?:[-.].*)?\Z")
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Za-z]{2,4})?\Z")
_FILE_SERVERS = re.compile(r"(?:thumbs\d?|giant|fat|zippy|media|assets|api)\.gfycat\.com\Z")
_SITES = frozenset({"gfycat.com", "www.gfycat.com", "m.gfycat.com"})
_BEFORE_ID = (("gifs", "detail"), ("cajax", "get"), ("ifr",), ("iframe",), ("watch",), ("detail",), ("embed",))
_PAGES = frozenset(
    {"about", "api", "blog", "careers", "create", "developers", "discover", "dmca", "faq", "gaming", "jobs", "login"}
    | {"partners", "popular", "press", "pricing", "privacy", "pro", "reactions", "search", "settings", "signup"}
    | {"sound", "stickers", "support", "terms", "trending", "upload"}
)


class Gfycat(Host):
    """The dead host whose ids are three words, looked for on the plug that is passed in."""

    name = "gfycat"
    adult = True  # what is still found is found on its successor
    domains = ("gfycat.com",)
    examples = (
        LinkExample("https://gfycat.com/quietgreenheron", "quietgreenheron", "media"),
        LinkExample("https://www.gfycat.com/QuietGreenHeron.gif", "quietgreenheron", "media"),
        LinkExample("https://gfycat.com/quietgreenheron-some-words", "quietgreenheron", "media"),
        LinkExample("https://gfycat.com/gifs/detail/QuietGreenHeron", "quietgreenheron", "media"),
        LinkExample("https://gfycat.com/de/ifr/QuietGreenHeron?autoplay=0", "quietgreenheron", "media"),
        LinkExample("https://thumbs.gfycat.com/QuietGreenHeron-size_restricted.gif", "quietgreenheron", "media"),
        LinkExample("https://giant.gfycat.com/QuietGreenHeron.mp4", "quietgreenheron", "media"),
        LinkExample("https://gfycat.com/gifs/search/heron", None, "page"),
        LinkExample("https://gfycat.com/@example", None, "page"),
        LinkExample("https://gfycat.com/stickers", None, "page"),
    )

    def __init__(self, successor: Host) -> None:
        self._successor = successor
        self.served_by = successor.name

    def match(self, url: Url) -> MediaRef | None:
        id = _id(url)
        return MediaRef(host=self.name, id=id, kind="media" if id else "page")

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        if link.id is None:
            raise UnsupportedError("the link leads to a page of gfycat, not to a clip")
        try:
            return self._successor.resolve(replace(link, host=self._successor.name), web)
        except GoneError as error:
            gone = GoneError(f"gfycat has closed and {self._successor.name} does not have this id")
            gone.status = error.status
            raise gone from None

    def page_url(self, id: str) -> str | None:
        return self._successor.page_url(id)


def _id(url: Url) -> str | None:
    path = url.path
    if _FILE_SERVERS.match(url.host):
        name = path[-1] if len(path) == 1 or path[:2] == ("v1", "gfycats") else ""
    elif url.host in _SITES:
        if len(path) > 1 and _LANGUAGE.match(path[0]):
            path = path[1:]
        start = next((start for start in _BEFORE_ID if path[: len(start)] == start), ())
        path = path[len(start) :]
        name = path[0] if len(path) == 1 or (path and start) else ""
    else:
        name = ""
    found = _ID.match(name)
    return found[1].lower() if found and found[1].lower() not in _PAGES else None
