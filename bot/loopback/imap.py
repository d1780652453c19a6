"""A mailbox on loopback that speaks as much of IMAP as a reader needs, and fails when told to."""

from __future__ import annotations

import re
import socketserver
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Literal

from bot.loopback.lines import Cut, LineServer, encrypt

MAX_LINE = 8192
LOGIN = ("desk", "loopback")
_ARGUMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_FETCH = re.compile(r"(\d+) \(UID INTERNALDATE RFC822\.SIZE BODY\.PEEK\[\]<0\.(\d+)>\)", re.IGNORECASE)
_SEARCH = re.compile(r"UID (\d+):\* SINCE (\d{1,2}-[A-Z]{3}-\d{4})", re.IGNORECASE)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapFault:
    """One scripted failure: the next time it comes to `at`, answer NO with `text`, or do what `how` says.

    `cut` hangs up; `raw` sends `text` as it is and goes on as if that were the answer; `mute` says nothing.
    """

    at: Literal["connect", "STARTTLS", "LOGIN", "EXAMINE", "SEARCH", "FETCH"]
    how: Literal["no", "cut", "raw", "mute"] = "no"
    text: str = "scripted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One message of the folder."""

    uid: int
    raw: bytes
    at: datetime


class ImapMailbox(LineServer[ImapFault]):
    """Serves IMAP on 127.0.0.1 at a free port, one thread a connection: one account with one folder.

    `login` is the (name, password) that must be shown. `context` makes it offer STARTTLS, or speak TLS from the first
    byte with `implicit_tls`. What would change the folder is refused and written down among `commands`.
    """

    def __init__(
        self,
        *,
        login: tuple[str, str] = LOGIN,
        folder: str = "INBOX",
        context: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
    ) -> None:
        super().__init__(lambda handler: _Conversation(self, handler).run(), context=context, implicit_tls=implicit_tls)
        self.login = login
        self.folder = folder
        self.validity = 1
        self._kept: list[Kept] = []
        self._next = 1

    @property
    def kept(self) -> tuple[Kept, ...]:
        """Every message of the folder, in order."""
        with self._lock:
            return tuple(self._kept)

    def deliver(self, raw: bytes, *, at: datetime | None = None) -> int:
        """Put a message into the folder; return its UID."""
        with self._lock:
            uid = self._next
            self._next += 1
            self._kept.append(Kept(uid=uid, raw=raw, at=at or datetime.now(UTC)))
        return uid

    def expunge(self, uid: int) -> None:
        """Take a message out, as another reader of a shared mailbox does."""
        with self._lock:
            self._kept = [message for message in self._kept if message.uid != uid]

    def renumber(self) -> None:
        """Number all messages anew under another UIDVALIDITY, as a mailbox that was moved does."""
        with self._lock:
            self.validity += 1
            self._kept = [Kept(uid=n, raw=m.raw, at=m.at) for n, m in enumerate(self._kept, 1)]
            self._next = len(self._kept) + 1


class _Conversation:
    """One client's connection, from greeting to LOGOUT."""

    def __init__(self, mailbox: ImapMailbox, handler: socketserver.StreamRequestHandler) -> None:
        self._mailbox = mailbox
        self._handler = handler
        self._encrypted = False
        self._logged_in = False
        self._open = False

    def run(self) -> None:
        if self._mailbox.implicit_tls:
            self._encrypt()
        if self._passes("connect", "*"):
            self._say("* OK loopback mailbox")
        steps: dict[str, Callable[[str, str], None]] = {
            "CAPABILITY": self._capability,
            "NOOP": lambda tag, _: self._say(f"{tag} OK done"),
            "STARTTLS": self._starttls,
            "LOGIN": self._login,
            "EXAMINE": self._examine,
            "UID SEARCH": self._search,
            "UID FETCH": self._fetch,
        }
        while True:
            tag, _, rest = self._line().partition(" ")
            verb, _, rest = rest.partition(" ")
            verb = verb.upper()
            if verb == "UID":
                inner, _, rest = rest.partition(" ")
                verb = f"UID {inner.upper()}"
            self._mailbox.note(verb)
            if verb == "LOGOUT":
                self._say("* BYE", f"{tag} OK bye")
                return
            step = steps.get(verb)
            if step is None:
                self._say(f"{tag} BAD no such command here")
            elif self._passes(verb.removeprefix("UID "), tag):
                step(tag, rest)

    def _capability(self, tag: str, _: str) -> None:
        words = ["IMAP4rev1"]
        if self._mailbox.context is not None and not self._encrypted:
            words.append("STARTTLS")
        self._say(f"* CAPABILITY {' '.join(words)}", f"{tag} OK done")

    def _starttls(self, tag: str, _: str) -> None:
        if self._mailbox.context is None or self._encrypted:
            self._say(f"{tag} BAD not now")
            return
        self._say(f"{tag} OK go ahead")
        self._encrypt()

    def _login(self, tag: str, rest: str) -> None:
        shown = tuple(_arguments(rest))
        self._logged_in = shown == self._mailbox.login
        self._say(f"{tag} OK welcome" if self._logged_in else f"{tag} NO [AUTHENTICATIONFAILED] not {rest}")

    def _examine(self, tag: str, rest: str) -> None:
        if not self._logged_in or _arguments(rest) != [self._mailbox.folder]:
            self._say(f"{tag} NO there is no such folder")
            return
        self._open = True
        self._say(
            f"* {len(self._mailbox.kept)} EXISTS",
            f"* OK [UIDVALIDITY {self._mailbox.validity}] as they are",
            f"{tag} OK [READ-ONLY] open",
        )

    def _search(self, tag: str, rest: str) -> None:
        wanted = _SEARCH.fullmatch(rest)
        if wanted is None or not self._open:
            self._say(f"{tag} BAD not a search that this mailbox knows")
            return
        day, month, year = wanted[2].lower().split("-")
        since = date(int(year), MONTHS.index(month) + 1, int(day))
        kept = self._mailbox.kept
        found = [m for m in kept if m.uid >= int(wanted[1]) or m is kept[-1]]  # a range without end has the last one
        uids = " ".join(str(m.uid) for m in found if m.at.date() >= since)
        self._say(f"* SEARCH{' ' + uids if uids else ''}", f"{tag} OK found")

    def _fetch(self, tag: str, rest: str) -> None:
        wanted = _FETCH.fullmatch(rest)
        if wanted is None or not self._open:
            self._say(f"{tag} BAD not a fetch that this mailbox knows")
            return
        for number, message in enumerate(self._mailbox.kept, 1):
            if message.uid == int(wanted[1]):
                part = message.raw[: int(wanted[2])]
                at = format_datetime(message.at.astimezone(UTC)).partition(", ")[2].replace(" ", "-", 2)
                facts = f'UID {message.uid} INTERNALDATE "{at}" RFC822.SIZE {len(message.raw)}'
                self._write(f"* {number} FETCH ({facts} BODY[]<0> {{{len(part)}}}\r\n".encode() + part + b")\r\n")
        self._say(f"{tag} OK done")

    def _passes(self, at: str, tag: str) -> bool:
        fault = self._mailbox.due(at)
        if fault is None:
            return True
        if fault.how == "cut":
            raise Cut
        if fault.how == "raw":
            self._write(fault.text.replace("TAG", tag).encode("latin-1"))
        elif fault.how == "no":
            self._say(f"{tag} {'BYE' if tag == '*' else 'NO'} {fault.text}")
        return False

    def _encrypt(self) -> None:
        assert self._mailbox.context is not None
        encrypt(self._handler, self._mailbox.context)
        self._encrypted = True
        self._logged_in = False

    def _line(self) -> str:
        said = self._handler.rfile.readline(MAX_LINE + 1)
        if not said.endswith(b"\n"):
            raise Cut
        return said.decode("utf-8", "replace").rstrip("\r\n")

    def _say(self, *lines: str) -> None:
        self._write("".join(f"{line}\r\n" for line in lines).encode())

    def _write(self, data: bytes) -> None:
        self._handler.wfile.write(data)


def _arguments(text: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", quoted) if quoted or not bare else bare for quoted, bare in _ARGUMENT.findall(text)]
