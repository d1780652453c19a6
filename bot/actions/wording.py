"""The words of notices to hosts. Pure: a notice and the texts of its language in, a mail out.

    compose(notice, sender=…, kind=Kind.REMINDER, texts=…, policy=…, story=Story(sent=…), date=…) -> EmailMessage
    written(notice, sender=…, kind=Kind.COORDINATOR, …) -> Written      what is no mail: subject and text to hand over

`compose` is for what goes to the host by mail: `notice`, `reminder`, `retraction`, `complaint`. `written` is for all
kinds, and the only way for those that a person hands in elsewhere: `out_of_court`, `coordinator`, `ftc`, and whatever
the person depicted sends herself. Both raise UsageError with a sentence on everything that is missing.

What a text says comes from templates (`bot.notice_texts`); what of a notice reaches them is made safe here, and what
comes of them is checked against what the law asks for before anybody sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, NamedTuple

from bot.actions.notice_checks import MAX_ITEMS, Story, one_line, wanting
from bot.advice import Advised
from bot.clock import minutes
from bot.errors import UsageError
from bot.model import Notice, NoticeItem
from bot.notice_texts import Kind, Policy, Texts, claims, missing, mistakes, name_of, render
from bot.notice_texts.dates import day, day_and_time
from bot.text import wrapped

WIDTH = 74
SUBJECT_IDS = 80  # characters of ids in a subject; the rest is counted
MAILED = frozenset({Kind.NOTICE, Kind.REMINDER, Kind.RETRACTION, Kind.COMPLAINT})
SHIPPED = Texts()

_LABEL = re.compile(r"[^\s:][^:]{0,30}: ")
_POINT = re.compile(r" *(?:\([a-z]{1,4}\) )?")


__all__ = [
    "MAILED",
    "MAX_ITEMS",
    "Kind",
    "Policy",
    "Story",
    "Texts",
    "Written",
    "compose",
    "message_id",
    "retract",
    "written",
]


class Written(NamedTuple):
    """A text to hand over."""

    subject: str
    text: str
    flow: str = ""  # the same with no line broken


def compose(
    notice: Notice,
    *,
    sender: str,
    kind: Kind = Kind.NOTICE,
    texts: Texts = SHIPPED,
    policy: Policy = Policy(),
    story: Story = Story(),
    date: datetime | None = None,
    mail: str = "",
) -> EmailMessage:
    """Return a mail to the host of a notice, from `sender`, the address of `[mail]`.

    `date` is when it is sent, default `stated_at`. All but the notice itself belong to its thread; so does the notice
    that is sent again after it came back, of which `mail` is the number. Raises UsageError with a sentence on each
    thing for which it must not go out as it stands.
    """
    if kind not in MAILED:
        raise UsageError(f"{kind} is no mail to a host; a person hands it in where it belongs")
    said = _written(notice, sender, kind, texts, policy, story, mailed=True)
    if notice.capacity == "depicted_person":
        raise UsageError(
            f"notice {notice.id} is the depicted person's own: it is handed to her to send, and never mailed by us; "
            f"see: gifwarden notices show {notice.id}"
        )
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=_header(one_line(notice.organisation))[:60].strip(), addr_spec=sender)
    message["To"] = notice.to
    message["Reply-To"] = notice.contact or sender
    message["Subject"] = _header(said.subject)
    message["Date"] = (date or notice.stated_at).astimezone(UTC)
    original = message_id(notice.id, sender)
    if kind == Kind.NOTICE and not mail:
        message["Message-ID"] = original
    else:
        which = mail if kind == Kind.NOTICE else f"{kind}{f'.{story.part}' if story.part else ''}"
        message["Message-ID"] = message_id(f"{notice.id}.{which}", sender)
        message["In-Reply-To"] = original
        message["References"] = original
    short = said.text.isascii() and max(map(len, said.text.splitlines())) < 900
    # As it stands where that is allowed: a desk's tools read addresses from the raw mail, unbroken.
    message.set_content(said.text, cte="7bit" if short else "quoted-printable")
    return message


def retract(
    notice: Notice,
    *,
    sender: str,
    date: datetime,
    reason: str = "",
    part: str | None = None,
    texts: Texts = SHIPPED,
) -> EmailMessage:
    """Return the mail that takes a sent notice back, as an answer to it. `reason` is a sentence for the host.

    `part` is a mark of the items that are taken back, where others on the notice stand.

    Raises UsageError as `compose` does.
    """
    story = Story(reason=reason, part=part)
    return compose(notice, sender=sender, kind=Kind.RETRACTION, texts=texts, story=story, date=date)


def written(
    notice: Notice,
    *,
    sender: str,
    kind: Kind = Kind.NOTICE,
    texts: Texts = SHIPPED,
    policy: Policy = Policy(),
    story: Story = Story(),
) -> Written:
    """Return what a text says, and its subject: lines of 74 columns, where no word is longer.

    What the person depicted sends herself has blanks for her name, address and the day. Raises UsageError as `compose`,
    but the notice needs no recipient.
    """
    return _written(notice, sender, kind, texts, policy, story, mailed=False)


def _written(
    notice: Notice, sender: str, kind: Kind, texts: Texts, policy: Policy, story: Story, *, mailed: bool
) -> Written:
    name = name_of(kind, notice.capacity)
    if wrong := [*wanting(notice, sender, kind, policy, story, mailed=mailed)]:
        raise UsageError(*wrong)
    broken = mistakes(texts, notice.language, name)
    if kind == Kind.RETRACTION and (broken or not texts.approved(notice.language, name)):
        # a host is told that we were wrong, whatever became of the texts meanwhile
        notice, texts, broken = replace(notice, language="en"), SHIPPED, ()
    if broken:
        raise UsageError(*broken)
    if not texts.approved(notice.language, name):
        raise UsageError(
            Advised(
                f"the text {notice.language}/{name} is a draft that nobody of the team has approved as it is",
                f"read it: gifwarden notices texts show {notice.language} {name}",
                page="read it, and approve it if every word is right",
                path=f"/notice-texts/{notice.language}/{name}",
            )
        )
    values = _values(notice, sender, texts, policy, story)
    whole = render(texts.source(notice.language, name).text, values, texts.source(notice.language, name).where)
    text = _laid_out(whole)
    subject = texts.said(notice.language, f"subject.{kind}", values)
    lacking = missing(text, values, kind=kind, capacity=notice.capacity, language=notice.language)
    left = [f"notice {notice.id} does not say {element.what}; correct its text" for element, _ in lacking]
    if kind == Kind.NOTICE and values["category"] not in " ".join(text.split()):
        left.append(f"notice {notice.id} does not name the category that {notice.host} asks for; add it to its text")
    if left:
        raise UsageError(*left)  # a half text never leaves, whatever a template does with these very values
    if over := [
        f"the text of notice {notice.id} {claim}; correct it" for claim in _overstated(text, notice, policy, kind)
    ]:
        raise UsageError(*over)
    return Written(subject, text, _laid_out(whole, None))


def _overstated(text: str, notice: Notice, policy: Policy, kind: Kind) -> Iterator[str]:
    """Yield what a text claims that its capacity cannot. What addresses and ids happen to hold is no claim."""
    names = [one_line(held) for item in notice.items for held in (item.url, item.host_id)]
    for name in sorted({*names, policy.url} - {""}, key=len, reverse=True):
        text = text.replace(name, " ")
    yield from claims(" ".join(text.split()), None if kind == Kind.FTC else notice.capacity)


def message_id(name: str, sender: str) -> str:
    """Return the Message-ID of a notice's mail: the same for the same name and sender's domain, always."""
    domain = sender.rpartition("@")[2].lower()
    # The standard library mangles In-Reply-To beyond one line, so a long domain gives up labels from the left.
    while len(domain) > 36 and "." in domain:
        domain = domain.partition(".")[2]
    return f"<{name}@{domain if len(domain) <= 36 else 'gifwarden.invalid'}>"


def _values(notice: Notice, sender: str, texts: Texts, policy: Policy, story: Story) -> dict[str, Any]:
    """Return what the templates may name: text on one line each, made safe."""
    capacity, ground = notice.capacity, notice.ground
    hers = capacity == "depicted_person"

    def word(key: str, **values: Any) -> str:
        return texts.said(notice.language, key, values)

    name, organisation = one_line(notice.stated_by), one_line(notice.organisation)
    if hers:
        signer = name = word("blank.name")
    elif capacity == "third_party_notifier" and not notice.named:
        signer, name = organisation, ""
    else:
        signer = f"{name}, {organisation}"
    stated = word("blank.day") if hers else day(notice.stated_at, notice.language)
    ids, more = _ids(notice.items)
    if more:
        ids = word("more", ids=ids, more=more)
    return {
        "host": one_line(notice.host),
        "number": notice.id,
        "day": stated,
        "title": word(f"title.{ground}"),
        "shown": texts.by_ground(notice.language, "shown", capacity, ground),
        "why": word(f"why.{capacity}.{ground}"),
        "detail": one_line(notice.ground_detail),
        "illegal": texts.by_ground(notice.language, "illegal", capacity, ground),
        "policy": policy.url,
        "policy_name": one_line(policy.name),
        "category": one_line(policy.category),
        "law": one_line(notice.law),
        "access": one_line(notice.access),
        "role": word(f"role.{capacity}"),
        "organisation": organisation,
        "name": name,
        "signer": signer,
        "contact": word("blank.contact") if hers else notice.contact or sender,
        "good_faith": word(f"good_faith.{capacity}"),
        "belief": "" if capacity == "third_party_notifier" else word(f"belief.{capacity}"),
        "signature": f"/s/ {name}, {stated}",
        "count": len(notice.items),
        "ids": ids,
        "more": more,
        "uk": int("GB" not in policy.not_in),
        "hashes": int(any(item.sha256 or item.md5 for item in notice.items)),
        "items": tuple(_item(item, notice, word) for item in notice.items),
        "sent": _moment(story.sent, notice.language),
        "acknowledged": _moment(story.acknowledged, notice.language),
        "looked": _moment(story.looked, notice.language),
        "decided": _moment(story.decided, notice.language),
        "complained": _moment(story.complained, notice.language),
        "answer": one_line(story.answer),
        "reference": one_line(story.reference),
        "reason": one_line(story.reason),
        "partly": int(story.part is not None),
    }


def _item(item: NoticeItem, notice: Notice, word: Any) -> Mapping[str, Any]:
    own = (
        item.ground
        if item.ground and (item.ground, item.ground_detail) != (notice.ground, notice.ground_detail)
        else None
    )
    hashes = tuple(f"{kind} {value}" for kind, value in (("sha256", item.sha256), ("md5", item.md5)) if value)
    return {
        "id": one_line(item.host_id),
        "url": item.url,
        "fetched": day_and_time(item.seen_at, notice.language),
        "seen": _moment(item.viewed_at, notice.language),
        "times": ", ".join(word("range", start=minutes(start), end=minutes(end)) for start, end in item.ranges),
        "rendition": one_line(item.rendition or "") if hashes else "",
        "title": word(f"title.{own}") if own else "",
        "why": word(f"why.{notice.capacity}.{own}") if own else "",
        "detail": one_line(item.ground_detail) if own else "",
        "hashed": int(bool(hashes)),
        "hashes": hashes,
    }


def _ids(items: Iterable[NoticeItem]) -> tuple[str, int]:
    """Return the ids as far as they fit a subject, and how many do not."""
    names = [one_line(item.host_id) for item in items]
    shown: list[str] = []
    for name in names:
        if shown and len(", ".join([*shown, name])) > SUBJECT_IDS:
            break
        shown.append(name)
    return ", ".join(shown), len(names) - len(shown)


def _laid_out(text: str, width: int | None = WIDTH) -> str:
    """Return a text as mail carries it: lines of 74 columns, no blanks at their ends, no line that begins with From.

    `width`: None leaves lines unbroken, for who reads it on something narrower.
    """
    lines: list[str] = []
    for number, whole in enumerate(text.split("\n")):
        point = _POINT.match(whole)
        hang = 2 if number and _LABEL.match(whole) else len(point[0]) if point else 0
        lines += wrapped(whole.rstrip(), width, hang).split("\n")
    kept: list[str] = []
    for one in (line.rstrip() for line in lines):
        if one or (kept and kept[-1]):
            kept.append(f" {one}" if one.startswith("From ") else one)  # else a mailbox or relay writes >From there
    return "\n".join(kept).rstrip("\n") + "\n"


def _moment(moment: datetime | None, language: str) -> str:
    return day_and_time(moment, language) if moment else ""


def _header(text: str) -> str:
    # The standard library decodes an encoded word inside a header's text, line ends included.
    return text.replace("=?", "= ?")
