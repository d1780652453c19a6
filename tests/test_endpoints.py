"""HTTP to what the operator configured: bounded, cut in time, and silent about tokens."""

from __future__ import annotations

import gzip
import logging
import ssl
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509

from bot.clock import ManualClock, SystemClock
from bot.endpoints import Endpoints, bodies, joined, same_origin
from bot.errors import EndpointError
from bot.loopback.exchanges import ExchangePark, File
from bot.loopback.exchanges.server import WAIT
from tests.certificates import self_signed
from tests.fetching import clock, http, park

__all__ = ["clock", "http", "park"]
SECRET = "very-secret-token"


def test_an_answer_comes_whole(park: ExchangePark, http: Endpoints) -> None:
    """Status, headers with small letters, body, JSON; a token goes out where it was asked to."""
    park.files["a.json"] = File(body=b'{"a": 1}', needs=f"Bearer {SECRET}")
    answer = http.ask(f"{park.url}/lists/a.json", headers={"Authorization": f"Bearer {SECRET}"})
    assert (answer.status, answer.json(), answer.host) == (200, {"a": 1}, "127.0.0.1")
    assert answer.headers["etag"].startswith('"')


@pytest.mark.parametrize(
    ("fault", "said", "setup"),
    [
        ("drop", "broke off", False),
        ("500", "cannot answer now", False),
        ("429", "fewer requests", False),
        ("cut", "broke off", False),
        ("elsewhere", "redirects to another place", True),
    ],
)
def test_a_failure_is_one_sentence_without_address_or_token(
    park: ExchangePark, http: Endpoints, fault: str, said: str, setup: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """What failed is told by the host's name alone, to people and to the log; whether to mend something is known."""
    caplog.set_level(logging.DEBUG)
    park.files["a.json"] = File(body=b'{"a": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}')
    park.faults.append(fault)  # type: ignore[arg-type]  # of the table above
    with pytest.raises(EndpointError, match=said) as caught:
        http.ask(f"{park.url}/lists/a.json", params={"access_token": SECRET}, headers={"Authorization": SECRET})
    assert caught.value.setup is setup
    assert SECRET not in f"{caught.value}{caplog.text}"
    assert "a.json" not in f"{caught.value}{caplog.text}"


def test_truncated_json_is_told(park: ExchangePark, http: Endpoints) -> None:
    """Half a document is no document."""
    park.files["a.json"] = File(body=b'{"a": "bbbbbbbbbbbbbbbbbbb"}')
    park.faults.append("truncated")
    with pytest.raises(EndpointError, match="other than whole JSON"):
        http.ask(f"{park.url}/lists/a.json").json()


def test_retry_after_is_heard_within_bounds(park: ExchangePark, http: Endpoints) -> None:
    """The wait that a server asks for stands with the error; six hours at most, none below 0."""
    park.faults.append("429")
    with pytest.raises(EndpointError) as caught:
        http.ask(f"{park.url}/lists/a.json")
    assert (caught.value.retry_after, caught.value.status) == (WAIT, 429)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert bodies.waiting_time("999999", now) == 6 * 3600
    assert bodies.waiting_time("Fri, 20 Nov 2026 00:01:00 GMT", now) == 60
    assert bodies.waiting_time("Thu, 19 Nov 2026 00:01:00 GMT", now) == 0
    assert [bodies.waiting_time(text, now) for text in ("", "soon", "-5", None)] == [None] * 4


def test_redirects_stay_within_the_origin(park: ExchangePark, http: Endpoints) -> None:
    """A redirect to the same place is followed, but not for ever, and nothing that is posted is posted again."""
    park.files["a.json"] = File(body=b"{}")
    park.faults.append("near")
    assert http.ask(f"{park.url}/lists/a.json").json() == {}
    park.faults.extend(["near"] * 9)
    with pytest.raises(EndpointError, match="more than 3 times"):
        http.ask(f"{park.url}/lists/a.json")
    park.faults.clear()
    park.faults.append("near")
    with pytest.raises(EndpointError, match="posted"):
        http.ask(f"{park.url}/lists/a.json", method="POST", form={"a": "b"})


@pytest.mark.parametrize(
    ("base", "reference", "found"),
    [
        ("https://a.example/x/1", "2", "https://a.example/x/2"),
        ("https://a.example/x/1", "/2?p=3", "https://a.example/2?p=3"),
        ("https://a.example/x", "https://a.example:443/y", "https://a.example/y"),
        ("https://a.example/x", "http://a.example/y", None),
        ("https://a.example/x", "//b.example/y", None),
        ("https://a.example/x", "https://a.example@b.example/y", None),
        ("https://a.example/x", "https://a.example:8443/y", None),
        ("https://a.example/x", "file:///etc/passwd", None),
        ("https://a.example/x", "javascript:alert(1)", None),
        ("https://a.example/x", "https://[::1", None),
    ],
)
def test_only_addresses_of_the_same_origin_are_joined(base: str, reference: str, found: str | None) -> None:
    """Scheme, host and port are those of the address that the operator gave."""
    assert joined(base, reference) == found
    assert same_origin(base, found or base)


@pytest.mark.slow
def test_bytes_are_bounded_before_and_after_they_are_unpacked(park: ExchangePark, http: Endpoints) -> None:
    """A body that is too large, announced or not, and one that unpacks to too much, end in time."""
    park.files["a"] = File(body=b"x" * 5000)
    with pytest.raises(EndpointError, match="announces more than the 4000 bytes"):
        http.ask(f"{park.url}/lists/a", limit=4000)
    park.faults.append("bomb")
    with pytest.raises(EndpointError, match="unpacks to more than"):
        http.ask(f"{park.url}/lists/a", limit=2**20)
    park.files["b"] = File(body=gzip.compress(b"x" * 5000)[:-9], encoding="gzip")
    with pytest.raises(EndpointError, match="ends too early"):
        http.ask(f"{park.url}/lists/b")
    park.files["c"] = File(body=b"no gzip at all", encoding="gzip")
    with pytest.raises(EndpointError, match="cannot be unpacked"):
        http.ask(f"{park.url}/lists/c")
    park.files["d"] = File(body=gzip.compress(b"one ") + gzip.compress(b"two"), encoding="gzip")
    assert http.ask(f"{park.url}/lists/d").body == b"one two"
    park.files["e"] = File(body=b"x", encoding="br")
    with pytest.raises(EndpointError, match="not asked for"):
        http.ask(f"{park.url}/lists/e")


def test_a_gzip_file_is_unpacked_as_a_list_only(park: ExchangePark, http: Endpoints) -> None:
    """A list that is itself gzip comes as it lies there and can be opened; media and web pages are no lists."""
    park.files["a.gz"] = File(body=gzip.compress(b"one\ntwo\n"))
    with http.stream(f"{park.url}/lists/a.gz") as stream:
        packed, chunks = bodies.opened("there", stream.chunks(), 2**20)
        assert (packed, b"".join(chunks)) == (True, b"one\ntwo\n")
    park.files["a.txt"] = File(body=b"one\ntwo\n")
    with http.stream(f"{park.url}/lists/a.txt") as stream:
        packed, chunks = bodies.opened("there", stream.chunks(), 2**20)
        assert (packed, b"".join(chunks)) == (False, b"one\ntwo\n")
    park.files["a.mp4"] = File(body=b"....", type="video/mp4")
    with pytest.raises(EndpointError, match="instead of a list"), http.stream(f"{park.url}/lists/a.mp4"):
        pass


@pytest.mark.parametrize("fault", ["drip", "hang"])
def test_a_slow_answer_ends_with_its_deadline(park: ExchangePark, http: Endpoints, fault: str) -> None:
    """A byte now and then, or none at all, holds nobody up beyond the time for the whole exchange."""
    park.files["a.json"] = File(body=b'{"a": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}')
    park.faults.append(fault)  # type: ignore[arg-type]  # one of them
    began = time.monotonic()
    with pytest.raises(EndpointError, match="did not answer in time"):
        http.ask(f"{park.url}/lists/a.json", seconds=0.4)
    assert time.monotonic() - began < 10


def test_a_list_that_drips_is_given_up(park: ExchangePark, http: Endpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list has hours, but has to come at some speed."""
    monkeypatch.setattr(bodies, "PATIENCE", 0.2)
    park.files["a"] = File(body=b"x" * 100)
    park.faults.append("drip")
    with (
        pytest.raises(EndpointError, match="too slowly"),
        http.stream(f"{park.url}/lists/a") as stream,
    ):
        for _ in stream.chunks():
            pass


def test_to_stop_cuts_what_is_under_way_and_what_comes(park: ExchangePark, http: Endpoints) -> None:
    """A thread that waits for an exchange hears within a second that the program stops; so do later ones."""
    park.files["a.json"] = File(body=b"{}")
    park.faults.append("hang")
    heard: list[EndpointError] = []

    def ask() -> None:
        with pytest.raises(EndpointError) as caught:
            http.ask(f"{park.url}/lists/a.json")
        heard.append(caught.value)

    thread = threading.Thread(target=ask)
    thread.start()
    while not park.log:
        time.sleep(0.01)
    http.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert "stopping" in str(heard[0])
    assert heard[0].retry_after == 0
    with pytest.raises(EndpointError, match="stopping"):
        http.ask(f"{park.url}/lists/a.json")


def test_nobody_there_and_no_such_name() -> None:
    """A port without a server and a name that does not exist are told as not reached."""
    endpoints = Endpoints(SystemClock())
    for url in ("http://127.0.0.1:1/a", "https://nowhere.invalid/a"):
        with pytest.raises(EndpointError, match=r"cannot be reached|did not answer in time"):
            endpoints.ask(url, seconds=5)
    endpoints.close()


def test_certificates_are_checked(tmp_path: Path) -> None:
    """A certificate that the machine does not trust is refused; one of an authority that was passed in is taken."""
    files = self_signed(tmp_path, x509.DNSName("localhost"))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up in the handshake is what this is about."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    server = Quiet(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    url = f"https://localhost:{server.server_address[1]}/a"
    try:
        stranger = Endpoints(SystemClock())
        with pytest.raises(EndpointError, match="no certificate that this machine trusts") as caught:
            stranger.ask(url)
        assert caught.value.setup
        stranger.close()
        friend = Endpoints(ManualClock(datetime.now(UTC)), tls=ssl.create_default_context(cafile=files[0]))
        assert friend.ask(url).json() == {}
        friend.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
