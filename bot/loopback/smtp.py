"""A mail server on loopback that keeps what it receives and fails when told to. It delivers nothing."""

from __future__ import annotations

import base64
import binascii
import re
import socketserver
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as POLICY
from typing import Literal

from bot.loopback.lines import Cut, LineServer, encrypt

MAX_LINE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One scripted failure: the next time it comes to `at`, answer with `code`, or cut the connection if None.

    `data` is the DATA command, before any of the message; `body` is in the midst of it; `dot` is after the final dot:
    a code there refuses the message, a cut keeps it and sends no reply.
    """

    at: Literal["connect", "auth", "mail", "rcpt", "data", "body", "dot"]
    code: int | None = None
    text: str = "scripted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message as it arrived, and its envelope."""

    message: EmailMessage
    raw: bytes
    sender: str
    recipients: tuple[str, ...]
    login: str | None  # who had logged in
    encrypted: bool


class SmtpSink(LineServer[Fault]):
    """Serves SMTP on 127.0.0.1 at a free port, one thread a connection.

    `login` is the (name, password) that must be shown before mail is taken. `context` makes it offer STARTTLS, or
    speak TLS from the first byte with `implicit_tls`. `max_size` is the largest message, in bytes.
    """

    def __init__(
        self,
        *,
        login: tuple[str, str] | None = None,
        context: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        max_size: int = 1 << 20,
    ) -> None:
        super().__init__(lambda handler: _Conversation(self, handler).run(), context=context, implicit_tls=implicit_tls)
        self.login = login
        self.max_size = max_size
        self.heard: Callable[[Received], None] = lambda _received: None  # told each message that is taken
        self._received: list[Received] = []

    @property
    def received(self) -> tuple[Received, ...]:
        """Every message taken so far, in order."""
        with self._lock:
            return tuple(self._received)

    def _keep(self, received: Received) -> None:
        with self._lock:
            self._received.append(received)
        self.heard(received)


class _Conversation:
    """One client's connection, from greeting to QUIT."""

    def __init__(self, sink: SmtpSink, handler: socketserver.StreamRequestHandler) -> None:
        self._sink = sink
        self._handler = handler
        self._encrypted = False
        self._login: str | None = None
        self._sender: str | None = None
        self._recipients: list[str] = []

    def run(self) -> None:
        if self._sink.implicit_tls:
            self._encrypt()
        if not self._passes("connect"):
            return
        self._reply(220, "loopback sink")
        steps: dict[str, Callable[[str], None]] = {
            "EHLO": self._ehlo,
            "HELO": lambda _: self._reply(250, "loopback"),
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": lambda _: self._reply(250, "still here"),
        }
        while True:
            verb, _, rest = self._line().partition(" ")
            self._sink.note(verb.upper())
            if verb.upper() == "QUIT":
                self._reply(221, "bye")
                return
            step = steps.get(verb.upper())
            if step is None:
                self._reply(500, "no such command")
            else:
                step(rest)

    def _ehlo(self, _: str) -> None:
        lines = ["loopback", f"SIZE {self._sink.max_size}"]
        if self._sink.context and not self._encrypted:
            lines.append("STARTTLS")
        if self._sink.login:
            lines.append("AUTH PLAIN LOGIN")
        self._reply(250, *lines)

    def _starttls(self, _: str) -> None:
        if self._sink.context is None or self._encrypted:
            self._reply(503, "not now")
            return
        self._reply(220, "go ahead")
        self._encrypt()

    def _auth(self, rest: str) -> None:
        if not self._passes("auth"):
            return
        method, _, initial = rest.partition(" ")
        if method.upper() == "PLAIN":
            parts = _decode(initial or self._ask("")).split("\0")
            shown = (parts[1], parts[2]) if len(parts) == 3 else ("", "")
        elif method.upper() == "LOGIN":
            name = _decode(initial or self._ask("Username:"))
            shown = (name, _decode(self._ask("Password:")))
        else:
            self._reply(504, "no such method")
            return
        if shown != self._sink.login:
            self._reply(535, "wrong name or password")
            return
        self._login = shown[0]
        self._reply(235, "welcome")

    def _mail(self, rest: str) -> None:
        if not self._passes("mail"):
            return
        address = re.match(r"FROM:<([^<>]*)>", rest, re.IGNORECASE)
        size = re.search(r"\sSIZE=(\d+)", rest, re.IGNORECASE)
        if self._sink.login and not self._login:
            self._reply(530, "log in first")
        elif address is None:
            self._reply(501, "MAIL FROM:<address>")
        elif size and int(size[1]) > self._sink.max_size:
            self._reply(552, "too large")
        else:
            self._sender, self._recipients = address[1], []
            self._reply(250, "sender ok")

    def _rcpt(self, rest: str) -> None:
        if not self._passes("rcpt"):
            return
        address = re.match(r"TO:<([^<>]+)>", rest, re.IGNORECASE)
        if self._sender is None:
            self._reply(503, "MAIL first")
        elif address is None:
            self._reply(501, "RCPT TO:<address>")
        else:
            self._recipients.append(address[1])
            self._reply(250, "recipient ok")

    def _data(self, _: str) -> None:
        if not self._passes("data"):
            return
        if self._sender is None or not self._recipients:
            self._reply(503, "RCPT first")
            return
        self._reply(354, "end with a dot")
        lines: list[bytes] = []
        size = 0
        while (line := self._handler.rfile.readline()) != b".\r\n":
            if not line or self._sink.due("body"):
                raise Cut
            size += len(line)
            if size <= self._sink.max_size:
                lines.append(line[1:] if line.startswith(b".") else line)
        if size > self._sink.max_size:
            self._rset_envelope()
            self._reply(552, "too large")
            return
        fault = self._sink.due("dot")
        if fault is None or fault.code is None:
            self._keep(b"".join(lines))
        self._rset_envelope()
        if fault is None:
            self._reply(250, f"kept as {len(self._sink.received)}")
        elif fault.code is None:
            raise Cut
        else:
            self._reply(fault.code, fault.text)

    def _rset(self, _: str) -> None:
        self._rset_envelope()
        self._reply(250, "forgotten")

    def _rset_envelope(self) -> None:
        self._sender, self._recipients = None, []

    def _keep(self, raw: bytes) -> None:
        message = message_from_bytes(raw, policy=POLICY)
        assert isinstance(message, EmailMessage)
        self._sink._keep(
            Received(
                message=message,
                raw=raw,
                sender=self._sender or "",
                recipients=tuple(self._recipients),
                login=self._login,
                encrypted=self._encrypted,
            )
        )

    def _passes(self, at: str) -> bool:
        fault = self._sink.due(at)
        if fault is None:
            return True
        if fault.code is None:
            raise Cut
        self._reply(fault.code, fault.text)
        return False

    def _encrypt(self) -> None:
        assert self._sink.context is not None
        encrypt(self._handler, self._sink.context)
        self._encrypted = True
        self._login = None

    def _ask(self, prompt: str) -> str:
        self._reply(334, base64.b64encode(prompt.encode()).decode())
        return self._line()

    def _line(self) -> str:
        line = self._handler.rfile.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            self._reply(500, "line too long")
            raise Cut
        if not line:
            raise Cut
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def _reply(self, code: int, *lines: str) -> None:
        marks = ["-"] * (len(lines) - 1) + [" "]
        text = "".join(f"{code}{mark}{line}\r\n" for mark, line in zip(marks, lines, strict=True))
        self._handler.wfile.write(text.encode())


def _decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
