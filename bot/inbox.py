"""The mailbox that answers come to: the only owner of IMAP.

It is opened for reading alone (EXAMINE, BODY.PEEK): nothing in it is marked, moved or deleted, so that people may
share it. How far it was read is the caller's to keep, as the folder's UIDVALIDITY and the last UID.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from io import BufferedIOBase
from typing import TYPE_CHECKING, Literal

from imap_tools import BaseMailBox, ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from bot.config import InboxConfig, is_loopback
from bot.errors import ConfigError, InboxError
from bot.exchange import Exchange, Exchanges, tls_words
from bot.text import line

if TYPE_CHECKING:  # known to Python from 3.12 on
    from typing_extensions import Buffer

WHOLE = 4  # times the longest wait for the server that a conversation may take, from the look-up to the farewell
MAX_LETTER = 256 * 1024  # bytes of one message that are fetched; what people write stands at its beginning
MAX_LETTERS = 100  # in one conversation
MAX_LINE = 2 * 1024 * 1024  # bytes of one line of the server's; a search that finds 200,000 messages is one
MAX_ALL = MAX_LETTER * MAX_LETTERS + 2 * MAX_LINE  # bytes of a whole conversation
MAX_REPLY = 200  # characters of a server's reply that are repeated to people

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # in no language


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a folder is read. Another `validity` means that the numbers of its messages are others."""

    validity: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message as it lies in the mailbox: its beginning, at most `MAX_LETTER` bytes, and how long it is."""

    place: Place
    raw: bytes
    size: int
    at: datetime | None  # when the server took it


class _Bounded:
    """What a server says, up to bounds: a line, a text and all of it may have no end."""

    def __init__(self, file: BufferedIOBase, left: int) -> None:
        self._file = file
        self.left = left

    def readline(self) -> bytes:
        """Return a line. Raises imaplib's `abort` beyond a bound, and for half a line."""
        said: bytes = self._file.readline(min(MAX_LINE, self.left) + 1)
        self.left -= len(said)
        if self.left < 0 or len(said) > MAX_LINE:
            raise imaplib.IMAP4.abort("a line has no end")
        if said and not said.endswith(b"\n"):
            raise imaplib.IMAP4.abort("a line broke off")
        return said

    def read(self, size: int) -> bytes:
        """Return a text of a length that the server names. Raises `abort` beyond a bound, and for half of one."""
        if size > min(self.left, MAX_LETTER + 4096):
            raise imaplib.IMAP4.abort(f"a text of {size} bytes is more than was asked for")
        text: bytes = self._file.read(size)
        self.left -= len(text)
        if len(text) < size:
            raise imaplib.IMAP4.abort("a text broke off")
        return text

    def close(self) -> None:
        """Close the file below."""
        self._file.close()


class _Talk(imaplib.IMAP4):
    """A conversation on a socket of an exchange. It overrides what imaplib names as overridable."""

    def __init__(self, exchange: Exchange, host: str, port: int, *, wait: float, tls: ssl.SSLContext | None) -> None:
        """`tls`: what to speak TLS with from the first byte."""
        self._exchange = exchange
        self._tls = tls
        self._said: _Bounded | None = None
        super().__init__(host, port, wait)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Connect."""
        self.host, self.port = host, port
        self.sock = self._exchange.connect(host, port, timeout)
        if self._tls is not None:
            self._encrypt(self._tls)
        else:
            self._listen()

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> tuple[Literal["OK"], list[None]]:
        """Go on with TLS. What the server said before in one breath with its consent is not heard."""
        assert ssl_context is not None
        kind, said = self._simple_command("STARTTLS")
        if kind != "OK":
            raise imaplib.IMAP4.error(_words(said))
        self._encrypt(ssl_context)
        self._tls_established = True
        self._get_capabilities()  # those of before are nobody's word
        return "OK", [None]

    def read(self, size: int) -> bytes:
        """Return so many bytes."""
        assert self._said is not None
        return self._said.read(size)

    def readline(self) -> bytes:
        """Return a line."""
        assert self._said is not None
        return self._said.readline()

    def send(self, data: Buffer) -> None:
        """Send bytes."""
        self.sock.sendall(data)

    def shutdown(self) -> None:
        """Close the connection."""
        if self._said is not None:
            self._said.close()
        with contextlib.suppress(AttributeError):  # there was no connection yet
            self.sock.close()

    def _encrypt(self, context: ssl.SSLContext) -> None:
        plain = self.sock
        try:
            self.sock = context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
        self._listen()

    def _listen(self) -> None:
        left = MAX_ALL if self._said is None else self._said.left
        if self._said is not None:
            self._said.close()
        self._said = _Bounded(self.sock.makefile("rb"), left)


class _Mailbox(BaseMailBox):
    """imap-tools' mailbox over a conversation of ours."""

    def __init__(self, talk: _Talk) -> None:
        self._talk = talk
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return self._talk


class Inbox:
    """Reads the mailbox of `[inbox]`.

    `context` verifies its certificate instead of the system's trust store, only for tests and the demo.
    Raises ConfigError for settings with which nothing can be read safely.
    """

    def __init__(self, config: InboxConfig, *, context: ssl.SSLContext | None = None) -> None:
        if not config.host:
            raise ConfigError("inbox.host is empty, so no answer can be read; name your IMAP server there")
        if not config.username or not config.password.get_secret_value():
            raise ConfigError("inbox.username and inbox.password are needed to read answers; set both")
        if config.security == "none" and not is_loopback(config.host):
            raise ConfigError(
                f"inbox.security is none but {config.host} is another machine, which would send login and answers"
                " readable by anyone on the way; use tls or starttls"
            )
        if any(ord(char) < 32 for char in config.username + config.password.get_secret_value() + config.folder):
            raise ConfigError("inbox.username, password or folder has a control character; correct it")
        self._config = config
        self._context = context
        self._exchanges = Exchanges()

    def stop(self) -> None:
        """Cut the conversation under way, in whatever thread, and every later one."""
        self._exchanges.stop()

    def read(
        self,
        after: Place | None,
        *,
        since: date,
        take: Callable[[Arrived], None],
        most: int = MAX_LETTERS,
    ) -> bool:
        """Give `take` each message behind a place in the order of their numbers; return whether there are more.

        Nothing that arrived before `since` is looked at. Raises InboxError, which names the message that it failed at;
        what was taken until then is the caller's.
        """
        with self._session() as (mailbox, exchange):
            validity, _ = self._open(mailbox)
            first = after.uid + 1 if after is not None and after.validity == validity else 1
            for number, uid in enumerate(self._search(mailbox, first, since)):
                if number == most or (number and exchange.left() < self._config.timeout_seconds):
                    return True
                with self._phase(f"message {uid}", at=(validity, uid)):
                    arrived = _fetched(mailbox, Place(validity=validity, uid=uid))
                if arrived is not None:
                    take(arrived)
        return False

    def check(self) -> str:
        """Log in and open the folder without reading anything; return what was found, in a few words.

        Raises InboxError.
        """
        with self._session() as (mailbox, _):
            _, messages = self._open(mailbox)
        config = self._config
        how = {"starttls": "STARTTLS", "tls": "TLS", "none": "no encryption, on this machine"}[config.security]
        there = f"{messages} message{'' if messages == 1 else 's'} in {line(config.folder, MAX_REPLY)}"
        return f"{self._where} answers ({how}, logged in as {config.username}, {there})"

    @property
    def _where(self) -> str:
        return f"IMAP server {self._config.host}:{self._config.port}"

    @contextmanager
    def _session(self) -> Iterator[tuple[_Mailbox, Exchange]]:
        with self._exchanges.within(WHOLE * self._config.timeout_seconds) as exchange:
            try:
                with self._talk(exchange) as mailbox:
                    yield mailbox, exchange
            except InboxError as error:
                if exchange.cut is None:
                    raise
                why = "the program is stopping" if exchange.cut == "stopped" else "its time was over"
                at = None if exchange.cut == "stopped" else error.at
                raise InboxError(f"{error}; the conversation was cut, since {why}", at=at) from None

    @contextmanager
    def _talk(self, exchange: Exchange) -> Iterator[_Mailbox]:
        config = self._config
        tls = self._context or ssl.create_default_context()
        with self._phase("the connection"):
            talk = _Talk(
                exchange,
                config.host,
                config.port,
                wait=config.timeout_seconds,
                tls=tls if config.security == "tls" else None,
            )
        try:
            with self._phase("the login"):
                mailbox = _Mailbox(talk)
                self._log_in(mailbox, tls)
            yield mailbox
            with contextlib.suppress(Exception):  # all that was wanted is here: a failing farewell changes nothing
                mailbox.logout()
        finally:
            with contextlib.suppress(OSError):
                talk.shutdown()

    def _log_in(self, mailbox: _Mailbox, tls: ssl.SSLContext) -> None:
        config, talk = self._config, mailbox.client
        # "localhost" is a name like any other until it is resolved.
        if config.security == "none" and not is_loopback(talk.sock.getpeername()[0]):
            raise InboxError(f"{self._where} is another machine and inbox.security is none; use tls", setup=True)
        if config.security == "starttls":
            if "STARTTLS" not in talk.capabilities:
                raise InboxError(f"{self._where} offers no STARTTLS; check inbox.port and inbox.security", setup=True)
            talk.starttls(tls)
        if "LOGINDISABLED" in talk.capabilities:
            raise InboxError(f"{self._where} takes no password here; check inbox.security", setup=True)
        secret = config.password.get_secret_value()
        if (config.username + secret).isascii():
            mailbox.login(config.username, secret, initial_folder=None)
        else:
            mailbox.login_utf8(config.username, secret, initial_folder=None)

    def _open(self, mailbox: _Mailbox) -> tuple[int, int]:
        """Open the folder for reading alone; return its UIDVALIDITY and how many messages it has."""
        with self._phase(f"the folder {line(self._config.folder, MAX_REPLY)}"):
            _, (messages, *_) = mailbox.folder.set(self._config.folder, readonly=True)
            _, (validity, *_) = mailbox.client.response("UIDVALIDITY")
            return int(validity), int(messages)

    def _search(self, mailbox: _Mailbox, first: int, since: date) -> list[int]:
        day = f"{since.day:02}-{_MONTHS[since.month - 1]}-{since.year:04}"
        with self._phase("the search"):
            found = mailbox.uids(f"UID {first}:* SINCE {day}", charset=None)
            # the last message is in every range that has no end, whatever its number
            return sorted({int(uid) for uid in found if uid.isdigit() and len(uid) <= 10 and int(uid) >= first})

    @contextmanager
    def _phase(self, what: str, *, at: tuple[int, int] | None = None) -> Iterator[None]:
        """Turn what imap-tools and imaplib raise into an InboxError in one sentence, without secrets."""
        try:
            yield
        except InboxError:
            raise
        except MailboxLoginError as error:
            reply = _said(error)
            if "[UNAVAILABLE]" in reply.upper():
                raise InboxError(f"{self._where} cannot take the login now") from None
            # what it says may repeat what was sent
            raise InboxError(
                f"{self._where} refuses the login; check inbox.username and inbox.password", setup=True
            ) from None
        except MailboxFolderSelectError as error:
            raise InboxError(
                f"{self._where} does not open {what} ({self._clean(_said(error))}); check inbox.folder", setup=True
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise InboxError(
                f"{self._where} shows a certificate that does not verify: {error.verify_message}; have it "
                "renewed, check inbox.host, and this machine's clock and authorities",
                setup=True,
            ) from None
        except ssl.SSLError as error:
            raise InboxError(
                f"{self._where} speaks no TLS that we know there ({tls_words(error)}); check inbox.port and "
                "inbox.security: 993 is tls, 143 starttls",
                setup=True,
            ) from None
        except (ImapToolsError, imaplib.IMAP4.error) as error:
            if what == "the login":  # imaplib repeats what it was told in answer to it
                if isinstance(error, imaplib.IMAP4.abort):
                    raise InboxError(f"{self._where} ends the conversation at the login") from None
                raise InboxError(
                    f"{self._where} refuses the login; check inbox.username, inbox.password and inbox.security",
                    setup=True,
                ) from None
            said = _said(error) if isinstance(error, ImapToolsError) else str(error)
            raise InboxError(f"{self._where} fails at {what}: {self._clean(said)}", at=at) from None
        except OSError as error:
            reason = self._clean(error.strerror or str(error) or type(error).__name__)
            raise InboxError(
                f"{self._where} fails at {what}: {reason}; check inbox.host and inbox.port", at=at
            ) from None
        except Exception as error:  # noqa: BLE001  imaplib takes apart what a server says without asking whether it is so
            raise InboxError(
                f"{self._where} answers {what} in a shape that we do not know ({type(error).__name__})", at=at
            ) from None

    def _clean(self, reply: str) -> str:
        secret = self._config.password.get_secret_value()
        text = reply.replace(secret, "***") if secret else reply
        return line(" ".join(text.split()), MAX_REPLY)


_UID = re.compile(rb"[ (]UID (\d{1,10})[ )]", re.IGNORECASE)
_SIZE = re.compile(rb"[ (]RFC822\.SIZE (\d{1,12})[ )]", re.IGNORECASE)
_AT = re.compile(rb'[ (]INTERNALDATE "([^"\r\n]{1,40})"', re.IGNORECASE)


def _fetched(mailbox: _Mailbox, place: Place) -> Arrived | None:
    """Return the beginning of a message, None if it is not there any more. Raises what the phase turns."""
    wanted = f"(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.{MAX_LETTER}>)"
    kind, parts = mailbox.client.uid("FETCH", str(place.uid), wanted)
    if kind != "OK":
        raise imaplib.IMAP4.error(_words(parts))
    parts = list(parts or ())
    here = next((n for n, part in enumerate(parts) if isinstance(part, tuple) and b"BODY[" in part[0].upper()), None)
    if here is None:
        return None
    head, raw = parts[here]
    tail = parts[here + 1] if here + 1 < len(parts) else b""  # facts may stand before the text and behind it
    facts = b" " + head + b" " + (tail if isinstance(tail, bytes) else b"") + b" "
    uid, size, at = _UID.search(facts), _SIZE.search(facts), _AT.search(facts)
    if uid is None or int(uid[1]) != place.uid:
        raise imaplib.IMAP4.error("another message came than was asked for")
    return Arrived(place=place, raw=raw[:MAX_LETTER], size=int(size[1]) if size else len(raw), at=_moment(at))


def _moment(found: re.Match[bytes] | None) -> datetime | None:
    if found is None:
        return None
    try:
        at = parsedate_to_datetime(found[1].decode("ascii", "replace").strip().replace("-", " ", 2))
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _said(error: ImapToolsError) -> str:
    result = getattr(error, "command_result", None)
    return _words(result[1]) if isinstance(result, tuple) and len(result) > 1 else ""


def _words(parts: Sequence[object]) -> str:
    return " ".join(part.decode("utf-8", "replace") for part in parts or () if isinstance(part, bytes))
