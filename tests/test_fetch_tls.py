"""Real TLS beneath the guard: names are sent, certificates are checked."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import certifi
import httpcore
import pytest
from cryptography import x509

from bot.clock import SystemClock
from bot.config import FetchConfig
from bot.errors import TryLaterError
from bot.fetch import Fetcher
from bot.tls import trusting
from tests.certificates import self_signed

HOST = "clips.example.com"


@dataclass
class Server:
    """A TLS server on loopback with its certificate, and the names that clients asked for."""

    port: int
    certificate: Path
    names: list[str | None] = field(default_factory=list)

    def fetcher(self) -> Fetcher:
        def dial(address: str, port: int, timeout: float | None) -> httpcore.NetworkStream:
            return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.port, timeout)

        return Fetcher(FetchConfig(), SystemClock(), resolve=lambda *_: ["2000::1"], dial=dial)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    pem, secret = self_signed(tmp_path, x509.DNSName(HOST))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "image/gif")
            self.end_headers()
            self.wfile.write(b"GIF89a")

        def log_message(self, format: str, *args: Any) -> None:
            return

    class Quiet(HTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            return

    httpd = Quiet(("127.0.0.1", 0), Handler)
    made = Server(httpd.server_port, pem)
    trusting.cache_clear()  # each test says whom to trust
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    context.sni_callback = lambda _socket, asked, _context: made.names.append(asked)
    with httpd:
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
        thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield made
        httpd.shutdown()
        thread.join(5)
    trusting.cache_clear()


def test_trusted_hosts_are_reached_under_their_name(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a certificate of a known authority the file arrives, and the handshake carries the link's name."""
    monkeypatch.setattr(certifi, "where", lambda: str(server.certificate))
    with server.fetcher() as web:
        assert web.media(f"https://{HOST}/a.gif").data == b"GIF89a"
    assert server.names == [HOST]


def test_other_names_are_not_believed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate for another name is refused."""
    monkeypatch.setattr(certifi, "where", lambda: str(server.certificate))
    with server.fetcher() as web, pytest.raises(TryLaterError, match="cannot be reached"):
        web.media("https://other.example.com/a.gif")


def test_unknown_authorities_are_not_believed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that no shipped authority vouches for is refused, whatever the environment says."""
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    with server.fetcher() as web, pytest.raises(TryLaterError, match="cannot be reached"):
        web.media(f"https://{HOST}/a.gif")
