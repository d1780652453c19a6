"""The hosts: which links belong to whom, and how to get from a link to its files. A new host is one file and one line.

base      what a plug is, and the helpers all plugs share
pages     what plugs read out of web pages
contacts  where each host takes reports
"""

from __future__ import annotations

from bot.hosts.base import Example, Host, HostMedia, Rendition, Url, Web, belongs, parse
from bot.hosts.catbox import Catbox
from bot.hosts.contacts import Contact, contact
from bot.hosts.direct import Direct
from bot.hosts.discord import Discord
from bot.hosts.gfycat import Gfycat
from bot.hosts.giphy import Giphy
from bot.hosts.gyazo import Gyazo
from bot.hosts.imgbb import Imgbb
from bot.hosts.imgchest import Imgchest
from bot.hosts.imgur import Imgur
from bot.hosts.postimg import Postimg
from bot.hosts.reddit import Reddit
from bot.hosts.redgifs import Redgifs
from bot.hosts.streamable import Streamable
from bot.hosts.tenor import Tenor
from bot.hosts.tumblr import Tumblr
from bot.model import Ref

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
    Direct(),  # takes what is left, so it stays last
)

__all__ = [
    "HOSTS",
    "Contact",
    "Example",
    "Host",
    "HostMedia",
    "Rendition",
    "Url",
    "Web",
    "belongs",
    "contact",
    "find",
    "get",
    "parse",
]


def find(url: str, hosts: tuple[Host, ...] = HOSTS) -> Ref | None:
    """Return whose link a URL is, its canonical id and what stands behind it; None if no plug knows it."""
    parts = parse(url)
    if parts is None:
        return None
    for host in hosts:
        if host.owns(parts.host) or not host.domains:
            found = host.match(parts)
            if found is not None:
                return found
    return None


def get(name: str, hosts: tuple[Host, ...] = HOSTS) -> Host | None:
    """Return the plug of that name, or None."""
    return next((host for host in hosts if host.name == name), None)
