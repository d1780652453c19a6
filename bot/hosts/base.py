"""What a host plug is, and what it gives and takes. A new host is one file with one of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import unquote

from bot.config import HostConfig
from bot.errors import AcquireError, HostChangedError, PlaceholderError
from bot.fetch import Page, check_url, host_of
from bot.model import Link, LinkKind, MediaRef

MEDIA_EXTENSIONS = frozenset(
    {"gif", "gifv", "png", "apng", "jpg", "jpeg", "jpe", "jfif", "webp", "avif", "mp4", "m4v", "mov", "webm", "mkv"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """A web address taken apart for `Host.match`."""

    text: str  # as posted
    host: str  # ASCII, lower case, no trailing dot
    path: tuple[str, ...]  # decoded segments without the empty ones
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LinkExample:
    """A link of a host with what the plug must read from it."""

    url: str
    id: str | None
    kind: LinkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One file of a media. Sizes in pixels, None where the host does not tell."""

    url: str = field(repr=False)  # often signed
    width: int | None = None
    height: int | None = None
    original: bool = False  # the host's best file, which exact hashes are most likely taken from
    more: tuple[str, ...] = field(default=(), repr=False)  # files that follow it: together they are the media
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold a token

    @property
    def short_side(self) -> int | None:
        """The smaller of width and height, if both are known."""
        return min(self.width, self.height) if self.width and self.height else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMedia:
    """One media behind a link. Renditions of equal size come in the plug's order of preference.

    Where a host must be asked for each file of an album, `ask` does it when the file's turn comes, in the place of
    `renditions`; it raises AcquireError.
    """

    id: str | None
    renditions: tuple[Rendition, ...] = ()
    ask: Callable[[Web], tuple[Rendition, ...]] | None = None


class Web(Protocol):
    """What a plug may do on the network: JSON and pages of its own host, politely; the caller fetches the media."""

    state: dict[str, Any]  # a plug's own, kept from call to call: tokens

    def now(self) -> datetime:
        """Return the time, in UTC."""

    def json(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return decoded JSON. Raises AcquireError, its `status` set where an HTTP status led there.

        With `form` the request is a POST of these fields, with `body` a POST of it as JSON, as a page's own script
        would send them.
        """

    def page(self, url: str, *, headers: Mapping[str, str] | None = None) -> Page:
        """Return a page as text. Raises AcquireError."""

    def allows(self, host: str) -> bool:
        """Return whether a host name may be contacted: the plug's own, or what the operator allows it."""


class Host(Protocol):
    """A host plug: which URLs are its own, what they mean, and where their bytes are."""

    name: str
    adult: bool  # whether being there is sexual context
    domains: tuple[str, ...]  # with all their subdomains; nothing else is contacted on the host's behalf
    examples: tuple[LinkExample, ...]
    lasting: bool = True  # one id always means the same bytes, or none
    served_by: str | None = None  # the plug whose servers, pace and tokens it uses instead of its own
    shows_removed: bool = True  # what stands in the place of a file says that it was removed; else it may be anything

    def owns(self, host: str) -> bool:
        """Return whether a host name belongs to this plug."""
        return belongs(host, self.domains)

    def reaches(self, host: str) -> bool:
        """Return whether a host name may be contacted; names that the host has given up are known and not asked."""
        return self.owns(host)

    def as_set(self, settings: HostConfig) -> Host:  # noqa: ARG002  few plugs have anything to set
        """Return the plug as the operator's section for it wants it."""
        return self

    def match(self, url: Url) -> MediaRef | None:
        """Return what a URL on one of `domains` is; None leaves it to the plugs behind."""

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:
        """Return the media behind a link of kind media or album. Raises AcquireError."""

    def page_url(self, id: str) -> str | None:
        """Return the host's public page of an id, or None if there is none that the id alone leads to."""

    def is_placeholder(self, url: str) -> bool:  # noqa: ARG002  most hosts have none
        """Return whether a fetch that ended at `url` got the host's stand-in for removed media."""
        return False

    def stand_in(self, url: str) -> AcquireError | None:
        """Return what it means that a fetch ended at `url`; None if that is where media is."""
        if not self.is_placeholder(url):
            return None
        if self.shows_removed:
            return PlaceholderError(f"{self.name} shows its picture for removed media here")
        return HostChangedError(f"{self.name} leads to something in the place of the file that its plug does not know")


def parse(text: str) -> Url | None:
    """Take a URL apart; None if it is no plain http or https address of a named host."""
    try:
        url = check_url(text)
    except AcquireError:
        return None
    segments = url.raw_path.partition(b"?")[0].decode("ascii").split("/")
    return Url(
        text=text.strip(),
        host=host_of(url),
        path=tuple(unquote(segment) for segment in segments if segment),
        query=dict(url.params.items()),
    )


def belongs(host: str, domains: tuple[str, ...]) -> bool:
    """Return whether `host` is one of the domains or beneath one."""
    return host in domains or host.endswith(_beneath(domains))


@lru_cache(maxsize=256)  # asked some fifty times for each link
def _beneath(domains: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f".{domain}" for domain in domains)


def plain(domains: Iterable[str]) -> tuple[str, ...]:
    """Return domains as an operator wrote them, in the form that `belongs` takes."""
    return tuple(domain.lower().lstrip(".") for domain in domains)


def own(url: Any, domains: tuple[str, ...]) -> str | None:
    """Return an address that an answer names, None if it is none of a server of these domains."""
    parts = parse(url) if isinstance(url, str) else None
    return parts.text if parts is not None and belongs(parts.host, domains) else None


def stem(name: str) -> str:
    """Return a file name without its extension."""
    return name.partition(".")[0]


def extension(name: str) -> str:
    """Return a file name's extension in lower case, empty if it has none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def dig(data: Any, where: str, *keys: str) -> Any:
    """Return the value at a path of keys in decoded JSON.

    Raises HostChangedError, naming `where` and the path, if it is not there.
    """
    for key in keys:
        if not isinstance(data, Mapping) or key not in data:
            raise HostChangedError(f"{where} answers without {'.'.join(keys)}, which its plug relies on")
        data = data[key]
    return data


def pixels(value: Any) -> int | None:
    """Return a size in pixels from JSON or a query; None unless it is a positive whole number."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 7:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000_000 else None
