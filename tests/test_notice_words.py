"""The words of notices, language by language: what a desk reads at once, and what she is made to state."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.actions.wording import Policy, Story, compose, written
from bot.config import Config
from bot.errors import UsageError
from bot.model import Capacity
from bot.notice_texts import GROUNDS, LANGUAGES, Kind, Texts, mistakes
from bot.pipeline.reviewing.words.notice_texts import text_examples
from bot.store import Store
from tests.test_notice_texts import ALL, CAPACITIES, STORY, own, shipped
from tests.test_notices import EXAMPLE, RULES, SENDER


@pytest.mark.parametrize(
    ("language", "subject", "body_says", "never"),
    [
        ("en", "Notice withdrawn, please do not act: ", "We withdraw notice", r"\bremove\b|deepfake"),
        ("de", "Meldung zurückgezogen, bitte nicht danach handeln: ", "Wir ziehen Meldung", r"entfernen|deepfake"),
        ("fr", "Notification annulée, ne pas y donner suite : ", "Nous annulons", r"retirons|retirer|deepfake"),
        ("es", "Notificación anulada, no actuar: ", "Anulamos la notificación", r"retirad|retiren|deepfake"),
    ],
)
def test_a_retraction_reads_like_no_request_to_remove(language: str, subject: str, body_says: str, never: str) -> None:
    """Its subject says first that nobody is to act; nothing in it accuses, or is the word for removing."""
    for part in (None, "C-1"):
        story = Story(part=part)
        said = written(replace(EXAMPLE, language=language), sender=SENDER, kind=Kind.RETRACTION, texts=ALL, story=story)
        first = subject.rpartition(":")[0]
        assert said.subject.startswith(subject if part is None else subject.split()[0])
        assert first.split(", ")[1].strip() in said.subject
        assert said.text.startswith(body_says)
        assert not re.search(never, f"{said.subject} {said.text}", re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_she_states_no_more_than_that_she_did_not_consent_to_sharing(language: str) -> None:
    """Media that was made with consent and shared without is the common case: nothing she signs denies the making."""
    making = r"\bmade or\b|Herstellung|hergestellt|réalis|\bhecho o\b|que se hiciera"
    for capacity in CAPACITIES:
        notice = replace(EXAMPLE, capacity=capacity, ground="depicted_person", language=language)
        said = written(notice, sender=SENDER, texts=ALL, policy=RULES)
        assert not re.search(making, said.text), capacity


@pytest.mark.parametrize(
    ("language", "third", "hers"),
    [
        ("en", "who says that they did not consent", "shown: sexual media that shows me."),
        ("de", "die nach eigener Aussage", "sehen: sexuelle Aufnahmen, die mich zeigen."),
        ("fr", "une personne qui déclare", "contenu sexuel qui me montre."),
        ("es", "una persona que declara", "contenido sexual en el que aparezco."),
    ],
)
def test_her_letter_speaks_in_the_first_person_throughout(language: str, third: str, hers: str) -> None:
    """What is shown is said of herself in her own letter, and of a person in anybody else's."""
    for capacity in CAPACITIES:
        notice = replace(EXAMPLE, capacity=capacity, ground="depicted_person", language=language)
        text = " ".join(written(notice, sender=SENDER, texts=ALL).text.split())
        assert (hers in text, third in text) == ((True, False) if capacity == "depicted_person" else (False, True))


def test_what_an_operator_says_of_a_ground_comes_before_what_ships_for_a_capacity(tmp_path: Path) -> None:
    """A sentence of the operator's is never outranked in silence by a shipped one that is narrower."""
    texts = own(tmp_path, "en", "words", "illegal.depicted_person: our words.\nshown.depicted_person: our media.\n")
    assert texts.by_ground("en", "illegal", "third_party_notifier", "depicted_person") == "our words."
    assert texts.by_ground("en", "shown", "depicted_person", "depicted_person") == "our media."
    texts = own(tmp_path, "en", "words", "shown.depicted_person.depicted_person: it is me.\n")
    assert texts.by_ground("en", "shown", "depicted_person", "depicted_person") == "it is me."


@pytest.mark.parametrize("language", ["fr", "es"])
@pytest.mark.parametrize("kind", Kind)
def test_nobody_is_called_by_the_word_for_a_principal(language: str, kind: Kind) -> None:
    """In French and Spanish the represented person is whoever gave a mandate: the texts speak of who is shown."""
    for capacity in CAPACITIES if kind != Kind.FTC else CAPACITIES[1:]:
        notice = replace(EXAMPLE, capacity=capacity, ground="depicted_person", language=language)
        said = written(notice, sender=SENDER, kind=kind, texts=ALL, policy=RULES, story=STORY)
        assert not re.search(r"personne représentée|persona representada|représentations|representaciones", said.text)


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [
        ("en", "2026-11-22", "fetched 2026-11-22 15:56 UTC; seen by a person at 2026-11-22 16:10 UTC"),
        ("de", "22.11.2026", "abgerufen am 22.11.2026, 15:56 UTC; von einer Person gesehen am 22.11.2026, 16:10 UTC"),
        ("fr", "22 novembre 2026", "copié le 22 novembre 2026, 15:56 UTC ; vu par une personne le 22 novembre 2026,"),
        (
            "es",
            "22 de noviembre de 2026",
            "copiado el 22 de noviembre de 2026, 15:56 UTC; visto por una persona el 22 de",
        ),
    ],
)
def test_days_are_written_as_the_language_writes_them(language: str, day: str, moment: str) -> None:
    """No day of a German, French or Spanish text stands as a machine writes it."""
    notice = replace(EXAMPLE, language=language, ground_detail="https://studio.example/films/12")
    text = " ".join(written(notice, sender=SENDER, texts=ALL, policy=RULES).text.split())
    assert moment in text
    assert f"{day} " in text
    assert language == "en" or "2026-11" not in text


@pytest.mark.parametrize("capacity", CAPACITIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_host_is_asked_under_the_laws_of_countries_that_it_serves(language: str, capacity: Capacity) -> None:
    """Who serves nothing in the United Kingdom is not asked under its law; everybody else is."""
    notice = replace(EXAMPLE, capacity=capacity, language=language)
    assert "Online Safety Act" in written(notice, sender=SENDER, texts=ALL, policy=RULES).text
    away = RULES._replace(not_in=("GB",))
    assert "Online Safety Act" not in written(notice, sender=SENDER, texts=ALL, policy=away).text


@pytest.mark.parametrize("capacity", CAPACITIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_category_that_a_host_asks_for_stands_in_subject_and_text(language: str, capacity: Capacity) -> None:
    """A host that refuses mail without category and sender in its subject reads both there; nobody else does."""
    notice = replace(EXAMPLE, capacity=capacity, language=language, named=True)
    asks = RULES._replace(category="revenge porn")
    said = written(notice, sender=SENDER, texts=ALL, policy=asks)
    signer = said.subject.partition(": ")[0].removeprefix("revenge porn, ").partition(" ")[2].rstrip()
    assert said.subject.startswith("revenge porn, ")
    assert signer
    assert signer in said.text.replace("\n", " ")
    assert ": revenge porn" in said.text
    assert "revenge porn" not in written(notice, sender=SENDER, texts=ALL, policy=RULES).subject


def test_a_text_without_the_category_that_a_host_asks_for_is_not_sent(tmp_path: Path) -> None:
    """An operator's own text that does not name it is refused for such a host, and for no other."""
    name = "notice.third_party_notifier"
    texts = own(tmp_path, "en", name, shipped("en", name).replace("{{ category }}", "see above"))
    approved = Texts(tmp_path / "notices", {texts.digest("en", name)})
    assert not mistakes(texts, "en", name)
    assert compose(EXAMPLE, sender=SENDER, texts=approved)
    with pytest.raises(UsageError, match="does not name the category that redgifs asks for"):
        compose(EXAMPLE, sender=SENDER, texts=approved, policy=Policy(category="revenge porn"))


@pytest.mark.parametrize("capacity", CAPACITIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_item_without_hashes_is_not_named_under_hashes(language: str, capacity: Capacity) -> None:
    """Only what has hashes stands in the list of hashes."""
    bare = replace(EXAMPLE.items[1], sha256=None, md5=None)
    notice = replace(EXAMPLE, capacity=capacity, language=language, items=(EXAMPLE.items[0], bare))
    text = written(notice, sender=SENDER, texts=ALL).text
    assert text.count("happyfluffycat:" if language != "fr" else "happyfluffycat :") == 1
    assert len(re.findall(r"(?m)^quickredfox\b", text)) == 1


def test_who_approves_a_text_reads_it_on_each_ground(store: Store) -> None:
    """Every sentence that a text can carry stands in what is shown before it is approved."""
    for language in LANGUAGES:
        words = Texts().words(language)
        for capacity in CAPACITIES:
            shown = list(text_examples(Config(), store, language, f"notice.{capacity}"))
            assert [one.ground for one in shown] == list(GROUNDS[capacity])
            for one in shown:
                assert words[f"why.{capacity}.{one.ground}"].text in " ".join(one.said.text.split())
    assert len(list(text_examples(Config(), store, "en", "retraction"))) == 1
