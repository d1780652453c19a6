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
from bot.text import wrapped
from tests.bots import bank_the_fake, bot_on, fake, near_copy, post_fake
from tests.killing import Silent
from tests.people import at_home, under

Home = tuple[Stage, Pipeline]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A loopback world and a bot on it, which the commands use too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIFWARDEN_REVIEW__TAKE_BACK_SECONDS", "0")
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
        "in known-fakes (block)", "how sure: the same footage", "may be the genuine clip", "done  report (2026-",
        "act by rule 'Near copy of a known fake'", f"gifwarden cases confirm {case.label} --by YOU",
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


@pytest.mark.parametrize("width", [60, 80])
def test_a_page_says_each_thing_once_and_cuts_no_word(home: Home, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Of a raid in a subreddit that is observed: the group, what would be done, the words, what comes next."""
    world, bot = home
    url = world.park.add_redgifs("OneTwoThree", hd=fake())
    for number in range(3):
        world.reddit.submit("quiet", author=f"poster{number % 2}", title=f"a title of words {number}", url=url)
    bot.tick()
    case = bot.deps.store.cases.listing()[0]
    monkeypatch.setenv("COLUMNS", str(width))
    code, text = run("cases", "show", case.label)
    lines = text.splitlines()
    assert code == 0
    assert len(lines) <= 40
    assert all(len(line) <= width or len(line.split()) == 1 for line in lines), text
    told = " ".join(text.split())
    for once in (
        "one of 3 posts with this very media, by 2 authors (3 open)", "the same file, byte for byte",
        "would report, remove, modmail (r/quiet is in mode observe)", "Known fake, exact file", "a title of words",
        "opened 20", f"gifwarden cases list --same-media {case.label}", f"cases confirm {case.label}",
    ):  # fmt: skip
        assert told.count(once) == 1, (once, text)
    assert "case opened" not in told
    shown = json.loads(run("cases", "show", case.label, "--json")[1])
    assert shown["group"]["posts"] == 3
    assert shown["history"]


def test_history_keeps_what_people_did(home: Home) -> None:
    """What the program did is told with the action and its moment; what a person decided stands in the history."""
    world, bot = home
    post_fake(world, data=near_copy)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    run("cases", "dismiss", case.label, "--by", "ann", "--why", "satire")
    text = " ".join(run("cases", "show", case.label)[1].split())
    assert "history 20" in text
    assert "ann: case dismissed: satire" in text
    assert "report done" not in text


def test_an_address_longer_than_a_line_stays_whole() -> None:
    """It has a line of its own, with as little in front as it leaves room for, so that it can be copied."""
    for width, front in ((80, 10), (60, 5), (40, 0)):
        url = "https://example.net/" + "x" * 35
        lines = wrapped(f"    link  {url}", width, 10).splitlines()
        assert url in [line.strip() for line in lines] or len(lines) == 1
        assert lines[-1].index("https") == front, (width, lines)
