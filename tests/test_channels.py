"""Channels: data that people edit, never guessed, each word with where it was read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import channels
from bot.channels import OWN, Registry, channel_for, contact, merged, registry
from bot.channels.reading import read
from bot.config import Config
from bot.errors import ConfigError
from bot.hosts import HOSTS
from bot.model import Channel, FieldKind, Fill, Law
from bot.pipeline.keeping.diagnosis import channel_file
from bot.pipeline.looking.channel_looks import channel_of
from tests import channels_doc


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / OWN


def test_every_word_says_where_it_was_read() -> None:
    """A mail address was read in the host's own words on a day; a form and a body say whose words they are."""
    for one in channels.shipped():
        assert one.email is None or (one.verified_on and one.source), one.name
        assert one.email_elsewhere is None or one.source, one.name
        assert one.note or one.forms or one.email, one.name
        for form in one.forms:
            assert bool(form.verified_on) != bool(form.read_elsewhere), f"{one.name}: {form.url}"
        assert not (one.verified_on and one.read_elsewhere), one.name
        if one.policy or one.laws or one.languages or one.established or one.represented:
            assert one.verified_on or one.read_elsewhere, one.name
    for body in channels.bodies():
        assert bool(body.verified_on) != bool(body.read_elsewhere), body.name
        assert body.source, body.name
        known = {one.name for one in channels.shipped()}
        assert set(body.hosts) <= known, body.name


def test_what_is_unknown_stays_unknown() -> None:
    """What nobody wrote down is a channel of which nothing is known."""
    assert contact("redgifs").email == "support@redgifs.com"
    assert contact("imgur").email is None
    assert contact("nobody") == Channel(name="nobody")
    assert not contact("nobody").known


def test_every_host_of_ours_is_found_by_its_domains() -> None:
    """Each plug has a channel; each of its domains, mirrors too, leads to it and to no other."""
    for plug in HOSTS:
        for domain in plug.domains:
            found = channel_for(f"www.{domain}")
            assert found is None or found.name == plug.name, domain
            assert channel_of(f"www.{domain}", Config())[1].name == plug.name, domain
    assert [plug.name for plug in HOSTS if not contact(plug.name).known] == []


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("pornhub.com", "pornhub"),
        ("de.pornhub.com", "pornhub"),
        ("https://DE.Pornhub.com./view_video.php?viewkey=1", "pornhub"),
        ("notpornhub.com", None),
        ("pornhub.com.example.org", None),
        ("com", None),
        ("", None),
        ("http://127.0.0.1/", None),
        ("localhost", None),
        ("pornhub.com:8443", None),
        ("xn--pornhb-5xa.com", None),
        ("two words", None),
    ],
)
def test_a_domain_leads_to_its_owner_only(address: str, name: str | None) -> None:
    """A domain and what is beneath it belong to a channel; what looks like it does not."""
    assert getattr(channel_for(address), "name", None) == name


@given(st.text(max_size=60))
def test_any_text_is_looked_up(text: str) -> None:
    """Whatever is asked for, the answer is a channel or none."""
    found = channel_for(text)
    assert found is None or any(domain in text.lower() or not text.isascii() for domain in found.domains)


def test_an_operators_file_lies_over_the_shipped_one(book: Path) -> None:
    """Keys are replaced one by one, blanked ones are unknown, and what was verified for another address is not said."""
    book.write_text(
        '[redgifs]\nemail = "desk@example.org"\nform = ""\n'
        '[tenor]\nnote = "ask Kim"\n'
        '[vids]\ndomains = ["vids.example"]\nform = "https://vids.example/report"\nverified_on = 2026-01-02\n'
    )
    found = registry(book.parent)
    mine, shipped = found.contact("redgifs"), contact("redgifs")
    assert (mine.email, mine.forms, mine.verified_on, mine.source) == ("desk@example.org", (), None, "")
    assert (mine.policy, mine.domains) == (shipped.policy, shipped.domains)
    assert found.contact("tenor").verified_on == contact("tenor").verified_on
    vids = found.channel_for("www.vids.example")
    assert vids is not None
    assert (vids.form, vids.forms[0].verified_on) == ("https://vids.example/report", date(2026, 1, 2))
    assert registry(book.parent / "nowhere").contact("redgifs") == shipped


def test_a_form_says_what_it_asks(book: Path) -> None:
    """The fields of a form come in its order, each with its kind and which of our values it takes."""
    book.write_text(
        '[vids]\nlaws = ["dsa"]\n'
        '[[vids.forms]]\nurl = "https://vids.example/a"\ncapacities = ["depicted_person"]\n'
        '[[vids.forms]]\nurl = "https://vids.example/b"\nmost_urls = 5\naccount = true\nfields = [\n'
        '  {label = "Links", kind = "urls", required = true, fills = "item_urls"},\n'
        '  {label = "Why", kind = "choice", choices = ["Spam", "Consent"], choose = "Consent"},\n]\n'
    )
    vids = registry(book.parent).contact("vids")
    assert vids.laws == (Law.DSA,)
    first, second = vids.forms
    assert [(one.label, one.kind, one.fills) for one in second.fields] == [
        ("Links", FieldKind.URLS, Fill.ITEM_URLS),
        ("Why", FieldKind.CHOICE, None),
    ]
    assert (second.most_urls, second.account, second.captcha) == (5, True, None)
    assert vids.form_for("depicted_person") == first
    assert vids.form_for("third_party_notifier") == second


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[redgifs\n", "is not TOML"),
        ('[redgifs]\nmail = "a@example.org"\n', r"redgifs\.mail in .* known here: .*email"),
        ("[redgifs]\nemail = 3\n", "is not text"),
        ('[redgifs]\nemail = "Desk <a@example.org>"\n', "is not an e-mail address"),
        ('[redgifs]\nverified_on = "yesterday"\n', "is not a date"),
        ("[redgifs]\nverified_on = 2026-01-02T10:00:00\n", "is not a date"),
        ('redgifs = "x"\n', "is not a section"),
        ('[redgifs]\nform = "javascript:alert(1)"\n', r"redgifs\.forms\[1\]\.url in .* is not an address"),
        ('[redgifs]\npolicy = "http://redgifs.com/x"\n', "is not an address such as https"),
        ('[redgifs]\nforms = "https://redgifs.com/x"\n', "is not a list"),
        ('[redgifs]\nforms = ["https://redgifs.com/x"]\n', r"is not a table; write \[\[redgifs\.forms\]\]"),
        ('[[redgifs.forms]]\nname = "a"\n', r"redgifs\.forms\[1\] in .* lacks url"),
        ('[redgifs]\ndomains = ["RedGifs.com"]\n', "is not a domain"),
        ('[redgifs]\nlaws = ["gdpr"]\n', "is not one of dsa, take_it_down"),
        ('[redgifs]\nlanguages = ["english"]\n', "is not a language's two letters"),
        ('[redgifs]\nestablished = "us"\n', "is not a country's two letters"),
        ('[vids]\ndomains = ["pornhub.com"]\n', "names pornhub.com, which is pornhub's already"),
        ('["Red Gifs"]\nnote = "a"\n', "cannot name a section"),
    ],
)
def test_wrong_channels_are_named(book: Path, text: str, match: str) -> None:
    """A mistake in the file is one sentence that names the place."""
    book.write_text(text)
    with pytest.raises(ConfigError, match=match) as told:
        registry(book.parent)
    assert len(told.value.mistakes) == 1


def test_all_mistakes_are_told_at_once(book: Path) -> None:
    """Three mistakes in two sections and a form are three sentences, and nothing of the file is used."""
    book.write_text(
        '[redgifs]\nemail = 3\n[[redgifs.forms]]\nurl = "https://redgifs.com/x"\nfields = [{label = "a", kind = "b"}]\n'
        '[tenor]\nnot = ""\n'
    )
    with pytest.raises(ConfigError) as told:
        merged(book)
    assert len(told.value.mistakes) == 3
    assert told.value.count == f"3 mistakes in {book}"


def test_a_file_that_breaks_while_the_program_runs_keeps_its_former_content(book: Path) -> None:
    """A changed file is read again; one that became wrong changes nothing until it is right."""
    book.write_text('[redgifs]\nemail = "one@example.org"\n')
    assert contact("redgifs", book.parent).email == "one@example.org"
    book.write_text('[redgifs]\nemail = "another@example.org"\n')
    assert contact("redgifs", book.parent).email == "another@example.org"
    book.write_text("[redgifs\n")
    assert contact("redgifs", book.parent).email == "another@example.org"
    with pytest.raises(ConfigError):
        merged(book)
    book.unlink()
    assert contact("redgifs", book.parent).email == "support@redgifs.com"


def test_doctor_tells_every_mistake_in_the_operators_file(book: Path) -> None:
    """Doctor has a line for each mistake, the console one without the folder, and none where there is no file."""
    config = Config(storage={"path": book.parent})
    assert list(channel_file(config)) == []
    book.write_text('[redgifs]\nemail = 3\nnot = ""\n')
    assert [(one.level, one.subject) for one in channel_file(config)] == [("fail", "channels")] * 2
    assert not any(str(book.parent) in one.text for one in channel_file(config, places=False))
    book.write_text('[redgifs]\nemail = "desk@example.org"\n')
    assert [one.level for one in channel_file(config)] == ["ok"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that cannot be read is one sentence with its path."""
    with pytest.raises(ConfigError, match="there is no file"):
        read(tmp_path / "nothing.toml", Channel)


def test_the_longest_domain_owns() -> None:
    """A channel for a part of a domain comes before that of the whole."""
    whole, part = Channel(name="whole", domains=("a.example",)), Channel(name="part", domains=("m.a.example",))
    known = Registry({"whole": whole, "part": part})
    assert known.channel_for("x.m.a.example") == part
    assert known.channel_for("x.a.example") == whole


def test_the_page_shows_what_is_known() -> None:
    """docs/channels.md is made from the data; after a change: python -m tests.channels_doc."""
    assert channels_doc.TARGET.read_text(encoding="utf-8") == channels_doc.render()
