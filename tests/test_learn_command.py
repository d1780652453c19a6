"""`gifwarden learn` as a moderator types it: from a first look at the past to a first decided proposal."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import iso
from bot.loopback.reddit.past import FAKE, FLAIR, MACHINE_RULE, NOTE, RULE, Past, Plan, play
from tests.evening import COLUMNS, Evening, evening
from tests.learning import files

CONFIG = """[reddit]
client_id = "{id}"
username = "example_bot"
contact = "ann_mods"
[subreddits.example]
mode = "observe"
"""
LEASE = "insert into lease (name, holder, expires_at) values ('daemon', 'elsewhere:1', ?)"
LABEL = re.compile(r"\bC-[0-9a-f]{10}\b")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Evening]:
    """An installation of one evening."""
    with evening(tmp_path, monkeypatch) as built:
        assert built.type("gifwarden init --by Ann")[0] == 0
        (tmp_path / "config.toml").write_text(CONFIG.format(id=built.reddit.client_id), encoding="utf-8")
        yield built


@pytest.fixture
def past(world: Evening) -> Plan:
    """Sixty removals."""
    return play(Past(world.reddit, world.park, "example"), files(3), removals=60, now=datetime.now(UTC))


def typed(world: Evening, line: str, code: int = 0) -> str:
    """Type a command; return what appears, which fits the terminal."""
    got, shown = world.type(line)
    assert got == code, shown
    assert all(len(row) <= COLUMNS for row in shown.splitlines()), shown
    return " ".join(shown.split())


def named(world: Evening, *options: str) -> str:
    """Name what means a fake."""
    return typed(world, f"gifwarden learn example --reason '{FAKE}' {' '.join(options)}")


@pytest.mark.slow
def test_a_first_look_shows_what_there_is_and_guesses_nothing(world: Evening, past: Plan) -> None:
    """Reasons, notes, rules and flairs with counts, what is left out and why, how far back, and what to type."""
    shown = typed(world, "gifwarden learn example")
    for words in (FAKE, NOTE, FLAIR, RULE, MACHINE_RULE, "by [user] again", "reaches back about three months"):
        assert words in shown
    assert f"{past.kinds['age'] + past.kinds['trap'] - 1} speak of age: nothing of them is fetched" in shown
    assert "https://report.cybertip.org" in shown
    assert "gifwarden learn example --reason 'TEXT' --rule 'TEXT' --flair 'TEXT'" in shown
    assert "some_poster" not in shown
    assert typed(world, "gifwarden cases list --proposals") == "no proposals"
    assert [request.path for request in world.park.log] == []


@pytest.mark.slow
def test_from_a_choice_to_a_first_decision(world: Evening, past: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    """Named, looked at, listed apart, shown without who posted it, and put into the bank by one word."""
    before = len(world.reddit.log)
    shown = named(world, f"--reason '{NOTE}'", f"--rule '{RULE}'", "--flair '*fake*'")
    assert "next: gifwarden run --once looks at them now" in shown
    assert shown.endswith("then: gifwarden cases list --proposals")
    assert len(world.reddit.log) - before < 20
    waiting = typed(world, "gifwarden cases list --proposals")
    assert "wait to be looked at next: gifwarden run --once looks at them now" in waiting
    assert "wait to be looked at; see: gifwarden cases list --proposals" in typed(world, "gifwarden cases list")
    assert "gone from their hosts" not in waiting
    with closing(sqlite3.connect(next(Path.cwd().rglob("*.db")))) as database, database:
        database.execute(LEASE, (iso(datetime.now(UTC) + timedelta(minutes=1)),))
    assert "next: wait; the daemon looks at them" in typed(world, "gifwarden cases list --proposals")
    with closing(sqlite3.connect(next(Path.cwd().rglob("*.db")))) as database, database:
        database.execute("delete from lease")
    typed(world, "gifwarden run --once")
    assert "proposals from past removals: gifwarden cases list --proposals" in typed(world, "gifwarden cases list")
    listed = typed(world, "gifwarden cases list --proposals")
    assert "media learnt from the past: " in listed
    assert f"{len(past.gone & past.shown)} gone from their hosts" in listed
    assert "gifwarden run" not in listed
    labels = list(dict.fromkeys(LABEL.findall(listed)))
    assert len(labels) == len(past.groups) + 2  # what other installations know or allow is new here
    page = typed(world, f"gifwarden cases show {labels[0]}")
    assert re.search(
        r"past removed \d+ times in r/example between \d{4}-\d\d-\d\d and \d{4}-\d\d-\d\d, by \d moder", page
    )
    assert "what was said of it" in page
    capsys.readouterr()
    typed(world, f"gifwarden cases show {labels[0]} --json")
    data = json.loads(capsys.readouterr().out)
    assert data["proposal"] == "known-fakes"
    for text in (page, json.dumps(data)):
        assert "poster_" not in text
        assert not re.search(r"\bt[13]_\w+|/comments/|author_id", text)
    done = typed(world, f"gifwarden cases confirm {labels[0]} --now")
    assert "nothing is done to any post" in done
    assert "before it acts alone, another moderator confirms it: gifwarden bank confirm E-" in done
    for words in ("confirm {} --now", "confirm {} --dry-run", "dismiss {} {}"):
        line = f"gifwarden cases {words.format(labels[0], labels[1])}"
        refused = typed(world, line, code=2)  # before anything is said that will be done
        assert "undo that first" in refused
        assert "will be" not in refused
        assert "media goes into" not in refused
    typed(world, f"gifwarden cases dismiss {labels[1]} --now")
    rest = typed(world, "gifwarden cases list --proposals")
    assert set(LABEL.findall(rest)) == set(labels[2:])
    again = typed(world, "gifwarden learn example")
    assert f"{len(past.gone & past.shown)} gone from their hosts" in again
    assert "proposed, or wait for their day" in again
    assert not any((world.reddit.removals, world.reddit.reports, world.reddit.modmails))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("learn exmaple", "did you mean example"),
        ("learn Winter", "add a section [subreddits.winter] to the configuration (config.toml)"),
        ("about winter", "watched is: example; to watch it, add a section [subreddits.winter]"),
        ("learn example --reason Deepfakes", "no removal in r/example has the reason 'Deepfakes'"),
        ("learn example --flair '*nothing*' --rule none", "has the rule 'none'"),
        ("learn example --reason ''", "an empty text names nothing"),
        ("learn example --bank nowhere", "there is no bank nowhere"),
        ("learn example --list-reasons --flair x", "--list-reasons only shows what was met"),
    ],
)
def test_a_mistake_is_one_sentence(world: Evening, past: Plan, line: str, said: str) -> None:
    """What is wrong, and what to do; nothing is chosen then."""
    assert past.kinds
    assert said in typed(world, f"gifwarden {line}", code=2)
    assert typed(world, "gifwarden cases list --proposals") == "no proposals"


@pytest.mark.slow
def test_a_past_without_removals_says_so(world: Evening) -> None:
    """A new subreddit has nothing to choose from."""
    shown = typed(world, "gifwarden learn example")
    assert "0 removals met" in shown
    assert "nothing can be chosen" in shown
