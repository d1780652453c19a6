"""imgbox: single pictures and galleries, whose pages name the files or their previews."""

from __future__ import annotations

import re

from bot.errors import AcquireError, GoneError, HostChangedError, NeedsTokenError, UnsupportedError
from bot.hosts.base import MEDIA_EXTENSIONS, HostMedia, LinkExample, Url, Web, extension, parse, stem
from bot.hosts.pages import PageHost, meta, tags
from bot.model import Link, MediaRef

SITE = "https://imgbox.com"

_ID = re.compile(r"[A-Za-z0-9]{8}\Z")
_GALLERY = re.compile(r"[A-Za-z0-9]{10}\Z")
_SERVER = re.compile(r"(?:(?P<files>images\d{0,2})|thumbs\d{0,2}|i|\d{1,2}\.[ist])\.imgbox\.com\Z")
_HASH = re.compile(r"[0-9a-f]{2}\Z")
_FILE = re.compile(r"([A-Za-z0-9]{8})(?:_[a-z])?\Z")
_PAGES = frozenset({"register", "settings"})  # eight letters each, as an id has
_GONE = (
    ("The image in question does not exist", "imgbox says that this picture does not exist"),
    ("The image has been deleted due to a DMCA complaint", "imgbox says that this picture was deleted after a report"),
    ("The specified gallery could not be found", "imgbox says that this gallery does not exist"),
)


class Imgbox(PageHost):
    """The host with ids of eight letters and digits, ten for galleries. Everybody's, so no sexual context."""

    name = "imgbox"
    adult = False
    domains = ("imgbox.com",)
    file_servers = ("imgbox.com",)
    examples = (
        LinkExample("https://imgbox.com/aB3dE5gH", "aB3dE5gH", "media"),
        LinkExample("https://images2.imgbox.com/0a/1b/aB3dE5gH_o.png", "aB3dE5gH", "media"),
        LinkExample("https://thumbs2.imgbox.com/0a/1b/aB3dE5gH_t.jpg", "aB3dE5gH", "media"),
        LinkExample("http://i.imgbox.com/aB3dE5gH.jpg", "aB3dE5gH", "media"),
        LinkExample("https://imgbox.com/g/aB3dE5gHjK", "aB3dE5gHjK", "album"),
        LinkExample("https://imgbox.com/", None, "page"),
        LinkExample("https://imgbox.com/login", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        path = url.path
        if _SERVER.match(url.host):
            found = _FILE.match(stem(path[-1])) if path and extension(path[-1]) in MEDIA_EXTENSIONS else None
            id = found[1] if found and found[1].lower() not in _PAGES else None
            return MediaRef(host=self.name, id=id, kind="media" if id else "page")
        if path[:2] == ("gallery", "edit") or path[:1] == ("g",):
            place = 2 if path[0] == "gallery" else 1
            album = path[place] if len(path) > place and _GALLERY.match(path[place]) else None
            return MediaRef(host=self.name, id=album, kind="album" if album else "page")
        known = len(path) == 1 and _ID.match(path[0]) and path[0].lower() not in _PAGES
        return MediaRef(host=self.name, id=path[0] if known else None, kind="media" if known else "page")

    def is_file(self, url: Url) -> bool:
        """Return whether an address is a picture in full; the servers of previews and of old links name others."""
        server = _SERVER.match(url.host)
        path = url.path
        folders = len(path) == 3 and _HASH.match(path[0]) and _HASH.match(path[1])
        return server is not None and server["files"] is not None and bool(folders) and super().is_file(url)

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or link.id is None:
            raise UnsupportedError("the link leads to a page of imgbox, not to a picture")
        if self.is_file(url):
            return self.linked(link.id, url)
        if link.kind == "album":
            return self._gallery(link.id, web)
        page = web.page(f"{SITE}/{link.id}")
        shown = next((tag.get("src") for tag in tags(page.text, "img") if tag.get("id") == "img"), None)
        shown = shown or meta(page.text, "og:image")
        if shown is None:
            raise _nothing(page.url, page.text, "names no picture on its page")
        return (HostMedia(id=link.id, renditions=(self.file(shown, original=True),)),)

    def _gallery(self, id: str, web: Web) -> tuple[HostMedia, ...]:
        """Return the pictures of a gallery: each file has the name of its preview, on the server beside it."""
        page = web.page(f"{SITE}/g/{id}")
        start = page.text.find('id="gallery-view-content"')
        if start < 0:
            raise _nothing(page.url, page.text, "shows a gallery without pictures")
        found: dict[str, HostMedia] = {}
        for tag in tags(page.text[start:], "img"):
            preview = parse(tag.get("src", ""))
            known = self.match(preview) if preview is not None and self.owns(preview.host) else None
            if preview is None or known is None or known.id is None:
                continue
            folders, kind = "/".join(preview.path[:-1]), extension(preview.path[-1])
            full = f"https://{preview.host.replace('thumbs', 'images', 1)}/{folders}/{known.id}_o.{kind}"
            found[known.id] = HostMedia(id=known.id, renditions=(self.file(full, original=True),))
        if not found:
            raise GoneError("imgbox shows this gallery without any picture: all of it was taken out")
        return tuple(found.values())

    def page_url(self, id: str) -> str | None:
        return f"{SITE}/g/{id}" if _GALLERY.match(id) else f"{SITE}/{id}"


def _nothing(url: str, text: str, what: str) -> AcquireError:
    """Return the error of a page without what was looked for."""
    end = parse(url)
    if end is not None and end.path[:1] == ("login",):
        return NeedsTokenError("imgbox shows this only to people who are logged in")
    told = next((sentence for words, sentence in _GONE if words in text), None)
    return GoneError(told) if told else HostChangedError(f"imgbox {what}, which its plug relies on")
