"""Mail: the only owner of SMTP. One message a connection; whether it was accepted is never guessed."""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from io import BufferedIOBase

from bot.config import MailConfig, is_address, is_loopback
from bot.errors import ConfigError, MailError
from bot.exchange import Exchange, Exchanges, tls_words
from bot.text import line

MAX_REPLY = 200  # characters of a server's reply that are repeated to people
WHOLE = 3  # times the longest wait for the server that a conversation may take, from the look-up to the farewell
MAX_ANSWERS = 2**20  # bytes of a server's replies in one conversation

__all__ = ["Mailer", "is_address"]


class _Bounded:
    """What a server says, as smtplib reads it, up to `MAX_ANSWERS`: a reply may have lines without end."""

    def __init__(self, file: BufferedIOBase) -> None:
        self._file = file
        self._left = MAX_ANSWERS

    def readline(self, size: int = -1) -> bytes:
        """Return a line. Raises SMTPServerDisconnected beyond the bound, and for half a line."""
        said: bytes = self._file.readline(size)
        self._left -= len(said)
        if self._left < 0:
            raise smtplib.SMTPServerDisconnected("the replies have no end")
        if said and len(said) != size and not said.endswith(b"\n"):
            raise smtplib.SMTPServerDisconnected("a reply broke off")  # half of one says yes to nothing
        return said

    def close(self) -> None:
        """Close the file below."""
        self._file.close()


class _Talk(smtplib.SMTP):
    """A conversation on a socket of an exchange."""

    def __init__(self, exchange: Exchange, host: str, port: int, *, name: str, timeout: float) -> None:
        self._exchange = exchange
        super().__init__(host, port, local_hostname=name, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._exchange.connect(host, port, timeout)

    def getreply(self) -> tuple[int, bytes]:
        """Return the server's next reply."""
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"))
        return super().getreply()


class _TlsTalk(_Talk):
    """The same, with TLS from the first byte."""

    def __init__(
        self, exchange: Exchange, host: str, port: int, *, name: str, timeout: float, context: ssl.SSLContext
    ) -> None:
        self._tls = context
        super().__init__(exchange, host, port, name=name, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = super()._get_socket(host, port, timeout)
        try:
            return self._tls.wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise


class Mailer:
    """Sends mail through the server of `[mail]`.

    `connect` gives a connected `smtplib.SMTP` instead of dialling the configured server, and `context` verifies its
    certificate instead of the system's trust store: both only for tests and the demo.
    Raises ConfigError for settings with which nothing can be sent safely.
    """

    def __init__(
        self,
        config: MailConfig,
        *,
        connect: Callable[[], smtplib.SMTP] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        if not config.host:
            raise ConfigError("mail.host is empty, so no notice can be sent; name your mail server there")
        if not is_address(config.sender):
            raise ConfigError(
                "mail.sender is not an e-mail address; notices come from it, so set one like abuse@example.org"
            )
        if config.security == "none" and not is_loopback(config.host):
            raise ConfigError(
                f"mail.security is none but {config.host} is another machine, which would send login and notices"
                " readable by anyone on the way; use starttls or tls"
            )
        if not (config.username + config.password.get_secret_value()).isascii():
            raise ConfigError(
                "mail.username or mail.password has characters outside ASCII, which SMTP login cannot carry"
            )
        self._config = config
        self._connect = connect
        self._context = context
        self._exchanges = Exchanges()

    def stop(self) -> None:
        """Cut the conversation under way, in whatever thread, and every later one."""
        self._exchanges.stop()

    @property
    def sender(self) -> str:
        """The address that mail comes from."""
        return self._config.sender

    def send(self, message: EmailMessage) -> str:
        """Send one message to all its To addresses, or to none; return the server's reply.

        Raises MailError: `sent` False when the server did not take it (`retry` says whether trying again can help),
        None when the connection ended after the message and before the reply, so that nobody can know.
        """
        sender, recipients = _envelope(message)
        data = message.as_bytes(policy=WIRE.clone(cte_type="7bit"))
        with self._session() as smtp:
            with self._phase("the message"):
                options = [f"SIZE={len(data)}"] if smtp.has_extn("size") else []
                _accepted("the sender", smtp.mail(sender, options))
                for recipient in recipients:
                    _accepted(f"the recipient {recipient}", smtp.rcpt(recipient))
                _accepted("the message", smtp.docmd("DATA"), wanted=3)
                # smtplib's own data() does not tell a cut before the final dot from one after it.
                body = re.sub(rb"(?m)^\.", b"..", data)
                smtp.send(body if body.endswith(b"\r\n") else body + b"\r\n")
            return self._finish(smtp)

    def check(self) -> str:
        """Connect, greet and log in without sending anything; return what was found, in a few words.

        Raises MailError.
        """
        with self._session() as smtp, self._phase("the check"):
            _accepted("the check", smtp.noop())
        how = {"starttls": "STARTTLS", "tls": "TLS", "none": "no encryption, on this machine"}[self._config.security]
        login = f"logged in as {self._config.username}" if self._config.username else "no login"
        return f"{self._place} answers ({how}, {login})"

    def _trust(self) -> ssl.SSLContext:
        return self._context or ssl.create_default_context()

    @property
    def _place(self) -> str:
        return f"mail server {self._config.host}:{self._config.port}"

    def _dial(self, exchange: Exchange) -> smtplib.SMTP:
        config = self._config
        # Without a name of ours smtplib greets with the machine's, which then stands in every notice's Received lines.
        name, wait = config.sender.rpartition("@")[2], config.timeout_seconds
        if config.security == "tls":
            return _TlsTalk(exchange, config.host, config.port, name=name, timeout=wait, context=self._trust())
        return _Talk(exchange, config.host, config.port, name=name, timeout=wait)

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        with self._exchanges.within(WHOLE * self._config.timeout_seconds) as exchange:
            try:
                with self._talk(exchange) as smtp:
                    yield smtp
            except MailError as error:
                if exchange.cut is None:
                    raise
                why = "the program is stopping" if exchange.cut == "stopped" else "its time was over"
                raise MailError(
                    f"{error}; the conversation was cut, since {why}", sent=error.sent, retry=error.retry
                ) from None

    @contextmanager
    def _talk(self, exchange: Exchange) -> Iterator[smtplib.SMTP]:
        with self._phase("the connection"):
            smtp = self._dial(exchange) if self._connect is None else self._connect()
            if self._connect is not None and isinstance(smtp.sock, socket.socket):
                exchange.watch(smtp.sock)
        try:
            with self._phase("the login"):
                self._log_in(smtp)
            yield smtp
            with contextlib.suppress(OSError):  # the reply to the message is in: a failing farewell changes nothing
                smtp.quit()
        finally:
            smtp.close()

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        config = self._config
        # "localhost" is a name like any other until it is resolved.
        if config.security == "none" and (smtp.sock is None or not is_loopback(smtp.sock.getpeername()[0])):
            raise MailError(
                f"{self._place} is another machine and mail.security is none; use starttls or tls", retry=False
            )
        smtp.ehlo_or_helo_if_needed()
        if config.security == "starttls":
            if not smtp.has_extn("starttls"):
                raise MailError(f"{self._place} offers no STARTTLS; check mail.port and mail.security", retry=False)
            smtp.starttls(context=self._trust())
            smtp.ehlo_or_helo_if_needed()
        if config.username:
            smtp.login(config.username, config.password.get_secret_value())

    def _finish(self, smtp: smtplib.SMTP) -> str:
        """Send the final dot and return the reply. From here on a lost connection says nothing about the message."""
        try:
            smtp.send(b".\r\n")
            code, reply = smtp.getreply()
        except OSError as error:
            raise self._unknown(
                f"ended the connection without a reply to the message ({type(error).__name__})"
            ) from None
        if code // 100 not in (2, 4, 5):
            raise self._unknown(f"gave no reply that SMTP knows to the message ({code})")
        with self._phase("the message"):
            _accepted("the message", (code, reply))
        return f"{code} {self._clean(reply)}"

    def _unknown(self, what: str) -> MailError:
        return MailError(
            f"{self._place} {what}, so it may have been sent; send it again with the same Message-ID", sent=None
        )

    @contextmanager
    def _phase(self, what: str) -> Iterator[None]:
        """Turn what smtplib raises into a MailError in one sentence, without secrets."""
        try:
            yield
        except smtplib.SMTPResponseException as error:
            said = f"{error.smtp_code} {self._clean(error.smtp_error)}"
            if isinstance(error, _Refused):
                what = error.what
            elif isinstance(error, smtplib.SMTPAuthenticationError):  # its text may repeat what was sent, in base64
                said = f"{error.smtp_code}; check mail.username and mail.password"
            raise MailError(
                f"{self._place} refuses {what} ({said})",
                retry=not 500 <= error.smtp_code <= 599,
                setup=isinstance(error, smtplib.SMTPAuthenticationError),
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise MailError(
                f"{self._place} offers no login that we know; empty mail.username if it wants none", retry=False
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise MailError(
                f"{self._place} shows a certificate that does not verify: {error.verify_message}; have it "
                "renewed, check mail.host, and this machine's clock and authorities"
            ) from None
        except ssl.SSLError as error:
            raise MailError(
                f"{self._place} speaks no TLS that we know there ({tls_words(error)}); check mail.port and "
                "mail.security: 465 is tls, 587 starttls"
            ) from None
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that is none
            strerror = error.strerror if isinstance(error, OSError) else None
            reason = self._clean(strerror or str(error) or type(error).__name__)
            raise MailError(f"{self._place} fails at {what}: {reason}; check mail.host and mail.port") from None

    def _clean(self, reply: bytes | str) -> str:
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        secret = self._config.password.get_secret_value()
        text = text.replace(secret, "***") if secret else text  # some servers echo what they were sent
        return line(" ".join(text.split()), MAX_REPLY)


class _Refused(smtplib.SMTPResponseException):
    """A reply that is not the wanted one; `what` names what was refused."""

    def __init__(self, what: str, code: int, reply: bytes) -> None:
        super().__init__(code, reply)
        self.what = what


def _accepted(what: str, answer: tuple[int, bytes], *, wanted: int = 2) -> None:
    code, reply = answer
    if code // 100 != wanted:
        raise _Refused(what, code, reply)


def _envelope(message: EmailMessage) -> tuple[str, list[str]]:
    """Return sender and recipients as they go on the wire. Raises MailError when one of them cannot."""
    found = [[a.addr_spec for a in message[name].addresses] if message[name] else [] for name in ("From", "To")]
    senders, recipients = found
    if len(senders) != 1 or not recipients:
        raise MailError("the message needs one From and at least one To address", retry=False)
    for address in (*senders, *recipients):
        if not is_address(address):
            raise MailError(f"{address!r} is not an e-mail address that we can write to; correct it", retry=False)
    return senders[0], recipients
