"""Whole exchanges end in time: Reddit, mail, names and the status page, against servers that drip or never end."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Iterator, Sequence

import pytest

from bot.clock import SystemClock
from bot.config import Config, FetchConfig, MailConfig, RedditConfig
from bot.errors import MailError, RedditError, TryLaterError
from bot.exchange import LONGEST, Exchange, Exchanges, LookUps
from bot.fetch import Fetcher
from bot.mail import Mailer
from bot.reddit import Reddit, transport
from bot.store import Store
from bot.web.metrics import registry
from bot.web.server import Place, Server
from bot.web.status import status_app
from bot.web.steps import Steps
from tests.dripping import Script, drip, pour, requests, serving, took
from tests.test_mail import letter, tls

__all__ = ["tls"]

TOKEN = b'{"access_token":"x","token_type":"bearer","expires_in":86400,"scope":"*"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = 1.5  # seconds that a call to Reddit may take here
SLACK = 8.0  # on a busy machine; without an end it would be minutes


def answering(after_token: Script) -> Script:
    """Return a Reddit that gives a token and then follows a script."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        for _, path, _ in requests(connection):
            if "access_token" in path:
                connection.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(TOKEN) + TOKEN)
            else:
                after_token(connection, over)

    return script


def body(connection: socket.socket, over: threading.Event) -> None:
    """An answer without a length that drips."""
    connection.sendall(OK + b"\r\n")
    drip(connection, over, b" ")


def whole_then_drip(connection: socket.socket, over: threading.Event) -> None:
    """An answer that reads as whole JSON wherever it is cut."""
    connection.sendall(OK + b'\r\n{"data": {"children": []}}')
    drip(connection, over, b" ")


def chunked(connection: socket.socket, over: threading.Event) -> None:
    """Chunks of a byte each."""
    connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    drip(connection, over, b"1\r\n \r\n")


def headers(connection: socket.socket, over: threading.Event) -> None:
    """A header that drips."""
    connection.sendall(OK + b"X: ")
    drip(connection, over, b"a")


def informational(connection: socket.socket, over: threading.Event) -> None:
    """The same interim answer for ever."""
    drip(connection, over, b"HTTP/1.1 100 Continue\r\n\r\n")


def token(connection: socket.socket, over: threading.Event) -> None:
    """A token that drips."""
    connection.recv(65_536)
    connection.sendall(OK + b"\r\n")
    drip(connection, over, b" ")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let calls to Reddit end soon."""
    monkeypatch.setattr(transport.OnceRequestor.call.__wrapped__, "__defaults__", (WHOLE,))  # type: ignore[attr-defined]


def reddit_at(port: int) -> Reddit:
    """Return a client of the Reddit on that port."""
    keys = {"client_id": "a", "client_secret": "b", "username": "c", "password": "d", "contact": "e"}
    url = f"http://127.0.0.1:{port}"
    return Reddit(RedditConfig.model_validate(keys), reddit_url=url, oauth_url=url, clock=SystemClock())


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(answering(body), id="body"),
        pytest.param(answering(whole_then_drip), id="whole"),
        pytest.param(answering(chunked), id="chunked"),
        pytest.param(answering(headers), id="headers"),
        pytest.param(answering(informational), id="informational"),
        pytest.param(token, id="token"),
    ],
)
@pytest.mark.slow
def test_a_reddit_that_drips_ends_a_read(script: Script) -> None:
    """A read from Reddit ends at its deadline, whatever drips, and can be tried again."""
    with serving(script) as port:
        reddit = reddit_at(port)
        seconds, error = took(lambda: reddit.thing("t3_abc"))
        reddit.close()
    assert isinstance(error, RedditError)
    assert error.retry
    assert not error.ambiguous
    assert "was not whole" in str(error)
    assert seconds < WHOLE + SLACK


def test_a_closed_reddit_hangs_up_and_leaves_nothing_behind() -> None:
    """The connection that was kept for the next request ends, and the client can go."""
    hung_up = threading.Event()
    answer = answering(lambda connection, _: connection.sendall(OK + b"Content-Length: 2\r\n\r\n{}"))

    def script(connection: socket.socket, over: threading.Event) -> None:
        answer(connection, over)
        hung_up.set()

    with serving(script) as port:
        reddit = reddit_at(port)
        reddit.get("/r/clips/about", "look")
        assert not hung_up.is_set()
        reddit.close()
        assert hung_up.wait(SLACK)
    left = weakref.ref(reddit._requestor)
    del reddit
    gc.collect()
    assert left() is None


@pytest.mark.slow
def test_a_post_to_a_reddit_that_drips_is_in_doubt() -> None:
    """A post whose answer was cut may have been done, and is sent once."""
    posts: list[str] = []

    def script(connection: socket.socket, over: threading.Event) -> None:
        for method, path, _ in requests(connection):
            if "access_token" in path:
                connection.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(TOKEN) + TOKEN)
            else:
                posts.append(f"{method} {path.partition('?')[0]}")
                body(connection, over)

    with serving(script) as port:
        reddit = reddit_at(port)
        seconds, error = took(lambda: reddit.post("api/lock", "lock it", id="t3_abc"))
        reddit.close()
    assert isinstance(error, RedditError)
    assert error.ambiguous
    assert posts == ["POST /api/lock"]
    assert seconds < WHOLE + SLACK


def test_an_answer_of_reddit_has_a_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body without end is given up at the cap, long before the deadline."""
    monkeypatch.setattr(transport, "MAX_BYTES", 2**20)
    sent = [0]

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(OK + b"\r\n")
        while not over.is_set():
            connection.sendall(b" " * 65_536)
            sent[0] += 65_536

    with serving(answering(script)) as port:
        reddit = reddit_at(port)
        _, error = took(lambda: reddit.thing("t3_abc"))
        reddit.close()
    assert "sends more than" in str(error)
    assert sent[0] < 16 * 2**20


@pytest.mark.slow
def test_stopping_cuts_a_call_to_reddit(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the program stops, a call under way ends at once, and so does closing."""
    monkeypatch.setattr(transport.OnceRequestor.call.__wrapped__, "__defaults__", (40.0,))  # type: ignore[attr-defined]
    with serving(answering(body)) as port:
        reddit = reddit_at(port)
        threading.Timer(0.5, reddit.stop).start()
        seconds, error = took(lambda: reddit.thing("t3_abc"))
        reddit.close()
    assert isinstance(error, RedditError)
    assert "stopping" in str(error)
    assert seconds < 0.5 + SLACK


def mailer_at(port: int, wait: float = 0.5, *, security: str = "none", context: ssl.SSLContext | None = None) -> Mailer:
    """Return a mailer for the server on that port."""
    settings = {"host": "127.0.0.1", "port": port, "security": security, "sender": "a@mods.example"}
    return Mailer(MailConfig.model_validate({**settings, "timeout_seconds": wait}), context=context)


def smtp(at: str, *, endless: bytes = b"", greets: bool = True) -> Script:
    """Return a mail server that drips, or pours `endless`, in answer to one command (`banner`: at once)."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        def stall() -> None:
            if endless:
                pour(connection, over, endless)
            drip(connection, over, b"2")

        if at == "banner":
            stall()
        if greets:
            connection.sendall(b"220 hello\r\n")
        lines = connection.makefile("rb")
        body = False
        for line in lines:
            word = line.strip().upper()
            if body:
                if word != b".":
                    continue
                body = False
                word = b"DOT"
            if word.split(b" ")[0].decode() == at:
                stall()
            body = word == b"DATA"
            connection.sendall(b"354 go on\r\n" if body else b"250 fine\r\n")

    return script


@pytest.mark.parametrize(("at", "sent"), [("banner", False), ("EHLO", False), ("MAIL", False), ("DATA", False),
                                          ("DOT", None)])  # fmt: skip
@pytest.mark.slow
def test_a_mail_server_that_drips_ends_a_conversation(at: str, sent: bool | None) -> None:
    """A conversation ends at its deadline; only after the final dot nobody knows whether the message was taken."""
    with serving(smtp(at)) as port:
        seconds, error = took(lambda: mailer_at(port).send(letter()))
    assert isinstance(error, MailError)
    assert error.sent is sent
    assert error.retry
    assert "its time was over" in str(error)
    assert seconds < 1.5 + SLACK


def tls_smtp(context: ssl.SSLContext, at: str, *, implicit: bool) -> Script:
    """Return a mail server of TLS that drips in the `handshake`, in a `record`, or in answer to a command."""

    def hold(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(b"\x16\x03\x03\x40\x00")  # the head of a long record of a handshake
        drip(connection, over, b"\x00")

    def script(connection: socket.socket, over: threading.Event) -> None:
        if not implicit:
            connection.sendall(b"220 hello\r\n")
            lines = connection.makefile("rb")
            lines.readline()
            connection.sendall(b"250-hello\r\n250 STARTTLS\r\n")
            lines.readline()
            if at == "go ahead":
                drip(connection, over, b"220-wait\r\n")
            connection.sendall(b"220 go ahead\r\n")
        if at == "handshake":
            hold(connection, over)
        with context.wrap_socket(connection, server_side=True) as encrypted:
            if at == "record":
                if not implicit:
                    encrypted.recv(65_536)
                wire = socket.socket(fileno=os.dup(encrypted.fileno()))
                with wire:
                    wire.sendall(b"\x17\x03\x03\x40\x00")  # of data, that is never whole
                    drip(wire, over, b"\x00")
            if implicit and at != "banner":
                encrypted.sendall(b"220 hello\r\n")
            smtp(at, greets=implicit and at == "banner")(encrypted, over)

    return script


@pytest.mark.parametrize(
    ("implicit", "at", "sent"),
    [
        (False, "go ahead", False),
        (False, "handshake", False),
        (False, "record", False),
        (False, "EHLO", False),
        (False, "DOT", None),
        (True, "handshake", False),
        (True, "record", False),
        (True, "banner", False),
        (True, "DATA", False),
        (True, "DOT", None),
    ],
)
@pytest.mark.slow
def test_a_mail_server_of_tls_that_drips_ends_a_conversation(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], implicit: bool, at: str, sent: bool | None
) -> None:
    """STARTTLS and TLS from the first byte end at the deadline too, in the handshake, in a record and behind them."""
    server, client = tls
    with serving(tls_smtp(server, at, implicit=implicit)) as port:
        how = "tls" if implicit else "starttls"
        seconds, error = took(lambda: mailer_at(port, security=how, context=client).send(letter()))
    assert isinstance(error, MailError)
    assert error.sent is sent
    assert error.retry
    assert "its time was over" in str(error) or "timed out" in str(error)  # which a handshake is by itself
    assert seconds < 1.5 + SLACK


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.slow
def test_stopping_cuts_a_handshake(tls: tuple[ssl.SSLContext, ssl.SSLContext], implicit: bool) -> None:
    """When the program stops while TLS is being agreed on, the conversation ends at once."""
    server, client = tls
    with serving(tls_smtp(server, "handshake", implicit=implicit)) as port:
        mailer = mailer_at(port, wait=30, security="tls" if implicit else "starttls", context=client)
        threading.Timer(0.5, mailer.stop).start()
        seconds, error = took(lambda: mailer.send(letter()))
    assert "stopping" in str(error)
    assert seconds < 0.5 + SLACK


def test_a_reply_without_end_is_not_kept() -> None:
    """A reply of lines without end is given up at a cap of bytes, long before the deadline."""
    with serving(smtp("EHLO", endless=b"250-STILL-TALKING\r\n" * 1000)) as port:
        seconds, error = took(lambda: mailer_at(port, wait=20).send(letter()))
    assert isinstance(error, MailError)
    assert seconds < 10


@pytest.mark.slow
def test_stopping_cuts_a_conversation() -> None:
    """When the program stops, a conversation under way ends at once."""
    with serving(smtp("EHLO")) as port:
        mailer = mailer_at(port, wait=30)
        threading.Timer(0.5, mailer.stop).start()
        seconds, error = took(lambda: mailer.send(letter()))
    assert "stopping" in str(error)
    assert seconds < 0.5 + SLACK


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What a resolver waits for that never answers; at the end it does."""
    over = threading.Event()
    yield over
    over.set()


@pytest.mark.slow
def test_a_name_that_is_never_looked_up_is_left_behind(never: threading.Event) -> None:
    """A fetch ends at its deadline though the resolver does not; other names go on, and so many at most are left."""

    def resolve(host: str, _port: int) -> Sequence[str]:
        if host.startswith("slow"):
            never.wait()
        return ["127.0.0.1"]

    names = LookUps(resolve, most=2)
    assert names.ask("quick.example", 80, 1) == ["127.0.0.1"]
    for name in ("slow1.example", "slow2.example"):
        seconds, error = took(lambda name=name: names.ask(name, 80, 0.3))  # type: ignore[misc]
        assert isinstance(error, TimeoutError)
        assert seconds < 0.3 + SLACK
    left = sum(thread.name == "look-up" for thread in threading.enumerate())
    _, error = took(lambda: names.ask("quick.example", 80, 0.3))
    assert "too many" in str(error)
    assert sum(thread.name == "look-up" for thread in threading.enumerate()) == left
    never.set()
    time.sleep(0.1)
    assert names.ask("quick.example", 80, 1) == ["127.0.0.1"]


@pytest.mark.slow
def test_a_fetch_ends_while_its_name_is_looked_up(never: threading.Event) -> None:
    """The deadline of a fetch holds for the resolver too, and stopping ends the wait at once."""

    def resolve(_host: str, _port: int) -> Sequence[str]:
        never.wait()
        return []

    short = FetchConfig(total_seconds=1, connect_seconds=30, read_seconds=1)
    with Fetcher(short, SystemClock(), resolve=resolve) as fetcher:
        seconds, error = took(lambda: fetcher.media("http://a.example.org/x.gif"))
        assert isinstance(error, TryLaterError)
        assert seconds < 1 + SLACK
    with Fetcher(FetchConfig(total_seconds=60, connect_seconds=60), SystemClock(), resolve=resolve) as fetcher:
        threading.Timer(0.3, fetcher.stop).start()
        seconds, error = took(lambda: fetcher.media("http://a.example.org/x.gif"))
        assert isinstance(error, TryLaterError)
        assert seconds < 0.3 + SLACK


@pytest.mark.slow
def test_an_exchange_cuts_a_socket_that_tls_took_over() -> None:
    """A handshake that drips is cut at the deadline, though its socket has another name by then."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(b"\x16\x03\x03\x40\x00")  # the head of a long record
        drip(connection, over, b"\x00")

    context = ssl.create_default_context()
    with serving(script) as port, Exchanges().within(1) as exchange:
        sock = exchange.connect("127.0.0.1", port, 60)
        with sock:
            seconds, error = took(lambda: context.wrap_socket(sock, server_hostname="localhost"))
    assert isinstance(error, OSError)
    assert seconds < 1 + SLACK
    assert exchange.cut == "late"


@pytest.fixture
def status() -> Iterator[Server]:
    """A status page."""
    clock = SystemClock()
    with Store(None, clock) as store:
        steps = Steps(clock)
        place = Place(address="127.0.0.1", port=0, key="metrics.port")
        with Server([(place, status_app(registry(store, steps, Config()), steps))]) as running:
            yield running


def health(port: int) -> bytes:
    """Ask for /health and return the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while part := sock.recv(65_536):
            answer += part
        return answer


@pytest.mark.parametrize("clients", [1, 30])
@pytest.mark.slow
def test_clients_that_drip_hold_up_nobody(status: Server, clients: int) -> None:
    """While clients send a byte now and then, another is answered at once, and the page closes at once."""
    held = [socket.create_connection(("127.0.0.1", status.port)) for _ in range(clients)]
    for sock in held:
        sock.sendall(b"GET /health HTTP/1.1\r\nX: ")
    seconds, error = took(lambda: health(status.port))
    assert error is None
    assert seconds < SLACK
    assert health(status.port).startswith(b"HTTP/1.1 200")
    seconds, _ = took(lambda: status.__exit__(None, None, None))
    assert seconds < SLACK
    for sock in held:
        sock.close()


def test_a_request_has_a_cap(status: Server) -> None:
    """A request whose headers have no end is broken off."""
    with socket.create_connection(("127.0.0.1", status.port), timeout=5) as sock:
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")

        def send() -> None:
            for _ in range(20_000):
                sock.sendall(b"X: " + b"a" * 4000 + b"\r\n")

        seconds, error = took(send)
    assert isinstance(error, OSError)
    assert seconds < 5


def test_a_look_up_without_a_thread_leaves_its_place_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no thread for a look-up is asked again: such failures never add up to a standstill."""

    def none(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    names = LookUps(lambda host, port: (host, port), most=1)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none)
        for _ in range(3):
            with pytest.raises(RuntimeError):
                names.ask("a.example", 80, 1.0)
    assert names.ask("a.example", 80, 1.0) == ("a.example", 80)


@pytest.mark.parametrize("seconds", [math.inf, math.nan, 1e30])
def test_a_time_without_end_is_a_day(seconds: float) -> None:
    """Infinity, no number and what is beyond the system's timers end an exchange in a day, and no thread dies of it."""
    died: list[object] = []
    hook, threading.excepthook = threading.excepthook, died.append
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, Exchanges().within(seconds) as exchange:
            assert 86_000 < exchange.left() <= LONGEST
            with exchange.connect("127.0.0.1", server.getsockname()[1], seconds) as sock:
                assert sock.gettimeout() == LONGEST
            assert LookUps(lambda *name: name).ask("a.example", 80, seconds) == ("a.example", 80)
    finally:
        threading.excepthook = hook
    assert died == []


@pytest.mark.slow
def test_one_thread_ends_all_exchanges_each_in_its_time() -> None:
    """A shorter one that opens later ends earlier, and none starts a thread of its own."""
    owner = Exchanges()
    with contextlib.ExitStack() as opened:
        longest = opened.enter_context(owner.within(60.0))  # the thread waits for this one
        before = threading.active_count()
        exchanges = [opened.enter_context(owner.within(seconds)) for seconds in (0.9, 0.3, 0.6)]
        assert threading.active_count() <= before
        until = time.monotonic() + SLACK
        while not all(one.cut for one in exchanges) and time.monotonic() < until:
            time.sleep(0.01)
        assert [one.cut for one in (longest, *exchanges)] == [None, "late", "late", "late"]


def test_a_time_that_is_over_is_none_at_all() -> None:
    """Less than no seconds end an exchange at once."""
    with Exchanges().within(-1.0) as exchange:
        assert exchange.left() == 0
        with pytest.raises(TimeoutError, match="is over"):
            exchange.connect("127.0.0.1", 80, 1.0)


def test_a_machine_without_one_family_of_addresses_uses_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no socket of the first address's family can be made, the next address is tried."""
    real = socket.socket

    def made(family: int = socket.AF_INET, *args: int, **more: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return real(family, *args, **more)

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        places = [(socket.AF_INET6, ("::1", port)), (socket.AF_INET, ("127.0.0.1", port))]
        exchange = Exchange(5.0, LookUps(lambda _host, _port: places))
        monkeypatch.setattr(socket, "socket", made)
        with exchange.connect("a.example", port, 2.0) as sock:
            assert sock.getpeername() == ("127.0.0.1", port)
        exchange.forget()
