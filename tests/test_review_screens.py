"""What moderators read: lists and screens of cases."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app, base
from bot.clock import tenths
from bot.loopback.stage import Stage, stage
from bot.pipeline import Pipeline
from tests.bots import bank_the_fake, bot_on, fake, near_copy, post_fake
from tests.killing import Silent
from tests.people import at_home, under

Home = tuple[Stage, Pipeline]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A loopback world and a bot on it, which the commands use too."""
    monkeypatch.chdir(tmp_path)
    assert run("init")[0] == 0
    (tmp_path / "stage").mkdir()
    with stage(tmp_path / "stage") as world, bot_on(world, Silent()) as pipeline:
        bank_the_fake(pipeline)
        at_home(pipeline)
        monkeypatch.setattr(base, "assembled", lambda *_args, **_parts: contextlib.nullcontext(pipeline))
        monkeypatch.setattr(base, "login_missing", lambda _config: None)
        yield world, pipeline


def run(*args: str) -> tuple[int, str]:
    """Run a command in this process; return its exit code and what it printed."""
    done = CliRunner().invoke(app, list(args))
    return done.exit_code, done.stdout


def test_one_screen_holds_what_a_moderator_needs(home: Home) -> None:
    """Post, media, match with times, how sure, what speaks against it, actions, notice, history, and what to type."""
    world, bot = home
    post_fake(world, data=near_copy)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    code, text = run("cases", "show", case.label)
    assert code == 0
    for part in (
        "https://www.reddit.com/r/clips/comments/", "by u/poster", "look", "/watch/onetwothree",
        "video, 256x144, 1.0 s", "at 0:00.0 to 0:00.9 of this media",
        "in known-fakes (block)", "how sure: the same footage", "may be the genuine clip", "report: done",
        "gifwarden: case opened: act", f"gifwarden cases confirm {case.label} --by YOU",
    ):  # fmt: skip
        assert part in text
    assert len(text.splitlines()) <= 24


@pytest.mark.slow
def test_an_appeal_stands_out_in_list_and_screen(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """An appealed case is marked, can be listed alone, and names who must not decide it."""
    world, bot = home
    post_fake(world, data=near_copy)
    post_fake(world, id="FourFiveSix")
    bot.tick()
    newest, case = bot.deps.store.cases.listing()
    run("cases", "confirm", case.label, "--by", "ann")
    assert "another moderator than ann decides" in run("cases", "appeal", case.label, "--by", "ann")[1]
    rows = [json.loads(line) for line in run("cases", "list", "--appealed", "--json")[1].splitlines()]
    assert [(row["case"], row["appeal"]) for row in rows] == [(case.label, True)]
    assert newest.label in run("cases", "list")[1]
    assert "open, appeal" in run("cases", "list")[1]
    assert "decided by another moderator than ann" in run("cases", "show", case.label)[1]
    assert run("cases", "dismiss", case.label, "--by", "ann")[0] != 0
    assert run("team", "add", "bob", "--role", "reviewer", "--account", "daemon")[0] == 0
    assert run("cases", "dismiss", case.label, "--by", "bob")[0] != 0  # typed by ann
    under(monkeypatch, "daemon")
    assert "is dismissed" in run("cases", "dismiss", case.label)[1]


def test_an_allow_bank_says_what_it_speaks_against(home: Home, tmp_path: Path) -> None:
    """A media that is put into an allow bank is paired with what it resembles, or with what is named."""
    (tmp_path / "clip.mp4").write_bytes(near_copy())
    run("bank", "create", "innocent", "--kind", "allow")
    _, text = run("bank", "add", "innocent", "clip.mp4", "--by", "ann")
    (known,) = home[1].deps.store.banks.entries("known-fakes")
    assert f"speaks against: {known.label}" in text
    assert run("bank", "add", "known-fakes", "clip.mp4", "--by", "ann", "--against", known.label)[0] != 0


def test_confirming_says_what_a_second_moderator_has_to_do(home: Home) -> None:
    """What was banked is named, with the command for the second moderator."""
    world, bot = home
    run("bank", "create", "more")
    post_fake(world, data=fake)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    code, text = run("cases", "confirm", case.label, "--by", "ann", "--bank", "more", "--from", "0", "--to", "0.5")
    (label,) = bot.deps.store.review.made_by(case.id, "banked")
    assert code == 0
    assert f"gifwarden bank confirm {label}" in text
    assert run("cases", "confirm", case.label, "--by", "ann", "--from", "3")[0] != 0


def test_a_place_in_a_recording_never_reads_sixty_seconds() -> None:
    """Tenths are rounded before minutes are counted."""
    assert [tenths(at) for at in (0.0, 9.96, 59.94, 59.96, 61.5, 3600.0)] == [
        "0:00.0",
        "0:10.0",
        "0:59.9",
        "1:00.0",
        "1:01.5",
        "60:00.0",
    ]
