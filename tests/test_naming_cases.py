"""How cases are named at the terminal: by label, by how it begins, by their post; several at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.assemble import open_store
from bot.cli import app
from bot.clock import SystemClock
from bot.config import load
from bot.errors import UsageError
from bot.store import Store
from tests.raids import case_of


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The database of an installation that is the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIFWARDEN_REVIEW__TAKE_BACK_SECONDS", "0")
    assert CliRunner().invoke(app, ["init", "--by", "ann"]).exit_code == 0
    with open_store(load(Path("config.toml"), hosts=()), SystemClock()) as opened:
        yield opened


def labelled(store: Store, *labels: str) -> None:
    """Open cases with these labels, the first on post t3_1."""
    for number, label in enumerate(labels, 1):
        case = case_of(store, number, [label])
        store.connection.run("update cases set label = ? where id = ?", (label, case.id))


def shown(*names: str) -> list[str]:
    """Return the labels of the cases that `cases show` shows."""
    done = CliRunner().invoke(app, ["cases", "show", *names, "--json"])
    assert done.exit_code == 0, done.exception
    return [json.loads(line)["case"] for line in done.stdout.splitlines()]


def refused(*names: str, command: str = "show") -> tuple[str, ...]:
    """Return the sentences with which names are refused."""
    error = CliRunner().invoke(app, ["cases", command, *names]).exception
    assert isinstance(error, UsageError), error
    return error.mistakes


def test_a_case_is_named_by_label_beginning_or_post(store: Store) -> None:
    """In any case of letters, with or without a scheme, as old or short address, as fullname or bare id."""
    labelled(store, "C-3f9c2a71b0", "C-3f9d000000", "C-4000000000")
    case = case_of(store, 0x1ABCDE, ["x"])
    store.connection.run("update cases set label = 'C-5000000000' where id = ?", (case.id,))
    fourth = store.cases.of_id(case.id)
    for name in ("C-3f9c2a71b0", "C-3f9c", "c-3F9C", " C-3f9c2 "):
        assert shown(name) == ["C-3f9c2a71b0"], name
    for name in (
        "https://www.reddit.com/r/Clips/comments/1abcde/x/", "old.reddit.com/r/clips/comments/1abcde",
        "https://redd.it/1abcde", "/r/clips/comments/1abcde/", "t3_1abcde", "T3_1ABCDE", "1abcde", fourth.label,
    ):  # fmt: skip
        assert shown(name) == [fourth.label], name
    assert shown("C-4", "1abcde", "C-3f9c", "C-40") == ["C-4000000000", fourth.label, "C-3f9c2a71b0"]


def test_all_cases_of_a_post_are_meant_by_its_name(store: Store) -> None:
    """Where one is wanted, the sentence names those that there are."""
    one = case_of(store, 0x1ABCDE, ["x"], id="first")
    other = case_of(store, 0x1ABCDE, ["y"], id="second")
    assert shown("1abcde") == [one.label, other.label]
    (sentence,) = refused("1abcde", command="appeal")
    assert f"2 cases; name {one.label} or {other.label}" in sentence


def test_a_beginning_of_several_names_them(store: Store) -> None:
    """Up to five of them; a whole label is never a beginning."""
    labelled(store, "C-3f00000001", "C-3f00000002", "C-3f00000003")
    (sentence,) = refused("C-3f")
    assert sentence == "C-3f may be C-3f00000003, C-3f00000002 or C-3f00000001; write more of it"
    for number in range(4, 9):
        case = case_of(store, number, [str(number)])
        store.connection.run("update cases set label = ? where id = ?", (f"C-3f0000000{number}", case.id))
    (sentence,) = refused("C-3f")
    assert sentence.count("C-3f0") == 5
    assert "or another; write more of it" in sentence
    assert shown("C-3f00000001") == ["C-3f00000001"]


def test_all_mistakes_are_told_at_once(store: Store) -> None:
    """A sentence each, and nothing is shown or done."""
    labelled(store, "C-3f9c2a71b0")
    store.connection.run("insert into posts select 't3_seen', subreddit, created, data, seen_at from posts")
    told = refused(
        "C-3f9c2a71b1", "C-3f9c", "t3_seen", "redd.it/other1", "https://reddit.com/r/clips/s/AbCd", "7", "E-00", "C-",
        "", "https://example.com/x",
    )  # fmt: skip
    assert [sentence.partition("; ")[0] for sentence in told] == [
        "there is no case C-3f9c2a71b1",
        "there is no case of t3_seen: the post was seen, and no rule holds",
        "there is no case of redd.it/other1: that post was never seen",
        "https://reddit.com/r/clips/s/AbCd is a share link, which holds no id",
        "7 is the number of an action, not a case",
        "E-00 names an entry of a bank, not a case",
        "there is no case C-",
        "a case is named by an empty word",
        "there is no case https://example.com/x",
    ]
    assert "did you mean C-3f9c2a71b0?" in told[0]


@pytest.mark.parametrize("command", ["confirm", "dismiss", "undo", "appeal", "minor"])
def test_commands_that_decide_take_the_beginning_of_a_label(store: Store, command: str) -> None:
    """An ambiguous one decides nothing."""
    labelled(store, "C-3f00000001", "C-3f00000002", "C-4000000000")
    (sentence,) = refused("C-3f", command=command)
    assert "write more of it" in sentence
    done = CliRunner().invoke(app, ["cases", command, "C-4"])
    assert "C-4000000000" in done.output or "client_id" in str(done.exception), done.exception
