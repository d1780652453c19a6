"""Where a post keeps its media references, and what they are called there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from bot.links.text import LONGEST, clean, giphy_url, urls_in
from bot.links.things import data_of, fullname_of, text
from bot.model import PREVIEW, UNTOLD, Link, MediaRef
from bot.permalink import permalink_ids

Find = Callable[[str], MediaRef | None]

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EXTENSIONS = {f"image/{name}": name.replace("jpeg", "jpg") for name in ("jpg", "jpeg", "png", "gif", "webp")}
_FILE = re.compile(r"/([\w-]+)\.(jpg|jpeg|png|gif|webp)(?:[?#]|$)")
_MANIFESTS = ("hlsUrl", "dashUrl")
_VIDEO_PAGE = re.compile(r"https?://v\.redd\.it/[^/?#]+/?", re.IGNORECASE)
_VIDEO_FILE = re.compile(r"https?://v\.redd\.it/[^/?#]+/[^?#]+\.mp4(?:[?#].*)?", re.IGNORECASE)
_PLAYER = re.compile(r"https?://(?:[a-z]+\.)?reddit\.com/link/\w+/video/(\w+)/player.*", re.IGNORECASE)
_LEADS_TO_MEDIA = ("media", "album")


def links_of(thing: Any, find: Find, *, reserve: bool = False) -> tuple[Link, ...]:
    """Return the media references of a submission or comment, in order, each once.

    With `reserve` Reddit's previews come last whatever else is there, a still where no moving one is: they are what
    readers see of media that cannot be had. And each picture of a gallery or a text of which Reddit does not tell where
    it is comes as one `unsupported` link whose source is `untold` and whose URL is the post that will tell. Without,
    only moving previews, and only where nothing better is known, and such a picture's address is guessed or left out.

    `find` is the host plugs' answer to "whose URL is this"; it is asked for http(s) URLs with a host only. URLs that
    nobody knows are kept as `unsupported` with an empty host, Reddit's permalinks as `page`. A malformed field loses
    only itself; never raises for any JSON.
    """
    collected = _Collected(find, fullname_of(thing) or None, guess=not reserve)
    collected.read(data_of(thing))
    if reserve:
        collected.read_untold(data_of(thing))
        collected.read_previews(data_of(thing))
    return tuple(collected.links.values())


class _Collected:
    """The links of one post so far, by what makes them the same."""

    def __init__(self, find: Find, post: str | None, *, guess: bool) -> None:
        self.links: dict[tuple[str, str, str], Link] = {}
        self._find = find
        self._post = post
        self._guess = guess  # addresses of pictures that Reddit is not done with

    def read(self, data: Mapping[str, Any], parent: bool = False) -> None:
        """Take all references of a post; `parent`: of the submission that it crossposts."""

        def add(source: str, *urls: Any, sure: bool = True) -> None:
            self._add("crosspost" if parent else source, urls, sure=sure)

        add("url", data.get("url_overridden_by_dest"))
        url = data.get("url")
        # a text post's url is its own address, which nobody posted
        if not (data.get("is_self") is True and permalink_ids(_absolute(url))):
            add("url", url)
        for key in ("selftext", "body"):
            for found in urls_in(text(data, key)):
                player = _PLAYER.fullmatch(found.url)
                add("text", found.url, *([f"https://v.redd.it/{player[1]}"] if player else []), sure=found.sure)
        if not parent:
            for original in _list(data.get("crosspost_parent_list"))[:1]:
                self.read(data_of(original), parent=True)
        for source, media_id, entry in _uploads(data):
            add(source, *_media_urls(media_id, entry, guess=self._guess))
        for key in ("media", "secure_media"):
            video = _map(_map(data.get(key)).get("reddit_video"))
            add("media", *(video.get(name) for name in ("fallback_url", "dash_url", "hls_url")))
        if not any(_known(link) for link in self.links.values()):
            for url in _previews(data, stills=False):
                add("preview", url)

    def read_untold(self, data: Mapping[str, Any]) -> None:
        """Take the pictures of which Reddit does not tell yet, or any more, where they are.

        Of a gallery that tells not even how many it has, one stands for all, under the post's own number.
        """
        address = _address(self._post, data)
        if address is None:
            return
        originals = _list(data.get("crosspost_parent_list"))[:1]
        for place in (data, *map(data_of, originals)):
            uploads = list(_uploads(place))
            untold = [
                name
                for _, name, entry in uploads
                if _MEDIA_ID.fullmatch(name)
                and not any(_absolute(url) for url in _media_urls(name, entry, guess=False))
            ]
            if place.get("is_gallery") is True and not uploads:
                untold = [fullname_of(place).removeprefix("t3_") or "gallery"]
            for name in untold:
                link = Link(url=address, host="reddit", id=name, kind="unsupported", source=UNTOLD, post=self._post)
                self.links.setdefault(("reddit", name, ""), link)

    def read_previews(self, data: Mapping[str, Any]) -> None:
        """Take Reddit's own copies of a post's media, those of the submission that it crossposts too.

        What leads to the same file on the same server is no copy.
        """
        originals = _list(data.get("crosspost_parent_list"))[:1]
        for place in (data, *map(data_of, originals)):
            for url in (*_previews(place, stills=True), *_copies(place)):
                ref = self._ref(_absolute(url))
                if ref.id is None or not _known(ref):
                    continue
                media = self.links.get((ref.host, ref.id, ""))
                if media is None or _server(media.url) != _server(_absolute(url)):
                    self._add(PREVIEW, (url,), sure=True)

    def _add(self, source: str, urls: tuple[Any, ...], *, sure: bool) -> None:
        """Take the first of some URLs of one media that a plug knows to lead to it, else the first."""
        known = [(url, self._ref(url)) for url in map(_absolute, urls) if url]
        if not known:
            return
        url, ref = next((pair for pair in known if pair[1].kind in _LEADS_TO_MEDIA), known[0])
        if not sure and not _known(ref):
            return
        link = Link(url=url, host=ref.host, id=ref.id, kind=ref.kind, source=source, post=self._post)
        # a page and a media of one host may bear the same id without being the same; a preview is a copy of its own
        apart = "page" if ref.kind == "page" else source if source == PREVIEW else ""
        key = (ref.host, ref.id, apart) if ref.id else ("", url, "")
        earlier = self.links.setdefault(key, link)
        if _VIDEO_PAGE.fullmatch(earlier.url) and _VIDEO_FILE.fullmatch(url):
            # the address of a Reddit video names no file; the post's own data do
            self.links[key] = replace(earlier, url=url)

    def _ref(self, url: str) -> MediaRef:
        try:
            parts = urlsplit(url)
            reachable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
        except ValueError:
            reachable = False
        ref = self._find(url) if reachable else None
        ids = permalink_ids(url) if reachable else None
        if ids is not None:
            return MediaRef(host=ref.host if ref else "reddit", id=(ref.id if ref else None) or ids[0], kind="page")
        return ref or MediaRef(host="", id=None, kind="unsupported")


def _known(found: MediaRef | Link) -> bool:
    """Whether it names one media or album of a host that we know; a file anywhere else may never be fetched."""
    return found.kind in _LEADS_TO_MEDIA and found.id is not None


def _address(post: str | None, data: Mapping[str, Any]) -> str | None:
    """Return the shortest address of a post that tells its fullname; None if that is not known."""
    kind, _, number = (post or "").partition("_")
    if kind == "t3":
        return f"https://www.reddit.com/comments/{number}"
    above = text(data, "link_id").removeprefix("t3_")
    address = f"https://www.reddit.com/comments/{above}/_/{number}"
    return address if kind == "t1" and permalink_ids(address) == (above, number) else None


def _uploads(data: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield (source, id, what Reddit tells of it): a gallery in its order, then what was uploaded into the text."""
    metadata = _map(data.get("media_metadata"))
    shown = set()
    for item in _list(_map(data.get("gallery_data")).get("items")):
        media_id = _map(item).get("media_id")
        if isinstance(media_id, str):
            shown.add(media_id)
            yield "gallery", media_id, _map(metadata.get(media_id))
    for media_id, entry in metadata.items():
        if media_id not in shown:
            yield "media_metadata", media_id, _map(entry)


def _media_urls(media_id: str, entry: Mapping[str, Any], *, guess: bool) -> list[Any]:
    """Return the addresses of one media, best first; `guess`: also of one that Reddit is not done with."""
    giphy = giphy_url(media_id)
    if giphy is not None:
        return [giphy]  # Reddit often calls these invalid although Giphy serves them
    if not _MEDIA_ID.fullmatch(media_id) or entry.get("status") == "failed":
        return []
    mime = text(entry, "m").lower()
    shown = _map(entry.get("s"))
    known = guess or entry.get("status") == "valid"
    if entry.get("e") == "RedditVideo" or mime.startswith("video/"):
        manifests = [place.get(name) for place in (entry, shown) for name in _MANIFESTS]
        return [f"https://v.redd.it/{media_id}", *manifests] if known or any(manifests) else []
    given = [shown.get(name) for name in ("gif", "mp4", "u")]
    if not known and not any(given):
        return []
    # the file's own name, where a given URL tells it: jpeg and jpg are two files to i.redd.it
    named = next((match for url in given if isinstance(url, str) and (match := _FILE.search(url))), None)
    extension = named[2] if named and named[1] == media_id else _EXTENSIONS.get(mime)
    return [f"https://i.redd.it/{media_id}.{extension}" if extension else None, *given]


def _previews(data: Mapping[str, Any], *, stills: bool) -> Iterator[Any]:
    """Yield Reddit's own copies of a post's media, moving ones first; stills only if wanted.

    Of a picture that moves its still says less, and the blurred copies of marked posts say nothing.
    """
    preview = _map(data.get("preview"))
    moving = _map(preview.get("reddit_video_preview"))
    yield next(_told([moving.get(name) for name in ("fallback_url", "dash_url", "hls_url")]), None)
    images = _list(preview.get("images"))
    for image in images:
        variants = _map(_map(image).get("variants"))
        places = [_map(variants.get(name)) for name in ("gif", "mp4")] + ([_map(image)] if stills else [])
        yield next(_told([url for place in places for url in _sizes(place)]), None)
    if stills and not images and not moving:
        yield data.get("thumbnail")  # small, and all that readers see then


def _told(urls: list[Any]) -> Iterator[str]:
    return (url for url in urls if isinstance(url, str) and url)


def _sizes(place: Mapping[str, Any]) -> list[Any]:
    """Return the addresses of one preview, largest first: its source, then what was made of it."""
    made = [_map(one) for one in _list(place.get("resolutions"))]
    return [_map(one).get("url") for one in (place.get("source"), *reversed(made))]


def _copies(data: Mapping[str, Any]) -> Iterator[Any]:
    """Yield Reddit's own copy of each picture that was uploaded, of one that moves the moving one."""
    for _, _, entry in _uploads(data):
        shown = _map(entry.get("s"))
        smaller = [_map(one).get("u") for one in reversed(_list(entry.get("p")))]
        yield next(_told([*(shown.get(name) for name in ("gif", "mp4", "u")), *smaller]), None)


def _server(url: str) -> str:
    return urlsplit(url).hostname or ""


def _absolute(url: Any) -> str:
    """Return a URL with its entities undone and its scheme and host filled in; empty if it is none."""
    if not isinstance(url, str):
        return ""
    url = clean(url).strip()
    if url.startswith("//"):
        url = f"https:{url}"
    elif url.startswith("/"):
        url = f"https://www.reddit.com{url}"
    return url[:LONGEST] if _SCHEME.match(url) else ""


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
