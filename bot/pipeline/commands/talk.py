"""What stands behind an order's target: a reason for it, or a sentence that the order is a part of.

People write `undo LINK never worked`, `undo LINK if Ben agrees`, `undo LINK: error` in every language. No list of words
tells all of them, so it is the other way round: a reason on the order's own line begins as reasons do, and whatever
else stands there is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_BEGINNINGS = """
because
since it
as it
it's
it is
it was
its
this is
this was
that is
that was
they are
she is
he is
reason
false positive
known fake
known meme
original at
satire
parody
wrong match
wrongly
a
an

parce que
parce qu
car
c'est
c'était
ce n'est
il s'agit
elle est
raison
motif
un
une
faux positif

weil
denn
da es
es ist
es war
das ist
das war
dies ist
ist nur
grund
ein
eine
fehlalarm

porque
pues es
es un
es una
es el
es la
es
era un
era una
fue un
fue una
esto es
motivo
razón
falso positivo
"""

_REASONS = tuple(tuple(line.split()) for line in _BEGINNINGS.splitlines() if line)
_COURTESY = re.compile(
    r"\A(?:(?:please|pls|thanks|thx|thank you|now|s'il te plaît|s'il vous plaît|svp|stp|merci|bitte|danke|jetzt"
    r"|por favor|gracias|ahora)(?:\s+|$))+"
)
_VERBS = frozenset({"es", "era", "fue", "ist"})  # of beginnings without a subject
_NO = re.compile(
    r"(?<!\w)(?:if|unless|until|never|maybe|perhaps|not yet|si|sauf|jamais|peut-être|pas encore|wenn|falls|außer|nie"
    r"|niemals|vielleicht|noch nicht|quizás|quizá|nunca|jamás|todavía no|a menos)(?!\w)"
)


def is_reason(words: Sequence[str], *, vocative: bool = True) -> bool:
    """Return whether these words, in small letters and without marks, begin as a reason does and set no condition.

    `vocative`: a comma or colon stood behind the name; without, it may be a subject, of which a verb says something.
    """
    words = _COURTESY.sub("", " ".join(word for word in words if word)).split()
    if not words or _NO.search(" ".join(words)):
        return not words
    if words[0] in ("a", "an", "un", "une", "ein", "eine") and (len(words) < 2 or words[1].endswith("é")):
        return False  # "a known meme" is a reason, "a échoué" goes on
    if words[0] == "es" and len(words) > 1 and words[1] in ("lo", "que"):
        return False
    if not vocative and words[0] in _VERBS:
        return False
    return any(tuple(words[: len(known)]) == known for known in _REASONS)


def goes_on(line: str) -> bool:
    """Return whether a line below an order may go on its sentence: it does not begin one of its own."""
    first = line.lstrip("*_\"'([ ")[:1]
    return bool(first) and not first.isupper()
