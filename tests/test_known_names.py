"""Names and labels that commands are given: a wrong one is never passed over, and the sentence leads on."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import socket
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot import assemble
from bot.assemble import Outside
from bot.cli import app, main
from bot.samples import media
from tests.slow import few

PAGE = Path(__file__).parent.parent / "docs" / "running.md"
CONFIG = '[reddit]\nclient_id = "x"\nusername = "bot"\n\n[subreddits.example]\nmode = "observe"\n'


def run(*args: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, list(args))


def said(command: str, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Type a command as a person does; return its exit code and all that it says, on one line."""
    patch.setattr(sys, "argv", ["gifwarden", *shlex.split(command)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0), " ".join("".join(capsys.readouterr()).split())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation that watches r/example, without secrets, as the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GIFWARDEN_CONFIG", raising=False)
    assert run("init", "--by", "ann").exit_code == 0
    (tmp_path / "config.toml").write_text(CONFIG)
    Path("a.png").write_bytes(media.still(1, format="png", width=160, height=90))
    return tmp_path


@pytest.fixture
def entry(home: Path) -> str:
    """The label of the only entry."""
    return str(json.loads(run("bank", "add", "known-fakes", "a.png", "--json").stdout)["entry"])


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("bank add known-fake a.png", "no bank known-fake; did you mean known-fakes?"),
        ("bank add elsewhere a.png", "no bank elsewhere; see: gifwarden bank list; or run: gifwarden bank create"),
        ("bank import known-fake a.csv", "did you mean known-fakes?"),
        ("bank export known-fake", "did you mean known-fakes?"),
        ("bank export known-fakes --entry E-00", "no entry E-00; see: gifwarden bank list --entries"),
        ("lookup --bank known-fake", "did you mean known-fakes?"),
        ("quarantine add bank known-fake", "did you mean known-fakes?"),
        ("quarantine add rule 'Known fake, exact fil'", "did you mean Known fake, exact file?"),
        ("stop exmple", "r/exmple is not watched; did you mean example?"),
        ("go exmple", "did you mean example?"),
        ("backfill exmple", "did you mean example?"),
        ("team add Ben --role lead --in exmple", "did you mean example?"),
        ("cases show C-0123456789", "no case C-0123456789; see: gifwarden cases list"),
        ("cases show 7", "7 is the number of an action, not a case; see: gifwarden actions list"),
        ("cases undo C-0123456789", "no case C-0123456789"),
        ("cases dismiss C-0123456789", "no case C-0123456789"),
        ("actions undo 99", "no action 99; see: gifwarden actions list"),
        ("actions undo C-0123456789", "names a case, not an action; see: gifwarden cases show C-0123456789"),
        ("notices show C-0123456789", "names a case, not a notice; see: gifwarden cases show C-0123456789"),
        ("notices retract N-0123456789", "no notice N-0123456789; see: gifwarden notices list"),
        ("person forget P-0123456789", "no protected person P-0123456789; see: gifwarden person list"),
        ("bank remove N-0123456789", "names a notice, not an entry; see: gifwarden notices show N-0123456789"),
    ],
)
def test_a_name_that_there_is_not_is_an_error_that_leads_on(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, told: str
) -> None:
    """Banks, entries, rules, subreddits, cases, notices, actions, persons: before secrets, with what may be meant."""
    code, shown = said(command, monkeypatch, capsys)
    assert (code, told in shown) == (2, True), shown


@pytest.mark.parametrize(
    "command",
    few(
        ["cases show {}", "cases confirm {}", "cases undo {}", "rules explain {}", "ban {} --why x", "notices show {}",
         "actions undo {}", "person forget {}"],
        "cases show {}",
    ),
)  # fmt: skip
@pytest.mark.slow
def test_an_entrys_label_leads_to_where_entries_are_shown(
    entry: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """A label of another kind is said to be that, with the command that shows it."""
    code, shown = said(command.format(entry), monkeypatch, capsys)
    assert (code, "see: gifwarden bank list --entries" in shown) == (2, True), shown


@pytest.mark.slow
def test_a_mistyped_label_is_answered_with_the_nearest(
    entry: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also behind --against, which took any label before; nothing is banked then."""
    wrong = entry[:-1] + ("0" if entry[-1] != "0" else "1")
    assert said(f"bank confirm {wrong}", monkeypatch, capsys) == (
        2,
        f"gifwarden: there is no entry {wrong}; did you mean {entry}?",
    )
    assert run("bank", "create", "ok", "--kind", "allow").exit_code == 0
    code, shown = said(f"bank add ok a.png --against {wrong}", monkeypatch, capsys)
    assert (code, f"did you mean {entry}?" in shown) == (2, True)
    assert run("bank", "list", "--entries", "--json").stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("first", "second"), [("known-fakes", "ok"), pytest.param("ok", "known-fakes", marks=pytest.mark.slow)]
)
def test_the_very_file_in_two_banks_that_disagree_is_warned_of(home: Path, first: str, second: str) -> None:
    """A file that is known here and innocent there: both labels are named, in either order, to programs too."""
    assert run("bank", "create", "ok", "--kind", "allow").exit_code == 0
    before = json.loads(run("bank", "add", first, "a.png", "--json").stdout)
    assert "opposed" not in before
    after = run("bank", "add", second, "a.png")
    shown = " ".join(after.output.split())
    label = re.findall(r"E-[0-9a-f]{10}", shown)[0]
    assert "hold this very file" in shown
    assert {before["entry"], label} <= set(re.findall(r"E-[0-9a-f]{10}", shown))
    assert json.loads(run("bank", "add", second, "a.png", "--json").stdout)["opposed"] == [before["entry"]]


def test_entries_are_listed_with_their_days(entry: str) -> None:
    """When it was added and confirmed: a day for people, the moment for programs."""
    (row,) = [json.loads(line) for line in run("bank", "list", "--entries", "--json").stdout.splitlines()]
    assert "T" in row["added_at"]
    assert row["confirmed_at"] is None
    shown = run("bank", "list", "--entries").stdout
    assert row["added_at"][:10] in shown
    assert row["added_at"] not in shown


def test_links_takes_urls_and_permalinks_as_they_are(home: Path) -> None:
    """A URL needs no option in front of it."""
    rows = run(
        "links",
        "https://www.reddit.com/r/example/comments/1abcde/",
        "https://redgifs.com/watch/quietgreenheron",
        "--json",
    )
    found = [(row["host"], row["kind"]) for row in map(json.loads, rows.stdout.splitlines())]
    assert found == [("reddit", "page"), ("redgifs", "media")]
    both = run("links", "https://i.imgur.com/abcde.gif", "--url", "https://i.imgur.com/fghij.gif", "--json")
    assert [json.loads(line)["id"] for line in both.stdout.splitlines()] == ["abcde", "fghij"]
    assert run("links").exit_code != 0


@pytest.mark.slow
def test_the_table_of_exit_codes_holds(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each example of the page ends with the code in its row, and one that fails with one sentence."""
    with socket.socket() as closed:  # nobody listens there: Reddit is down
        closed.bind(("127.0.0.1", 0))
        down = Outside(reddit_url=f"http://127.0.0.1:{closed.getsockname()[1]}", oauth_url=None)
        down = replace(down, oauth_url=down.reddit_url)

        def assembled(*args: Any, parts: Any = None, **more: Any) -> Any:
            return assemble.assembled(*args, parts=replace(parts or assemble.Parts(), outside=down), **more)

        monkeypatch.setattr("bot.cli.base.assembled", assembled)
        monkeypatch.setenv("GIFWARDEN_REDDIT__CLIENT_SECRET", "x")
        monkeypatch.setenv("GIFWARDEN_REDDIT__PASSWORD", "y")
        rows = re.findall(r"^\| (\d+) \| [^|]+ \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
        assert [code for code, _ in rows] == ["0", "1", "2", "3", "130"]
        for code, example in rows[:-1]:
            command = re.findall("`gifwarden ([^`]+)`", example)[0]
            monkeypatch.setattr(sys, "argv", ["gifwarden", *shlex.split(command)])
            with pytest.raises(SystemExit) as ended:
                main()
            told = capsys.readouterr()
            assert int(ended.value.code or 0) == int(code), (command, told)
            if int(code) > 1:
                assert told.err.count("\n") == 1, told.err
            assert "it is tried again" not in told.err


def test_a_damaged_database_is_no_missing_action(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That a number could not be looked up is never said to be that there is no such thing."""
    with contextlib.closing(sqlite3.connect(home / "data" / assemble.DATABASE)) as other:
        other.execute("alter table actions rename to gone")
    code, shown = said("actions undo 1", monkeypatch, capsys)
    assert code != 0
    assert "damaged" in shown
    assert "there is no action" not in shown
