"""What the mail server and the mailbox on loopback share: a thread a connection, TLS, scripted failures."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from bot.loopback.accepting import Accepting, Running


class Scripted(Protocol):
    """A failure that happens the next time it comes to `at`."""

    @property
    def at(self) -> str:
        """The step."""


F = TypeVar("F", bound=Scripted)


class Cut(Exception):
    """Not an error: the client is gone, or the script wishes to hang up."""


class _Server(Accepting, socketserver.ThreadingTCPServer):
    daemon_threads = True


class LineServer(Running, Generic[F]):
    """Serves a protocol of lines on 127.0.0.1 at a free port, one thread a connection.

    `talk` has one conversation, from greeting to farewell. `context` is for STARTTLS, or for TLS from the first byte
    with `implicit_tls`.
    """

    def __init__(
        self,
        talk: Callable[[socketserver.StreamRequestHandler], None],
        *,
        context: ssl.SSLContext | None,
        implicit_tls: bool,
    ) -> None:
        self.context = context
        self.implicit_tls = implicit_tls
        self._lock = threading.Lock()
        self._commands: list[str] = []
        self._faults: list[F] = []

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True
            timeout = 10  # seconds; a client that hangs does not keep the server alive

            def handle(self) -> None:
                try:
                    talk(self)
                except (OSError, Cut):  # the client hung up, or the script says so
                    return

            def finish(self) -> None:
                try:
                    super().finish()
                except OSError:  # nobody reads the last reply any more
                    self.rfile.close()
                self.request.close()  # after STARTTLS this is not the socket that the server closes

        super().__init__(_Server(("127.0.0.1", 0), Handler))

    @property
    def commands(self) -> tuple[str, ...]:
        """The verbs of all commands so far, in order and without their arguments."""
        with self._lock:
            return tuple(self._commands)

    def script(self, *faults: F) -> None:
        """Add failures; each happens once, in this order among those for the same step."""
        with self._lock:
            self._faults.extend(faults)

    def due(self, at: str) -> F | None:
        """Return and strike off the next failure for a step."""
        with self._lock:
            for fault in self._faults:
                if fault.at == at:
                    self._faults.remove(fault)
                    return fault
        return None

    def note(self, verb: str) -> None:
        """Write a command down."""
        with self._lock:
            self._commands.append(verb)


def encrypt(handler: socketserver.StreamRequestHandler, context: ssl.SSLContext) -> None:
    """Go on with TLS on a connection."""
    plain = (handler.rfile, handler.wfile)
    handler.connection = handler.request = context.wrap_socket(handler.connection, server_side=True)
    for file in plain:
        file.close()
    handler.rfile = handler.connection.makefile("rb")
    handler.wfile = handler.connection.makefile("wb", buffering=0)
