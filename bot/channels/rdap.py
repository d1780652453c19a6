"""RDAP: which server knows a domain (RFC 9224), and whom its answer names for abuse (RFC 9083). Pure, bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.config import is_address
from bot.errors import AcquireError
from bot.fetch import check_url

BOOTSTRAP = "https://data.iana.org/rdap/dns.json"
TYPE = "application/rdap+json, application/json"
MAX_DEEP = 4  # entities within entities
MAX_ENTITIES = 200
MAX_FOUND = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AbuseContact:
    """A mail address for abuse. `registrar`: it is the desk of whoever sold the name, who runs no server of it."""

    email: str
    registrar: bool
    organisation: str = ""  # as the answer calls it: a stranger's words


def server_of(bootstrap: Any, domain: str) -> str | None:
    """Return the address of the server that knows a domain, by the longest of the suffixes listed; None if none does.

    Only https counts. Raises ValueError if this is no such list.
    """
    services = bootstrap.get("services") if isinstance(bootstrap, Mapping) else None
    if not isinstance(services, list):
        raise ValueError("no list of services")
    labels = domain.split(".")
    suffixes = [".".join(labels[start:]) for start in range(len(labels))]  # the longest first
    best: tuple[int, str] | None = None
    for service in services:
        if not (isinstance(service, list) and len(service) >= 2 and all(isinstance(part, list) for part in service)):
            continue
        names = {name.lower().rstrip(".") for name in service[0] if isinstance(name, str)}
        rank = next((place for place, suffix in enumerate(suffixes) if suffix in names), None)
        url = next((found for url in service[1] if isinstance(url, str) and (found := _https(url))), None)
        if rank is not None and url is not None and (best is None or rank < best[0]):
            best = rank, url
    return best[1] if best else None


def query(server: str, domain: str) -> str:
    """Return the address at which a server tells of a domain."""
    return f"{server.rstrip('/')}/domain/{domain}"


def candidates(domain: str) -> tuple[str, ...]:
    """Return the names that may be registered, the likeliest first: the last two labels, three, four at most."""
    labels = domain.split(".")
    return tuple(".".join(labels[-number:]) for number in range(2, min(len(labels), 4) + 1))


def abuse_contacts(answer: Any) -> tuple[AbuseContact, ...]:
    """Return whom an answer names for abuse, the domain's own first. Raises ValueError if it tells of no domain."""
    if not isinstance(answer, Mapping) or answer.get("objectClassName") != "domain":
        raise ValueError("no domain")
    left = [MAX_ENTITIES]
    found = list(dict.fromkeys(_walk(answer.get("entities"), False, "", 0, left)))
    return tuple(sorted(found, key=lambda one: one.registrar)[:MAX_FOUND])


def _walk(entities: Any, registrar: bool, above: str, deep: int, left: list[int]) -> Iterator[AbuseContact]:
    if not isinstance(entities, list) or deep == MAX_DEEP:
        return
    for entity in entities:
        left[0] -= 1
        if left[0] < 0:
            return
        if not isinstance(entity, Mapping):
            continue
        given = entity.get("roles")
        roles = {role.lower() for role in given if isinstance(role, str)} if isinstance(given, list) else set()
        within = registrar or "registrar" in roles or "reseller" in roles
        card = list(_card(entity.get("vcardArray")))
        name = next((value for key, value in card if key in ("fn", "org") and value.strip()), "")[:80]
        if "abuse" in roles:
            for key, value in card:
                address = value.strip().removeprefix("mailto:")
                if key == "email" and is_address(address):
                    yield AbuseContact(
                        email=address, registrar=within, organisation=above if within and above else name
                    )
        yield from _walk(entity.get("entities"), within, name if "registrar" in roles else above, deep + 1, left)


def _card(card: Any) -> Iterator[tuple[str, str]]:
    """Yield (property, text) of a jCard (RFC 7095)."""
    if not (isinstance(card, list) and len(card) >= 2 and isinstance(card[1], list)):
        return
    for one in card[1][:100]:
        if isinstance(one, list) and len(one) >= 4 and isinstance(one[0], str) and isinstance(one[3], str):
            yield one[0].lower(), one[3][:300]


def _https(url: str) -> str | None:
    """Return an address as it is asked, without what stood around it; None if it is none with https."""
    try:
        found = check_url(url)
    except AcquireError:
        return None
    return str(found) if found.scheme == "https" else None
