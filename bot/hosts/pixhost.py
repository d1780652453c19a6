"""pixhost: single pictures and galleries, whose previews tell where the files are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from bot.errors import GoneError, HostChangedError, UnsupportedError
from bot.hosts.base import MEDIA_EXTENSIONS, HostMedia, LinkExample, Rendition, Url, Web, extension, parse
from bot.hosts.pages import PageHost, meta, tags
from bot.model import Link, MediaRef

_NUMBER = re.compile(r"\d{1,9}\Z", re.ASCII)
_NAME = re.compile(r"(\d{3,15})(?:_|\.|\Z)", re.ASCII)
_GALLERY = re.compile(r"[A-Za-z0-9]{4,16}\Z")
_SERVER = re.compile(r"(?P<kind>img|t)(?P<number>\d{1,4})\.")
_FOLDERS = {"img": "images", "t": "thumbs"}


class Pixhost(PageHost):
    """The host with folders and numbers in its addresses. Everybody's, so no sexual context."""

    name = "pixhost"
    adult = False
    domains = ("pixhost.to", "pixhost.cc", "pixho.st", "pixhost.org")
    file_servers = domains
    examples = (
        LinkExample("https://pixhost.to/show/190/123456789_heron.png", "123456789", "media"),
        LinkExample("https://img33.pixhost.to/images/190/123456789_heron.png", "123456789", "media"),
        LinkExample("https://t33.pixhost.cc/thumbs/190/123456789_heron.png", "123456789", "media"),
        LinkExample("https://pixhost.to/gallery/aB3dE", "aB3dE", "album"),
        LinkExample("https://pixhost.to/", None, "page"),
        LinkExample("https://pixhost.to/new-gallery", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        path, server = url.path, _SERVER.match(url.host)
        if path[:1] == ("gallery",) and server is None:
            album = path[1] if len(path) > 1 and _GALLERY.match(path[1]) else None
            return MediaRef(host=self.name, id=album, kind="album" if album else "page")
        folder = _FOLDERS[server["kind"]] if server is not None else "show"
        named = len(path) == 3 and path[0] == folder and _NUMBER.match(path[1])
        found = _NAME.match(path[2]) if named and extension(path[2]) in MEDIA_EXTENSIONS else None
        return MediaRef(host=self.name, id=found[1] if found else None, kind="media" if found else "page")

    def is_file(self, url: Url) -> bool:
        server = _SERVER.match(url.host)
        return server is not None and server["kind"] == "img" and super().is_file(url)

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or link.id is None:
            raise UnsupportedError("the link leads to a page of pixhost, not to a picture")
        if self.is_file(url):
            return self.linked(link.id, url)
        if link.kind == "album":
            return self._gallery(url, link.id, web)
        if _SERVER.match(url.host):
            return (HostMedia(id=link.id, renditions=(self._whole(url),)),)
        page = web.page(f"https://{_site(url.host)}/{_joined(url.path)}").text
        if "Picture doesn't exist" in page:
            raise GoneError("pixhost says that this picture does not exist")
        shown = next((tag.get("src") for tag in tags(page, "img") if tag.get("id") == "image"), None)
        return (HostMedia(id=link.id, renditions=(self.file(shown or meta(page, "og:image"), original=True),)),)

    def _gallery(self, url: Url, id: str, web: Web) -> tuple[HostMedia, ...]:
        """Return the pictures of a gallery, in the order of their previews."""
        page = web.page(f"https://{_site(url.host)}/gallery/{id}").text
        start = page.find('class="images"')
        if start < 0:
            raise HostChangedError("pixhost shows a gallery without pictures, which its plug does not know")
        found: dict[str, HostMedia] = {}
        for tag in tags(page[start:], "img"):
            preview = parse(tag.get("src", ""))
            known = self.match(preview) if preview is not None and self.owns(preview.host) else None
            if preview is not None and known is not None and known.id is not None:
                found[known.id] = HostMedia(id=known.id, renditions=(self._whole(preview),))
        if not found:
            raise GoneError("pixhost shows this gallery without any picture: all of it was taken out")
        return tuple(found.values())

    def _whole(self, preview: Url) -> Rendition:
        """Return the file that a preview is of: it has the same name on the server of the same number."""
        server = f"img{preview.host.removeprefix('t')}" if preview.host.startswith("t") else preview.host
        return self.file(f"https://{server}/images/{_joined(preview.path[1:])}", original=True)

    def page_url(self, id: str) -> str | None:  # noqa: ARG002  a picture's page needs its folder and name too
        return None


def _site(host: str) -> str:
    """Return the domain to ask: the one that the link names, but for the old one."""
    domain = host.removeprefix("www.")
    return "pixhost.to" if domain == "pixhost.org" or domain not in Pixhost.domains else domain


def _joined(path: Iterable[str]) -> str:
    return "/".join(quote(segment) for segment in path)
