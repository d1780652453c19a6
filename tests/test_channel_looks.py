"""Whom to write to at a domain that nobody wrote down: asked, proposed, and used only when a person accepts it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from bot.assemble import Outside
from bot.channels import contact, own_file, rdap, security_txt
from bot.cli import app
from bot.cli.base import read_config, surrounded
from bot.errors import GifwardenError, UsageError
from bot.loopback.answers import redirect
from bot.loopback.http import LoopbackServer, Request, Response, json_response
from bot.loopback.network import LoopbackNetwork

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
URL = "https://vids.example/.well-known/security.txt"
TWO = ("mailto:abuse@vids.example", "https://vids.example/report")
NO_DATE = "says in no date that can be read when it expires"
OUTSIDE = "has text outside its signature, which is not read"
GOOD = "Contact: mailto:abuse@vids.example\nContact: https://vids.example/report\nExpires: 2099-01-01T00:00:00Z\n"
REGISTRY = {"services": [[["example"], ["http://rdap.example.net/", "https://rdap.example.net/v1/"]]]}


def card(name: str, email: str) -> list[Any]:
    return ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", name], ["email", {}, "text", email]]]


def registered(*entities: dict[str, Any]) -> dict[str, Any]:
    return {"objectClassName": "domain", "ldhName": "vids.example", "entities": list(entities)}


REGISTRAR = {
    "roles": ["registrar"],
    "vcardArray": card("Names Inc.", "sales@names.example"),
    "entities": [{"roles": ["abuse"], "vcardArray": card("Abuse Team", "abuse@names.example")}],
}

# security.txt


@pytest.mark.parametrize(
    ("text", "contacts", "faults"),
    [
        (GOOD, TWO, ()),
        (GOOD.replace("\n", "\r\n"), TWO, ()),
        (f"\ufeff# hello\n\n{GOOD}Hiring: x\nnonsense\n", TWO, ()),
        ("CONTACT:mailto:a@b.example\n", ("mailto:a@b.example",), ("does not say when it expires",)),
        ("Contact: a\nExpires: 2020-01-01T00:00:00z\n", ("a",), ("expired on 2020-01-01",)),
        ("Contact: a\nExpires: soon\n", ("a",), (NO_DATE,)),
        ("Contact: a\nExpires: 2099-01-01\n", ("a",), (NO_DATE,)),
        ("Contact: a\nExpires: 9999-12-31T23:59:59-12:00\n", ("a",), (NO_DATE,)),
        (f"{GOOD}Expires: 2099-01-01T00:00:00Z\n", None, ("says more than once when it expires",)),
        (f"{GOOD}Canonical: https://other.example/.well-known/security.txt\n", None,
         ("says that it belongs to another address (Canonical)",)),
        (f"{GOOD}Canonical: https://other.example/x\nCanonical: {URL}\n", None, ()),
        (f"{GOOD}Preferred-Languages: de, en-GB, xx9\nPreferred-Languages: fr\n", None,
         ("names its languages more than once",)),
        (f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{GOOD}- - dashed\n-----BEGIN PGP SIGNATURE-----\n\nabc\n"
         "-----END PGP SIGNATURE-----\n", None, ()),
        (f"Contact: mailto:evil@x.example\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{GOOD}"
         "-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----\nContact: mailto:worse@x.example\n", None,
         (OUTSIDE,) * 2),
        (f"-----BEGIN PGP SIGNED MESSAGE-----\n\n{GOOD}", None, ("begins as signed and has no signature",)),
        (f"{GOOD}{'# x' * 20_000}", None, ("has more than 32768 characters, of which the rest is not read",)),
        ("Contact: a\n" * 12 + "Expires: 2099-01-01T00:00:00Z\n", ("a",) * 10,
         ("names 12 contacts, of which 10 are read",)),
    ],
)  # fmt: skip
def test_a_security_txt_is_read_as_the_rfc_says(
    text: str, contacts: tuple[str, ...] | None, faults: tuple[str, ...]
) -> None:
    """Contacts in their order, within the signature only; what is expired, broken or another address's is said."""
    found = security_txt.parse(text, url=URL, now=NOW)
    assert found is not None
    assert found.contacts == (contacts or TWO)
    assert found.faults == faults
    if "Preferred" in text:
        assert found.languages == ("de", "en")


@given(st.text(max_size=400) | st.lists(st.sampled_from([*GOOD.splitlines(), "-----BEGIN PGP SIGNED MESSAGE-----", "",
       "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----", "Contact:", "- x"])).map("\n".join))  # fmt: skip
@pytest.mark.slow
def test_any_text_is_read_as_security_txt(text: str) -> None:
    """A stranger's text is read or is none; no contact is made up, and none spans lines."""
    found = security_txt.parse(text, url=URL, now=NOW)
    assert found is None or all(one in text and one.isprintable() for one in found.contacts)


# RDAP


@pytest.mark.parametrize(
    ("domain", "server"),
    [
        ("a.co.uk", "https://uk.example/co/"),
        ("a.uk", "https://uk.example/"),
        ("b.com", None),
        ("uk", "https://uk.example/"),
        ("a.org", None),
    ],
)
def test_the_longest_suffix_names_the_registry(domain: str, server: str | None) -> None:
    """RFC 9224: the longest listed suffix, its https address; none if there is only http or no such suffix."""
    services = [
        [["uk"], ["https://uk.example/"]],
        [["co.uk"], ["http://uk.example/", "https://uk.example/co/"]],
        [["com"], ["http://com.example/", "https://127.0.0.1/", "file:///x", 3]],
        "nonsense",
        [["org"]],
    ]
    assert rdap.server_of({"services": services}, domain) == server


def test_a_registrars_desk_is_told_from_the_hosts() -> None:
    """The domain's own abuse contact comes first; one within a registrar, however deep, is the registrar's."""
    own = {"roles": ["technical", "abuse"], "vcardArray": card("Vids", "abuse@vids.example")}
    hidden = {"roles": ["abuse"], "vcardArray": card("x", "REDACTED FOR PRIVACY")}
    found = rdap.abuse_contacts(registered(REGISTRAR, hidden, own))
    assert [(one.email, one.registrar, one.organisation) for one in found] == [
        ("abuse@vids.example", False, "Vids"),
        ("abuse@names.example", True, "Names Inc."),
    ]


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=8) | st.sampled_from(["abuse", "registrar", "domain"]),
       lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
           ["entities", "roles", "vcardArray", "objectClassName", "services"]), inner, max_size=4),
       max_leaves=30))  # fmt: skip
@pytest.mark.slow
def test_any_json_is_read_as_rdap(answer: Any) -> None:
    """Whatever a registry answers, it is read or refused with a ValueError."""
    for read in (rdap.abuse_contacts, lambda data: rdap.server_of(data, "vids.example")):
        with contextlib.suppress(ValueError):
            assert read(answer) is None or isinstance(read(answer), str | tuple)


def test_deep_and_many_entities_are_bounded() -> None:
    """Entities within entities are read four deep, and two hundred of them."""
    deep: dict[str, Any] = {"roles": ["abuse"], "vcardArray": card("x", "a@b.example")}
    for _ in range(50):
        deep = {"roles": [], "entities": [deep]}
    assert rdap.abuse_contacts(registered(deep)) == ()
    many = [{"roles": ["abuse"], "vcardArray": card("x", f"a{number}@b.example")} for number in range(10_000)]
    assert len(rdap.abuse_contacts(registered(*many))) == rdap.MAX_FOUND


# the command


@dataclass
class Net:
    """A domain and its registry on loopback: what each address answers, by host and path."""

    network: LoopbackNetwork = field(default_factory=LoopbackNetwork)
    answers: dict[tuple[str, str], Response] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        self.asked.append((request.host, request.path))
        return self.answers.get((request.host, request.path), Response(status=404))

    def security(self, text: str | Response, host: str = "vids.example") -> None:
        answer = (
            text if isinstance(text, Response) else Response(body=text.encode(), headers={"Content-Type": "text/plain"})
        )
        self.answers[host, security_txt.PATH] = answer

    def registry(self, answer: Response, domain: str = "vids.example", listed: Any = REGISTRY) -> None:
        self.answers["data.iana.org", "/rdap/dns.json"] = json_response(listed)
        self.answers["rdap.example.net", f"/v1/domain/{domain}"] = answer


Run = Callable[..., Result]


@pytest.fixture
def net() -> Iterator[Net]:
    made = Net()
    with LoopbackServer(made.answer) as server:
        for name in ("vids.example", "www.vids.example", "other.example", "data.iana.org", "rdap.example.net"):
            made.network.serve(name, server.port)
        made.network.point("inner.example", "10.0.0.7")
        yield made


@pytest.fixture
def run(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `hosts contact` with these arguments, in a folder with a team of one lead."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text("[fetch]\nread_seconds = 2\nconnect_seconds = 2\n", encoding="utf-8")
    CliRunner().invoke(app, ["team", "add", "ann"])
    outside = Outside(resolve=net.network.resolve, dial=net.network.dial)

    def run(*arguments: str) -> Result:
        with surrounded(read_config(None), outside):
            result = CliRunner().invoke(app, ["hosts", "contact", *arguments])
        assert result.exception is None or isinstance(result.exception, GifwardenError | SystemExit), result.exception
        return result

    return run


def looked(run: Run, *arguments: str) -> dict[str, Any]:
    result = run("vids.example", "--json", *arguments)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.output))


def test_a_proposal_is_used_only_when_accepted(run: Run, net: Net, tmp_path: Path) -> None:
    """An unknown domain is asked; nothing is known of it until a lead accepts what they saw, which is then written."""
    net.security(GOOD)
    net.registry(json_response(registered(REGISTRAR)))
    shown = looked(run)
    assert [(one["kind"], one["value"], one["whose"]) for one in shown["proposals"]] == [
        ("email", "abuse@vids.example", "host"),
        ("form", "https://vids.example/report", "host"),
        ("email", "abuse@names.example", "registrar"),
    ]
    assert shown["failures"] == []
    assert "security holes" in shown["proposals"][0]["cautions"][0]
    assert not contact("vids.example", tmp_path / "data").known
    mark = shown["proposals"][0]["accept"]

    net.security(GOOD.replace("abuse@", "someone-else@"))  # what is there now is not what was seen
    refused = run("vids.example", "--accept", mark, "--by", "ann")
    assert "is not among what is proposed" in str(refused.exception)
    net.security(GOOD)
    registrar = run("vids.example", "--accept", shown["proposals"][2]["accept"], "--by", "ann")
    assert "is the registrar's" in str(registrar.exception)
    assert not (tmp_path / "data" / "channels.toml").exists()

    own = tmp_path / "data" / "channels.toml"
    own.write_text('# mine\n[redgifs]\nnote = "ask Kim"  # or Sam\n')
    own.chmod(0o640)
    assert run("vids.example", "--accept", mark, "--by", "ann").exit_code == 0
    written = own.read_text(encoding="utf-8")
    assert own.stat().st_mode & 0o777 == 0o640
    assert written.startswith('# mine\n[redgifs]\nnote = "ask Kim"  # or Sam\n')
    found = contact("vids.example", tmp_path / "data")
    assert (found.email, found.domains, found.source) == (
        "abuse@vids.example", ("vids.example",), f"{URL}, accepted by ann",
    )  # fmt: skip
    assert found.verified_on is not None
    asked = len(net.asked)
    assert looked(run)["channel"]["email"] == "abuse@vids.example"
    assert len(net.asked) == asked, "a known domain is asked only with --look"
    again = looked(run, "--look")
    assert run("vids.example", "--accept", again["proposals"][1]["accept"], "--by", "ann").exit_code == 0
    both = contact("vids.example", tmp_path / "data")
    assert (both.email, both.form) == ("abuse@vids.example", "https://vids.example/report")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda _: None, ["security.txt: vids.example has none", "RDAP: data.iana.org says"]),
        (lambda net: net.security("<html>no such page</html>"), ["names no contact, so it is none"]),
        (lambda net: net.security("Contact: ftp://x\nContact: mailto:a b\nContact: javascript:1\n"),
         ["cannot be read"]),
        (lambda net: net.security(redirect("https://other.example/.well-known/security.txt")),
         ["leads to other.example"]),
        (lambda net: net.security(redirect("http://vids.example/.well-known/security.txt")), ["from https to http"]),
        (lambda net: net.security(Response(drop=True)), ["broke off the connection"]),
        (lambda net: net.security(Response(status=503)), ["cannot answer now"]),
        (lambda net: net.security(Response(body=b"x" * (3 << 20))), ["more than the"]),
        (lambda net: net.registry(Response(status=404)), ["rdap.example.net does not know vids.example"]),
        (lambda net: net.registry(json_response([])), ["something other than a domain's registration"]),
        (lambda net: net.registry(json_response(registered())),
         ["registration of vids.example names nobody for abuse"]),
        (lambda net: net.registry(Response(body=b"<html>")), ["something other than JSON"]),
        (lambda net: net.registry(Response(), listed={"services": [[["com"], ["https://rdap.example.net/"]]]}),
         ["no registry that answers by https is known for .example"]),
        (lambda net: net.registry(Response(), listed=[]), ["something other than the list of registries"]),
        (lambda net: net.registry(redirect("https://other.example/x")), ["leads to other.example"]),
    ],
)  # fmt: skip
def test_each_failure_is_a_sentence(run: Run, net: Net, prepare: Callable[[Net], None], said: list[str]) -> None:
    """What cannot be read of one source is one sentence, and the command ends well."""
    prepare(net)
    shown = looked(run)
    assert shown["proposals"] == []
    assert len(shown["failures"]) == 2
    assert all(any(words in failure for failure in shown["failures"]) for words in said), shown["failures"]


def test_faults_of_the_file_stand_beside_its_contacts(run: Run, net: Net) -> None:
    """An expired file's contacts are proposed with the word that it is; so is one that www. answered."""
    net.security(redirect("https://www.vids.example/.well-known/security.txt"))
    net.security("Contact: abuse@vids.example\nExpires: 2020-01-01T00:00:00Z\n", host="www.vids.example")
    cautions = " ".join(looked(run)["proposals"][0]["cautions"])
    for words in ("expired on 2020-01-01", "led to www.vids.example", "without mailto:"):
        assert words in cautions


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "localhost", "http://10.0.0.7/", "vids", "xn--", "a b.example", "vids.example:22"]
)
def test_what_is_no_public_domain_is_refused(run: Run, net: Net, address: str) -> None:
    """An address of the machine, a bare word or a port is refused before anything is asked."""
    assert "no domain of the public internet" in str(run(address).exception)
    assert net.asked == []


def test_a_domain_that_leads_inside_is_not_asked(run: Run, net: Net) -> None:
    """A public name that points into a private network gets no request, and says so."""
    result = json.loads(run("inner.example", "--json").output)
    assert "inner.example" in result["failures"][0]
    assert not any(host == "inner.example" for host, _ in net.asked)


def test_what_is_known_is_shown_without_asking(run: Run, net: Net) -> None:
    """A known host shows its forms and where each word was read; a look-alike of it is somebody else."""
    shown = run("https://www.x.com/someone/status/1").output
    for words in ("take-it-down", "in the host's own words on", "needs no account"):
        assert words in " ".join(shown.split())
    assert run("redgifs").output.count("support@redgifs.com") == 1
    assert net.asked == []
    other = " ".join(run("redgifs.com.example").output.split())
    assert "nothing is written down of it" in other
    assert "is not redgifs" in other
    assert "letters of other alphabets" in " ".join(run("xn--rdgifs-cva.com").output.split())
    assert "careful" not in run("vids.example").output


# the file


@pytest.mark.parametrize(
    "text",
    [
        '[vids]\nemail = """\na@b.example"""\n',
        'vids = {note = "x"}\n',
        '[vids]\nnote = """\nemail = 1\n"""\n',
        'note = """\n[vids]\n"""\n',
        '[[vids.forms]]\nurl = "https://a.example/b"\n[vids]\n',
    ],
)
def test_a_file_that_is_not_understood_stays_as_it_is(tmp_path: Path, text: str) -> None:
    """What cannot be changed with certainty is left alone, and the person is told which lines to write."""
    path = tmp_path / "channels.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError):
        own_file.write(path, "vids", {"email": "c@d.example", "form": "https://c.example/d"})
    assert path.read_text(encoding="utf-8") == text
    assert [one.name for one in tmp_path.iterdir()] == ["channels.toml"]
