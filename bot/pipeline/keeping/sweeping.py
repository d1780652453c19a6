"""When what a list does not have any more goes, and when a person is asked first: for files and exchanges alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from bot.lists import Bad, Fault, Plain, Record, Whole

# A list in use loses a few rows in a hundred between two readings. One that loses more than a tenth was cut off, is
# another list than the last time, or somebody empties it: a person looks. So it is where ids that are known have other
# hashes: the old ones match no more. Of few rows a tenth says nothing, but more than half of them does.
ASKS_SHARE = 0.1
ASKS_FROM = 20
HALF_FROM = 3


def may_sweep(*, whole: bool, unreadable: int) -> bool:
    """Return whether what a reading did not meet goes. A row that cannot be read may be what is missed."""
    return whole and not unreadable


def asks(lost: int, listed: int, *, meets_none: bool) -> bool:
    """Return whether a person has to say yes before so many of a list's rows go; `meets_none`: a sweep met no row."""
    much = lost > ASKS_FROM and lost > ASKS_SHARE * listed
    return meets_none or much or (lost >= HALF_FROM and 2 * lost > listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What a reading has met so far."""

    rows: int = 0
    unreadable: int = 0

    def also(self, rows: Iterable[Record | Bad | Whole | Plain]) -> Self:
        """Return what it has met with these rows."""
        count, unreadable = self.rows, self.unreadable
        for row in rows:
            if isinstance(row, Plain):
                count += row.count
            elif not isinstance(row, Whole):
                count += isinstance(row, Record) or row.fault in (Fault.BROKEN, Fault.NOT_OURS)
                unreadable += isinstance(row, Bad) and row.fault is Fault.BROKEN
        return replace(self, rows=count, unreadable=unreadable)

    @property
    def is_nothing_but_damage(self) -> bool:
        """Whether there were rows and not one of them could be read: then it is no list, or not in a shape we know."""
        return 0 < self.rows == self.unreadable
