"""erome: albums of pictures and videos, which the album's page names; its file servers want to be asked from there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.errors import HostChangedError, TryLaterError, UnsupportedError
from bot.hosts.base import MEDIA_EXTENSIONS, HostMedia, LinkExample, Rendition, Url, Web, extension, parse, stem
from bot.hosts.pages import PageHost, tags
from bot.model import Link, MediaRef

SITE = "https://www.erome.com"
SHORT_SIDE = 480  # of the heights that a video is named with, the smallest from here on is asked for first
MAX_MEDIA = 500  # of one album
WAITING = "<title>Please wait a few moments</title>"  # a page with 200 in the place of the album

_ID = re.compile(r"[A-Za-z0-9]{4,16}\Z")
_SERVER = re.compile(r"[a-z]\d{1,4}\.erome\.com\Z")
_HEIGHT = re.compile(r"_(\d{3,4})p\Z")
_HEADERS = {"Referer": f"{SITE}/"}  # what a browser tells another server of the site than the page's own
_GROUP = '<div class="media-group"'


class Erome(PageHost):
    """The host whose albums have ids of eight letters and digits. A file is known by its album and its own name."""

    name = "erome"
    adult = True
    domains = ("erome.com",)
    file_servers = domains
    examples = (
        LinkExample("https://www.erome.com/a/aB3dE5gH", "aB3dE5gH", "album"),
        LinkExample("https://erome.com/a/aB3dE5gH?page=2#x", "aB3dE5gH", "album"),
        LinkExample("https://s51.erome.com/3982/aB3dE5gH/jK7mN9pQ.jpeg?v=1737273158", "aB3dE5gH-jK7mN9pQ", "media"),
        LinkExample("https://v19.erome.com/4075/aB3dE5gH/jK7mN9pQ_720p.mp4", "aB3dE5gH-jK7mN9pQ", "media"),
        LinkExample("https://www.erome.com/example", None, "page"),
        LinkExample("https://www.erome.com/search?q=heron", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        if _SERVER.match(url.host):
            file = _file(url)
            return MediaRef(host=self.name, id="-".join(file) if file else None, kind="media" if file else "page")
        album = url.path[1] if len(url.path) >= 2 and url.path[0] == "a" and _ID.match(url.path[1]) else None
        return MediaRef(host=self.name, id=album, kind="album" if album else "page")

    def is_file(self, url: Url) -> bool:
        return bool(_SERVER.match(url.host)) and super().is_file(url)

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or link.id is None:
            raise UnsupportedError("the link leads to a page of erome, not to an album")
        if self.is_file(url):
            return (self._media([url.text]),)
        page = web.page(f"{SITE}/a/{link.id}").text
        if WAITING in page[:1000]:
            raise TryLaterError("erome shows a page to wait at instead of the album")
        groups = [tuple(dict.fromkeys(_named(group))) for group in page.split(_GROUP, MAX_MEDIA)[1:]]
        found = {media.id: media for files in groups if files for media in [self._media(files)]}
        if not found:
            raise HostChangedError("erome shows an album without media, which its plug does not know")
        return tuple(found.values())  # some pages name a media twice, for two players

    def _media(self, urls: Sequence[str]) -> HostMedia:
        """Return one media from the addresses of its files."""
        files = sorted((self.file(url) for url in urls), key=_order)
        best = max(files, key=_height)
        first = parse(best.url)
        named = _file(first) if first is not None else None
        return HostMedia(
            id="-".join(named) if named else None,
            renditions=tuple(replace(file, original=file is best, headers=_HEADERS) for file in files),
        )

    def page_url(self, id: str) -> str | None:
        return f"{SITE}/a/{id.partition('-')[0]}"


def _named(group: str) -> Iterator[str]:
    """Yield the files that one group of a page names: those of its video, else its picture, shown or still to load."""
    videos = [tag["src"] for tag in tags(group, "source") if tag.get("src")]
    if videos:
        yield from videos
        return
    for name in ("div", "img"):
        for tag in tags(group, name):
            own = {"img", "img-front"} & set(tag.get("class", "").split())
            shown = tag.get("data-src") or (tag.get("src") if name == "img" else None)
            if own and shown:
                yield shown
                return


def _file(url: Url) -> tuple[str, str] | None:
    """Return the album and the name of a file, without the height that a video's name ends with."""
    path = tuple(segment for segment in url.path if segment != "thumbs")
    if len(path) != 3 or not path[0].isdigit() or not _ID.match(path[1]) or extension(path[2]) not in MEDIA_EXTENSIONS:
        return None
    name = _HEIGHT.sub("", stem(path[2]))
    return (path[1], name) if _ID.match(name) else None


def _height(file: Rendition) -> int:
    """Return the height that a video's name ends with, 0 if there is none."""
    found = _HEIGHT.search(file.url.partition("?")[0].rpartition(".")[0])
    return int(found[1]) if found else 0


def _order(file: Rendition) -> tuple[bool, int]:
    height = _height(file)
    return (False, height) if height >= SHORT_SIDE else (True, -height)
