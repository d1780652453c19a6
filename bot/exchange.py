"""Whole exchanges with servers: a deadline over all of one, in spite of a byte now and then, and an end when we stop.

A timeout of a socket bounds one read. Whoever owns sockets opens an exchange over everything from the look-up of the
name to the last byte; when its time is over, or the program stops, its sockets are cut under whoever waits for them.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Literal, TypeVar

Address = tuple[int, tuple[str, int]]  # family of addresses, what such a socket connects to
Found = TypeVar("Found")

LONGEST = 86_400.0  # seconds; sockets, timers and locks take no time without end
LEFT_BEHIND = 8  # look-ups under way at once, those that nobody waits for any more among them


def bounded(seconds: float) -> float:
    """Return a time to wait that the system takes: between none and `LONGEST`, which infinity and no number are too."""
    return max(0.0, seconds) if seconds <= LONGEST else LONGEST


def tls_words(error: ssl.SSLError) -> str:
    """Return in some words what OpenSSL names as the reason of an error."""
    return (error.reason or type(error).__name__).replace("_", " ").lower()


class LookUps(Generic[Found]):
    """Looks names up in threads that can be left behind: the system's resolver knows no deadline. Thread-safe."""

    def __init__(self, resolve: Callable[[str, int], Found], *, most: int = LEFT_BEHIND) -> None:
        self._resolve = resolve
        self._free = threading.Semaphore(most)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._waiting: set[queue.SimpleQueue[Found | Exception]] = set()

    def ask(self, host: str, port: int, seconds: float) -> Found:
        """Return what the resolver says. Raises TimeoutError when it does not in time, and what it raises itself.

        While as many look-ups as there may be have no answer, nothing more is asked.
        """
        end = time.monotonic() + bounded(seconds)
        while not self._free.acquire(timeout=0.1):
            if self._stopped.is_set() or time.monotonic() >= end:
                raise TimeoutError("too many names are being looked up without an answer")
        box: queue.SimpleQueue[Found | Exception] = queue.SimpleQueue()
        with self._lock:
            self._waiting.add(box)
        if self._stopped.is_set():
            box.put(TimeoutError("the program is stopping"))
        try:
            threading.Thread(target=self._run, args=(host, port, box), name="look-up", daemon=True).start()
        except BaseException:  # the machine has no thread for us: its place is free again
            self._free.release()
            with self._lock:
                self._waiting.discard(box)
            raise
        try:
            found = box.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise TimeoutError("the name was not looked up in time") from None
        finally:
            with self._lock:
                self._waiting.discard(box)
        if isinstance(found, Exception):
            raise found
        return found

    def stop(self) -> None:
        """Let nobody wait any longer."""
        self._stopped.set()
        with self._lock:
            for box in self._waiting:
                box.put(TimeoutError("the program is stopping"))

    def _run(self, host: str, port: int, box: queue.SimpleQueue[Found | Exception]) -> None:
        found: Found | Exception
        try:
            found = self._resolve(host, port)
        except Exception as error:  # noqa: BLE001  raised by who waits for it
            found = error
        finally:
            self._free.release()
        box.put(found)


def _addresses(host: str, port: int) -> Sequence[Address]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, place[:2]) for family, _, _, _, place in answers]  # type: ignore[misc]  # of the internet's two


class Exchange:
    """One exchange. Made by `Exchanges`; one thread talks in it."""

    def __init__(self, seconds: float, names: LookUps[Sequence[Address]]) -> None:
        self.ends = time.monotonic() + bounded(seconds)  # by the system's clock that never goes back
        self._names = names
        self._lock = threading.Lock()
        self._wires: list[socket.socket] = []
        self.cut: Literal["late", "stopped"] | None = None

    def left(self) -> float:
        """Return how many seconds are left; 0 once it is cut."""
        return 0.0 if self.cut else max(0.0, self.ends - time.monotonic())

    def watch(self, sock: socket.socket) -> None:
        """Cut this socket too when the exchange is over. It stays the caller's to close."""
        # a name of our own for the connection: TLS takes the caller's socket away from under us
        wire = sock.dup()
        with self._lock:
            self._wires.append(wire)
            if self.cut:
                _shut(wire)

    def connect(self, host: str, port: int, seconds: float | None) -> socket.socket:
        """Look a name up and connect, waiting `seconds` at most for each. Raises OSError, socket.gaierror of names.

        The socket is watched, and has `seconds` as its timeout.
        """
        seconds = None if seconds is None else bounded(seconds)
        wait = self._cap(seconds)
        failure: OSError = OSError("the name leads nowhere")
        for family, place in self._names.ask(host, port, wait):
            try:
                sock = socket.socket(family, socket.SOCK_STREAM)
            except OSError as error:  # a machine without IPv6, say
                failure = error
                continue
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(self._cap(seconds))
                self.watch(sock)
                sock.connect(place)
            except OSError as error:
                sock.close()
                failure = error
                if self.cut:
                    break
                continue
            sock.settimeout(seconds)
            return sock
        raise failure

    def end(self, why: Literal["late", "stopped"]) -> None:
        """Cut every socket: who waits for one gets the end of it, or an OSError."""
        with self._lock:
            self.cut = self.cut or why
            for wire in self._wires:
                _shut(wire)

    def forget(self) -> None:
        """Let the sockets go as they are."""
        with self._lock:
            for wire in self._wires:
                wire.close()
            self._wires.clear()

    def _cap(self, seconds: float | None) -> float:
        left = self.left()
        if not left:
            raise TimeoutError("the time for this exchange is over")
        return left if seconds is None else min(seconds, left)


class _Deadlines:
    """Ends exchanges that are late, in one thread for all: to start one for each takes as long as a short exchange."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: set[Exchange] = set()
        self._next = float("inf")  # when the thread looks again
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def over(self, exchange: Exchange) -> Iterator[None]:
        """End this exchange when its time is over. Raises RuntimeError if the machine has no thread for us."""
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                thread.start()
                self._thread = thread
            self._running.add(exchange)
            if exchange.ends < self._next:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._running.discard(exchange)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for exchange in list(self._running):
                    if exchange.ends <= now:
                        self._running.discard(exchange)
                        exchange.end("late")
                self._next = min((exchange.ends for exchange in list(self._running)), default=float("inf"))
                self._changed.wait(bounded(self._next - now))


_DEADLINES = _Deadlines()


class Exchanges:
    """All exchanges of one owner of sockets. Thread-safe."""

    def __init__(self) -> None:
        self._names = LookUps(_addresses)
        self._lock = threading.Lock()
        self._open: list[Exchange] = []
        self._stopped = False

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[Exchange]:
        """Yield an exchange that ends `seconds` from now, in a day at most, and at once when we stop."""
        exchange = Exchange(seconds, self._names)
        with self._lock:
            self._open.append(exchange)
            if self._stopped:
                exchange.end("stopped")
        try:
            with _DEADLINES.over(exchange):
                yield exchange
        finally:
            with self._lock:
                self._open.remove(exchange)
            exchange.forget()

    def cut_oldest(self, most: int) -> None:
        """Cut the exchanges that are open for longest, so that no more than `most` are."""
        with self._lock:
            for exchange in self._open[: max(0, len(self._open) - most)]:
                exchange.end("late")

    def stop(self) -> None:
        """Cut every exchange under way; later ones are cut from the start."""
        self._names.stop()
        with self._lock:
            self._stopped = True
            for exchange in self._open:
                exchange.end("stopped")


def _shut(wire: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is not connected, or ended by itself
        wire.shutdown(socket.SHUT_RDWR)
