"""One HTTP server for everything that is served: uvicorn on a thread of its own, with bounds on what clients may do."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from bot.errors import ConfigError

RECEIVE_SECONDS = 10.0  # for a request, from the connection or its first byte to its last byte
ANSWER_SECONDS = 30.0  # from there to the last byte of the answer
IDLE_SECONDS = 5  # that a connection is kept for a next request
CONNECTIONS = 64  # at once; one more, and the one that is idle for longest is cut
MAX_HEADERS = 16 * 1024  # bytes of a request without its body
STOP_SECONDS = 1  # that answers under way have once we stop
JOIN_SECONDS = 5.0  # after which a stopped server is waited for no longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where is served: an address, a port (0: any free one), and the configuration key that says so."""

    address: str
    port: int
    key: str


class Server:
    """Serves applications, each at its own place, until it is closed. Use as a context manager."""

    def __init__(self, served: Sequence[tuple[Place, ASGIApp]]) -> None:
        """Bind the places. Raises ConfigError if one is taken or is no address of this machine."""
        self._sockets: list[socket.socket] = []
        apps: dict[int, ASGIApp] = {}
        try:
            for place, app in served:
                bound = _bind(place)
                self._sockets.append(bound)
                apps[bound.getsockname()[1]] = app
        except ConfigError:
            self._close_sockets()
            raise
        for name in ("uvicorn.error", "uvicorn.access"):  # what clients send does not belong into a log
            logging.getLogger(name).addHandler(logging.NullHandler())
            logging.getLogger(name).propagate = False
        self._server = uvicorn.Server(
            uvicorn.Config(
                _by_port(apps),
                http=Guarded,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=STOP_SECONDS,
                h11_max_incomplete_event_size=MAX_HEADERS,
                backlog=CONNECTIONS,
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=(self._sockets,), name="web", daemon=True)

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that are served, in the order of the places."""
        return tuple(int(bound.getsockname()[1]) for bound in self._sockets)

    @property
    def port(self) -> int:
        """The port of the first place."""
        return self.ports[0]

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that are listened on."""
        return tuple(str(bound.getsockname()[0]) for bound in self._sockets)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(JOIN_SECONDS)
        self._close_sockets()

    def _close_sockets(self) -> None:
        for bound in self._sockets:
            bound.close()


def free(place: Place) -> None:
    """Make sure that a place can be served. Raises ConfigError if it is taken or is no address of this machine."""
    _bind(place).close()


class Guarded(H11Protocol):
    """A connection whose client cannot hold it: each request and each answer has its time, and places are few."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Give the request its time, and cut another connection if there are too many."""
        super().connection_made(transport)
        self.since = self.loop.time()
        self._end = self.loop.call_later(RECEIVE_SECONDS, self.cut)
        self._fresh = False  # whether the next byte begins a new request
        if len(self.connections) > CONNECTIONS:
            others = [cast("Guarded", one) for one in self.connections]
            min(others, key=lambda one: (one.answering, one.since)).cut()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._end.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; a request that is whole gives the answer its time."""
        if self._fresh:
            self._fresh = False
            self._until(RECEIVE_SECONDS)
        waited = self.answering
        super().data_received(data)
        if self.scope is not None:  # before the first request there is none
            self.scope["state"]["more_time"] = self._until  # for a page that lets somebody send a large file
        if self.answering and not waited:
            self._until(ANSWER_SECONDS)

    def on_response_complete(self) -> None:
        """Wait for a next request."""
        super().on_response_complete()
        self.since = self.loop.time()
        self._fresh = True
        self._until(RECEIVE_SECONDS)

    @property
    def answering(self) -> bool:
        """Whether a whole request has arrived that is not answered yet."""
        cycle: RequestResponseCycle | None = self.cycle  # none before the first request
        return cycle is not None and not cycle.more_body and not cycle.response_complete

    def cut(self) -> None:
        """End the connection now."""
        self.transport.abort()

    def _until(self, seconds: float) -> None:
        self._end.cancel()
        self._end = self.loop.call_later(seconds, self.cut)


def _by_port(apps: Mapping[int, ASGIApp]) -> ASGIApp:
    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[scope["server"][1]](scope, receive, send)

    return served


def _bind(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
    # by its protocol asyncio knows that it may send small packets at once
    bound: Any = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((place.address, place.port))
        bound.listen(CONNECTIONS)
    except OSError as error:
        bound.close()
        raise ConfigError(
            f"{place.key} {place.port} cannot be used ({error.strerror}); choose another one, or 0 for none"
        ) from None
    return cast("socket.socket", bound)
