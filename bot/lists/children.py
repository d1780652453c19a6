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
from functools import lru_cache
from typing import Any

from bot.lists.record import words

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
    """)
_CLASS = words("""
    classification classifications class classes category categories categoryname categorycode contentclass
    ncmecclassification ncmeccategory ncmec ncmecclass severitylevel rating grade level filecategory
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

# One of these is enough in a tag.
_ALONE = words("""
    csam csem csai csae csea cseai csev cse csec sgcsam aigcsam aicsam gaicsam cgcsam sgcsem ciam ncmec iwf caid
    icse projectvic takeitdown underage underaged preteen preteens prepubescent pubescent toddler toddlers infant
    infants juvenile juveniles jailbait loli lolis lolita lolicon shota shotacon pedo pedos paedo paedos pedophile
    pedophiles paedophile pedophilia paedophilia pedophilic pthc hebephilia childporn childpornography childabuse
    childsafety childnudity childexploitation childsexualabuse childsexualexploitation kiddie kiddieporn cp enfant
    enfants kinder kinderporn kinderpornografie kinderpornographie kindesmissbrauch minderjaehrig minderjährig
    minderjährige minderjaehrige mineur mineurs mineure pedopornografia pedopornographie pédopornographie
    pedocriminal pédocriminalité menor menores niños ninos niñas infantil minori minorenne minorenni underagesex

    """)
_CHILD = words("child children childs kid kids minor minors childhood")
# "child theme" is no child; "minor" in front of these says how much.
_TECHNICAL = words("""
    theme themes process processes row rows node nodes id ids record records window account accounts frame frames
    entry entries element elements class list lists hash hashes file files post posts comment comments of parent
    template object key keys category categories page pages label labels board task resistant proof lock
    """)
_SLIGHT = words("""
    edit edits change changes issue issues bug bugs fix fixes update updates version versions release violation
    violations offense offence infraction risk injury injuries severity priority error errors detail details crop
    alteration alterations modification modifications difference differences damage note key scale chord league
    planet road artifact artifacts artefact artefacts spoiler spoilers quality accident crash incident adjustment
    adjustments tweak reason reasons
    """)
_DENIED = words("no not non without never excludes excluding exclude except isnt arent none free zero")
_ADULT = frozenset({"false", "no", "0", "n", "f", "none", "null", "", "off", "unlikely", "very_unlikely", "negative"})
_CATEGORY = re.compile(r"(?:ncmec|cat(?:egory)?|class(?:ification)?)?[\s:_-]*[ab][12]")
_FAMILY = re.compile(r"parents?\s*/\s*child(?:ren)?", re.IGNORECASE)  # of nodes
_SPLIT = re.compile(r"[,;|/\n\t\[\]{}()]+")
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UNDER = re.compile(
    r"(?:under|below|younger than|<)[\s_-]*(?:the age of[\s_-]*)?(?:18|1[0-7]|[1-9])(?![\d.%])|\bu-?18\b"
    r"|\b(?:1[0-7]|[1-9])[\s_-]*(?:y/?o|yo|years?[\s_-]*old)\b"
)

_ABUSE = r"(?:sex\w*|porn\w*|abus\w*|exploit\w*|nud\w*|erotic\w*|rap(?:e|ed|ing)|groom\w*|molest\w*|indecen\w*|naked)"
_YOUNG = r"(?:child(?:ren)?|kids?|minors?|infants?|toddlers?|boys? under|girls? under|teens? under|juveniles?)"
_SAID = re.compile(
    rf"""\b(?:
      csam|csem|csai|cseai|sgcsam|csae|pthc|jailbait|lolicon|shotacon|lolita|ncmec|child[\s_-]?porn\w*|kiddie[\s_-]?porn\w*
      |p(?:a?e)do(?:phil\w*|porno\w*|crimin\w*)|pédo(?:porno|crimin)\w*|kinderporno\w*|kindesmissbrauch\w*|underaged?|under-aged?|pre-?teens?
      |prepubescent|(?:porno\w*|abus[oe]\w*|abuso\s+sexual|explotaci[oó]n\w*)\s+(?:sexual\s+)?(?:infantil|de\s+menores|de\s+niñ[oa]s)
      |{_YOUNG}(?:'s)?[\s_/-]+(?:\w+[\s_/-]+){{0,2}}?{_ABUSE}
      |{_ABUSE}[\s_/-]+(?:\w+[\s_/-]+){{0,3}}?{_YOUNG}
      |apparent(?:ly)?\W+(?:a\W+)?(?:child|minors?)|suspected\W+(?:child|minors?)|known\W+(?:child|minor)\W+victim\w*
      |(?:depict\w*|show\w*|involv\w*|contain\w*)\W+(?:an?\W+)?(?:child(?:ren)?|minors?)
      |under\W+(?:the\W+age\W+of\W+)?(?:18|1[0-7])\b
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)  # fmt: skip
_DENIES = re.compile(
    r"(?:\bno|\bnot|\bnon|\bwithout|\bnever|\bexclud\w*|\bexcept|n't|\bfree of|\bneither|\bnor)\W+(?:\w+\W+){0,2}$",
    re.IGNORECASE,
)


@lru_cache(4096)
def field_named(name: str) -> Field | None:
    """Return how a field of this name is read; None: it says nothing of children."""
    whole = "".join(char for char in name.lower() if char.isalnum())
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
    if is_tag(bare) or is_tag(name):
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
        return str(value).strip().lower() not in ("", "0", "none", "null", "false", "no", "n/a")
    return any(_said(text, how) for text in _texts(value))


def _said(text: str, how: Field) -> bool:
    if how is Field.WORDS:
        return in_words(text)
    if how is Field.MEMBER:
        return _is_take_it_down(text) or is_tag(text)
    if how is Field.AGE and text.strip().isdecimal() and len(text) < 4:
        return 0 < int(text) < 18
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
            return text not in _ADULT
    return (
        any(map(_holds, value.values() if isinstance(value, dict) else value))
        if isinstance(value, dict | list)
        else False
    )


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


@lru_cache(16384)
def is_tag(text: str) -> bool:
    """Return whether a field of tags has one that says child abuse."""
    if len(text) > 20_000:
        text = text[:20_000]
    return any(_is_one_tag(part) for part in _SPLIT.split(_FAMILY.sub(" ", text)) if part.strip())


def _is_one_tag(tag: str) -> bool:
    if _UNDER.search(tag.lower()) and not _denied(_TOKEN.findall(tag.lower()), -1):
        return True
    small = [word.lower() for word in _TOKEN.findall(tag)]
    broken = [word.lower() for part in _TOKEN.findall(tag) for word in _CAMEL.split(part)]
    return any(_words_say(one) for one in ([small] if small == broken else [small, broken]))


def _words_say(said: list[str]) -> bool:
    glued = ["".join(said[place : place + size]) for size in (2, 3) for place in range(len(said) - size + 1)]
    if any(word in _ALONE and len(word) > 6 for word in glued) and not _denied(said, -1):
        return "takeitdown" not in glued or said[-1] != "act"  # the law of that name is for adults
    for place, word in enumerate(said):
        if _denied(said, place):
            continue
        if word in _ALONE:
            return True
        if word in _CHILD and not _is_other_word(said, place):
            return True
    return False


def _is_other_word(said: list[str], place: int) -> bool:
    """Return whether "child" or "minor" means something else there."""
    after = said[place + 1] if place + 1 < len(said) else ""
    before = said[place - 1] if place else ""
    if said[place].startswith("minor"):
        return after in _SLIGHT or (
            before in ("a", "b", "c", "d", "e", "f", "g", "ursa", "canis", "asia") and not after
        )
    return after in _TECHNICAL or before == "parent" or (said[place] == "kids" and after == "proof")


def _denied(said: list[str], place: int) -> bool:
    before = said[max(0, place - 2) : place] if place >= 0 else said[:1]
    return bool(_DENIED & set(before))


@lru_cache(4096)
def in_words(text: str) -> bool:
    """Return whether a sentence says beyond doubt that it is of child abuse."""
    return any(
        not _DENIES.search(text[max(0, found.start() - 40) : found.start()]) for found in _SAID.finditer(text[:20_000])
    )
