"""How servers on loopback run: a thread takes connections until told to end, without looking at a clock meanwhile."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from types import TracebackType
from typing import Any, Self


class Accepting(socketserver.TCPServer):
    """A server whose `accept` runs in a thread of its own until `end`.

    `serve_forever` looks every few milliseconds at whether it is told to end: all the servers of a world would never
    leave the processor alone, and each would end only with its next look.
    """

    _ending = False

    def accept(self) -> None:
        """Take one connection after the other; return once it is told to end."""
        while not self._ending:
            self.handle_request()

    def end(self) -> None:
        """Make `accept` return. Connections that came before are not touched."""
        self._ending = True
        host, port = self.socket.getsockname()[:2]
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=5):
            pass  # it waits for one more connection

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002  whoever it is
        """Return whether a connection is still served."""
        return not self._ending


class Running:
    """A context manager in which a server takes connections, each in a thread of its own."""

    def __init__(self, server: Accepting) -> None:
        """`server`: bound to a port already, with a thread a connection."""
        self._server = server
        self._thread = threading.Thread(target=server.accept, daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.end()
        self._thread.join(5)
        self._server.server_close()
