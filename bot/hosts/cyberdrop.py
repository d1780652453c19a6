"""cyberdrop: albums and files, each file with an address of its own that its API gives out for a day."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from bot.errors import GoneError, HostChangedError, UnsupportedError
from bot.hosts.base import MEDIA_EXTENSIONS, HostMedia, LinkExample, Rendition, Url, Web, belongs, dig, extension, parse
from bot.hosts.pages import PageHost, tags
from bot.model import Link, MediaRef

SITE = "https://cyberdrop.cr"
API = "https://api.cyberdrop.cr/api/file"
# Names that the site has given up: links with them are known, but whoever has the name now is not asked.
FORMER = ("cyberdrop.me", "cyberdrop.to", "cyberdrop.cc", "cyberdrop.nl")

_SERVER = re.compile(r"[a-z0-9-]+-cd\.cdn\.gigachad-cdn\.ru\Z")  # a provider's, whose other servers are others'
# Albums and files are told apart by the length of their ids.
_ALBUM = re.compile(r"[A-Za-z0-9]{6,9}\Z")
_FILE = re.compile(r"[A-Za-z0-9]{10,20}\Z")
_NAME = re.compile(r"[^/\\\s\x00-\x1f]{3,200}\Z")
_API = {("api", "file", "d"), ("api", "file", "info"), ("api", "file", "auth"), ("api", "proxy", "thumb")}
_FRAME = 'id="title"'  # what an album's page has also without files
_HEADERS = {"Referer": f"{SITE}/", "Origin": SITE}


class Cyberdrop(PageHost):
    """The host whose albums have ids of eight letters and digits, and whose files have longer ones."""

    name = "cyberdrop"
    adult = False  # it takes any file and says so; what the file shows is for the post, the subreddit and the picture
    domains = ("cyberdrop.cr", *FORMER)
    file_servers = domains
    shows_removed = False
    examples = (
        LinkExample("https://cyberdrop.cr/a/aB3dE5gH", "aB3dE5gH", "album"),
        LinkExample("https://cyberdrop.cr/f/aB3dE5gH7jK9m", "aB3dE5gH7jK9m", "media"),
        LinkExample("https://cyberdrop.me/e/aB3dE5gH7jK9m", "aB3dE5gH7jK9m", "media"),
        LinkExample("https://k1-cd.cdn.gigachad-cdn.ru/api/file/d/aB3dE5gH7jK9m?token=0f", "aB3dE5gH7jK9m", "media"),
        LinkExample("https://cyberdrop.cr/quiet-heron-aB3dE5gH.mp4", "quiet-heron-aB3dE5gH.mp4", "media"),
        LinkExample("https://cyberdrop.cr/", None, "page"),
    )

    def owns(self, host: str) -> bool:
        return super().owns(host) or bool(_SERVER.match(host))

    def reaches(self, host: str) -> bool:
        return self.owns(host) and not belongs(host, FORMER)

    def match(self, url: Url) -> MediaRef | None:
        path = url.path
        if path[:3] in _API and len(path) == 4:
            path = ("f", path[3])
        elif _SERVER.match(url.host):
            path = ()
        kind, id = (path[0], path[1]) if len(path) >= 2 else ("", "")
        if kind == "a" and _ALBUM.match(id):
            return MediaRef(host=self.name, id=id, kind="album")
        if kind in ("f", "e") and len(path) == 2 and _FILE.match(id):
            return MediaRef(host=self.name, id=id, kind="media")
        if len(path) == 1 and _NAME.match(path[0]) and extension(path[0]) in MEDIA_EXTENSIONS:
            return MediaRef(host=self.name, id=path[0], kind="media")  # the oldest form, by the name of the file
        return MediaRef(host=self.name, id=None, kind="page")

    def is_file(self, url: Url) -> bool:
        found = self.match(url) if url.path[:3] == ("api", "file", "d") and self.reaches(url.host) else None
        return found is not None and found.kind == "media"

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        if link.id is None:
            raise UnsupportedError("the link leads to a page of cyberdrop, not to a file")
        if link.kind == "album":
            return self._album(link.id, web)
        id = link.id
        if not _FILE.match(id):
            end = parse(web.page(f"{SITE}/{id}").url)
            found = self.match(end) if end is not None else None
            if found is None or found.id is None or not _FILE.match(found.id):
                raise HostChangedError(
                    "cyberdrop does not lead from a file's name to its page, which its plug relies on"
                )
            id = found.id
        kind = dig(web.json(f"{API}/info/{id}", headers=_HEADERS), self.name, "type")
        if not isinstance(kind, str) or not kind.startswith(("image/", "video/")):
            raise UnsupportedError("cyberdrop says that this file is neither a picture nor a video")
        return (HostMedia(id=id, renditions=self._asked(id, web)),)

    def _album(self, id: str, web: Web) -> tuple[HostMedia, ...]:
        """Return the pictures and videos of an album; each is asked for when its turn comes."""
        page = web.page(f"{SITE}/a/{id}?nojs").text
        shown = [tag for tag in tags(page, "a") if tag.get("id") == "file"]
        if not shown and _FRAME in page:
            raise GoneError("cyberdrop shows this album without any file: all of it was taken out")
        if not shown:
            raise HostChangedError("cyberdrop shows an album without files, which its plug does not know")
        found = {_slug(tag.get("href")): tag.get("title", "") for tag in shown}
        media = [slug for slug, name in found.items() if not name or extension(name) in MEDIA_EXTENSIONS]
        if not media:
            raise UnsupportedError("the cyberdrop album holds no picture or video")
        return tuple(HostMedia(id=slug, ask=partial(self._asked, slug)) for slug in media)

    def _asked(self, id: str, web: Web) -> tuple[Rendition, ...]:
        """Return a file under the address that the API gives out for it."""
        file = self.file(dig(web.json(f"{API}/auth/{id}", headers=_HEADERS), self.name, "url"))
        return (Rendition(url=file.url, original=True, headers={"Referer": f"{SITE}/"}),)

    def page_url(self, id: str) -> str | None:
        return f"{SITE}/a/{id}" if _ALBUM.match(id) else f"{SITE}/f/{id}" if _FILE.match(id) else f"{SITE}/{id}"


def _slug(href: Any) -> str:
    """Return the id in an album's link to a file. Raises HostChangedError if there is none."""
    slug = href.removeprefix("/f/") if isinstance(href, str) else ""
    if not _FILE.match(slug):
        raise HostChangedError("cyberdrop lists a file without its id, which its plug relies on")
    return slug
