"""Who says what of a row, in the shapes of the exchanges that say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.model import Opinion

MOST = 50  # opinions of one row
_STATUS = {"MALICIOUS": Opinion.CONFIRMED, "NON_MALICIOUS": Opinion.DISPUTED}
_FEEDBACK = {"blocked": Opinion.CONFIRMED, "notblocked": Opinion.DISPUTED}
_AGAINST = ("DISAGREE_WITH_TAGS", "NOT_HELPFUL")
_SHAPES = frozenset(("descriptors", "cspfeedbacks", "casenumbers", "opinion", "opinions", "reactions"))
Opinions = tuple[tuple[str, Opinion], ...]


def of_row(row: Mapping[str, Any], names: frozenset[str]) -> tuple[Opinions, bool]:
    """Return who says what of a row, and whether all of them take it back. `names`: its keys in small letters."""
    if not _SHAPES & names:
        return (), False
    found: list[tuple[str, Opinion]] = []
    gone = False
    if "descriptors" in names:
        descriptors = [part for part in _list(row.get("descriptors")) if isinstance(part, dict)]
        told = [str(part.get("status")).upper() for part in descriptors]
        gone = bool(told) and all(status == "NON_MALICIOUS" for status in told)
        for part in descriptors[:MOST]:
            owner = part.get("owner")
            who = _name(owner.get("id") if isinstance(owner, dict) else None) or _name(part.get("id"))
            if who and (opinion := _STATUS.get(str(part.get("status")).upper())):
                found.append((who, opinion))
            found.extend(_reactions(part))
    found.extend(_reactions(row))
    for part in _list(row.get("CSPFeedbacks"))[:MOST]:
        if isinstance(part, dict) and (opinion := _FEEDBACK.get(str(part.get("feedbackValue")).lower())):
            found.append((_name(part.get("source")) or "a platform", opinion))
    cases = row.get("caseNumbers")
    if isinstance(cases, dict) and cases and str(row.get("hashStatus")).lower() in ("none", "unknown", ""):
        gone = all(str(state).lower() in ("withdrawn", "deleted") for state in cases.values())
    found.extend(_own(row))
    return tuple(dict.fromkeys(found))[:MOST], gone


def _own(row: Mapping[str, Any]) -> Iterator[tuple[str, Opinion]]:
    """Yield what lists between moderators say: one `opinion` of theirs, or `opinions` by name."""
    if (opinion := _opinion(row.get("opinion"))) is not None:
        yield _name(row.get("feed")) or "its list", opinion
    told = row.get("opinions")
    parts = (
        told.items()
        if isinstance(told, dict)
        else ((part.get("by"), part.get("opinion")) for part in _list(told) if isinstance(part, dict))
    )
    for who, what in parts:
        if _name(who) and (opinion := _opinion(what)) is not None:
            yield _name(who), opinion


def _opinion(value: Any) -> Opinion | None:
    try:
        return Opinion(value.strip().lower()) if isinstance(value, str) else None
    except ValueError:
        return None


def _reactions(row: Mapping[str, Any]) -> Iterator[tuple[str, Opinion]]:
    for reaction in _list(row.get("reactions")):
        if isinstance(reaction, dict) and reaction.get("key") in _AGAINST and isinstance(reaction.get("value"), str):
            yield from ((who, Opinion.DISPUTED) for part in reaction["value"].split(",")[:MOST] if (who := _name(part)))


def _list(value: Any) -> list[Any]:
    """Return an array, or the one that the Graph API wraps as `{"data": […]}`."""
    if isinstance(value, dict):
        value = value.get("data")
    return value if isinstance(value, list) else []


def _name(value: Any) -> str:
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if 0 < len(text) <= 200 and text.isprintable() else ""
