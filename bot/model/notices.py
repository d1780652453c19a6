"""What is said to a host, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.model.states import Capacity, Ground, NoticeEventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundFor:
    """On which ground media is reported: entered once for an entry or a protected person, and reused.

    Of `entry` and `person`, labels both, one is set: what it holds for.
    """

    ground: Ground
    detail: str  # where the original is, which list, which statement
    entry: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeItem:
    """One media of a host in a notice."""

    host_id: str
    url: str  # the host's own public page of it
    seen_at: datetime  # when our copy of it was fetched
    sha256: str | None = None
    md5: str | None = None
    viewed_at: datetime | None = None  # when a person looked at it there; None: nobody says so
    entry: str | None = None  # the entry that it matched, by its label; never said to a host
    person: str | None = None  # the protected person whom it shows, by label; never said to a host
    resembles: str | None = None  # the one whom it resembles, while no person has confirmed a case of it
    ground: Ground | None = None  # None: the notice's
    ground_detail: str = ""
    ranges: tuple[tuple[float, float], ...] = ()  # seconds in the host's clip; empty: all of it, or a still
    rendition: str | None = None  # which of the host's files was hashed, such as "mp4, 1280x720"
    earlier: str | None = None  # the notice on which this media stood before, and which has ended

    @property
    def own_ground(self) -> Grounded | None:
        """Its own ground and what is said to it, if that is another than the notice's."""
        return (self.ground, self.ground_detail) if self.ground else None


Grounded = tuple[Ground, str]
"""A ground and its detail."""


def one_ground(one: NoticeItem, other: NoticeItem, ground: Callable[[NoticeItem], Grounded | None]) -> bool:
    """Return whether two media may stand under one ground, about one person. `ground`: what is recorded of one.

    So may what is the same media, by its entry or its file; and what a person has given the same ground, to the word,
    if it shows the same person. What *the person depicted* said holds for others only where it is known who that is.
    """
    if one.person and other.person and one.person != other.person:
        return False
    if one.host_id == other.host_id or _same(one.entry, other.entry) or _same(one.sha256, other.sha256):
        return True
    first = ground(one)
    if first is None or first != ground(other) or one.person != other.person:
        return False
    return first[0] != "depicted_person" or one.person is not None


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and one == other


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is said to a host. Sent only with a ground, a capacity and the person who states it."""

    id: str  # opaque, e.g. N-3f9c2a
    host: str
    to: str
    items: tuple[NoticeItem, ...]
    ground: Ground
    ground_detail: str  # where the original is, which list, which statement
    capacity: Capacity
    stated_by: str
    organisation: str
    contact: str
    stated_at: datetime
    language: str = "en"  # ISO 639-1
    law: str = ""  # the national law that the person who states it can state, such as "§ 201a StGB"
    access: str = ""  # what is needed to see the items, such as a login
    named: bool = False  # whether a third party's mail names the person who states it
    text: str = ""  # the digest of the text in which it was stated; empty: of an earlier version


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEvent:
    """One thing that happened to a notice, or to one of its items."""

    notice: str
    at: datetime
    kind: NoticeEventKind
    host_id: str | None = None  # the item's; None: the whole notice
    detail: str = ""  # for people, in our words: what hosts write is kept elsewhere, sealed
    by: str | None = None  # the name of the member of the team who did it; None: the program
