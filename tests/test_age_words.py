"""Which words speak of age: in doubt more than fewer, and never the everyday reasons of a removal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pipeline.watching.age_words import speaks_of_age, title_speaks_of_age

SPEAK = """
underage|possibly underage|Minor|minors|sexualization of minors|looks 16|17|she is 17|17yo|17 y/o|16 years old|
f17|u18|under 18|under-18|not 18|below 18|18+ content|child|children|child abuse|CSAM|c.s.a.m|csem|cp|CP!|loli|
lolis|l0li|lolicon|L O L I|shota|teen|t33n|teens|teenager|preteen|jailbait|jail bait|jail-bait|barely legal|
schoolgirl|school girl|high school|kid|kids|toddler|pedo|paedophilia|young girl|Minderjährig|Minderjährige|
minderjaehrig|Kind|Kinder|Kinderpornografie|jugendlich|unter 18|Schülerin|Mädchen|jung|volljährig?|mineur|
mineure|Mineurs|enfant|pédopornographie|adolescente|moins de 18|fillette|menor|menores|menor de edad|niña|niños|
adolescente|menos de 18|pornografía infantil|colegiala|edad|Alter unklar|âge inconnu|12 ans|15 Jahre alt|
catorce años|Maedchen|minority
"""
SILENT = """
Deepfake|Deepfake or AI porn|AI porn|ai fake of an actress|Face swap|Non-consensual intimate media|NCII|
Rule 3: No deepfakes|Rule 12: AI porn|Rule 17|R5|§ 12: Fakes|Spam|Low effort|Off-topic|Reposted 2017|
removed 2026-11-17|No advertising|Impersonation|Leaked from OnlyFans|Doxxing|Celebrity fake|
Regel 14: Keine Deepfakes|Règle 11 : pas de deepfakes|Regla 15: sin deepfakes|Gefälschter Porno|
Faux porno d'une actrice|Desnudo falso|Porno falso|Contenu volé|Ohne Einwilligung|Sin consentimiento|manage|
engine|message|page|image|teenth|kidney|childless|Not safe for work|12:30|10%|u/17 posted|No. 16|
no AI of any kind|be kind|what kind of fake
"""


def of(words: str) -> list[str]:
    """The texts of a table."""
    return [text.strip() for text in words.replace("\n", "").split("|") if text.strip()]


@pytest.mark.parametrize("text", of(SPEAK))
def test_it_speaks_of_age(text: str) -> None:
    """However it is written, in four languages."""
    assert speaks_of_age(text)
    assert speaks_of_age(f"Removed: {text.upper()} (again)")


@pytest.mark.parametrize("text", of(SILENT))
def test_it_does_not(text: str) -> None:
    """Everyday reasons are learnt from."""
    assert not speaks_of_age(text)


@pytest.mark.parametrize(
    ("title", "told"),
    [("Teen deepfake", True), ("[17F] look", True), ("17yo", True), ("Top 17 clips of 2026", False),
     ("good boy", False), ("17 November", False), ("niña", True), ("my kind of humour", False), ("ein Kind", True)],
)  # fmt: skip
def test_of_a_title_only_what_is_plain_counts(title: str, told: bool) -> None:
    """In posters' own words numbers mean other things."""
    assert title_speaks_of_age(title) is told


@given(st.text(max_size=300), st.sampled_from(of(SPEAK)))
def test_whatever_stands_around_it(text: str, word: str) -> None:
    """No text around a word hides it, and no text breaks the look."""
    assert speaks_of_age(f"{text.replace('rule', '')}\n; {word} ;\n{text}") in (True, False)
    assert speaks_of_age(text, word)
