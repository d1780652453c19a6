"""What a mail says of itself: which mails it answers, whether a machine wrote it, what became of one of ours.

Everything here is a stranger's word. It proposes; nothing that it says decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.config import is_address
from bot.letters.mime import MAX_TEXT, Mail, Part, headers_of, html_text, taken_apart, words
from bot.model import AnswerKind
from bot.text import fit, line

MAX_IDS = 20  # Message-IDs of one header
MAX_NUMBERS = 10
MAX_SUBJECT = 300  # characters
MAX_WHY = 300
MAX_DELIVERIES = 20
WITHOUT_TEXT = "(no text that can be shown)"

_ID = re.compile(r"<[^<>\s]{3,250}>")
_NUMBER = re.compile(r"(?<![A-Za-z0-9-])N-[0-9a-f]{4,16}(?![0-9A-Za-z])")
_BARE = re.compile(r'[^\s<>",;()]{1,64}@[^\s<>",;()]{1,255}')
_RETURNED_ID = re.compile(r"^[> \t]*Message-ID:\s*(<[^<>\s]{3,250}>)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_PARTS = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})
_DAEMONS = re.compile(r"\b(mailer-daemon|post_?master)\b", re.IGNORECASE)
_AUTO_SUBJECT = re.compile(
    r"\s*\[?\s*(auto(matic|matische|-| )?\s?(reply|response|antwort)|out of (the )?office|abwesen|abwesenheit"
    r"|(réponse|reponse) automatique|absence du bureau|respuesta autom[aá]tica|fuera de la oficina)",
    re.IGNORECASE,
)
_RECEIPT = re.compile(
    r"\b(we|i)('ve| have)? received your\b|\b(has|have) been received\b"
    r"|\bthank(s| you) for (contacting|your (report|e-?mail|message|request))\b"
    r"|\bticket (#?\w+ )?(has been|was) (created|opened)\b|\bwir haben Ihre\b.{0,60}\berhalten\b"
    r"|\bnous avons bien reçu\b|\bhemos recibido\b",
    re.IGNORECASE,
)
# Where one of these stands, a person may have decided or asked, and it is no mere receipt.
_MORE_THAN_RECEIPT = re.compile(
    r"\b(removed|taken down|deleted|no longer|disabled|declin|reject|unable|cannot|can't|not (violat|find|found)"
    r"|please (provide|send|confirm|clarify)|gelöscht|entfernt|supprim|retir|eliminad)|\?",
    re.IGNORECASE,
)

# Ticket systems mark what their people write as machine-made; where a mail says what was done, a person reads it.
_DECIDED = re.compile(
    r"\b(has|have|was|were|been) (now )?(been )?(removed|deleted|disabled|taken down|suspended|rejected|declined)\b"
    r"|\b(we|i)('ve| have)? (removed|deleted|disabled|taken|took|suspended|rejected|declined)\b"
    r"|\b(does|do|did|is|are) not (violate|in violation)\b|\bdecided\b|\bunable to (remove|take)\b"
    r"|\b(wurde|wurden) (gelöscht|entfernt)\b|\ba été (supprimé|retiré)|\bha sido eliminad",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a mail server says became of a mail for one recipient (RFC 3464)."""

    recipient: str  # an address, in small letters
    failed: bool
    delayed: bool
    status: str  # such as 5.1.1, empty if it names none
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail as it was read: plain, bounded, fit for people."""

    kind: AnswerKind
    sender: (
        str  # the address in From as it stands there, in small letters, which anybody can write; empty: none or several
    )
    subject: str
    text: str
    answers: tuple[str, ...]  # Message-IDs in In-Reply-To
    thread: tuple[str, ...]  # those in References
    returned: tuple[str, ...]  # those of mails that it gives back
    by_report: bool  # whether it gives them back as RFC 3464 says, and not somewhere in its text
    numbers: tuple[str, ...]  # of notices, in subject and text, as anybody can write them
    deliveries: tuple[Delivery, ...]


def read_letter(raw: bytes) -> Letter:
    """Return what a mail says. Any bytes are read, within bounds, and nothing is raised."""
    mail = taken_apart(raw)
    deliveries = tuple(_deliveries(mail))
    text, said = _text(mail)
    sender = _sender(mail.headers.get("from", ""))
    subject = line(" ".join(words(mail.headers.get("subject", "")).split()), MAX_SUBJECT)
    daemon = bool(_DAEMONS.search(mail.headers.get("from", "")))
    returned = tuple(_returned(mail)) if daemon or mail.type == "multipart/report" else ()
    by_report = bool(deliveries and returned and mail.type == "multipart/report")
    failed_to = mail.headers.get("x-failed-recipients", "")
    if not deliveries and (failed_to or daemon):  # of before RFC 3464
        returned = returned or tuple(_RETURNED_ID.findall(said)[:MAX_IDS])
        deliveries = tuple(_old_deliveries(failed_to, said, mail, daemon=bool(daemon and returned)))
    return Letter(
        kind=_kind(mail, deliveries, subject, text),
        sender=sender,
        subject=subject,
        text=text,
        answers=_ids(mail.headers.get("in-reply-to", "")),
        thread=_ids(mail.headers.get("references", "")),
        returned=returned,
        by_report=by_report,
        numbers=tuple(dict.fromkeys(_NUMBER.findall(f"{subject}\n{text}")))[:MAX_NUMBERS],
        deliveries=deliveries,
    )


def _kind(mail: Mail, deliveries: tuple[Delivery, ...], subject: str, text: str) -> AnswerKind:
    if any(found.failed for found in deliveries):
        return AnswerKind.BOUNCED
    if any(found.delayed for found in deliveries):
        return AnswerKind.DELAYED
    if deliveries or mail.type == "multipart/report" or _AUTO_SUBJECT.match(subject):
        return AnswerKind.AUTOMATIC
    how = mail.headers.get("auto-submitted", "no").partition(";")[0].partition("(")[0].strip().lower()  # RFC 3834
    if how == "auto-replied":  # in answer to any mail, whatever it was
        return AnswerKind.AUTOMATIC
    if how != "no" or _by_machine(mail):
        return AnswerKind.ANSWER if _DECIDED.search(text) else AnswerKind.AUTOMATIC
    if _RECEIPT.search(text[:1500]) and not _MORE_THAN_RECEIPT.search(text):
        return AnswerKind.AUTOMATIC
    return AnswerKind.ANSWER


def _by_machine(mail: Mail) -> bool:
    headers = mail.headers
    if headers.get("precedence", "").strip().lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    if any(name.startswith(("x-autore", "x-auto-reply")) and value.lower() != "no" for name, value in headers.items()):
        return True
    return "list-id" in headers or headers.get("return-path", "").strip() == "<>"


def _deliveries(mail: Mail) -> Iterator[Delivery]:
    rest = b"".join(part.data() for part in mail.parts if part.type in _STATUS_PARTS)
    for _ in range(MAX_DELIVERIES):
        headers, rest = headers_of(rest)
        rest = rest.lstrip(b"\r\n")
        recipient = _recipient(headers.get("original-recipient", "")) or _recipient(headers.get("final-recipient", ""))
        action = headers.get("action", "").partition("(")[0].strip().lower()
        found = _STATUS.search(headers.get("status", ""))
        if not (action or found):
            continue  # what concerns the whole mail
        first = found[1] if found else ""
        yield Delivery(
            recipient=recipient,
            failed=action in ("failed", "expired") or (not action and first == "5"),
            delayed=action == "delayed" or (not action and first == "4"),
            status=found[0] if found else "",
            why=line(words(headers.get("diagnostic-code", "")), MAX_WHY),
        )


def _old_deliveries(failed_to: str, said: str, mail: Mail, *, daemon: bool) -> Iterator[Delivery]:
    """Yield what a mail server says in words alone: which it is, a failure or a delay, only its status code tells."""
    addresses = _BARE.findall(failed_to)[:MAX_DELIVERIES] or ([""] if daemon else [])
    found = _STATUS.search(said)
    delayed = bool(re.search(r"delay|warning|verzög", mail.headers.get("subject", ""), re.IGNORECASE))
    for address in addresses:
        yield Delivery(
            recipient=address.lower() if is_address(address) else "",
            failed=not delayed,
            delayed=delayed,
            status=found[0] if found else "",
            why="",
        )


def _recipient(value: str) -> str:
    """Return the address of `rfc822; address`."""
    address = value.partition(";")[2].strip().strip("<>").lower()
    return address if is_address(address) else ""


def _returned(mail: Mail) -> Iterator[str]:
    """Yield the Message-ID of each mail that is given back, where it is given back as what it is."""
    for part in mail.parts:
        if part.type in _RETURNED_PARTS:
            headers, _ = headers_of(part.data())
            yield from _ids(headers.get("message-id", ""))[:1]


def _text(mail: Mail) -> tuple[str, str]:
    """Return a mail's words as people may see them, without what it quotes, and as they are."""
    shown = [part for part in mail.parts if not _attached(part)]
    plain = [part.text() for part in shown if part.type == "text/plain"]
    if mail.type == "multipart/report":
        plain = plain[:1]
    said = "\n\n".join(text.strip() for text in plain if text.strip())
    if not said:
        said = "\n\n".join(html_text(part.text()).strip() for part in shown if part.type == "text/html")
    said = said[: 4 * MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    text = "\n".join(_without_quotes(said)).strip()
    text = fit(fit(text, MAX_TEXT), MAX_TEXT)  # what cannot be shown becomes six characters each
    return text or WITHOUT_TEXT, said


def _attached(part: Part) -> bool:
    return part.headers.get("content-disposition", "").strip().lower().startswith("attachment")


def _without_quotes(text: str) -> Iterator[str]:
    """Yield the lines of a text; each run of quoted lines, and of empty ones, is one line."""
    quoted = 0
    empty = False
    for row in text.split("\n"):
        if row.lstrip().startswith((">", "|")):
            quoted += 1
            continue
        if quoted:
            yield f"[{quoted} quoted line{'' if quoted == 1 else 's'}]"
            quoted = 0
        if row.strip() or not empty:
            yield row.rstrip()
        empty = not row.strip()
    if quoted:
        yield f"[{quoted} quoted line{'' if quoted == 1 else 's'}]"


def _sender(value: str) -> str:
    """Return the address of a From line, if it has exactly one. A name in it may look like another address."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', " ", value)
    found = re.findall(r"<([^<>]{1,320})>", bare) or _BARE.findall(bare)
    address = found[0].strip().lower() if len(found) == 1 else ""
    return address if is_address(address) else ""


def _ids(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_ID.findall(value)))[:MAX_IDS]


__all__ = ["Delivery", "Letter", "read_letter"]
