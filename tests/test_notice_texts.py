"""The texts of notices: what a law asks for stands in each, in every language; a template reaches nothing else."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.actions.wording import Story, compose, retract, written
from bot.errors import UsageError
from bot.model import Capacity
from bot.notice_texts import ELEMENTS, GROUNDS, LANGUAGES, NAMES, VALUES, Kind, Texts, mistakes, render
from bot.notice_texts.sandbox import MAX_OUTPUT
from bot.notice_texts.sandbox import mistakes as wrong
from tests.slow import few
from tests.test_notices import EXAMPLE, RULES, SENDER, arrived, body

STORY = Story(
    sent=EXAMPLE.stated_at,
    looked=EXAMPLE.stated_at + timedelta(days=3),
    acknowledged=EXAMPLE.stated_at,
    decided=EXAMPLE.stated_at,
    complained=EXAMPLE.stated_at,
    answer="it breaks no rule",
    reason="the original shows another face",
    reference="T-77",
)
ALL = Texts(approved={Texts().digest(language, name) for language in LANGUAGES for name in NAMES})
CAPACITIES: tuple[Capacity, ...] = get_args(Capacity)
EVERY = [
    (language, kind, capacity)
    for language in LANGUAGES
    for kind in Kind
    for capacity in CAPACITIES
    if (kind, capacity) != (Kind.FTC, "third_party_notifier")
]


def own(folder: Path, language: str, name: str, text: str) -> Texts:
    """Texts with one of the operator's in front."""
    path = folder / "notices" / language / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Texts(folder / "notices")


def shipped(language: str, name: str) -> str:
    return Texts().source(language, name).text


@pytest.mark.parametrize(("language", "kind", "capacity"), EVERY)
def test_each_text_says_what_is_asked_of_it(language: str, kind: Kind, capacity: Capacity) -> None:
    """Every required element stands in every text, on each ground, with all that may be there and with the least."""
    for ground in GROUNDS[capacity]:
        for notice, story in (
            (replace(EXAMPLE, law="§ 201a StGB", access="a login", named=True), STORY),
            (replace(EXAMPLE, items=EXAMPLE.items[1:]), Story(sent=STORY.sent, looked=STORY.looked, reason="it stays")),
        ):
            stated = replace(notice, capacity=capacity, ground=ground, language=language)
            said = written(stated, sender=SENDER, kind=kind, texts=ALL, policy=RULES, story=story)
            assert stated.id in said.subject
            for item in stated.items:
                assert re.search(rf"(?m)^{item.host_id}$\n^  {re.escape(item.url)}$", said.text)


def _left_out(text: str, language: str, kind: Kind, capacity: Capacity) -> Iterator[tuple[str, str]]:
    """Yield each required element with the text without it."""
    for element in ELEMENTS[kind]:
        if capacity not in element.capacities:
            continue
        for value in element.values:
            if value == "signature":
                yield element.what, text.replace("/s/ ", "")
                continue
            field = value.partition(".")[2]
            name = rf"item\.{field}" if field else value
            if field == "hashes":
                name = "hash"
            yield element.what, re.sub(rf"\{{\{{ {name} \}}\}}", "", text)
        if element.words:
            pattern = element.words[language]
            flat = text
            for key, sentence in Texts().words(language).items():  # as it reads with its sentences
                if key.endswith(capacity):
                    flat = flat.replace(f"{{{{ {key.partition('.')[0]} }}}}", sentence.text)
            for match in re.finditer(pattern, flat):
                flat = flat.replace(match[0], "")
            yield element.what, flat


@pytest.mark.parametrize("language", few(LANGUAGES, "en", "de"))
@pytest.mark.parametrize(
    ("kind", "capacity"),
    [
        *((Kind.NOTICE, capacity) for capacity in CAPACITIES),
        *((kind, "authorised_representative") for kind in Kind if kind != Kind.NOTICE),
    ],
)
def test_a_text_that_leaves_out_one_element_is_refused(
    language: str, kind: Kind, capacity: Capacity, tmp_path: Path
) -> None:
    """Each element and value is taken out of the template, one by one: the validator names it, and nothing is said."""
    name = f"notice.{capacity}" if kind == Kind.NOTICE else str(kind)
    tried = 0
    for what, text in _left_out(shipped(language, name), language, kind, capacity):
        texts = own(tmp_path, language, name, text)
        found = mistakes(texts, language, name)
        where = f"notices/{language}/{name}.txt: leaves out {what}"
        assert any(one.startswith(where) for one in found), (what, text)
        stated = replace(EXAMPLE, capacity=capacity, language=language, ground="original_footage")
        # a host is told in any case that we were wrong, in our own words then
        kept = contextlib.nullcontext() if kind == Kind.RETRACTION else pytest.raises(UsageError, match="leaves out")
        with kept:
            said = written(stated, sender=SENDER, kind=kind, texts=texts, policy=RULES, story=STORY)
            assert "We withdraw notice" in said.text
        tried += 1
    assert tried >= 6


def test_all_that_a_text_leaves_out_is_said_at_once(tmp_path: Path) -> None:
    """An empty text is refused with a sentence for each element, and the words of another capacity with one."""
    texts = own(tmp_path, "en", "notice.authorised_representative", "hello\n")
    found = mistakes(texts, "en", "notice.authorised_representative")
    for source in (
        *(f"DSA 16(2)({point})" for point in "abcd"),
        *(f"(B)({point})" for point in ("i", "ii", "iii", "iv")),
    ):
        assert any(source in one for one in found), source
    third = own(tmp_path, "en", "notice.third_party_notifier", shipped("en", "notice.authorised_representative"))
    assert any("speaks for the person depicted" in one for one in mistakes(third, "en", "notice.third_party_notifier"))
    status = (
        shipped("de", "notice.third_party_notifier") + "Als vertrauenswürdiger Hinweisgeber, Richtlinie 2024/1385\n"
    )
    said = mistakes(own(tmp_path, "de", "notice.third_party_notifier", status), "de", "notice.third_party_notifier")
    assert [("trusted flagger" in one, "Directive" in one) for one in said] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ host.__class__ }}", "there is no value host.__class__"),
        ("{{ items[0] }}", "Getitem has no place"),
        ("{{ ''.join(items) }}", "Call has no place"),
        ("{{ self.__init__ }}", "there is no value self.__init__"),
        ("{{ config }}", "there is no value config"),
        ("{{ host|upper }}", "Filter has no place"),
        ("{{ 'a' * 1000000000 }}", "Mul has no place"),
        ("{% for x in range(10) %}{% endfor %}", "only a value"),
        ("{% for x in items %}{% for y in items %}{% for z in items %}{% endfor %}{% endfor %}{% endfor %}", "2 loops"),
        ("{% for x in host %}{% endfor %}", "host is nothing to loop over"),
        ("{% for x in items recursive %}{% endfor %}", "a loop has the form"),
        ("{% for host in items %}{% endfor %}", "the name of a value already"),
        ("{{ items }}", "items is a list"),
        ("{% for x in items %}{{ x }}{% endfor %}", "x is an item"),
        ("{% for x in items %}{{ x.sha }}{% endfor %}", "there is no value x.sha"),
        ("{% include 'words.txt' %}", "Include has no place"),
        ("{% import 'os' as os %}", "Import has no place"),
        ("{% set a = 1 %}", "Assign has no place"),
        ("{% macro a() %}{% endmacro %}", "Macro has no place"),
        ("{% if count < 1 %}{% endif %}", "with == and != only"),
        ("{% if a %}" * 9 + "{% endif %}" * 9, "6 ifs and loops"),
        ("{% if host %}", "Unexpected end of template"),
        ("{{ host", "unexpected"),
        ("{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}", "nested too deeply"),
        ("x" * 30_000, "more than 20000 characters"),
    ],
)  # fmt: skip
def test_a_template_reaches_the_documented_values_alone(text: str, said: str) -> None:
    """Whatever calls, indexes, imports, sets, filters or loops without end is refused, with file and line."""
    found = wrong(f"first line\n{text}" if len(text) < 20_000 else text, "notices/en/reminder.txt")
    assert any(said in one for one in found), found
    assert all(one.startswith("notices/en/reminder.txt") for one in found)
    assert "characters" in found[0] or "deeply" in found[0] or "line 2" in found[0]


def test_all_mistakes_of_a_text_are_said_with_their_lines() -> None:
    """A broken text gives a sentence for each mistake, by line, also behind lines of tags."""
    text = "{{ hots }}\n{% if host %}\n{{ lenght }}\n{% endif %}\n{{ items }}\n"
    assert [one.partition(":")[0] for one in wrong(text, "a.txt")] == [
        "a.txt, line 1",
        "a.txt, line 3",
        "a.txt, line 5",
    ]


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="{}%# \nabeforinditms.hs_()[]|'0=!", max_size=80))
def test_no_template_ends_in_a_traceback(text: str) -> None:
    """Any template is refused in sentences or renders to bounded text."""
    values = {name: () if name == "items" else "v" for name in VALUES if "." not in name}
    if not wrong(text, "a.txt"):
        assert len(render(text, values, "a.txt")) <= MAX_OUTPUT


def test_a_text_has_an_end() -> None:
    """What a short template multiplies beyond the bound is refused, not cut."""
    text = "{% for x in items %}{% for y in items %}" + "{{ x.url }}" * 200 + "{% endfor %}{% endfor %}"
    assert not wrong(text, "a.txt")
    with pytest.raises(UsageError, match="longer than"):
        render(text, {"items": [{"url": "u" * 100}] * 20}, "a.txt")


def test_only_what_a_person_approved_is_sent(tmp_path: Path) -> None:
    """English ships approved; a draft, and whatever an operator changed, is refused until its digest is approved."""
    german = replace(EXAMPLE, language="de")
    with pytest.raises(UsageError, match=r"de/notice\.third_party_notifier is a draft"):
        compose(german, sender=SENDER)
    compose(german, sender=SENDER, texts=ALL)
    name = "notice.third_party_notifier"
    texts = own(tmp_path, "en", name, shipped("en", name).replace("please review", "kindly review"))
    with pytest.raises(UsageError, match="is a draft"):
        compose(EXAMPLE, sender=SENDER, texts=texts)
    approved = Texts(tmp_path / "notices", {texts.digest("en", name)})
    assert "kindly review" in body(compose(EXAMPLE, sender=SENDER, texts=approved))
    own(tmp_path, "en", "words", "title.original_footage: Deepfake\n")  # a sentence changes every text that uses it
    with pytest.raises(UsageError, match="is a draft"):
        compose(EXAMPLE, sender=SENDER, texts=Texts(tmp_path / "notices", {texts.digest("en", name)}))


@pytest.mark.parametrize("when", ["law", "not law", "count == 2", "host == 'redgifs'"])
def test_no_condition_hides_another_capacity(when: str, tmp_path: Path) -> None:
    """A third party's text speaks for nobody, whatever it depends on: it is refused when read, or when it is said."""
    name = "notice.third_party_notifier"
    hidden = f"{{% if {when} %}}I represent the woman who is shown.{{% endif %}}\n"
    texts = own(tmp_path, "en", name, shipped("en", name) + hidden)
    texts = Texts(tmp_path / "notices", {texts.digest("en", name)})

    def said() -> str:
        both = (replace(EXAMPLE, law=law) for law in ("", "\u00a7 201a StGB"))
        return "".join(written(notice, sender=SENDER, texts=texts).text for notice in both)

    with pytest.raises(UsageError, match="speaks for the person depicted"):
        said()


def test_wrong_files_are_named(tmp_path: Path) -> None:
    """Sentences that are none, what is no text, and what is not UTF-8 give a sentence each."""
    texts = own(tmp_path, "en", "words", "title.orignal_footage: a\nno colon\nmore: {{ x }}\nmore: b\n")
    found = mistakes(texts, "en", "reminder")
    assert [one.partition(":")[0] for one in found] == [f"notices/en/words.txt, line {n}" for n in (1, 2, 3, 4)]
    assert "near it: title.original_footage" in found[0]
    own(tmp_path, "en", "remnider", "x")
    own(tmp_path, "it", "reminder", "x")
    assert len(Texts(tmp_path / "notices").strangers()) == 2
    (tmp_path / "notices" / "en" / "reminder.txt").write_bytes(b"a\n\xff")
    assert mistakes(Texts(tmp_path / "notices"), "en", "reminder")[0].startswith("notices/en/reminder.txt, line 2")
    with pytest.raises(UsageError, match="en, de, fr, es"):
        written(replace(EXAMPLE, language="it"), sender=SENDER)


@pytest.mark.parametrize(("language", "kind", "capacity"), EVERY)
def test_lines_survive_signing(language: str, kind: Kind, capacity: Capacity) -> None:
    """Lines have 78 octets at most on the wire, no blanks at their ends, and none begins with From."""
    detail = "From now on it is at https://studio.example/a " + "From time to time a word or two " * 8
    notice = replace(EXAMPLE, capacity=capacity, ground_detail=detail, language=language)
    said = written(notice, sender=SENDER, kind=kind, texts=ALL, policy=RULES, story=STORY)
    assert all(
        len(line) <= 74 and line == line.rstrip() and not line.startswith("From ") for line in said.text.split("\n")
    )
    if kind in (Kind.NOTICE, Kind.REMINDER, Kind.RETRACTION, Kind.COMPLAINT) and capacity != "depicted_person":
        message = compose(notice, sender=SENDER, kind=kind, texts=ALL, policy=RULES, story=STORY)
        assert max(map(len, message.as_bytes().split(b"\r\n"))) <= 78
        assert message["Content-Transfer-Encoding"] == ("7bit" if said.text.isascii() else "quoted-printable")
        assert body(arrived(message)).replace("\r\n", "\n") == said.text


def test_what_follows_a_notice_belongs_to_its_thread() -> None:
    """Reminder, retraction and complaint refer to the notice and have an id of their own, always the same."""
    for kind in (Kind.REMINDER, Kind.RETRACTION, Kind.COMPLAINT):
        message = compose(EXAMPLE, sender=SENDER, kind=kind, policy=RULES, story=STORY)
        assert message["References"] == message["In-Reply-To"] == "<N-3f9c2a@mods.example>"
        assert message["Message-ID"] == f"<N-3f9c2a.{kind}@mods.example>"
    part = compose(EXAMPLE, sender=SENDER, kind=Kind.RETRACTION, story=Story(part="C-1"))
    assert part["Message-ID"] == "<N-3f9c2a.retraction.C-1@mods.example>"
    assert "Everything else on that notice stands." in body(part)


def test_what_cannot_follow_a_notice_is_refused() -> None:
    """Nothing follows what was not sent; complaints need a reason; the FTC one needs a request that was up 48 hours."""
    with pytest.raises(UsageError, match="was not sent"):
        compose(EXAMPLE, sender=SENDER, kind=Kind.REMINDER)
    with pytest.raises(UsageError, match="what is complained of"):
        compose(EXAMPLE, sender=SENDER, kind=Kind.COMPLAINT, story=replace(STORY, reason=""))
    with pytest.raises(UsageError, match="third party's"):
        written(EXAMPLE, sender=SENDER, kind=Kind.FTC, story=STORY)
    hers = replace(EXAMPLE, capacity="authorised_representative")
    early = replace(STORY, looked=EXAMPLE.stated_at + timedelta(hours=47))
    with pytest.raises(UsageError, match="48 hours"):
        written(hers, sender=SENDER, kind=Kind.FTC, story=early)
    with pytest.raises(UsageError, match="no mail to a host"):
        compose(EXAMPLE, sender=SENDER, kind=Kind.COORDINATOR, story=STORY)


def test_everything_that_a_notice_lacks_is_said_at_once() -> None:
    """A notice with many faults gives a sentence for each."""
    bare = replace(EXAMPLE, ground_detail="", organisation="", to="", items=())
    with pytest.raises(UsageError) as caught:
        compose(bare, sender=SENDER)
    for what in ("ground's detail", "organisation", "recipient", "0 items"):
        assert any(what in one for one in caught.value.mistakes), what


def test_an_item_says_its_own_ground_where_it_differs() -> None:
    """An item's own ground stands with it; one that is the notice's is not said twice."""
    other = replace(EXAMPLE.items[1], ground="citable_list", ground_detail="list 7, entry 3")
    same = replace(EXAMPLE.items[0], ground=EXAMPLE.ground, ground_detail=EXAMPLE.ground_detail)
    text = " ".join(body(compose(replace(EXAMPLE, items=(same, other)), sender=SENDER)).split())
    assert text.count("Its own ground: Non-consensual intimate media (listed); it matches an entry") == 1
    assert text.count("list 7, entry 3") == text.count(EXAMPLE.ground_detail) == 1


def test_a_host_is_always_told_that_we_were_wrong() -> None:
    """A retraction whose text is no longer approved, or broken, goes out in English; one that is goes in its own."""
    german = replace(EXAMPLE, language="de")
    assert "We withdraw notice N-3f9c2a" in body(retract(german, sender=SENDER, date=EXAMPLE.stated_at))
    assert "Wir ziehen Meldung N-3f9c2a" in body(retract(german, sender=SENDER, date=EXAMPLE.stated_at, texts=ALL))
