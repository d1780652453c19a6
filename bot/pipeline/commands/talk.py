"""Words by which a line behind an order's target is a sentence about the order and no reason for it."""

from __future__ import annotations

from collections.abc import Sequence

_WORDS = """
is isn't isnt was wasn't wasnt were are aren't be been being do does doesn't did didn't don't has hasn't had hadn't
have haven't will won't would wouldn't can can't cannot could couldn't should shouldn't shall must may might works
worked failed fails found finds gave gives took takes makes means said says looks looked seems seemed went goes got
gets came comes happened broke breaks helped solved removed restored
undid brought cleared again or not no

est était sera serait n'est n'était avait n'a ne ont peut pourrait doit devait marche marchait fonctionne
fonctionnait donne trouve pas ou

ist war wäre wird würde wurde hat hatte kann könnte konnte soll sollte muss musste darf funktioniert funktionierte ging
geht macht machte nicht oder

era fue sería será está estaba ha había puede podría debe debía funciona funcionó funcionaba hizo hace dio no o
"""

_ALONE = frozenset(_WORDS.split())
_SPANISH = frozenset({"lo", "un", "una", "la", "el", "que"})  # behind "es", which begins a reason in German


def is_sentence(words: Sequence[str]) -> bool:
    """Return whether these words, in small letters and without marks, go on a sentence that began before them."""
    first, second = (*words, "", "")[:2]
    if first == "a":  # "a known meme" is a reason, "a échoué" goes on
        return second.endswith("é")
    return first in _ALONE or (first == "es" and second in _SPANISH)
