"""What hosts answer: read from the mailbox, laid beside its notice, and decided by a person alone."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

from bot.actions.wording import Kind, message_id
from bot.clock import Clock, backoff, from_iso
from bot.config import Config
from bot.errors import ConflictError, InboxError, UsageError
from bot.inbox import Arrived, Inbox, Place
from bot.letters import Delivery, Letter, read_letter
from bot.model import (
    NOTICE_WAITING,
    Actor,
    AnswerAbout,
    AnswerKind,
    HostDecision,
    NoticeEventKind,
    NoticeItemState,
    NoticeState,
)
from bot.pipeline.following.look_times import APART
from bot.pipeline.log import Log
from bot.pipeline.recovery import GoOn, always
from bot.store import AnswerRow, NoticeRow, Store
from bot.store.notice_answers import AnswerWords

FIRST_WAIT, LONGEST_WAIT = 60.0, 3600.0  # seconds before a mailbox that failed is asked again
TRIES = 3  # of a message that cannot be fetched; then it is left to people
GIVEN_UP = timedelta(days=6)  # mail servers try for four to five days (RFC 5321, 4.5.4.1)
MOST_IN_DOUBT = 500  # mails that wait for a person to say what they are about; more stay in the mailbox alone
MOST_OF_ONE = 100  # mails of one notice
PROPOSED = 5  # notices of a sender that are proposed for a mail that names none

_OURS = re.compile(r"<(N-[0-9a-f]{4,16})((?:\.[A-Za-z0-9-]{1,40}){0,3})@[^<>\s]{1,253}>")
_MAIL = re.compile(r"(?:\.[0-9]+)?")  # the suffix of a notice itself, first or further
# Many people's mail comes from these, so a domain alone tells no sender.
_FREE_MAIL = frozenset(
    {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "aol.com"}
    | {
        "proton.me",
        "protonmail.com",
        "gmx.de",
        "gmx.net",
        "gmx.com",
        "web.de",
        "mail.ru",
        "yandex.ru",
        "qq.com",
        "163.com",
    }
)
_LEADS = {
    HostDecision.REMOVED: NoticeState.ANSWERED,  # looks make it removed
    HostDecision.ASKS: NoticeState.ANSWERED,
    HostDecision.REJECTED: NoticeState.REJECTED,
    HostDecision.UNDELIVERED: NoticeState.BOUNCED,
}
MEANS = {
    HostDecision.REMOVED: "the host says that it took it down; it is looked for within the hour",
    HostDecision.REJECTED: "the host says that it stays",
    HostDecision.ASKS: "the host wants to know more: write back by mail",
    HostDecision.UNDELIVERED: "it never reached the host",
    HostDecision.RECEIPT: "no decision; everything goes on",
}
"""What each word of a person means, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Whom a notice was told to."""

    recipient: str  # in small letters
    contact: str  # our address at that time
    site: str = ""  # the host's own name, as its pages have it: who answers a form writes from there
    open: bool = True  # whether anything can still come of it
    mail: str = ""  # the suffix of the last mail of the notice itself: not empty if it was stated again
    left: Mapping[str, datetime] = field(default_factory=dict)  # when each of our mails of it left, by suffix


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which notice a mail is about, as far as it can be told without a person."""

    about: AnswerAbout
    notice: str | None = None
    suffix: str = ""  # which of our mails of it: empty for the notice, else .reminder, .retraction, …
    named: Mapping[str, bool] = field(default_factory=dict)  # that it may be about, and whether it is proposed
    known: bool = False  # whether the sender's address is of a domain that we wrote to, or of the host's own
    delivery: Delivery | None = None  # of a report: what became of the mail to whom we wrote


def match(letter: Letter, told: Mapping[str, Told], sender: str, at: datetime | None = None) -> Match | None:
    """Return which notice a mail is about; None if it is about none. `at`: when it arrived.

    `told`: the notices that left; `sender`: our own address. A Message-ID of ours is known to whom we wrote alone, so
    an answer to it is about its notice, and a mail server's report that gives it back and names whom we wrote to is
    too. Everything else is in doubt: it proposes at most, and only if its sender is known.
    """
    ids = {name: tuple(_ours(found, told, sender)) for name, found in (
        ("returned", letter.returned), ("answers", letter.answers), ("thread", letter.thread))}  # fmt: skip
    known = [name for name, one in told.items() if one.open and _same_sender(letter.sender, one)]
    numbers = [name for name in letter.numbers if name in told]
    if letter.deliveries:
        found = dict(ids["returned"] or ids["answers"] or ids["thread"])
        if letter.by_report and ids["returned"] and len(found) == 1:
            ((name, suffix),) = found.items()
            for one in letter.deliveries:
                late = _late(told[name].left.get(suffix), at) or (_MAIL.fullmatch(suffix) and suffix != told[name].mail)
                if one.recipient == told[name].recipient and not late:
                    return Match(about=AnswerAbout.REPORT, notice=name, suffix=suffix, delivery=one)
        return _doubt(found, (), known) if found else None
    found = dict(ids["answers"] or ids["thread"])
    if len(found) == 1 and set(numbers) <= set(found):
        ((name, suffix),) = found.items()
        return Match(about=AnswerAbout.THREAD, notice=name, suffix=suffix, known=name in known)
    if not (found or numbers or known):
        return None
    return _doubt(found, numbers, known)


def _late(left: datetime | None, at: datetime | None) -> bool:
    """Whether a mail server has given up long before: then whoever was shown our mail may have written the report."""
    return left is not None and at is not None and at - left > GIVEN_UP


def _doubt(found: Iterable[str], numbers: Iterable[str], known: list[str]) -> Match:
    """Return a match that a person makes: what the thread names, and what a known sender's number names."""
    proposed = dict.fromkeys(found, True) | {name: True for name in numbers if name in known}
    if not proposed:
        proposed = dict.fromkeys(known[:PROPOSED], True)
    # what may be about marked media is not shown, whichever notice of the host that stands on
    quiet = {name: False for name in (*numbers, *known[:MOST_OF_ONE]) if name not in proposed}
    return Match(about=AnswerAbout.DOUBT, named={**proposed, **quiet}, known=bool(known))


def _ours(ids: Iterable[str], told: Mapping[str, Told], sender: str) -> Iterable[tuple[str, str]]:
    """Yield the notice and the suffix of each Message-ID that is ours."""
    for one in ids:
        found = _OURS.fullmatch(one)
        if found is None or found[1] not in told:
            continue
        name, suffix = found[1], found[2]
        if one in {message_id(f"{name}{suffix}", address) for address in (sender, told[name].contact) if address}:
            yield name, suffix


def _same_sender(address: str, told: Told) -> bool:
    """Return whether an address is the one that we wrote to, or of its domain, or of the host's own."""
    if not address:
        return False
    if address == told.recipient:
        return True
    theirs = address.rpartition("@")[2]
    if theirs in _FREE_MAIL or "." not in theirs:
        return False
    ours = {told.recipient.rpartition("@")[2], told.site} - {""} - _FREE_MAIL
    return any(theirs == one or theirs.endswith(f".{one}") or one.endswith(f".{theirs}") for one in ours)


def places_of(store: Store, row: AnswerRow, notice: str | None = None) -> list[str] | None:
    """Return the subreddits of the notices that a decision on an answer touches; None: it touches none.

    `notice`: the one that it is said to be about. Raises StoreError if there is no such notice.
    """
    touched = {name for name in (notice, row.notice) if name}
    return sorted({place for name in touched for place in store.notices.get(name).subreddits}) if touched else None


class Answers:
    """Reads the mailbox, and writes down what people say of what came."""

    def __init__(self, config: Config, store: Store, clock: Clock, log: Log, inbox: Inbox | None) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log
        self._inbox = inbox
        self._failures = 0
        self._due = clock.monotonic()

    def round(self, go_on: GoOn = always) -> int:
        """Read what is new in the mailbox; return how many mails are about notices.

        A mailbox that fails is asked again after a while; why is logged, and `gifwarden doctor` says it too.
        """
        since = self._store.notice_answers.first_sent()
        if self._inbox is None or since is None or self._clock.monotonic() < self._due:
            return 0
        kept = [0]
        more = True
        try:
            while more and go_on():
                more = self._read(self._inbox, (since - timedelta(days=1)), kept)
        except InboxError as error:
            self._failed(error)
            return kept[0]
        self._failures = 0
        self._store.mailboxes.ended(self._mailbox, None)
        return kept[0]

    def decide(self, name: str, means: HostDecision, *, notice: str | None, by: Actor, why: str) -> str:
        """Record what a person says an answer is, and do what follows; return that in a sentence.

        `notice`: which it is about; None: the one that it is about already. Raises StoreError if there is no such
        answer or notice, UsageError if nobody has said which notice it is, or that one has not left, ConflictError if
        that stands already. What is no answer of a host's is a receipt of no notice.
        """
        store = self._store
        with store.transaction():
            answer = store.notice_answers.get(name)
            chosen = notice or answer.notice
            if chosen is None and means != HostDecision.RECEIPT:
                raise UsageError(f"answer {name} is in doubt: say which notice it is about")
            self._check_left(chosen)
            if not store.notice_answers.decide(name, means, notice=chosen, by=by):
                raise ConflictError(f"answer {name} is {means} about {chosen or 'no notice'} already")
            store.audit.record(by=by, what=f"notice answer: {means}", subject=chosen or name, why=why)
            if chosen is None:
                return f"{name} is about no notice of ours"
            if means == HostDecision.RECEIPT and answer.kind == AnswerKind.AUTOMATIC:
                store.notice_life.acknowledged(chosen)
            bounced = answer.kind == AnswerKind.BOUNCED
            self._settle(chosen, means, by, f"answer {name}: {MEANS[means]}", bounced=bounced)
            if answer.means is not None and answer.notice is not None and answer.notice != chosen:
                none = HostDecision.RECEIPT
                self._settle(answer.notice, none, by, f"answer {name} is about another notice", bounced=bounced)
        self._log.info("notice answer decided", notice=chosen, answer=name, means=str(means))
        return f"{name} is about {chosen}: {MEANS[means]}; the notice is {store.notices.get(chosen).state}"

    def _check_left(self, name: str | None) -> None:
        if name is None:
            return
        row = self._store.notices.get(name)
        if row.sent is None and row.state != NoticeState.CONFIRMED:
            raise UsageError(f"notice {name} is {row.state} and was not sent, so nothing can answer it")

    def _settle(self, name: str, means: HostDecision, by: Actor, detail: str, *, bounced: bool) -> None:
        """Let a notice go where a word of a person leads, or back where a word is taken that led it.

        `bounced`: the word was said of the report that it came back.
        """
        store = self._store
        row = store.notices.get(name)
        standing: HostDecision | None = None if means == HostDecision.RECEIPT else means
        led = {NoticeState.ANSWERED, NoticeState.REJECTED} | ({NoticeState.BOUNCED} if bounced else set())
        if row.state in led:
            standing = store.notice_answers.standing(name)  # of all its answers, the last word
        to = (
            _LEADS[standing]
            if standing
            else _waiting(row, self._store.notice_life.by_hand(name))
            if row.state in led
            else None
        )
        store.notice_life.happened(name, NoticeEventKind.DECIDED, detail, to=to, member=by.member)
        if standing == HostDecision.REMOVED:
            now = self._clock.now()
            for item in store.notice_life.items(name):
                if item.state in (NoticeItemState.LISTED, NoticeItemState.GONE_ONCE):
                    store.notice_life.plan_look(item, now if item.looked is None else max(now, item.looked + APART))

    @property
    def _mailbox(self) -> str:
        """By which the place in this mailbox is known again; it names neither server nor account."""
        box = self._config.inbox
        return hashlib.sha256(f"{box.host}\n{box.username}\n{box.folder}".encode()).hexdigest()

    def _read(self, inbox: Inbox, since: datetime, kept: list[int]) -> bool:
        store, mailbox = self._store, self._mailbox
        known = store.mailboxes.place(mailbox)

        @cache
        def told() -> Mapping[str, Told]:  # for most rounds find nothing new
            return {row["label"]: _told(row) for row in store.notice_answers.left()}

        def take(arrived: Arrived) -> None:
            with store.transaction():
                kept[0] += self._keep(arrived, told())
                store.mailboxes.reached(mailbox, arrived.place.validity, arrived.place.uid)

        return inbox.read(
            Place(validity=known[0], uid=known[1]) if known else None,
            since=since.date(),
            take=take,
        )

    def _keep(self, arrived: Arrived, told: Mapping[str, Told]) -> bool:
        """Keep a mail that is about a notice, and do what follows without a person."""
        answers = self._store.notice_answers
        letter = read_letter(arrived.raw)
        found = match(letter, told, self._config.mail.sender, arrived.at or self._clock.now())
        if found is None:
            return False
        full = answers.count() >= MOST_IN_DOUBT if found.notice is None else (
            answers.count(notice=found.notice) >= MOST_OF_ONE)  # fmt: skip
        mark = hashlib.sha256(arrived.raw).hexdigest()
        if full:
            self._log.warning("answers too many", notice=found.notice, reason="it stays in the mailbox alone")
            return False
        status = found.delivery or next((one for one in letter.deliveries if one.failed or one.delayed), None)
        kind = _kind_of(found.delivery) if found.delivery else letter.kind
        name = answers.keep(
            mark,
            kind=kind,
            about=found.about,
            notice=found.notice,
            named=found.named,
            at=arrived.at or self._clock.now(),
            words=AnswerWords(
                sender=letter.sender,
                subject=letter.subject,
                text=letter.text,
                status=f"{status.status} {status.why}".strip() if status else "",
                known=found.known,
                whole=arrived.size <= len(arrived.raw),
            ),
        )
        if name is None:
            return False
        if found.notice is not None:
            self._happened(name, kind, found.notice, found.suffix, status)
        self._log.info("answer came", answer=name, kind=str(kind), about=str(found.about), notice=found.notice)
        return True

    def _happened(self, name: str, kind: AnswerKind, notice: str, suffix: str, status: Delivery | None) -> None:
        """Write down what a mail about a notice is. Only that it came back undelivered changes the notice's state."""
        life = self._store.notice_life
        code = f" ({status.status})" if status and status.status else ""
        if kind == AnswerKind.BOUNCED:
            # who confirmed receipt has it, whatever else comes back; of a retraction nothing is left to wait for
            row = self._store.notices.get(notice)
            ends = row.acknowledged is None and not suffix.startswith(".retraction")
            to = NoticeState.BOUNCED if ends and row.state in NOTICE_WAITING else None
            life.happened(notice, NoticeEventKind.BOUNCED, f"{name}: it came back undelivered{code}", to=to)
        elif kind == AnswerKind.DELAYED:
            life.happened(notice, NoticeEventKind.DELAYED, f"{name}: a mail server goes on trying{code}")
        elif kind == AnswerKind.ANSWER:
            life.happened(notice, NoticeEventKind.ANSWERED, f"{name} waits for a person to read it")
        elif status is None:
            life.acknowledged(notice)

    def _failed(self, error: InboxError) -> None:
        self._failures += 1
        wait = backoff(self._failures, first=FIRST_WAIT)
        self._due = self._clock.monotonic() + min(wait, LONGEST_WAIT)
        store, mailbox = self._store, self._mailbox
        store.mailboxes.ended(mailbox, str(error))
        self._log.warning("inbox not read", reason=str(error))
        if error.at is not None and store.mailboxes.stuck(mailbox, error.at[1]) >= TRIES:
            store.mailboxes.reached(mailbox, *error.at)
            self._log.warning("message left out", reason=f"{error}; look at it in the mailbox yourself")


def _kind_of(delivery: Delivery) -> AnswerKind:
    if delivery.failed:
        return AnswerKind.BOUNCED
    return AnswerKind.DELAYED if delivery.delayed else AnswerKind.AUTOMATIC


def _told(row: Mapping[str, str | None]) -> Told:
    mail = f".{row['mail']}" if row["mail"] else ""
    return Told(
        mail=mail,
        recipient=(row["recipient"] or "").lower(),
        contact=row["contact"] or "",
        site=_site(row["url"] or ""),
        left={
            suffix: from_iso(moment)
            for suffix, moment in ((mail, row["sent_at"]), (f".{Kind.REMINDER}", row["reminded_at"]))
            if moment
        },
        open=row["state"] not in (NoticeState.CLOSED, NoticeState.RETRACTED),
    )


def _site(url: str) -> str:
    with contextlib.suppress(ValueError):
        return (urlsplit(url).hostname or "").removeprefix("www.")
    return ""


def _waiting(row: NoticeRow, by_hand: bool) -> NoticeState:
    """Return where a notice is that its host has and has not decided."""
    if row.reminded is not None:
        return NoticeState.REMINDED
    return NoticeState.BY_HAND if by_hand else NoticeState.SENT
