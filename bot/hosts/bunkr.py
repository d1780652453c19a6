"""bunkr: albums and files on a site of many names, which come and go; every file needs a signature of its own."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import cycle
from typing import Any
from urllib.parse import quote, urlencode

from bot.config import HostConfig
from bot.errors import AcquireError, BlockedError, GoneError, HostChangedError, TryLaterError, UnsupportedError
from bot.hosts.base import (
    MEDIA_EXTENSIONS,
    Host,
    HostMedia,
    LinkExample,
    Rendition,
    Url,
    Web,
    belongs,
    dig,
    extension,
    parse,
    plain,
)
from bot.hosts.pages import PageHost, mapping, tags
from bot.model import Link, MediaRef
from bot.serialization import encodable

# The site's names. An operator adds further ones by `mirrors` in [hosts.bunkr].
MIRRORS = (
    "bunkr.cr", "bunkr.site", "bunkr.ph", "bunkr.ac", "bunkr.ci", "bunkr.fi", "bunkr.media", "bunkr.pk", "bunkr.ps",
    "bunkr.red", "bunkr.ru", "bunkr.si", "bunkr.sk", "bunkr.ws", "bunkrr.su", "bunkrrr.org",
)  # fmt: skip
# Names that it has given up: links with them are known, but whoever has the name now is not asked.
FORMER = (
    "bunkr.ax", "bunkr.black", "bunkr.cat", "bunkr.is", "bunkr.la", "bunkr.nu", "bunkr.org", "bunkr.se", "bunkr.su",
    "bunkr.to", "bunkrr.ru",
)  # fmt: skip
SERVERS = ("cdn.cr", "bunkr-cache.se", "bnkr.b-cdn.net")
ASKED = 3  # so many names of the site are asked before a page counts as not to be had
DOWNLOADS = "https://dl.bunkr.cr"
API = f"{DOWNLOADS}/api/_001_v2"
SIGN = "https://glb-apisign.cdn.cr/sign"
SECRET = "SECRET_KEY_"  # noqa: S105  what an older answer's address is packed with, together with the hour

_SERVER = re.compile(r"[a-z0-9-]+-bk\.cdn\.gigachad-cdn\.ru\Z")  # a provider's, whose other servers are others'
_DOWNLOAD_HOST = re.compile(r"(?:dl|get|apidl)\.")
_ALBUM = re.compile(r"[A-Za-z0-9]{6,10}\Z")
_SLUG = re.compile(r"[^/\\\x00-\x1f]{3,200}\Z")
_NUMBER = re.compile(r"\d{3,12}\Z")
_MAINTENANCE = re.compile(r"maint(?:enance(?:-vid)?)?\.[a-z0-9]{3,4}\Z")
_FORMS = frozenset({"f", "v", "i", "d"})
_FILES = re.compile(r"window\.albumFiles\s*=\s*\[")
_VALUE = re.compile(r"""\b(id|name|original|type)\s*:\s*(?:"((?:[^"\\\n]|\\.){0,1000})"|(\d{1,12}))""")
_CDN = re.compile(r"""\bvar\s+jsCDN\s*=\s*["']([^"'\n]{1,1000})["']""")
_HEADERS = {"Referer": f"{DOWNLOADS}/", "Origin": DOWNLOADS}
_OTHER = re.compile(r"\.(?:zip|rar|7z|tar|gz|pdf|mp3|m4a|flac|wav|txt|exe|apk|iso)\Z", re.IGNORECASE)


class Bunkr(PageHost):
    """The host of many names. Albums have ids of eight letters and digits, files names or longer ids."""

    name = "bunkr"
    adult = False  # it takes any file and says so; what the file shows is for the post, the subreddit and the picture
    domains: tuple[str, ...] = (*MIRRORS, *FORMER, *SERVERS)
    shows_removed = False
    examples = (
        LinkExample("https://bunkr.cr/a/aB3dE5gH", "aB3dE5gH", "album"),
        LinkExample("https://bunkr.site/f/aB3dE5gH7jK9m", "aB3dE5gH7jK9m", "media"),
        LinkExample("https://bunkr.black/v/quiet-heron-aB3dE5gH.mp4", "quiet-heron-aB3dE5gH.mp4", "media"),
        LinkExample("https://get.bunkrr.su/file/41348624", "41348624", "media"),
        LinkExample("https://cdn9.bunkr.ru/quiet-heron-aB3dE5gH.mp4", "quiet-heron-aB3dE5gH.mp4", "media"),
        LinkExample("https://c5bu-b.cdn.cr/storage/media/0f0f-aB3d.mp4?token=0f&ex=1", "0f0f-aB3d.mp4", "media"),
        LinkExample("https://bunkr.cr/d/quiet-herons-aB3dE5gH.zip", "quiet-herons-aB3dE5gH.zip", "unsupported"),
        LinkExample("https://bunkr.cr/", None, "page"),
    )

    def __init__(self, mirrors: tuple[str, ...] = ()) -> None:
        self._sites = (*MIRRORS, *mirrors)
        self._former = tuple(name for name in FORMER if name not in mirrors)
        self.domains = (*self._sites, *self._former, *SERVERS)
        self.file_servers = self.domains

    def as_set(self, settings: HostConfig) -> Host:
        mirrors = plain(settings.mirrors)
        return type(self)(mirrors) if mirrors else self

    def owns(self, host: str) -> bool:
        return super().owns(host) or bool(_SERVER.match(host))

    def reaches(self, host: str) -> bool:
        return self.owns(host) and not belongs(host, self._former)

    def match(self, url: Url) -> MediaRef | None:
        path = url.path
        if self._is_site(url.host):
            if len(path) == 2 and path[0] == "a" and _ALBUM.match(path[1]):
                return MediaRef(host=self.name, id=path[1], kind="album")
            return self._ref(path[1] if len(path) == 2 and path[0] in _FORMS else "")
        if _DOWNLOAD_HOST.match(url.host) and not belongs(url.host, SERVERS):
            number = path[1] if len(path) == 2 and path[0] == "file" and _NUMBER.match(path[1]) else None
            return MediaRef(host=self.name, id=number, kind="media" if number else "page")
        named = bool(path) and "." in path[-1] and "thumbs" not in path and not _MAINTENANCE.match(path[-1])
        return self._ref(path[-1] if named else "")

    def _ref(self, slug: str) -> MediaRef:
        if not _SLUG.match(slug) or slug.startswith("."):
            return MediaRef(host=self.name, id=None, kind="page")
        return MediaRef(host=self.name, id=quote(slug), kind="unsupported" if _OTHER.search(slug) else "media")

    def _is_site(self, host: str) -> bool:
        return host.removeprefix("www.").removeprefix("app.") in (*self._sites, *self._former)

    def is_file(self, url: Url) -> bool:
        found = self.match(url) if self.reaches(url.host) and not self._is_site(url.host) else None
        return found is not None and found.kind == "media" and found.id is not None and not _NUMBER.match(found.id)

    def stand_in(self, url: str) -> AcquireError | None:
        parts = parse(url)
        if parts is not None and parts.path and _MAINTENANCE.match(parts.path[-1]):
            return TryLaterError("bunkr shows its film for servers under maintenance in the place of the file")
        return super().stand_in(url)

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or link.id is None:
            raise UnsupportedError("the link leads to a page of bunkr, not to a file")
        if link.kind == "album":
            return self._album(link.id, url.host, web)
        if _NUMBER.match(link.id):
            return (HostMedia(id=link.id, renditions=self._asked(link.id, web)),)
        if self.is_file(url):
            address = f"https://{url.host}{quote('/' + '/'.join(url.path))}"
            return (HostMedia(id=link.id, renditions=self._signed(address, web)),)
        page = self._page(f"/f/{link.id}", url.host, web)
        if "Server under maintenance" in page:
            raise TryLaterError("bunkr says that the file's server is under maintenance")
        shown = _CDN.search(page)
        if shown is not None:
            return (HostMedia(id=link.id, renditions=self._signed(_decoded(shown[1]), web)),)
        number = next((tag["data-file-id"] for tag in tags(page, "script") if "data-file-id" in tag), None)
        number = number or next((found for tag in tags(page, "a") if (found := _number(tag.get("href", "")))), "")
        if not _NUMBER.match(number):
            raise HostChangedError("bunkr shows a file's page without the file's number, which its plug relies on")
        return (HostMedia(id=link.id, renditions=self._asked(number, web)),)

    def _album(self, id: str, host: str, web: Web) -> tuple[HostMedia, ...]:
        """Return the pictures and videos of an album; each is asked for when its turn comes."""
        page = self._page(f"/a/{id}", host, web, "advanced=1")
        start = _FILES.search(page)
        if start is None:
            raise HostChangedError("bunkr shows an album without its list of files, which its plug relies on")
        files = list(_listed(page[start.end() : page.find("</script", start.end())]))
        if not files and page[start.end() :].lstrip()[:1] == "]":
            raise GoneError("bunkr shows this album without any file: all of it was taken out")
        if not files:
            raise HostChangedError("bunkr lists an album's files in a shape that its plug does not know")
        numbers = [file["id"] for file in files if _is_media(file)]
        if not numbers:
            raise UnsupportedError("the bunkr album holds no picture or video")
        return tuple(HostMedia(id=number, ask=partial(self._asked, number)) for number in dict.fromkeys(numbers))

    def _page(self, path: str, posted: str, web: Web, query: str = "") -> str:
        """Return a page of the site under a name that gives it: the one posted, the last good one, others."""
        good = web.state.get("site")
        names = [posted if self.reaches(posted) and self._is_site(posted) else None, good, *MIRRORS]
        first: AcquireError | None = None
        for name in list(dict.fromkeys(name for name in names if name))[:ASKED]:
            try:
                page = web.page(f"https://{name}{path}" + (f"?{query}" if query else ""))
                found = parse(page.url)
                if query and found is not None and not found.query:  # some names lead to others and forget it
                    page = web.page(f"https://{found.host}{path}?{query}")
            except (BlockedError, TryLaterError) as error:
                if isinstance(error, TryLaterError) and error.status is not None:
                    raise
                first = first or error
                continue
            web.state["site"] = name
            return page.text
        raise first or HostChangedError("bunkr has no name under which it may be asked")

    def _asked(self, number: str, web: Web) -> tuple[Rendition, ...]:
        """Return the file of that number, as the site's own page for downloads learns where it is."""
        headers = {**_HEADERS, "Referer": f"{DOWNLOADS}/file/{number}"}
        answer = mapping(web.json(API, headers=headers, body={"id": number}), self.name)
        if answer.get("url"):
            return self._signed(_unpacked(answer), web)
        server, path = dig(answer, self.name, "mediafiles"), dig(answer, self.name, "path")
        if not isinstance(server, str) or not isinstance(path, str):
            raise HostChangedError("bunkr names a file's server in a shape that its plug does not know")
        return self._signed(f"{server.rstrip('/')}{quote('/' + path.lstrip('/'))}", web)

    def _signed(self, address: str, web: Web) -> tuple[Rendition, ...]:
        """Return a file with the signature without which its server refuses everything."""
        if _OTHER.search(address.partition("?")[0]):
            raise UnsupportedError("bunkr says that this file is neither a picture nor a video")
        file = self.file(address)
        parts = parse(file.url)
        path = "/" + "/".join(parts.path) if parts is not None else ""
        answer = web.json(f"{SIGN}?{urlencode({'path': path})}", headers=_HEADERS)
        token, until = dig(answer, self.name, "token"), dig(answer, self.name, "ex")
        if not isinstance(token, str) or not isinstance(until, int | str) or not token:
            raise HostChangedError("bunkr signs a file in a shape that its plug does not know")
        url = f"{file.url.partition('?')[0]}?{urlencode({'token': token, 'ex': until})}"
        return (Rendition(url=url, original=True, headers={"Referer": f"https://{MIRRORS[0]}/"}),)

    def page_url(self, id: str) -> str | None:
        if _NUMBER.match(id):
            return f"{DOWNLOADS}/file/{id}"
        # of the others an id does not tell whether it is an album's, a page's or that of a file on a server
        return None if "." in id or _ALBUM.match(id) else f"https://{MIRRORS[0]}/f/{id}"


def _number(href: str) -> str:
    """Return the number in an address of the page for downloads, empty if it is none."""
    parts = parse(href)
    found = parts.path[1] if parts is not None and len(parts.path) == 2 and parts.path[0] == "file" else ""
    return found if _NUMBER.match(found) else ""


def _listed(text: str) -> Iterator[Mapping[str, str]]:
    """Yield the files of an album's list, which is JavaScript and not JSON: each begins with its id."""
    file: dict[str, str] = {}
    for found in _VALUE.finditer(text):
        key, value = found[1], found[3] if found[2] is None else _decoded(found[2])
        if key == "id" and file:
            yield file
            file = {}
        file.setdefault(key, value)
    if file:
        yield file


def _decoded(text: str) -> str:
    try:
        return str(encodable(json.loads(f'"{text}"', strict=False)))
    except ValueError:
        return text


def _is_media(file: Mapping[str, str]) -> bool:
    if not _NUMBER.match(file.get("id", "")):
        raise HostChangedError("bunkr lists a file without a number, which its plug relies on")
    kind = file.get("type", "")
    names = (file.get("name", ""), file.get("original", ""))
    return kind.startswith(("image/", "video/")) or any(extension(name) in MEDIA_EXTENSIONS for name in names)


def _unpacked(answer: Mapping[str, Any]) -> str:
    """Return the address of an older answer, which may be packed with a secret that everybody knows and the hour."""
    url, moment = answer.get("url"), answer.get("timestamp")
    if not isinstance(url, str) or not answer.get("encrypted"):
        return str(url)
    if not isinstance(moment, int):
        raise HostChangedError("bunkr packs an address without its time, which its plug relies on")
    key = cycle(f"{SECRET}{moment // 3600}".encode())
    try:
        return bytes(byte ^ part for byte, part in zip(base64.b64decode(url), key, strict=False)).decode()
    except (binascii.Error, ValueError):
        raise HostChangedError("bunkr packs an address in a way that its plug does not know") from None
