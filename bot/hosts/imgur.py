"""imgur: single files straight from i.imgur.com; pages, albums and galleries by way of the API that its own site uses.

New API clients cannot be registered, so none is configured or shipped: the site's public client id is read from its
own script when it is first needed and kept in memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.errors import BlockedError, GoneError, HostChangedError, NeedsTokenError, UnsupportedError
from bot.hosts.base import Host, HostMedia, LinkExample, Rendition, Url, Web, dig, extension, own, parse, pixels, stem
from bot.model import Link, MediaRef

FILES = "https://i.imgur.com"
API = "https://api.imgur.com/post/v1"
REMOVED = "removed"  # where i.imgur.com redirects to when a file is gone

_ID = re.compile(r"[A-Za-z0-9]{5,8}\Z")
_LIST = re.compile(r"[A-Za-z0-9]{5,7}(?:[,&][A-Za-z0-9]{5,7}){1,49}\Z")  # how albums were written before there were any
_SIZES = "sbtmlhrg"  # letters behind an id that ask for a smaller copy
_FILE_SERVERS = frozenset({"i", "o", "m", "www", "edge", "i.m", "new", "beta", ""})
_POSTS = frozenset({"a", "gallery"})
_TAGGED = frozenset({"t", "r", "topic"})
_ORDERS = frozenset({"newest", "oldest", "random", "rising", "viral", "month", "today"})  # of a tag, in an id's place
_PAGES = frozenset(
    {"about", "account", "apps", "blog", "emerald", "help", "hot", "memegen", "new", "new-post", "privacy", "random"}
    | {"register", "rules", "search", "settings", "signin", "signup", "tos", "top", "upload", "user", "vidgif"}
    | {"a", "advertise", "archive", "ccpa", "community", "download", "gallery", "jobs", "press", "r", "removalrequest"}
    | {"store", "t", "terms", "topic", "trust", "users"}
)
_SCRIPT = re.compile(r"https://s\.imgur\.com/desktop-assets/js/main[\w.-]*\.js")
_CLIENT = re.compile(r"""apiClientId\s*:\s*["']([0-9A-Za-z]{5,64})["']""")


class Imgur(Host):
    """The host with ids of five or seven letters and digits, whose case matters."""

    name = "imgur"
    adult = False
    domains = ("imgur.com", "imgur.io")
    examples = (
        LinkExample("https://i.imgur.com/aB3dE5g.gifv", "aB3dE5g", "media"),
        LinkExample("https://i.imgur.com/aB3dE5gh.jpg", "aB3dE5g", "media"),
        LinkExample("https://i.imgur.com/aB3dEm.jpg", "aB3dE", "media"),
        LinkExample("https://i.imgur.com/aB3dE5g_d.webp?maxwidth=640", "aB3dE5g", "media"),
        LinkExample("http://imgur.com/aB3dE5g", "aB3dE5g", "media"),
        LinkExample("https://imgur.com/some-words-of-a-title-aB3dE5g", "aB3dE5g", "media"),
        LinkExample("https://m.imgur.com/a/aB3dE/layout/grid#0", "aB3dE", "album"),
        LinkExample("https://imgur.io/gallery/some-words-aB3dE5g", "aB3dE5g", "album"),
        LinkExample("https://imgur.com/t/birds/aB3dE5g", "aB3dE5g", "album"),
        LinkExample("https://imgur.com/r/birds/aB3dE5g", "aB3dE5g", "album"),
        LinkExample("https://imgur.com/download/aB3dE5g", "aB3dE5g", "media"),
        LinkExample("https://imgur.com/aB3dE5g,hJ7kL9m", "aB3dE5g,hJ7kL9m", "album"),
        LinkExample("https://imgur.com/t/birds/viral", None, "page"),
        LinkExample("https://imgur.com/user/example", None, "page"),
        LinkExample("https://imgur.com/upload", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        server = url.host.removesuffix(".imgur.com").removesuffix(".imgur.io")
        server = "" if server in self.domains else server
        path = url.path
        if server in _FILE_SERVERS and path:
            if path[0] in _POSTS and len(path) >= 2:
                return self._ref(_slug(path[1]) if path[1] not in _ORDERS else None, "album")
            if path[0] in _TAGGED and len(path) >= 3:
                return self._ref(_slug(path[2]) if path[2] not in _ORDERS else None, "album")
            if len(path) == 1 and _LIST.match(stem(path[0])):
                return self._ref(stem(path[0]).replace("&", ","), "album")
            if path[0] == "download" and len(path) >= 2:
                return self._ref(_slug(path[1]), "media")
            if len(path) == 1 and (server in ("i", "o") or extension(path[0])):
                return self._ref(_file(path[0]), "media")
            if len(path) == 1:
                return self._ref(_slug(path[0]), "media")
        return self._ref(None, "page")

    def _ref(self, id: str | None, kind: Any) -> MediaRef:
        id = id if id and id.lower() not in _PAGES else None
        return MediaRef(host=self.name, id=id, kind=kind if id else "page")

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        if link.id is None:
            raise UnsupportedError("the link leads to a page of imgur, not to media")
        if link.id == REMOVED:
            raise GoneError("imgur shows its picture for removed media here")
        url = parse(link.url)
        ending = extension(url.path[-1]) if url is not None and len(url.path) == 1 else ""
        if link.kind == "media" and ending:
            return (HostMedia(id=link.id, renditions=_by_name(link.id, ending)),)
        if "," in link.id:
            return tuple(HostMedia(id=id, renditions=_by_name(id, "jpg")) for id in link.id.split(","))
        kinds = ("albums", "posts", "media") if link.kind == "album" else ("media", "albums")
        post = _Api(web).post(kinds, link.id)
        if isinstance(post, Mapping) and (post.get("media") == [] or post.get("image_count") == 0):
            raise GoneError("imgur shows this album without any media: all of it was taken out")
        items = dig(post, "imgur", "media")
        if not isinstance(items, list) or not items:
            raise HostChangedError("imgur answers with a post without media, which its plug does not know")
        return tuple(_media(item) for item in items)

    def page_url(self, id: str) -> str | None:
        return f"https://imgur.com/{id}"

    def is_placeholder(self, url: str) -> bool:
        parts = parse(url)
        return parts is not None and len(parts.path) == 1 and stem(parts.path[0]) == REMOVED


def _slug(segment: str) -> str | None:
    """Return the id at the end of `words-of-a-title-ID`."""
    candidate = stem(segment).rpartition("-")[2]
    return candidate if _ID.match(candidate) else None


def _file(name: str) -> str | None:
    """Return the id of a file name, without the letter that asks for a smaller copy."""
    id = stem(name).partition("_")[0]
    if len(id) in (6, 8) and id[-1] in _SIZES:
        id = id[:-1]
    return id if _ID.match(id) else None


def _by_name(id: str, ending: str) -> tuple[Rendition, ...]:
    if ending in ("gifv", "mp4", "webm"):
        return (Rendition(url=f"{FILES}/{id}.mp4", original=True),)
    # Any other ending serves what was uploaded; the one in the link may be a misspelling.
    known = ending if ending in ("gif", "png", "jpg", "jpeg", "webp") else "gif" if ending.startswith("gif") else "jpg"
    return (Rendition(url=f"{FILES}/{id}.{known}", original=True),)


def _media(item: Any) -> HostMedia:
    url = own(dig(item, "imgur", "url"), Imgur.domains)
    if url is None:
        raise HostChangedError("imgur names no file of its own for a media, which its plug relies on")
    id = item.get("id")
    width, height = pixels(item.get("width")), pixels(item.get("height"))
    original = Rendition(url=url, width=width, height=height, original=True)
    metadata = item.get("metadata")
    animated = isinstance(metadata, Mapping) and metadata.get("is_animated") is True
    if item.get("type") == "image" and animated and isinstance(id, str) and _ID.match(id):
        # The same clip as video: a tenth of the bytes of the GIF.
        video = Rendition(url=f"{FILES}/{id}.mp4", width=width, height=height)
        return HostMedia(id=id, renditions=(video, original))
    return HostMedia(id=id if isinstance(id, str) else None, renditions=(original,))


class _Api:
    """The site's own API, with the client id that its script carries, read again once if it is refused."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def post(self, kinds: tuple[str, ...], id: str) -> Any:
        """Return the first of the kinds that exists; the link alone does not tell which one an id is."""
        for kind in kinds[:-1]:
            try:
                return self._get(kind, id)
            except GoneError:
                continue
        return self._get(kinds[-1], id)

    def _get(self, kind: str, id: str) -> Any:
        client = self._web.state.get("client")
        if client is not None:
            try:
                return self._call(kind, id, client)
            except (BlockedError, NeedsTokenError):
                self._web.state.pop("client", None)
        return self._call(kind, id, self._client())

    def _call(self, kind: str, id: str, client: str) -> Any:
        return self._web.json(f"{API}/{kind}/{id}?client_id={client}&include=media")

    def _client(self) -> str:
        script = _SCRIPT.search(self._web.page("https://imgur.com/").text)
        found = _CLIENT.search(self._web.page(script[0]).text) if script else None
        if found is None:
            raise HostChangedError("imgur's site no longer shows the client id that its API asks for")
        client = found[1]
        self._web.state["client"] = client
        return client
