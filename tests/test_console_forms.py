"""Bodies of forms: in which charset, from whom they are read at all, and what is no form."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator

import pytest

from bot.pipeline import Pipeline
from bot.web.console.app import acts
from tests.console import Console, console_on


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with nobody but its operator."""
    with console_on(bot) as served:
        yield served


CHARSETS = ("punycode", "undefined", "unicode_escape", "utf-7", "UTF-16", "idna", "latin-1", "x", "", '"punycode"')


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_form_is_utf8(console: Console, charset: str) -> None:
    """No codec that a header names decodes a form: it is refused at once, by every way and for everybody."""
    console.person("Ben")
    ben, nobody = console.signed_in("Ben"), console.browser()
    part = b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + b"\xc3\xa4" * 20_000 + b"\r\n--b--\r\n"
    text = b"csrf=" + b"a" * 20_000
    begun = time.monotonic()
    for path in ("/sign-out", "/rules/clips/trial", "/anything/ask", "/sign-in"):
        for kind, content in (("multipart/form-data; boundary=b", part), ("application/x-www-form-urlencoded", text)):
            held = {"Origin": console.url, "Content-Type": f"{kind}; Charset={charset}"}
            answer = ben.client.post(path, content=content, headers=held)
            assert (answer.status_code, answer.text.count("\n")) == (415, 1), (path, kind)
            if path != "/sign-in":
                assert nobody.client.post(path, content=content, headers=held).status_code == 401
    assert time.monotonic() - begun < 10
    for charset in ("utf-8", "UTF-8", '"utf8"'):
        held = {"Origin": console.url, "Content-Type": f"multipart/form-data; boundary=b; charset={charset}"}
        assert ben.client.post("/sign-out", content=part, headers=held).status_code == 403


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
@pytest.mark.slow
def test_who_may_not_is_refused_before_the_form(console: Console, kind: str) -> None:
    """At every way nobody, who has no role, and another origin are answered while no byte of the form was sent."""
    console.person("Eve", None)
    eve = console.signed_in("Eve")
    cookie = "; ".join(f"{one.name}={one.value}" for one in eve.client.cookies.jar)
    host, _, port = console.host.partition(":")
    for path, verb in [*acts(), ("/sign-in", None)]:
        filled = re.sub(r"\{\w+\}", "C-1", path)
        asked = [(cookie, "https://attacker.example", 403)]
        asked += [("", console.url, 401)] if path != "/sign-in" else []
        asked += [(cookie, console.url, 403)] if verb else []
        for who, origin, status in asked:
            lines = f"POST {filled} HTTP/1.1\r\nHost: {console.host}\r\nUser-Agent: {eve.agent}\r\nCookie: {who}\r\n"
            with socket.create_connection((host, int(port)), timeout=9) as sent:
                sent.sendall(
                    f"{lines}Origin: {origin}\r\nContent-Type: {kind}\r\nContent-Length: 9999\r\n\r\n".encode()
                )
                assert sent.recv(4096).startswith(f"HTTP/1.1 {status} ".encode()), (path, origin)


@pytest.mark.parametrize(
    "content", [b"", b"--", b"--b\r\nx", b"--b\r\nContent-Disposition: x\r\n\r\n", b"%ff=%00&&=;="]
)
def test_what_is_no_form_fails_nothing(console: Console, content: bytes) -> None:
    """Bodies and types that are broken are refused, whatever the way."""
    console.person("Ben")
    ben = console.signed_in("Ben")
    for path in ("/sign-out", "/anything/ask", "/sign-in"):
        for kind in (
            "", "x", ";", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=b",
            f"multipart/form-data; boundary={'b' * 5000}", "application/x-www-form-urlencoded", "application/json",
            "multipart/form-data; boundary=\"\xe4;\"", "MULTIPART/FORM-DATA; BOUNDARY=b",
        ):  # fmt: skip
            held = {b"Origin": console.url.encode(), b"Content-Type": kind.encode("latin-1")}
            answer = ben.client.post(path, content=content, headers=held)
            assert 400 <= answer.status_code < 500, (path, kind, answer.status_code)
