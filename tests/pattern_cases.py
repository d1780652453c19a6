"""Patterns for the tests: everyday ones from data/patterns.txt, known catastrophes, and a grammar that makes more."""

from __future__ import annotations

import random
from pathlib import Path

EVERYDAY = [
    line
    for line in (Path(__file__).parent / "data" / "patterns.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("# ")
]
CATASTROPHES = (
    "(a+)+b", "(a|a)+b", "(a|ab)*c", "(?:a?a?)+b", "(.*)(.*)(.*)x", r"(\w+\s?)*!", "(a{0,9}){0,9}b",
    "a?" * 30 + "a" * 30, r"(.)\1+\1+b", "(?=(a+)+b)a", "(?>a+)*(?>a+)*b", "((((a+)))+)b",
    r".{0,4999}[^\n]{2500}X", r".{0,4999}\w{1700}X", r".{0,4999}(?=\w{1700}X)", "([a-z]+)*=", r"^(\w+\s?)*$",
    "(x+x+)+y", "(.*?,){25}P", "(?:(?:a|b|ab)+)+c", "(?<=a)(a|a?)+b", r"(?:\W*a\W*)+b",
    "[" + "".join(chr(0x1F000 + 2 * i) for i in range(900)) + "]{0,4999}X",
)  # fmt: skip
PIECES = ("a", "a ", "aa,b", "ab", "x", "-", chr(0x1F77F))
_ATOMS = ("a", "b", "c", "x", " ", ",", ".", r"\w", r"\W", r"\s", r"\S", r"\d", "[ab]", "[^a]", r"[\W_]", "[a-z]",
          r"\b", "^", "$", "é", "ß", "i", "k", r"\.", "fake")  # fmt: skip
_COUNTS = ("", "", "*", "+", "?", "*?", "+?", "{0,3}", "{2}", "{1,40}", "{2,}?", "*+")


def generated(random: random.Random, depth: int = 3) -> str:
    """Return a pattern of the grammar that moderators use, careless nesting included."""
    parts = []
    for _ in range(random.randint(1, 4)):
        if depth and random.random() < 0.45:
            inner = generated(random, depth - 1)
            parts.append(random.choice(("({})", "(?:{})", "({}|{})", "(?={})", "(?!{})")).replace("{}", inner))
        else:
            parts.append(random.choice(_ATOMS))
        if parts[-1] not in (r"\b", "^", "$") and not parts[-1].startswith(("(?=", "(?!")):
            parts[-1] += random.choice(_COUNTS)
    return "".join(parts)
