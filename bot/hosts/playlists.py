"""HLS playlists: which renditions there are, and of which files one consists. Names only, never other places."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import HostChangedError, UnsupportedError
from bot.hosts.base import pixels

USEFUL = 480  # pixels of the short side; fingerprints gain nothing from more
MAX_LINES = 20_000
MAX_FILES = 300  # of one rendition; more is a film

# A name beside the playlist, at most with a query: no path, no host, no scheme, and no fragment, which no server sees.
_FILE = re.compile(r"[A-Za-z0-9_]{1,64}\.(?:mp4|m4s|m4v|cmfv|ts)(?:\?[\x21\x24-\x7e]{0,500})?\Z")
_PLAYLIST = re.compile(r"[A-Za-z0-9_]{1,64}\.m3u8(?:\?[\x21\x24-\x7e]{0,500})?\Z")
_BENEATH = re.compile(r"[A-Za-z0-9_]{1,64}/[A-Za-z0-9_]{1,64}\.m3u8(?:\?[\x21\x24-\x7e]{0,500})?\Z")
_ATTRIBUTE = re.compile(r'([A-Z0-9-]{1,40})=("[^"\n]{0,2000}"|[^",\n]{0,500})')


@dataclass(frozen=True, slots=True)
class Stream:
    """One rendition that a master playlist names. Sizes in pixels, None where it does not tell."""

    name: str
    width: int | None
    height: int | None

    @property
    def short_side(self) -> int:
        """The smaller of width and height; 0 if unknown."""
        return min(self.width or 0, self.height or 0)


def useful(streams: tuple[Stream, ...]) -> Stream:
    """Return the smallest rendition that serves, the largest if none does."""
    return min(streams, key=lambda one: (one.short_side < USEFUL, abs(one.short_side - USEFUL)))


def variants(text: str, where: str, *, beneath: bool = False) -> tuple[Stream, ...]:
    """Return the renditions of a master playlist. Raises HostChangedError if it is none, or names other places.

    `beneath`: each rendition has a folder of its own beside the playlist.
    """
    found: list[Stream] = []
    size: tuple[int | None, int | None] | None = None
    for line in _lines(text, where):
        if line.startswith("#EXT-X-STREAM-INF:"):
            width, _, height = _attributes(line).get("RESOLUTION", "").partition("x")
            size = pixels(width), pixels(height)
        elif not line.startswith("#") and size is not None:
            found.append(Stream(_known(line, _BENEATH if beneath else _PLAYLIST, where), *size))
            size = None
    if not found:
        raise HostChangedError(f"{where} sent a playlist without renditions, which its plug relies on")
    return tuple(found)


def files(text: str, where: str) -> tuple[str, ...]:
    """Return the files of a rendition in their order, each once: what initialises the decoder comes first.

    Ranges of one file are that file as a whole. Raises HostChangedError if it is no playlist or names other places,
    UnsupportedError if it is encrypted, endless or too long.
    """
    found: dict[str, None] = {}
    ended = False
    for line in _lines(text, where):
        if line.startswith("#EXT-X-KEY:") and _attributes(line).get("METHOD") != "NONE":
            raise UnsupportedError(f"{where} sent an encrypted video, which is not read")
        if line.startswith("#EXT-X-MAP:"):
            found[_known(_attributes(line).get("URI", ""), _FILE, where)] = None
        elif not line.startswith("#"):
            found[_known(line, _FILE, where)] = None
        ended = ended or line == "#EXT-X-ENDLIST"
    if not found:
        raise HostChangedError(f"{where} sent a playlist without files, which its plug relies on")
    if not ended:
        raise UnsupportedError(f"{where} sent a live stream, which has no end")
    if len(found) > MAX_FILES:
        raise UnsupportedError(f"{where} sent a video of {len(found)} files; at most {MAX_FILES} are fetched")
    return tuple(found)


def _lines(text: str, where: str) -> list[str]:
    lines = [stripped for line in text.split("\n", MAX_LINES)[:MAX_LINES] if (stripped := line.strip())]
    if not lines or lines[0].lstrip("\ufeff") != "#EXTM3U":
        raise HostChangedError(f"{where} sent something other than a playlist")
    return lines[1:]


def _attributes(line: str) -> dict[str, str]:
    return {match[1]: match[2].strip('"') for match in _ATTRIBUTE.finditer(line)}


def _known(name: str, pattern: re.Pattern[str], where: str) -> str:
    if not pattern.match(name):
        raise HostChangedError(f"{where} sent a playlist that names other places than its own files")
    return name
