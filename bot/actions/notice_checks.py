"""For what a notice must not go out as it stands: every reason at once, whatever its text says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from bot.mail import is_address
from bot.model import Notice
from bot.notice_texts import GROUNDS, Kind, Policy, claims
from bot.text import line as fit_line

MAX_ITEMS = 20
MAX_URL = 2000  # characters
FTC_AFTER = timedelta(hours=48)  # what 47 USC 223a(a)(3) gives a platform

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,23}")
# What content networks call the parts of a signature, in lower case.
_SIGNED = frozenset(
    {"signature", "sig", "hmac", "hdnts", "hdnea", "verify", "token", "access_token", "expires", "policy"}
)
_SIGNED_PREFIXES = ("x-amz-", "x-goog-", "key-pair-")
_SIGNED_DISCORD = frozenset({"ex", "is", "hm"})
# A moment beside a digest is a signature, whatever either is called.
_UNTIL = frozenset({"e", "ex", "exp", "expire", "expiry", "expires_at", "validto", "until", "se", "ttl"})
_DIGESTS = frozenset({"st", "md5", "hash", "auth", "sign", "key", "h", "s", "wmsauthsign"})
# Their signature is called s, like many an innocent parameter.
_SIGNED_HOSTS = frozenset({"preview.redd.it", "external-preview.redd.it"})
_REDDIT_USER = re.compile(r"(?<![\w/.-])/?u/[\w-]{3,20}|reddit\.com/(?:u|user)/|redd\.it/(?:u|user)/", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What became of a notice, for the texts that follow it."""

    sent: datetime | None = None
    acknowledged: datetime | None = None  # the host confirmed receipt
    looked: datetime | None = None  # its items were last looked for, and found
    decided: datetime | None = None
    answer: str = ""  # what the host said, in our words
    complained: datetime | None = None  # we complained to the host
    reference: str = ""  # the host's own number
    reason: str = ""  # a person's sentence: why it is retracted, or what is complained of
    part: str | None = None  # a mark of the items that are taken back, where others on the notice stand


def wanting(notice: Notice, sender: str, kind: Kind, policy: Policy, story: Story, *, mailed: bool) -> Iterator[str]:
    """Yield a sentence on each thing for which a notice must not go out as it stands; `mailed`: by us."""
    for what in dict.fromkeys(_wrong(notice, sender, policy, story, mailed=mailed)):
        yield f"notice {notice.id if _ID.fullmatch(notice.id) else '?'} {what}"
    if kind in (Kind.COMPLAINT, Kind.OUT_OF_COURT, Kind.COORDINATOR) and not _says(story.reason):
        yield f"notice {notice.id} lacks a sentence on what is complained of; give one"
    if kind not in (Kind.NOTICE, Kind.RETRACTION) and story.sent is None:
        yield f"notice {notice.id} was not sent, so nothing can follow it"
    if kind == Kind.FTC and notice.capacity == "third_party_notifier":
        yield (
            f"notice {notice.id} is a third party's, and no request under the TAKE IT DOWN Act: a complaint to the FTC "
            "needs one by the person depicted, or by who is authorised"
        )
    elif kind == Kind.FTC and story.sent and not (story.looked and story.looked - story.sent >= FTC_AFTER):
        yield (
            f"notice {notice.id} is not known to have been up 48 hours after it was sent; look again by then, and "
            "complain to the FTC if it is"
        )


def _wrong(notice: Notice, sender: str, policy: Policy, story: Story, *, mailed: bool) -> Iterator[str]:
    if not _ID.fullmatch(notice.id):
        yield "has an id that is no Message-ID; use at most 24 letters, digits, dots and dashes"
    grounds = GROUNDS.get(notice.capacity, ())
    for ground in dict.fromkeys((notice.ground, *(item.ground for item in notice.items if item.ground))):
        if ground not in grounds:
            known = ", ".join(grounds) or f"none, as capacity is one of {', '.join(GROUNDS)}"
            yield f"cannot be stated as {notice.capacity} on the ground {ground}; grounds for it: {known}"
    needed = {
        "the ground's detail (where the original is, which list, which statement)": notice.ground_detail,
        "the name of the person who states it": notice.stated_by,
        "the host": notice.host,
    }
    if notice.capacity != "depicted_person":
        needed["the organisation that sends it"] = notice.organisation
    if any(item.ground and not _says(item.ground_detail) for item in notice.items):
        needed["the detail of an item's own ground"] = ""
    yield from (f"lacks {name}; add it" for name, text in needed.items() if not _says(text))
    yield from _claimed(notice, policy, story)
    addresses = {"contact": notice.contact or sender, **({"recipient": notice.to, "sender": sender} if mailed else {})}
    for name, address in addresses.items():
        if not is_address(address) and notice.capacity != "depicted_person":  # she is reached at her own
            yield f"has a {name} that is not a plain e-mail address; correct it, or use the host's own form"
    if not 1 <= len(notice.items) <= MAX_ITEMS:
        yield f"has {len(notice.items)} items, and a desk reads 1 to {MAX_ITEMS}; split it"
    if any(not one_line(item.host_id) for item in notice.items):
        yield "has an item without the host's id; add it"
    if not all(map(_is_public, (*(item.url for item in notice.items), *filter(None, (policy.url,))))):
        yield "has an address that is not a plain http(s) URL, or is a signed one, which expires; give the public page"
    hashes = (value for item in notice.items for value in (item.sha256, item.md5))
    if any(value and not re.fullmatch("[0-9a-fA-F]{32,64}", value) for value in hashes):
        yield "has a hash that is not hexadecimal; leave it out"


def _claimed(notice: Notice, policy: Policy, story: Story) -> Iterator[str]:
    """What people type goes out as it is, except for the claims that would make the notice a lie."""
    typed = (notice.ground_detail, notice.organisation, notice.stated_by, notice.law, notice.access, policy.name)
    details = (item.ground_detail for item in notice.items)
    for text in map(one_line, (*typed, *details, story.reason, story.answer)):
        if _REDDIT_USER.search(text):
            yield "names a Reddit user, and notices name none; say it without"
        yield from (f"{claim}; say it without" for claim in claims(text, notice.capacity))


def _is_public(url: str) -> bool:
    """Return whether an address is a plain http(s) one that does not expire by a signature."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    except ValueError:
        return False
    if not fine or len(url) > MAX_URL or url != one_line(url) or " " in url:
        return False
    if names & _UNTIL and names & _DIGESTS:
        return False
    prefixed = any(name.startswith(_SIGNED_PREFIXES) for name in names)
    return not (names & _SIGNED or prefixed or names >= _SIGNED_DISCORD or parts.hostname in _SIGNED_HOSTS)


def unsigned(url: str) -> str:
    """Return an address without what makes it expire, if that leaves one that a desk may be sent."""
    bare = url.partition("#")[0].partition("?")[0]
    return bare if not _is_public(url) and _is_public(bare) else url


def _says(text: str) -> bool:
    return any(char.isalnum() for char in one_line(text))


def one_line(text: str) -> str:
    """Return the text on one line, without what controls a terminal, a mail or the direction of writing."""
    return fit_line(" ".join(text.split()))
