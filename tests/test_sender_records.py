"""What the sender's domain says of its mail: SPF, DKIM and DMARC, each one sentence with what to do."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import MailConfig
from bot.dns import TxtRecords
from bot.errors import NamesError
from bot.pipeline.keeping.sender_records import sender_records

AT = "mods.gifwarden.net"
KEY = f"_domainkey.{AT}"
SOUND = {
    AT: ["unrelated", "v=spf1 include:_spf.relay.net mx -all"],
    f"s1.{KEY}": ["v=DKIM1; k=rsa; p=" + "A" * 392],
    f"_dmarc.{AT}": ["v=DMARC1; p=quarantine; rua=mailto:dmarc@mods.gifwarden.net"],
}
Records = dict[str, list[str]]


def told(records: Records, *, selector: str = "s1", sender: str = f"notices@{AT}") -> list[tuple[str, str]]:
    """Return level and text of each finding; a name without records that is no key does not exist."""
    mail = MailConfig(host="smtp.relay.net", sender=sender, dkim_selector=selector)

    def ask(name: str) -> tuple[str, ...] | None:
        return tuple(records[name]) if name in records else None

    return [(one.level, one.text) for one in sender_records(mail, ask)]


def test_a_sound_domain_has_three_good_findings() -> None:
    """SPF names somebody and refuses others, the key is there, and forged mail is refused."""
    assert [level for level, _ in told(SOUND)] == ["ok", "ok", "ok"]
    short = {**SOUND, f"s1.{KEY}": ["v=DKIM1; k=ed25519; p=" + "A" * 44]}  # as those keys are
    assert told(short) == told(SOUND)
    assert "include:_spf.relay.net, mx and ends in -all; whether mail through smtp.relay.net" in told(SOUND)[0][1]


@pytest.mark.parametrize(
    ("name", "records", "level", "words"),
    [
        (AT, [], "warn", "has no SPF record"),
        (AT, ["v=spf10 -all", "spf"], "warn", "has no SPF record"),
        (AT, ["v=spf1 mx -all", "V=SPF1 a -all"], "fail", "has 2 SPF records"),
        (AT, ["v=spf1 -all"], "fail", "says that it sends no mail at all"),
        (AT, ["v=spf1 mx"], "warn", "refuses nobody"),
        (AT, ["v=spf1 mx ?all"], "warn", "refuses nobody"),
        (AT, ["v=spf1 mx all"], "warn", "accepts mail from anywhere"),
        (AT, ["v=spf1 mx +all"], "warn", "accepts mail from anywhere"),
        (AT, ["v=spf1 ip4:192.0.2.0/24 ~all"], "ok", "ends in ~all"),
        (AT, ["v=spf1 mx ipv4:192.0.2.1 -all"], "fail", "'ipv4:192.0.2.1', which SPF does not know"),
        (AT, ["v=spf1 " + "include:a.net " * 11 + "-all"], "fail", "asks for 11 look-ups"),
        (AT, ["v=spf1 redirect=_spf.relay.net"], "warn", "leads to _spf.relay.net, which has none"),
        (AT, [f"v=spf1 redirect={AT}"], "fail", "leads on more than 3 times"),
        (f"s1.{KEY}", [], "fail", "there is no key"),
        (f"s1.{KEY}", ["v=DKIM1; p="], "fail", "is revoked"),
        (f"s1.{KEY}", ["v=DKIM1; p=*not base64*"], "fail", "cannot be read"),
        (f"s1.{KEY}", ["v=DKIM1; p=" + "A" * 120], "fail", "fewer than 1024 bits"),
        (f"s1.{KEY}", ["p=" + "A" * 392, "p=" + "B" * 392], "fail", "2 keys"),
        (f"s1.{KEY}", ["v=DKIM1; t=y:s; p=" + "A " * 392], "warn", "marked as a test"),
        (f"_dmarc.{AT}", ["v=DMARC1; p=none"], "warn", "only watches"),
        (f"_dmarc.{AT}", ["v=DMARC1"], "warn", "only watches"),
        (f"_dmarc.{AT}", ["v=DMARC1; p=refuse"], "fail", "'refuse', which there is not"),
        (f"_dmarc.{AT}", ["v=DMARC1; p=reject", "v=DMARC1; p=none"], "fail", "has 2 DMARC records"),
        (f"_dmarc.{AT}", ["v=DMARC2; p=reject"], "warn", "has no DMARC record"),
        (f"_dmarc.{AT}", [], "warn", "has no DMARC record"),
    ],
)
def test_what_is_wrong_is_one_sentence(name: str, records: list[str], level: str, words: str) -> None:
    """One record is changed, and one finding with it: what is wrong and what to do."""
    changed = [one for one in told({**SOUND, name: records}) if one not in told(SOUND)]
    assert len(changed) == 1
    assert changed[0][0] == level
    assert words in changed[0][1]
    assert "\n" not in changed[0][1]


def test_a_policy_of_the_domain_above_counts() -> None:
    """Without a DMARC record of its own a domain has that of the one above, its sp= first; a TLD's is not asked."""
    records = {name: list(one) for name, one in SOUND.items() if name != f"_dmarc.{AT}"}
    above = {**records, "_dmarc.gifwarden.net": ["v=DMARC1; p=none; sp=reject"], "_dmarc.net": ["v=DMARC1; p=none"]}
    assert told(above)[2] == ("ok", "DMARC of gifwarden.net asks receivers to reject what is forged")
    assert told({**records, "_dmarc.net": ["v=DMARC1; p=reject"]})[2][0] == "warn"


def test_what_cannot_be_told_is_said() -> None:
    """Without a selector the key is not looked for; a domain that is not there, or is for examples, is one finding."""
    assert "cannot be told; set mail.dkim_selector" in told(SOUND, selector="")[1][1]
    ((level, text),) = told({})
    assert (level, "does not exist" in text) == ("fail", True)
    ((level, text),) = told(SOUND, sender="a@mods.example")
    assert (level, "reserved for examples" in text) == ("warn", True)
    assert told(SOUND, sender="") == []


@given(st.lists(st.text(max_size=60) | st.sampled_from(["v=spf1 ", "v=DMARC1;", "v=DKIM1; p="]), max_size=4))
def test_any_record_is_read(records: list[str]) -> None:
    """Whatever a domain publishes, each of the three is told in sentences."""
    joined = [*records, "".join(records)]
    assert len(told({AT: joined, f"s1.{KEY}": joined, f"_dmarc.{AT}": joined})) == 3


# real questions


class NameServer:
    """A name server on loopback, over UDP and TCP. What it answers: `records`, or bytes of a name in `raw`."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.raw: dict[str, Callable[[dns.message.Message], bytes | None]] = {}
        self.asked: list[tuple[str, str]] = []
        server = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                answer = server.answer(data, "udp")
                if answer is not None:
                    sock.sendto(answer, self.client_address)

        class Stream(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                sock: socket.socket = self.request
                (size,) = struct.unpack("!H", sock.recv(2))
                answer = server.answer(sock.recv(size), "tcp")
                if answer is not None:
                    sock.sendall(struct.pack("!H", len(answer)) + answer)

        for left in range(50, -1, -1):  # one port for both, which another program may hold for one of them
            self._udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Datagram)
            self.port = self._udp.server_address[1]
            try:
                self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Stream)
                break
            except OSError:
                self._udp.server_close()
                if not left:
                    raise
        self._tcp.daemon_threads = self._udp.daemon_threads = True

    def answer(self, data: bytes, how: str) -> bytes | None:
        question = dns.message.from_wire(data)
        name = question.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append((name, how))
        if name in self.raw:
            return self.raw[name](question)
        reply = dns.message.make_response(question)
        if name not in self.records:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif self.records[name]:
            texts = [
                '"' + '" "'.join(one[at : at + 200] for at in range(0, len(one), 200)) + '"'
                for one in self.records[name]
            ]
            reply.answer.append(dns.rrset.from_text(question.question[0].name, 60, "IN", "TXT", *texts))
        wire = reply.to_wire()
        if how == "udp" and len(wire) > 512:
            reply.answer.clear()
            reply.flags |= dns.flags.TC
            wire = reply.to_wire()
        return wire

    @contextlib.contextmanager
    def serving(self) -> Iterator[NameServer]:
        threads = [threading.Thread(target=one.serve_forever, args=(0.02,)) for one in (self._udp, self._tcp)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            for one in (self._udp, self._tcp):
                one.shutdown()
                one.server_close()
            for thread in threads:
                thread.join(5)


@pytest.fixture
def names() -> Iterator[NameServer]:
    with NameServer().serving() as made:
        yield made


def refusing(question: dns.message.Message) -> bytes:
    reply = dns.message.make_response(question)
    reply.set_rcode(dns.rcode.SERVFAIL)
    return reply.to_wire()


def led(question: dns.message.Message) -> bytes:
    reply = dns.message.make_response(question)
    name = question.question[0].name
    reply.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", "key.relay.net."))
    reply.answer.append(dns.rrset.from_text("key.relay.net.", 60, "IN", "TXT", '"v=DKIM1; p=AAAA"'))
    return reply.to_wire()


def test_records_are_asked_of_a_real_name_server(names: NameServer) -> None:
    """Long records are put together and come over TCP; no record and no name are told apart; an alias is followed."""
    names.records = {AT: ["v=spf1 mx -all", "x" * 900], f"none.{AT}": []}
    names.raw[f"s1.{KEY}"] = led
    ask = TxtRecords(servers=[("127.0.0.1", names.port)])
    assert set(ask(AT) or ()) == {"v=spf1 mx -all", "x" * 900}
    assert [how for name, how in names.asked if name == AT] == ["udp", "tcp"]
    assert ask(f"none.{AT}") == ()
    assert ask(f"gone.{AT}") is None
    assert ask(f"s1.{KEY}") == ("v=DKIM1; p=AAAA",)
    mail = MailConfig(host="smtp.relay.net", sender=f"a@{AT}", dkim_selector="s1")
    assert [one.level for one in sender_records(mail, ask)] == ["ok", "fail", "warn"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusing, "no name server gives an answer"),
        (lambda _: None, "did not answer in time"),
        (lambda _: b"not dns", "did not answer in time"),
        (
            lambda question: question.to_wire()[:2] + b"\xff" * 30,
            "no name server gives an answer|did not answer in time|not be read",
        ),
    ],
)
def test_no_answer_is_a_warning_within_the_deadline(
    names: NameServer, answer: Callable[[dns.message.Message], bytes | None], words: str
) -> None:
    """A refusal, silence and rubbish end within the time for all questions together, as a warning and no failure."""
    names.raw[AT] = answer
    ask = TxtRecords(seconds=0.4, servers=[("127.0.0.1", names.port)])
    begun = time.monotonic()
    with pytest.raises(NamesError, match=words):
        ask(AT)
    mail = MailConfig(host="smtp.relay.net", sender=f"a@{AT}")
    ((level, text),) = [(one.level, one.text) for one in sender_records(mail, ask)]
    assert time.monotonic() - begun < 10
    assert (level, "is not known in full" in text) == ("warn", True)


@pytest.mark.parametrize("name", ["a..b", f"{'x' * 64}.net", "x." * 200])
def test_a_name_that_is_none_is_said(names: NameServer, name: str) -> None:
    """A name that cannot be asked for is one sentence, and nobody is asked."""
    with pytest.raises(NamesError, match="cannot be asked"):
        TxtRecords(servers=[("127.0.0.1", names.port)])(name)
    assert names.asked == []
