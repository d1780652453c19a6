"""Rows of lists whatever happens: killed in the middle, two processes, a restored backup, a disk that is full."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.assemble import DATABASE
from bot.cli import app
from bot.clock import SystemClock
from bot.config import Config, StorageConfig
from bot.match import Matcher
from bot.model import PROGRAM, Signal
from bot.pipeline.scanning.bank_index import BankIndex
from bot.store import Store
from bot.store.list_rows import Listed
from bot.store.lists import Seen
from tests.killing import Silent

SPAWN = multiprocessing.get_context("spawn")
ROWS = 2_400
STEP = 100
NAMES = ("ids", "bare")


def value(number: int) -> bytes:
    """Return a hash of its own for each number."""
    return random.Random(number).randbytes(32)


def row(number: int, content: int | None = None, *, ids: bool, withdrawn: bool = False) -> Listed:
    """Return a row of a list."""
    own = value(number if content is None else content)
    return Listed(str(number) if ids else None, (Signal(type="pdq", value=own, quality=100, t=0.0),), (), withdrawn)


def first_reading(ids: bool) -> list[Listed]:
    """Return a list as it is read for the first time."""
    return [row(number, ids=ids) for number in range(ROWS)]


def second_reading(ids: bool) -> list[Listed]:
    """Return the list as it is later, whole: some rows are withdrawn, some changed, some gone without a word."""
    changed = [row(number, number + 10**6, ids=ids) for number in range(500, 1000)]
    withdrawn = [row(number, ids=ids, withdrawn=True) for number in range(500)]
    return [*withdrawn, *changed, *(row(number, ids=ids) for number in range(1000, ROWS - 500))]


def read(folder: Path, ids: bool) -> None:
    """Read a list twice, in small steps, sweep what it does not name any more, make entries meanwhile."""
    with Store(folder / DATABASE, SystemClock()) as store:
        number = store.lists.source("b", NAMES[not ids])
        seen = Seen()
        for whole in (first_reading(ids), second_reading(ids)):
            seen = Seen()
            for start in range(0, len(whole), STEP):
                store.lists.take(number, whole[start : start + STEP], by=PROGRAM, seen=seen)
                store.lists.make_entries([f"L-{start + 7}"])
        store.lists.sweep(number, seen)
        store.lists.tidy()


def run_until_killed(folder: Path, ids: bool, steps: int) -> bool:
    """Do that in a process of its own, killed once so many steps more are in the database; return whether it was."""
    process = SPAWN.Process(target=read, args=(folder, ids))
    with closing(sqlite3.connect(folder / DATABASE)) as looking:
        last = _steps(looking) + steps
        process.start()
        while process.is_alive() and _steps(looking) < last:
            time.sleep(0.001)
    if process.is_alive() and process.pid is not None:
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return process.exitcode == -signal.SIGKILL


def _steps(looking: sqlite3.Connection) -> int:
    return int(looking.execute("select coalesce(max(seq), 0) from list_steps").fetchone()[0])


def held(store: Store) -> list[bytes]:
    """Return the hashes of all rows and entries that match."""
    return sorted(entry.signals[0].value for entry in (*store.listed.active(()), *store.known.active(())))


@pytest.mark.slow
@pytest.mark.parametrize("ids", [True, False], ids=NAMES)
def test_a_kill_at_any_moment_loses_nothing_and_doubles_nothing(tmp_path: Path, ids: bool) -> None:
    """After kills at several moments, what is read again to its end is what was read without any."""
    for name in ("killed", "whole"):
        (tmp_path / name).mkdir()
        with Store(tmp_path / name / DATABASE, SystemClock()) as store:
            store.banks.create("b", "block")
    killed = [run_until_killed(tmp_path / "killed", ids, steps) for steps in (3, 20, 30, 10)]
    assert killed.count(True) >= 2
    for name in ("killed", "whole"):
        read(tmp_path / name, ids)
    with Store(tmp_path / "killed" / DATABASE, SystemClock()) as store, Store(
        tmp_path / "whole" / DATABASE, SystemClock()
    ) as whole:  # fmt: skip
        expected = sorted(one.signals[0].value for one in second_reading(ids) if not one.withdrawn)
        assert held(store) == held(whole) == expected
        (told,) = store.lists.listing()
        counted = store.connection.tuples(
            "select count(*), count(*) filter (where entry is not null) from list_rows where type not in (8, 9)"
        )
        assert (told.rows, told.made) == counted[0] == (len(expected), told.made)
        assert store.connection.value("select pdq from lists") == told.rows - told.made
        again = [one for one in second_reading(ids) if not one.withdrawn]
        assert store.lists.take(told.id, again, by=PROGRAM).known == len(again)
        assert store.connection.value("pragma integrity_check") == "ok"


def found(index: BankIndex, config: Config, *numbers: int) -> list[int]:
    """Return which of some hashes an index finds."""
    index.refresh()
    answers = Matcher(index, config.banks).lookup([value(number) for number in numbers])
    return [number for number, near in zip(numbers, answers, strict=True) if any(bits == 0 for _, _, bits in near)]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A configuration whose data lie in a folder of the test."""
    return Config(storage=StorageConfig(path=tmp_path))


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a file of few rows already."""
    for module in ("bot.pipeline.scanning.search_index", "bot.index.live"):
        monkeypatch.setattr(f"{module}.LEAST", 50)


def opened(config: Config, store: Store) -> BankIndex:
    """Open the index."""
    return BankIndex(config, store, SystemClock(), Silent())


def filled(path: Path, numbers: Sequence[int], name: str = "them") -> Store:
    """Open a store in which a list has these rows."""
    store = Store(path, SystemClock())
    if not store.banks.listing():
        store.banks.create("b", "block")
    store.lists.take(store.lists.source("b", name), [row(n, ids=True) for n in numbers], by=PROGRAM)
    return store


def test_another_process_sees_a_change_at_its_next_search(tmp_path: Path, config: Config) -> None:
    """What one connection adds, withdraws, changes or makes an entry of, an index over another finds so."""
    with filled(tmp_path / DATABASE, range(200)) as store, Store(tmp_path / DATABASE, SystemClock()) as other:
        index = opened(config, store)
        assert found(index, config, 0, 100, 199, 200) == [0, 100, 199]
        assert (tmp_path / "index" / "list-pdq").exists()
        number = other.lists.source("b", "them")
        other.lists.take(
            number, [row(0, ids=True, withdrawn=True), row(100, 7000, ids=True), row(200, ids=True)], by=PROGRAM
        )
        assert found(index, config, 0, 100, 199, 200, 7000) == [199, 200, 7000]
        other.lists.make_entries(["L-200"])
        assert found(index, config, 199) == [199]
        other.banks.withdraw("L-200")
        assert found(index, config, 199, 200) == [200]
        index.close()


@pytest.mark.slow
def test_the_next_start_opens_the_file_and_what_came_since(tmp_path: Path, config: Config) -> None:
    """A file that is there is used; one that lags behind all that is told is built again."""
    with filled(tmp_path / DATABASE, range(200)) as store:
        index = opened(config, store)
        assert found(index, config, 5) == [5]
        index.close()
        before = (tmp_path / "index" / "list-pdq").stat().st_mtime_ns
        number = store.lists.source("b", "them")
        store.lists.take(number, [row(5, ids=True, withdrawn=True), row(300, ids=True)], by=PROGRAM)
        index = opened(config, store)
        assert found(index, config, 5, 6, 300) == [6, 300]
        assert (tmp_path / "index" / "list-pdq").stat().st_mtime_ns == before
        index.close()
        for step in range(1_001):
            store.lists.take(number, [row(6, 10_000 + step, ids=True)], by=PROGRAM)
        store.lists.tidy()
        index = opened(config, store)
        assert found(index, config, 6, 7, 300) == [7, 300]
        assert (tmp_path / "index" / "list-pdq").stat().st_mtime_ns != before
        index.close()


def test_a_restored_backup_is_not_searched_by_the_index_of_what_came_after(tmp_path: Path, config: Config) -> None:
    """Of a database that went another way since, the file is built again: the same numbers hold other hashes."""
    with filled(tmp_path / DATABASE, range(100)) as store:
        store.connection.copy_into(tmp_path / "backup")
    with filled(tmp_path / DATABASE, range(100, 200)) as store:
        index = opened(config, store)
        assert found(index, config, 150, 250) == [150]
        index.close()
    for left in tmp_path.glob(f"{DATABASE}*"):
        left.unlink()
    (tmp_path / "backup").rename(tmp_path / DATABASE)
    with filled(tmp_path / DATABASE, range(200, 300)) as store:
        index = opened(config, store)
        assert found(index, config, 50, 150, 250) == [50, 250]
        index.close()


def test_a_disk_that_refuses_the_file_costs_memory_only(
    tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can be sorted or written beside the database, the index is made in memory."""

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with filled(tmp_path / DATABASE, range(200)) as store:
        index = opened(config, store)
        assert found(index, config, 5, 500) == [5]
        index.close()


@pytest.mark.slow
def test_the_commands_show_rows_of_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted beside entries, shown without an entry being made, exported, looked up, removed for good."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text("")

    def run(*arguments: str, given: str = "") -> list[Any]:
        result = CliRunner().invoke(app, list(arguments), input=given, catch_exceptions=False)
        return [json.loads(line) if line[0] == "{" else line for line in result.stdout.splitlines()]

    run("team", "add", "ann")
    run("bank", "create", "b")
    listed = "".join(f'{{"id": "{number}", "hash": "{value(number).hex()}"}}\n' for number in range(3))
    run("bank", "import", "b", "-", "--source", "them", "--by", "ann", given=listed)
    (bank,) = run("bank", "list", "--json")
    assert (bank["entries"], bank["listed"], bank["signals"]) == (0, 3, 3)
    assert any("behind them are 3 listed rows" in line for line in run("bank", "list", "--entries"))
    (shown,) = run("bank", "show", "L-2", "--json")
    assert (shown["from_list"], shown["list_id"], shown["state"]) == ("them", "1", "listed")
    assert run("bank", "show", "L-2")[0].split()[:2] == ["row", "L-2"]
    assert run("bank", "list", "--entries", "--json") == []
    assert run("bank", "export", "b", "--format", "hex") == [value(number).hex() for number in range(3)]
    assert run("bank", "export", "b", "--format", "hex", "--entry", "L-2") == [value(1).hex()]
    (hit,) = run("lookup", "--json", given=f"{value(1).hex()}\n")
    assert [match["entry"] for match in hit["matches"]] == ["L-2"]
    run("bank", "remove", "L-2", "--by", "ann")
    (hit,) = run("lookup", "--json", given=f"{value(1).hex()}\n")
    assert hit["matches"] == []
    run("bank", "import", "b", "-", "--source", "them", "--by", "ann", given=listed)
    assert run("bank", "export", "b", "--format", "hex") == [value(0).hex(), value(2).hex()]
    (bank,) = run("bank", "list", "--json")
    assert (bank["entries"], bank["listed"], bank["withdrawn"]) == (0, 2, 1)
    run("bank", "restore", "L-2", "--by", "ann")
    (hit,) = run("lookup", "--json", given=f"{value(1).hex()}\n")
    assert [match["entry"] for match in hit["matches"]] == ["L-2"]
    (card,) = run("bank", "show", "L-2", "--json")
    assert (card["from_list"], card["state"]) == ("them", "active")


def test_a_list_that_comes_all_at_once_is_built_in_and_not_held_in_memory(
    tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While more comes than is searched beside the file, what went is hidden at once and the rest is found soon."""
    monkeypatch.setattr("bot.pipeline.scanning.search_index.MOST_BESIDE", 100)
    with filled(tmp_path / DATABASE, range(10)) as store:
        index = opened(config, store)
        assert found(index, config, 5) == [5]
        number = store.lists.source("b", "them")
        for start in range(10, 1000, 30):
            rows = [row(n, ids=True) for n in range(start, start + 30)]
            store.lists.take(number, [*rows, row(start - 10, ids=True, withdrawn=True)], by=PROGRAM)
            assert found(index, config, start - 10) == []
        deadline = time.monotonic() + 60
        while found(index, config, 995) != [995] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert found(index, config, 0, 1, 31, 500, 995) == [1, 31, 500, 995]
        index.close()
    with filled(tmp_path / DATABASE, ()) as store:
        index = opened(config, store)
        assert found(index, config, 0, 1, 31, 500, 995) == [1, 31, 500, 995]
        index.close()


@pytest.mark.slow
def test_a_process_that_lags_too_far_reads_all_again(tmp_path: Path, config: Config) -> None:
    """What changed behind a mark that a purge took away is not guessed: nothing is found twice or missed."""
    with filled(tmp_path / DATABASE, range(10)) as store:
        index = opened(config, store)
        assert found(index, config, 5) == [5]
        number = store.lists.source("b", "them")
        for step in range(1_001):
            store.lists.take(number, [row(5, 10_000 + step, ids=True)], by=PROGRAM)
        store.lists.tidy()
        assert found(index, config, 5, 6, 11_000) == [6, 11_000]
        assert [len(near) for near in Matcher(index, config.banks).lookup([value(6), value(11_000)])] == [1, 1]
        index.close()
