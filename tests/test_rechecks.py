"""Looks for the media of notices: hosts that remove late, never, refuse, show pictures, move, reject, get it again."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.clock import from_iso
from bot.loopback.http import Response
from bot.loopback.stage import Stage
from bot.model import NoticeEventKind, NoticeItemState, NoticeState
from bot.pipeline import Pipeline
from bot.pipeline.following.look_times import WAITING
from bot.pipeline.following.reminders import remind
from bot.pipeline.following.scoreboard import scores
from bot.samples import media
from tests.bots import _printed, bank_the_fake, fake, near_copy
from tests.following import drafted, found_cases, sent
from tests.people import member

DAYS = 40
Deed = Callable[[Stage, Pipeline, str], None]
API = "api.redgifs.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """One host's behaviour towards one notice, and what must come of it. `looks`: how many, at the hours `at`."""

    does: tuple[tuple[float, Deed], ...] = ()  # hours after the notice left
    state: NoticeState
    item: NoticeItemState
    outcomes: dict[str, int]  # what looks found, and how often
    gone: float | None = None  # hours from its leaving to the look that found it gone first
    ended: float | None = None
    drafts: int = 0  # notices that follow from it
    host: str = "redgifs"
    kinds: frozenset[str] = field(default_factory=frozenset)  # of events that must be there beside sent and looked


def gone(world: Stage, _: Pipeline, id: str) -> None:
    """Take it down, wherever it is."""
    world.park.gone("redgifs", id)
    world.park.gone("imgur", id)


def back(world: Stage, _: Pipeline, id: str) -> None:
    """Put it up again."""
    world.park.put_back("redgifs", id)


def shows(data: Callable[[], bytes], ext: str = "mp4") -> Deed:
    """Return what puts another file in its place."""
    return lambda world, _, id: void(world.park.add_redgifs(id, hd=data(), ext=ext))


def refuses(answer: int | Response) -> Deed:
    """Return what answers every look at it that way."""
    return lambda world, _, id: world.park.refuse(API, f"/v2/gifs/{id.lower()}", answer)


def answers(kind: NoticeEventKind, to: NoticeState | None = None) -> Deed:
    """Return what hears from the host."""
    return lambda _, bot, id: void(bot.deps.store.notice_life.happened(f"N-{id}", kind, to=to))


def moved(world: Stage, _: Pipeline, id: str) -> None:
    """Give it another id, to which the old one leads."""
    world.park.add_redgifs("NewPlace", hd=fake())
    world.park.move(id, "NewPlace")


def taken_back(_: Stage, bot: Pipeline, id: str) -> None:
    """Take the notice back."""
    bot.decisions.notices.retract_notice(f"N-{id}", by=member(bot), why="a mistake")


def again_elsewhere(_: Stage, bot: Pipeline, id: str) -> None:
    """A scan drafts the same entry's media under another id of the host."""
    entry = bot.deps.store.connection.value("select e.label from entries e join notice_items i on i.entry = e.id")
    cases = [case.id for case in bot.deps.store.cases.listing()]
    drafted(bot, f"N-{id}2", cases, [("Anothr1", "https://imgur.com/Anothr1")], host="imgur", entry=entry)


def reminded(_: Stage, bot: Pipeline, id: str) -> None:
    """A person says so."""
    remind(bot.deps.store, f"N-{id}", by=member(bot))


def void(_: object) -> None:
    """Say nothing of a result."""


def other() -> bytes:
    """A clip that nobody knows."""
    return media.clip(77, seconds=1, width=320, height=180)


def sign() -> bytes:
    """A picture in the place of a clip."""
    return media.still(5)


S, I = NoticeState, NoticeItemState  # noqa: E741  the table below
ALL_LOOKS = sum(time <= timedelta(days=DAYS) for time in WAITING)
# Waiting looks are due 6, 12, 23, 47, 72 h, then 7, 14, 30 days after the mail; four more once it is removed.
SIMULATED = {
    "late": Simulated(
        does=((30, gone),), state=S.CLOSED, item=I.REMOVED, outcomes={"there": 3, "gone": 6}, gone=47, ended=48,
        kinds=frozenset({"removed", "closed"}),
    ),
    "never": Simulated(
        state=S.OVERDUE, item=I.LISTED, outcomes={"there": ALL_LOOKS}, kinds=frozenset({"overdue"}),
    ),
    "reminded": Simulated(
        does=((170, reminded), (300, gone)), state=S.REMOVED, item=I.REMOVED,
        outcomes={"there": 6, "gone": 2 + 3}, gone=336, ended=337,
        kinds=frozenset({"overdue", "reminded", "removed"}),
    ),
    "refuses": Simulated(
        does=((0, refuses(403)),), state=S.SENT, item=I.LISTED, outcomes={"refused": ALL_LOOKS},
    ),
    "law": Simulated(
        does=((0, refuses(451)),), state=S.SENT, item=I.LISTED, outcomes={"refused": ALL_LOOKS},
    ),
    "breaks": Simulated(
        does=((0, refuses(503)),), state=S.SENT, item=I.LISTED, outcomes={"unreachable": ALL_LOOKS},
    ),
    "sign": Simulated(
        does=((8, shows(sign, "jpg")),), state=S.CLOSED, item=I.REMOVED, outcomes={"there": 1, "placeholder": 6},
        gone=12, ended=13,
    ),
    "other": Simulated(
        does=((8, shows(other)),), state=S.CLOSED, item=I.REMOVED, outcomes={"there": 1, "other_media": 6},
        gone=12, ended=13,
    ),
    "reencodes": Simulated(
        does=((8, shows(near_copy)),), state=S.OVERDUE, item=I.LISTED, outcomes={"there": ALL_LOOKS},
    ),
    "moves": Simulated(
        does=((8, moved),), state=S.OVERDUE, item=I.LISTED, outcomes={"there": 1, "moved": ALL_LOOKS - 1}, drafts=1,
        kinds=frozenset({"reuploaded"}),
    ),
    "flickers": Simulated(
        does=((8, gone), (12.5, back)), state=S.OVERDUE, item=I.LISTED,
        outcomes={"there": ALL_LOOKS, "gone": 1},
    ),
    "hides": Simulated(  # gone once, then it refuses us: no removal, and asked ever less often
        does=((8, gone), (12.5, refuses(429))), state=S.SENT, item=I.GONE_ONCE,
        outcomes={"there": 1, "gone": 1, "refused": 11}, gone=12,
    ),
    "rejects": Simulated(
        does=((10, answers(NoticeEventKind.DECIDED, S.REJECTED)),), state=S.REJECTED, item=I.KEPT,
        outcomes={"there": 1}, kinds=frozenset({"decided"}),
    ),
    "answers": Simulated(
        does=((10, answers(NoticeEventKind.ANSWERED, S.ANSWERED)),), state=S.ANSWERED, item=I.LISTED,
        outcomes={"there": 1},
    ),
    "receipt": Simulated(
        does=((1, answers(NoticeEventKind.ACKNOWLEDGED)), (30, gone)), state=S.CLOSED, item=I.REMOVED,
        outcomes={"there": 3, "gone": 6}, gone=47, ended=48,
    ),
    "bounces": Simulated(
        does=((1, answers(NoticeEventKind.BOUNCED, S.BOUNCED)),), state=S.BOUNCED, item=I.LISTED,
        outcomes={"there": ALL_LOOKS},
    ),
    "retracted": Simulated(
        does=((10, taken_back),), state=S.RETRACTED, item=I.TAKEN_BACK, outcomes={"there": 1}, ended=10,
    ),
    "again": Simulated(
        does=((1, gone), (100, back)), state=S.CLOSED, item=I.REMOVED, outcomes={"gone": 4, "there": 1}, gone=6,
        ended=7, drafts=1, kinds=frozenset({"removed", "reuploaded", "closed"}),
    ),
    "Elsewhr": Simulated(  # the only one on imgur
        does=((1, gone), (100, again_elsewhere)), state=S.CLOSED, item=I.REMOVED, outcomes={"gone": 6}, gone=6,
        ended=7, drafts=1, host="imgur", kinds=frozenset({"removed", "reuploaded"}),
    ),
}  # fmt: skip


@pytest.mark.slow
def test_hosts_of_every_kind(world: Stage, bot: Pipeline) -> None:
    """Each ends in the right state at the right time, and none is asked more often than the table of looks says."""
    store, clock = bot.deps.store, bot.deps.clock
    entry = bank_the_fake(bot)
    cases = found_cases(world, bot)
    for data in (near_copy(), other(), sign()):
        _printed(data)  # decoded in a child that is there
    for id, one in SIMULATED.items():
        url = (
            world.park.add_redgifs(id, hd=fake()) if one.host == "redgifs" else world.park.add_imgur(id, fake(), "mp4")
        )
        drafted(bot, f"N-{id}", cases, [(id, url)], host=one.host, entry=entry)
        sent(bot, f"N-{id}")
    start, mails = clock.now(), len(world.mail.received)
    deeds = sorted(((hour, id, do) for id, one in SIMULATED.items() for hour, do in one.does), key=lambda deed: deed[0])
    asked: dict[str, list[float]] = {id: [] for id in SIMULATED}
    since = len(world.park.log)
    while clock.now() < start + timedelta(days=DAYS):
        while deeds and deeds[0][0] <= hours(clock.now() - start):
            _, id, do = deeds.pop(0)
            do(world, bot, id)
        bot.recheck()
        bot.mail()
        for request in world.park.log[since:]:
            if request.host in (API, "api.imgur.com") and request.path.startswith(("/v2/gifs/", "/post/v1/media/")):
                asked[request.path.rpartition("/")[2]].append(hours(clock.now() - start))
        since = len(world.park.log)
        soon = store.connection.value("select min(look_at) from notice_items")
        wait = hours(from_iso(soon) - clock.now()) if soon else 12.0
        if deeds:
            wait = min(wait, deeds[0][0] - hours(clock.now() - start))
        clock.sleep(3600 * max(0.01, min(wait, 12.0)))
    for id, one in SIMULATED.items():
        row, (item,) = store.notices.get(f"N-{id}"), store.notice_life.items(f"N-{id}")
        events = store.notice_events.of(f"N-{id}")
        found = Counter(event.detail.partition(":")[0] for event in events if event.kind == NoticeEventKind.LOOKED)
        assert (row.state, item.state, found) == (one.state, one.item, one.outcomes), id
        assert near(item.gone, start, one.gone), (id, item.gone)
        assert near(row.ended, start, one.ended), (id, row.ended)
        assert one.kinds <= {str(event.kind) for event in events}, id
        drafts = store.connection.value("select count(*) from notice_items where refers = ?", (row.label,))
        assert drafts == one.drafts, id
        assert len(asked[id]) == sum(one.outcomes.values()) == item.looks, id  # one question a look
        assert all(later - sooner > 0.98 for sooner, later in itertools.pairwise(asked[id])), id  # as rounds end
    figures = {one.host: one for one in scores(store, clock.now())}
    assert (figures["imgur"].sentence, figures["imgur"].reuploads) == ("1 of 1 media removed; half of it within 6 h", 1)
    red = figures["redgifs"]
    assert (red.notices, red.media, red.removed, red.rejected, red.bounced, red.reuploads) == (17, 16, 6, 1, 1, 2)
    assert (red.within, round(red.median_hours or 0), red.there, red.unknown) == ({24: (3, 16), 48: (5, 16)}, 336, 5, 4)
    _, mail = world.mail.received[mails:]  # after the retraction
    assert (mail.message["Message-ID"], mail.message["References"]) == (
        "<N-reminded.reminder@moderators.example.org>",
        "<N-reminded@moderators.example.org>",
    )


def hours(span: timedelta) -> float:
    """Return a time in hours."""
    return span.total_seconds() / 3600


def near(moment: datetime | None, start: datetime, wanted: float | None) -> bool:
    """Return whether a moment is so many hours after the start, to the minutes that the requests before it took."""
    if moment is None or wanted is None:
        return moment is None and wanted is None
    return 0 <= hours(moment - start) - wanted < 0.2
