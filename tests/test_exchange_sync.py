"""Exchanges into a bank: checkpoints with their rows, kills, questions, states, lanes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import ManualClock, SystemClock
from bot.config import Config
from bot.endpoints import Endpoints
from bot.errors import EndpointError, StoreError, UsageError
from bot.loopback.exchanges import ExchangePark, File, HashFeed, pdq_of
from bot.model import PROGRAM, ExchangeState
from bot.pipeline.core import no_boundary
from bot.pipeline.keeping import exchange_lane
from bot.pipeline.keeping import exchanges as syncing
from bot.pipeline.keeping.exchange_standing import source
from bot.pipeline.keeping.exchanges import ExchangeSync
from bot.pipeline.recovery import always
from bot.store import Store
from tests.bots import Listening
from tests.fetching import clock, park

__all__ = ["clock", "park"]
HEX = [pdq_of(number) for number in range(200)]


@contextmanager
def syncing_on(
    store: Store, clock: Any, log: Listening, boundary: Callable[[str], None] = no_boundary, **sections: dict[str, Any]
) -> Iterator[ExchangeSync]:
    """Yield what fetches these exchanges into a store."""
    if not any(bank.name == "partner" for bank in store.banks.listing()):
        store.banks.create("partner", "block")
    config = Config.model_validate({"exchanges": {name: {"bank": "partner", **one} for name, one in sections.items()}})
    http = Endpoints(clock)
    try:
        yield ExchangeSync(config, store, clock, log, http, boundary)
    finally:
        http.close()


@pytest.fixture
def store(clock: ManualClock) -> Iterator[Store]:
    """An empty database."""
    with Store(None, clock) as opened:
        yield opened


@pytest.fixture
def log() -> Listening:
    """A logger that keeps its warnings."""
    return Listening()


def listed(store: Store) -> int:
    """Return how many rows of the exchange `a` are there."""
    return sum(one.rows for one in store.lists.listing("partner") if one.name == source("a"))


def lines(*numbers: int) -> File:
    """Return a list of these hashes."""
    return File(body="".join(f"{HEX[number]}\n" for number in numbers).encode())


def test_what_is_due_is_fetched_and_then_waits(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """The first round takes the list, the next ones leave it alone until its time has come."""
    park.files["a.txt"] = lines(*range(10))
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.txt", "every_minutes": 10}) as sync:
        assert sync.stands("a").state is ExchangeState.NEVER_FETCHED
        assert sync.round() == 10
        one = sync.stands("a")
        assert (one.state, one.listed, one.why) == (ExchangeState.UP_TO_DATE, 10, None)
        assert sync.round() == 0
        asked = len(park.log)
        clock.sleep(601)
        park.files["a.txt"] = lines(*range(12))
        assert sync.round() == 12
        assert (len(park.log), listed(store)) == (asked + 1, 12)
        row = store.exchanges.get("a")
        assert row is not None
        assert (row.rows, row.added) == (12, 2)


def test_one_that_fails_holds_up_no_other_and_comes_again(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """A failure is written down with its reason, waits longer each time, and is over with the first success."""
    park.files["b.txt"] = lines(1, 2, 3)
    with syncing_on(
        store, clock, log, a={"url": f"{park.url}/lists/a.txt"}, b={"url": f"{park.url}/lists/b.txt"}
    ) as sync:
        assert sync.round() == 3
        one = sync.stands("a")
        assert one.state is ExchangeState.FAILING
        assert "nothing at this address" in str(one.why)
        assert log.warnings
        waits = []
        for _ in range(3):
            row = store.exchanges.get("a")
            assert row is not None
            assert row.next_at is not None
            waits.append((row.next_at - clock.now()).total_seconds())
            clock.sleep(waits[-1] + 1)
            sync.round()
        assert waits == [60, 120, 240]
        park.files["a.txt"] = lines(4)
        clock.sleep(500)
        sync.round()
        assert (sync.stands("a").state, sync.stands("a").why) == (ExchangeState.UP_TO_DATE, None)


def test_a_wait_that_is_asked_for_is_kept(store: Store, clock: ManualClock, log: Listening, park: ExchangePark) -> None:
    """Retry-After is heard, if it is longer than our own wait; nothing is asked before it is over."""
    park.faults.append("429")
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.txt"}) as sync:
        sync.round()
        asked = len(park.log)
        clock.sleep(59)
        sync.round()
        assert len(park.log) == asked


@pytest.mark.parametrize("page", range(5))
def test_a_cut_at_any_page_loses_nothing_and_takes_nothing_twice(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, page: int
) -> None:
    """The checkpoint is kept with its rows: whatever page it ends behind, the next fetch asks for the rest only."""

    class CutError(BaseException):
        pass

    def boundary(name: str) -> None:
        assert name == "exchange.kept"
        passed.append(name)
        if len(passed) > page:
            raise CutError

    passed: list[str] = []
    park.feeds["a"] = HashFeed(rows=120, page_rows=30)
    settings = {"url": f"{park.url}/feeds/a/1.ndjson"}
    with syncing_on(store, clock, log, boundary, a=settings) as sync:
        if page < 4:
            with pytest.raises(CutError):
                sync.round()
            assert listed(store) == 30 * (page + 1)
        else:
            sync.round()
    asked = len(park.log)
    with syncing_on(store, clock, log, a=settings) as sync:
        sync.round()
        row = store.exchanges.get("a")
        assert row is not None
        if page < 3:
            assert (row.rows, row.added, row.state) == (120, 120, ExchangeState.UP_TO_DATE)
            assert len(park.log) - asked == 3 - page
        assert listed(store) == 120


def test_a_stop_between_pages_goes_on_later(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """When we are told to stop, the fetch ends behind a page; it is no failure, and it is due at once."""
    park.feeds["a"] = HashFeed(rows=120, page_rows=30)
    with syncing_on(store, clock, log, a={"url": f"{park.url}/feeds/a/1.ndjson"}) as sync:
        asked = iter((True, True, False))
        assert sync.round(lambda: next(asked, False)) == 60
        assert sync.stands("a").state is ExchangeState.FETCHING
        assert sync.round() == 120
        assert sync.stands("a").state is ExchangeState.UP_TO_DATE


def test_a_list_that_takes_back_too_much_asks(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """More than a share of the rows is not withdrawn before a person says yes; then all of it is, once."""
    park.feeds["a"] = HashFeed(rows=150, page_rows=100)
    settings = {"url": f"{park.url}/feeds/a/1.ndjson"}
    with syncing_on(store, clock, log, a=settings) as sync:
        sync.round()
        feed = park.feeds["a"]
        feed.changes.append([(row, 0) for row in range(20)])
        clock.sleep(3700)
        sync.round()
        assert listed(store) == 130
        feed.changes.append([(row, 0) for row in range(20, 90)])
        clock.sleep(3700)
        sync.round()
        one = sync.stands("a")
        assert (one.state, one.listed) == (ExchangeState.ASKS, 130)
        assert "gifwarden exchange fetch a --yes" in str(one.why)
        assert one.row is not None
        assert one.row.asks == 70
        clock.sleep(10 * 86_400)
        sync.round()
        assert listed(store) == 130
        row = sync.fetch("a", yes=True)
        assert (row.state, listed(store)) == (ExchangeState.UP_TO_DATE, 60)


def test_rows_that_are_too_old_are_said_to_be(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """After `stale_days` without a fetch that worked the exchange is stale, and says since when."""
    park.files["a.txt"] = lines(1)
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.txt", "stale_days": 2}) as sync:
        sync.round()
        park.files.clear()
        clock.sleep(86_400)
        sync.round()
        assert sync.stands("a").state is ExchangeState.FAILING
        clock.sleep(86_401)
        assert sync.stands("a").state is ExchangeState.STALE
        assert "no longer act by themselves" in str(sync.stands("a").why)
        park.files["a.txt"] = lines(1)
        sync.fetch("a")
        assert sync.stands("a").state is ExchangeState.UP_TO_DATE


def test_a_paused_one_is_left_alone(store: Store, clock: ManualClock, log: Listening, park: ExchangePark) -> None:
    """Until a person lets it go on."""
    park.files["a.txt"] = lines(1)
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.txt"}) as sync:
        sync.pause("a", paused=True, by=PROGRAM)
        assert sync.round() == 0
        assert sync.stands("a").state is ExchangeState.PAUSED
        sync.pause("a", paused=False, by=PROGRAM)
        assert sync.round() == 1


def test_two_processes_do_not_fetch_one_exchange(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """Who comes second is told; a claim of a process that is no more, or is too old, is nobody's."""
    park.files["a.txt"] = lines(1)
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.txt"}) as sync:
        store.exchanges.begin("a", "https", "partner", "elsewhere:1:x")
        with pytest.raises(StoreError, match="being fetched at this moment"):
            sync.fetch("a")
        assert sync.round() == 0
        clock.sleep(400)
        assert sync.round() == 1
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        here = syncing.ME.rpartition(":")[0]
        store.exchanges.begin("a", "https", "partner", f"{here}:{dead.pid}:x")
        assert sync.fetch("a").state is ExchangeState.UP_TO_DATE


def test_a_fetch_that_was_taken_over_keeps_nothing_more(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """Its next page is given up whole, rows and checkpoint."""
    park.feeds["a"] = HashFeed(rows=90, page_rows=30)

    def boundary(_: str) -> None:
        store.connection.run("update exchanges set claim = 'other'")

    with (
        syncing_on(store, clock, log, boundary, a={"url": f"{park.url}/feeds/a/1.ndjson"}) as sync,
        pytest.raises(StoreError, match="taken over"),
    ):
        sync.fetch("a")
    assert listed(store) == 30


def test_another_bank_or_kind_under_the_same_name_is_refused(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """Rows that are in a bank stay its own until somebody takes them away; then it begins anew."""
    park.files["a.txt"] = lines(1, 2)
    settings = {"url": f"{park.url}/lists/a.txt"}
    with syncing_on(store, clock, log, a=settings) as sync:
        sync.round()
    store.banks.create("other", "block")
    with syncing_on(store, clock, log, a={**settings, "bank": "other"}) as sync:
        with pytest.raises(UsageError, match="exchange remove a"):
            sync.fetch("a")
        assert sync.remove("a", by=PROGRAM) == 2
        assert listed(store) == 0
        assert sync.fetch("a").added == 2


def test_a_bank_that_is_not_there_is_told(store: Store, clock: ManualClock, log: Listening, park: ExchangePark) -> None:
    """With the command that makes it; nothing of the page counts as read."""
    park.files["a.txt"] = lines(1)
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.txt", "bank": "none"}) as sync:
        with pytest.raises(StoreError, match="gifwarden bank create none"):
            sync.fetch("a")
        row = store.exchanges.get("a")
        assert row is not None
        assert (row.checkpoint, row.state) == (None, ExchangeState.FAILING)
        store.banks.create("none", "block")
        assert sync.fetch("a").added == 1


def test_a_clock_that_was_wrong_makes_nobody_wait(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """A moment far beyond the interval is none that we wait for."""
    park.files["a.txt"] = lines(1)
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.txt"}) as sync:
        sync.round()
        far = (clock.now() + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
        store.connection.run("update exchanges set next_at = ?", (far,))
        park.files["a.txt"] = lines(1, 2)
        assert sync.round() == 2


def test_an_unforeseen_error_is_written_down_and_raised(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in a plug is said as one, without what it held, and is tried again later."""
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.txt"}) as sync:
        monkeypatch.setattr(syncing.ExchangeSync, "context", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sync.fetch("a")
        row = store.exchanges.get("a")
        assert row is not None
        assert row.state is ExchangeState.FAILING
        assert "unforeseen ZeroDivisionError" in str(row.why)


KILLED = """
import sys
from pathlib import Path
from bot.clock import SystemClock
from bot.store import Store
from tests.bots import Listening
from tests.test_exchange_sync import syncing_on

folder, url = Path(sys.argv[1]), sys.argv[2]

def boundary(name):
    print("kept", flush=True)
    sys.stdin.readline()

with Store(folder / "a.db", SystemClock()) as store:
    with syncing_on(store, SystemClock(), Listening(), boundary, a={"url": url}) as sync:
        sync.round()
"""


@pytest.mark.parametrize("page", [1, 3])
@pytest.mark.slow
def test_a_kill_in_the_middle_goes_on_at_once(tmp_path: Path, log: Listening, park: ExchangePark, page: int) -> None:
    """SIGKILL behind a page: the next process goes on with the next page at once, and every row is there once."""
    park.feeds["a"] = HashFeed(rows=500, page_rows=100)
    url = f"{park.url}/feeds/a/1.ndjson"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    for number in range(page):
        assert child.stdout.readline() == b"kept\n"
        if number < page - 1:
            child.stdin.write(b"\n")
            child.stdin.flush()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdin.close()
    child.stdout.close()
    asked = len(park.log)
    with Store(tmp_path / "a.db", SystemClock()) as opened:
        assert listed(opened) == 100 * page
        with syncing_on(opened, SystemClock(), log, a={"url": url}) as sync:
            assert sync.round() == 500
            assert listed(opened) == 500
            row = opened.exchanges.get("a")
            assert row is not None
            assert (row.rows, row.added) == (500, 500)
    assert len(park.log) - asked == 5 - page


@pytest.mark.slow
def test_memory_stays_flat_over_many_rows(store: Store, clock: ManualClock, log: Listening, park: ExchangePark) -> None:
    """A feed is never held: what one page takes, twenty pages take."""
    import resource

    park.feeds["a"] = HashFeed(rows=40_000, page_rows=2_000)
    peaks: list[int] = []

    def boundary(_: str) -> None:
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    with syncing_on(store, clock, log, boundary, a={"url": f"{park.url}/feeds/a/1.ndjson"}) as sync:
        sync.round()
    assert len(peaks) == 20
    assert peaks[-1] - peaks[2] < 60_000  # KiB; the rows themselves are in memory here


def test_an_error_of_the_network_ends_with_its_own_exit_code(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """What a command raises then is an error of an outside service."""
    park.faults.append("500")
    with (
        syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.txt"}) as sync,
        pytest.raises(EndpointError) as caught,
    ):
        sync.fetch("a")
    assert caught.value.exit_code == 3


def test_a_long_exchange_lets_the_others_have_their_turn(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """It goes on in the next round; what another one withdraws meanwhile does not wait for its end."""
    park.feeds["a"] = HashFeed(rows=120, page_rows=10)
    park.files["b.txt"] = File(body=b"".join(f'{{"id":"{n}","pdq":"{HEX[n]}"}}\n'.encode() for n in range(5)))
    one, other = {"url": f"{park.url}/feeds/a/1.ndjson"}, {"url": f"{park.url}/lists/b.txt", "every_minutes": 5}
    with syncing_on(store, clock, log, lambda _: clock.sleep(250), a=one, b=other) as sync:
        sync.round()
        assert (listed(store), sync.stands("a").state) == (40, ExchangeState.FETCHING)
        assert sync.stands("b").listed == 5
        park.files["b.txt"] = File(body=b'{"id":"1","status":"withdrawn"}\n')
        clock.sleep(600)
        sync.round()
        assert (listed(store), sync.stands("b").listed) == (80, 4)
        for _ in range(3):
            sync.round()
        assert (listed(store), sync.stands("a").state) == (120, ExchangeState.UP_TO_DATE)


def test_a_turn_never_cuts_what_begins_anew(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long list that cannot be gone on with is read to its end, for it would never end otherwise."""
    monkeypatch.setattr("bot.exchanges.blocks.PAGE_ROWS", 50)
    table = "pdq\n" + "".join(f"{one}\n" for one in HEX)
    park.files["a.csv"] = File(body=table.encode())
    with syncing_on(store, clock, log, lambda _: clock.sleep(700), a={"url": f"{park.url}/lists/a.csv"}) as sync:
        for _ in range(2):
            sync.round()
        assert (listed(store), sync.stands("a").state) == (200, ExchangeState.UP_TO_DATE)


def test_changed_hashes_ask_like_withdrawn_ones(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """A list whose ids have other hashes is another list, or so it seems: over all tries a person says yes first."""

    def put(number: int, changed: int) -> None:
        shift = [HEX[(row + 100) % 200] if row < changed else HEX[row] for row in range(100)]
        rows = "".join(json.dumps({"id": str(row), "pdq": value}) + "\n" for row, value in enumerate(shift))
        park.files[f"{number}.ndjson"] = File(body=rows.encode())

    put(0, 0)
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/0.ndjson"}) as sync:
        assert (sync.fetch("a").state, listed(store)) == (ExchangeState.UP_TO_DATE, 100)
        put(0, 5)
        assert (sync.fetch("a").changed, sync.stands("a").state) == (5, ExchangeState.UP_TO_DATE)
        put(0, 60)
        row = sync.fetch("a")
        assert (row.state, row.asks, row.changed) == (ExchangeState.ASKS, 55, 0)
        assert "takes back or changes 55 rows at once, of 100" in str(row.why)
        assert sync.fetch("a", yes=True).changed == 55


@pytest.mark.slow
def test_one_that_cannot_be_gone_on_with_holds_back_no_other(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a document drips, the others get their turn in this round and the next; told to stop, it is cut."""
    monkeypatch.setattr(exchange_lane, "ASIDE_SECONDS", 0.3)
    monkeypatch.setattr(exchange_lane, "LEAVE_SECONDS", 0.3)
    park.files["a.json"] = File(body=b"[" + b" " * 4000 + b"]")
    park.files["b.txt"] = lines(1, 2, 3)
    park.faults.append("drip")
    sections = {name: {"url": f"{park.url}/lists/{file}"} for name, file in (("a", "a.json"), ("b", "b.txt"))}
    with syncing_on(store, clock, log, no_boundary, **sections) as sync:
        http = sync.context("a", sync.settings("a")).http
        lane = exchange_lane.ExchangeLane(sync, http.stop)
        assert lane.round(always) == 3
        assert (sync.stands("a").state, sync.stands("b").listed) == (ExchangeState.FETCHING, 3)
        clock.sleep(3_700)
        park.files["b.txt"] = lines(1, 2, 3, 4)
        assert lane.round(always) == 4
        began = time.monotonic()
        lane.close()
        assert time.monotonic() - began < 10
        row = store.exchanges.get("a")
        assert row is not None
        assert (row.state, row.failures) == (ExchangeState.FETCHING, 0)


def test_what_ends_an_exchange_is_raised_by_its_round(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """A fault of our own in a thread is no silence: the lane hears it."""
    park.files["a.txt"] = lines(1)

    def broken(_place: str) -> None:
        raise RuntimeError("ours")

    with (
        syncing_on(store, clock, log, broken, a={"url": f"{park.url}/lists/a.txt"}) as sync,
        pytest.raises(RuntimeError, match="ours"),
    ):
        exchange_lane.ExchangeLane(sync, lambda: None).round(always)
