"""httpx over sockets that end with the exchange under way."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterable, Iterator
from socket import socket
from typing import Any, cast

import httpcore
import httpx

from bot.exchange import Exchange


class UntrustedError(httpx.ConnectError):
    """The server's certificate is not one that is trusted here."""


class _Untrusted(httpcore.ConnectError):
    """The same, as httpcore lets it through."""


class _Wire(httpcore.NetworkStream):
    """A connected socket as httpcore wants it."""

    def __init__(self, sock: socket) -> None:
        self._sock = sock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _named(httpcore.ReadTimeout, httpcore.ReadError):
            self._sock.settimeout(timeout)
            return self._sock.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _named(httpcore.WriteTimeout, httpcore.WriteError):
            self._sock.settimeout(timeout)
            self._sock.sendall(buffer)

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        with _named(httpcore.ConnectTimeout, httpcore.ConnectError):
            try:
                self._sock.settimeout(timeout)
                return _Wire(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname))
            except ssl.SSLCertVerificationError:
                self._sock.close()
                raise _Untrusted from None
            except BaseException:
                self._sock.close()
                raise

    def get_extra_info(self, info: str) -> Any:
        return self._sock if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket) else None


@contextlib.contextmanager
def _named(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise broken(str(error)) from error


class _Backend(httpcore.NetworkBackend):
    """Connects within the exchange under way, so that its deadline holds for the look-up and for every byte."""

    def __init__(self, exchange: Callable[[], Exchange]) -> None:
        self._exchange = exchange

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002  the pool passes it; it is never set
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  likewise
    ) -> httpcore.NetworkStream:
        with _named(httpcore.ConnectTimeout, httpcore.ConnectError):
            return _Wire(self._exchange().connect(host, port, timeout))


class Transport(httpx.BaseTransport):
    """httpx over httpcore with our own network backend. No connection is used twice."""

    def __init__(self, exchange: Callable[[], Exchange], tls: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_keepalive_connections=0,
            http1=True,
            http2=False,
            network_backend=_Backend(exchange),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        with _translated():
            response = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=cast(httpx.SyncByteStream, request.stream),
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            status_code=response.status, headers=response.headers, stream=_Body(response.stream), extensions={}
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        with _translated():
            yield from self._inner

    def close(self) -> None:
        self._inner.close()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.ReadTimeout("late") from error
    except _Untrusted as error:
        raise UntrustedError("not trusted") from error
    except httpcore.ConnectError as error:
        raise httpx.ConnectError("not reached") from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise httpx.ReadError("broken") from error
