"""The inbox: what is read, what is refused, and that nothing in it changes, against a real IMAP conversation."""

from __future__ import annotations

import ipaddress
import logging
import shutil
import socket
import ssl
import tempfile
import threading
import traceback
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from pydantic import SecretStr

from bot.config import InboxConfig
from bot.errors import ConfigError, InboxError
from bot.inbox import MAX_LETTER, Arrived, Inbox, Place
from bot.letters import read_letter
from bot.loopback.imap import ImapFault, ImapMailbox
from tests import dovecot
from tests.certificates import loopback_tls, self_signed
from tests.letters import OURS, report

SECRET = 'correct "horse" \\battery'
DAY = date(2026, 11, 1)
LETTER = b"From: desk@host.example\r\nSubject: Hello\r\n\r\nBody.\r\n"
READS_ONLY = {"CAPABILITY", "STARTTLS", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT"}


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return loopback_tls(tmp_path_factory.mktemp("tls"))


def config(box: ImapMailbox, **changes: Any) -> InboxConfig:
    values = {"host": "127.0.0.1", "port": box.port, "security": "none", "username": "desk", "password": SECRET}
    return InboxConfig.model_validate({**values, "timeout_seconds": 5, **changes})


def mailbox(**more: Any) -> ImapMailbox:
    return ImapMailbox(login=("desk", SECRET), **more)


def read(inbox: Inbox, after: Place | None = None, **more: Any) -> tuple[list[Arrived], bool]:
    found: list[Arrived] = []
    left = inbox.read(after, since=DAY, take=found.append, **more)
    return found, left


@pytest.mark.slow
def test_messages_are_read_once_and_left_as_they_are() -> None:
    """What is new since the last place arrives in order, whole up to the bound; nothing in the mailbox is changed."""
    with mailbox() as box:
        inbox = Inbox(config(box))
        assert read(inbox) == ([], False)
        at = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
        box.deliver(LETTER, at=datetime(2026, 10, 30, tzinfo=UTC))  # from before
        box.deliver(LETTER, at=at)
        box.deliver(LETTER + b"x" * MAX_LETTER, at=at)
        found, _ = read(inbox)
        assert [a.place.uid for a in found] == [2, 3]
        assert (found[0].raw, found[0].at, found[0].size) == (LETTER, at, len(LETTER))
        assert (len(found[1].raw), found[1].size) == (MAX_LETTER, MAX_LETTER + len(LETTER))
        assert read(inbox, found[-1].place) == ([], False)
        box.deliver(LETTER, at=at)
        assert [a.place.uid for a in read(inbox, found[-1].place)[0]] == [4]
        box.expunge(4)  # the last one is in every range without end
        assert read(inbox, Place(validity=1, uid=4)) == ([], False)
        first, more = read(inbox, most=1)
        assert ([a.place.uid for a in first], more) == ([2], True)
        assert [a.place.uid for a in read(inbox, first[0].place)[0]] == [3]
        box.renumber()
        assert [a.place for a in read(inbox, found[-1].place)[0]] == [Place(validity=2, uid=n) for n in (2, 3)]
        assert set(box.commands) <= READS_ONLY
        assert "answers (no encryption, on this machine, logged in as desk, 3 messages in INBOX)" in inbox.check()


@pytest.mark.parametrize(
    ("fault", "words", "setup"),
    [
        (ImapFault(at="connect", text="no room"), "fails at the connection: .*no room", False),
        (ImapFault(at="connect", how="cut"), "fails at the connection", False),
        (ImapFault(at="connect", how="raw", text="220 a mail server\r\n"), "the connection", False),
        (ImapFault(at="LOGIN", text=f"I know no {SECRET}"), "refuses the login; check inbox.username", True),
        (ImapFault(at="LOGIN", text="[UNAVAILABLE] later"), "cannot take the login now", False),
        (ImapFault(at="LOGIN", how="cut"), "the login", False),
        (ImapFault(at="LOGIN", how="raw", text=f"TAG BAD what is {SECRET}\r\n"), "refuses the login", True),
        (ImapFault(at="EXAMINE"), r"does not open the folder INBOX \(scripted\); check inbox.folder", True),
        (
            ImapFault(at="EXAMINE", how="raw", text="* 3 EXISTS\r\nTAG OK open\r\n"),
            "the folder INBOX in a shape",
            False,
        ),
        (ImapFault(at="EXAMINE", how="raw", text="* x EXISTS\r\nTAG OK open\r\n"), "the folder INBOX", False),
        (ImapFault(at="SEARCH"), "fails at the search: scripted", False),
        (ImapFault(at="SEARCH", how="raw", text="* SEARCH " + "1 " * 1_100_000 + "\r\n"), "no end", False),
        (ImapFault(at="SEARCH", how="raw", text="* SEARCH " + "9" * 5000 + " x 12\r\nTAG OK done\r\n"), "", False),
        (ImapFault(at="FETCH"), "fails at message 1: scripted", False),
        (ImapFault(at="FETCH", how="cut"), "fails at message 1", False),
        (ImapFault(at="FETCH", how="raw", text="* 1 FETCH (BODY[]<0> {99999999}\r\n"), "more than was asked", False),
        (ImapFault(at="FETCH", how="raw", text="* 1 FETCH (BODY[]<0> {" + "9" * 5000 + "}\r\n"), "message 1", False),
        (
            ImapFault(at="FETCH", how="raw", text="* 1 FETCH (UID 9 BODY[]<0> {2}\r\nab)\r\nTAG OK done\r\n"),
            "another",
            False,
        ),
        (ImapFault(at="FETCH", how="raw", text="\xff\0 nonsense \u00e9\r\n" * 3), "message 1", False),
    ],
)
def test_every_failure_is_one_sentence_without_secrets(
    fault: ImapFault, words: str, setup: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Refusals, cuts and answers in no known shape end in one sentence, without the password and what was sent."""
    caplog.set_level(logging.DEBUG)
    with mailbox() as box:
        box.deliver(LETTER)
        box.script(fault)
        if not words:  # numbers that are none are left out
            assert read(Inbox(config(box))) == ([], False)
            return
        with pytest.raises(InboxError, match=words) as caught:
            read(Inbox(config(box)))
        text = str(caught.value)
        seen = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "\n" not in text
    assert len(text) < 500
    assert "horse" not in seen
    assert caught.value.setup is setup
    assert caught.value.at == ((1, 1) if fault.at == "FETCH" else None)


def test_a_message_that_is_gone_meanwhile_is_left_out() -> None:
    """A message that another reader deleted between search and fetch is no failure."""
    with mailbox() as box:
        box.deliver(LETTER)
        box.deliver(LETTER)
        box.script(ImapFault(at="FETCH", how="raw", text="TAG OK nothing\r\n"))
        assert [a.place.uid for a in read(Inbox(config(box)))[0]] == [2]


@pytest.mark.parametrize("implicit", [False, True])
def test_the_inbox_is_read_over_verified_tls_alone(tls: tuple[ssl.SSLContext, ssl.SSLContext], implicit: bool) -> None:
    """TLS and STARTTLS encrypt the login; without a certificate that verifies nothing is shown to the server."""
    server, client = tls
    how = {"security": "tls" if implicit else "starttls"}
    with mailbox(context=server, implicit_tls=implicit) as box:
        box.deliver(LETTER)
        assert [a.raw for a in read(Inbox(config(box, **how), context=client))[0]] == [LETTER]
        before = len(box.commands)
        with pytest.raises(InboxError, match="certificate") as caught:
            Inbox(config(box, **how)).check()
        assert caught.value.setup
        assert "LOGIN" not in box.commands[before:]
    with mailbox() as box:
        with pytest.raises(InboxError):
            Inbox(config(box, **how)).check()
        assert "LOGIN" not in box.commands


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"host": ""}, "inbox.host"),
        ({"host": "mail.example.org"}, "inbox.security"),
        ({"username": ""}, "inbox.username"),
        ({"password": "one\r\ntwo"}, "control"),
        ({"folder": "a\nb"}, "control"),
    ],
)
def test_unsafe_settings_of_the_inbox_are_refused(changes: dict[str, str], word: str) -> None:
    """Settings with which nothing can be read safely are refused at once, in a sentence that names the key."""
    values = {"host": "127.0.0.1", "security": "none", "username": "a", "password": "b", **changes}
    with pytest.raises(ConfigError, match=word):
        Inbox(InboxConfig.model_validate(values))


@pytest.mark.parametrize("at", ["LOGIN", "FETCH"])
def test_a_mute_server_is_left_and_a_stop_cuts_it(at: Any) -> None:
    """A server that says nothing is left when its time is over, and at once when the program stops."""
    with mailbox() as box:
        box.deliver(LETTER)
        box.script(ImapFault(at=at, how="mute"))
        with pytest.raises(InboxError, match=r"timed out|cut"):
            read(Inbox(config(box, timeout_seconds=0.2)))
        box.script(ImapFault(at=at, how="mute"))
        inbox = Inbox(config(box, timeout_seconds=60))
        threading.Timer(0.1, inbox.stop).start()
        with pytest.raises(InboxError, match="stopping"):
            read(inbox)


def test_a_server_that_drips_ends_with_the_whole_conversation() -> None:
    """A byte now and then does not hold a conversation beyond its deadline."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def drip() -> None:
            wire, _ = listening.accept()
            with wire:
                try:
                    while not over.wait(0.05):
                        wire.sendall(b"*")
                except OSError:  # cut
                    return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        settings = InboxConfig.model_validate(
            {"host": "127.0.0.1", "port": listening.getsockname()[1], "security": "none", "username": "a"}
            | {"password": "b", "timeout_seconds": 0.1}
        )
        started = datetime.now(UTC)
        with pytest.raises(InboxError, match="its time was over"):
            Inbox(settings).check()
        assert datetime.now(UTC) - started < timedelta(seconds=5)
        over.set()
        thread.join(5)


def test_a_fault_of_the_keeper_is_not_taken_for_one_of_the_server() -> None:
    """What goes wrong while a message is kept is raised as it is."""

    def keep(_: Arrived) -> None:
        raise ValueError("ours")

    with mailbox() as box:
        box.deliver(LETTER)
        with pytest.raises(ValueError, match="ours"):
            Inbox(config(box)).read(None, since=DAY, take=keep)


@pytest.mark.slow
def test_dovecot_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    """A real server, over TLS and STARTTLS: what is new is read in order, no flag is set, and refusals are told."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot"))  # its sockets' paths must be short
    certificate, key = self_signed(tmp_path, x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    client = ssl.create_default_context(cafile=str(certificate))
    try:
        with dovecot.running(folder, certificate, key, SECRET) as server:
            if server is None:
                pytest.skip("dovecot is not installed; apt-get install dovecot-imapd")
            server.deliver(LETTER)
            server.deliver(report())
            server.deliver(b"Subject: large\r\n\r\n" + b"x" * (MAX_LETTER + 5000) + b"\r\n")
            server.deliver(b"Subject: nul\r\n\r\n\0\xff" + b"y" * 100_000 + b"\r\n")
            for name, port in (("tls", server.tls), ("starttls", server.plain)):
                settings = InboxConfig.model_validate(
                    {"host": "127.0.0.1", "port": port, "security": name, "username": "desk", "password": SECRET}
                )
                inbox = Inbox(settings, context=client)
                assert "4 messages in INBOX" in inbox.check()
                found: list[Arrived] = []
                assert inbox.read(None, since=DAY, take=found.append) is False
                assert [a.place.uid for a in found] == [1, 2, 3, 4]
                assert found[0].raw == LETTER
                assert read_letter(found[1].raw).returned == (OURS,)
                assert (len(found[2].raw), found[2].size > MAX_LETTER) == (MAX_LETTER, True)
                assert all(a.at is not None for a in found)
                assert read(inbox, found[-1].place) == ([], False)
                with pytest.raises(InboxError, match="does not open the folder Änswers"):
                    Inbox(settings.model_copy(update={"folder": "Änswers"}), context=client).check()
                with pytest.raises(InboxError, match="certificate"):
                    Inbox(settings).check()
            wrong = settings.model_copy(update={"password": SecretStr("wrong")})  # for which it takes its time
            with pytest.raises(InboxError, match="refuses the login"):
                Inbox(wrong, context=client).check()
            server.deliver(LETTER, "Answers")
            moved = Inbox(settings.model_copy(update={"folder": "Answers"}), context=client)
            assert [a.raw for a in read(moved)[0]] == [LETTER]
            assert (server.flags(), server.count()) == (set(), 4)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
