"""Whom strangers' servers name for abuse: security.txt, and RDAP."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from bot.channels import rdap, security_txt
from bot.config import is_address
from tests.fuzz.drawn import Drawn

NOW = datetime(2026, 11, 22, tzinfo=UTC)
URL = "https://host.example/.well-known/security.txt"
TXT = (
    "Contact: mailto:abuse@host.example\nContact: https://host.example/abuse\nExpires: 2027-01-01T00:00:00Z\n"
    "Preferred-Languages: en, de\nPolicy: https://host.example/policy\n"
    "Canonical: https://host.example/.well-known/security.txt\n",
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nContact: tel:+1-201-555-0123\n- -----\n"
    "Expires: 2027-01-01T00:00:00+02:00\n"
    "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n",
)
TXT_WORDS = (
    "Contact: ", "Expires: ", "contact:", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-W01-1",
    "20270101T000000Z", "Policy: ", "Canonical: ", "Preferred-Languages: ", "-----BEGIN PGP SIGNED MESSAGE-----",
    "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----", "\n", "\r\n", "\r", "\u2028", "\x85", "\x0b", " ",
    "\t", ":", "#", "- ", "mailto:", "a@b.example", "\ufeff", "\x00", "\u202e", ",", "en-", "é",
)  # fmt: skip
CARD = [
    "vcard",
    [
        ["version", {}, "text", "4.0"],
        ["fn", {}, "text", "Abuse desk"],
        ["email", {}, "text", "abuse@registrar.example"],
    ],
]
DOMAIN = {
    "objectClassName": "domain",
    "ldhName": "host.example",
    "entities": [
        {"roles": ["registrar"], "vcardArray": CARD, "entities": [{"roles": ["abuse"], "vcardArray": CARD}]},
        {"roles": ["abuse", "technical"], "vcardArray": CARD},
    ],
}
BOOTSTRAP = {
    "version": "1.0",
    "services": [[["example", "net"], ["https://rdap.example/"]], [["org"], ["http://a.example", "https://b.example"]]],
}
RDAP = tuple(json.dumps(one) for one in (DOMAIN, BOOTSTRAP))
RDAP_WORDS = (
    "objectClassName", "domain", "entities", "roles", "abuse", "registrar", "reseller", "vcardArray", "vcard",
    "email", "fn", "org", "services", "example", "host.example", "mailto:abuse@host.example",
    "a@b.example\nBcc: c@d.example", "https://rdap.example/", "\u202e", "ABUSE", "text",
)  # fmt: skip


def check(drawn: Drawn) -> None:
    """What is no such file is none; what is one names few contacts, each an address on one line."""
    if drawn.byte() % 2:
        found = security_txt.parse(drawn.text(TXT, TXT_WORDS), url=URL, now=NOW)
        if found is None:
            return
        assert len(found.contacts) <= security_txt.MAX_CONTACTS
        assert all(len(one) <= security_txt.MAX_VALUE and one.isprintable() for one in found.contacts)
        assert found.policy is None or found.policy.isprintable(), found.policy
        assert len(found.faults) <= 20
        assert all(len(one) == 2 for one in found.languages)
        assert found.expires is None or found.expires.tzinfo is UTC
        return
    answer = drawn.tree(RDAP, RDAP_WORDS)
    try:
        for one in rdap.abuse_contacts(answer):
            assert is_address(one.email), one
            assert len(one.organisation) <= 80
    except ValueError as error:
        if type(error) is not ValueError:  # one that a library raises
            raise
    try:
        server = rdap.server_of(answer, "www.host.example")
        assert server is None or server.startswith("https://"), server
    except ValueError as error:
        if type(error) is not ValueError:
            raise
