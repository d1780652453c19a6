"""gofile: shared folders of files, by the API of its own site, as a guest or with an account of the operator's.

A guest gets an account of its own by asking, and every request carries a token made of it, the program's name and a
salt that the site changes now and then. What gofile shows to members only ends as `needs_token`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from bot.config import HostConfig
from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    NeedsTokenError,
    TryLaterError,
    UnsupportedError,
)
from bot.fetch import USER_AGENT
from bot.hosts.base import MEDIA_EXTENSIONS, Host, HostMedia, LinkExample, Rendition, Url, Web, dig, extension, parse
from bot.hosts.pages import PageHost, mapping
from bot.model import Link, MediaRef

SITE = "https://gofile.io"
API = "https://api.gofile.io"
SALT = "12af056dacea0b"  # the site's of August 2026; an operator sets a newer one as `website_salt`
SLOT_SECONDS = 14_400  # a website token holds for that long
PAGE_FILES = 100
MAX_REQUESTS = 10  # for one link: its folder's further pages, and folders in it

_CODE = re.compile(r"[A-Za-z0-9]{5,12}\Z")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_SITES = frozenset({"gofile.io", "www.gofile.io"})
_LANGUAGE = "en-US"
_FROM = {"Origin": SITE, "Referer": f"{SITE}/"}
_REFUSED = "gofile does not answer guests here: it is for members, or website_salt in [hosts.gofile] is out of date"
_ACCOUNT_REFUSED = "gofile does not show this to the account of account_token in [hosts.gofile]"


class Gofile(PageHost):
    """The host of folders with short codes. Files are known by long ids and lead to no page of their own."""

    name = "gofile"
    adult = False  # any kind of file
    domains = ("gofile.io",)
    file_servers = domains
    shows_removed = False
    examples = (
        LinkExample("https://gofile.io/d/aB3dE5", "aB3dE5", "album"),
        LinkExample("https://gofile.io/?c=aB3dE5", "aB3dE5", "album"),
        LinkExample(
            "https://gofile.io/d/0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f", "0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f", "album"
        ),
        LinkExample(
            "https://store5.gofile.io/download/web/0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f/quiet%20heron.mp4",
            "0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f",
            "media",
        ),
        LinkExample("https://gofile.io/uploadFiles", None, "page"),
    )

    def __init__(self, token: str = "", salt: str = "") -> None:
        """`token`: of the operator's account, empty for a guest's; `salt`: a newer one than is built in, or empty."""
        self._token = token
        self._salt = salt or SALT

    def as_set(self, settings: HostConfig) -> Host:
        token, salt = settings.account_token.get_secret_value(), settings.website_salt
        return type(self)(token, salt) if token or salt else self

    def match(self, url: Url) -> MediaRef | None:
        path = url.path
        if "download" in path[:1]:
            id, name = next((part for part in path[1:-1] if _UUID.match(part)), None), path[-1]
            kind = "media" if extension(name) in MEDIA_EXTENSIONS else "unsupported"
            return MediaRef(host=self.name, id=id, kind=kind if id else "page")  # type: ignore[arg-type]  # literals
        code = ""
        if url.host in _SITES:
            code = path[1] if len(path) == 2 and path[0] == "d" else url.query.get("c", "") if not path else ""
        elif url.host == "api.gofile.io" and len(path) == 2 and path[0] == "contents":
            code = path[1]
        known = _CODE.match(code) or _UUID.match(code)
        return MediaRef(host=self.name, id=code if known else None, kind="album" if known else "page")

    def is_file(self, url: Url) -> bool:
        return self.owns(url.host) and url.path[:1] == ("download",) and any(map(_UUID.match, url.path[1:-1]))

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or link.id is None:
            raise UnsupportedError("the link leads to a page of gofile, not to a folder")
        if self.is_file(url):
            return (HostMedia(id=link.id, renditions=(self._rendition(link.url, web),)),)
        files = list(self._files(link.id, web))
        if not files:
            raise GoneError("gofile shows this folder without any file: all of it was taken out, or ran out")
        media = [file for file in files if _is_media(file)]
        if not media:
            raise UnsupportedError("the gofile folder holds no picture or video")
        errors = [_withheld(file) for file in media]
        if errors[0] is not None and all(errors):
            raise errors[0]
        return tuple(HostMedia(id=str(dig(file, self.name, "id")), ask=partial(self._given, file)) for file in media)

    def _files(self, id: str, web: Web) -> Iterator[Mapping[str, Any]]:
        """Yield the files of a folder and of the folders in it, within so many requests."""
        waiting, left = [id], MAX_REQUESTS
        while waiting and left:
            at, page, more = waiting.pop(0), 1, True
            while more and left:
                left -= 1
                try:
                    answer = self._contents(at, page, web)
                    node = mapping(dig(answer, self.name, "data"), self.name)
                    if error := _withheld(node):
                        raise error
                except (BlockedError, GoneError, NeedsTokenError):
                    if at == id:
                        raise
                    break  # a folder in a folder hides no other
                if node.get("type") == "file":
                    yield node
                    break
                children = mapping(dig(node, self.name, "children"), self.name).values()
                for child in (mapping(child, self.name) for child in children):
                    if child.get("type") == "file":
                        yield child
                    elif child.get("type") == "folder" and isinstance(child.get("id"), str):
                        waiting += [child["id"]] if _UUID.match(child["id"]) else []
                about = answer.get("metadata")
                more = isinstance(about, Mapping) and about.get("hasNextPage") is True
                page += 1

    def _contents(self, id: str, page: int, web: Web) -> Mapping[str, Any]:
        """Return the answer about a folder. A token that has run out is renewed once."""
        known = self._token or web.state.get("token")
        try:
            return self._asked(id, page, self._account(web), web)
        except NeedsTokenError:
            if not known or self._token:
                raise
        web.state.pop("token", None)
        return self._asked(id, page, self._account(web), web)

    def _asked(self, id: str, page: int, token: str, web: Web) -> Mapping[str, Any]:
        slot = int(web.now().timestamp()) // SLOT_SECONDS
        secret = "::".join((USER_AGENT, _LANGUAGE, token, str(slot), self._salt))
        headers = {
            **_FROM,
            "Authorization": f"Bearer {token}",
            "X-Website-Token": hashlib.sha256(secret.encode()).hexdigest(),
            "X-BL": _LANGUAGE,
        }
        query = {"contentFilter": "", "page": page, "pageSize": PAGE_FILES, "sortField": "name", "sortDirection": 1}
        refused = _ACCOUNT_REFUSED if self._token else _REFUSED
        try:
            answer = mapping(web.json(f"{API}/contents/{id}?{urlencode(query)}", headers=headers), self.name)
        except NeedsTokenError:
            raise NeedsTokenError(refused) from None
        status = dig(answer, self.name, "status")
        if status != "ok":
            raise _refusal(status, refused)
        return answer

    def _account(self, web: Web) -> str:
        """Return the operator's token, or that of a guest's account, which is made once and kept."""
        token = self._token or web.state.get("token")
        if not token:
            answer = mapping(web.json(f"{API}/accounts", headers=_FROM, form={}), self.name)
            if answer.get("status") != "ok":
                raise _refusal(answer.get("status"), _REFUSED)
            token = dig(answer, self.name, "data", "token")
            if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x3a\x3c-\x7e]{8,200}", token):
                raise HostChangedError("gofile gives a guest a token in a shape that its plug does not know")
            web.state["token"] = token
        return str(token)

    def _given(self, file: Mapping[str, Any], web: Web) -> tuple[Rendition, ...]:
        """Return a file of a folder, or raise what keeps it from us."""
        error = _withheld(file)
        if error is not None:
            raise error
        shown = [file.get("link"), file.get("directLink")]
        url = next((url for url in shown if isinstance(url, str) and url not in ("", "overloaded")), None)
        if url is None and "overloaded" in shown:
            raise TryLaterError("gofile says that the file's server is overloaded")
        return (self._rendition(url, web),)

    def _rendition(self, url: Any, web: Web) -> Rendition:
        file = self.file(url)
        headers = {"Referer": _FROM["Referer"], "Cookie": f"accountToken={self._account(web)}"}
        return Rendition(url=file.url, original=True, headers=headers)

    def page_url(self, id: str) -> str | None:
        return f"{SITE}/d/{quote(id)}" if _CODE.match(id) else None  # a long id may be a file's, which has no page


def _refusal(status: Any, refused: str) -> AcquireError:
    """Return what it means that the API answers with another status than `ok`."""
    if status == "error-notFound":
        return GoneError("gofile says that this does not exist")
    if status == "error-passwordRequired":
        return NeedsTokenError("gofile wants a password for this folder")
    if status == "error-rateLimit":
        return TryLaterError("gofile asks for fewer requests")
    if status in ("error-notPremium", "error-token", "error-wrongToken"):
        return NeedsTokenError(refused)
    return HostChangedError("gofile refuses for a reason that its plug does not know")


def _withheld(node: Mapping[str, Any]) -> AcquireError | None:
    """Return what keeps a folder or file from us, None if nothing does."""
    closed = node.get("canAccess") is False
    if node.get("passwordStatus") in ("passwordRequired", "passwordWrong") or (closed and node.get("password")):
        return NeedsTokenError("gofile wants a password for this folder")
    if closed:
        return NeedsTokenError("gofile shows this folder only to its owner")
    if node.get("isFrozen") is True:
        return NeedsTokenError("gofile has frozen this file: only paying members get it")
    if node.get("viruses"):
        return BlockedError("gofile holds this file back as harmful")
    return None


def _is_media(file: Mapping[str, Any]) -> bool:
    kind, name = file.get("mimetype"), dig(file, "gofile", "name")
    known = isinstance(kind, str) and kind.startswith(("image/", "video/"))
    return known or (isinstance(name, str) and extension(name) in MEDIA_EXTENSIONS)
