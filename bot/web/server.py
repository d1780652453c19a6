"""/metrics and /health on 127.0.0.1. Read-only; nothing else is served, and no other address can be chosen."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from http import HTTPStatus
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from bot.errors import ConfigError, GifwardenError
from bot.exchange import Exchanges
from bot.web.steps import Steps

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

LOOPBACK = "127.0.0.1"
OWN_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


WHOLE_SECONDS = 10.0  # for a connection, from the first byte of the request to the last of the answer
CONNECTIONS = 8  # at once; one more, and the oldest is cut
MAX_REQUEST = 16 * 1024  # bytes of a request, its headers included


class _Capped:
    """What a client sends, up to `MAX_REQUEST`; then it has an end."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = MAX_REQUEST

    def readline(self, size: int = -1) -> bytes:
        """Return a line, or what is left of it."""
        line: bytes = self._file.readline(self._left if size < 0 else min(size, self._left))
        self._left -= len(line)
        return line

    def close(self) -> None:
        """Close the file below."""
        self._file.close()


class _Server(ThreadingMixIn, WSGIServer):
    """A thread a connection, and a deadline for each."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.exchanges = Exchanges()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection within its time."""
        with self.exchanges.within(WHOLE_SECONDS) as exchange:
            self.exchanges.cut_oldest(CONNECTIONS)
            with contextlib.suppress(OSError):  # it is gone
                exchange.watch(request)
            super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that breaks off is no trouble of ours, and its words do not belong into a log."""


class _Handler(WSGIRequestHandler):
    timeout = WHOLE_SECONDS

    def setup(self) -> None:
        """Read no more than a request may have."""
        super().setup()
        self.rfile = _Capped(self.rfile)  # type: ignore[assignment]  # all that is read of it is lines

    def log_message(self, *_: Any) -> None:
        """Say nothing: a scrape every few seconds would fill the log."""

    def address_string(self) -> str:
        """Ask no name server for the peer's name."""
        return str(self.client_address[0])


class StatusServer:
    """Serves from threads of its own until it is closed. Use as a context manager."""

    def __init__(self, port: int, registry: CollectorRegistry, steps: Steps) -> None:
        """Bind `port` on loopback; 0 takes any free one. Raises ConfigError if it is taken."""
        self._registry = registry
        self._steps = steps
        try:
            self._server = make_server(LOOPBACK, port, self._app, server_class=_Server, handler_class=_Handler)
        except OSError as error:
            raise ConfigError(
                f"metrics.port {port} cannot be used ({error.strerror}); choose another one, or 0 for none"
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="status", daemon=True)

    @property
    def port(self) -> int:
        """The port that is served."""
        return int(self._server.server_port)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.exchanges.stop()
        self._thread.join()
        self._server.server_close()

    def _app(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        status, kind, body = self._answer(environ)
        start(
            f"{status.value} {status.phrase}",
            [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")],
        )
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _answer(self, environ: WSGIEnvironment) -> tuple[HTTPStatus, str, bytes]:
        # a page in the operator's browser could reach this port by a name of its own that leads to loopback
        name = str(environ.get("HTTP_HOST", "")).rpartition(":")[0] or str(environ.get("HTTP_HOST", ""))
        if name not in OWN_NAMES:
            return _text(HTTPStatus.FORBIDDEN, "ask for this by the name localhost")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET is answered here")
        path = environ.get("PATH_INFO")
        try:
            if path == "/metrics":
                encode, kind = choose_encoder(str(environ.get("HTTP_ACCEPT", "")))
                return HTTPStatus.OK, kind, encode(self._registry)
            if path == "/health":
                late = self._steps.late()
                return _text(HTTPStatus.SERVICE_UNAVAILABLE if late else HTTPStatus.OK, "\n".join(late) or "ok")
        except GifwardenError as error:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        return _text(HTTPStatus.NOT_FOUND, "there are /metrics and /health")


def _text(status: HTTPStatus, text: str) -> tuple[HTTPStatus, str, bytes]:
    return status, "text/plain; charset=utf-8", f"{text}\n".encode()
