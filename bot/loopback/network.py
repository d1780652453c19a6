"""A small internet inside the machine: names with public addresses, all of them served on loopback.

Reachable only by passing `resolve` and `dial` to a Fetcher's constructor: the Fetcher's own checks between the two stay
what they are.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import httpcore

Roads = tuple[Mapping[str, Sequence[str]], Mapping[str, int]]  # name → addresses, address → port of this machine


class LoopbackNetwork:
    """Names, addresses and what was dialled. Safe to use from several threads."""

    def __init__(self, roads: Roads | None = None, *, at: str = "127.0.0.1") -> None:
        """`roads`: those of another one, which serves them in a process of its own; `at`: where that is reached."""
        self._at = at
        self._lock = threading.Lock()
        names, ports = roads or ({}, {})
        self._names: dict[str, tuple[str, ...]] = {name: tuple(addresses) for name, addresses in names.items()}
        self._ports: dict[str, int] = dict(ports)
        self._dialled: list[tuple[str, int]] = []
        self._tls_names: list[str] = []

    @property
    def dialled(self) -> tuple[tuple[str, int], ...]:
        """Every (address, port) that was dialled, in order, reached or not."""
        with self._lock:
            return tuple(self._dialled)

    @property
    def tls_names(self) -> tuple[str, ...]:
        """The server name of every TLS handshake that would have taken place, in order."""
        with self._lock:
            return tuple(self._tls_names)

    @property
    def roads(self) -> Roads:
        """Where all names lead now, for a process beside this one."""
        with self._lock:
            return dict(self._names), dict(self._ports)

    def serve(self, name: str, port: int) -> str:
        """Let a name lead to a loopback port; return the public address it is given.

        The addresses come from a part of the public range that no one has been assigned.
        """
        with self._lock:
            address = f"2000::{len(self._ports) + 1:x}"
            self._ports[address] = port
            self._names[name.lower()] = (address,)
            return address

    def point(self, name: str, *addresses: str) -> None:
        """Let a name lead to these addresses, public or not; nothing answers where `serve` gave no port."""
        with self._lock:
            self._names[name.lower()] = addresses

    def resolve(self, host: str, port: int) -> Sequence[str]:  # noqa: ARG002  names lead to addresses, not to ports
        """Return a name's addresses. Raises socket.gaierror, as the system does, for names nobody gave out."""
        with self._lock:
            found = self._names.get(host.lower())
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return found

    def dial(self, address: str, port: int, timeout: float | None) -> httpcore.NetworkStream:
        """Return a stream to the loopback server behind an address. Raises httpcore.ConnectError if there is none."""
        with self._lock:
            self._dialled.append((address, port))
            target = self._ports.get(address)
        if target is None:
            raise httpcore.ConnectError("nothing listens there")
        return _PlainStream(httpcore.SyncBackend().connect_tcp(self._at, target, timeout), self)

    def _handshake(self, name: str | None) -> None:
        with self._lock:
            self._tls_names.append(name or "")


class _PlainStream(httpcore.NetworkStream):
    """A stream that stays plain TCP: `start_tls` is a no-op that only notes the server name.

    Everything above the TLS line runs as it does for https; certificates and encryption do not take part.
    """

    def __init__(self, inner: httpcore.NetworkStream, network: LoopbackNetwork) -> None:
        self._inner = inner
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002  there is no TLS here
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002  nothing is waited for
    ) -> httpcore.NetworkStream:
        self._network._handshake(server_hostname)
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
