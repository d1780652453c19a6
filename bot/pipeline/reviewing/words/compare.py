"""With what a person compares a near copy: the entry's origin, the times on both sides, how often it was wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.clock import minutes, tenths
from bot.model import Evidence, Match, SourceMatch
from bot.store import Store

MOST = 3  # entries


def near_ones(evidence: Evidence | None) -> list[Match | SourceMatch]:
    """Return what was found that a person compares: nothing exact, suppressed, allowed or of the same place alone."""
    found: list[Match | SourceMatch] = []
    for match in evidence.matches if evidence else ():
        if match.bank_kind != "allow" and not (match.exact or match.suppressed):
            found.append(match)
    source = evidence.source if evidence else ()
    return [*found, *(one for one in source if one.kind != "same_place" and not one.suppressed)]


def compared(store: Store, evidence: Evidence | None) -> list[dict[str, Any]]:
    """Return as plain data what each entry that was found is compared with; nothing of exact and suppressed ones."""
    found: dict[str, dict[str, Any]] = {}
    for one in near_ones(evidence):
        past = None if one.entry in found or store.minors.is_never_label(one.entry) else store.entries.past(one.entry)
        if past is not None:
            found[one.entry] = {
                "entry": one.entry,
                "origins": [
                    {"origin": held.note.origin, "seconds": held.note.seconds}
                    for held in past.notes
                    if held.note.origin
                ],
                "query_ranges": [list(span) for span in one.query_ranges or ()],
                "entry_ranges": [list(span) for span in one.entry_ranges or ()],
                "duration": past.duration,
                "cases": past.hits.cases,
                "confirmed": past.hits.confirmed,
                "dismissed": past.hits.dismissed,
            }
    return list(found.values())


def compare_lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a line or two for each: what to open, and where to look in both."""
    for row in rows[:MOST]:
        origins = [
            held["origin"] + ("" if held["seconds"] is None else f" at {minutes(held['seconds'])}")
            for held in row["origins"]
        ]
        told = "; ".join(origins) or "nobody noted where its original is"
        yield f"{row['entry']}: {told}"
        if any(end for _, end in row["entry_ranges"]):
            yield f"its {_spans(row['entry_ranges'])} with {_spans(row['query_ranges'])} here"


def wrong_before(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield for each entry that was dismissed before how often it was."""
    for row in rows:
        if row["dismissed"]:
            decided = row["confirmed"] + row["dismissed"]
            yield f"{row['entry']} was wrong before: {row['dismissed']} of {decided} decided cases were dismissed"


def _spans(spans: Sequence[Sequence[float]]) -> str:
    return ", ".join(f"{tenths(begin)} to {tenths(end)}" for begin, end in spans[:MOST])
