"""discord: attachments on its file servers, which serve them only to signed links that are not too old."""

from __future__ import annotations

import re
from urllib.parse import quote

from bot.clock import Clock, SystemClock
from bot.errors import NeedsTokenError, UnsupportedError
from bot.hosts.base import MEDIA_EXTENSIONS, HostMedia, LinkExample, Rendition, Url, Web, extension, parse
from bot.hosts.pages import PageHost
from bot.model import Link, MediaRef

FILES = "https://cdn.discordapp.com"

_NUMBER = re.compile(r"\d{15,21}\Z")
_SIGNATURE = ("ex", "is", "hm")  # until when, since when, and the seal over both
_PLAIN = re.compile(r"[0-9a-f]{1,128}\Z")
_SERVERS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_FOLDERS = frozenset({"attachments", "ephemeral-attachments"})


class Discord(PageHost):
    """The host of attachments with a channel's and their own number; everything else of it is a page."""

    name = "discord"
    adult = False
    domains = ("discordapp.com", "discordapp.net", "discord.com", "discord.gg")
    file_servers = ("cdn.discordapp.com", "media.discordapp.net")
    examples = (
        LinkExample(
            "https://cdn.discordapp.com/attachments/123456789012345678/234567890123456789/heron.gif?ex=1&is=1&hm=ab",
            "234567890123456789",
            "media",
        ),
        LinkExample(
            "https://media.discordapp.net/attachments/123456789012345678/234567890123456789/heron.mp4?format=webp",
            "234567890123456789",
            "media",
        ),
        LinkExample(
            "https://cdn.discordapp.com/attachments/123456789012345678/234567890123456789/heron.zip",
            "234567890123456789",
            "unsupported",
        ),
        LinkExample("https://discord.com/channels/123456789012345678/234567890123456789", None, "page"),
        LinkExample("https://cdn.discordapp.com/avatars/123456789012345678/0123abcd.gif", None, "page"),
    )

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()

    def match(self, url: Url) -> MediaRef | None:
        path = url.path
        numbered = len(path) == 4 and path[0] in _FOLDERS and _NUMBER.match(path[1]) and _NUMBER.match(path[2])
        if url.host not in _SERVERS or not numbered:
            return MediaRef(host=self.name, id=None, kind="page")
        known = extension(path[3]) in MEDIA_EXTENSIONS
        return MediaRef(host=self.name, id=path[2], kind="media" if known else "unsupported")

    def resolve(self, link: Link, web: Web) -> tuple[HostMedia, ...]:  # noqa: ARG002  the link is the file
        url = parse(link.url)
        if url is None or not self.is_file(url):
            raise UnsupportedError("the link leads to a page of discord, not to an attachment")
        signature = {name: url.query.get(name, "") for name in _SIGNATURE}
        if not all(_PLAIN.match(value) for value in signature.values()):
            raise NeedsTokenError("the link to discord carries no signature, without which it serves no file")
        if int(signature["ex"][:16], 16) <= self._clock.now().timestamp():
            # The server's answer would be 404, although the attachment may well be there.
            raise NeedsTokenError("the signature in the link to discord has run out, and only discord can renew it")
        query = "&".join(f"{name}={value}" for name, value in signature.items())
        # The other server would send a picture that it has scaled down or packed anew.
        path = "/".join(quote(segment, safe="") for segment in url.path)
        return (HostMedia(id=link.id, renditions=(Rendition(url=f"{FILES}/{path}?{query}", original=True),)),)

    def page_url(self, id: str) -> str | None:  # noqa: ARG002  an attachment has no page of its own
        return None
