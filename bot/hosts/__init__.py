"""The hosts: which links belong to whom, and how to get from a link to its files. A new host is one file and one line.

base      what a plug is, and the helpers all plugs share
pages     what plugs read out of web pages
wrappers  redirect pages, caches and proxies whose address names a link
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

from bot.config import Config
from bot.hosts.base import Host, HostMedia, LinkExample, Rendition, Url, Web, belongs, parse, plain
from bot.hosts.bluesky import Bluesky
from bot.hosts.bunkr import Bunkr
from bot.hosts.catbox import Catbox
from bot.hosts.cyberdrop import Cyberdrop
from bot.hosts.direct import Direct
from bot.hosts.discord import Discord
from bot.hosts.erome import Erome
from bot.hosts.gfycat import Gfycat
from bot.hosts.giphy import Giphy
from bot.hosts.gofile import Gofile
from bot.hosts.gyazo import Gyazo
from bot.hosts.imgbb import Imgbb
from bot.hosts.imgbox import Imgbox
from bot.hosts.imgchest import Imgchest
from bot.hosts.imgur import Imgur
from bot.hosts.mastodon import Mastodon
from bot.hosts.page import AllowedPage
from bot.hosts.pixeldrain import Pixeldrain
from bot.hosts.pixhost import Pixhost
from bot.hosts.postimg import Postimg
from bot.hosts.reddit import Reddit
from bot.hosts.redgifs import Redgifs
from bot.hosts.streamable import Streamable
from bot.hosts.tenor import Tenor
from bot.hosts.tumblr import Tumblr
from bot.hosts.wrappers import inner
from bot.hosts.x import X
from bot.model import MediaRef

_REDGIFS = Redgifs()

HOSTS: tuple[Host, ...] = (
    _REDGIFS,
    Gfycat(_REDGIFS),
    Imgur(),
    Giphy(),
    Tenor(),
    Streamable(),
    Catbox(),
    Reddit(),
    Tumblr(),
    Postimg(),
    Gyazo(),
    Imgchest(),
    Imgbb(),
    Discord(),
    X(),
    Imgbox(),
    Pixhost(),
    Bluesky(),
    Erome(),
    Pixeldrain(),
    Bunkr(),
    Cyberdrop(),
    Gofile(),
    Mastodon(),
    AllowedPage(),
    Direct(),  # takes what is left, so it stays last
)

__all__ = [
    "HOSTS",
    "Finder",
    "Host",
    "HostMedia",
    "LinkExample",
    "Rendition",
    "Url",
    "Web",
    "belongs",
    "configured",
    "find",
    "finder",
    "get",
    "parse",
    "plain",
    "unwrapped",
]

Finder = Callable[[str], MediaRef | None]

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")  # or turns the text
MAX_ID = 500  # characters; imgur once wrote fifty ids for an album
WRAPPERS_DEEP = 3  # a link shared from a search page that was shared from Reddit


@lru_cache(maxsize=2048)  # Reddit tells an address in two or three places, and shows a post at each poll for an hour
def find(url: str, hosts: tuple[Host, ...] = HOSTS) -> MediaRef | None:
    """Return whose link a URL is, its canonical id and what stands behind it; None if no plug knows it."""
    parts = parse(url)
    if parts is None:
        return None
    parts = _led(parts, hosts)
    for host in _asked(parts.host, hosts):
        found = host.match(parts)
        if found is not None:
            return replace(found, id=None, kind="page") if _is_no_id(found.id or "") else found
    return None


@lru_cache(maxsize=4096)  # a few names are in most links, and each of some thirty plugs would be asked about each
def _asked(name: str, hosts: tuple[Host, ...]) -> tuple[Host, ...]:
    """Return the plugs that a URL of this host name is shown to, in order."""
    return tuple(host for host in hosts if host.owns(name) or not host.domains)


def _is_no_id(text: str) -> bool:
    """Return whether no host has such an id: it is too long, or whoever reads it would not see what stands there."""
    return len(text) > MAX_ID or _UNSEEN.search(text) is not None


def configured(config: Config, hosts: tuple[Host, ...] = HOSTS) -> tuple[Host, ...]:
    """Return the plugs as the operator's sections for them want them."""
    return tuple(host.as_set(config.host(host.name)) for host in hosts)


def finder(config: Config) -> Finder:
    """Return `find` as an operator has it: allowed pages and further names of a host are links too."""
    hosts = configured(config)
    return find if hosts == HOSTS else partial(find, hosts=hosts)


def unwrapped(url: str, hosts: tuple[Host, ...] = HOSTS) -> str:
    """Return the address of a known host that a redirect page, cache or proxy leads to; any other URL as it is."""
    parts = parse(url)
    led = _led(parts, hosts) if parts is not None else None
    return url if led is None or led is parts else led.text


def _led(url: Url, hosts: tuple[Host, ...]) -> Url:
    """Return where a wrapper leads, if that is a host with a plug of its own: nobody else's address counts."""
    at: Url | None = url
    for _ in range(WRAPPERS_DEEP):
        target = inner(at) if at is not None else None
        if target is None:
            break
        at = parse(target)
    known = at is not None and at is not url and any(host.domains for host in _asked(at.host, hosts))
    return at if known and at is not None else url


def get(name: str, hosts: tuple[Host, ...] = HOSTS) -> Host | None:
    """Return the plug of that name, or None."""
    return next((host for host in hosts if host.name == name), None)
