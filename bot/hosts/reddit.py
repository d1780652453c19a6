"""Reddit's own media: i.redd.it, preview.redd.it, v.redd.it. Posts are pages: their media come from Reddit's API."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from bot.errors import AcquireError, HostChangedError, TryLaterError, UnsupportedError
from bot.hosts.base import Host, HostMedia, LinkExample, Rendition, Url, Web, belongs, extension, parse, pixels, stem
from bot.hosts.playlists import files, useful, variants
from bot.model import Link, MediaRef
from bot.permalink import permalink_ids

_MEDIA = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
_TRACK = re.compile(r"[A-Za-z0-9_]{1,40}(?:\.mp4)?\Z")
_UPLOADED = re.compile(r"[0-9a-z]{8,20}\Z")
_SIGNED = re.compile(r"(?:[a-z]|[a-z]\.thumbs)\.redditmedia\.com\Z")
_EVERYTHING = {"Accept": "*/*"}  # otherwise Reddit's image servers answer with a page


class Reddit(Host):
    """i.redd.it and preview.redd.it pictures, v.redd.it videos, and the posts around them as pages."""

    name = "reddit"
    adult = False
    domains = ("reddit.com", "redd.it", "redditmedia.com", "reddituploads.com")
    examples = (
        LinkExample("https://i.redd.it/q1w2e3r4t5y61.gif", "q1w2e3r4t5y61", "media"),
        LinkExample(
            "https://preview.redd.it/q1w2e3r4t5y61.png?width=960&auto=webp&s=0123abcd", "q1w2e3r4t5y61", "media"
        ),
        LinkExample(
            "https://preview.redd.it/words-of-a-title-v0-q1w2e3r4t5y61.png?width=9&s=ab", "q1w2e3r4t5y61", "media"
        ),
        LinkExample("https://external-preview.redd.it/Ab_c-D1.png?format=mp4&s=0123", "Ab_c-D1", "media"),
        LinkExample("https://v.redd.it/q1w2e3r4t5y61", "q1w2e3r4t5y61", "media"),
        LinkExample("https://v.redd.it/q1w2e3r4t5y61/DASH_720.mp4?source=fallback", "q1w2e3r4t5y61", "media"),
        LinkExample(
            "https://packaged-media.redd.it/q1w2e3r4t5y61/pb/m2-res_720p.mp4?e=1&s=ab", "q1w2e3r4t5y61", "media"
        ),
        LinkExample("https://www.reddit.com/media?url=https%3A%2F%2Fi.redd.it%2Fq1w2e3r4t5.jpg", "q1w2e3r4t5", "media"),
        LinkExample("https://www.reddit.com/link/1abcde/video/q1w2e3r4t5y61/player", "q1w2e3r4t5y61", "media"),
        LinkExample("https://old.reddit.com/r/example/comments/1abcde/a_title/k1l2m3n/?context=3", "1abcde", "page"),
        LinkExample("https://www.reddit.com/user/example/comments/1abcde/", "1abcde", "page"),
        LinkExample("https://www.reddit.com/gallery/1abcde", "1abcde", "page"),
        LinkExample("https://np.reddit.com/comments/1abcde", "1abcde", "page"),
        LinkExample("https://redd.it/1abcde", "1abcde", "page"),
        LinkExample("https://www.reddit.com/1abcde", "1abcde", "page"),
        LinkExample("https://www.redditmedia.com/mediaembed/1abcde", "1abcde", "page"),
        LinkExample("https://i.redditmedia.com/Ab_c-D1.png?s=0123", "Ab_c-D1", "media"),
        LinkExample("https://www.reddit.com/r/example/s/AbCdEfGhIj", None, "page"),
        LinkExample("https://www.reddit.com/r/example/", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        media = _media_id(url)
        if media:
            return MediaRef(host=self.name, id=media, kind="media")
        ids = permalink_ids(url.text)
        return MediaRef(host=self.name, id=ids[0] if ids else None, kind="page")

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is None or link.id is None:
            raise UnsupportedError("the link leads to a page of reddit, not to media")
        url = _inner(url) or url
        if url.host == "v.redd.it" or belongs(url.host, ("reddit.com",)):
            found = _video(link.id, url, web)
        elif url.host == "preview.redd.it":
            file = f"{link.id}.{extension(url.path[-1])}"
            found = (
                Rendition(
                    url=url.text,
                    width=pixels(url.query.get("width")),
                    height=pixels(url.query.get("height")),
                    headers=_EVERYTHING,
                ),
                Rendition(url=f"https://i.redd.it/{file}", original=True, headers=_EVERYTHING),
            )
        else:
            found = (Rendition(url=url.text, original=url.host == "i.redd.it", headers=_EVERYTHING),)
        return (HostMedia(id=link.id, renditions=found),)

    def page_url(self, id: str) -> str | None:  # noqa: ARG002  the id of a picture does not lead to its post
        return None


def _media_id(url: Url) -> str | None:
    server, path = url.host, url.path
    if not path:
        return None
    if server in (
        "i.redd.it",
        "preview.redd.it",
        "external-preview.redd.it",
        "external-i.redd.it",
        "i.reddituploads.com",
    ):
        titled = server in ("i.redd.it", "preview.redd.it")
        candidate = stem(path[0]).rpartition("-v0-")[2] if titled else stem(path[0])
        return candidate if len(path) == 1 and _MEDIA.match(candidate) else None
    if _SIGNED.match(server) and extension(path[-1]):
        return stem(path[0]) if len(path) == 1 and _MEDIA.match(stem(path[0])) else None
    if server in ("v.redd.it", "packaged-media.redd.it"):
        return path[0] if _UPLOADED.match(path[0]) else None
    if belongs(server, ("reddit.com",)):
        inner = _inner(url)
        if inner is not None:
            return _media_id(inner)
        if len(path) >= 4 and path[0] == "link" and path[2] == "video" and _UPLOADED.match(path[3]):
            return path[3]
        if len(path) == 2 and path[0] == "video" and _UPLOADED.match(path[1]):
            return path[1]
    return None


def _inner(url: Url) -> Url | None:
    """Return the address inside `reddit.com/media?url=…`, if it is one of Reddit's own media servers."""
    if not belongs(url.host, ("reddit.com",)) or url.path != ("media",):
        return None
    inner = parse(url.query.get("url", ""))
    return inner if inner is not None and belongs(inner.host, ("redd.it",)) else None


def _video(id: str, url: Url, web: Web) -> tuple[Rendition, ...]:
    """Return the files of a video: those of its manifest, which alone knows their names, else of its playlist.

    If neither is there, the file in the link itself is the last resort.
    """
    named = url.host == "v.redd.it" and len(url.path) == 2 and _TRACK.match(url.path[1])
    try:
        return _manifest(id, web.page(f"https://v.redd.it/{id}/DASHPlaylist.mpd", headers=_EVERYTHING).text)
    except TryLaterError:
        raise
    except AcquireError as missing:
        try:
            return (_stream(id, web),)
        except TryLaterError:
            raise
        except UnsupportedError:
            if not named:
                raise
        except AcquireError:
            if not named:
                raise missing from None
    return (Rendition(url=url.text, headers=_EVERYTHING),)


def _stream(id: str, web: Web) -> Rendition:
    """Return the smallest useful rendition of a video's HLS playlist, as the files of which it consists."""
    base = f"https://v.redd.it/{id}"
    master = variants(web.page(f"{base}/HLSPlaylist.m3u8", headers=_EVERYTHING).text, "v.redd.it")
    chosen = useful(master)
    first, *more = files(web.page(f"{base}/{chosen.name}", headers=_EVERYTHING).text, "v.redd.it")
    return Rendition(
        url=f"{base}/{first}",
        width=chosen.width,
        height=chosen.height,
        headers=_EVERYTHING,
        more=tuple(f"{base}/{name}" for name in more),
    )


def _manifest(id: str, text: str) -> tuple[Rendition, ...]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise HostChangedError("v.redd.it sent a manifest with a document type, which its plug does not read")
    try:
        root = ET.fromstring(text)  # noqa: S314  without a document type there are no entities to expand
    except (ET.ParseError, ValueError):
        raise HostChangedError("v.redd.it sent something other than a manifest") from None
    found = []
    for track in root.iter():
        if track.tag.rpartition("}")[2] != "Representation":
            continue
        width, height = pixels(track.get("width")), pixels(track.get("height"))
        base = next((child.text or "" for child in track if child.tag.rpartition("}")[2] == "BaseURL"), "").strip()
        if width and height and _TRACK.match(base):
            url = f"https://v.redd.it/{id}/{base}"
            found.append(Rendition(url=url, width=width, height=height, headers=_EVERYTHING))
    if not found:
        raise HostChangedError("v.redd.it sent a manifest without video files, which its plug relies on")
    return tuple(found)
