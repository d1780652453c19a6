"""X, once Twitter: statuses by the answer that embedded ones are drawn from, which needs no account."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.errors import AcquireError, BlockedError, GoneError, HostChangedError, NeedsTokenError, UnsupportedError
from bot.hosts.base import HostMedia, LinkExample, Rendition, Url, Web, belongs, dig, extension, parse, pixels, stem
from bot.hosts.pages import PageHost, items, mapping, secure
from bot.model import Link, MediaRef

API = "https://cdn.syndication.twimg.com/tweet-result"
PICTURES, VIDEOS = "pbs.twimg.com", "video.twimg.com"
SHORT = ("t.co", "pic.twitter.com")

_STATUS = re.compile(r"(\d{1,19})(?!\w)", re.ASCII)
_LISTS = frozenset({"analytics", "engagements", "hidden", "history", "likes", "quotes", "reposts", "retweets"})
_KEY = re.compile(r"[A-Za-z0-9_-]{6,40}\Z")
_NUMBER = re.compile(r"\d{5,20}\Z", re.ASCII)
_SIZE = re.compile(r"(\d{2,5})x(\d{2,5})\Z", re.ASCII)
_SHORT = re.compile(r"[A-Za-z0-9]{6,16}\Z")
_FORMATS = {"jpg": "jpg", "jpeg": "jpg", "png": "png", "webp": "webp"}
_SIZES = ("small", "medium")  # beside the original; both keep the picture's shape, 680 and 1200 px at most

# What X says in English in place of a status that it does not show, and whether that means that there is none.
_TOMBSTONES: tuple[tuple[str, type[AcquireError], str], ...] = (
    ("age-restricted", NeedsTokenError, "x shows this status only to grown-ups who are logged in"),
    ("log in", NeedsTokenError, "x shows this status only to people who are logged in"),
    ("limits who can view", NeedsTokenError, "x shows the statuses of this account only to those whom it lets"),
    ("protected", NeedsTokenError, "x shows the statuses of this account only to those whom it lets"),
    ("withheld", BlockedError, "x withholds this status from where it was asked"),
    ("deleted", GoneError, "x says that this status was deleted"),
    ("suspended", GoneError, "x says that the account of this status is suspended"),
    ("no longer exists", GoneError, "x says that the account of this status no longer exists"),
    ("violated", GoneError, "x says that this status broke its rules"),
)


class X(PageHost):
    """The host of statuses with up to four media each. Everybody's, so no sexual context."""

    name = "x"
    adult = False
    domains = ("x.com", "twitter.com", "twimg.com", "t.co")
    file_servers = (PICTURES, VIDEOS)
    examples = (
        LinkExample("https://x.com/example/status/1234567890123456789?s=20", "1234567890123456789", "album"),
        LinkExample("https://mobile.twitter.com/example/status/1234567890123456789", "1234567890123456789", "album"),
        LinkExample("https://x.com/i/web/status/1234567890123456789/video/1", "1234567890123456789", "album"),
        LinkExample("https://pbs.twimg.com/media/AbC1dEfGhIjKlMn?format=jpg&name=large", "AbC1dEfGhIjKlMn", "media"),
        LinkExample("https://video.twimg.com/tweet_video/AbC1dEfGhIjKlMn.mp4", "AbC1dEfGhIjKlMn", "media"),
        LinkExample(
            "https://video.twimg.com/ext_tw_video/1234567890123456789/pu/vid/avc1/640x360/AbC1dEfGhIjKlMn.mp4?tag=12",
            "ext_tw_video-1234567890123456789",
            "media",
        ),
        LinkExample("https://pic.twitter.com/AbCdEfGhIj", None, "album"),
        LinkExample("https://x.com/example", None, "page"),
        LinkExample("https://x.com/search?q=heron", None, "page"),
        LinkExample("https://pbs.twimg.com/profile_images/1234567890/AbC1dEfG_400x400.jpg", None, "page"),
    )

    def match(self, url: Url) -> MediaRef | None:
        if belongs(url.host, ("twimg.com",)) and url.host != "cdn.syndication.twimg.com":
            id = _file(url)
            return MediaRef(host=self.name, id=id, kind="media" if id else "page")
        status = _status(url)
        return MediaRef(host=self.name, id=status, kind="album" if status or _is_short(url) else "page")

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        url = parse(link.url)
        if url is not None and self.is_file(url) and link.id is not None:
            return (self._linked(link.id, url),)
        if url is not None and _is_short(url):
            url = parse(web.page(secure(url.text)).url)
        status = _status(url) if url is not None else None
        if status is None:
            raise UnsupportedError("the link leads to a page of x, not to a status")
        answer = mapping(web.json(f"{API}?id={status}&lang=en&token={token(status)}"), "x")
        if answer.get("__typename") == "TweetTombstone" or "tombstone" in answer:
            raise _buried(answer)
        dig(answer, "x", "id_str")
        parts = [answer, *([mapping(answer["quoted_tweet"], "x")] if answer.get("quoted_tweet") else [])]
        details = [(status, detail) for part in parts for detail in _details(part)]
        shown = [(id, detail) for id, detail in details if _available(detail)]
        if details and not shown:
            raise _withdrawn([detail for _, detail in details])
        if not shown and "user" not in answer:
            raise BlockedError("x answers without the account of this status, as it does for suspended ones")
        if not shown:
            raise UnsupportedError("the status on x holds no picture or video of x's own")
        return tuple(HostMedia(id=id, renditions=self._renditions(detail)) for id, detail in shown)

    def _renditions(self, detail: Mapping[str, Any]) -> tuple[Rendition, ...]:
        """Return the files of one picture, GIF or video of a status."""
        whole = mapping(detail.get("original_info") or {}, "x")
        width, height = pixels(whole.get("width")), pixels(whole.get("height"))
        kind = detail.get("type")
        if kind == "photo":
            url = parse(str(detail.get("media_url_https")))
            if url is None or not self.is_file(url):
                raise HostChangedError("x names no file of its own for a picture, which its plug relies on")
            sizes = mapping(detail.get("sizes") or {}, "x")
            return (
                *(_picture(url, name, mapping(sizes.get(name) or {}, "x")) for name in _SIZES),
                Rendition(url=_sized(url, "orig"), width=width, height=height, original=True),
            )
        if kind not in ("video", "animated_gif"):
            raise HostChangedError("x shows a kind of media that its plug does not know")
        variants = [mapping(one, "x") for one in items(dig(detail, "x", "video_info", "variants"), "x")]
        files = [one for one in variants if one.get("content_type") == "video/mp4"]
        if not files:
            raise UnsupportedError("x gives this video as a stream only, which is not read")
        best = max(files, key=_bitrate)
        return tuple(self._variant(one, one is best, width, height) for one in files)

    def _variant(self, one: Mapping[str, Any], best: bool, width: int | None, height: int | None) -> Rendition:
        url = one.get("url")
        found = parse(url) if isinstance(url, str) else None
        sizes = [size for segment in found.path if (size := _SIZE.match(segment))] if found is not None else []
        if sizes:
            width, height = pixels(sizes[0][1]), pixels(sizes[0][2])
        return self.file(url, width=width, height=height, original=best)

    def _linked(self, id: str, url: Url) -> HostMedia:
        """Return the media of a link to a file, the same whatever size the link names."""
        if url.path[0] == "tweet_video_thumb":  # the still of a GIF, whose file has the same name
            moving = Rendition(url=f"https://{VIDEOS}/tweet_video/{id}.mp4", original=True)
            return HostMedia(id=id, renditions=(moving, Rendition(url=secure(url.text))))
        if url.path[0] == "media":
            return HostMedia(
                id=id,
                renditions=(Rendition(url=_sized(url, "medium")), Rendition(url=_sized(url, "orig"), original=True)),
            )
        return self.linked(id, url)[0]

    def page_url(self, id: str) -> str | None:
        return f"https://x.com/i/status/{id}" if id.isdigit() else None  # a file does not lead to its status


def token(id: str) -> str:
    """Return what X wants beside a status's id: id / 10^15 · π in base 36 as JavaScript writes it, without 0 and `.`.

    JavaScript writes the fewest digits that tell the number from its neighbours, the last of them rounded.
    """
    value = float(id) / 1e15 * math.pi
    whole, fraction = int(value), math.modf(value)[0]
    room = max(math.ulp(value) / 2, 5e-324)
    digits: list[int] = []
    while fraction >= room:
        fraction, room = fraction * 36, room * 36
        digits.append(int(fraction))
        fraction -= digits[-1]
        if (fraction > 0.5 or (fraction == 0.5 and digits[-1] % 2)) and fraction + room > 1:
            while digits and digits[-1] == 35:
                digits.pop()
            if digits:
                digits[-1] += 1
            else:
                whole += 1
            break
    before: list[int] = []
    while whole:
        whole, rest = divmod(whole, 36)
        before.insert(0, rest)
    return "".join("0123456789abcdefghijklmnopqrstuvwxyz"[digit] for digit in before + digits if digit)


def _status(url: Url) -> str | None:
    """Return the id of the status that an address leads to, in any of the forms that X itself has had."""
    if belongs(url.host, SHORT):
        return None
    path = url.path
    if not path and "#!/" in url.text:  # twitter.com/#!/name/status/1
        path = tuple(segment for segment in url.text.partition("#!/")[2].split("/") if segment)
    if path[-1:] in (("Tweet.html",), ("tweet-result",)):  # the frame of an embedded status, and what fills it
        return _id(url.query.get("id", ""))
    if path[:2] in (("i", "videos"), ("i", "cards")):
        return _id(path[-1])
    for place, segment in enumerate(path[:3]):
        if segment.lower() in ("status", "statuses") and len(path) > place + 1:
            listed = len(path) > place + 2 and path[place + 2].lower() in _LISTS
            return None if listed else _id(path[place + 1])
    return None


def _id(text: str) -> str | None:
    found = _STATUS.match(text)
    return found[1] if found and int(found[1]) else None


def _is_short(url: Url) -> bool:
    """Return whether an address is one of X's own short ones, which may lead to a status."""
    return belongs(url.host, SHORT) and len(url.path) == 1 and _SHORT.match(url.path[0]) is not None


def _file(url: Url) -> str | None:
    """Return the id of a media file: the key of a picture or GIF, the folder and number of a video."""
    path = url.path
    if url.host == PICTURES and len(path) == 2 and path[0] in ("media", "tweet_video_thumb"):
        return _key(path[1])
    if url.host == PICTURES and path[:1] in (("ext_tw_video_thumb",), ("amplify_video_thumb",)) and len(path) > 3:
        return _key(path[-1]) if _NUMBER.match(path[1]) else None
    if url.host != VIDEOS or not path or extension(path[-1]) != "mp4":
        return None
    if len(path) == 2 and path[0] == "tweet_video":
        return _key(path[1])
    known = len(path) > 3 and path[0] in ("ext_tw_video", "amplify_video") and _NUMBER.match(path[1])
    return f"{path[0]}-{path[1]}" if known else None


def _key(name: str) -> str | None:
    key = stem(name.partition(":")[0])  # AbC.jpg:large
    return key if _KEY.match(key) else None


def _sized(url: Url, size: str) -> str:
    """Return the address of a picture in one of X's sizes."""
    name = url.path[1].partition(":")[0]
    format = _FORMATS.get(url.query.get("format") or extension(name), "jpg")
    return f"https://{PICTURES}/media/{stem(name)}?format={format}&name={size}"


def _picture(url: Url, size: str, told: Mapping[str, Any]) -> Rendition:
    return Rendition(url=_sized(url, size), width=pixels(told.get("w")), height=pixels(told.get("h")))


def _details(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what X tells of each media of a status."""
    told = part.get("mediaDetails")
    if not told and (part.get("photos") or part.get("video")):
        raise HostChangedError("x answers without mediaDetails, which its plug relies on")
    for detail in items(told or [], "x"):
        yield mapping(detail, "x")


def _available(detail: Mapping[str, Any]) -> bool:
    return mapping(detail.get("ext_media_availability") or {}, "x").get("status") in (None, "Available")


def _withdrawn(details: list[Mapping[str, Any]]) -> AcquireError:
    """Return the error of a status whose media X does not show, which it gives reasons for now and then."""
    if all("dmca" in str(detail["ext_media_availability"].get("reason")).lower() for detail in details):
        return GoneError("x says that the media of this status was taken down")
    return BlockedError("x does not show the media of this status, and does not say that it is gone")


def _buried(answer: Mapping[str, Any]) -> AcquireError:
    """Return the error that X's words in place of a status stand for; words that are not known say nothing of it."""
    told: Any = mapping(answer.get("tombstone") or {}, "x").get("text")
    text = str(told.get("text") if isinstance(told, Mapping) else told or "").lower()
    for words, error, sentence in _TOMBSTONES:
        if words in text:
            return error(sentence)
    return BlockedError("x does not show this status, and does not say that it is gone")


def _bitrate(one: Mapping[str, Any]) -> int:
    rate = one.get("bitrate")
    return rate if isinstance(rate, int) else 0
