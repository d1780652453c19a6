"""How sure what was found is, in words for moderators. One word for one rung, wherever it is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model import Evidence, Match
from bot.rules.ladder import counts

_UNCONFIRMED = "; no second person has confirmed the entry yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """`short` begins a line: `Exact file of a known fake`; `long` is the end of a sentence."""

    short: str
    long: str


EXACT = Sureness(short="Exact file", long="certain: the exact file of an entry, byte for byte")
NEAR_FACE = Sureness(short="Near copy (faces agree)", long="a near copy of an entry, and the faces agree")
NEAR = Sureness(
    short="Near copy",
    long="a near copy of an entry, faces not compared: it may be the original footage, without the fake",
)
UNSURE = Sureness(short="Perhaps a copy", long="not sure: it may be another take, another moment or another page")
FOOTAGE = Sureness(short="Known footage", long="not sure: known footage, and perhaps another face put in")
FACE = Sureness(short="A likeness", long="not sure: a face resembles a protected person's, which is no proof")
WORDS = Sureness(short="A rule's words", long="what the rule asks for holds; no media was recognised")


def best_match(matches: Iterable[Match]) -> Match | None:
    """Return the match that carries most: the exact file before all, then what is confirmed, then agreeing faces."""
    counted = [match for match in matches if counts(match) and match.bank_kind in ("block", "watch")]
    return max(
        counted,
        key=lambda match: (match.exact, match.confirmed, not match.unsure, match.face_region == "agrees"),
        default=None,
    )


def sureness(evidence: Evidence | None) -> Sureness:
    """Return how sure the evidence of a case is."""
    best = best_match(evidence.matches) if evidence else None
    if best is not None:
        found = EXACT if best.exact else UNSURE if best.unsure else NEAR_FACE if best.face_region == "agrees" else NEAR
        return found if best.confirmed else Sureness(short=found.short, long=found.long + _UNCONFIRMED)
    if evidence is not None and any(match.bank_kind == "source" for match in evidence.matches):
        return FOOTAGE
    if evidence is not None and evidence.source:
        return FOOTAGE
    if evidence is not None and any(face.person for face in evidence.faces):
        return FACE
    return WORDS
