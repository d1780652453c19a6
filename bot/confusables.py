"""Letters that look like Latin ones, and words of which nobody can say in which alphabet they are written.

The table goes by what Unicode lists as confusable (UTS #39) and what a reader takes for a letter besides, such as a
small Cyrillic te. Characters that Unicode calls variants of a letter (fullwidth, mathematical, circled) and those whose
name says so (small capitals, letters with a stroke) need no row.
"""

# ruff: noqa: RUF001  look-alikes are what stands here

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from bot.model.names import UNSEEN

BAR = "1"  # a stroke that may be an i or an l, as the digit may
# Capitals stand for themselves: the Greek Nu is an N, and the small one a v.
_ROWS = {
    "a": "ɑαАаΑᎪꓮⲀ", "b": "βвьΒВЬᏴᏏꓐⲂƄ", "c": "ϲсСϹᏟⲤⲥꓚ", "d": "ԁԀᎠᏧꓓꓒᗞ", "e": "еЕҽҼεєЄΕᎬꓰ℮", "f": "ϝϜքꓝᖴ",
    "g": "ɡցԍԌᏀᏳꓖ", "h": "нһհНҺΗᎻᏂꓧⲎᕼ", "i": "ɩιіꙇᎥӀӏΙІᛁⲒⵏꓲǀ", "j": "јЈϳͿᎫꓙᒍ", "k": "кκКΚᏦꓗⲔĸ",
    "l": "ᏞꓡⳐᒪ", "m": "мМΜϺᎷꓟⲘᗰ", "n": "ηոռΝꓠⲚ", "o": "οоօОΟՕዐᴑⲞⲟⵔ〇ꓳჿסه",
    "p": "ρϱрРΡᏢꓑⲢⲣᑭ", "q": "ԛԚգզ", "r": "гⲅᎡᏒꓣᖇƦ", "s": "ѕЅՏᏕᏚꓢƽ", "t": "тτТΤᎢꓔⲦ", "u": "υμսՍꓴᑌ",
    "v": "νѵѴᏙꓦᐯ", "w": "ωѡԝԜաɯᎳᏔꓪ", "x": "хχХΧꓫⲬⵝᕁ᙭", "y": "уγүҮУΥϒɣყᎩᎽꓬⲨ", "z": "ΖᏃꓜ",
}  # fmt: skip
# Letters of ours that stand in a word of another alphabet, and nobody sees it
_TWINS = {"CYRILLIC": "aceopxyisjkABCEHIJKMOPSTXY", "GREEK": "oviuABEHIKMNOPTXYZ"}
_BARS = frozenset("ӀӏΙІᛁⲒⵏꓲǀ")
_LOOKS = {char: BAR if char in _BARS else letter for letter, row in _ROWS.items() for char in row}
_VARIANT = re.compile(r".*(?:LATIN|REGIONAL INDICATOR) .*LETTER (?:[A-Z]+ )*([A-Z])(?: WITH .*)?")
_ODD = re.compile("LATIN .*LETTER .*(?:TURNED|SIDEWAYS|REVERSED|INVERTED) [A-Z]")  # upside down
_LETTERS = re.compile(r"[^\W\d_]+")
_STEM = re.compile(r"([A-Z]{2,})([^\W\d_A-Z]+)")
# Alphabets whose letters are taken for one another's; elsewhere a Latin word may stand in another without a blank.
ALPHABETS = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "COPTIC", "CHEROKEE", "LISU", "GEORGIAN")


def seen(text: str) -> str:
    """Return a text in letters of one width and shape, without accents and what is not seen; digits are 0 to 9."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", UNSEEN.sub("", text))
    return "".join(map(_seen, apart))


def latin(text: str) -> str:
    """Return a text with each letter that looks like a Latin one as that, in small letters; others stay as they are.

    A stroke that may be an i or an l is `BAR`.
    """
    if text.isascii():
        return text.lower()
    return "".join(map(_latin, seen(text)))


def garbled(text: str) -> bool:
    """Return whether a word mixes alphabets, or has letters upside down, so that it is read in none of them.

    A Cyrillic word with a Latin a is read, and so is a Latin one with a Cyrillic o, or in capitals with an ending.
    """
    return not text.isascii() and any(map(_is_garbled, _LETTERS.findall(seen(text))))


@lru_cache(maxsize=4096)
def _seen(char: str) -> str:
    if char.isascii():
        return char
    kind = unicodedata.category(char)
    if kind[0] == "M" or kind == "Cf":
        return ""
    return str(unicodedata.digit(char)) if kind == "Nd" else char


@lru_cache(maxsize=4096)
def _latin(char: str) -> str:
    if char.isascii():
        return char.lower()
    if look := _LOOKS.get(char):
        return look
    name = unicodedata.name(char, "")
    found = None if _ODD.fullmatch(name) else _VARIANT.fullmatch(name)
    return found[1].lower() if found else "".join(_LOOKS.get(small, small) for small in char.casefold())


def _is_garbled(word: str) -> bool:
    if word.isascii() or latin(word).isascii():
        return False
    stem = _STEM.fullmatch(word)
    scripts = set(map(_script, stem[2] if stem else word))
    if "ODD" in scripts:
        return True
    mixed = scripts & set(ALPHABETS)
    if len(mixed) < 2:
        return False
    (other, *more) = mixed - {"LATIN"}
    return bool(more) or any(_script(char) == "LATIN" and char not in _TWINS.get(other, "") for char in word)


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    name = unicodedata.name(char, "")
    return "ODD" if _ODD.fullmatch(name) else name.partition(" ")[0]
