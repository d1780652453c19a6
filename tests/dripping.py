"""Servers on loopback that send a byte now and then, or without end."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

Script = Callable[[socket.socket, threading.Event], None]


@contextlib.contextmanager
def serving(script: Script) -> Iterator[int]:
    """Yield the port of a server that follows a script on every connection, until the block ends."""
    over = threading.Event()

    def talk(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            script(connection, over)

    def accept(listening: socket.socket) -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                connection, _ = listening.accept()
                connection.settimeout(None)
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        thread = threading.Thread(target=accept, args=(listening,))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


def requests(connection: socket.socket) -> Iterator[tuple[str, str, bytes]]:
    """Yield method, path and body of each whole HTTP request, however its bytes arrive."""
    with connection.makefile("rb") as stream:
        while first := stream.readline():
            method, path, _ = first.decode().split()
            length = 0
            while (line := stream.readline()).strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            yield method, path, stream.read(length)


def drip(connection: socket.socket, over: threading.Event, piece: bytes, every: float = 0.05) -> None:
    """Send a piece now and then, for ever."""
    while not over.wait(every):
        connection.sendall(piece)


def pour(connection: socket.socket, over: threading.Event, piece: bytes) -> None:
    """Send a piece again and again, as fast as it is taken."""
    while not over.is_set():
        connection.sendall(piece)


def took(call: Callable[[], object]) -> tuple[float, Exception | None]:
    """Return how many seconds a call took, and what it raised."""
    start = time.monotonic()
    try:
        call()
    except Exception as error:  # noqa: BLE001  the caller looks at it
        return time.monotonic() - start, error
    return time.monotonic() - start, None
