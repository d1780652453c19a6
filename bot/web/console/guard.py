"""What keeps the console's door: names by which it is asked for, headers, sizes, origins, attempts."""

from __future__ import annotations

import ipaddress
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.clock import Clock
from bot.web.status import OWN_NAMES, host_of

MAX_BODY = 64 * 1024  # bytes of a form
FAILURES = 10  # links that are none, from one address within a minute
WINDOW = 60.0  # seconds
ADDRESSES = 1000  # that are remembered at most
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


def guarded(app: ASGIApp, hosts: Collection[str], most: Callable[[str], int] = lambda _: MAX_BODY) -> ASGIApp:
    """Return an application that answers only who asks by a known name, in small bodies, with our headers.

    `most`: path → the bytes that a body may have there.
    """
    names = OWN_NAMES | frozenset(hosts)

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                held = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    held[name] = value
            await send(message)

        headers = Headers(scope=scope)
        if host_of(headers) not in names:
            refusal = PlainTextResponse("ask for this by its own name (web.hosts)\n", 403)
            await refusal(scope, receive, with_headers)
            return
        left = most(scope["path"])
        if (declared := headers.get("content-length", "0")) and (not declared.isdecimal() or int(declared) > left):
            await PlainTextResponse("that is too much\n", 413)(scope, receive, with_headers)
            return

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise TooMuchError
            return message

        await app(scope, counted, with_headers)

    return door


class TooMuchError(Exception):
    """A body has more bytes than a form may have."""


class CharsetError(Exception):
    """A form says that it is written in something else than UTF-8."""


def in_utf8(request: Request) -> None:
    """Raise CharsetError for a form in any other charset: forms are decoded by what a header says of them.

    Some codecs of Python take minutes over a megabyte (punycode), others fail.
    """
    # read as the form is read, so that both see the same charset
    _, said = parse_options_header(request.headers.get("content-type"))
    if said.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise CharsetError


def from_our_page(request: Request) -> bool:
    """Return whether a form comes from a page of this very origin, as far as the browser tells.

    Our pages send no referrer, and then browsers name no origin either; they say instead that it is the same one.
    """
    origin = request.headers.get("origin", "null")
    if origin != "null":
        return origin in (f"http://{request.headers.get('host')}", f"https://{request.headers.get('host')}")
    return request.headers.get("sec-fetch-site") == "same-origin"


def same_token(given: str, expected: str) -> bool:
    """Return whether two tokens are the same, in a time that tells nothing."""
    return secrets.compare_digest(given.encode(), expected.encode())


def is_local_name(request: Request) -> bool:
    """Return whether the console is asked for by a name of this machine, where no TLS is needed."""
    return host_of(request.headers) in OWN_NAMES


class Attempts:
    """Counts links that were none, by address, so that nobody tries many. Thread-safe; in memory only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, list[float]] = OrderedDict()

    def too_many(self, address: str) -> bool:
        """Return whether an address has to wait."""
        with self._lock:
            return len(self._recent(_network(address))) >= FAILURES

    def failed(self, address: str) -> None:
        """Count one."""
        with self._lock:
            name = _network(address)
            self._failed[name] = [*self._recent(name), self._clock.monotonic()][-FAILURES:]
            self._failed.move_to_end(name)
            while len(self._failed) > ADDRESSES:
                self._failed.popitem(last=False)

    def _recent(self, name: str) -> list[float]:
        since = self._clock.monotonic() - WINDOW
        return [at for at in self._failed.get(name, ()) if at > since]


def _network(address: str) -> str:
    """Return what counts as one address: of IPv6, all that one connection gets."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.version == 6:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
