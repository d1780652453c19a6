"""Benchmarks print our figure, the peer's and the limit, and say so where a peer is not installed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bot.bench import figures, floods, hashing, listed, searching
from bot.bench.figures import Figure
from bot.cli import app


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure next to nothing."""
    monkeypatch.setattr(figures, "ROUNDS", 1)
    monkeypatch.setattr(figures, "ENOUGH", 0.0)
    monkeypatch.setattr(searching, "SECONDS", 0.05)
    monkeypatch.setattr(hashing, "SIZES", ((96, 64),))


def quiet(_what: str) -> None:
    """Show no progress."""


@pytest.mark.slow
def test_hash_compares_with_the_reference_and_the_limit() -> None:
    """Each line has a figure of ours and a limit; the reference is compared or said to be missing."""
    found = list(hashing.run(quiet, ((96, 64),)))
    assert [figure.peer for figure in found] == ["pdqhash", "pdqhash", "imagehash pHash-256"]
    assert all(figure.ours > 0 and figure.limit for figure in found)
    for figure in found[:2]:
        assert ("not installed" in figure.cells()) == (figure.theirs is None)
    assert found[2].times


@pytest.mark.slow
def test_index_measures_search_change_and_two_processes() -> None:
    """Opening, searching beside each peer, two processes on one file, a change that is seen at once."""
    found = list(searching.run(quiet, (5000,)))
    assert [figure.what.split(",")[0].split(" ")[0] for figure in found] == ["open", "search", "search", "two", "add"]
    assert all(figure.ours > 0 for figure in found)


@pytest.mark.slow
@pytest.mark.parametrize("ids", [True, False])
def test_lists_measure_table_index_search_and_changes(ids: bool) -> None:
    """Rows into table and index, opened again, searched, a day's changes found here and in another process."""
    found = list(listed.run(quiet, (30_000,), ids=ids))
    assert [figure.what.split(",")[0].split(" ")[0] for figure in found] == [
        "into", "into", "open", "search", "a", "10" if ids else "11",
    ]  # fmt: skip
    assert all(figure.ours > 0 for figure in found)


@pytest.mark.slow
def test_the_commands_print_a_table_or_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line a figure either way, and the table fits a terminal of 100 columns."""
    result = CliRunner().invoke(app, ["bench", "index", "--rows", "2000", "--json"])
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert {"what", "ours", "unit", "peer", "theirs", "times", "limit", "missing"} <= lines[0].keys()
    shown = CliRunner().invoke(app, ["bench", "hash"])
    assert shown.exit_code == 0, shown.output
    assert "PDQ 1920x1080" in shown.stdout or "PDQ 96x64" in shown.stdout


@pytest.mark.slow
def test_floods_are_put_beside_ordinary_posts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for the posts alone and one a flood, each with its ratio and the aim; an unknown flood is refused."""
    monkeypatch.setattr(floods, "PATIENCE", 60.0)
    result = CliRunner().invoke(app, ["bench", "floods", "--flood", "orders", "--ordinary", "3", "--json"])
    assert result.exit_code == 0, result.output
    alone, flooded = (json.loads(line) for line in result.stdout.splitlines())
    assert (alone["flood"], flooded["flood"]) == ("alone", "orders")
    assert alone["aim"] == 2
    assert all(line["judged"] and line["removed"] and line["times"] for line in (alone, flooded))
    refused = CliRunner().invoke(app, ["bench", "floods", "--flood", "water"])
    assert "water is no flood" in str(refused.exception)


def test_a_run_that_does_not_end_is_said() -> None:
    """Without a time there is no ratio, and the table says how long was waited."""
    alone = {"alone_judged": 2.0, "alone_removed": 4.0}
    wait = floods.Wait(flood="x", what="y", judged=3.0, removed=None, **alone)
    assert wait.times is None
    assert wait.cells()[2:5] == ["3 s", "> 300 s", ""]
    assert floods.Wait(flood="x", what="y", judged=3.0, removed=10.0, **alone).times == 2.5


def test_a_figure_says_how_many_times() -> None:
    """The ratio is the peer's figure by ours; without a peer there is none."""
    assert Figure(what="x", ours=2.0, unit="ms", peer="p", theirs=50.0).times == 25
    assert Figure(what="x", ours=2.0, unit="ms").times is None
    assert "not installed" in Figure(what="x", ours=2.0, unit="ms", peer="p").cells()
    assert "25×" in Figure(what="x", ours=2.0, unit="ms", peer="p", theirs=50.0).cells()  # noqa: RUF001  the sign for times
