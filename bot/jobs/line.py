"""A connection that carries messages: each four bytes of length and so many bytes, bounded before they are read."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Protocol

from bot.config import cluster_parts
from bot.errors import UsageError, unreadable
from bot.exchange import tls_words
from bot.jobs.here import ClusterError
from bot.tls import guard_key, mutual

SILENCE = 30.0  # seconds; who is there says so more often
PATIENCE = 10.0  # to connect
EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED


class Line(Protocol):
    """Both directions of one job. Every call raises OSError or EOFError when the other end is gone."""

    def send(self, message: bytes) -> None:
        """Send a message."""

    def receive(self, most: int, seconds: float) -> bytes:
        """Return the next message. Raises ValueError if it is longer than `most` bytes.

        Raises TimeoutError if it is not there within `seconds`, however much of it came.
        """

    def close(self) -> None:
        """End it; whoever waits for a message gets an error. Calling it again does nothing."""


class Dialled:
    """A line over a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._closing = threading.Lock()

    def send(self, message: bytes) -> None:
        """Send a message."""
        self._connection.settimeout(SILENCE)
        self._connection.sendall(len(message).to_bytes(4, "big") + message)

    def receive(self, most: int, seconds: float) -> bytes:
        """Return the next message, as `Line` has it."""
        end = time.monotonic() + seconds
        size = int.from_bytes(self._read(4, end), "big")
        if size > most:
            raise ValueError("a longer message than was asked for")
        return self._read(size, end)

    def _read(self, size: int, end: float) -> bytes:
        body = bytearray()
        while len(body) < size:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("a message takes too long")
            self._connection.settimeout(min(left, SILENCE))
            part = self._connection.recv(min(size - len(body), 1 << 20))
            if not part:
                raise EOFError("the other end is gone")
            body += part
        return bytes(body)

    def close(self) -> None:
        """End it, from whatever thread."""
        with self._closing, contextlib.suppress(OSError):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._connection, socket.SHUT_RDWR)  # not a word of TLS more
            self._connection.close()


def dial(text: str, certificates: Path | None) -> Dialled:
    """Return a line to the scheduler at an address.

    Raises ClusterError if nobody answers there who has a certificate of the same authority, and UsageError.
    """
    host, port, encrypted = cluster_parts(text)
    context = None
    if encrypted:
        if certificates is None:
            raise UsageError("workers.scheduler speaks TLS; set workers.certificates to the folder of its certificates")
        guard_key(certificates / "coordinator.key")
        try:
            context = mutual(certificates, "coordinator")
        except ssl.SSLError as error:
            said = error.reason or "they do not go together"
            raise UsageError(f"the certificates in {certificates} cannot be used: {said}") from None
        except OSError as error:
            raise UsageError(unreadable(certificates / "coordinator.pem", error)) from None
    try:
        plain = socket.create_connection((host, port), PATIENCE)
    except OSError as error:
        raise ClusterError(f"the scheduler at {text} does not answer ({short(error)}); is it running?") from None
    if context is None:
        return Dialled(plain)
    try:
        return Dialled(context.wrap_socket(plain, server_hostname="scheduler"))
    except OSError as error:
        plain.close()
        if isinstance(error, TimeoutError):
            raise ClusterError(
                f"the scheduler at {text} takes too long to answer; start it again if it is stuck"
            ) from None
        raise ClusterError(
            f"what answers at {text} is not a scheduler of ours ({short(error)}); see docs/workers.md on certificates"
        ) from None


def short(error: OSError) -> str:
    """Return in a few words why a connection failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == EXPIRED:
            return "its certificate has expired; write all anew: gifwarden certificates"
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return tls_words(error)
    return "it takes too long" if isinstance(error, TimeoutError) else (error.strerror or type(error).__name__).lower()
