"""imgbb: single pictures and albums, whose pages name the files."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from bot.errors import GoneError, HostChangedError, UnsupportedError
from bot.hosts.base import MEDIA_EXTENSIONS, HostMedia, LinkExample, Url, Web, dig, extension, parse, pixels
from bot.hosts.pages import PageHost, decoded, meta, tags
from bot.model import Link, MediaRef

SITE = "https://ibb.co"
MAX_PAGES = 10

_ID = re.compile(r"[A-Za-z0-9]{5,12}\Z")
_SERVER = re.compile(r"(?:i|image|preview|thumb)\.(?:ibb\.co|ibb\.co\.com|imgbb\.com)\Z")
_HASH = re.compile(r"[0-9a-f]{32}\Z")  # behind an id: the uploader's own link, by which it can be deleted
_SITES = frozenset({"ibb.co", "www.ibb.co", "ibb.co.com", "www.ibb.co.com"})
_PAGES = frozenset(
    {"about", "album", "contact", "explore", "login", "plugin", "plugins", "privacy", "search", "signup"}
)

_FRAMES = ("content-listing", "content-empty")  # what an album stands in, also an empty one


class Imgbb(PageHost):
    """The host with ids of letters and digits, one kind for pages and another for files."""

    name = "imgbb"
    adult = False
    domains = ("ibb.co", "ibb.co.com", "imgbb.com")
    file_servers = domains
    examples = (
        LinkExample("https://ibb.co/aB3dE5gH", "aB3dE5gH", "media"),
        LinkExample("https://i.ibb.co/aB3dE5gH/quiet-heron.gif", "aB3dE5gH", "media"),
        LinkExample("https://i.ibb.co.com/aB3dE5gH/quiet-heron.gif", "aB3dE5gH", "media"),
        LinkExample("https://image.ibb.co/aB3dE5/quiet_heron.jpg", "aB3dE5", "media"),
        LinkExample("https://ibb.co/album/aB3dE5?sort=name_asc", "aB3dE5", "album"),
        LinkExample("https://example.imgbb.com/", None, "page"),
        LinkExample("https://imgbb.com/upload", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        path = url.path
        if _SERVER.match(url.host):
            file = len(path) == 2 and _ID.match(path[0]) and extension(path[1]) in MEDIA_EXTENSIONS
            return MediaRef(host=self.name, id=path[0] if file else None, kind="media" if file else "page")
        if url.host in _SITES and len(path) == 2 and path[0] == "album" and _ID.match(path[1]):
            return MediaRef(host=self.name, id=path[1], kind="album")
        path = path[:1] if len(path) == 2 and _HASH.match(path[1]) else path
        known = url.host in _SITES and len(path) == 1 and _ID.match(path[0]) and path[0].lower() not in _PAGES
        return MediaRef(host=self.name, id=path[0] if known else None, kind="media" if known else "page")

    def is_file(self, url: Url) -> bool:
        return bool(_SERVER.match(url.host)) and super().is_file(url)

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or link.id is None:
            raise UnsupportedError("the link leads to a page of imgbb, not to a picture")
        if self.is_file(url):
            return self.linked(link.id, url)
        if link.kind == "album":
            return self._album(link.id, web)
        page = web.page(f"{SITE}/{link.id}").text
        width, height = pixels(meta(page, "og:image:width")), pixels(meta(page, "og:image:height"))
        file = self.file(meta(page, "og:image"), width=width, height=height, original=True)
        return (HostMedia(id=link.id, renditions=(file,)),)

    def _album(self, id: str, web: Web) -> tuple[HostMedia, ...]:
        """Return the pictures of an album, page by page as its own links lead on."""
        found: dict[str, None] = {}
        url: str | None = f"{SITE}/album/{id}"
        page = ""
        for _ in range(MAX_PAGES):
            if url is None:
                break
            page = web.page(url).text
            before = len(found)
            found.update((tag["data-object"], None) for tag in tags(page, "div") if "data-object" in tag)
            url = self._next(page, id) if len(found) > before else None
        if not found and any(frame in page for frame in _FRAMES):
            raise GoneError("imgbb shows this album without any picture: all of it was taken out")
        if not found:
            raise HostChangedError("imgbb shows an album without pictures, which its plug does not know")
        return tuple(self._card(decoded(unquote(card), "imgbb")) for card in found)

    def _next(self, page: str, id: str) -> str | None:
        """Return the address of an album's next page, None if there is none of the same album."""
        shown = next((tag.get("href", "") for tag in tags(page, "a") if tag.get("data-pagination") == "next"), "")
        parts = parse(f"{SITE}{shown}" if shown.startswith("/") else shown)
        same = parts is not None and self.match(parts) == MediaRef(host=self.name, id=id, kind="album")
        return parts.text if same and parts is not None else None

    def _card(self, card: Any) -> HostMedia:
        url = dig(card, "imgbb", "image", "url")
        file = self.file(url, width=pixels(card.get("width")), height=pixels(card.get("height")), original=True)
        id = card.get("id_encoded")
        return HostMedia(id=id if isinstance(id, str) else None, renditions=(file,))

    def page_url(self, id: str) -> str | None:  # noqa: ARG002  an id does not tell whether it is a page's or a file's
        return None
