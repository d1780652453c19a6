"""What stands on a notice, and what happened to it, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from bot.clock import day_and_time, minutes
from bot.model import NoticeEvent, NoticeEventKind, NoticeItem
from bot.plural import many

_WORDS = {
    NoticeEventKind.ALREADY_TOLD: "seen again",
    NoticeEventKind.CONFIRMED: "stated",
    NoticeEventKind.BY_HAND: "put into the host's form",
    NoticeEventKind.BOUNCED: "came back undelivered",
    NoticeEventKind.DELAYED: "its mail is delayed",
    NoticeEventKind.ACKNOWLEDGED: "its host confirmed receipt",
    NoticeEventKind.ANSWERED: "its host answered",
    NoticeEventKind.DECIDED: "a person said what an answer is",
    NoticeEventKind.LOOKED: "looked for",
    NoticeEventKind.REUPLOADED: "back again",
    NoticeEventKind.OVERDUE: "no decision, and it is still there",
    NoticeEventKind.RAISED: "taken a step above",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of what happened: `by` is empty where the program did it."""

    at: datetime
    words: str
    by: str = ""


def item_words(item: NoticeItem) -> list[str]:
    """Return what is known of a media on a notice, a phrase each."""
    return list(_item(item))


def _item(item: NoticeItem) -> Iterator[str]:
    yield f"fetched {day_and_time(item.seen_at)} UTC"
    if item.viewed_at:
        yield f"seen by a person {day_and_time(item.viewed_at)} UTC"
    if item.ranges:
        yield "matches from " + ", ".join(f"{minutes(begin)} to {minutes(end)}" for begin, end in item.ranges)
    if item.rendition:
        yield f"file {item.rendition}"
    if item.entry:
        yield f"of {item.entry}"
    if item.person:
        yield f"shows {item.person}"
    if item.resembles:
        yield f"resembles {item.resembles}, not decided"
    if item.ground:
        yield f"on its own ground, {item.ground.replace('_', ' ')}: {item.ground_detail}"
    if item.earlier:
        yield f"told before in {item.earlier}"


def happened(events: Iterable[NoticeEvent]) -> list[Told]:
    """Return what happened to a notice, the oldest first; what happens again and again is one line, with how often."""
    told = []
    for kind, group in groupby(events, key=_key):
        several = list(group)
        first, last = several[0], several[-1]
        if kind[0] == NoticeEventKind.ALREADY_TOLD:
            words = f"seen again in {many(len(several), 'post')}"
        elif kind[0] == NoticeEventKind.DRAFTED:
            ids = list(dict.fromkeys(one.host_id for one in several if one.host_id))
            words = f"put on it: {', '.join(ids)}" if ids else "drafted"
        else:
            words = _WORDS.get(first.kind, first.kind.replace("_", " "))
            words = f"{words} {len(several)} times, last" if len(several) > 1 else words
        detail = last.detail.replace("_", " ") if last.kind == NoticeEventKind.CONFIRMED else last.detail
        if kind[0] == NoticeEventKind.CHANGED and detail:
            words, detail = detail, ""
        told.append(Told(at=last.at, words=f"{words}: {detail}" if detail else words, by=first.by or ""))
    return told


def _key(event: NoticeEvent) -> tuple[NoticeEventKind, str, str | None]:
    """Return by what events that follow each other are one line."""
    if event.kind in (NoticeEventKind.ALREADY_TOLD, NoticeEventKind.LOOKED):
        return event.kind, "", None
    if event.kind == NoticeEventKind.DRAFTED:
        return event.kind, event.detail, event.by
    return event.kind, f"{event.detail} {event.host_id} {event.at}", event.by
