"""Manifests of videos: HLS playlists, and the DASH of v.redd.it."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from bot.errors import AcquireError
from bot.hosts import reddit
from bot.hosts.playlists import MAX_FILES, files, useful, variants
from tests.fuzz.drawn import Drawn
from tests.fuzz.held import sentence

MASTER = (
    "#EXTM3U\n#EXT-X-VERSION:6\n"
    '#EXT-X-STREAM-INF:BANDWIDTH=600000,RESOLUTION=640x360,CODECS="avc1.4d401e"\nlow.m3u8\n'
    "#EXT-X-STREAM-INF:BANDWIDTH=1600000,RESOLUTION=1280x720\nhigh.m3u8?session_id=0f\n"
)
BENEATH = "#EXTM3U\n#EXT-X-STREAM-INF:RESOLUTION=360x640\n360p/video.m3u8\n"
MEDIA = '#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:4.0,\nvideo0.m4s\n#EXTINF:4.0,\nvideo1.m4s\n#EXT-X-ENDLIST\n'
RANGES = (
    "\ufeff#EXTM3U\r\n#EXT-X-KEY:METHOD=NONE\r\n#EXT-X-BYTERANGE:100@0\r\na.ts\r\n"
    "#EXT-X-BYTERANGE:9@100\r\na.ts\r\n#EXT-X-ENDLIST"
)
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet contentType="video">'
    '<Representation id="4" width="854" height="480"><BaseURL>DASH_480.mp4</BaseURL></Representation>'
    '<Representation id="5" width="1280" '
    'height="720"><BaseURL>CMAF_720.mp4?source=fallback</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>"
)
EXAMPLES = (MASTER, MEDIA, BENEATH, RANGES, DASH)
WORDS = (
    "#EXTM3U", "#EXT-X-STREAM-INF:", "RESOLUTION=", "#EXT-X-MAP:URI=", "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"",
    "#EXT-X-ENDLIST", "#EXTINF:1,", "\n", "\r", "\r\n", "\t", " ", '"', ",", "=", "x", "0", "99999999", "a.m3u8",
    "b/c.m3u8", "a.mp4", "a.ts", "../", "/", "//", "\\", "https://example.net/a.mp4", "file:///etc/passwd",
    "data:video/mp4;base64,AA", "?", "#", "%2e%2e", "a.mp4?https://example.net/", "<!DOCTYPE a [", "<!ENTITY", "&a;",
    "&#0;", "<", ">", "</BaseURL>", "<BaseURL>", "<Representation", "</Representation>", 'width="1"', "\x00",
    "\u2028", "\ud800", "\x0b", "encoding=\"utf-16\"", "<![CDATA[", "]]>", "xmlns:a=\"b\"",
)  # fmt: skip
BASE = "https://video.example.net/a/b/"


def check(drawn: Drawn) -> None:
    """A playlist names files beside itself, so few that they can be fetched, or ends in one of our errors."""
    text = drawn.text(EXAMPLES, WORDS)
    for beneath in (False, True):
        try:
            streams = variants(text, "the host", beneath=beneath)
        except AcquireError as error:
            sentence(error)
            continue
        assert useful(streams) in streams
        for one in streams:
            beside(one.name, folders=int(beneath))
            assert all(size is None or 0 < size < 1_000_000 for size in (one.width, one.height))
    try:
        named = files(text, "the host")
        assert 0 < len(named) <= MAX_FILES
        assert len(set(named)) == len(named)
        for name in named:
            beside(name)
    except AcquireError as error:
        sentence(error)
    try:
        for rendition in reddit._manifest("abcdefghij123", text):
            url = urlsplit(rendition.url)
            assert (url.scheme, url.netloc) == ("https", "v.redd.it")
            assert url.path.startswith("/abcdefghij123/")
            assert ".." not in url.path
    except AcquireError as error:
        sentence(error)


def beside(name: str, *, folders: int = 0) -> None:
    """Fail unless a name is one beside the playlist, in so many folders at most."""
    where = urlsplit(urljoin(BASE, name))
    assert (where.scheme, where.netloc) == ("https", "video.example.net"), name
    assert where.path.startswith("/a/b/"), name
    assert where.path.count("/") == 3 + folders, name
    assert not where.fragment, name
