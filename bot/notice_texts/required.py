"""What each text must say and must not, by law, language and capacity; and what of it a template leaves out.

The elements of DSA 16(2) and of 47 USC 223a(a)(1)(B) are a table. A template is tried with values that cannot occur by
chance, in every shape that a notice can have, so that an `if` hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.errors import UsageError
from bot.model import Capacity
from bot.notice_texts import sandbox
from bot.notice_texts.texts import CAPACITIES, LANGUAGES, Kind, Texts
from bot.notice_texts.values import LISTS, VALUES

PERSONS: tuple[Capacity, ...] = ("authorised_representative", "depicted_person")
"""Those who speak for or as the person depicted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One thing that a text must say. `values` must stand in it, and in each language what `words` finds."""

    source: str  # where that is asked for
    what: str
    values: tuple[str, ...] = ()
    words: Mapping[str, str] | None = None  # language → pattern
    capacities: tuple[Capacity, ...] = CAPACITIES
    where: str | None = None  # the value that must be 1 for it to be asked


def _same(pattern: str) -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, pattern)


_ADDRESSES = ("items.url", "items.id")
_DSA = (
    Element(
        source="DSA 16(2)",
        what="what it is: a notice under Article 16(2) of Regulation (EU) 2022/2065",
        words={
            "en": r"Article 16\(2\) of Regulation \(EU\) 2022/2065 \(Digital Services Act\)",
            "de": r"Artikel 16 Absatz 2 der Verordnung \(EU\) 2022/2065 \(Gesetz über digitale Dienste\)",
            "fr": (
                r"article 16, paragraphe 2, du règlement \(UE\) 2022/2065 \(règlement sur les services numériques\)"
            ),
            "es": r"artículo 16, apartado 2, del Reglamento \(UE\) 2022/2065 \(Reglamento de Servicios Digitales\)",
        },
    ),
    Element(
        source="DSA 16(2)(a)",
        what="the reasons why it is held to be illegal content",
        values=("why", "detail", "illegal", "items.why", "items.detail", "law"),
        words={"en": "illegal content", "de": "rechtswidrige", "fr": "contenu illicite", "es": "contenido ilícito"},
    ),
    Element(source="DSA 16(2)(b)", what="the exact address of each item", values=_ADDRESSES),
    Element(source="DSA 16(2)(c)", what="name and e-mail address of who notifies", values=("signer", "contact")),
    Element(
        source="DSA 16(2)(d)",
        what="the statement of good faith that information and allegations are accurate and complete",
        words={
            "en": r"good faith that the information and allegations [\w ]*are accurate and complete",
            "de": r"gutem Glauben[\w ]*, dass die [\w ]*Angaben und Anführungen richtig und vollständig sind",
            "fr": r"bonne foi[\w ,]* que les informations et les allégations [\w ]*sont exactes et complètes",
            "es": r"buena fe[\w ,]* que la información y las alegaciones [\w ]*son precisas y completas",
        },
    ),
)
_TAKE_IT_DOWN = (
    Element(
        source="47 USC 223a(a)(1)(B)",
        what="what it is: a request under the TAKE IT DOWN Act",
        words=_same(r"TAKE IT DOWN Act, 47 U\.S\.C\. 223a\(a\)\(1\)\(B\)"),
        capacities=PERSONS,
    ),
    Element(
        source="47 USC 223a(a)(1)(B)(i)",
        what="the signature of the person depicted, or of who is authorised",
        values=("signature",),
        capacities=PERSONS,
    ),
    Element(
        source="47 USC 223a(a)(1)(B)(ii)",
        what="what is depicted where, so that it can be found",
        values=(*_ADDRESSES, "shown"),
        capacities=PERSONS,
    ),
    Element(
        source="47 USC 223a(a)(1)(B)(iii)",
        what="the statement that the identifiable individual believes in good faith that it is not consensual",
        values=("detail",),
        words={
            "en": r"identifiable individual[^.]* good faith that the depictions are not consensual",
            "de": r"identifizierbare Person[^.]* gutem Glauben[^.]* nicht einvernehmlich",
            "fr": r"personne identifiable[^.]* bonne foi[^.]* pas consenties",
            "es": r"persona identificable[^.]* buena fe[^.]* no son consentidas",
        },
        capacities=PERSONS,
    ),
    Element(
        source="47 USC 223a(a)(1)(B)(iii)",
        what="that the sender is authorised to act on behalf of the person depicted",
        words={
            "en": "authorised to act on behalf of",
            "de": "bevollmächtigt",
            "fr": "mandat",
            "es": "autorizad[oa]|autorización",
        },
        capacities=("authorised_representative",),
    ),
    Element(
        source="47 USC 223a(a)(1)(B)(iv)",
        what="how the person depicted, or who is authorised, can be reached",
        values=("contact",),
        capacities=PERSONS,
    ),
)
_UK = Element(source="UK", what="the Online Safety Act 2023", words=_same("Online Safety Act 2023"), where="uk")
_FIRST = (
    Element(source="an abuse desk", what="what it is, and on which host", values=("title", "host")),
    Element(source="an abuse desk", what="what is shown", values=("shown",)),
    Element(source="an abuse desk", what="the host's own policy on it", values=("policy", "policy_name")),
    Element(source="an abuse desk", what="what is needed to see it", values=("access",)),
    Element(
        source="an abuse desk",
        what="when it was seen, and where in the clip",
        values=("items.fetched", "items.seen", "items.times", "items.rendition"),
    ),
    Element(source="an abuse desk", what="in which capacity it is sent", values=("role",)),
    Element(source="an abuse desk", what="the hashes of the files", values=("items.hashes",)),
)
_NUMBER = Element(source="us", what="our number of the notice", values=("number",))
_WHOSE = Element(source="the host", what="which items it is about", values=_ADDRESSES)
_FROM = Element(source="the host", what="who writes, and where answers go", values=("signer", "contact"))
_SENT = Element(source="the host", what="when the notice was sent", values=("sent",))
_THEIRS = Element(source="the host", what="the host's own number", values=("reference",))
_WHY = Element(source="who decides", what="what was reported, and why", values=("shown", "why", "detail"))
_REASON = Element(source="who decides", what="a person's sentence on it", values=("reason",))


def _article(number: int) -> Element:
    named = {"en": "Article", "de": "Artikel", "fr": "article", "es": "artículo"}
    return Element(
        source=f"DSA {number}",
        what=f"that it is under Article {number} of Regulation (EU) 2022/2065",
        words={language: rf"{word} {number}\b.*2022/2065" for language, word in named.items()},
    )


ELEMENTS: Mapping[Kind, tuple[Element, ...]] = {
    Kind.NOTICE: (*_FIRST, *_DSA, *_TAKE_IT_DOWN, _UK, _NUMBER),
    Kind.REMINDER: (_NUMBER, _SENT, _WHOSE, _FROM, _THEIRS),
    Kind.RETRACTION: (
        _NUMBER,
        Element(source="the host", what="of which day the notice was", values=("day",)),
        _WHOSE,
        _FROM,
        _REASON,
        Element(
            source="the host",
            what="that the notice is retracted",
            # in French and Spanish not the word for taking media down: a desk would do that
            words={"en": "[Rr]etract|[Ww]ithdr[ae]w", "de": "[Zz]urück", "fr": "[Aa]nnul", "es": "[Aa]nul"},
        ),
    ),
    Kind.COMPLAINT: (_article(20), _NUMBER, _SENT, _THEIRS, _REASON, _WHY, _WHOSE, _FROM),
    Kind.OUT_OF_COURT: (_article(21), _NUMBER, _SENT, _THEIRS, _REASON, _WHY, _WHOSE, _FROM),
    Kind.COORDINATOR: (_article(53), _NUMBER, _SENT, _THEIRS, _REASON, _WHY, _WHOSE, _FROM),
    Kind.FTC: (
        Element(
            source="47 USC 223a",
            what="that it is under the TAKE IT DOWN Act",
            words=_same(r"TAKE IT DOWN Act, 47 U\.S\.C\. 223a"),
        ),
        _NUMBER, _SENT, _THEIRS, _WHY, _WHOSE, _FROM,
    ),
}  # fmt: skip
"""Kind → what its text must say. Values that are empty in a notice are not looked for."""

_STATUS = re.compile(
    r"trusted[\s_-]*flagger|vertrauensw\w+\s+Hinweisgeber|signaleurs?\s+de\s+confiance|alertador(?:es)?\s+fiables?",
    re.IGNORECASE,
)
_OF_PERSONS = re.compile(
    r"take[\s_-]*it[\s_-]*down|223a|/s/"
    r"|\b(?:I|we)\s+(?:(?:am|are)\s+)?(?:represent(?:ing)?|(?:act|speak)(?:ing)?\s+for|act(?:ing)?\s+on\s+behalf)\b"
    r"|\bon\s+behalf\s+of\s+(?:the|this|a)\s+(?:person|individual|victim|woman|man)\b"
    r"|\b(?:this|that|it)\s+is\s+me\b|\bI\s+am\s+(?:her|him)\b"
    r"|\b(?:I\s+am|I'm|we\s+are|we're)\s+(?:the\s+(?:person|individual|woman|man)|depicted|authori[sz]ed)"
    r"|\bbin\s+(?:ich\s+)?(?:die\s+abgebildete|bevollm)|\bvertrete[n]?\s+die\s+(?:abgebildete|betroffene)"
    r"|\b(?:je\s+suis|nous\s+sommes)\s+(?:la\s+personne|mandat|autoris)|\b(?:soy|somos)\s+la\s+persona"
    r"|\b(?:estoy|estamos)\s+autorizad",
    re.IGNORECASE,
)
_DIRECTIVE = re.compile("2024/1385")


def missing(
    text: str, values: Mapping[str, Any], *, kind: Kind, capacity: Capacity, language: str
) -> Iterator[tuple[Element, str]]:
    """Yield each element that a text does not say, and which of its values lack: those that are not empty count."""
    flat = _flat(text)
    for element in ELEMENTS[kind]:
        if capacity not in element.capacities or (element.where and values[element.where] != 1):
            continue
        lacking = [name for name in element.values if not all(_flat(one) in flat for one in _of(values, name))]
        pattern = element.words[language] if element.words else None
        if lacking or (pattern and not re.search(pattern, flat)):
            yield element, ", ".join("name and day of who signs" if one == "signature" else one for one in lacking)


def claims(text: str, capacity: Capacity | None) -> Iterator[str]:
    """Yield what a text says that it must not."""
    if _STATUS.search(text):
        yield "claims to come from a trusted flagger, a legal status that it must not claim"
    if _DIRECTIVE.search(text):
        yield "pleads Directive (EU) 2024/1385, which binds states and not hosts"
    plain = text.replace("\u2019", "'").replace("\u00b4", "'").replace("`", "'")
    if capacity == "third_party_notifier" and (found := _OF_PERSONS.search(plain)):
        yield f"speaks for the person depicted (“{found[0]}”), which a third_party_notifier cannot"


def mistakes(texts: Texts, language: str, name: str) -> tuple[str, ...]:
    """Return a sentence on each thing that is wrong with a text: what it may not do or say, and what it leaves out."""
    try:
        source, words = texts.source(language, name), texts.words(language)
    except UsageError as error:
        return error.mistakes
    sentences = tuple((key, one.text, one.where, one.line) for key, one in words.items())
    return _mistakes(language, name, source.text, source.where, sentences)


@lru_cache(maxsize=128)
def _mistakes(
    language: str, name: str, source: str, where: str, sentences: tuple[tuple[str, str, str, int], ...]
) -> tuple[str, ...]:
    if wrong := sandbox.mistakes(source, where):
        return tuple(wrong)
    word, _, of = name.partition(".")
    kind = Kind(word)
    said = {key: text for key, text, _, _ in sentences}
    found: dict[str, None] = {}
    for capacity in PERSONS if kind == Kind.FTC else (one for one in CAPACITIES if one == of or not of):
        for full in (True, False):
            values = _trial(said, capacity, full=full)
            try:
                text = sandbox.render(source, values, where)
            except UsageError as error:
                return error.mistakes
            for element, lacking in missing(text, values, kind=kind, capacity=capacity, language=language):
                less = f" ({lacking})" if lacking else ""
                found[f"{where}: leaves out {element.what}{less}, which {element.source} asks for; add it"] = None
            spoken = "\n".join((text, *(said[key] for key in said if key.split(".")[1:2] == [capacity])))
            for claim in claims(spoken, None if kind == Kind.FTC else capacity):
                found[f"{where}: {claim}; say it without"] = None
    return tuple(found)


def _trial(said: Mapping[str, str], capacity: Capacity, *, full: bool) -> dict[str, Any]:
    """Return values that cannot occur by chance; `full`: with all that may be empty, and two items."""
    mark = {name: f"zq{number}x" for number, name in enumerate(VALUES) if "." not in name and name not in LISTS}
    optional = (
        "policy", "policy_name", "category", "law", "access", "reference",
        "acknowledged", "looked", "decided", "answer",
    )  # fmt: skip
    fields = [name.partition(".")[2] for name in VALUES if name.startswith("items.")]
    bare = ("seen", "times", "rendition", "title", "why", "detail")
    items = tuple(
        {
            field: (f"zq{field}{n}x",) if field == "hashes" else "" if field in bare and not full else f"zq{field}{n}x"
            for field in fields
        }
        | {"hashed": 1}
        for n in (range(2) if full else range(1))
    )
    person = capacity in PERSONS
    return {
        **mark,
        **({} if full else dict.fromkeys((*optional, "complained"), "")),
        "count": len(items), "more": 0, "hashes": 1, "partly": 0, "uk": 1, "items": items,
        "good_faith": said[f"good_faith.{capacity}"],
        "belief": said[f"belief.{capacity}"] if person else "",
        "signature": f"/s/ {mark['name' if capacity == 'authorised_representative' else 'signer']}, {mark['day']}",
    }  # fmt: skip


def _of(values: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield the texts of a value that are not empty: of a field, those of all items."""
    outer, _, field = name.partition(".")
    for item in values["items"] if field else ():
        held = item[field]
        yield from (held if isinstance(held, tuple) else (held,))
    if not field:
        yield str(values[outer])


def _flat(text: str) -> str:
    return " ".join(text.split())
