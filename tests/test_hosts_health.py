"""How the hosts do: counted where links end, judged against their own past, shown by doctor and hosts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.clock import ManualClock, SystemClock
from bot.config import Config
from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    NeedsTokenError,
    NotAllowedError,
    TryLaterError,
    UnsupportedError,
)
from bot.hosts import HOSTS
from bot.loopback.answers import web_page
from bot.loopback.stage import Stage
from bot.pipeline import Pipeline
from bot.pipeline.scanning.host_health import HostRow, host_rows, outcome_of
from bot.samples import media
from bot.store import Store
from bot.store.health import KEPT_DAYS, HostOutcome

START = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


class Book:
    """A database of what came of asking hosts, and a clock."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.store = Store(None, self.clock)
        self.config = Config()

    def note(self, outcome: HostOutcome, times: int = 1, *, host: str = "redgifs", sentence: str = "") -> None:
        for _ in range(times):
            self.store.health.note(host, outcome, sentence)

    def past(self, **outcomes: int) -> None:
        """Note so many outcomes, over three days, and go on to the fourth."""
        for _ in range(3):
            for outcome, times in outcomes.items():
                self.note(outcome, times)  # type: ignore[arg-type]  # literals by construction
            self.clock.sleep(86_400)
        self.clock.sleep(7200)

    def row(self, host: str = "redgifs") -> HostRow:
        rows = host_rows(self.store, self.config, self.clock.now())
        assert [row.host for row in rows] == [plug.name for plug in HOSTS]
        return next(row for row in rows if row.host == host)


@pytest.fixture
def book() -> Iterator[Book]:
    book = Book()
    yield book
    book.store.close()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (HostChangedError("x"), "changed"),
        (GoneError("x"), "gone"),
        (BlockedError("x"), "blocked"),
        (NeedsTokenError("x"), "needs_token"),
        (UnsupportedError("x"), "unsupported"),
        (TryLaterError("x"), "failed"),
        (NotAllowedError("we are told not to"), None),
        (TryLaterError("it rests", retry_after=5.0), None),
    ],
)
def test_what_an_error_says_about_its_host(error: AcquireError, outcome: str | None) -> None:
    """Each failure is one outcome; what we did not ask says nothing about the host."""
    assert outcome_of(error) == outcome


def test_a_rate_limit_is_the_hosts_own_answer() -> None:
    """A 429 with a wish counts, unlike the waiting that follows from it."""
    error = TryLaterError("x", retry_after=5.0)
    error.status = 429
    assert outcome_of(error) == "failed"


def test_a_host_that_was_never_asked_is_unseen(book: Book) -> None:
    """Nothing is said about a host without links."""
    row = book.row()
    assert (row.state, sum(row.week.values()), row.report) == ("unseen", 0, "support@redgifs.com")


def test_counts_for_hour_day_and_week(book: Book) -> None:
    """Each span counts its own time, and a host that gives media is well."""
    book.note("resolved", 3)
    book.clock.sleep(5 * 3600)
    book.note("resolved", 2)
    book.note("gone")
    book.clock.sleep(2 * 86_400)
    book.note("resolved", 1)
    row = book.row()
    assert [span["resolved"] for span in (row.hour, row.day, row.week)] == [1, 1, 6]
    assert (row.week["gone"], row.day["gone"]) == (1, 0)
    assert (row.state, row.sentence) == ("ok", "1 of 1 link led to media today")


def test_a_changed_shape_is_an_alarm(book: Book) -> None:
    """Two answers in an unknown shape and no media since: the sentence says which and what to do."""
    book.past(resolved=20)
    book.note("resolved", 5)
    book.clock.sleep(60)
    book.note("changed", 2, sentence="redgifs answers without gif, which its plug relies on")
    row = book.row()
    assert row.state == "changed"
    assert "without gif" in row.sentence
    assert "newer version" in row.sentence


def test_one_odd_answer_is_no_alarm(book: Book) -> None:
    """A single page that is damaged, or some among many that are fine, do not make a broken host."""
    book.past(resolved=20)
    book.note("changed")
    assert book.row().state == "ok"
    book.note("changed")
    book.clock.sleep(60)
    book.note("resolved", 20)
    assert book.row().state == "ok"


def test_a_collapse_against_its_own_past(book: Book) -> None:
    """A host that gave most links and now refuses most is an alarm, in its own words."""
    book.past(resolved=20, blocked=2)
    book.note("blocked", 9, sentence="redgifs refuses to serve this to us (status 403)")
    book.note("resolved", 1)
    row = book.row()
    assert row.state == "collapsed"
    assert "10% of 10 links" in row.sentence
    assert "91% before" in row.sentence
    assert "403" in row.sentence


def test_a_breakdown_is_seen_before_the_good_day_is_over(book: Book) -> None:
    """Ten failures in the last hours count, although the day was good."""
    book.past(resolved=20)
    book.note("resolved", 100)
    book.clock.sleep(5 * 3600)
    book.note("failed", 10, sentence="redgifs did not answer in time")
    assert book.row().state == "collapsed"


def test_a_host_that_was_always_hard_is_no_alarm(book: Book) -> None:
    """The measure is the host's own past: what always fails half of the time may go on so."""
    book.past(resolved=10, needs_token=30)
    book.note("needs_token", 16)
    book.note("resolved", 4)
    assert book.row().state == "ok"


def test_a_new_installation_notices_that_nothing_comes(book: Book) -> None:
    """Without a past, only a host that gives nothing at all is an alarm."""
    book.note("blocked", 9)
    assert book.row().state == "ok"
    book.note("blocked", 1)
    assert book.row().state == "collapsed"
    book.note("resolved", 1)
    assert book.row().state == "ok"


def test_media_that_are_all_gone_at_once_are_suspicious(book: Book) -> None:
    """Some hosts show their stand-in for removed media to those whom they refuse; takedowns alone are no alarm."""
    book.past(resolved=20, gone=5)
    book.note("gone", 8)
    book.note("resolved", 12)
    assert book.row().state == "ok"
    book.clock.sleep(86_400)
    book.note("gone", 30)
    row = book.row()
    assert row.state == "collapsed"
    assert "open one by hand" in row.sentence


def test_a_dead_host_stays_quiet(book: Book) -> None:
    """Where nearly everything has always been gone, nothing collapses."""
    book.past(resolved=1, gone=40)
    book.note("gone", 40)
    assert book.row().state == "ok"


def test_a_host_that_is_off_says_so(book: Book) -> None:
    """What is switched off is no alarm whatever came of it, and says how it is switched on."""
    book.note("changed", 9)
    book.config = Config.model_validate({"hosts": {"redgifs": {"enabled": False}}})
    row = book.row()
    assert (row.enabled, row.state) == (False, "off")
    assert "[hosts.redgifs]" in row.sentence


def test_old_figures_are_forgotten(book: Book) -> None:
    """Hours beyond the kept days go with the next purge; the others stay."""
    book.note("resolved", 4)
    book.clock.sleep((KEPT_DAYS + 1) * 86_400)
    book.note("resolved", 2)
    assert book.store.health.forget() == 1
    tally = book.store.health.tallies(START - timedelta(1))["redgifs"]
    assert (tally["resolved"], tally.asked) == (2, 2)


def test_the_last_sentence_is_kept(book: Book) -> None:
    """Of several failures of one kind, the last one's words are shown, whatever hour they fell in."""
    for sentence in ("first", "second"):
        book.note("blocked", sentence=sentence)
        book.clock.sleep(3600)
    tally = book.store.health.tallies(START - timedelta(1))["redgifs"]
    assert (tally["blocked"], tally.sentences["blocked"]) == (2, "second")


# through the daemon and the command line


@pytest.fixture
def known() -> Sequence[bytes]:
    """Nothing: the bank is empty."""
    return ()


@pytest.mark.slow
def test_links_are_counted_where_they_end(world: Stage, bot: Pipeline) -> None:
    """Media, a removed one, a refusal and a changed answer are each counted at their host, without any address."""
    for number in range(4):
        url = world.park.add_imgur(f"Single{number}", media.still(900 + number, format="png"), "png")
        world.reddit.submit("quiet", author="a", title="x", url=f"{url.replace('imgur.com', 'i.imgur.com')}.png")
    world.park.gone("imgur", "Single1")
    world.park.fail_once("i.imgur.com", "/Single2.png", 403)
    clip = world.park.add_redgifs("QuietGreenHeron", hd=media.still(7, format="png"))
    world.reddit.submit("quiet", author="a", title="x", url=clip)
    for _ in range(3):
        world.park.fail_once("api.redgifs.com", "/v2/gifs/quietgreenheron", web_page())
    bot.tick()
    deps = bot.deps
    rows = {row.host: row for row in host_rows(deps.store, deps.config, deps.clock.now())}
    assert {outcome: n for outcome, n in rows["imgur"].hour.items() if n} == {"resolved": 2, "gone": 1, "blocked": 1}
    assert {outcome: n for outcome, n in rows["redgifs"].hour.items() if n} == {"changed": 1}
    tally = deps.store.health.tallies(deps.clock.now())
    sentences = [text for host in tally.values() for text in host.sentences.values()]
    assert any(sentences)
    assert not any("://" in text or "Single" in text or "heron" in text for text in sentences)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh installation whose redgifs has changed and whose imgur is well."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["init", "."]).exit_code == 0
    with Store(tmp_path / "data" / "gifwarden.db", SystemClock()) as store:
        store.health.note("imgur", "resolved")
        for _ in range(2):
            store.health.note("redgifs", "changed", "redgifs answers without gif, which its plug relies on")
    return tmp_path


def test_hosts_lists_every_host(installed: Path) -> None:
    """The list is for people and for programs, with counts, state, sentence and report channel."""
    result = CliRunner().invoke(app, ["hosts", "--json"])
    assert result.exit_code == 0
    rows = {row["host"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert list(rows) == [plug.name for plug in HOSTS]
    assert rows["imgur"]["state"] == "ok"
    assert rows["imgur"]["hour"]["resolved"] == 1
    assert rows["redgifs"]["state"] == "changed"
    assert rows["redgifs"]["report"] == "support@redgifs.com"
    shown = CliRunner().invoke(app, ["hosts"]).stdout
    assert "1/1" in shown
    assert "newer version" in shown


@pytest.mark.slow
def test_doctor_sounds_the_alarm(installed: Path) -> None:
    """A host that changed is a failure in doctor, in one sentence."""
    lines = [json.loads(line) for line in CliRunner().invoke(app, ["doctor", "--json"]).stdout.splitlines()]
    (finding,) = [line for line in lines if line["subject"] == "hosts" and line["level"] == "fail"]
    assert "redgifs answered 2 times today in a shape that its plug does not know" in finding["text"]
