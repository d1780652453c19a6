"""On which ground media is reported: recorded as a person states it, offered again, forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations

from bot.errors import UsageError
from bot.model import Actor, Grounded, GroundFor, Notice, NoticeItem, one_ground
from bot.store import NoticeRow, Store

LONGEST = 2000  # characters of a detail
FEWEST = 3  # words beside the day that say who was told, and where
_DAY = re.compile(  # 2026-11-22, 22.11.2026, 22 November 2026, 22 de noviembre de 2026, November 22, 2026
    r"\b(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\s?\d{1,2}[./]\s?\d{4}"
    r"|\d{1,2}\.? (?:de )?[^\W\d_]{3,10}\.? (?:de )?(?:19|20)\d\d|[^\W\d_]{3,10} \d{1,2}, (?:19|20)\d\d)\b"
)


class GroundBook:
    """Grounds of entries and protected persons. They are offered, and stated anew each time by a person."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def offered(self, row: NoticeRow) -> Grounded | None:
        """Return the ground that was recorded for what a notice lists, if it is one, and true of all of it."""
        if self.mixed(row):
            return None
        found = {self._store.grounds.recorded(item) for item in row.items if item.ground is None} - {None}
        return next(iter(found)) if len(found) == 1 else None

    def mixed(self, row: NoticeRow) -> bool:
        """Return whether different media would be reported under one ground."""
        items = [item for item in row.items if item.ground is None]
        ground = cache(self._store.grounds.of)  # each stands in many pairs
        return not all(one_ground(one, other, ground) for one, other in combinations(items, 2))

    def keep(self, notice: Notice, *, by: Actor) -> None:
        """Record what was stated, for the entries or the person it is about. Call it in the statement's transaction.

        What the person depicted says herself is recorded nowhere: it is hers, and goes when she wants it gone.
        """
        if notice.capacity == "depicted_person":
            return
        for found in dict.fromkeys(_stated(notice)):
            self._store.grounds.put(found, member=by.member)

    def put(self, label: str, ground: Grounded, *, by: Actor) -> None:
        """Record a ground for an entry or a protected person, by label.

        Raises UsageError if there is none, or nothing is said of the ground.
        """
        kind, detail = checked(ground)
        person = label.startswith("P-")
        found = GroundFor(ground=kind, detail=detail, entry=None if person else label, person=label if person else None)
        with self._store.transaction():
            if not self._store.grounds.put(found, member=by.member):
                raise UsageError(
                    f"there is no active entry and no protected person {label}; see: gifwarden bank list --entries"
                )
            self._store.audit.record(by=by, what="ground recorded", subject=label, why=kind)

    def forget(self, label: str, *, by: Actor) -> None:
        """Delete what is recorded for an entry or a person. Raises UsageError if there is nothing."""
        with self._store.transaction():
            if not self._store.grounds.forget(label):
                raise UsageError(f"no ground is recorded for {label}; see: gifwarden notices ground list")
            self._store.audit.record(by=by, what="ground forgotten", subject=label)


def checked(ground: Grounded) -> Grounded:
    """Return a ground with its detail on one line. Raises UsageError if that says nothing, or too much."""
    detail = " ".join(ground[1].split())
    if not any(letter.isalnum() for letter in detail):
        raise UsageError("a ground needs its detail: where the original is, which list, which statement, what was said")
    if len(detail) > LONGEST:
        raise UsageError(f"the detail of a ground may have {LONGEST} characters, this one has {len(detail)}")
    return ground[0], detail


def told_when(detail: str) -> bool:
    """Return whether a detail says when somebody was told, with its day, and in words by and to whom."""
    day = _DAY.search(detail)
    rest = detail[: day.start()] + detail[day.end() :] if day else ""
    return len(re.findall(r"[^\W\d_]{2,}", rest)) >= FEWEST


def _stated(notice: Notice) -> Iterator[GroundFor]:
    for item in notice.items:
        ground, detail = item.own_ground or (notice.ground, notice.ground_detail)
        if label := _whose(item, ground):
            yield GroundFor(ground=ground, detail=detail, **label)


def _whose(item: NoticeItem, ground: str) -> dict[str, str]:
    """Return for what a ground holds: what the person depicted said, for all her media; else for this entry."""
    if ground == "depicted_person" and item.person:
        return {"person": item.person}
    return {"entry": item.entry} if item.entry else {}
