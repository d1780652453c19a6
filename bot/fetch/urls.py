"""Which URLs are fetched at all. One parser decides and dials, so there is nothing to slip between two."""

from __future__ import annotations

import re

import httpx

from bot.errors import BlockedError, UnsupportedError

PORTS = frozenset({None, 80, 443})
# Names that stand for something near the machine, among them those of providers' metadata services.
NEAR = (
    "alt", "corp", "home", "home.arpa", "internal", "intranet", "lan", "local", "localdomain", "localhost", "onion",
    "private", "instance-data.com", "metadata.azure.com", "metadata.goog", "metadata.oraclecloud.com",
    "metadata.packet.net", "metadata.platformequinix.com", "metadata.tencentyun.com",
)  # fmt: skip
_BENEATH_NEAR = tuple(f".{name}" for name in NEAR)

# Underscores are not allowed in host names by the book, yet user pages of some hosts have them.
_NAME = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]\Z")

# A last label like these makes resolvers read the whole name as an IPv4 address (127.1, 0x7f.1, 017700000001).
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)\Z")


def check_url(url: str) -> httpx.URL:
    """Return the parsed URL, its host in lower-case ASCII without a trailing dot.

    Raises UnsupportedError for what is no web address, BlockedError for addresses that are never contacted: IP literals
    in any notation, names without a dot, user names in the URL, ports other than 80 and 443.
    """
    try:
        parsed = httpx.URL(url.strip())
        host = parsed.raw_host.decode("ascii").lower().rstrip(".")
        port = parsed.port
        userinfo = parsed.userinfo
    except (httpx.InvalidURL, ValueError):
        raise UnsupportedError("the link is not a web address that can be read") from None
    if parsed.scheme not in ("http", "https"):
        raise UnsupportedError("the link is not an http or https address")
    if userinfo:
        raise BlockedError("the link carries a user name, which hides where it leads; it is not followed")
    if not host:
        raise UnsupportedError("the link names no host")
    if _NUMBER.match(host.rsplit(".", 1)[-1]) or ":" in host:
        raise BlockedError("the link names a bare network address instead of a host; such links are not followed")
    if not _NAME.match(host) or host in NEAR or host.endswith(_BENEATH_NEAR):
        raise BlockedError("the link's host name is not one of the public internet; it is not followed")
    if port not in PORTS:
        raise BlockedError(f"the link leads to port {port} of {host}; only the web's own ports are contacted")
    if host != parsed.raw_host.decode("ascii"):
        parsed = parsed.copy_with(host=host)
    return parsed


def host_of(url: httpx.URL) -> str:
    """Return the host in ASCII, as it is resolved and dialled."""
    return url.raw_host.decode("ascii")
