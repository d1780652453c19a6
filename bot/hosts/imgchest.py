"""imgchest: posts of several pictures, from the data that the page carries."""

from __future__ import annotations

import re

from bot.errors import GoneError, HostChangedError, UnsupportedError
from bot.hosts.base import MEDIA_EXTENSIONS, HostMedia, LinkExample, Url, Web, dig, extension, parse, stem
from bot.hosts.pages import PageHost, decoded, items, tags
from bot.model import Link, MediaRef

_POST = re.compile(r"[A-Za-z0-9]{8,16}\Z")
_FILE = re.compile(r"[A-Za-z0-9_-]{6,64}\Z")


class Imgchest(PageHost):
    """The host whose posts have ids of eleven small letters and digits."""

    name = "imgchest"
    adult = False
    domains = ("imgchest.com",)
    file_servers = ("cdn.imgchest.com",)
    examples = (
        LinkExample("https://imgchest.com/p/ab3de5gh7jk", "ab3de5gh7jk", "album"),
        LinkExample("https://cdn.imgchest.com/files/ab3de5gh7jkm.png", "ab3de5gh7jkm", "media"),
        LinkExample("https://imgchest.com/u/example", None, "page"),
        LinkExample("https://imgchest.com/", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        path = url.path
        if url.host == "cdn.imgchest.com":
            name = path[1] if len(path) == 2 and path[0] == "files" else ""
            file = _FILE.match(stem(name)) and extension(name) in MEDIA_EXTENSIONS
            return MediaRef(host=self.name, id=stem(name) if file else None, kind="media" if file else "page")
        post = path[1] if len(path) >= 2 and path[0] == "p" and _POST.match(path[1]) else None
        return MediaRef(host=self.name, id=post, kind="album" if post else "page")

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or link.id is None:
            raise UnsupportedError("the link leads to a page of imgchest, not to a post")
        if self.is_file(url):
            return self.linked(link.id, url)
        page = web.page(f"https://imgchest.com/p/{link.id}").text
        data = next((tag["data-page"] for tag in tags(page, "div") if "data-page" in tag), None)
        if data is None and "<title>Not Found</title>" in page:
            raise GoneError("imgchest says that this post does not exist")
        if data is None:
            raise HostChangedError("imgchest sends a page without its data, which its plug relies on")
        files = items(dig(decoded(data, "imgchest"), "imgchest", "props", "post", "files"), "imgchest")
        if not files:
            raise GoneError("imgchest shows this post without its pictures")
        return tuple(self._media(file) for file in files)

    def _media(self, file: object) -> HostMedia:
        rendition = self.file(dig(file, "imgchest", "link"), original=True)
        found = parse(rendition.url)
        return HostMedia(id=stem(found.path[-1]) if found else None, renditions=(rendition,))

    def page_url(self, id: str) -> str | None:  # noqa: ARG002  an id does not tell whether it is a post's or a file's
        return None
