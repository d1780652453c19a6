"""pixeldrain: single files, lists of files and shared folders, by its documented API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    NeedsTokenError,
    TryLaterError,
    UnsupportedError,
)
from bot.hosts.base import MEDIA_EXTENSIONS, Host, HostMedia, LinkExample, Rendition, Url, Web, dig, extension
from bot.hosts.pages import items, mapping
from bot.model import Link, MediaRef

SITE = "https://pixeldrain.com"  # its other domains lead to the same servers
API = f"{SITE}/api"

_DOMAINS = (
    "pixeldrain.com",
    "pixeldrain.net",
    "pixeldra.in",
    "pixeldrain.nl",
    "pixeldrain.biz",
    "pixeldrain.tech",
    "pixeldrain.dev",
)
_SITES = frozenset(_DOMAINS) | {f"www.{domain}" for domain in _DOMAINS}
_ID = re.compile(r"[A-Za-z0-9_-]{6,12}\Z")
_FOLDER = re.compile(r"[A-Za-z0-9_-]{2,40}\Z")
_REASON = re.compile(r"[a-z_]{1,60}\Z")
_MISSING = ("not_found", "file_not_found", "list_not_found", "path_not_found")  # no set: an answer may hold a list
# What these captchas are for passes with time; those of a file stay.
_PASSING = frozenset({"ip_download_limited", "ip_transfer_limited", "server_overload"})
_CAPTCHA = "_captcha_required"
MAX_PATH = 500  # characters of a path in a shared folder


class Pixeldrain(Host):
    """The host whose files and lists have ids of eight letters and digits; a folder's id is its path, `d/…`."""

    name = "pixeldrain"
    adult = False  # any kind of file
    domains = _DOMAINS
    examples = (
        LinkExample("https://pixeldrain.com/u/aB3dE5gH", "aB3dE5gH", "media"),
        LinkExample("https://pixeldrain.net/api/file/aB3dE5gH?download", "aB3dE5gH", "media"),
        LinkExample("https://pixeldra.in/u/aB3dE5gH,jK7mN9pQ", "aB3dE5gH,jK7mN9pQ", "album"),
        LinkExample("https://pixeldrain.com/l/aB3dE5gH#item=3", "aB3dE5gH", "album"),
        LinkExample("https://pixeldrain.com/api/list/aB3dE5gH", "aB3dE5gH", "album"),
        LinkExample("https://pixeldrain.com/d/aB3dE5gH/quiet%20heron.mp4", "d/aB3dE5gH/quiet%20heron.mp4", "album"),
        LinkExample("https://pixeldrain.com/user/example", None, "page"),
        LinkExample("https://pixeldrain.com/", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        path = url.path if url.host in _SITES else ()
        if path[:1] == ("api",):
            path = {"file": ("u", *path[2:3]), "list": ("l", *path[2:3]), "filesystem": ("d", *path[2:])}.get(
                path[1] if len(path) > 1 else "", ()
            )
        kind, id = path[0] if path else "", path[1] if len(path) > 1 else ""
        if kind == "u" and all(_ID.match(one) for one in id.split(",")):
            return MediaRef(host=self.name, id=id, kind="album" if "," in id else "media")
        if kind == "l" and _ID.match(id):
            return MediaRef(host=self.name, id=id, kind="album")
        if kind == "d" and _FOLDER.match(id) and id != "me" and _is_plain(path):
            return MediaRef(host=self.name, id=quote("/".join(path)), kind="album")
        return MediaRef(host=self.name, id=None, kind="page")

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        if link.id is None:
            raise UnsupportedError("the link leads to a page of pixeldrain, not to a file")
        if link.id.startswith("d/"):
            return _folder(link.id.removeprefix("d/"), web)
        if link.kind == "media":
            file = mapping(_asked(web, f"/file/{link.id}/info"), self.name)
            _check_given(file)
            if not _is_media(file, "mime_type"):
                raise UnsupportedError("pixeldrain says that this file is neither a picture nor a video")
            return (_media(link.id),)
        if "," in link.id:
            files = _asked(web, f"/file/{link.id}/info")
        else:
            files = dig(_asked(web, f"/list/{link.id}"), self.name, "files")
        return _listed([mapping(file, self.name) for file in items(files, self.name)])

    def page_url(self, id: str) -> str | None:
        # an id does not tell whether it is a file's or a list's
        return f"{SITE}/{id}" if id.startswith("d/") else None


def _asked(web: Web, path: str) -> Any:
    """Return the API's answer. Raises GoneError and others where it says with 200 that it has none."""
    answer = web.json(API + path)
    if isinstance(answer, Mapping) and answer.get("success") is False:
        value = answer.get("value")
        if value in _MISSING:
            raise GoneError("pixeldrain says that this does not exist")
        if value == "unavailable_for_legal_reasons":
            raise BlockedError("pixeldrain says that this is unavailable for legal reasons")
        raise HostChangedError("pixeldrain refuses for a reason that its plug does not know")
    return answer


def _check_given(file: Mapping[str, Any]) -> None:
    """Raise the error that keeps a file from anonymous readers, if its information names one."""
    if _is_taken_out(file):
        raise GoneError("pixeldrain says that it has taken this file out after a report")
    error = _unavailable(file.get("availability") or "")
    if error is not None:
        raise error


def _unavailable(reason: Any) -> AcquireError | None:
    if not reason:
        return None
    if not isinstance(reason, str) or not _REASON.match(reason):
        return HostChangedError("pixeldrain says in a way that its plug does not know whether a file is available")
    if reason.removesuffix(_CAPTCHA) in _PASSING:
        return TryLaterError(f"pixeldrain gives no more files to us for now ({reason})")
    if reason.endswith(_CAPTCHA):
        return NeedsTokenError(f"pixeldrain gives this file only to a person who solves its captcha ({reason})")
    return BlockedError(f"pixeldrain does not give this file to us ({reason})")


def _is_taken_out(file: Mapping[str, Any]) -> bool:
    return bool(file.get("abuse_type"))


def _is_media(file: Mapping[str, Any], key: str) -> bool:
    """Return whether a file is a picture or a video by its type, or by its name where the uploader told no type."""
    kind, name = dig(file, "pixeldrain", key), file.get("name")
    if kind in ("", "application/octet-stream") and isinstance(name, str):
        return extension(name) in MEDIA_EXTENSIONS
    return isinstance(kind, str) and kind.startswith(("image/", "video/"))


def _is_plain(path: Sequence[str]) -> bool:
    """Return whether a path leads down from where it starts, and is of a sane length."""
    return len("/".join(path)) <= MAX_PATH and not {".", ".."} & set(path) and not any("/" in name for name in path)


def _listed(files: list[Mapping[str, Any]]) -> tuple[HostMedia, ...]:
    if not files:
        raise GoneError("pixeldrain shows this list without any file: all of it was taken out")
    left = [file for file in files if not _is_taken_out(file)]
    if not left:
        raise GoneError("pixeldrain says that it has taken out every file of this list after reports")
    ids = [dig(file, "pixeldrain", "id") for file in left if _is_media(file, "mime_type")]
    if not ids:
        raise UnsupportedError("the pixeldrain list holds no picture or video")
    return tuple(_media(id) for id in ids)


def _media(id: Any) -> HostMedia:
    if not isinstance(id, str) or not _ID.match(id):
        raise HostChangedError("pixeldrain names a file by no id that its plug knows")
    return HostMedia(id=id, renditions=(Rendition(url=f"{API}/file/{id}", original=True),))


def _folder(path: str, web: Web) -> tuple[HostMedia, ...]:
    """Return the file at a path of a shared folder, or the pictures and videos in the folder itself."""
    answer = _asked(web, f"/filesystem/{path}?stat")
    above = items(dig(answer, "pixeldrain", "path"), "pixeldrain")
    place = dig(answer, "pixeldrain", "base_index")
    if not isinstance(place, int) or not 0 <= place < len(above):
        raise HostChangedError("pixeldrain shows a folder in a shape that its plug does not know")
    node = mapping(above[place], "pixeldrain")
    if node.get("type") == "file":
        nodes = [node]
    else:
        nodes = [mapping(child, "pixeldrain") for child in items(answer.get("children") or [], "pixeldrain")]
    files = [child for child in nodes if child.get("type") == "file" and _is_media(child, "file_type")]
    if files and all(map(_is_taken_out, files)):
        raise GoneError("pixeldrain says that it has taken this out after a report")
    if not files:
        raise UnsupportedError("the pixeldrain folder holds no picture or video itself")
    return tuple(_node(child) for child in files if not _is_taken_out(child))


def _node(node: Mapping[str, Any]) -> HostMedia:
    path = dig(node, "pixeldrain", "path")
    if not isinstance(path, str) or not path.startswith("/") or not _is_plain(path[1:].split("/")):
        raise HostChangedError("pixeldrain names a file of a folder by no path that its plug knows")
    path = quote(path)
    return HostMedia(id=f"d{path}", renditions=(Rendition(url=f"{API}/filesystem{path}", original=True),))
