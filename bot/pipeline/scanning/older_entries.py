"""Entries of an earlier version have no motion signature: they get one when their media is met again.

From the very file it is the entry's own. From a copy it is borrowed: whoever posts a copy can make it flicker, so that
it moves otherwise. So a borrowed signature may show that something is the same take, and never that it is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.model import Entry, Fingerprint, Match
from bot.store import Store

ALL = 0.95  # coverage of both sides by whole frames, from which on a copy is a whole one
APART = 0.25  # seconds that the beginnings and the ends of a whole copy may lie apart
SAME_QUALITY = 1.0  # of PDQ's 0 to 100 by which what was encoded again may be below it
AS_MANY = 0.9  # share of the entry's frames a second that a copy of its quality has at least


def fill(store: Store, prints: Sequence[tuple[int, Fingerprint]], matches: Sequence[Match]) -> list[str]:
    """Give entries that lack a motion signature that of media which are their files or whole copies; return labels.

    Call it in a transaction.
    """
    filled: list[str] = []
    for media, found in prints:
        if found.motion is None:
            continue
        very = {number for _, number in store.known.files([(found.sha256, "")])}
        for match in matches:
            number = store.sketches.number(match.entry) if match.media == media else None
            if number is None or not (number in very or match.exact or _whole(match)):
                continue
            if number not in very and not match.exact and not _as_good(store, number, found):
                continue
            if store.sketches.fill(number, found, borrowed=number not in very):
                filled.append(match.entry)
    return filled


def _whole(match: Match) -> bool:
    """Return whether whole frames, as they are and at their own times, are all of the entry and all of the media."""
    return (
        match.method == "pdq"
        and match.transform == "none"
        and not match.unsure
        and not match.suppressed
        and match.face_region != "differs"
        and min(match.coverage_query, match.coverage_entry) >= ALL
        and all(
            abs(one - other) <= APART
            for ours, theirs in zip(match.query_ranges[:1], match.entry_ranges[:1], strict=True)
            for one, other in zip(ours, theirs, strict=True)
        )
    )


def _as_good(store: Store, number: int, found: Fingerprint) -> bool:
    """Return whether a copy is undamaged and has the entry's quality: as much contrast in as many frames."""
    entry: Entry | None = next((entry for _, entry, _ in store.known.entries([number], ())), None)
    if entry is None or found.note is not None:
        return False
    ours, theirs = ([signal.quality for signal in one.signals if signal.type == "pdq"] for one in (found, entry))
    return (
        bool(theirs)
        and len(ours) >= AS_MANY * len(theirs)
        and float(np.mean(ours)) >= float(np.mean(theirs)) - SAME_QUALITY
    )
