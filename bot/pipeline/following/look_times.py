"""When a media on a notice is looked for, and what one more look makes of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import backoff
from bot.model import LOOKS_GONE, LOOKS_THERE, LookOutcome, NoticeItemState
from bot.store import LifeItem

APART = timedelta(hours=1)  # between two looks at one media, whatever else is said
# After the notice left: before the end of each span that the scoreboard tells of, then ever less often for six months
WAITING = tuple(timedelta(hours=hours) for hours in (6, 12, 23, 47, 72)) + tuple(
    timedelta(days=days) for days in (7, 14, 30, 60, 90, 120, 150, 180)
)
# After it was found gone: whether it comes back
REUPLOADS = (timedelta(hours=6), timedelta(hours=48), timedelta(days=7), timedelta(days=30))
PATIENCE = 5  # looks that say nothing after one that found it gone, before the next is when it would have been anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What a media is after a look, and when the next is; `at` None: never again."""

    state: NoticeItemState
    gone: datetime | None
    misses: int
    at: datetime | None


def first_look(item: LifeItem, now: datetime) -> datetime | None:
    """Return when a media is looked for that nothing is planned for; None after the last of all looks."""
    if item.state == NoticeItemState.GONE_ONCE and item.gone is not None:
        return max(item.gone + APART, _soonest(item, now))
    return _next(item.sent, WAITING, _soonest(item, now))


def again(item: LifeItem, now: datetime) -> datetime:
    """Return when a look is tried again that began and never ended: later each time."""
    return now + timedelta(seconds=backoff(item.misses + 1, first=APART.total_seconds()))


def after(item: LifeItem, outcome: LookOutcome, now: datetime) -> Next:
    """Return what a media is once a look found `outcome`.

    One look makes nothing removed: it takes a second, an hour later. What says nothing of the media changes nothing.
    """
    removed, once = item.state == NoticeItemState.REMOVED, item.state == NoticeItemState.GONE_ONCE
    begin = item.gone if removed and item.gone else item.sent
    planned = _next(begin, REUPLOADS if removed else WAITING, now + APART)
    if outcome in LOOKS_THERE:
        if removed:  # it came back: what follows stands on another notice
            return Next(state=NoticeItemState.REMOVED, gone=item.gone, misses=0, at=None)
        return Next(state=NoticeItemState.LISTED, gone=None, misses=0, at=planned)
    if outcome in LOOKS_GONE:
        if removed:
            return Next(state=NoticeItemState.REMOVED, gone=item.gone, misses=0, at=planned)
        gone = item.gone if once and item.gone else now
        if once and now - gone >= APART:
            back = _next(gone, REUPLOADS, now + APART)
            return Next(state=NoticeItemState.REMOVED, gone=gone, misses=0, at=back)
        return Next(state=NoticeItemState.GONE_ONCE, gone=gone, misses=0, at=max(gone + APART, now + APART))
    if once and item.misses < PATIENCE:
        planned = again(item, now)
    return Next(state=item.state, gone=item.gone, misses=item.misses + 1, at=planned)


def _soonest(item: LifeItem, now: datetime) -> datetime:
    """Return the first moment at which a media may be looked for: an hour after the last look."""
    return now if item.looked is None else max(now, min(item.looked, now) + APART)


def _next(begin: datetime, times: Sequence[timedelta], soonest: datetime) -> datetime | None:
    begin = min(begin, soonest)  # what begins in the future was written by a wrong clock
    return next((begin + time for time in times if begin + time >= soonest), None)
