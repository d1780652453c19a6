"""redgifs: one clip, or a gallery of stills, by way of its API and a temporary token.

Media URLs are signed for the address that asked, so resolving and downloading happen on one machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.errors import GoneError, HostChangedError, NeedsTokenError, UnsupportedError
from bot.hosts.base import Host, HostMedia, LinkExample, Rendition, Url, Web, dig, own, pixels
from bot.model import Link, MediaRef

API = "https://api.redgifs.com/v2"
SD_HEIGHT = 480  # what the sd file is scaled down to; the API gives the size of hd only

_ID = re.compile(r"[A-Za-z0-9]{2,80}\Z")
_FILE = re.compile(r"([A-Za-z0-9]{2,80})(?:[-.]|\Z)")
_WATCH = frozenset({"watch", "ifr", "i", "embed"})
_VERSION = re.compile(r"v\d\Z")
_LISTS = frozenset({"search", "trending", "random", "feed"})  # of the API, in an id's place
_HEADERS = {"Referer": "https://www.redgifs.com/", "Origin": "https://www.redgifs.com"}


class Redgifs(Host):
    """The host whose ids are three capitalised words, lower-cased for the API."""

    name = "redgifs"
    adult = True
    domains = ("redgifs.com", "gifdeliverynetwork.com")
    examples = (
        LinkExample("https://www.redgifs.com/watch/quietgreenheron", "quietgreenheron", "media"),
        LinkExample("https://v3.redgifs.com/watch/QuietGreenHeron?rel=user%3Aexample#t", "quietgreenheron", "media"),
        LinkExample("https://redgifs.com/ifr/quietgreenheron/", "quietgreenheron", "media"),
        LinkExample("https://i.redgifs.com/i/quietgreenheron.jpg", "quietgreenheron", "media"),
        LinkExample("https://www.gifdeliverynetwork.com/quietgreenheron", "quietgreenheron", "media"),
        LinkExample(
            "https://thumbs44.redgifs.com/GreyHeron-mobile.mp4?expires=1&signature=v2:ab", "greyheron", "media"
        ),
        LinkExample("https://media.redgifs.com/QuietGreenHeron-large.jpg", "quietgreenheron", "media"),
        LinkExample("https://api.redgifs.com/v2/gifs/quietgreenheron/sd.m3u8", "quietgreenheron", "media"),
        LinkExample("https://api.redgifs.com/v2/gifs/search?search_text=heron", None, "page"),
        LinkExample("https://www.redgifs.com/users/example", None, "page"),
        LinkExample("https://www.redgifs.com/", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        found = _id(url)
        return MediaRef(host=self.name, id=found, kind="media" if found else "page")

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        if link.id is None:
            raise UnsupportedError("the link leads to a page of redgifs, not to a clip")
        api = _Api(web)
        gif = dig(api.get(f"/gifs/{link.id.lower()}"), "redgifs", "gif")
        gallery = gif.get("gallery") if isinstance(gif, Mapping) else None
        if not isinstance(gallery, str) or not _ID.match(gallery):
            return (_media(gif),)
        items = dig(api.get(f"/gallery/{gallery}"), "redgifs", "gifs")
        if not items and (items is None or isinstance(items, list)):
            raise GoneError("redgifs shows this gallery without any media: all of it was taken out")
        if not isinstance(items, list):
            raise HostChangedError("redgifs answers with a gallery in a shape that its plug does not know")
        return tuple(_media(item) for item in items)

    def page_url(self, id: str) -> str | None:
        return f"https://www.redgifs.com/watch/{id}"


def _id(url: Url) -> str | None:
    server = url.host.removeprefix("www.").partition(".")[0]
    path = url.path
    if server.startswith(("thumbs", "media", "files")):
        found = _FILE.match(path[-1]) if len(path) == 1 else None
        return found[1].lower() if found else None
    if url.host.endswith("gifdeliverynetwork.com") and len(path) == 1:
        found = _FILE.match(path[0])
        return found[1].lower() if found else None
    if server == "api":
        known = len(path) >= 3 and _VERSION.match(path[0]) and path[1] in ("gifs", "gfycats")
        found = _ID.match(path[2]) if known and path[2] not in _LISTS else None
    elif len(path) >= 3 and path[:2] == ("gifs", "detail"):
        found = _ID.match(path[2])
    elif len(path) >= 2 and path[0].lower() in _WATCH:
        found = _FILE.match(path[1])
        return found[1].lower() if found else None
    else:
        found = None
    return found[0].lower() if found else None


def _media(gif: Any) -> HostMedia:
    urls = dig(gif, "redgifs", "urls")
    width, height = pixels(gif.get("width")), pixels(gif.get("height"))
    sd = _scaled(width, height)
    found = []
    for name, size in (("sd", sd), ("hd", (width, height))):
        url = own(urls.get(name), Redgifs.domains) if isinstance(urls, Mapping) else None
        if url is not None:
            found.append(Rendition(url=url, width=size[0], height=size[1], original=name == "hd", headers=_HEADERS))
    if not found:
        raise HostChangedError("redgifs names neither an sd nor an hd file of its own, which its plug relies on")
    id = gif.get("id")
    return HostMedia(id=id.lower() if isinstance(id, str) else None, renditions=tuple(found))


def _scaled(width: int | None, height: int | None) -> tuple[int | None, int | None]:
    if width is None or height is None:
        return None, None
    if height <= SD_HEIGHT:
        return width, height
    return max(1, width * SD_HEIGHT // height), SD_HEIGHT


class _Api:
    """The API with a temporary token, renewed once when it has expired."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def get(self, path: str) -> Any:
        token = self._web.state.get("token")
        if token is not None:
            try:
                return self._get(path, token)
            except NeedsTokenError:
                self._web.state.pop("token", None)
        return self._get(path, self._login())

    def _get(self, path: str, token: str) -> Any:
        return self._web.json(API + path, headers={**_HEADERS, "Authorization": f"Bearer {token}"})

    def _login(self) -> str:
        token = dig(self._web.json(f"{API}/auth/temporary", headers=_HEADERS), "redgifs", "token")
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]{1,8192}", token):
            raise HostChangedError("redgifs answers without a usable token, which its plug relies on")
        self._web.state["token"] = token
        return token
