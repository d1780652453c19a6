"""tumblr: a post's own pictures and videos, from the data that its page carries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.errors import GoneError, HostChangedError, NeedsTokenError, UnsupportedError
from bot.hosts.base import (
    MEDIA_EXTENSIONS,
    HostMedia,
    LinkExample,
    Rendition,
    Url,
    Web,
    belongs,
    dig,
    extension,
    parse,
    pixels,
    stem,
)
from bot.hosts.pages import PageHost, items, mapping, script, secure
from bot.model import Link, MediaRef

SITE = "https://www.tumblr.com"
REMOVED = "/media_violation/"  # where pictures against the rules are replaced from

_POST = re.compile(r"\d{5,20}\Z")
_BLOG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}\Z")
_HASH = re.compile(r"[0-9a-f]{32}\Z")
_OLD_FILE = re.compile(r"[A-Za-z0-9]{20,32}_(?:\d{2,4}h?|raw)\.")
_POST_SHORT = re.compile(r"Z[A-Za-z0-9_-]{6,30}\Z")  # Z: a post; M: a blog that is mentioned
_SHORT = re.compile(r"[a-z0-9]{8,20}\Z")
_EXTENSIONS = MEDIA_EXTENSIONS | {"pnj"}  # tumblr's name for a PNG that it sends as JPEG
_KEY = re.compile(r"[0-9a-f]{8,40}-[0-9a-f]{1,4}\Z")
_SIZE = re.compile(r"_(?:\d{2,4}h?|raw|r\d+|frame\d|smart\d|75sq)(?=_|\Z)")
_SITES = frozenset({"tumblr.com", "www.tumblr.com"})
_FORMS = frozenset({"post", "image", "video", "private"})
_FILE_SERVERS = ("media.tumblr.com", "data.tumblr.com", "static.tumblr.com", "v.tumblr.com", "va.tumblr.com")
_PAGES = frozenset({"about", "communities", "docs", "explore", "help", "inbox", "jobs", "likes", "login", "policy"}) | {
    "privacy",
    "register",
    "search",
    "settings",
    "support",
    "tagged",
    "tips",
}


class Tumblr(PageHost):
    """The host of blogs. A post may hold anything, so its links are albums; the blog's name is not part of an id."""

    name = "tumblr"
    adult = False
    domains = ("tumblr.com", "tmblr.co")
    file_servers = (*_FILE_SERVERS, "vt.tumblr.com", "vtt.tumblr.com")
    examples = (
        LinkExample("https://example.tumblr.com/post/123456789012/a-quiet-heron", "123456789012", "album"),
        LinkExample("http://example.tumblr.com/image/123456789012", "123456789012", "album"),
        LinkExample("https://www.tumblr.com/example/123456789012/a-quiet-heron?source=share", "123456789012", "album"),
        LinkExample("https://www.tumblr.com/blog/view/example/123456789012", "123456789012", "album"),
        LinkExample("https://tumblr.com/dashboard/blog/example/123456789012", "123456789012", "album"),
        LinkExample("https://64.media.tumblr.com/tumblr_ab3de5o1_1280.gif", "tumblr_ab3de5o1", "media"),
        LinkExample("https://va.media.tumblr.com/tumblr_ab3de5_480.mp4", "tumblr_ab3de5", "media"),
        LinkExample("https://at.tumblr.com/example/123456789012/ab3de5gh7jk9", "123456789012", "album"),
        LinkExample("https://at.tumblr.com/example/a-quiet-heron/ab3de5gh7jk9", None, "album"),
        LinkExample("https://tmblr.co/ZaB3dE5gH7jK9", None, "album"),
        LinkExample("https://example.tumblr.com/tagged/heron", None, "page"),
        LinkExample("https://www.tumblr.com/example", None, "page"),
        LinkExample("https://www.tumblr.com/search/heron", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        if belongs(url.host, self.file_servers):
            id = _file(url)
            return MediaRef(host=self.name, id=id, kind="media" if id else "page")
        post = _post(url)
        return MediaRef(
            host=self.name, id=post[1] if post else None, kind="album" if post or _is_short(url) else "page"
        )

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is not None and self.is_file(url):
            return self.linked(link.id, url)
        found = _post(url) if url is not None else None
        if found is None and url is not None and _is_short(url):
            end = parse(web.page(secure(url.text)).url)
            found = _post(end) if end is not None else None
        if found is None:
            raise UnsupportedError("the link leads to a page of tumblr, not to a post")
        blog, id = found
        page = web.page(f"{SITE}/{blog}/{id}")
        end = parse(page.url)
        if end is not None and end.path[:1] in (("login",), ("login_required",), ("safe-mode",)):
            raise NeedsTokenError("tumblr shows this blog only to people who are logged in")
        post = _pick(dig(script(page.text, "___INITIAL_STATE___", "tumblr"), "tumblr", *_POSTS), id)
        blocks = [block for part in _parts(post) for block in items(dig(part, "tumblr", "content"), "tumblr")]
        files = [file for block in blocks if (file := _files(block))]
        media = tuple(self._media(id, sizes) for sizes in files if not _removed(sizes))
        if not media and files:
            raise GoneError("tumblr shows its picture for media against its rules here")
        if not media:
            raise UnsupportedError("the tumblr post holds no picture or video of tumblr's own")
        return media

    def _media(self, id: str, sizes: list[Any]) -> HostMedia:
        sizes = [mapping(size, "tumblr") for size in sizes]
        whole = [size for size in sizes if size.get("cropped") is not True] or sizes
        largest = max(whole, key=lambda size: (pixels(size.get("width")) or 0) * (pixels(size.get("height")) or 0))
        return HostMedia(id=id, renditions=tuple(self._rendition(size, size is largest) for size in whole))

    def _rendition(self, size: Mapping[str, Any], original: bool) -> Rendition:
        width, height = pixels(size.get("width")), pixels(size.get("height"))
        return self.file(size.get("url"), width=width, height=height, original=original)

    def page_url(self, id: str) -> str | None:  # noqa: ARG002  a post's page needs the blog's name too
        return None


_POSTS = ("PeeprRoute", "initialTimeline", "objects")


def _pick(objects: Any, id: str) -> Mapping[str, Any]:
    posts = [
        item for item in items(objects, "tumblr") if isinstance(item, Mapping) and item.get("objectType") == "post"
    ]
    found = next((post for post in posts if id in (post.get("idString"), str(post.get("id")))), None)
    if found is None:
        raise HostChangedError("tumblr sends a page without the post, which its plug relies on")
    return found


def _parts(post: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what was reblogged, in its order, then what the post adds."""
    yield from items(post.get("trail") or [], "tumblr")
    yield post


def _files(block: Any) -> list[Any]:
    """Return the sizes of a picture or video of tumblr's own; embedded ones of other sites have none."""
    block = mapping(block, "tumblr")
    if block.get("type") not in ("image", "video") or block.get("provider") not in (None, "tumblr"):
        return []
    media = block.get("media")
    return media if isinstance(media, list) else [media] if media else []


def _removed(sizes: list[Any]) -> bool:
    return all(isinstance(size, Mapping) and REMOVED in str(size.get("url")) for size in sizes)


def _post(url: Url) -> tuple[str, str] | None:
    """Return the blog and the post's id."""
    path = url.path
    if url.host in _SITES or url.host == "at.tumblr.com":
        for folders in (("dashboard", "blog"), ("blog", "view"), ("blog",)):
            if path[: len(folders)] == folders:
                path = path[len(folders) :]
                break
        blog, rest = (path[0].lower(), path[1:]) if path else ("", ())
        if rest[:1] == ("post",):
            rest = rest[1:]
        if blog == "video" and len(rest) > 1:  # the frame that a theme shows a video in
            blog, rest = rest[0].lower(), rest[1:]
    elif belongs(url.host, ("tmblr.co",)):
        return None
    else:
        blog, _, _ = url.host.removeprefix("www.").removesuffix(".tumblr.com").partition(".")
        rest = path[1:] if path and path[0] in _FORMS else ()
    known = rest and _POST.match(rest[0]) and _BLOG.match(blog) and blog not in _PAGES
    return (blog, rest[0]) if known else None


def _is_short(url: Url) -> bool:
    """Return whether an address is one of tumblr's own short ones that lead to a post."""
    if url.host == "at.tumblr.com":
        return len(url.path) == 3 and _SHORT.match(url.path[2]) is not None
    return belongs(url.host, ("tmblr.co",)) and len(url.path) == 1 and _POST_SHORT.match(url.path[0]) is not None


def _file(url: Url) -> str | None:
    path = url.path
    if not path or extension(path[-1]) not in _EXTENSIONS:
        return None
    if len(path) >= 3 and _HASH.match(path[0]) and _KEY.match(path[1]):
        return f"{path[0]}-{path[1]}"
    known = path[-1].startswith("tumblr_") or _OLD_FILE.match(path[-1])
    return _SIZE.sub("", stem(path[-1])) if known else None
