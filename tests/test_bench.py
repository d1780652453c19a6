"""Benchmarks print our figure, the peer's and the limit, and say so where a peer is not installed."""

from __future__ import annotations

import json

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot import schedule
from bot.bench import figures, floods, hashing, listed, searching
from bot.bench.figures import Figure
from bot.cli import app, screen
from tests.bots import bot_on


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
        assert ("pdqhash: not installed" in figure.lines()[2]) == (figure.theirs is None)
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
    """Some lines a figure either way, none of them longer than 80 columns."""
    result = CliRunner().invoke(app, ["bench", "index", "--rows", "2000", "--json"])
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert {"what", "ours", "unit", "peer", "theirs", "times", "limit", "missing"} <= lines[0].keys()
    shown = CliRunner().invoke(app, ["bench", "hash"])
    assert shown.exit_code == 0, shown.output
    assert "PDQ 96x64" in shown.stdout
    assert all(len(line) <= 80 for line in shown.stdout.splitlines())


@pytest.mark.slow
def test_floods_are_put_beside_ordinary_posts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for the posts alone and one a flood, each with its ratio and the aim; an unknown flood is refused."""
    monkeypatch.setattr(floods, "PATIENCE", 60.0)
    monkeypatch.setattr(floods, "bot_on", bot_on)
    monkeypatch.setattr(schedule, "WORK_SECONDS", 0.5)
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
    assert Figure(what="x", ours=2.0, unit="ms", peer="p").lines()[2][0] == "p: not installed"
    assert Figure(what="x", ours=2.0, unit="ms", peer="p", theirs=50.0).lines()[2][0] == "p: 50 ms, 25×"  # noqa: RUF001  the sign for times
    limited = Figure(what="x", ours=2.0, unit="ms", limit=0.5, limited_by="to read it", note="warm")
    assert limited.lines() == ("x", "2 ms", ("", "limit: 0.5 ms to read it", "warm"))


LONG = Figure(
    what="search 10,000,000 hashes within 31 bits, 100 at once, by two processes on one file",
    ours=123456.0,
    unit="hashes a second",
    peer="faiss IndexBinaryFlat",
    theirs=2345.0,
    limit=234567.0,
    limited_by="to read all of them from memory once, which nothing can do without",
    note="the reference is not here to compare with, so that this is by our own word alone",
)


@pytest.fixture
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int | None:
    """Let what is shown go to a terminal of so many columns, or into a pipe."""
    columns: int | None = request.param
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setattr("bot.cli.screen.out", Console(force_terminal=True, width=columns, color_system=None))
    return columns


@pytest.mark.parametrize("width", [None, 80, 60], indirect=True)
def test_figures_fit_the_line_and_lose_no_word(capsys: pytest.CaptureFixture[str], width: int | None) -> None:
    """At a terminal, and in 80 columns in a pipe: every word stands there, and the first line ends with the figure."""
    screen.figures([LONG.lines(), Figure(what="open", ours=2.0, unit="ms").lines()])
    shown = capsys.readouterr().out
    assert all(len(line) <= (width or 80) for line in shown.splitlines())
    told = " ".join((LONG.what, *LONG.lines()[2])).replace(",", "").split()
    assert [word for word in told if word not in shown.replace(",", "").split()] == []
    assert shown.splitlines()[-1].split() == ["open", "2", "ms"]


@pytest.mark.parametrize("width", [None, 80], indirect=True)
@pytest.mark.usefixtures("width")
def test_measured_rows_stay_below_one_another(capsys: pytest.CaptureFixture[str]) -> None:
    """A table of twelve columns fits 80: headings wrap, and what was altered stands above its row of figures."""
    columns = [
        "altered",
        "n",
        "found",
        "95 %",
        "aim",
        "review",
        "false",
        "PDQ lost",
        "PDQ bank",
        "PDQ",
        "vPDQ",
        "pHash",
    ]
    figures = ["1200", "100.0", "97.3-100.0", "99.0", "10.5", "12", "34", "98.7", "65.4", "32.1", "0.0"]
    names = ["copies of the fakes that begin 0.9 or 1.6 s later, re-encoded and a bit smaller than before", "crop 5 %"]
    screen.show(columns, [(name, *figures) for name in names], empty="none", measured=True)
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line.rstrip()) <= 80 for line in lines)
    rows = [place for place, line in enumerate(lines) if line.split() == figures]
    assert len(rows) == 2
    assert lines[rows[0]] == lines[rows[1]]
    assert lines[rows[1] - 1].strip() == names[1]
    head = " ".join(lines[: rows[0]]).split()
    assert [word for name in columns[1:] for word in name.split() if word not in head] == []
