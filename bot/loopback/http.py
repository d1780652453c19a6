"""A small HTTP server on loopback that writes down every request it received."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bot.loopback.accepting import Accepting, Running


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One received request. `host` is the Host header without a port, in lower case."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""

    @property
    def form(self) -> dict[str, str]:
        """The body as an HTML form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer. `body` may be an iterator of chunks; then no Content-Length is set unless `headers` has one."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False  # cut the connection instead of answering


def json_response(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(
        status=status,
        body=json.dumps(value).encode(),
        headers={"Content-Type": "application/json; charset=UTF-8", **(headers or {})},
    )


class _Server(Accepting, ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hung up, which is its right."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class LoopbackServer(Running):
    """Serves `handle` on 127.0.0.1 at a free port, one thread a connection; `log` holds what was received."""

    def __init__(self, handle: Callable[[Request], Response]) -> None:
        self._handle = handle
        self._lock = threading.Lock()
        self._log: list[Request] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def setup(self) -> None:
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                super().setup()

            def log_message(self, *_: Any) -> None:
                """Write nothing to standard error: `log` holds what was received."""

            def _serve(self) -> None:
                server._serve(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

        super().__init__(_Server(("127.0.0.1", 0), Handler))

    @property
    def log(self) -> tuple[Request, ...]:
        """Everything received so far, in order."""
        with self._lock:
            return tuple(self._log)

    def forget(self) -> tuple[Request, ...]:
        """Empty the log; return what it held."""
        with self._lock:
            held, self._log = tuple(self._log), []
        return held

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        try:
            request = self._read(handler)
        except ValueError:  # no length or address is such
            handler.close_connection = True
            handler.send_error(400)
            return
        with self._lock:
            self._log.append(request)
        response = self._handle(request)
        if response.drop:
            handler.close_connection = True
            return
        try:
            self._answer(handler, response)
        except OSError:  # the client hung up: a limit of its own, and its right
            handler.close_connection = True

    @staticmethod
    def _read(handler: BaseHTTPRequestHandler) -> Request:
        length = int(handler.headers.get("Content-Length") or 0)
        if length < 0:
            raise ValueError
        parts = urlsplit(handler.path)
        return Request(
            method=handler.command,
            host=(handler.headers.get("Host") or "").rsplit(":", 1)[0].lower(),
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in handler.headers.items()},
            body=handler.rfile.read(length) if length else b"",
        )

    @staticmethod
    def _answer(handler: BaseHTTPRequestHandler, response: Response) -> None:
        names = {name.lower() for name in response.headers}
        if "date" in names:
            handler.send_response_only(response.status)
        else:
            handler.send_response(response.status)
        for name, value in response.headers.items():
            handler.send_header(name, value)
        if isinstance(response.body, bytes):
            if "content-length" not in names:
                handler.send_header("Content-Length", str(len(response.body)))
            handler.end_headers()
            handler.wfile.write(response.body)
            return
        handler.close_connection = True
        handler.send_header("Connection", "close")
        handler.end_headers()
        for chunk in response.body:
            handler.wfile.write(chunk)
            handler.wfile.flush()
