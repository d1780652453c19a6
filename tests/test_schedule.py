"""The daemon: works on a schedule, stops cleanly when told to, and survives a step that fails."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from apscheduler.schedulers import base as scheduling

from bot import schedule
from bot.clock import SystemClock
from bot.errors import LeaseError, StoreError
from bot.loopback.stage import stage
from bot.pipeline import Pipeline
from bot.schedule import LEASE_SECONDS, Daemon
from tests.bots import bot_on
from tests.killing import Silent

ROOT = Path(__file__).parent.parent


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A daemon on loopback in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.daemon_process", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        if process.poll() is None:
            process.kill()


def wait_for(process: subprocess.Popen[str], event: str) -> dict[str, object]:
    """Read the daemon's log until an event."""
    assert process.stdout
    for line in process.stdout:
        facts: dict[str, object] = json.loads(line)
        if facts["event"] == event:
            return facts
    assert process.stderr
    raise AssertionError(f"no {event!r}: {process.stderr.read()[-1500:]}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.slow
def test_the_daemon_works_and_stops_cleanly(daemon: subprocess.Popen[str], number: signal.Signals) -> None:
    """It acts on a post by itself; SIGTERM and Ctrl-C end it with the lease given back and no process left behind."""
    done = wait_for(daemon, "action done")
    assert done["kind"] == "remove"
    children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split()
    daemon.send_signal(number)
    assert wait_for(daemon, "daemon stopped")
    left = wait_for(daemon, "left")
    assert (left["removals"], left["lease"]) == (1, 0)
    assert daemon.wait(20) == 0
    assert [pid for pid in children if os.path.exists(f"/proc/{pid}")] == []  # noqa: PTH110  a path of the kernel's


class Told(Silent):
    """A logger that keeps the names of events."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def info(self, event: str, **facts: object) -> None:
        """Keep it."""
        self.events.append(event)

    warning = info


@pytest.fixture
def log() -> Told:
    """A logger that keeps the names of events."""
    return Told()


@pytest.fixture
def bot(tmp_path: Path, log: Told, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    """A bot on loopback by the machine's clock, with a lease of two seconds."""
    monkeypatch.setattr(schedule, "LEASE_SECONDS", 2)
    with stage(tmp_path) as world, bot_on(replace(world, clock=SystemClock()), log) as pipeline:
        yield pipeline


def slow(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> None:
    """Make reading the subreddits take three seconds, one and a half times the lease; `meanwhile` runs all along."""

    def watch(_go_on: object = None) -> int:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            meanwhile()
            time.sleep(0.1)
        return 0

    monkeypatch.setattr(pipeline, "watch", watch)


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.slow
def test_a_step_longer_than_the_lease_keeps_it(bot: Pipeline, monkeypatch: pytest.MonkeyPatch, once: bool) -> None:
    """However long a step takes, no second daemon gets in, and the outbox knows that the lease is ours."""
    ours: list[bool] = []
    daemon = Daemon(bot)

    def intrude() -> None:
        ours.append(daemon.still_ours())
        with contextlib.suppress(LeaseError):
            bot.deps.store.lease.take("another", 60)
            ours.append(False)

    def then_stop(_go_on: object, *, by_mail: bool | None = None) -> int:
        if not by_mail:  # mail goes on beside what is slow
            daemon.stop()
        return 0

    slow(bot, monkeypatch, intrude)
    monkeypatch.setattr(bot, "act", then_stop)
    if once:
        daemon.run_once()
    else:
        daemon.run()
    assert len(ours) > 10
    assert all(ours)
    bot.deps.store.lease.take("another", 60)


@pytest.mark.slow
def test_a_lost_lease_ends_the_daemon(bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another one has the lease, the outbox is told at once and the daemon stops with that reason."""
    store, ours, daemon = bot.deps.store, [], Daemon(bot)

    def rob() -> None:
        store.connection.run("update lease set holder = 'another', expires_at = '2099-01-01T00:00:00Z'")
        ours.append(daemon.still_ours())

    slow(bot, monkeypatch, rob)
    with pytest.raises(LeaseError, match="another"):
        daemon.run()
    assert ours
    assert not any(ours)
    assert store.lease.holds("another")


@pytest.mark.slow
def test_a_full_disk_does_not_end_the_daemon(bot: Pipeline, log: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that cannot be renewed for a moment is renewed later."""
    lease = bot.deps.store.lease.take
    calls: list[str] = []

    def stumbling(holder: str, seconds: float, *, start: bool = False) -> None:
        calls.append(holder)
        if len(calls) == 2:
            raise StoreError("the disk is full")
        lease(holder, seconds, start=start)

    monkeypatch.setattr(bot.deps.store.lease, "take", stumbling)
    slow(bot, monkeypatch, lambda: None)
    daemon = Daemon(bot)
    threading.Timer(2, daemon.stop).start()
    daemon.run()
    assert len(calls) > 3
    assert "lease not renewed" in log.events
    assert log.events[-1] == "daemon stopped"


def test_a_stopped_daemon_starts_no_further_work(bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """The flag is looked at between subreddits and links, not only between steps."""
    polled: list[str] = []
    daemon = Daemon(bot)

    def poll(name: str) -> int:
        polled.append(name)
        daemon.stop()
        return 0

    monkeypatch.setattr(bot.polling, "poll", poll)
    daemon.run()
    assert polled == [next(iter(bot.deps.config.subreddits))]


def test_the_first_round_is_in_order(bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others' decisions are heard and links are judged before anything is done."""
    done: list[str] = []
    daemon = Daemon(bot)

    def noting(name: str) -> Callable[..., int]:
        def step(_go_on: object = None, *, by_mail: bool | None = None) -> int:
            if by_mail:
                return 0
            done.append(name)
            if name == "act":
                daemon.stop()
            return 0

        return step

    for name in ("watch", "follow", "decide", "act"):
        monkeypatch.setattr(bot, name, noting(name))
    daemon.run()
    assert done == ["watch", "follow", "decide", "act"]


def test_the_lock_tells_two_daemons_of_one_name_apart(tmp_path: Path) -> None:
    """Two daemons with one holder's name, as in two containers, cannot both work; the lock goes with its process."""
    with stage(tmp_path) as world, bot_on(world, Silent()) as one, bot_on(world, Silent()) as other:
        first, second = Daemon(one), Daemon(other)
        assert first._holder == second._holder
        with first._leased(), pytest.raises(LeaseError, match="holds the lock"), second._leased():
            pass
        with second._leased():
            pass
        lock = tmp_path / "data" / "gifwarden.db.lock"
        assert lock.stat().st_mode & 0o777 == 0o600


def test_a_lease_of_a_wrong_year_locks_nobody_out(tmp_path: Path) -> None:
    """A lease that reaches further than any does was taken by a wrong clock; an honest one of another is respected."""
    with stage(tmp_path) as world, bot_on(world, Silent()) as bot:
        lease = bot.deps.store.lease
        lease.take("elsewhere:111", 365 * 86_400)
        with Daemon(bot)._leased():
            pass
        lease.take("elsewhere:111", LEASE_SECONDS)
        with pytest.raises(LeaseError, match="elsewhere:111"), Daemon(bot)._leased():
            pass


class SetClock(SystemClock):
    """The machine's clock, whose wall time somebody sets; what never jumps goes on."""

    def __init__(self) -> None:
        self.off = timedelta()

    def now(self) -> datetime:
        """Return the wall time as it was set."""
        return super().now() + self.off


@pytest.mark.parametrize("seconds", [-3600, -365 * 86_400, 365 * 86_400, 19 * 365 * 86_400])
@pytest.mark.slow
def test_a_clock_that_is_set_stops_no_step(
    tmp_path: Path, log: Told, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """Every step is called on as before, and the lease kept, when the wall clock is set back or forward."""
    clock = SetClock()

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain one will do
            return clock.now().astimezone(tz or UTC)

    monkeypatch.setattr(scheduling, "datetime", Shifted)
    monkeypatch.setattr(schedule, "WORK_SECONDS", 0.1)
    monkeypatch.setattr(schedule, "SIGNAL_SECONDS", 0.1)
    with stage(tmp_path) as world, bot_on(replace(world, clock=clock), log) as bot:
        daemon, runs, ours = Daemon(bot), {"scan": 0, "decide": 0, "act": 0, "mail": 0}, [True]

        def counting(name: str) -> Callable[..., int]:
            def step(*_: object, **_more: object) -> int:
                runs[name] += 1
                return 0

            return step

        for name in runs:
            monkeypatch.setattr(bot, name, counting(name))
        monkeypatch.setattr(bot, "slice", lambda go_on: go_on)
        for name in ("watch", "follow", "obey", "purge", "forget"):
            monkeypatch.setattr(bot, name, lambda *_, **_more: 0)
        before: dict[str, int] = {}

        def meanwhile() -> None:
            wait_until(lambda: min(runs.values()) >= 2)
            clock.off += timedelta(seconds=seconds)
            wait_until(lambda: "clock was set" in log.events)
            before.update(runs)
            wait_until(lambda: all(runs[name] >= before[name] + 3 for name in runs))
            ours.append(daemon.still_ours())
            daemon.stop()

        thread = threading.Thread(target=meanwhile)
        thread.start()
        daemon.run()
        thread.join()
    assert all(runs[name] >= before[name] + 3 for name in runs)
    assert all(ours)


def wait_until(met: Callable[[], bool]) -> None:
    """Wait for something, ten seconds at most."""
    end = time.monotonic() + 10
    while not met() and time.monotonic() < end:
        time.sleep(0.02)


def test_missed_moments_are_not_made_up() -> None:
    """After a jump of nineteen years a step is called once, and none of the moments between is listed."""
    clock = SetClock()
    trigger = schedule.Every(5, clock)
    now = clock.now() + timedelta(days=19 * 365)
    assert trigger.get_next_fire_time(clock.now(), now) == now + timedelta(seconds=5)
    assert timedelta(seconds=4) < trigger.left() <= timedelta(seconds=5)
