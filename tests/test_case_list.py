"""`gifwarden cases list`: a row a media, what waits first, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.assemble import open_store
from bot.cli import app
from bot.cli.minors import WARNED
from bot.clock import SystemClock
from bot.config import load
from bot.errors import UsageError
from bot.model import CaseState
from bot.store import Store
from tests.people import member
from tests.raids import act, case_of

CONFIG = '[reddit]\nclient_id = "x"\nusername = "bot"\n\n[subreddits.clips]\nmode = "report"\n'


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The database of an installation that is the current folder and watches r/clips, in mode report."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    assert CliRunner().invoke(app, ["init", "--by", "ann"]).exit_code == 0
    Path("config.toml").write_text(CONFIG)
    with open_store(load(Path("config.toml"), hosts=()), SystemClock()) as opened:
        yield opened


def listed(*options: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["cases", "list", *options])


def rows(*options: str) -> list[tuple[str, int]]:
    """Return label and number of cases of each row."""
    told = [json.loads(line) for line in listed("--json", *options).stdout.splitlines()]
    return [(row["case"], row["group"]["cases"]) for row in told]


def test_eight_cases_and_a_raid_fit_one_screen(store: Store) -> None:
    """Two lines a media at 80 columns, no word cut: how many posts and authors, where, what was done or would be."""
    raid = [case_of(store, number, ["raid"], author=f"raider{number % 8}") for number in range(1, 301)]
    for case in raid:
        act(store, case, "report", "done")
        act(store, case, "modmail", "done")
        act(store, case, "remove", "held", "mode")
    for number in range(301, 308):
        case_of(store, number, [str(number)], author="somebody_with_a_long_name")
    lines = listed().stdout.splitlines()
    assert len(lines) == 16
    assert all(len(line) <= 80 for line in lines)
    assert lines[14].split() == [raid[0].label, "a", "rule;", "r/clips", "just", "now"]
    assert lines[15].strip() == "300 posts, 8 authors; redgifs; done: report; would remove"
    assert lines[1].strip() == "by u/somebody_with_a_long_name; redgifs; a person decides"


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_word_is_cut_and_no_line_is_longer(store: Store, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """However wide the terminal is, also with the longest names."""
    case = case_of(store, 1, ["a"], author="a_name_of_twenty_char", subreddit="a_sub_of_twenty_chars")
    case_of(store, 2, ["a"], subreddit="Other")
    store.cases.decide(case.id, CaseState.CLOSED_ELSEWHERE, by=member(store), why="x")
    monkeypatch.setenv("COLUMNS", str(width))
    lines = listed("--all").stdout.splitlines()
    assert all(len(line) <= width for line in lines), lines
    assert "1 closed elsewhere, 1 open" in " ".join(" ".join(lines).split())


def test_a_pipe_gets_a_line_a_row(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it can be searched line by line."""
    monkeypatch.delenv("COLUMNS")
    case = case_of(store, 1, ["a"])
    assert listed().stdout == f"{case.label}  a rule; r/clips  just now  by u/poster; redgifs; a person decides\n"


def test_what_waits_is_shown_unless_more_is_asked_for(store: Store) -> None:
    """Open cases; one state, all, a subreddit's, those under appeal, those of one media; one by one."""
    first, second, other = (case_of(store, number, [files]) for number, files in enumerate(("a", "a", "b"), 1))
    elsewhere = case_of(store, 4, ["c"], subreddit="Elsewhere")
    store.cases.decide(first.id, CaseState.CONFIRMED, by=member(store), why="a fake")
    store.review.appeal(other.id, raised_by=member(store), confirmed=False)
    assert rows() == [(elsewhere.label, 1), (other.label, 1), (second.label, 1)]
    assert rows("--state", "confirmed") == [(first.label, 1)]
    assert rows("--all") == [(elsewhere.label, 1), (other.label, 1), (first.label, 2)]
    assert rows("--subreddit", "r/Elsewhere") == [(elsewhere.label, 1)]
    assert rows("--appealed") == [(other.label, 1)]
    assert rows("--same-media", second.label) == [(second.label, 1), (first.label, 1)]
    assert len(rows("--all", "--ungrouped")) == 4
    shown = listed("--all").stdout
    assert "2 posts, 1 author; 1 confirmed, 1 open" in shown
    assert "open, appeal" in shown
    assert "confirmed by ann" in listed("--state", "confirmed").stdout


def test_a_list_that_is_cut_says_how_much_more_there_is(store: Store) -> None:
    """And how to see it; on standard error where programs read the rest."""
    for number in range(1, 8):
        case_of(store, number, ["raid" if number < 5 else str(number)])
    assert listed("--limit", "2").stdout.splitlines()[-1] == "2 more groups, 5 cases; to see them all: --limit 4"
    assert listed("--limit", "3", "--ungrouped").stdout.splitlines()[-1].startswith("4 more cases; ")
    assert "more" not in listed("--limit", "4").stdout
    told = listed("--limit", "2", "--json")
    assert len(told.stdout.splitlines()) == 2
    assert "2 more groups" in told.stderr


def test_an_empty_list_says_whether_there_is_anything(store: Store) -> None:
    """No case at all, or none that waits."""
    assert listed().stdout == "no cases\n"
    case = case_of(store, 1, ["a"])
    store.cases.decide(case.id, CaseState.CONFIRMED, by=member(store), why="a fake")
    assert listed().stdout == "no case waits for a decision; 1 case in all: gifwarden cases list --all\n"
    assert listed("--state", "dismissed").stdout.startswith("no such case; 1 case in all")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--state", "opn"), "opn is no state of a case; did you mean open?"),
        (("--state", "open", "--all"), "--all and --state exclude each other"),
        (("--subreddit", "clps"), "r/clps is not watched; did you mean clips?"),
        (("--same-media", "C-00"), "there is no case C-00"),
    ],
)
def test_an_option_that_is_wrong_is_one_sentence(store: Store, options: tuple[str, ...], told: str) -> None:
    """With what may have been meant."""
    error = listed(*options).exception
    assert isinstance(error, UsageError)
    assert str(error).startswith(told)


def test_a_suspected_minor_is_listed_without_its_author(store: Store) -> None:
    """And of many that nobody has reported only a few are named above each list."""
    for number in range(1, WARNED + 4):
        case = case_of(store, number, [str(number)], author="hidden_poster")
        store.minors.mark(case.post, [case.url], seen=case.opened, by=member(store), case=case.label)
        store.minors.hold(
            case.post, root=case.post.fullname, label=case.label, marks=(), fresh=True, by=member(store), why="x"
        )
    told = listed("--state", "minor")
    assert "hidden_poster" not in told.output
    warned = " ".join(told.stderr.split())
    assert warned.count("NOT REPORTED YET; see: gifwarden cases minor") == WARNED
    assert "3 more are NOT REPORTED YET; see: gifwarden cases list --state minor" in warned


@pytest.mark.slow
def test_lists_of_actions_and_notices_are_cut_and_say_so(store: Store) -> None:
    """The newest fifty for people, a thousand for programs; how many there are, and how to see more."""
    for number in range(1, 61):
        act(store, case_of(store, number, [str(number)]), "report", "done")
        store.connection.run(
            """insert into notices (label, host, subreddit, state, created_at, updated_at)
               values (?, 'redgifs', 'clips', 'drafted', '2026-11-20T18:00:00Z', '2026-11-20T18:00:00Z')""",
            (f"N-{number:010x}",),
        )
    for name in ("actions", "notices"):
        lines = CliRunner().invoke(app, [name, "list"]).stdout.splitlines()
        assert lines[-1] == "the newest 50 of 60; more: --limit 60"
        assert len(lines) == 52
        assert all(len(line) <= 80 for line in lines)
        assert "the newest" not in CliRunner().invoke(app, [name, "list", "--limit", "60"]).stdout
        told = CliRunner().invoke(app, [name, "list", "--json"])
        assert (told.stdout.count("\n"), told.stderr) == (60, "")
        cut = CliRunner().invoke(app, [name, "list", "--json", "--limit", "3"])
        assert (cut.stdout.count("\n"), "the newest 3 of 60" in cut.stderr) == (3, True)
