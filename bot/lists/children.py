"""Tells rows that are tagged as child abuse, in the words that lists use: such hashes are nothing for moderators.

A field that holds tags (tags, labels, category, classification, policy …) is read tag by tag, and one word is enough
there. A field that holds sentences (description, note …) counts only where it says it beyond doubt: "minor edit" and
"child theme" are no tags. A word behind "no", "not", "non" or "without" says the opposite. What is left in doubt is
dropped: a hash too few costs a match, a hash too many makes a moderator keep a list of child abuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from bot.lists.child_words import sentence_says, tag_says
from bot.lists.record import for_short, words

MAX_DEPTH = 6
MAX_TAGS = 1_000  # of a row


class Field(StrEnum):
    """How a field that may speak of children is read."""

    TAGS = "tags"
    CLASS = "class"  # tags, and the letters of NCMEC's classifications
    WORDS = "words"  # sentences
    FLAG = "flag"  # its name says it, its value whether it holds
    AGE = "age"  # in years, or in words
    POLICE = "police"  # categories that only lists of child abuse have: whatever they say
    MEMBER = "member"  # who gave it to a list of many


_TAGS = words("""
    tag tags label labels topic topics theme themes keyword keywords policy policies violation violations
    violationtype violationtypes abusetype abusetypes typeofabuse harm harms harmtype harmtypes threattype reason
    reasons banreason actionreason reasoncode contentcategory contentlabel contenttype subcategory list listname
    hashlist hashset collection source sourcename sourcelist bank bankname feed feedname dataset group groups
    program exchange verdict tdtags tdtag descriptortags flags csptags basis ground offence offense crime subject
    subjects victim owner provider vendor org organisation organization privacygroup hashlistname setname
    threatcategory riskcategory policycategory safetycategory pornographytype moderationlabel moderationlabels
    severitylevel rating grade level
    """)
_CLASS = words("""
    classification classifications class classes category categories categoryname categorycode contentclass
    ncmecclassification ncmeccategory ncmec ncmecclass filecategory
    """)
_WORDS = words("""
    description descriptions tddescription note notes comment comments title name text details detail summary
    context remark remarks filename file filenames message info explanation analystnote why metadata
    """)
_AGE = words("""
    age ages agegroup agerange ageband agecategory victimage subjectage apparentage estimatedage ageestimate
    ageofvictim personage maturity developmentstage agestage
    """)
_POLICE = re.compile(
    r"(?:iwf|caid|projectvic|copine)|(?:iwf|caid|vics?|projectvic|interpol|icse|copine|sap)"
    r"(?:category|categories|cat|class|classification|grade|level|rating|severity|status)"
)
_MEMBER = words("member members membername esp reportingesp submitter contributor")

_ADULT = words(
    "false no 0 n f none null off unlikely negative nein nej nie nicht non not never unknown unclear unchecked na nan "
    "nil nothing pending tbd undetermined undefined adult clear clean safe"
)
_EMPTY = frozenset(("", "0", "none", "null", "false", "no", "n/a", "na", "nan", "-", "nil"))
_ADVICE = words(
    "report reported reporting removed excluded filtered if please contact hotline drop dropped excludes without see"
)
_TICKS = frozenset("✓✔☑✅🗸")
_CATEGORY = re.compile(r"(?:ncmec|cat(?:egory)?|class(?:ification)?)?[\s:_-]*[ab][12]")
_CATEGORY_TAG = re.compile(r"(?:ncmec|cat(?:egory)?|class(?:ification)?)[\s:_-]{0,4}[ab][12]")
_YEARS = re.compile(
    r"(\d{1,3})(?:\.\d{1,2})?(?: ?(?:-|\u2013|to|bis) ?\d{1,3})? ?(?:y|yo|yrs?|years?|jahre)?", re.ASCII
)
_WORD = re.compile(r"[^\W_]+")


@for_short(4096)
def field_named(name: str) -> Field | None:
    """Return how a field of this name is read; None: it says nothing of children."""
    whole = "".join(filter(str.isalnum, name.lower()))
    if _POLICE.fullmatch(whole):
        return Field.POLICE
    if whole in _CLASS:
        return Field.CLASS
    if whole in _TAGS:
        return Field.TAGS
    if whole in _MEMBER:
        return Field.MEMBER
    if whole in _AGE:
        return Field.AGE
    if whole in _WORDS:
        return Field.WORDS
    bare = re.sub(r"^(?:is|has|contains?|depicts?|involves?)_?", "", name, flags=re.IGNORECASE)
    if is_tag(name) or (bare != name and is_tag(bare)):
        return Field.FLAG
    return None


def speaks_of_child(value: Any, how: Field) -> bool:
    """Return whether a field that is read so says that its row is child abuse."""
    if value is None or value == "":
        return False
    if how is Field.FLAG:
        return _holds(value)
    if how is Field.AGE and isinstance(value, int | float) and not isinstance(value, bool):
        return 0 < value < 18
    if how is Field.POLICE:
        return str(value).strip().lower() not in _EMPTY
    return any(_said(text, how) for text in _texts(value))


def title_says(text: str) -> bool:
    """Return whether a title or a comment says that what stands below is child abuse, not that it is to be reported."""
    said = {word.lower() for word in _WORD.findall(text[:2_000])}
    if said & _ADVICE:
        return False
    return in_words(text) or (bool(said & {"csam", "ncmec", "csem", "csai"}) and is_tag(text))


def _said(text: str, how: Field) -> bool:
    if how is Field.WORDS:
        return in_words(text)
    if how is Field.MEMBER:
        return _is_take_it_down(text) or is_tag(text)
    if how is Field.AGE and (years := _YEARS.fullmatch(text.strip())):
        return 0 < int(years[1]) < 18
    return is_tag(text) or (how is Field.CLASS and _is_category(text))


def is_row_of_vics(names: Iterable[str], category: Any) -> bool:
    """Return whether a row has the shape of Project VIC's with a category of child abuse (1 to 3)."""
    return {"mediaid", "category"} <= set(names) and str(category).strip() in ("1", "2", "3")


def _is_category(text: str) -> bool:
    return bool(_CATEGORY.fullmatch(text.strip().lower()))


def _is_take_it_down(text: str) -> bool:
    return "".join(char for char in text.lower() if char.isalnum()) == "takeitdown"


def _holds(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value >= 0.5
    if isinstance(value, str):
        text = value.strip().lower()
        try:
            return float(text) >= 0.5
        except ValueError:
            return _says_yes(text)
    return (
        any(map(_holds, value.values() if isinstance(value, dict) else value))
        if isinstance(value, dict | list)
        else False
    )


def _says_yes(text: str) -> bool:
    """Return whether a text in a flag's field says that it holds: neither "no (checked)" nor "unknown" does."""
    said = _WORD.findall(text[:200])
    if not said:
        return any(char in _TICKS for char in text)
    return not (said[0] in _ADULT or said[:2] in (["n", "a"], ["very", "unlikely"]))


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts of a field: of lists, of objects with a text, and the names of what is true of it."""
    if isinstance(value, str):
        yield value
    elif depth < MAX_DEPTH and isinstance(value, list | tuple):
        for part in value[:MAX_TAGS]:
            yield from _texts(part, depth + 1)
    elif depth < MAX_DEPTH and isinstance(value, dict):
        for name, part in list(value.items())[:MAX_TAGS]:
            if isinstance(part, bool | int | float):
                if part and _holds(part):
                    yield name
            else:
                yield from _texts(part, depth + 1)


@for_short(16384)
def is_tag(text: str) -> bool:
    """Return whether a field of tags has one that says child abuse."""
    return tag_says(text) or bool(_CATEGORY_TAG.fullmatch(text.strip().lower()))


@for_short(4096)
def in_words(text: str) -> bool:
    """Return whether a sentence says beyond doubt that it is of child abuse."""
    return sentence_says(text)
