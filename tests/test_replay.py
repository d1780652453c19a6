"""Replay: stored evidence judged again, under edited rules, fast, without changing anything."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.cli.rules import moment
from bot.clock import ManualClock, SystemClock
from bot.config import load as load_config
from bot.config import sealing_key
from bot.encryption import FieldCipher
from bot.errors import UsageError
from bot.model import Evidence, Link, Match, Post, Verdict
from bot.store import Store
from tests.benchmarks.replay import measure
from tests.slow import slow

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
COPY = Match(
    media=0, bank="known-fakes", bank_kind="block", entry="E-1", confirmed=True, method="pdq", signal="pdq", distance=8,
    frames=9, why="a near copy",
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh installation with three judgements: two near copies, one of them ten days old, and one clean link."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["init"]).exit_code == 0
    config = load_config(tmp_path / "config.toml")
    key = sealing_key(config.storage)
    assert key
    clock = ManualClock(SystemClock().now() - timedelta(days=10))
    with Store(config.storage.path / "gifwarden.db", clock, FieldCipher(key)) as store:
        for number, matches in ((1, (COPY,)), (2, (COPY,)), (3, ())):
            post = Post(
                fullname=f"t3_{number}", subreddit="example", permalink=f"/r/example/comments/{number}/x/",
                created=clock.now(), author="someone", title="look",
            )  # fmt: skip
            url = f"https://www.redgifs.com/watch/clip{number}"
            link = Link(url=url, host="redgifs", id=f"clip{number}", kind="media", source="url", post=post.fullname)
            store.links.add([(post, [link])])
            store.links.matched(number, Evidence(target=url, link=link, post=post.fullname, matches=matches))
            verdict = Verdict(outcome="act", rule="Near copy of a known fake", fired=("Near copy of a known fake",))
            store.links.judged(number, verdict if matches else Verdict(outcome="ignore"))
            if number == 1:
                store.cases.open(number, post.fullname, verdict)
                clock.sleep(9.5 * 86_400)
    return tmp_path


def run(*args: str) -> str:
    """Return what a command prints."""
    result = CliRunner().invoke(app, list(args))
    assert result.exit_code == 0, result.output
    return result.stdout


@slow
def test_edited_rules_show_what_would_change_by_rule_and_by_case(home: Path) -> None:
    """A tighter rule in another folder is tried out: which verdicts, rules and cases would differ."""
    other = home / "tighter"
    other.mkdir()
    text = (home / "rules" / "20-near-copies.yaml").read_text().split("examples:")[0].replace("<= 31", "<= 4")
    (other / "near.yaml").write_text(text)
    said = run("rules", "replay", "--rules", str(other))
    assert "2 of 3 judgements would change" in said
    assert "Near copy of a known fake" in said
    with Store(home / "data" / "gifwarden.db", SystemClock()) as store:
        (case,) = store.cases.listing()
        assert store.links.verdict(1) == case.verdict, "nothing is changed"
    assert case.label in said
    rows = [json.loads(line) for line in run("rules", "replay", "--rules", str(other), "--json").splitlines()]
    assert [(row["link"], row["case"], row["before"], row["after"]) for row in rows] == [
        (1, case.label, "act", "ignore"),
        (2, None, "act", "ignore"),
    ]


def test_since_leaves_out_what_is_older(home: Path) -> None:
    """`--since` takes a span or a day, and counts what was found since then only."""
    (home / "rules" / "20-near-copies.yaml").write_text("name: none\ntitle: nothing\naction: review\n")
    for since, links in (("3d", [2]), ("20d", [1, 2]), ("1h", [])):
        rows = [json.loads(line) for line in run("rules", "replay", "--since", since, "--json").splitlines()]
        assert [row["link"] for row in rows] == links
    assert "nothing would change in 0 judgements" in run("rules", "replay", "--since", "1h")


def test_the_same_actions_in_other_words_are_no_change(home: Path) -> None:
    """What is asked for counts, not how it is worded; a further action is a change."""
    file = home / "rules" / "20-near-copies.yaml"
    reported = run("rules", "replay", "--json")
    assert '"actions_after": ["report"]' in reported, "the stored verdict asked for nothing yet"
    file.write_text(file.read_text().replace("action: report", "action: report\nmodmail: look", 1))
    assert '"actions_after": ["report", "modmail"]' in run("rules", "replay", "--json")


def test_moments() -> None:
    """A span back from now, a day, a time with a zone; anything else is one sentence."""
    assert moment("7d", NOW) == NOW - timedelta(days=7)
    assert moment("12 h", NOW) == NOW - timedelta(hours=12)
    assert moment("2026-11-01", NOW) == datetime(2026, 11, 1, tzinfo=UTC)
    assert moment("2026-11-01T12:00+02:00", NOW) == datetime(2026, 11, 1, 10, tzinfo=UTC)
    for text in ("yesterday", "7", "d", "2026-13-01", ""):
        with pytest.raises(UsageError, match="is no moment"):
            moment(text, NOW)


@pytest.mark.slow
def test_many_judgements_are_replayed_without_holding_them(tmp_path: Path) -> None:
    """Memory does not grow with their number; how fast they are is for `tests.benchmarks.replay` to say."""
    figures = measure(3_000, tmp_path)
    assert figures["judgements"] == 3_000
    assert figures["changed"] > 1_000
    assert figures["grown_mb"] < 50
