"""What a person may ask to look at, and when the answer is no: each refusal is one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.errors import AcquireError, UsageError
from bot.model import CaseState, Evidence, Level, Link, LookSettings
from bot.store import CaseRow, Store

MINOR = "it may show a minor, so nobody looks at it; see docs/safety.md"
YOUNG = "somebody who says that they are depicted in it may have been under 18, so it is not looked at"
DELETED = "the post was deleted on Reddit, so its media is not looked at"
KIND = {"image": "pictures", "animation": "animations", "video": "videos"}
GONE = ("forgotten:", "minor:")  # how an address begins that is kept no more
MOST_RANGES = 64

Ranges = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Where what an entry was made of is found: in a case of its very file, or at an address that somebody noted."""

    entry: str  # its label
    case: str | None = None
    media: int | None = None  # place in the case's album
    url: str = ""
    at: tuple[float, ...] = ()  # seconds of it that are shown; none: a few, spread evenly


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asked for: a case, a link, or a file of theirs; a sheet at a level, or without one an answer."""

    case: str | None = None
    target: str = ""
    data: bytes | None = field(default=None, repr=False)
    level: Level | None = None
    media: int | None = None  # place in an album; None: the first that matched, of a case
    ranges: Ranges = ()  # seconds that matched; of a case they are known
    few: bool = False  # a few frames alone, to be compared with another sheet
    at: tuple[float, ...] = ()  # seconds of these frames; none: spread evenly
    beside: tuple[Beside, ...] = ()  # not the case's own media is meant, but an entry's: the first that is still there


def why_not(store: Store, wish: Wish) -> str | None:
    """Return why a case is not looked at, or None. It is asked before, meanwhile and after, for that may change."""
    if any(store.minors.is_never_label(one.entry) for one in wish.beside):
        return MINOR
    if why := next((why for one in wish.beside if (why := why_not(store, Wish(case=one.case)))), None):
        return why
    if wish.case is None:
        return None
    row = store.cases.get(wish.case)
    things = [row.post.fullname, *([f"{row.host}:{row.host_id}"] if row.host_id else [])]
    if row.state == CaseState.MINOR or store.minors.is_never(*things):
        return MINOR
    if (same := store.footage.of_case(row.id)) is not None:
        return same.words
    if row.post.removed_by_category == "deleted" or row.url.startswith(GONE):
        return DELETED
    return None


def refused_kind(kind: str | None, settings: LookSettings) -> str | None:
    """Return why a kind of media is not shown to somebody, or None."""
    if kind in settings.refused:
        return f"you asked not to be shown {KIND[str(kind)]}; pass the case on, or change your own settings"
    return None


def place_of(store: Store, row: CaseRow, media: int | None) -> tuple[int, Ranges, str | None]:
    """Return which media of a case's link is meant, what matched in it, and its kind if it is known.

    Raises UsageError if the link has no media in that place.
    """
    evidence = store.links.evidence(row.link)
    if evidence is None:
        return media or 0, (), None
    there = {info.index: info.kind for info in evidence.media}
    if media is None:
        found = [match.media for match in evidence.matches if match.bank_kind != "allow" and not match.suppressed]
        found += [one.media for one in evidence.source if one.media is not None]
        found += [one.media for one in evidence.faces if one.media is not None]
        media = next((place for place in found if place in there), min(there, default=0))
    elif media not in there:
        raise UsageError(f"case {row.label} has no media {media + 1}; it has {len(there)}")
    return media, ranges_of(evidence, media), there.get(media)


def ranges_of(evidence: Evidence, media: int) -> Ranges:
    """Return the stretches of one media in which something was found, in seconds."""
    found = [
        span
        for match in evidence.matches
        if match.media == media and match.bank_kind != "allow" and not match.suppressed
        for span in match.query_ranges
    ]
    found += [span for one in evidence.source if one.media == media for span in one.query_ranges or ()]
    found += [(face.t, face.t) for face in evidence.faces if face.media == media and face.t is not None and face.person]
    return sane(found)


def sane(ranges: Sequence[tuple[float, float]]) -> Ranges:
    """Return stretches that can be: finite, not negative, in order, each once."""
    fine = {(float(begin), float(end)) for begin, end in ranges if 0 <= begin <= end < 1e7}
    return tuple(sorted(fine))[:MOST_RANGES]


def link_of(store: Store, row: CaseRow) -> Link:
    """Return the link of a case. Raises AcquireError if it is forgotten."""
    link = store.links.get(row.link).link
    if "://" not in link.url:
        raise AcquireError(DELETED)
    return link
