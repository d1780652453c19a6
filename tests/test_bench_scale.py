"""The benchmarks of size measure what they say, in small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.bench import coordinator, growth, watching
from bot.bench.feed import Streams
from bot.bench.workers import children_of
from bot.cli import app


def quiet(_what: str) -> None:
    """Show no progress."""


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure next to nothing."""
    monkeypatch.setattr(coordinator, "ENTRIES", 4)
    monkeypatch.setattr(coordinator, "MADE", 4)


def test_paces_are_unlike_and_add_up() -> None:
    """The busiest subreddit has many times what the median has, and all together what was asked for."""
    rates = sorted(a_day for _, a_day in watching.paces(500, 50_000))
    assert sum(rates) == pytest.approx(50_000)
    assert rates[-1] > 100 * rates[250]
    assert len({name for name, _ in watching.paces(500, 50_000)}) == 500


def test_a_stream_shows_the_newest_first() -> None:
    """Things of several subreddits come in one order, none from behind the moment that is asked for."""
    streams = Streams.drawn([("one", 5000.0), ("other", 5000.0)], 1000.0, 86_400.0)
    shown = [thing for thing, _ in streams.newest(["one", "other"], "t1", (50_000.0, 1 << 60))]
    assert len(shown) > 1000
    assert shown == sorted(shown, reverse=True)
    assert shown[0][0] <= 50_000
    assert {name for _, name in streams.newest(["one", "other"], "t1", (50_000.0, 1 << 60))} == {"one", "other"}


@pytest.mark.slow
def test_growth_finds_all_that_is_planted(tmp_path: Path) -> None:
    """A line each for building, opening and searching; every planted hash is found."""
    built, opened, searched = growth.run(quiet, (5000,), tmp_path)
    assert built.ours > 0
    assert opened.ours > 0
    assert "400 of 400 planted found" in searched.note
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_every_part_of_the_coordinator_is_measured(tmp_path: Path) -> None:
    """From Reddit's answer to what is forgotten; a known clip becomes a case and is kept."""
    found = {figure.what: figure for figure in coordinator.run(quiet, 50, tmp_path)}
    assert all(figure.ours > 0 for figure in found.values())
    assert found["judged"].note.count("1 cases opened") == 1
    assert found["database, after retention"].ours < found["database, judged"].ours


@pytest.mark.slow
def test_watching_tells_delays_and_what_requests_are_for() -> None:
    """Within the limit of Reddit nothing is missed, and each kind of request is counted."""
    asked = ["bench", "watching", "--subreddits", "3", "--a-day", "20000", "--hours", "0.2", "--latency", "0", "--json"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    (line,) = (json.loads(text) for text in result.stdout.splitlines())
    assert line["missed"] == line["lost"] == 0
    assert line["posted"] > 100
    assert 0 < line["median"] <= line["slowest"] < 60
    assert {"new", "comments", "edits", "queue", "reports", "mod log", "modmail"} <= line["requests"].keys()


def test_a_thread_that_ends_while_children_are_counted_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file in /proc is gone between the look at the folder and the reading."""
    monkeypatch.setattr(Path, "glob", lambda _self, _pattern: iter([tmp_path / "gone"]))
    assert children_of("self") == []
