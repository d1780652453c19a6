"""catbox and litterbox: files under their own names, and albums as pages that list them."""

from __future__ import annotations

import re

from bot.errors import GoneError, HostChangedError, UnsupportedError
from bot.hosts.base import MEDIA_EXTENSIONS, HostMedia, LinkExample, Rendition, Url, Web, extension, parse
from bot.hosts.pages import PageHost
from bot.model import Link, MediaRef

_FILE = re.compile(r"[A-Za-z0-9_-]{3,40}(?:\.[A-Za-z0-9]{1,10}){1,2}\Z")
_ALBUM = re.compile(r"[A-Za-z0-9]{3,20}\Z")
_LISTED = re.compile(r"https://files\.catbox\.moe/([A-Za-z0-9_-]{3,40}\.[A-Za-z0-9]{1,10})\b")
_SITES = frozenset({"catbox.moe", "www.catbox.moe"})
LITTER_SITE = "litterbox.catbox.moe"  # shows its own pages, and its files to those who take it for the file server

_FRAME = "imagelist"  # what an album stands in, also an empty one


class Catbox(PageHost):
    """The host whose ids are file names with their ending."""

    name = "catbox"
    adult = False
    domains = ("catbox.moe",)
    file_servers = ("catbox.moe",)
    examples = (
        LinkExample("https://files.catbox.moe/ab3de5.mp4", "ab3de5.mp4", "media"),
        LinkExample("https://litter.catbox.moe/ab3de5.webm", "ab3de5.webm", "media"),
        LinkExample("https://catbox.moe/c/ab3de5", "ab3de5", "album"),
        LinkExample("https://files.catbox.moe/ab3de5.zip", "ab3de5.zip", "unsupported"),
        LinkExample("https://catbox.moe/faq.php", None, "page"),
        LinkExample("https://catbox.moe/user/manage.php", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        path = url.path
        if url.host in _SITES:
            album = path[1] if len(path) == 2 and path[0] == "c" and _ALBUM.match(path[1]) else None
            return MediaRef(host=self.name, id=album, kind="album" if album else "page")
        if len(path) != 1 or not _FILE.match(path[0]):
            return MediaRef(host=self.name, id=None, kind="page")
        known = extension(path[0]) in MEDIA_EXTENSIONS
        if url.host == LITTER_SITE and not known:
            return MediaRef(host=self.name, id=None, kind="page")
        return MediaRef(host=self.name, id=path[0], kind="media" if known else "unsupported")

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or link.id is None:
            raise UnsupportedError("the link leads to a page of catbox, not to a file")
        if link.kind == "media":
            return self.linked(link.id, url)
        page = web.page(f"https://catbox.moe/c/{link.id}").text
        listed = dict.fromkeys(_LISTED.findall(page))
        if not listed and _FRAME in page:
            raise GoneError("catbox shows this album without any file: all of it was taken out")
        if not listed:
            raise HostChangedError("catbox shows an album without files, which its plug does not know")
        names = [name for name in listed if extension(name) in MEDIA_EXTENSIONS]
        if not names:
            raise UnsupportedError("the catbox album holds no picture or video")
        return tuple(
            HostMedia(id=name, renditions=(Rendition(url=f"https://files.catbox.moe/{name}", original=True),))
            for name in names
        )

    def page_url(self, id: str) -> str | None:
        # A file's name does not tell whether it is on catbox or litterbox; only an album's id has no ending.
        return None if "." in id else f"https://catbox.moe/c/{id}"
