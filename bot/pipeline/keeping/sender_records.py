"""Whether hosts can tell our mail from a forgery: SPF, DKIM and DMARC of the sender's domain, a finding each. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from bot.config import MailConfig
from bot.dns import Ask
from bot.errors import NamesError
from bot.pipeline.keeping.diagnosis import Diagnosis, ok, warn

# RFC 2606 and 6761: names of which nobody can have records
RESERVED = ("example", "test", "invalid", "localhost", "local", "example.com", "example.net", "example.org")
REDIRECTS = 3
LOOK_UPS = 10  # RFC 7208 4.6.4; more, and receivers give up
WEAK_BYTES = 140  # a public RSA key of 1024 bits is 162 bytes long

_TERM = re.compile(
    r"(?P<how>[-+~?]?)(?P<what>all|include|a|mx|ptr|ip4|ip6|exists)(?P<arg>[:/]\S*)?|(?P<name>[a-z][a-z0-9_.-]*)=(?P<value>\S*)",
    re.IGNORECASE,
)
_ASKING = frozenset({"include", "a", "mx", "ptr", "exists"})


def sender_records(mail: MailConfig, ask: Ask) -> Iterator[Diagnosis]:
    """Yield what the sender's domain says of its mail. Nothing is yielded without a sender."""
    domain = mail.sender.rpartition("@")[2].lower().rstrip(".")
    if not domain:
        return
    if any(domain == name or domain.endswith(f".{name}") for name in RESERVED):
        yield warn("mail", f"mail.sender is at {domain}, a name reserved for examples; its records are not looked up")
        return
    try:
        own = ask(domain)
        if own is None:
            said = f"by what the name servers here say, {domain} does not exist"
            yield _fail(f"{said}; correct mail.sender, whose domain it is")
            return
        yield from _spf(domain, own, mail.host, ask)
        yield from _dkim(domain, mail.dkim_selector, ask)
        yield from _dmarc(domain, ask)
    except NamesError as error:
        yield warn("mail", f"what {domain} says of its mail is not known in full: {error}; run doctor again later")


def _spf(domain: str, records: tuple[str, ...], relay: str, ask: Ask) -> Iterator[Diagnosis]:
    at = domain
    for _ in range(REDIRECTS):
        found = [one for one in records if re.match(r"v=spf1( |\Z)", one, re.IGNORECASE)]
        if not found:
            yield warn("mail", _no_spf(domain, at, relay))
            return
        if len(found) > 1:
            yield _fail(f"{at} has {len(found)} SPF records, which receivers take for an error; keep one")
            return
        terms = [_TERM.fullmatch(word) for word in found[0].split()[1:]]
        if None in terms:
            word = found[0].split()[1:][terms.index(None)]
            yield _fail(
                f"the SPF record of {at} has {word[:40]!r}, which SPF does not know: receivers take it for an error"
            )
            return
        known = [term for term in terms if term is not None]
        every = next((term for term in known if (term["what"] or "").lower() == "all"), None)
        onward = next((term["value"] for term in known if (term["name"] or "").lower() == "redirect"), None)
        if every is None and onward:
            at, records = onward, ask(onward) or ()
            continue
        yield from _judged(at, known, every, relay)
        return
    yield _fail(f"the SPF record of {domain} leads on more than {REDIRECTS} times; receivers give up")


def _no_spf(domain: str, at: str, relay: str) -> str:
    if at != domain:
        return f"the SPF record of {domain} leads to {at}, which has none: receivers take that for an error; correct it"
    names = f" that names {relay or 'your relay'}"
    return f"{domain} has no SPF record, so hosts may take notices for forged; publish one{names} and ends in -all"


def _judged(at: str, terms: list[re.Match[str]], every: re.Match[str] | None, relay: str) -> Iterator[Diagnosis]:
    named = [term[0] for term in terms if term["what"] and term is not every and term["how"] in ("", "+")]
    asking = sum((term["what"] or "").lower() in _ASKING for term in terms)
    if asking > LOOK_UPS:
        yield _fail(f"the SPF record of {at} asks for {asking} look-ups and receivers make {LOOK_UPS}; shorten it")
    elif not named and every is not None and every["how"] == "-":
        yield _fail(f"the SPF record of {at} says that it sends no mail at all; name {relay or 'your relay'} in it")
    elif every is None or every["how"] not in ("-", "~"):
        how = "accepts mail from anywhere" if every is not None and every["how"] in ("", "+") else "refuses nobody"
        yield warn("mail", f"the SPF record of {at} {how}; let it end in -all or ~all")
    else:
        yield ok(
            "mail",
            f"SPF of {at} names {', '.join(named)[:120] or 'nobody'} and ends in {every[0]}"
            + (f"; whether mail through {relay} leaves from there is yours to see" if relay else ""),
        )


def _dkim(domain: str, selector: str, ask: Ask) -> Iterator[Diagnosis]:
    if not selector:
        text = "set mail.dkim_selector to the s= of its DKIM-Signature and doctor looks at the key"
        yield warn("mail", f"whether mail of {domain} is signed cannot be told; {text}")
        return
    name = f"{selector}._domainkey.{domain}"
    keys = [tags for one in ask(name) or () if "p" in (tags := _tags(one))]
    if len(keys) != 1:
        many = (
            f"{len(keys)} keys, and receivers may take either" if keys else "no key, so what it signs does not verify"
        )
        yield _fail(
            f"there {'are' if keys else 'is'} {many}, at {name}; publish one there or correct mail.dkim_selector"
        )
        return
    (tags,) = keys
    key = "".join(tags["p"].split())
    try:
        size = len(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        yield _fail(f"the DKIM key at {name} cannot be read; publish it again")
        return
    if not key:
        yield _fail(f"the DKIM key at {name} is revoked (p= is empty); sign with another and name its selector")
    elif tags.get("k", "rsa").lower() == "rsa" and size < WEAK_BYTES:
        yield _fail(f"the DKIM key at {name} has fewer than 1024 bits, which receivers refuse; make one of 2048")
    elif "y" in tags.get("t", "").lower().split(":"):
        yield warn("mail", f"the DKIM key at {name} is marked as a test (t=y), so receivers ignore it; take that away")
    else:
        yield ok("mail", f"DKIM has a key at {name}")


def _dmarc(domain: str, ask: Ask) -> Iterator[Diagnosis]:
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        at = ".".join(labels[start:])
        found = [one for one in ask(f"_dmarc.{at}") or () if re.match(r"v=DMARC1\s*(;|\Z)", one)]
        if len(found) > 1:
            yield _fail(f"{at} has {len(found)} DMARC records, and receivers ignore all of them; keep one")
            return
        if found:
            tags = _tags(found[0])
            policy = ((tags.get("sp") if start else None) or tags.get("p", "none")).lower()
            if policy in ("quarantine", "reject"):
                yield ok("mail", f"DMARC of {at} asks receivers to {policy} what is forged")
            elif policy == "none":
                yield warn(
                    "mail", f"DMARC of {at} only watches (p=none); let it be quarantine once its reports are clean"
                )
            else:
                text = f"DMARC of {at} has the policy {policy[:20]!r}, which there is not"
                yield _fail(f"{text}; write none, quarantine or reject")
            return
    text = "many receivers want one; publish _dmarc with v=DMARC1; p=none; rua=mailto:… to begin"
    yield warn("mail", f"{domain} has no DMARC record; {text}")


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}


def _fail(text: str) -> Diagnosis:
    return Diagnosis(level="fail", subject="mail", text=text)
