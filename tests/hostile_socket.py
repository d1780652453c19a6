"""Watch the wire while everything hostile is tried: python -m tests.hostile_socket

Starts itself again in a user and network namespace of its own, where it may listen to every packet and where every
address there is, of both kinds, leads to one server. Asked under 1.1.1.1 it redirects where it must not; asked under
any other address it notes that. The fetcher is the real one, with the real dial; only names are made up. Prints one
JSON object; {"skipped": why} where the system does not allow it.
"""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bot.clock import SystemClock
from bot.config import FetchConfig
from bot.errors import AcquireError
from bot.fetch import Fetcher
from tests.hostile import ADDRESSES, NAMES
from tests.test_fetch_guard import FORBIDDEN

INSIDE = "--inside"
SERVED, CANARY = "1.1.1.1", "9.9.9.9"  # public; the second is asked for nothing hostile and must be seen
REDIRECTS = (
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://inner.example.net/",
    "http://169.254.169.254/latest/meta-data/",
    "http://user@127.0.0.1/",
    "//127.0.0.1/",
    "http://127.0.0.1:22/",
    "gopher://127.0.0.1/",
)
SYN, ACK = 0x02, 0x10


def start() -> int:
    """Start again inside; say why not if that is not to be had."""
    needed = ("unshare", "ip")
    missing = [name for name in needed if shutil.which(name) is None]
    if missing or not sys.platform.startswith("linux"):
        print(json.dumps({"skipped": f"needs Linux and the commands {' and '.join(needed)}"}))
        return 0
    unshare = ["unshare", "--user", "--map-root-user", "--net", "--"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        print(json.dumps({"skipped": "this system gives no user and network namespaces to an ordinary process"}))
        return 0
    return subprocess.run([*unshare, sys.executable, "-m", "tests.hostile_socket", INSIDE], check=False).returncode


def ip(*words: str) -> None:
    """Run the command ip."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Sniffer:
    """Notes where every TCP connection that is tried goes to, on all interfaces."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.ntohs(0x0003))
        self._socket.settimeout(0.1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self.seen: list[str] = []

    def __enter__(self) -> Sniffer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(0.5)  # for what is still on its way
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                packet, (_, protocol, *_) = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            if protocol == 0x0800 and packet[9] == socket.IPPROTO_TCP:
                self._note(socket.inet_ntop(socket.AF_INET, packet[16:20]), packet[(packet[0] & 15) * 4 :])
            elif protocol == 0x86DD and packet[6] == socket.IPPROTO_TCP:
                self._note(socket.inet_ntop(socket.AF_INET6, packet[24:40]), packet[40:])
            elif protocol in (0x0800, 0x86DD) and _is_udp(packet, protocol):
                self.seen.append("udp")

    def _note(self, address: str, tcp: bytes) -> None:
        flags = struct.unpack_from("!B", tcp, 13)[0]
        if flags & SYN and not flags & ACK and address not in self.seen:
            self.seen.append(address)


def _is_udp(packet: bytes, protocol: int) -> bool:
    return packet[9 if protocol == 0x0800 else 6] == socket.IPPROTO_UDP


class Server(ThreadingHTTPServer):
    """Listens on all addresses of one kind."""

    daemon_threads = True

    def __init__(self, address: str, log: list[tuple[str, str]]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.log = log
        super().__init__((address, 80), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self) -> None:
        """Leave IPv4 to the other one."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()


class Handler(BaseHTTPRequestHandler):
    """Notes under which address it was asked for what, and redirects by number."""

    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.log.append((self.connection.getsockname()[0], self.path))
        number = self.path.strip("/")
        self.send_response(302)
        self.send_header("Location", REDIRECTS[int(number) if number.isdigit() else 0])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def inside() -> int:
    """Try everything and print what was seen."""
    ip("link", "set", "lo", "up")
    ip("route", "add", "local", "0.0.0.0/0", "dev", "lo")
    ip("-6", "route", "add", "local", "::/0", "dev", "lo")
    log: list[tuple[str, str]] = []
    servers = Server("0.0.0.0", log), Server("::", log)
    table: dict[str, tuple[str, ...]] = {"media.example.net": (SERVED,), "inner.example.net": ("127.0.0.1",)}
    table["canary.example.net"] = (CANARY,)

    def resolve(host: str, port: int) -> Sequence[str]:
        return table.get(host, ())

    tried = 0
    config = FetchConfig(connect_seconds=2, read_seconds=2, total_seconds=4)
    with Sniffer() as sniffer, Fetcher(config, SystemClock(), resolve=resolve) as fetcher:

        def attempt(url: str) -> None:
            nonlocal tried
            tried += 1
            try:
                fetcher.media(url)
            except AcquireError:
                return
            raise AssertionError(f"{url} was fetched")

        for url in ADDRESSES.values():
            attempt(url)
        for number, found in enumerate([*NAMES.values(), *((address,) for address in FORBIDDEN)]):
            table[f"n{number}.example.net"] = found
            attempt(f"http://n{number}.example.net/a.gif")
        for number in range(len(REDIRECTS)):
            attempt(f"http://media.example.net/{number}")
        attempt("http://canary.example.net/a.gif")
    for server in servers:
        server.shutdown()
        server.server_close()
    report = {
        "tried": tried,
        "connections": sniffer.seen,
        "forbidden": [address for address in sniffer.seen if address not in (SERVED, CANARY)],
        "requests": len(log),
        "requests elsewhere": [address for address, _ in log if address not in (SERVED, CANARY)],
    }
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(inside() if INSIDE in sys.argv else start())
