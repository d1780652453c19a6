"""What a domain itself and its registry say about whom to write to: proposed to a person, never used unseen."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import unquote

from bot.channels import rdap, security_txt
from bot.channels.reading import web_address
from bot.config import is_address
from bot.errors import AcquireError, GoneError, UnsupportedError
from bot.fetch import Fetcher, check_url, host_of
from bot.model import Channel

SECONDS = 20.0  # for each thing that is asked
UNREGISTERED = frozenset({400, 404, 422})  # how registries answer for what nobody registers, such as co.uk
OFF_TOPIC = "it is meant for reports of security holes: look whether its page speaks of abuse"

Kind = Literal["email", "form", "phone"]
_PHONE = re.compile(r"\+?[0-9 ()./-]{3,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One way to write to a host that a person may accept. All but `cautions` are a stranger's words."""

    kind: Kind
    value: str
    source: str  # where it was read
    cautions: tuple[str, ...] = ()
    registrar: bool = False  # it is the desk of whoever sold the name: shown, never accepted as the host's

    @property
    def mark(self) -> str:
        """A few characters that change with what is proposed: who accepts it has seen it."""
        text = "\n".join((self.kind, self.value, self.source, *self.cautions))
        return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was found for a domain, and a sentence for each thing that could not be read."""

    domain: str
    proposals: tuple[Proposal, ...]
    failures: tuple[str, ...]

    def named(self) -> list[tuple[str, Proposal]]:
        """Return each proposal with the name by which it is accepted: its number and its mark."""
        return [(f"{number}-{one.mark}", one) for number, one in enumerate(self.proposals, 1)]


def look(domain: str, channel: Channel, web: Fetcher, now: datetime) -> Look:
    """Ask a domain and its registry. `domain`: as `domain_of` returns it. Raises nothing that a stranger causes."""
    proposals, failures = list(_known(channel)), []
    for source, ask in _SOURCES.items():
        try:
            proposals += ask(domain, web, now)
        except AcquireError as error:
            failures.append(f"{source}: {error}")
    seen: dict[tuple[Kind, str], Proposal] = {}
    for one in proposals:
        seen.setdefault((one.kind, one.value.lower()), one)
    return Look(domain=domain, proposals=tuple(seen.values()), failures=tuple(failures))


def _known(channel: Channel) -> Iterator[Proposal]:
    if channel.email_elsewhere and channel.email_elsewhere != channel.email:
        yield Proposal(
            kind="email",
            value=channel.email_elsewhere,
            source=channel.source or "what others wrote",
            cautions=("others name it: look for it in the host's own words",),
        )


def _security_txt(domain: str, web: Fetcher, now: datetime) -> list[Proposal]:
    try:
        page = web.page(f"https://{domain}{security_txt.PATH}", allow=lambda host: _same(host, domain), seconds=SECONDS)
    except GoneError:
        raise UnsupportedError(f"{domain} has none") from None
    found = security_txt.parse(page.text, url=page.url, now=now)
    if found is None:
        raise UnsupportedError(f"what {domain} has at {security_txt.PATH} names no contact, so it is none")
    cautions = [OFF_TOPIC, *(f"the file {fault}" for fault in found.faults)]
    if host_of(check_url(page.url)) != domain:
        cautions.append(f"{domain} led to {host_of(check_url(page.url))}")
    if found.signed:
        cautions.append("it is framed as signed; the signature was not checked")
    read = [one for contact in found.contacts if (one := _contact(contact, page.url, tuple(cautions)))]
    if not read:
        raise UnsupportedError(f"the contacts that {domain} names in {security_txt.PATH} cannot be read")
    return read


def _contact(text: str, url: str, cautions: tuple[str, ...]) -> Proposal | None:
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() == "mailto":
        value = unquote(rest.partition("?")[0])
        return Proposal(kind="email", value=value, source=url, cautions=cautions) if is_address(value) else None
    if colon and scheme.lower() == "https":
        return Proposal(kind="form", value=text, source=url, cautions=cautions) if web_address(text) else None
    if colon and scheme.lower() == "tel":
        return Proposal(kind="phone", value=rest, source=url, cautions=cautions) if _PHONE.fullmatch(rest) else None
    if is_address(text):
        bare = "it is written without mailto:, which the RFC asks for"
        return Proposal(kind="email", value=text, source=url, cautions=(*cautions, bare))
    return None


def _rdap(domain: str, web: Fetcher, now: datetime) -> list[Proposal]:  # noqa: ARG001  one shape for all sources
    where = host_of(check_url(rdap.BOOTSTRAP))
    listed = web.json(rdap.BOOTSTRAP, allow=lambda host: host == where, seconds=SECONDS)
    try:
        server = rdap.server_of(listed, domain)
    except ValueError:
        raise UnsupportedError(f"{where} answers with something other than the list of registries") from None
    if server is None:
        raise UnsupportedError(f"no registry that answers by https is known for .{domain.rpartition('.')[2]}")
    name = host_of(check_url(server))
    known = ""
    for registered in rdap.candidates(domain):
        url = rdap.query(server, registered)
        try:
            answer = web.json(url, headers={"Accept": rdap.TYPE}, allow=lambda host: host == name, seconds=SECONDS)
        except AcquireError as error:
            if error.status in UNREGISTERED:
                continue
            raise
        try:
            contacts = rdap.abuse_contacts(answer)
        except ValueError:
            raise UnsupportedError(f"{name} answers with something other than a domain's registration") from None
        if contacts:
            return [_registered(one, url) for one in contacts]
        known = registered
    raise UnsupportedError(
        f"the registration of {known} names nobody for abuse" if known else f"{name} does not know {domain}"
    )


def _registered(found: rdap.AbuseContact, url: str) -> Proposal:
    whose = f", {found.organisation}" if found.organisation else ""
    if found.registrar:
        caution = f"it is the registrar's{whose}, who sold the name and runs no server of it: not the host's own desk"
    else:
        caution = f"the registry has it for abuse of the name{whose}; look whether it is the host's own"
    return Proposal(kind="email", value=found.email, source=url, cautions=(caution,), registrar=found.registrar)


def _same(host: str, domain: str) -> bool:
    """Whether a redirect stays with the domain that was asked: itself, beneath it, or with and without www."""
    base = domain.removeprefix("www.")
    return host == base or host.endswith(f".{base}")


_SOURCES: dict[str, Callable[[str, Fetcher, datetime], list[Proposal]]] = {
    "security.txt": _security_txt,
    "RDAP": _rdap,
}
