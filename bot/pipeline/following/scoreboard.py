"""How hosts act on notices: how soon, how often, and what stays. Figures of what looks saw, with what is still open.

A removal counts from the look that first saw the media gone, so it was no later than that. Media that is still up, or
of which nothing is known any more, is not left out: the median is that of Kaplan and Meier, in which it counts as media
that took longer than it was watched. What a host keeps by its decision took longer than any. A share within a time is
of what has had that time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.model import NoticeItemState, NoticeState
from bot.plural import many
from bot.store import Store
from bot.store.notice_scores import ScoreItem

SPANS = (24, 48)  # hours


@dataclass(frozen=True, slots=True, kw_only=True)
class HostScore:
    """One host. Media of notices that bounced or were taken back is in no figure but theirs."""

    host: str
    notices: int
    by_mail: int
    by_hand: int
    bounced: int  # notices
    media: int  # that the host was told of
    removed: int
    median_hours: float | None  # None: less than half of it is known to be removed
    within: Mapping[int, tuple[int, int]]  # hours → (removed by then, media that has had that time)
    rejected: int  # media that the host keeps
    there: int  # still up when last seen
    unknown: int  # of which the last look said nothing, or none was made
    reuploads: int

    @property
    def sentence(self) -> str:
        """The median in words, with of how many media."""
        if not self.media:
            return "nothing to say yet"
        known = f"{self.removed} of {many(self.media, 'media', 'media')} removed"
        return f"{known}; half of it within {self.median_hours:.0f} h" if self.median_hours is not None else known

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "host": self.host, "notices": self.notices, "by_mail": self.by_mail, "by_hand": self.by_hand,
            "bounced": self.bounced, "media": self.media, "removed": self.removed,
            "median_hours": None if self.median_hours is None else round(self.median_hours, 1),
            **{f"within_{hours}_h": {"removed": done, "of": of} for hours, (done, of) in self.within.items()},
            "rejected": self.rejected, "there": self.there, "unknown": self.unknown, "reuploads": self.reuploads,
        }  # fmt: skip


def scores(store: Store, now: datetime) -> list[HostScore]:
    """Return the hosts that were told of anything, those told of most first."""
    reuploads = store.notice_scores.reuploads()
    by_host: dict[str, list[ScoreItem]] = {}
    for item in store.notice_scores.items():
        by_host.setdefault(item.host, []).append(item)
    found = [score(host, items, now, reuploads.get(host, 0)) for host, items in by_host.items()]
    return sorted(found, key=lambda one: (-one.media, one.host))


def score(host: str, items: Sequence[ScoreItem], now: datetime, reuploads: int = 0) -> HostScore:
    """Return one host's figures."""
    hand = {item.notice: item.by_hand for item in items}
    bounced = {item.notice for item in items if item.notice_state == NoticeState.BOUNCED}
    told = [item for item in items if item.notice not in bounced and item.state != NoticeItemState.TAKEN_BACK]
    took = [item.gone - item.sent for item in told if item.gone is not None]
    within = {}
    for hours in SPANS:
        span = timedelta(hours=hours)
        had = [item for item in told if now - item.sent >= span]
        within[hours] = sum(item.gone is not None and item.gone - item.sent <= span for item in had), len(had)
    kept = [item for item in told if item.state == NoticeItemState.KEPT]
    left = [item for item in told if item.gone is None and item.state != NoticeItemState.KEPT]
    return HostScore(
        host=host,
        notices=len(hand),
        by_mail=sum(not by_hand for by_hand in hand.values()),
        by_hand=sum(hand.values()),
        bounced=len(bounced),
        media=len(told),
        removed=len(took),
        median_hours=median([_watched(item, now) for item in told], [item.gone is not None for item in told]),
        within=within,
        rejected=len(kept),
        there=sum(item.seen is not None for item in left),
        unknown=sum(item.seen is None for item in left),
        reuploads=reuploads,
    )


def _watched(item: ScoreItem, now: datetime) -> timedelta:
    """Return how long it took, or is known to have taken at least."""
    kept = now if item.state == NoticeItemState.KEPT else None
    return (item.gone or kept or item.seen or item.sent) - item.sent


def median(times: Sequence[timedelta], ended: Sequence[bool]) -> float | None:
    """Return after how many hours half is removed; None if that is not known.

    `times`: how long each media was watched; `ended`: whether it was removed then. One that was not is at risk up to
    then and no longer, so that what left yesterday does not count as what its host keeps.
    """
    left = 1.0
    for time in sorted({time for time, over in zip(times, ended, strict=True) if over}):
        at_risk = sum(one >= time for one in times)
        removed = sum(over and one == time for one, over in zip(times, ended, strict=True))
        left *= 1 - removed / at_risk
        if left <= 0.5:
            return time.total_seconds() / 3600
    return None
