"""Which addresses are dialled, and for how long. Sits beneath the HTTP client, so that nothing can go around it."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import httpcore

from bot.errors import BlockedError
from bot.exchange import LookUps
from bot.fetch.machine import IPAddress, refusal_here

Resolve = Callable[[str, int], Sequence[str]]
"""Name and port in, addresses as text out. Raises OSError if the name does not resolve."""

Dial = Callable[[str, int, float | None], httpcore.NetworkStream]
"""Address, port and longest wait in seconds in, an open stream out. Raises httpcore.ConnectError or ConnectTimeout."""

LOOK_UPS = 16  # names that are looked up at once, those whose time is over among them
LOOK_UP_SECONDS = 30.0  # where nothing else bounds it

# Written out because the standard library's is_private and is_global leave holes (100.64/10, multicast, fec0::/10).
_FORBIDDEN_4 = {
    "0.0.0.0/8": "an address of this network",
    "10.0.0.0/8": "a private address",
    "100.64.0.0/10": "a carrier's private address",
    "127.0.0.0/8": "a loopback address",
    "168.63.129.16/32": "a provider's metadata address",  # Azure; a public one, unlike those of most
    "169.254.0.0/16": "a link-local address",
    "172.16.0.0/12": "a private address",
    "192.0.0.0/24": "a protocol address",
    "192.0.2.0/24": "a documentation address",
    "192.88.99.0/24": "a relay address",
    "192.80.8.124/32": "a provider's metadata address",  # Equinix Metal
    "192.168.0.0/16": "a private address",
    "198.18.0.0/15": "a benchmarking address",
    "198.51.100.0/24": "a documentation address",
    "203.0.113.0/24": "a documentation address",
    "224.0.0.0/4": "a multicast address",
    "240.0.0.0/4": "a reserved address",
}
_FORBIDDEN_6 = {
    "2001::/23": "a protocol address",  # holds Teredo, ORCHID and the benchmarking range
    "2001:db8::/32": "a documentation address",
    "3fff::/20": "a documentation address",
}
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

_NETWORKS_4 = [(ipaddress.IPv4Network(text), reason) for text, reason in _FORBIDDEN_4.items()]
_NETWORKS_6 = [(ipaddress.IPv6Network(text), reason) for text, reason in _FORBIDDEN_6.items()]


def refusal(address: str) -> str | None:
    """Return why this address is never contacted, as a noun phrase, or None if it is public and not this machine's."""
    try:
        parsed: IPAddress = ipaddress.ip_address(address)
    except ValueError:
        return "an address that cannot be read"
    if isinstance(parsed, ipaddress.IPv4Address):
        return _refusal_4(parsed) or refusal_here(parsed)
    if parsed.scope_id is not None:
        return "a link-local address"
    for inner in _embedded(parsed):
        reason = _refusal_4(inner) or refusal_here(inner)
        if reason:
            return f"{reason} in disguise"
    if parsed.ipv4_mapped is not None or parsed in _NAT64:
        return None  # the IPv4 address inside is what is reached, and it is public
    if parsed not in _GLOBAL_6:
        return "an address that is not public"
    return next((reason for network, reason in _NETWORKS_6 if parsed in network), None) or refusal_here(parsed)


def _refusal_4(address: ipaddress.IPv4Address) -> str | None:
    return next((reason for network, reason in _NETWORKS_4 if address in network), None)


def _embedded(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64 or address in _COMPATIBLE:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def system_resolve(host: str, port: int) -> Sequence[str]:
    """Return all addresses that the system's resolver gives, in its order. Raises OSError if there are none."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def system_dial(address: str, port: int, timeout: float | None) -> httpcore.NetworkStream:
    """Open a TCP connection. Raises httpcore.ConnectError or ConnectTimeout."""
    return httpcore.SyncBackend().connect_tcp(address, port, timeout)


class Deadline(threading.local):
    """The moment by which the current thread's request must be over, read where bytes move.

    A read timeout alone lets a host send one byte at a time for ever, headers included.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until: float | None = None

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let everything inside end `seconds` from now."""
        self._until = self._monotonic() + seconds
        try:
            yield
        finally:
            self._until = None

    def extend(self, seconds: float) -> None:
        """Do not count that long, which was not the host's doing."""
        if self._until is not None:
            self._until += seconds

    def cap(self, timeout: float | None, late: type[Exception]) -> float | None:
        """Return the shorter of `timeout` and what is left, in seconds; raises `late` if nothing is left."""
        if self._until is None:
            return timeout
        left = self._until - self._monotonic()
        if left <= 0:
            raise late("the time for this file is over")
        return left if timeout is None else min(timeout, left)


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves once, checks every answer and dials only what was checked. The TLS name and the Host header stay."""

    def __init__(self, resolve: Resolve, dial: Dial, deadline: Deadline) -> None:
        self._names = LookUps(resolve, most=LOOK_UPS)
        self._dial = dial
        self._deadline = deadline
        self._stopped = threading.Event()
        self._open: weakref.WeakSet[_TimedStream] = weakref.WeakSet()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Break off every connection and open no other."""
        self._stopped.set()
        self._names.stop()
        with self._lock:
            streams = list(self._open)
        for stream in streams:
            stream.break_off()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002  the pool passes it; it is never set
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  likewise
    ) -> httpcore.NetworkStream:
        """Return an open stream to the host.

        Raises BlockedError if any of its addresses is not public, httpcore.ConnectError if none can be reached.
        """
        if self._stopped.is_set():
            raise httpcore.ConnectError("no connection is opened any more")
        wait = self._deadline.cap(timeout, httpcore.ConnectTimeout)
        try:
            addresses = tuple(self._names.ask(host, port, LOOK_UP_SECONDS if wait is None else wait))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from None
        except (OSError, UnicodeError):
            addresses = ()
        if not addresses:
            raise httpcore.ConnectError("the name does not resolve")
        for address in addresses:
            reason = refusal(address)
            if reason:
                raise BlockedError(f"{host} leads to {reason}, which is never contacted")
        failure: Exception | None = None
        for address in addresses:
            try:
                stream = self._dial(address, port, self._deadline.cap(timeout, httpcore.ConnectTimeout))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return self._watched(stream)
        assert failure is not None
        raise failure

    def _watched(self, stream: httpcore.NetworkStream) -> _TimedStream:
        timed = _TimedStream(stream, self._deadline, self._watched)
        with self._lock:
            self._open.add(timed)
        if self._stopped.is_set():
            timed.close()
            raise httpcore.ConnectError("no connection is opened any more")
        return timed


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every wait ends at the deadline of the thread that waits."""

    def __init__(
        self,
        inner: httpcore.NetworkStream,
        deadline: Deadline,
        watched: Callable[[httpcore.NetworkStream], _TimedStream],
    ) -> None:
        self._inner = inner
        self._deadline = deadline
        self._watched = watched

    def break_off(self) -> None:
        """Let whoever waits for this stream, in any thread, wait no more."""
        sock = self._inner.get_extra_info("socket")
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                # not a TLS socket's own method, which takes the session away under the thread that reads
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.cap(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.cap(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.cap(timeout, httpcore.ConnectTimeout)
        return self._watched(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
