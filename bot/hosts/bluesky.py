"""Bluesky: posts by its public API, which needs no account; pictures from its image server, videos as uploaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from bot.errors import AcquireError, BlockedError, GoneError, HostChangedError, UnsupportedError
from bot.hosts.base import HostMedia, LinkExample, Rendition, Url, Web, belongs, dig, parse
from bot.hosts.pages import PageHost, items, mapping
from bot.hosts.playlists import files, useful, variants
from bot.model import Link, MediaRef

API = "https://public.api.bsky.app/xrpc"
PICTURES = "cdn.bsky.app"
VIDEOS = ("video.bsky.app", "video.cdn.bsky.app")
BLOB = "https://bsky.social/xrpc/com.atproto.sync.getBlob"  # leads on to the server that holds the account
SITES = ("bsky.app", "www.bsky.app", "staging.bsky.app")

_DID = re.compile(r"did:(?:plc:[a-z2-7]{24}|web:[a-z0-9.-]{3,200})\Z")
_HANDLE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z][a-z0-9-]{1,62}\Z")
_RECORD = re.compile(r"[A-Za-z0-9._~-]{1,100}")
_CID = re.compile(r"([a-z0-9]{20,100})(?:@[a-z]{3,5})?\Z")
_SIZES = ("feed_thumbnail", "feed_fullsize")
_LISTS = frozenset({"liked-by", "likes", "quotes", "reposted-by"})


class Bluesky(PageHost):
    """The host of posts with up to ten pictures or a video. Everybody's, so no sexual context."""

    name = "bluesky"
    adult = False
    domains = ("bsky.app", "bsky.social", "bsky.network")
    file_servers = (PICTURES, *VIDEOS, "bsky.social", "bsky.network")
    examples = (
        LinkExample(
            "https://bsky.app/profile/example.bsky.social/post/3kabcdefghi2j",
            "example.bsky.social/3kabcdefghi2j",
            "album",
        ),
        LinkExample(
            "https://bsky.app/profile/did:plc:abcdefghijklmnopqrstuvwx/post/3kabcdefghi2j",
            "did:plc:abcdefghijklmnopqrstuvwx/3kabcdefghi2j",
            "album",
        ),
        LinkExample(
            "https://cdn.bsky.app/img/feed_fullsize/plain/did:plc:abcdefghijklmnopqrstuvwx/bafkreiabcdefghijklmnop@jpeg",
            "bafkreiabcdefghijklmnop",
            "media",
        ),
        LinkExample(
            "https://video.bsky.app/watch/did%3Aplc%3Aabcdefghijklmnopqrstuvwx/bafkreiabcdefghijklmnop/playlist.m3u8",
            "bafkreiabcdefghijklmnop",
            "media",
        ),
        LinkExample("https://bsky.app/profile/example.bsky.social", None, "page"),
        LinkExample("https://bsky.app/search?q=heron", None, "page"),
    )  # fmt: skip

    def match(self, url: Url) -> MediaRef | None:
        blob = _blob(url)
        if blob is not None:
            return MediaRef(host=self.name, id=blob[1], kind="media")
        post = _post(url)
        return MediaRef(host=self.name, id="/".join(post) if post else None, kind="album" if post else "page")

    def is_file(self, url: Url) -> bool:
        """Return whether an address is on one of the servers of files, in a place where they are."""
        if url.host == PICTURES:
            return _blob(url) is not None
        if url.host in VIDEOS:
            return url.path[:1] in (("watch",), ("hls",)) and len(url.path) > 3
        return belongs(url.host, self.file_servers) and url.path == ("xrpc", "com.atproto.sync.getBlob")

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        blob = _blob(url) if url is not None else None
        if blob is not None and url is not None:
            return (self._linked(*blob, url, web),)
        found = _post(url) if url is not None else None
        if found is None:
            raise UnsupportedError("the link leads to a page of bluesky, not to a post")
        actor, record = found
        place = f"at://{actor if _DID.match(actor) else _account(actor, web)}/app.bsky.feed.post/{record}"
        posts = items(
            dig(web.json(f"{API}/app.bsky.feed.getPosts?uris={quote(place, safe='')}"), "bluesky", "posts"), "bluesky"
        )
        if not posts:
            raise GoneError("bluesky says that this post does not exist")
        post = mapping(posts[0], "bluesky")
        did = dig(post, "bluesky", "author", "did")
        dig(post, "bluesky", "uri")
        media = tuple(self._media(owner, view, web) for owner, view in _views(did, post.get("embed")))
        if not media:
            raise UnsupportedError("the post on bluesky holds no picture or video of bluesky's own")
        return media

    def _media(self, did: Any, view: Mapping[str, Any], web: Web) -> HostMedia:
        """Return the media of one picture or video as the API shows it."""
        if "playlist" in view:
            return self._video(str(did), str(view.get("cid")), view["playlist"], web)
        small, whole = view.get("thumb") or view.get("thumbnail"), view.get("fullsize")
        shown = parse(str(whole))
        blob = _blob(shown) if shown is not None else None
        if blob is None:
            raise HostChangedError("bluesky names no file of its own for a picture, which its plug relies on")
        return HostMedia(
            id=blob[1],
            renditions=(*([self.file(small)] if small else []), self.file(whole), self._upload(*blob)),
        )

    def _video(self, did: str, cid: str, playlist: Any, web: Web) -> HostMedia:
        """Return a video: the file as it was uploaded, else the parts of which its stream consists."""
        if not _DID.match(did) or not _CID.match(cid):
            raise HostChangedError("bluesky shows a video without its id, which its plug relies on")
        return HostMedia(id=cid, renditions=(self._upload(did, cid), self._stream(playlist, web)))

    def _stream(self, playlist: Any, web: Web) -> Rendition:
        master = web.page(self.file(playlist).url)
        chosen = useful(variants(master.text, "bluesky", beneath=True))
        listed = web.page(_beside(master.url, chosen.name))
        first, *more = (self.file(_beside(listed.url, name)).url for name in files(listed.text, "bluesky"))
        return Rendition(url=first, more=tuple(more))  # no size: the upload comes first

    def _upload(self, did: str, cid: str) -> Rendition:
        return Rendition(url=f"{BLOB}?did={quote(did, safe='')}&cid={cid}", original=True)

    def _linked(self, did: str, cid: str, url: Url, web: Web) -> HostMedia:
        """Return the media of a link to a file, the same whatever size the link names."""
        if url.host in VIDEOS:
            return self._video(did, cid, f"https://{VIDEOS[0]}/watch/{quote(did, safe='')}/{cid}/playlist.m3u8", web)
        if url.host == PICTURES:
            shown = (f"https://{PICTURES}/img/{size}/plain/{did}/{cid}@jpeg" for size in _SIZES)
            return HostMedia(id=cid, renditions=(*map(self.file, shown), self._upload(did, cid)))
        return HostMedia(id=cid, renditions=(self._upload(did, cid),))

    def page_url(self, id: str) -> str | None:
        actor, _, record = id.partition("/")
        return f"https://bsky.app/profile/{actor}/post/{record}" if record else None  # a file does not lead to its post


def _account(handle: str, web: Web) -> str:
    """Return the id of the account that has a handle now."""
    try:
        did = dig(web.json(f"{API}/com.atproto.identity.resolveHandle?handle={handle}"), "bluesky", "did")
    except AcquireError as error:
        if error.status == 400:  # the post may stand under another name now
            raise BlockedError("bluesky knows no account of this name, which says nothing about its posts") from None
        raise
    if not isinstance(did, str) or not _DID.match(did):
        raise HostChangedError("bluesky names an account in a way that its plug does not know")
    return did


def _post(url: Url) -> tuple[str, str] | None:
    """Return whose post an address leads to, and its record key."""
    path = url.path
    if url.host in SITES and len(path) >= 4 and path[0] == "profile" and path[2] == "post":
        actor, record, rest = path[1], path[3], path[4:5]
    elif url.host == "embed.bsky.app" and len(path) == 4 and path[::2] == ("embed", "app.bsky.feed.post"):
        actor, record, rest = path[1], path[3], ()
    else:
        return None
    actor = actor.removeprefix("@")
    actor = actor if actor.startswith("did:") else actor.lower()
    key = _RECORD.match(record)
    known = key and (_DID.match(actor) or _HANDLE.match(actor)) and not _LISTS & {*rest}
    return (actor, key[0].rstrip(".")) if known and key else None


def _blob(url: Url) -> tuple[str, str] | None:
    """Return the account and the id of the file that an address leads to."""
    path = url.path
    if url.host == PICTURES and len(path) == 5 and path[0] == "img" and path[1].startswith("feed_"):
        did, name = path[3:]
    elif url.host in VIDEOS and len(path) > 3 and path[0] in ("watch", "hls"):
        did, name = path[1:3]
    elif belongs(url.host, ("bsky.social", "bsky.network")) and path == ("xrpc", "com.atproto.sync.getBlob"):
        did, name = url.query.get("did", ""), url.query.get("cid", "")
    else:
        return None
    cid = _CID.match(name)
    return (did, cid[1]) if cid and _DID.match(did) else None


def _views(did: Any, embed: Any, *, quoted: bool = False) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Yield each picture and video that a post shows with whose it is: its own, then those of what it quotes."""
    if not embed:
        return
    embed = mapping(embed, "bluesky")
    kind = str(embed.get("$type"))
    if kind.startswith("app.bsky.embed.recordWithMedia"):
        yield from _views(did, embed.get("media"), quoted=True)
        embed = mapping(embed.get("record") or {}, "bluesky")
        kind = "app.bsky.embed.record"
    shown = embed.get("images") or embed.get("items")
    if shown is not None:
        for view in items(shown, "bluesky"):
            yield did, mapping(view, "bluesky")
    elif "playlist" in embed:
        yield did, embed
    elif kind.startswith("app.bsky.embed.record") and not quoted:
        record = mapping(embed.get("record") or {}, "bluesky")  # or that it is not there, or not shown
        owner = mapping(record.get("author") or {}, "bluesky").get("did")
        for one in items(record.get("embeds") or [], "bluesky"):
            yield from _views(owner, one, quoted=True)
    elif not kind.startswith(("app.bsky.embed.external", "app.bsky.embed.record")):
        raise HostChangedError("bluesky shows a kind of media that its plug does not know")


def _beside(url: str, name: str) -> str:
    """Return the address of what a playlist names."""
    return f"{url.partition('?')[0].rpartition('/')[0]}/{name}"
