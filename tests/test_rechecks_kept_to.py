"""Looks keep to their times: killed anywhere, started again, with a clock that was set, where a host asks to wait."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.loopback.http import Response
from bot.loopback.stage import Stage, stage
from bot.model import Fingerprint, NoticeEventKind, NoticeItemState, NoticeState
from bot.pipeline import BOUNDARIES, Pipeline
from bot.samples import media
from tests.bots import bank_the_fake, bot_on, changed, fake
from tests.following import drafted, found_cases, sent
from tests.killing import Silent
from tests.test_waits import SetClock, set_by
from tests.test_withdrawals_killed import Killed, killing_at

HOUR = 3600.0
FILES = "media.example.net"
LOOKS = tuple(name for name in BOUNDARIES if name.startswith("look."))
REMINDERS = tuple(name for name in BOUNDARIES if name.endswith(":reminder"))


@pytest.fixture
def world(tmp_path: Path, rules: Path) -> Iterator[Stage]:
    """A world whose bot has a clock that can be set, and reminds by itself."""
    with stage(tmp_path, rules=rules) as built:
        built.clock = SetClock(built.clock.now())
        yield changed(built, notices={"remind": True})


def told(world: Stage, bot: Pipeline, count: int = 1) -> None:
    """Send one notice of so many media, each on its own path of one host of files."""
    entry = bank_the_fake(bot)
    cases = found_cases(world, bot, count)
    items = [(url, url) for url in (world.park.add_direct(FILES, f"/{at}.mp4", fake()) for at in range(count))]
    drafted(bot, "N-1", cases, items, host="direct", entry=entry)
    sent(bot, "N-1")
    bot.recheck()  # plans the looks


def days(bot: Pipeline, count: int) -> None:
    """Let days pass, and at the end of each what is due be done."""
    for _ in range(count):
        bot.deps.clock.sleep(24 * HOUR)
        bot.recheck()
        bot.mail()


def asked(world: Stage) -> int:
    """Return how often the host of files was asked."""
    return len(world.park.paths(FILES))


@pytest.mark.parametrize("boundary", [*LOOKS, *REMINDERS])
@pytest.mark.slow
def test_a_kill_at_a_boundary_of_a_look_asks_nothing_twice_and_loses_nothing(world: Stage, boundary: str) -> None:
    """Killed there and started again, nothing is asked again within the hour, and all ends as it would have."""
    with bot_on(world, Silent(), killing_at(boundary)) as bot:
        told(world, bot)
        mails = len(world.mail.received)
        with pytest.raises(Killed):
            days(bot, 8)
    with bot_on(world, Silent()) as bot:
        clock, before = bot.deps.clock, asked(world)
        for _ in range(11):  # 55 minutes
            bot.recheck()
            clock.sleep(300)
        assert asked(world) == before
        days(bot, 8)
        row, (item,) = bot.deps.store.notices.get("N-1"), bot.deps.store.notice_life.items("N-1")
        assert (row.state, item.state) == (NoticeState.REMINDED, NoticeItemState.LISTED)
        assert before < asked(world) <= item.looks <= asked(world) + 1  # a look that was begun may have asked nothing
        reminders = {str(mail.message["Message-ID"]) for mail in world.mail.received[mails:]}
        assert reminders == {"<N-1.reminder@moderators.example.org>"}
        assert len(world.mail.received) - mails <= 1 + boundary.startswith(("act.begun", "act.performed"))
        kinds = [event.kind for event in bot.deps.store.notice_events.of("N-1")]
        assert (kinds.count(NoticeEventKind.OVERDUE), kinds.count(NoticeEventKind.REMINDED)) == (1, 1)


@pytest.mark.slow
def test_a_host_that_asks_to_wait_is_left_alone_by_the_next_run_too(world: Stage) -> None:
    """Two media of a host: the first answer asks for five hours, so nobody asks for either before, restart or not."""
    with bot_on(world, Silent()) as bot:
        told(world, bot, 2)
        clock = bot.deps.clock
        world.park.fail_once(FILES, None, Response(status=429, headers={"Retry-After": str(5 * 3600)}))
        clock.sleep(6 * HOUR)
        assert bot.recheck() == 1
        assert asked(world) == 1
    with bot_on(world, Silent()) as bot:
        for _ in range(9):
            bot.recheck()
            clock.sleep(HOUR / 2)
        assert asked(world) == 1
        clock.sleep(HOUR)
        assert bot.recheck() == 1  # the other one; the first is next when the table says so
        assert asked(world) == 2
        with bot.downloads.apart(FILES) as free:  # somebody fetches from it now
            clock.sleep(20 * HOUR)
            assert free
            assert bot.recheck() == 0
        assert bot.recheck() == 2


def test_a_clock_that_was_set_neither_hurries_nor_stops_looks(world: Stage) -> None:
    """A year ahead asks for each media once; back again, looks go on in time."""
    with bot_on(world, Silent()) as bot:
        told(world, bot)
        clock, looks = bot.deps.clock, bot.deps.store.notice_life
        set_by(bot, 2)
        assert bot.recheck() == 1
        for _ in range(30):
            bot.recheck()
            set_by(bot, 1)  # by a day, in no time
        assert asked(world) == 1
        set_by(bot, -300)
        bot.recheck()
        clock.sleep(2 * HOUR)
        bot.recheck()
        assert asked(world) == 2
        (item,) = looks.items("N-1")
        assert item.look is not None
        assert item.look - clock.now() <= timedelta(days=31)
        before = item.look
        bot.deps.store.waits.shift(-3600)  # as the daemon does when it sees the clock set back
        (item,) = looks.items("N-1")
        assert item.look == before - timedelta(hours=1)


def test_what_is_marked_as_a_minors_is_never_asked_for(world: Stage) -> None:
    """A case that is marked takes its media out of the looks; a marked file ends them before it is decoded."""
    with bot_on(world, Silent()) as bot:
        told(world, bot, 2)
        store, clock = bot.deps.store, bot.deps.clock
        store.connection.run("update cases set state = 'minor' where id = (select min(case_id) from notice_items)")
        clock.sleep(6 * HOUR)
        assert bot.recheck() == 1
        assert asked(world) == 1
        assert store.minors._seal is not None
        mark = store.minors._seal.keyed_digest(f"sha256:{hashlib.sha256(fake()).hexdigest()}")
        store.connection.run("insert into never values (?, ?)", (mark, store.connection.now()))
        clock.sleep(6 * HOUR)
        assert bot.recheck() == 1
        clock.sleep(90 * 24 * HOUR)
        assert bot.recheck() == 0
        kinds = [event.kind for event in store.notice_events.of("N-1") if event.kind == NoticeEventKind.LOOKED]
        assert len(kinds) == 1


def test_a_case_that_comes_later_hurries_no_look(world: Stage) -> None:
    """Another case of a media that was seen gone once, or is kept, changes neither its state nor its next look."""
    with bot_on(world, Silent()) as bot:
        told(world, bot, 2)
        store, clock = bot.deps.store, bot.deps.clock
        world.park.gone(FILES, "/0.mp4")
        clock.sleep(6 * HOUR)
        bot.recheck()
        before = store.notice_life.items("N-1")
        assert [item.state for item in before] == [NoticeItemState.GONE_ONCE, NoticeItemState.LISTED]
        store.connection.run(
            "delete from notice_items where notice = 'N-1' and url like '%1.mp4'"
        )  # its case is the other's now
        store.connection.run(
            """insert into notice_items (notice, case_id, host_id, url, seen_at)
               select i.notice, c.id, i.host_id, i.url, i.seen_at from notice_items i join cases c
               where i.notice = 'N-1' and c.id not in (select case_id from notice_items where notice = 'N-1')"""
        )
        bot.recheck()
        assert store.notice_life.items("N-1")[0] == before[0]
        clock.sleep(HOUR)
        assert bot.recheck() == 1
        assert store.notices.get("N-1").state == NoticeState.REMOVED


@pytest.mark.slow
def test_a_notice_is_removed_with_its_last_media(world: Stage) -> None:
    """One of two gone ends nothing; the reminder lists what is still there; both gone end it, with the hours."""
    with bot_on(world, Silent()) as bot:
        told(world, bot, 2)
        store = bot.deps.store
        world.park.gone(FILES, "/0.mp4")
        days(bot, 8)
        assert store.notices.get("N-1").state == NoticeState.REMINDED
        text = world.mail.received[-1].message.get_content()
        assert "/1.mp4" in text
        assert "/0.mp4" not in text
        world.park.gone(FILES, "/1.mp4")
        days(bot, 40)
        row = store.notices.get("N-1")
        assert row.state == NoticeState.CLOSED
        said = [event.detail for event in store.notice_events.of("N-1") if event.kind == NoticeEventKind.REMOVED]
        assert said == [
            "it was seen gone twice, the first time 24 h after the notice left",
            "it was seen gone twice, the first time 336 h after the notice left",
            "all 2 media on it, 336 h after it left at the latest look",
        ]


@pytest.mark.slow
def test_the_very_file_is_not_decoded_again(world: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its digests tell that it is there; only another file in its place is decoded, by a child that starts for it."""
    with bot_on(world, Silent()) as bot:
        told(world, bot)
        sha256 = hashlib.sha256(fake()).hexdigest()
        bot.deps.store.connection.run("update notice_items set sha256 = ?", (sha256,))
        decoded: list[bytes] = []
        decode = bot.deps.workers.fingerprint

        def counted(data: bytes, **rest: Any) -> Fingerprint:
            decoded.append(data)
            return decode(data, **rest)

        monkeypatch.setattr(bot.deps.workers, "fingerprint", counted)
        days(bot, 4)
        (item,) = bot.deps.store.notice_life.items("N-1")
        assert item.looks >= 3
        assert item.state == NoticeItemState.LISTED
        assert not decoded
        world.park.add_direct(FILES, "/0.mp4", media.clip(77, seconds=1, width=320, height=180))
        days(bot, 6)
        assert decoded
