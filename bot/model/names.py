"""Names of people: what may be one, and when two of them look alike.

A name stands in the audit trail, in notices and in answers, and tells two people apart. So it holds nothing that is
not seen, nothing that turns the direction of text, letters of one script only, and no other name may look like it.
"""

from __future__ import annotations

import re
import unicodedata

from bot.errors import UsageError

LONGEST = 40  # characters
SCRIPTS = ("LATIN", "GREEK", "CYRILLIC", "GEORGIAN", "HEBREW", "ARABIC", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU",
           "THAI", "HANGUL", "HIRAGANA", "KATAKANA", "CJK")  # fmt: skip
TOGETHER = frozenset({"HIRAGANA", "KATAKANA", "CJK", "HANGUL"})  # may stand in one name
MARKS = frozenset(" .-_'/")
# Letters that are not seen, although Unicode calls them letters or marks
UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")
# Outside of these blocks letters of the script are phonetic, historic or made for mathematics: look-alikes
BLOCKS = {
    "LATIN": ((0x41, 0x180), (0x1A0, 0x1B1), (0x1CD, 0x220), (0x1E00, 0x1F00)),
    "GREEK": ((0x370, 0x3D0),),
    "CYRILLIC": ((0x400, 0x460), (0x490, 0x4A4)),
}
# What looks alike, as a reader takes it; after case and accents are gone. Names folded by it are stored, so it stays
# as it is: `bot.confusables` is the table of what is only read.
_ALIKE = str.maketrans(
    {
        **dict(zip("авекмнорстухіјѕԁһӏьпгґє", "abekmhopctyxijsdhlbnrre", strict=True)),
        **dict(zip("αβγεηικνορτυχωϲјμσ", "abyenikvoptuxwcjuo", strict=True)),
        "đ": "d", "ð": "d", "ħ": "h", "ł": "i", "ø": "o", "ŧ": "t", "\u0131": "i", "ŋ": "n", "ĸ": "k",
        "þ": "p", "ƒ": "f", "æ": "ae", "œ": "oe", "l": "i", "1": "i", "0": "o", "\u04cf": "i", "5": "s",
    }
)  # fmt: skip
_PAIRS = (("rn", "m"), ("vv", "w"), ("ci", "d"))  # cl is ci by then


def clean(text: str) -> str:
    """Return a name as it is kept. Raises UsageError, in one sentence, if it cannot be one."""
    name = re.sub(" +", " ", unicodedata.normalize("NFKC", text).strip(" "))
    if UNSEEN.search(text) or UNSEEN.search(name):
        raise UsageError("the name holds characters that are not seen; write it with plain letters")
    if any(unicodedata.category(char)[0] in "CZ" and char != " " for char in text + name):
        raise UsageError("the name holds control characters or ones that are not seen; write it with plain letters")
    if not name:
        raise UsageError("the name is blank; give the name that gifwarden team list shows")
    if len(name) > LONGEST:
        raise UsageError(f"the name has {len(name)} characters; at most {LONGEST} are read")
    scripts: set[str] = set()
    for char in name:
        if char in MARKS or "0" <= char <= "9":
            continue
        kind = unicodedata.category(char)
        if kind.startswith("M") and scripts:
            continue
        script = _script(char) if kind.startswith("L") else None
        if script is None:
            raise UsageError(
                f"the name holds the character U+{ord(char):04X}; use letters, digits, spaces and the marks . - _ ' /"
            )
        scripts.add(script)
    if len(scripts) > 1 and not scripts <= TOGETHER:
        raise UsageError(f"the name mixes {' and '.join(sorted(map(str.title, scripts)))} letters; write it in one")
    if not fold(name):
        raise UsageError("the name holds no letter; give the name that gifwarden team list shows")
    return name


def fold(name: str) -> str:
    """Return what two names share if a reader may take one for the other."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = unicodedata.normalize("NFKD", text)
    text = "".join(char for char in text if unicodedata.category(char)[0] in "LN" and not UNSEEN.match(char))
    text = text.translate(_ALIKE)
    for pair, looks in _PAIRS:
        text = text.replace(pair, looks)
    return text


def same(one: str, other: str) -> bool:
    """Return whether two names are one, but for capital letters."""
    return unicodedata.normalize("NFKC", one).casefold() == unicodedata.normalize("NFKC", other).casefold()


def legible(text: str) -> str:
    """Return what a name of an earlier version can be kept as, which took any text: blank if it tells nobody."""
    seen = "".join(
        char if char in MARKS or unicodedata.category(char)[0] in "LNM" else " "
        for char in UNSEEN.sub("", unicodedata.normalize("NFKC", text))
        if not unicodedata.category(char).startswith("C")
    )
    name = re.sub(" +", " ", seen).strip(" ")[:LONGEST].strip(" ")
    return name if fold(name) else ""


def _script(char: str) -> str | None:
    name = unicodedata.name(char, "")
    script = next((known for known in SCRIPTS if name.startswith(known)), None)
    blocks = BLOCKS.get(script or "")
    if blocks and not any(start <= ord(char) < end for start, end in blocks):
        return None
    return script
