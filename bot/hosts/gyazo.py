"""gyazo: one capture, its file named by the host's oEmbed answer."""

from __future__ import annotations

import re
from urllib.parse import quote

from bot.errors import HostChangedError, UnsupportedError
from bot.hosts.base import MEDIA_EXTENSIONS, HostMedia, LinkExample, Url, Web, extension, parse, pixels, stem
from bot.hosts.pages import PageHost, mapping
from bot.model import Link, MediaRef

API = "https://api.gyazo.com/api/oembed"

_ID = re.compile(r"[0-9a-f]{32}\Z")
_THUMB = re.compile(r"([0-9a-f]{32})-(?:png|jpg|jpeg|gif|mp4|heic)\Z")


class Gyazo(PageHost):
    """The host with ids of 32 hexadecimal digits."""

    name = "gyazo"
    adult = False
    domains = ("gyazo.com",)
    file_servers = ("i.gyazo.com",)
    examples = (
        LinkExample("https://gyazo.com/0123456789abcdef0123456789abcdef", "0123456789abcdef" * 2, "media"),
        LinkExample("https://example.gyazo.com/0123456789abcdef0123456789abcdef", "0123456789abcdef" * 2, "media"),
        LinkExample("https://i.gyazo.com/0123456789abcdef0123456789abcdef.gif", "0123456789abcdef" * 2, "media"),
        LinkExample("https://gyazo.com/0123456789abcdef0123456789abcdef/thumb/1000", "0123456789abcdef" * 2, "media"),
        LinkExample("https://gyazo.com/captures", None, "page"),
        LinkExample("https://gyazo.com/collections/0123456789abcdef0123456789abcdef", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        id = _id(url)
        return MediaRef(host=self.name, id=id, kind="media" if id else "page")

    def is_file(self, url: Url) -> bool:
        return len(url.path) == 1 and super().is_file(url) and extension(url.path[0]) in MEDIA_EXTENSIONS

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or link.id is None:
            raise UnsupportedError("the link leads to a page of gyazo, not to a capture")
        if self.is_file(url):
            return self.linked(link.id, url)
        page = f"https://gyazo.com/{link.id}"
        answer = mapping(web.json(f"{API}?url={quote(page, safe='')}"), "gyazo")
        named = answer.get("url")
        if named is None and answer.get("type") != "video":
            raise HostChangedError("gyazo names neither a picture nor a video, which its plug relies on")
        width, height = pixels(answer.get("width")), pixels(answer.get("height"))
        file = named or f"https://i.gyazo.com/{link.id}.mp4"  # of videos only the player is told
        return (HostMedia(id=link.id, renditions=(self.file(file, width=width, height=height, original=True),)),)

    def page_url(self, id: str) -> str | None:
        return f"https://gyazo.com/{id}"


def _id(url: Url) -> str | None:
    path = url.path
    if path[:1] == ("thumb",) and len(path) == 3:  # i.gyazo.com/thumb/WIDTH/ID-EXT.jpg
        found = _THUMB.match(stem(path[2].lower()))
        return found[1] if found else None
    # behind the id stand sizes (thumb/1000, max_size/500) and raw
    id = stem(path[0]).lower() if path else ""
    return id if _ID.match(id) else None
