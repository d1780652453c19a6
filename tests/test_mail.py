"""Mail: what is sent, what is refused, and what nobody can know, against a real SMTP conversation."""

from __future__ import annotations

import logging
import smtplib
import socket
import ssl
import traceback
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import MailConfig
from bot.errors import ConfigError, MailError
from bot.loopback.smtp import Fault, SmtpSink
from bot.mail import Mailer, is_address
from tests.certificates import loopback_tls

SECRET = "correct-horse-battery"


def config(sink: SmtpSink, **changes: Any) -> MailConfig:
    return MailConfig.model_validate(
        {
            "host": "127.0.0.1",
            "port": sink.port,
            "security": "none",
            "sender": "abuse@mods.example",
            "timeout_seconds": 5,
            **changes,
        }
    )


def letter(body: str = "Hello.\n", to: str = "desk@host.example") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Moderators <abuse@mods.example>"
    message["To"] = to
    message["Subject"] = "Test"
    message["Message-ID"] = "<N-1@mods.example>"
    message.set_content(body)
    return message


@pytest.fixture(scope="module")
def sink_for_bodies() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a fresh certificate for 127.0.0.1, and a client's that trusts it."""
    return loopback_tls(tmp_path_factory.mktemp("tls"))


def test_a_message_arrives_as_it_was_written() -> None:
    """Envelope, headers and body arrive unchanged, and the server's reply comes back."""
    with SmtpSink() as sink:
        reply = Mailer(config(sink)).send(letter("First line.\n.dot first\n..two dots\nZoë was here.\n"))
        (received,) = sink.received
    assert reply == "250 kept as 1"
    assert received.sender == "abuse@mods.example"
    assert received.recipients == ("desk@host.example",)
    assert received.message["Message-ID"] == "<N-1@mods.example>"
    assert received.message.get_content() == "First line.\n.dot first\n..two dots\nZoë was here.\n"


@settings(max_examples=60)
@given(body=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
@pytest.mark.slow
def test_no_body_breaks_out_of_its_message(sink_for_bodies: SmtpSink, body: str) -> None:
    """Whatever the body holds, exactly one message arrives and no line of it is taken for a command."""
    before, commands = len(sink_for_bodies.received), len(sink_for_bodies.commands)
    Mailer(config(sink_for_bodies)).send(letter(body))
    assert len(sink_for_bodies.received) == before + 1
    assert sink_for_bodies.commands[commands:][:4] == ("EHLO", "MAIL", "RCPT", "DATA")
    assert set(sink_for_bodies.commands[commands + 4 :]) <= {"QUIT"}
    assert sink_for_bodies.received[-1].message["Subject"] == "Test"


@pytest.mark.parametrize("smuggled", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n"])
def test_a_dot_between_bare_line_ends_does_not_end_the_message(smuggled: bytes) -> None:
    """Bare CR and LF leave as CRLF, so a lone dot is stuffed and a second message cannot be smuggled in."""
    message = letter()
    message.set_payload((b"one" + smuggled + b"MAIL FROM:<x@y.example>\nend").decode())
    with SmtpSink() as sink:
        Mailer(config(sink)).send(message)
        (received,) = sink.received
    assert b"one\r\n.\r\nMAIL FROM:<x@y.example>\r\nend" in received.raw


@pytest.mark.parametrize(("at", "code"), [("mail", 450), ("rcpt", 451), ("data", 421), ("dot", 452), ("connect", 421)])
def test_a_passing_refusal_is_worth_another_try(at: Any, code: int) -> None:
    """A 4xx anywhere means: not sent, try again; and the next try sends exactly one message."""
    with SmtpSink() as sink:
        sink.script(Fault(at=at, code=code))
        mailer = Mailer(config(sink))
        with pytest.raises(MailError, match=str(code)) as caught:
            mailer.send(letter())
        assert (caught.value.sent, caught.value.retry, sink.received) == (False, True, ())
        mailer.send(letter())
        assert len(sink.received) == 1


@pytest.mark.parametrize(("at", "code"), [("mail", 550), ("rcpt", 550), ("data", 554), ("dot", 554), ("connect", 554)])
def test_a_final_refusal_is_not_tried_again(at: Any, code: int) -> None:
    """A 5xx anywhere means: not sent, and trying again cannot help."""
    with SmtpSink() as sink:
        sink.script(Fault(at=at, code=code))
        with pytest.raises(MailError, match=str(code)) as caught:
            Mailer(config(sink)).send(letter())
        assert (caught.value.sent, caught.value.retry, sink.received) == (False, False, ())


@pytest.mark.parametrize("at", ["connect", "mail", "rcpt", "data"])
def test_a_cut_before_the_message_means_not_sent(at: Any) -> None:
    """A connection lost before the message has left is a failure that is surely not sent."""
    with SmtpSink() as sink:
        sink.script(Fault(at=at))
        with pytest.raises(MailError) as caught:
            Mailer(config(sink)).send(letter())
        assert (caught.value.sent, caught.value.retry, sink.received) == (False, True, ())


def test_a_cut_after_the_final_dot_is_unknown() -> None:
    """A server that takes the message and hangs up without a reply leaves the question open, and the error says so."""
    with SmtpSink() as sink:
        sink.script(Fault(at="dot"))
        with pytest.raises(MailError, match="may have been sent") as caught:
            Mailer(config(sink)).send(letter())
        assert caught.value.sent is None
        assert [m.message["Message-ID"] for m in sink.received] == ["<N-1@mods.example>"]


@pytest.mark.parametrize("reply", [b"354 what\r\n", b"hello\r\n", b"250-" + b"x" * 9000 + b"\r\n"])
def test_a_reply_that_is_none_is_unknown(reply: bytes) -> None:
    """After the final dot, an answer outside SMTP proves neither success nor failure."""
    ours, theirs = socket.socketpair()
    script = b"220 hi\r\n250 hello\r\n250 sender\r\n250 recipient\r\n354 go\r\n" + reply
    with theirs:
        theirs.sendall(script)

        class Scripted(smtplib.SMTP):
            def _get_socket(self, *_: Any) -> socket.socket:
                return ours

        tls_less = MailConfig(host="127.0.0.1", security="tls", sender="abuse@mods.example")
        with pytest.raises(MailError) as caught:
            Mailer(tls_less, connect=lambda: Scripted("127.0.0.1", 25, local_hostname="x", timeout=5)).send(letter())
        assert caught.value.sent is None


def test_the_login_is_shown_and_recorded() -> None:
    """With a username the mailer logs in before it sends."""
    with SmtpSink(login=("bot", SECRET)) as sink:
        Mailer(config(sink, username="bot", password=SECRET)).send(letter())
        assert [m.login for m in sink.received] == ["bot"]


def test_a_refused_login_reveals_no_password(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A wrong password is a final refusal; it stands neither in the error, nor in its traceback, nor in any log."""
    caplog.set_level(logging.DEBUG)
    with SmtpSink(login=("bot", "another")) as sink:
        with pytest.raises(MailError, match="535") as caught:
            Mailer(config(sink, username="bot", password=SECRET)).check()
        assert caught.value.retry is False
        seen = "".join(traceback.format_exception(caught.value)) + caplog.text + "".join(capfd.readouterr())
        assert SECRET not in seen
        assert "Ym90" not in seen  # base64 of the name, hence of what was sent


def test_a_server_that_echoes_the_password_is_not_repeated() -> None:
    """A password in a server's reply is blacked out."""
    with SmtpSink(login=("bot", SECRET)) as sink:
        sink.script(Fault(at="rcpt", code=550, text=f"you said {SECRET}"))
        with pytest.raises(MailError, match=r"you said \*\*\*") as caught:
            Mailer(config(sink, username="bot", password=SECRET)).send(letter())
        assert SECRET not in str(caught.value)


def test_a_server_without_login_is_named() -> None:
    """A login for a server that has none ends in one sentence."""
    with SmtpSink() as sink, pytest.raises(MailError, match="login") as caught:
        Mailer(config(sink, username="bot", password=SECRET)).check()
    assert caught.value.retry is False


def test_the_check_sends_nothing() -> None:
    """`check` greets and logs in, and never begins a message."""
    with SmtpSink(login=("bot", SECRET)) as sink:
        found = Mailer(config(sink, username="bot", password=SECRET)).check()
        assert sink.received == ()
        assert not {"MAIL", "RCPT", "DATA"} & set(sink.commands)
    assert "logged in as bot" in found


@pytest.mark.parametrize("implicit", [False, True])
def test_mail_is_encrypted_with_a_verified_certificate(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], implicit: bool
) -> None:
    """STARTTLS and TLS both encrypt login and message, and a certificate that verifies is accepted."""
    server, client = tls
    with SmtpSink(login=("bot", SECRET), context=server, implicit_tls=implicit) as sink:
        settings_ = config(sink, security="tls" if implicit else "starttls", username="bot", password=SECRET)
        Mailer(settings_, context=client).send(letter())
        assert [(m.encrypted, m.login) for m in sink.received] == [(True, "bot")]


@pytest.mark.parametrize("implicit", [False, True])
def test_a_certificate_that_does_not_verify_gets_nothing(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], implicit: bool
) -> None:
    """Without a trusted certificate neither login nor message leaves."""
    with SmtpSink(context=tls[0], implicit_tls=implicit) as sink:
        with pytest.raises(MailError, match="certificate") as caught:
            Mailer(config(sink, security="tls" if implicit else "starttls")).send(letter())
        assert caught.value.sent is False
        assert not {"AUTH", "MAIL"} & set(sink.commands)


def test_a_server_without_starttls_gets_nothing() -> None:
    """STARTTLS is never skipped because a server (or someone between) does not offer it."""
    with SmtpSink(login=("bot", SECRET)) as sink:
        with pytest.raises(MailError, match="STARTTLS"):
            Mailer(config(sink, security="starttls", username="bot", password=SECRET)).send(letter())
        assert not {"AUTH", "MAIL"} & set(sink.commands)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"host": ""}, "mail.host"),
        ({"host": "mail.example.org"}, "mail.security"),
        ({"host": "10.0.0.5"}, "mail.security"),
        ({"host": "127.0.0.1.example.org"}, "mail.security"),
        ({"sender": ""}, "mail.sender"),
        ({"sender": "Mods <a@b.example>"}, "mail.sender"),
        ({"sender": "a@b.example\nBcc: c@d.example"}, "mail.sender"),
        ({"password": "pässword"}, "mail.password"),
    ],
)
def test_unsafe_settings_are_refused(changes: dict[str, str], word: str) -> None:
    """Settings with which nothing can be sent safely are refused at once, in a sentence that names the key."""
    values = {"host": "127.0.0.1", "security": "none", "sender": "abuse@mods.example", **changes}
    with pytest.raises(ConfigError, match=word) as caught:
        Mailer(MailConfig.model_validate(values))
    assert "\n" not in str(caught.value)
    assert "pässword" not in str(caught.value)


def test_localhost_must_also_be_here() -> None:
    """`localhost` that leads to another machine gets no unencrypted mail."""

    class Elsewhere:
        def getpeername(self) -> tuple[str, int]:
            return ("192.0.2.1", 25)

        def close(self) -> None:
            return

    smtp = smtplib.SMTP(local_hostname="x")
    smtp.sock = Elsewhere()  # type: ignore[assignment]  # a socket with a peer that a test cannot have
    with pytest.raises(MailError, match="another machine"):
        Mailer(MailConfig(host="localhost", security="none", sender="a@b.example"), connect=lambda: smtp).send(letter())


def test_nobody_there_is_one_sentence() -> None:
    """A closed port is a failure that is not sent and is worth another try."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        settings_ = MailConfig(host="127.0.0.1", port=port, security="none", sender="a@b.example")
        with pytest.raises(MailError, match="refused") as caught:
            Mailer(settings_).send(letter())
    assert (caught.value.sent, caught.value.retry) == (False, True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("to", ["", "undisclosed:;", "Desk <desk>", "zoë@host.example"])
def test_a_message_without_a_usable_recipient_stays_here(to: str) -> None:
    """A message that cannot be addressed is refused before anything is dialled."""
    with SmtpSink() as sink:
        with pytest.raises(MailError):
            Mailer(config(sink)).send(letter(to=to))
        assert sink.commands == ()


def test_a_too_large_message_is_a_final_refusal() -> None:
    """The announced size is checked by the server before the message leaves."""
    with SmtpSink(max_size=500) as sink:
        with pytest.raises(MailError, match="552") as caught:
            Mailer(config(sink)).send(letter("x\n" * 500))
        assert (caught.value.retry, sink.received) == (False, ())
        assert "DATA" not in sink.commands


@given(st.text(max_size=40))
def test_an_address_never_holds_what_breaks_a_header_or_an_envelope(text: str) -> None:
    """What passes for an address is ASCII without spaces, angle brackets, controls or encoded words."""
    for candidate in (text, f"{text}@example.org", f"a@{text}"):
        if is_address(candidate):
            assert candidate.isascii()
            assert candidate.isprintable()
            assert not set(candidate) & set(' <>,;:"()[]\\?=')
            assert candidate.count("@") == 1


@pytest.mark.parametrize(
    "address", ["a@b", "abuse@tumblr.com", "a.b+c@sub.example.org", "o'neil@x.example", "a@xn--bcher-kva.example"]
)
def test_ordinary_addresses_pass(address: str) -> None:
    """Everyday addresses are accepted."""
    assert is_address(address)
