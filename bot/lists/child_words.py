"""The words in which tags and sentences speak of child abuse, in several languages and spellings.

A text is folded once (width, case, accents, letters of other alphabets that look alike), cut into words once, and the
words are looked at with a bounded number of neighbours: the time is that of the text's length, whatever stands in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from bot.confusables import latin
from bot.lists.record import words

MAX_TEXT = 20_000  # characters of a text that are looked at

# One of these is enough in a tag.
_ALONE = words("""
    csam csem csai csae csea cseai csev cse csec csa sgcsam aigcsam aicsam gaicsam cgcsam sgcsem ciam ncmec iwf caid
    icse vics projectvic takeitdown underage underaged preteen preteens prepubescent pubescent toddler toddlers infant
    infants juvenile juveniles jailbait loli lolis lolita lolicon shota shotacon pedo pedos paedo paedos pthc
    hebephilia kiddie kiddieporn cp enfant enfants kinder mineur mineurs mineure menor menores ninos ninas infantil
    minori minorenne minorenni underagesex minderjahrig minderjahrige minderjaehrig minderjaehrige minderjarig
    minderjarige childsafety childnudity internetwatchfoundation pedocriminal
    """)
# With one of these a word begins, in a tag and in a sentence.
_STEMS = (
    "childporn", "childabuse", "childsexual", "childexploit", "kinderporn", "kindesmissbr", "missbrauchsdarstell",
    "kindersexual", "pedophil", "paedophil", "pedofil", "paidophil", "padophil", "paedoporn", "pedoporn",
    "pedocrimin", "barnporn", "barnporr", "barneporn", "borneporn", "boerneporn", "lapsiporn", "kiddieporn",
    "pornoinfantil",
    "pornografiainfantil", "pornografiadziecie", "dzieciecaporn", "pornopedofil", "детскоепорн", "детскаяпорн",
    "детскойпорн", "детскогопорн", "детпорн", "педофил", "cocukistismar", "cocukporno",
)  # fmt: skip
# Scripts that put no blanks between words: anywhere in the text, without its blanks.
_ANYWHERE = (
    "児童ポルノ", "児童性的", "子供ポルノ", "儿童色情", "兒童色情", "儿童性", "兒童性", "아동성착취", "아동음란",
    "아동포르노", "아동청소년성착취", "استغلالالاطفال", "اباحيةالاطفال",
)  # fmt: skip
_SAID = words("""
    csam csem csai cseai sgcsam csae csea pthc jailbait lolicon shotacon lolita ncmec underage underaged preteen
    preteens prepubescent
    """)
_CHILD = words("child children childs kid kids minor minors childhood")
_YOUNG = words("child children childs kid kids minor minors infant infants toddler toddlers juvenile juveniles")
_YOUNG_UNDER = words("boy boys girl girls teen teens")
_RAPE = words("rape raped raping")
_ABUSE = ("sex", "porn", "abus", "exploit", "nud", "erotic", "groom", "molest", "indecen", "naked")
# "child theme" is no child; "minor" in front of these says how much.
_TECHNICAL = words("""
    theme themes process processes row rows node nodes id ids record records window account accounts frame frames
    entry entries elements element class list lists hash hashes file files post posts comment comments of parent
    template object key keys category categories page pages label labels board task resistant proof lock
    """)
_SLIGHT = words("""
    edit edits change changes issue issues bug bugs fix fixes update updates version versions release violation
    violations offense offence infraction risk injury injuries severity priority error errors detail details crop
    alteration alterations modification modifications difference differences damage note key scale chord league
    planet road artifact artifacts artefact artefacts spoiler spoilers quality accident crash incident adjustment
    adjustments tweak reason reasons
    """)
_DENIED = words(
    "no not non without never excludes excluding exclude except isnt arent none free zero neither nor kein keine ohne"
)
_DENIED_BEHIND = words("excluded removed filtered dropped prohibited")
_KEYS = words("a b c d e f g ursa canis asia")
_IS = words("is was are were be being been still as im shes hes")
_WHO = words("she he i they girl boy who victim daughter hes shes im her him model kid friend sister")
_ABOUT = words("only just about around like still barely probably maybe approximately at then of")
_BEHIND_MINOR = words("at in when during here then on and by back though while")
_OLD = words("yo yr yrs year years y jahre jahrig jahriges jahrige jahriger jaehrig jaehrige")
_ITEMS = words("""
    account accounts post posts video videos clip clips subreddit sub channel car thread photo photos pic file site
    website game show movie film song user profile leak case news meme reddit repost vintage footage
    """)
# What is counted behind a number that is no age.
_UNITS = words("""
    s sec secs second seconds ms min mins minute minutes h hour hours d day days week weeks month months mb kb gb mib
    kib byte bytes px pixel pixels fps kbps k m cm mm km inch inches ft foot feet percent frames frame posts karma votes
    upvotes people points files of out per usd dollars euro euros eur th st nd rd times x hashes rows bits bit am pm p
    """)
_GIRL = words("girl girls boy boys female male daughter schoolgirl schoolboy teen teenager student kid")
_SAFE_NAMES = re.compile(r"kids in the hall|toddlers (?:and|&) tiaras|parents? ?/ ?child(?:ren)?")
_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?%?|[,.;:!?()|\[\]<\n]")
_SPLIT = re.compile(r"[,;|/\n\t\[\]{}()]")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LEET = str.maketrans("013457", "oieast")
_MIXED = re.compile(r"[^\W_]+")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "đ": "d", "\u0131": "i", "þ": "th", "œ": "oe"})


def _folded(text: str) -> str:
    """Return a text in letters without accents, of one width; its capitals stay."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", plain)


def _words_of(text: str) -> list[str]:
    """Return the words, numbers and marks of a folded text, letters that stand alone in a row as one word."""
    found: list[str] = []
    held: list[str] = []  # single letters, and what joins them
    for token in _TOKEN.findall(text.lower().translate(_LETTERS)):
        if not token.isascii() and (alike := latin(token)).isascii():
            token = alike
        if not token:  # of letters that nobody sees
            continue
        if len(token) == 1 and (token.isalpha() or (held and token in {"."})):
            held.append(token)
            continue
        if held:
            _give(held, found)
            held = []
        found.append(token)
    _give(held, found)
    return found


def _give(held: list[str], found: list[str]) -> None:
    letters = "".join(held).replace(".", "")
    if len(letters) > 2:
        found.append(letters)
    else:
        found.extend(held)


def _is_word(token: str) -> bool:
    return token.isalnum()


def tag_says(text: str) -> bool:
    """Return whether a field of tags has one that says child abuse."""
    folded = _folded(text[:MAX_TEXT])
    if not folded.isascii() and _is_anywhere(folded):
        return True
    lowered = folded.lower()
    if _SAFE_NAMES.search(lowered):
        folded = _SAFE_NAMES.sub(" ", lowered)
    if _says_age(_words_of(folded), least=1, in_tag=True):
        return True
    return any(_one_tag_says(part) for part in _SPLIT.split(folded) if part and not part.isspace())


def _is_anywhere(folded: str) -> bool:
    glued = "".join(unicodedata.normalize("NFKC", folded).split())
    return any(unicodedata.normalize("NFC", "".join(
        char for char in unicodedata.normalize("NFD", part) if not unicodedata.combining(char)
    )) in glued for part in _ANYWHERE)  # fmt: skip


def _one_tag_says(tag: str) -> bool:
    small = [token for token in _words_of(tag) if _is_word(token)]
    if _words_say(small):
        return True
    broken = _CAMEL.sub(" ", tag)
    if broken != tag and _words_say([token for token in _words_of(broken) if _is_word(token)]):
        return True
    return any(
        word in _ALONE and len(word) > 3
        for run in _MIXED.findall(tag.lower())
        if not run.isalpha() and not run.isdecimal() and (word := run.translate(_LEET)).isalpha()
    )


def _words_say(said: list[str]) -> bool:
    glued = ["".join(said[place : place + size]) for size in (2, 3) for place in range(len(said) - size + 1)]
    if any((word in _ALONE and len(word) > 6) or word.startswith(_STEMS) for word in glued) and not _denied(said, -1):
        return "takeitdown" not in glued or said[-1] != "act"  # the law of that name is for adults
    for place, word in enumerate(said):
        if _denied(said, place):
            continue
        if word in _ALONE or word.startswith(_STEMS):
            return True
        if word in _CHILD and not _is_other_word(said, place):
            return True
    return False


def _is_other_word(said: Sequence[str], place: int) -> bool:
    """Return whether "child" or "minor" means something else there."""
    after = said[place + 1] if place + 1 < len(said) else ""
    before = said[place - 1] if place else ""
    if said[place].startswith("minor"):
        return after in _SLIGHT or (before in _KEYS and not after)
    return after in _TECHNICAL or before == "parent" or (said[place] == "kids" and after == "proof")


def _denied(said: Sequence[str], place: int) -> bool:
    before = said[max(0, place - 2) : place] if place >= 0 else said[:1]
    behind = said[place + 1 : place + 2] if place >= 0 else said[-1:]
    return bool(_DENIED.intersection(before)) or bool(_DENIED_BEHIND.intersection(behind))


def sentence_says(text: str) -> bool:
    """Return whether a sentence says beyond doubt that it is of child abuse."""
    folded = _folded(text[:MAX_TEXT])
    if not folded.isascii() and _is_anywhere(folded):
        return True
    said = _words_of(folded)
    return _says_age(said, least=10, in_tag=False) or any(
        _stands_for_it(said, place) and not _denies(said, place) for place in range(len(said))
    )


def _denies(said: list[str], place: int) -> bool:
    """Return whether a sentence says the opposite in the words before a place, or behind it."""
    before: list[str] = []
    for token in reversed(said[max(0, place - 5) : place]):
        if not _is_word(token):
            break
        before.insert(0, token)
    if any(token in _DENIED or token.startswith("exclud") for token in before) or _is_not(before):
        return True
    return bool(_DENIED_BEHIND.intersection(said[place + 1 : place + 4]))


def _is_not(before: list[str]) -> bool:
    return any(one.endswith("n") and other == "t" for one, other in pairwise(before))


def _stands_for_it(said: list[str], place: int) -> bool:
    word = said[place]
    if not word[0].isalpha():
        return False
    after = said[place + 1 : place + 5]
    following = after[0] if after else ""
    pair = word + following
    if word in _SAID or word.startswith(_STEMS) or (following.isalpha() and pair.startswith(_STEMS)):
        return True
    if pair in ("underage", "underaged", "preteen", "preteens", "kiddieporn"):
        return True
    if word in ("infantil", "menores") or (word == "menor" and following != "de"):
        near = [token for token in said[max(0, place - 3) : place] if token.isalpha()]
        return any(token.startswith(("porn", "abus", "sexual", "explotac", "explorac")) for token in near)
    if word in ("ninos", "ninas"):
        near = [token for token in said[max(0, place - 4) : place] if token.isalpha()]
        return any(token.startswith(("porn", "abus", "explotac")) for token in near)
    young = word in _YOUNG or (word in _YOUNG_UNDER and following == "under")
    if young and _nears(after[1:] if following == "s" else after, 3, _is_abuse):
        return True
    if _is_abuse(word) and _nears(after, 4, lambda token: token in _YOUNG):
        return True
    return word in _YOUNG and _is_called(said, place)


def _nears(after: list[str], most: int, is_it: object) -> bool:
    """Return whether one of the next words is it, before the clause ends."""
    for token in after[:most]:
        if not _is_word(token):
            return False
        if is_it(token):  # type: ignore[operator]
            return True
    return False


def _is_abuse(token: str) -> bool:
    return token.startswith(_ABUSE) or token in _RAPE


def _is_called(said: list[str], place: int) -> bool:
    """Return whether somebody is called a child or a minor there."""
    before = [token for token in said[max(0, place - 5) : place] if _is_word(token)]
    last = before[-1] if before else ""
    earlier = before[:-1] if last in ("a", "an", "the") else before
    verb = earlier[-1] if earlier else ""
    word, after = said[place], said[place + 1] if place + 1 < len(said) else ""
    if word.startswith(("child", "minor")):
        if last in ("apparent", "apparently", "suspected") or verb in ("apparent", "apparently"):
            return True
        if last == "known" and "victim" in said[place + 1 : place + 2]:
            return True
        if verb.startswith(("depict", "show", "involv", "contain")) and not _is_other_word(said, place):
            return True
    if not word.startswith("minor"):
        return False
    if said[place + 1 : place + 4] == ["at", "the", "time"]:
        return True
    return verb in _IS and (not after or after in _BEHIND_MINOR or not _is_word(after))


def _says_age(said: list[str], *, least: int, in_tag: bool) -> bool:
    """Return whether somebody is said to be younger than eighteen."""
    for place, token in enumerate(said):
        if not token.isdecimal() or len(token) > 2 or not 0 < int(token) < 19:
            continue
        before = [one for one in said[max(0, place - 6) : place] if _is_word(one)]
        after = said[place + 1 : place + 4]
        if _is_age(int(token), before, after, said[place - 1] if place else "", least, in_tag=in_tag) and not (
            _DENIED.intersection(before[-5:]) and "age" not in before[-2:]
        ):
            return True
    return False


def _is_age(age: int, before: list[str], after: list[str], mark: str, least: int, *, in_tag: bool) -> bool:
    following = after[0] if after else ""
    last = before[-1] if before else ""
    if following in _UNITS:
        return False
    if age < 18 and following in _OLD and age >= (1 if in_tag else 3):
        return _is_years(age, last, after, in_tag=in_tag)
    if following in ("+", "or"):
        return False
    if age >= least and (last in ("under", "below", "u") or mark == "<" or before[-2:] == ["younger", "than"]):
        return True
    if age >= least and before[-4:-1] == ["under", "the", "age"] and last == "of":
        return True
    if age == 18:
        return False
    if last in ("age", "aged", "ages") or before[-2:] == ["age", "of"]:
        return in_tag or age > 2
    if last in _GIRL and mark in ("(", ",") and after[:1] in ([")"], [","]):
        return age > 2
    while before and before[-1] in _ABOUT:
        before = before[:-1]
    said = before[-1] if before else ""
    who = before[-2] if len(before) > 1 else ""
    if said in ("was", "is", "were", "s", "am", "m"):
        said = who
    elif said not in ("im", "shes", "hes"):
        return False
    return age > 2 and said in _WHO


def _is_years(age: int, last: str, after: list[str], *, in_tag: bool) -> bool:
    """Return whether a number with years behind it is the age of somebody, not of a thing."""
    unit, behind = after[0], after[1] if len(after) > 1 else ""
    if unit.startswith("jahrig") or unit.startswith("jaehrig"):
        return True
    if unit == "yo":
        return behind not in ("yo", *_ITEMS)
    if unit == "y" or unit in ("yr", "yrs", "year", "years", "jahre"):
        if behind in ("old", "olds", "o", "alt", "."):
            return (after[2] if len(after) > 2 else "") not in _ITEMS
        return in_tag and not behind and age > 9 and unit != "y" and last not in ("for", "since", "over", "in")
    return False
