"""The words of notices to hosts. Pure: a notice in, a mail out.

An abuse desk classifies a mail in a minute from its first screen, so what, where and why come first, then the items,
then the statements that the law asks for, and the hashes last. The statements are tables by capacity: there is no way
to get the sentence of another one.
"""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import NoReturn
from urllib.parse import parse_qsl, urlsplit

from bot.actions.phrases import ASKS, DECLARED, GROUNDS, LAW, ROLE, SHOWN, TITLE, WHY
from bot.clock import day, day_and_time
from bot.errors import UsageError
from bot.mail import is_address
from bot.model import Notice, NoticeItem
from bot.text import line as fit_line

WIDTH = 72
MAX_ITEMS = 20
SUBJECT_IDS = 80  # characters of ids in a subject; the rest is counted
MAX_URL = 2000  # characters

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,23}")
# What content networks call the parts of a signature, in lower case.
_SIGNED = frozenset(
    {"signature", "sig", "hmac", "hdnts", "hdnea", "verify", "token", "access_token", "expires", "policy"}
)
_SIGNED_PREFIXES = ("x-amz-", "x-goog-", "key-pair-")
_SIGNED_DISCORD = frozenset({"ex", "is", "hm"})
# Their signature is called s, like many an innocent parameter.
_SIGNED_HOSTS = frozenset({"preview.redd.it", "external-preview.redd.it"})
_REDDIT_USER = re.compile(r"(?<![\w/.-])/?u/[\w-]{3,20}|reddit\.com/(?:u|user)/|redd\.it/(?:u|user)/", re.IGNORECASE)
_STATUS = re.compile(r"trusted[\s_-]*flagger", re.IGNORECASE)
_FOR_THE_PERSON = re.compile(
    r"take[\s_-]*it[\s_-]*down|\b(?:I|we)\s+(?:represent|act\s+for|act\s+on\s+behalf|speak\s+for)\b"
    r"|\b(?:I\s+am|I'm|we\s+are|we're)\s+(?:the\s+(?:person|individual|woman|man)|depicted|authori[sz]ed)",
    re.IGNORECASE,
)


def compose(
    notice: Notice, *, sender: str, policy_url: str | None = None, date: datetime | None = None
) -> EmailMessage:
    """Return the mail of a notice, from `sender`, the address of `[mail]`.

    `policy_url` is the page on which the host forbids this; `date` is when it is sent, default `stated_at`.
    Raises UsageError, in one sentence, for a notice that must not go out as it stands.
    """
    _check(notice, sender)
    message = _message(notice, sender, subject=_subject(notice), date=date or notice.stated_at)
    message["Message-ID"] = message_id(notice.id, sender)
    _fill(message, "\n".join(_body(notice, sender, policy_url)))
    return message


def retract(notice: Notice, *, sender: str, date: datetime, reason: str = "", part: str | None = None) -> EmailMessage:
    """Return the mail that takes a sent notice back, as an answer to it. `reason` is a sentence for the host.

    `part` is a mark of the items that are taken back, where others on the notice stand.

    Raises UsageError as `compose` does.
    """
    _check(notice, sender)
    _check_claims(notice, reason)
    message = _message(notice, sender, subject=f"Retracted: {_subject(notice)}", date=date)
    original = message_id(notice.id, sender)
    message["Message-ID"] = message_id(f"{notice.id}.retraction{f'.{part}' if part else ''}", sender)
    message["In-Reply-To"] = original
    message["References"] = original
    which = "this item" if len(notice.items) == 1 else f"these {len(notice.items)} items"
    lines = [
        *_wrap(f"We retract our notice {notice.id} of {day(notice.stated_at)} about {which} on {_line(notice.host)}."),
        *_wrap("Please do not act on it; what was removed only because of it can be put back."),
        *(_wrap("Everything else on that notice stands.") if part else ()),
        *(_wrap(f"Reason: {_line(reason)}") if _line(reason) else ()),
        "",
        *(line for item in notice.items for line in (_line(item.host_id), f"  {item.url}")),
        "",
        _line(notice.organisation) or _line(notice.stated_by),
        _contact(notice, sender),
    ]
    _fill(message, "\n".join(lines))
    return message


def message_id(name: str, sender: str) -> str:
    """Return the Message-ID of a notice's mail: the same for the same name and sender's domain, always."""
    domain = sender.rpartition("@")[2].lower()
    # The standard library mangles In-Reply-To beyond one line, so a long domain gives up labels from the left.
    while len(domain) > 36 and "." in domain:
        domain = domain.partition(".")[2]
    return f"<{name}@{domain if len(domain) <= 36 else 'gifwarden.invalid'}>"


def _body(notice: Notice, sender: str, policy_url: str | None) -> list[str]:
    count = len(notice.items)
    host = _line(notice.host)
    which = "this item" if count == 1 else f"these {count} items"
    policy = [f"Your policy: {_url(policy_url, notice)}"] if policy_url else []
    return [
        *_wrap(f"{TITLE[notice.ground]} on {host}: {ASKS[notice.capacity].format(which=which)}"),
        "",
        *_wrap(f"What is shown: {SHOWN[notice.ground]}", then="  "),
        *_wrap(f"Why: {WHY[notice.capacity][notice.ground]}", then="  "),
        *_wrap(_line(notice.ground_detail), first="  ", then="  "),
        *policy,
        *_wrap(
            f"Reported by: {_who(notice)}, {ROLE[notice.capacity]}; answers to {_contact(notice, sender)}", then="  "
        ),
        "",
        f"{'Item' if count == 1 else 'Items'}: your id, your public page, when we fetched our copy",
        *(line for item in notice.items for line in _item(item)),
        "",
        *_declaration(notice, sender),
        "",
        *_wrap(f"Stated by {_who(notice)}, on {day(notice.stated_at)}; notice {notice.id}"),
        *_hashes(notice.items),
    ]


def _item(item: NoticeItem) -> list[str]:
    seen = f"; seen by a person at {day_and_time(item.viewed_at)} UTC" if item.viewed_at else ""
    return [_line(item.host_id), f"  {item.url}", f"  fetched {day_and_time(item.seen_at)} UTC{seen}"]


def _declaration(notice: Notice, sender: str) -> list[str]:
    values = {
        "law": LAW[notice.ground],
        "name": _line(notice.stated_by),
        "who": _who(notice),
        "contact": _contact(notice, sender),
        "day": day(notice.stated_at),
    }
    lines: list[str] = []
    for title, points in DECLARED[notice.capacity]:
        lines += ["", *_wrap(title), *(line for point in points for line in _point(point.format_map(values)))]
    return lines[1:]


def _point(text: str) -> list[str]:
    label, _, rest = text.partition(" ")
    return _wrap(rest, first=f"  {label} ", then="      ")


def _hashes(items: tuple[NoticeItem, ...]) -> list[str]:
    lines: list[str] = []
    for item in items:
        found = [f"  {name} {value}" for name, value in (("sha256", item.sha256), ("md5", item.md5)) if value]
        lines += [_line(item.host_id), *found] if found else []
    return ["", "Hashes of the files we fetched, to find identical ones", *lines] if lines else []


def _who(notice: Notice) -> str:
    name, organisation = _line(notice.stated_by), _line(notice.organisation)
    return f"{name}, {organisation}" if organisation else name


def _subject(notice: Notice) -> str:
    shown: list[str] = []
    for item in notice.items:
        if shown and len(", ".join([*shown, item.host_id])) > SUBJECT_IDS:
            break
        shown.append(_line(item.host_id))
    more = len(notice.items) - len(shown)
    ids = ", ".join(shown) + (f" and {more} more" if more else "")
    return f"{TITLE[notice.ground]} on {_line(notice.host)}: {ids} [{notice.id}]"


def _message(notice: Notice, sender: str, *, subject: str, date: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    name = _header(_line(notice.organisation) or _line(notice.stated_by))[:60].strip()
    message["From"] = Address(display_name=name, addr_spec=sender)
    message["To"] = notice.to
    message["Reply-To"] = _contact(notice, sender)
    message["Subject"] = _header(subject)
    message["Date"] = date.astimezone(UTC)
    return message


def _fill(message: EmailMessage, text: str) -> None:
    short = text.isascii() and max(map(len, text.splitlines())) < 900
    # As it stands where that is allowed: a desk's tools read addresses from the raw mail, unbroken.
    message.set_content(text + "\n", cte="7bit" if short else "quoted-printable")


def _contact(notice: Notice, sender: str) -> str:
    return notice.contact or sender


def _check(notice: Notice, sender: str) -> None:
    if not _ID.fullmatch(notice.id):
        _fail(notice, "has an id that is no Message-ID; use at most 24 letters, digits, dots and dashes")
    grounds = GROUNDS.get(notice.capacity, ())
    if notice.ground not in grounds:
        known = ", ".join(grounds) or f"none, as capacity is one of {', '.join(GROUNDS)}"
        _fail(notice, f"cannot be stated as {notice.capacity} on the ground {notice.ground}; grounds for it: {known}")
    _check_texts(notice)
    for name, address in (("recipient", notice.to), ("contact", _contact(notice, sender)), ("sender", sender)):
        if not is_address(address):
            _fail(notice, f"has a {name} that is not a plain e-mail address; correct it, or use the host's own form")
    if not 1 <= len(notice.items) <= MAX_ITEMS:
        _fail(notice, f"has {len(notice.items)} items, and a desk reads 1 to {MAX_ITEMS}; split it")
    for item in notice.items:
        if not _line(item.host_id):
            _fail(notice, "has an item without the host's id; add it")
        _url(item.url, notice)
        if any(value and not re.fullmatch("[0-9a-fA-F]{32,64}", value) for value in (item.sha256, item.md5)):
            _fail(notice, "has a hash that is not hexadecimal; leave it out")


def _check_texts(notice: Notice) -> None:
    needed = {
        "the ground's detail (where the original is, which list, which statement)": notice.ground_detail,
        "the name of the person who states it": notice.stated_by,
        "the host": notice.host,
    }
    if notice.capacity != "depicted_person":
        needed["the organisation that sends it"] = notice.organisation
    for name, text in needed.items():
        if not any(char.isalnum() for char in _line(text)):
            _fail(notice, f"lacks {name}; add it")
    for text in (notice.ground_detail, notice.organisation, notice.stated_by):
        _check_claims(notice, text)


def _check_claims(notice: Notice, text: str) -> None:
    """What a person types goes out as it is, except for the claims that would make the notice a lie."""
    line = _line(text)
    if _REDDIT_USER.search(line):
        _fail(notice, "names a Reddit user, and notices name none; say it without")
    if _STATUS.search(line):
        _fail(notice, "claims to come from a trusted flagger, a legal status that it must not claim; say it without")
    if notice.capacity == "third_party_notifier" and _FOR_THE_PERSON.search(line):
        _fail(notice, "speaks for the person depicted, which a third_party_notifier cannot; give the true capacity")


def _fail(notice: Notice, what: str) -> NoReturn:
    raise UsageError(f"notice {_header(_line(notice.id))[:40]} {what}")


def _url(url: str, notice: Notice) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        fine = False
    if not fine or len(url) > MAX_URL or url != _line(url) or " " in url:
        _fail(notice, "has an address that is not a plain http(s) URL; give the host's public page")
    names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    prefixed = any(name.startswith(_SIGNED_PREFIXES) for name in names)
    if names & _SIGNED or prefixed or names >= _SIGNED_DISCORD or parts.hostname in _SIGNED_HOSTS:
        _fail(notice, "has a signed media address, which expires; give the host's public page")
    return url


def _line(text: str) -> str:
    """Return the text on one line, without what controls a terminal, a mail or the direction of writing."""
    return fit_line(" ".join(text.split()))


def _header(text: str) -> str:
    # The standard library decodes an encoded word inside a header's text, line ends included.
    return text.replace("=?", "= ?")


def _wrap(text: str, *, first: str = "", then: str = "") -> list[str]:
    """Return lines of about 72 columns; words longer than that (addresses, ids) stay whole."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )
