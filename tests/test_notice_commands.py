"""The commands on what stands on drafts, and on grounds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.assemble import DATABASE
from bot.cli import app
from bot.clock import SystemClock
from bot.store import Store
from tests.notice_desk import Desk

CONFIG = """[reddit]
client_id = "x"
username = "bot"
[subreddits.clips]
mode = "report"
[mail]
host = "127.0.0.1"
sender = "notices@mods.example"
organisation = "Example Moderators"
"""


def run(*args: str) -> str:
    """Run a command; return what it says, on one line."""
    done = CliRunner().invoke(app, list(args))
    return " ".join((done.output + str(done.exception or "")).split())


def test_a_draft_is_changed_and_stated_by_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Split, moved, dropped and asked for again; a ground is recorded once and offered; what happened is told."""
    monkeypatch.chdir(tmp_path)
    run("init", "--by", "ann")
    (tmp_path / "config.toml").write_text(CONFIG)
    with Store(tmp_path / "data" / DATABASE, SystemClock()) as store:
        desk = Desk(store)
        name = desk.draft("happycat", "one", ranges=((3.0, 7.5),), rendition="mp4, 640x360")
        assert desk.draft("quickfox", "one") == desk.draft("slowdog", "one") == name
        other, entry = desk.draft("redbird", "two"), desk.entry("one")
        case = store.cases.of_id(desk.cases[0]).label
    assert "is drafted with quickfox" in run("notices", "split", name, "quickfox")
    assert "quickfox does not stand on notice" in run("notices", "drop", name, "quickfox")
    assert "give its own ground" in run("notices", "move", name, "slowdog", "--to", other)
    own = ("--ground", "citable_list", "--detail", "list 7, row 3")
    assert "moved from" in run("notices", "move", name, "slowdog", "--to", other, *own)
    assert "which is retracted" in run("notices", "drop", name, "happycat", "--why", "not hers")
    said = run("notices", "draft", case)
    again = said.split()[-1]
    assert "media stands on N-" in said
    assert "a ground and its detail go together" in run("notices", "ground", entry, "--ground", "citable_list")
    assert "name media on it with --item" in run("notices", "ground", name, *own)
    assert "no active entry and no protected person E-0" in run("notices", "ground", "E-0", *own)
    assert "is citable_list: list 7, row 3" in run("notices", "ground", desk.entry("two"), *own)
    assert json.loads(run("notices", "ground", "--json")) == {
        "of": desk.entry("two"), "ground": "citable_list", "detail": "list 7, row 3"
    }  # fmt: skip
    assert "slowdog is forgotten" in run("notices", "ground", other, "--item", "slowdog", "--forget")
    shown = run("notices", "show", other)
    for words in (
        "it cannot be stated yet: notice",
        "1 media moved here from",
        "put on it: redbird",
        "lists different",
    ):
        assert words in shown, words
    assert "the ground of slowdog is" in run("notices", "ground", other, "--item", "slowdog", *own)
    to = ("--to", "abuse@host.example", "--yes")
    assert "is confirmed" in run("notices", "confirm", other, *to)  # on the recorded ground
    assert "for this media none is recorded" in run("notices", "confirm", again, *to)
    kinds = [event["kind"] for event in json.loads(run("notices", "show", other, "--json"))["events"]]
    assert kinds == ["drafted", "changed", "confirmed"]
    assert "the ground of" in run("notices", "ground", desk.entry("two"), "--forget")
    assert json.loads(run("notices", "ground", "--json"))["of"] == entry  # which was stated as slowdog's own
    run("notices", "ground", entry, "--forget")
    assert run("notices", "ground") == "no grounds are recorded"
