"""Fetching: limits, redirects, statuses and damaged answers, against loopback servers."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.clock import ManualClock
from bot.config import FetchConfig
from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    NeedsTokenError,
    OutageError,
    TryLaterError,
    UnsupportedError,
)
from bot.fetch import Fetcher, refusal
from bot.fetch.replies import status_error
from bot.loopback.answers import endless, lying, redirect, slow, web_page
from bot.loopback.hosts import HostPark
from bot.loopback.http import Response, json_response

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GIF = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")
HOST = "clips.example.com"
LIMITS = FetchConfig(max_bytes=200_000, max_page_bytes=50_000, read_seconds=2, connect_seconds=2, total_seconds=5)


def fetcher(park: HostPark, config: FetchConfig = LIMITS) -> Fetcher:
    return Fetcher(config, ManualClock(START), resolve=park.network.resolve, dial=park.network.dial)


@pytest.fixture
def park() -> Iterator[HostPark]:
    with HostPark() as park:
        yield park
    assert all(refusal(address) is None for address, _ in park.network.dialled)


@pytest.fixture
def web(park: HostPark) -> Iterator[Fetcher]:
    with fetcher(park) as made:
        yield made


def test_media_come_with_their_type_and_final_address(park: HostPark, web: Fetcher) -> None:
    """A file's bytes arrive whole, with the declared type and the address at which they were found."""
    url = park.add_direct(HOST, "/a.gif", GIF, "image/gif")
    park.fail_once(HOST, "/old.gif", redirect("/a.gif", 301))
    body = web.media(f"https://{HOST}/old.gif")
    assert (body.data, body.content_type, body.url) == (GIF, "image/gif", url)


def test_the_name_stays_in_host_header_and_handshake(park: HostPark, web: Fetcher) -> None:
    """The checked address is dialled at the scheme's port, while Host and TLS name stay those of the link."""
    web.media(park.add_direct(HOST, "/a.gif", GIF, "image/gif"))
    assert park.log[-1].host == HOST
    assert park.network.tls_names == (HOST,)
    assert park.network.dialled == ((park.network.resolve(HOST, 443)[0], 443),)


def test_hosts_learn_nothing_but_the_request(park: HostPark, web: Fetcher) -> None:
    """Cookies are not kept, nothing packed is asked for, and the client says what it is."""
    park.add_direct(HOST, "/a.gif", GIF, "image/gif")
    cookie = {"Set-Cookie": "seen=1; Path=/", "Content-Type": "image/gif"}
    park.fail_once(HOST, "/a.gif", Response(body=GIF, headers=cookie))
    web.media(f"https://{HOST}/a.gif")
    web.media(f"https://{HOST}/a.gif")
    last = park.log[-1]
    assert "cookie" not in last.headers
    assert last.headers["accept-encoding"] == "identity"
    assert last.headers["user-agent"].startswith("gifwarden/")


def test_proxies_of_the_environment_are_ignored(park: HostPark, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment, which would resolve names unchecked, is not used."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with fetcher(park) as web:
        assert web.media(park.add_direct(HOST, "/a.gif", GIF, "image/gif")).data == GIF


@pytest.mark.parametrize("address", ["10.0.0.5", "127.0.0.1", "::1", "169.254.169.254", "::ffff:10.0.0.1", "fe80::1"])
def test_names_of_private_addresses_are_never_dialled(park: HostPark, web: Fetcher, address: str) -> None:
    """A name that leads inside is refused before anything is dialled."""
    park.network.point("rebind.example.com", address)
    with pytest.raises(BlockedError, match=r"^rebind\.example\.com leads to "):
        web.media("https://rebind.example.com/a.gif")
    assert park.network.dialled == ()


@pytest.mark.parametrize(
    "target", ["https://inside.example.com/x", "http://127.0.0.1/x", "https://2130706433/x", "https://a@b.example.com/"]
)
def test_redirects_are_checked_anew(park: HostPark, web: Fetcher, target: str) -> None:
    """A redirect to a private name, a bare address or a URL with a user name is not followed."""
    park.network.point("inside.example.com", "10.0.0.5")
    park.fail_once(HOST, "/a.gif", redirect(target))
    with pytest.raises(BlockedError):
        web.media(f"https://{HOST}/a.gif")
    assert len(park.log) == 1


def test_every_request_resolves_and_checks_again(park: HostPark, web: Fetcher) -> None:
    """A name that is pointed inside after the first visit is refused at the second: no connection is kept."""
    url = park.add_direct(HOST, "/a.gif", GIF, "image/gif")
    web.media(url)
    park.network.point(HOST, "192.168.0.1")
    with pytest.raises(BlockedError):
        web.media(url)


def test_redirects_never_fall_back_to_http(park: HostPark, web: Fetcher) -> None:
    """From https only https is followed; from http both are."""
    park.add_direct(HOST, "/a.gif", GIF, "image/gif")
    park.fail_once(HOST, "/down", redirect(f"http://{HOST}/a.gif"))
    with pytest.raises(BlockedError, match="from https to http"):
        web.media(f"https://{HOST}/down")
    park.fail_once(HOST, "/up", redirect(f"https://{HOST}/a.gif"))
    assert web.media(f"http://{HOST}/up").data == GIF


def test_redirects_are_counted(park: HostPark) -> None:
    """The configured number of redirects is followed, one more is not."""
    park.add_direct(HOST, "/a.gif", GIF, "image/gif")
    with fetcher(park, LIMITS.model_copy(update={"max_redirects": 2})) as web:
        for path in ("/1", "/2"):
            park.fail_once(HOST, path, redirect({"/1": "/2", "/2": "/a.gif"}[path]))
        assert web.media(f"https://{HOST}/1").data == GIF
        for _ in range(3):
            park.fail_once(HOST, "/loop", redirect("/loop"))
        with pytest.raises(HostChangedError, match="more than 2 times"):
            web.media(f"https://{HOST}/loop")


@pytest.mark.parametrize("location", [
        None, "", "http://[::1/", "https://exa mple.org:x/", "data:image/gif;base64,R0lG", "javascript:alert(1)",
        "mailto:a@b.c", "about:blank", "tel:1", "urn:x", "blob:x", "//", "http:", "http:///x", "http://a b/",
        "file:///etc/passwd", "view-source:http://x/", "http://b\xfc\x7f/", "ws://media.example.net/", "http://[v1.a]/",
    ],
)  # fmt: skip
def test_broken_redirects_are_an_acquire_error(park: HostPark, web: Fetcher, location: str | None) -> None:
    """A redirect to nowhere ends in one clear error."""
    headers = {} if location is None else {"Location": location}
    park.fail_once(HOST, "/a.gif", Response(status=302, headers=headers))
    with pytest.raises(AcquireError, match=r"redirect|link|status 404"):  # some lead back here
        web.media(f"https://{HOST}/a.gif")


def test_secrets_stay_with_their_host(park: HostPark, web: Fetcher) -> None:
    """A token is not carried along when a redirect leads to another host."""
    park.add_direct("other.example.com", "/a.gif", GIF, "image/gif")
    park.fail_once(HOST, "/a.gif", redirect("https://other.example.com/a.gif"))
    web.media(f"https://{HOST}/a.gif", headers={"Authorization": "Bearer secret", "X-Kept": "yes"})
    first, second = park.log
    assert first.headers["authorization"] == "Bearer secret"
    assert "authorization" not in second.headers
    assert second.headers["x-kept"] == "yes"


def test_only_expected_hosts_are_contacted(park: HostPark, web: Fetcher) -> None:
    """With `allow`, neither the link nor a redirect may lead to another host."""
    park.add_direct("tracker.example.net", "/a.gif", GIF, "image/gif")
    park.fail_once(HOST, "/a.gif", redirect("https://tracker.example.net/a.gif"))
    with pytest.raises(BlockedError, match=r"tracker\.example\.net"):
        web.media(f"https://{HOST}/a.gif", allow=lambda host: host == HOST)
    assert [request.host for request in park.log] == [HOST]


def test_oversized_bodies_are_cut_off(park: HostPark, web: Fetcher) -> None:
    """A body is refused by its announced length, or as soon as it grows beyond the limit."""
    url = park.add_direct(HOST, "/big.mp4", bytes(200_001))
    with pytest.raises(UnsupportedError, match="announces more"):
        web.media(url)
    park.fail_once(HOST, "/big.mp4", endless)
    with pytest.raises(UnsupportedError, match="sends more"):
        web.media(url)
    assert len(web.media(park.add_direct(HOST, "/fits.mp4", bytes(200_000))).data) == 200_000


def test_short_bodies_are_another_try(park: HostPark, web: Fetcher) -> None:
    """A body shorter than announced is never taken for the file."""
    url = park.add_direct(HOST, "/a.gif", GIF, "image/gif")
    park.fail_once(HOST, "/a.gif", lambda: lying(GIF, len(GIF) + 10))
    with pytest.raises(TryLaterError, match="damaged"):
        web.media(url)
    assert web.media(url).data == GIF


def test_long_bodies_poison_nothing(park: HostPark, web: Fetcher) -> None:
    """What follows the announced length is dropped with its connection; the next answer is not mixed up with it."""
    url = park.add_direct(HOST, "/a.gif", GIF, "image/gif")
    poison = b"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 4\r\n\r\nevil"
    park.fail_once(HOST, "/a.gif", lambda: lying(GIF + poison, len(GIF), "image/gif"))
    assert web.media(url).data == GIF
    assert web.media(url).data == GIF
    assert len(park.network.dialled) == 2


def test_packed_media_are_refused(park: HostPark, web: Fetcher) -> None:
    """Media under any Content-Encoding are refused unread."""
    headers = {"Content-Type": "video/mp4", "Content-Encoding": "gzip"}
    park.fail_once(HOST, "/a.mp4", Response(body=gzip.compress(bytes(10_000_000)), headers=headers))
    with pytest.raises(UnsupportedError, match="packed"):
        web.media(f"https://{HOST}/a.mp4")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_packed_bombs_stop_at_the_limit(park: HostPark, web: Fetcher, encoding: str) -> None:
    """A small packed answer that unpacks to more than the page limit is refused."""
    bomb = gzip.compress(bytes(10_000_000)) if encoding == "gzip" else zlib.compress(bytes(10_000_000))
    park.fail_once(HOST, "/x", Response(body=bomb, headers={"Content-Encoding": encoding}))
    with pytest.raises(UnsupportedError, match="unpacks to more than 50000 bytes"):
        web.page(f"https://{HOST}/x")


def test_json_and_pages_are_read(park: HostPark, web: Fetcher) -> None:
    """JSON is decoded and pages become text, packed or not."""
    packed = gzip.compress(json.dumps({"name": "Reiher — grün"}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    park.fail_once(HOST, "/j", Response(body=packed, headers=headers))
    latin = {"Content-Type": "text/html; charset=ISO-8859-1"}
    park.fail_once(HOST, "/p", Response(body="grün".encode("latin-1"), headers=latin))
    assert web.json(f"https://{HOST}/j") == {"name": "Reiher — grün"}
    page = web.page(f"https://{HOST}/p")
    assert (page.text, page.status, page.url) == ("grün", 200, f"https://{HOST}/p")


@pytest.mark.parametrize("body", [b"<!doctype html>", b"", b"[" * 40_000, b"\xff\xfe", b"1" * 5000, b"{"])
def test_what_is_not_json_is_a_changed_host(park: HostPark, web: Fetcher, body: bytes) -> None:
    """Pages, damaged and abusive JSON end in one error."""
    park.fail_once(HOST, "/j", Response(body=body))
    with pytest.raises(HostChangedError, match="other than JSON"):
        web.json(f"https://{HOST}/j")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, GoneError),
        (410, GoneError),
        (401, NeedsTokenError),
        (403, BlockedError),
        (451, BlockedError),
        (408, OutageError),
        (429, OutageError),
        (500, OutageError),
        (503, OutageError),
        (400, HostChangedError),
        (418, HostChangedError),
        (204, HostChangedError),
        (206, HostChangedError),
        (304, HostChangedError),
    ],
)
def test_each_status_has_its_error(park: HostPark, web: Fetcher, status: int, error: type[AcquireError]) -> None:
    """Every status but 200 becomes the error that says what it means, with the status on it."""
    park.fail_once(HOST, "/a.gif", status)
    with pytest.raises(error) as caught:
        web.media(f"https://{HOST}/a.gif")
    assert type(caught.value) is error
    assert caught.value.status == status
    assert caught.value.retry is (error is OutageError)


def test_retry_after_reaches_the_error(park: HostPark, web: Fetcher) -> None:
    """The error of a rate limit carries the host's wish in seconds."""
    park.fail_once(HOST, "/a.gif", Response(status=429, headers={"Retry-After": "77"}))
    with pytest.raises(TryLaterError) as caught:
        web.media(f"https://{HOST}/a.gif")
    assert caught.value.retry_after == 77.0
    assert isinstance(status_error(HOST, 503, None, START), TryLaterError)


@pytest.mark.parametrize(
    ("content_type", "match"),
    [
        ("text/html; charset=utf-8", "a web page instead of media"),
        ("application/xhtml+xml", "a web page instead of media"),
        ("application/json", "application/json instead of media"),
        ("image/svg+xml", "instead of media"),
        ("<script>", "something unknown instead of media"),
    ],
)
def test_wrong_types_are_refused(park: HostPark, web: Fetcher, content_type: str, match: str) -> None:
    """A declared type that is no media is refused before the body is read."""
    park.fail_once(HOST, "/a.gif", Response(body=GIF, headers={"Content-Type": content_type}))
    with pytest.raises(UnsupportedError, match=match):
        web.media(f"https://{HOST}/a.gif")


@pytest.mark.parametrize("content_type", ["image/gif", "video/mp4", "application/octet-stream", "IMAGE/GIF; x=y", ""])
def test_media_and_undeclared_types_pass(park: HostPark, web: Fetcher, content_type: str) -> None:
    """Media types and files without a telling type are fetched: the decoder looks at the bytes."""
    headers = {"Content-Type": content_type} if content_type else {}
    park.fail_once(HOST, "/a.gif", Response(body=GIF, headers=headers))
    assert web.media(f"https://{HOST}/a.gif").data == GIF


def test_pages_instead_of_media_and_empty_files_are_unsupported(park: HostPark, web: Fetcher) -> None:
    """A bot check with status 200 and an empty file are not media."""
    park.fail_once(HOST, "/a.gif", web_page())
    with pytest.raises(UnsupportedError, match="web page"):
        web.media(f"https://{HOST}/a.gif")
    with pytest.raises(UnsupportedError, match="empty"):
        web.media(park.add_direct(HOST, "/empty.gif", b"", "image/gif"))


def test_dripping_bodies_end_with_the_total_time(park: HostPark) -> None:
    """A host that sends a byte now and then, never silent for long, is given up after the total time."""
    park.fail_once(HOST, "/a.mp4", slow(bytes(500), 0.05))
    config = LIMITS.model_copy(update={"total_seconds": 0.4, "read_seconds": 0.3})
    start = time.monotonic()
    with fetcher(park, config) as web, pytest.raises(TryLaterError, match="in time"):
        web.media(f"https://{HOST}/a.mp4")
    assert 0.3 < time.monotonic() - start < 8


def test_dripping_headers_end_with_the_total_time(park: HostPark) -> None:
    """A host that never finishes its headers is given up after the total time."""
    stop = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not stop.wait(0.05):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        park.network.serve("drip.example.com", listener.getsockname()[1])
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        start = time.monotonic()
        config = LIMITS.model_copy(update={"total_seconds": 0.4, "read_seconds": 0.3})
        with fetcher(park, config) as web, pytest.raises(TryLaterError, match="in time"):
            web.media("https://drip.example.com/a.mp4")
        assert 0.3 < time.monotonic() - start < 8
        stop.set()
        thread.join(5)


def test_silence_ends_with_the_read_time(park: HostPark) -> None:
    """A host that falls silent is given up after the read time."""
    park.fail_once(HOST, "/a.mp4", slow(b"ab", 3))  # who waits has it all
    with fetcher(park, LIMITS.model_copy(update={"read_seconds": 0.2})) as web, pytest.raises(TryLaterError):
        web.media(f"https://{HOST}/a.mp4")


def test_unreachable_hosts_are_another_try(park: HostPark, web: Fetcher) -> None:
    """Unknown names, closed ports and cut connections are passing failures."""
    with pytest.raises(TryLaterError, match="cannot be reached"):
        web.media("https://nobody.example.com/a.gif")
    park.network.point("closed.example.com", "2000::ffff")
    with pytest.raises(TryLaterError, match="cannot be reached"):
        web.media("https://closed.example.com/a.gif")
    park.fail_once(HOST, "/a.gif", Response(drop=True))
    with pytest.raises(TryLaterError, match="broke off"):
        web.media(f"https://{HOST}/a.gif")


def test_messages_hold_no_urls(park: HostPark, web: Fetcher) -> None:
    """An error names host and reason in one sentence, never the path or a signature."""
    url = f"https://{HOST}/secretpath.gif?signature=topsecret"
    for answer in (404, 401, 403, 418, 429, 500, 302, Response(drop=True), web_page()):
        park.fail_once(HOST, "/secretpath.gif", answer)
        with pytest.raises(AcquireError) as caught:
            web.media(url)
        message = str(caught.value)
        assert HOST in message
        assert "secret" not in message
        assert "\n" not in message
        assert caught.value.__cause__ is None


def test_threads_share_a_fetcher(park: HostPark, web: Fetcher) -> None:
    """Requests of several threads at once neither mix nor share a deadline."""
    urls = [park.add_direct(HOST, f"/{n}.gif", GIF + bytes([n]), "image/gif") for n in range(12)]
    found: dict[int, bytes] = {}

    def fetch(n: int) -> None:
        found[n] = web.media(urls[n]).data

    threads = [threading.Thread(target=fetch, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == {n: GIF + bytes([n]) for n in range(12)}


def test_signed_queries_arrive_untouched(park: HostPark, web: Fetcher) -> None:
    """Signatures in a query are sent as they were given."""
    park.add_direct(HOST, "/a.gif", GIF, "image/gif")
    park.fail_once(HOST, "/a.gif", json_response({}))
    web.json(f"https://{HOST}/a.gif?s=v2:ab%2Bc&for=198.54&x=a+b~!&hash=1")
    assert park.log[-1].query == {"s": "v2:ab+c", "for": "198.54", "x": "a b~!", "hash": "1"}
