"""Entries with a past: notes, whose words, hits, pages of many, and banking what is banked already."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from sqlite_utils import Database
from typer.testing import CliRunner, Result

from bot.cli import app, base
from bot.clock import ManualClock, minutes
from bot.encryption import FieldCipher, new_key
from bot.errors import SealError, StoreError, UsageError
from bot.loopback.stage import Stage, stage
from bot.migrations import migrations
from bot.model import Backing, CaseState, Credential, EntryNote, Fingerprint, Signal
from bot.model.past import LATEST, noted, time_in
from bot.pipeline import Pipeline
from bot.samples import media
from bot.store import EntryFilter, Store
from bot.store.backup import check
from bot.store.lists import Listed
from tests.bots import bank_the_fake, bot_on, fake, near_copy, post_fake
from tests.killing import Silent
from tests.people import at_home, member, typed, under

FOUND = Fingerprint(
    kind="image", format="png", sha256="aa" * 32, md5="bb" * 16, width=9, height=9, duration=None, frames=1
)
SEAL = FieldCipher(new_key())
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ORIGIN = "https://www.example.org/films/12"


Desk = tuple[Stage, Pipeline]
ROOT = Path(__file__).parent.parent


def run(*args: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, list(args))


def lines(result: Result) -> list[dict[str, Any]]:
    """Return the JSON lines that a command printed."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A loopback world and a bot on it, which the commands use too, by ann. The bank known-fakes is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GIFWARDEN_CONFIG", raising=False)
    assert run("init", "--by", "ann").exit_code == 0
    (tmp_path / "stage").mkdir()
    with stage(tmp_path / "stage") as world, bot_on(world, Silent()) as pipeline:
        pipeline.deps.store.banks.create("known-fakes", "block")
        at_home(pipeline)
        monkeypatch.setattr(base, "assembled", lambda *_args, **_parts: contextlib.nullcontext(pipeline))
        monkeypatch.setattr(base, "login_missing", lambda _config: None)
        yield world, pipeline


@pytest.fixture
def sealed(tmp_path: Path, clock: ManualClock) -> Any:
    """A store with a key, one bank and one entry, `label`."""
    with Store(tmp_path / "gifwarden.db", clock, SEAL) as store:
        store.banks.create("fakes", "block")
        label, _ = store.banks.add("fakes", FOUND, by=member(store))
        yield store, label


# notes


def test_a_note_is_sealed_for_its_row_and_goes_with_its_entry(sealed: tuple[Store, str], tmp_path: Path) -> None:
    """Neither note nor address stands in the file; in another row neither opens; the entry's end is theirs."""
    store, label = sealed
    given = EntryNote(note="her manager wrote to us", origin=ORIGIN, seconds=83)
    store.notes.put(label, given, by=member(store))
    (held,) = store.notes.of(label)
    assert (held.note, held.by, held.credential) == (given, "ann", Credential.SYSTEM_ACCOUNT)
    store.maintenance.truncate_log()
    written = (tmp_path / "gifwarden.db").read_bytes()
    assert b"manager" not in written
    assert b"example.org" not in written
    other, _ = store.banks.add("fakes", replace(FOUND, sha256="cc" * 32), by=member(store))
    store.connection.run(
        """insert into entry_notes select (select id from entries where label = ?), member, credential, at, sealed
           from entry_notes""",
        (other,),
    )
    with pytest.raises(SealError):
        store.notes.of(other)
    store.banks.destroy(label)
    assert store.notes.of(label) == ()
    with pytest.raises(StoreError, match="no active entry"):
        store.notes.put(label, given, by=member(store))


def test_nobodys_note_overwrites_anothers(sealed: tuple[Store, str]) -> None:
    """Each member has one note of an entry; what they leave out stays, and a new origin takes its old time along."""
    store, label = sealed
    ann, bob = member(store), member(store, "bob", credential=Credential.REDDIT)
    store.notes.put(label, EntryNote(note="one", origin=ORIGIN, seconds=83), by=ann)
    store.notes.put(label, EntryNote(note="another"), by=bob)
    store.notes.put(label, EntryNote(note="one, seen again"), by=ann)
    notes = {row.by: row.note for row in store.notes.of(label)}
    assert notes["ann"] == EntryNote(note="one, seen again", origin=ORIGIN, seconds=83)
    assert notes["bob"] == EntryNote(note="another")
    store.notes.put(label, EntryNote(origin="https://example.org/other"), by=ann)
    assert {row.by: row.note for row in store.notes.of(label)}["ann"].seconds is None
    with pytest.raises(UsageError, match="--origin"):
        store.notes.put(label, EntryNote(seconds=5), by=bob)
    assert store.notes.forget(label) == 2
    assert store.notes.of(label) == ()


def test_a_backup_carries_notes(sealed: tuple[Store, str], tmp_path: Path) -> None:
    """What was noted opens in a copy with the same key, and the copy says that it holds something sealed."""
    store, label = sealed
    store.notes.put(label, EntryNote(note="kept", origin=ORIGIN), by=member(store))
    copy = tmp_path / "copy.db"
    store.backup.write(copy)
    assert check(copy, SEAL).sealed == 1
    with Store(copy, store.connection.clock, SEAL) as restored:
        assert restored.notes.of(label)[0].note == EntryNote(note="kept", origin=ORIGIN)


def test_a_deleted_post_is_forgotten_in_notes_too(desk: Desk) -> None:
    """An origin that is the address of a post goes when the post is deleted, and the note loses its author."""
    world, pipeline = desk
    store = pipeline.deps.store
    label = bank_the_fake(pipeline)
    name = post_fake(world)
    pipeline.tick()
    (case,) = store.cases.listing()
    post = case.post
    kept = EntryNote(note="see the film", origin=ORIGIN, seconds=2)
    store.notes.put(
        label,
        EntryNote(
            note=f"u/poster put it up, {post.permalink}", origin=f"https://old.reddit.com{post.permalink}", seconds=3
        ),
        by=member(pipeline),
    )
    store.notes.put(label, kept, by=member(pipeline, "bob"))
    store.forgetting.forget_post(name)
    first, second = sorted((row.note for row in store.notes.of(label)), key=lambda one: one.origin)
    assert second == kept
    assert (first.origin, first.seconds) == ("", None)
    assert "poster" not in first.note
    assert post.fullname.partition("_")[2] not in first.note


@given(st.integers(0, int(LATEST)))
def test_a_time_is_read_as_it_is_shown(seconds: int) -> None:
    """Minutes and seconds, hours as well, and bare seconds are the same moment."""
    assert time_in(str(seconds)) == seconds
    if seconds < 60_000:
        assert time_in(minutes(seconds)) == seconds
    hours, rest = divmod(seconds, 3600)
    assert time_in(f"{hours}:{rest // 60:02d}:{rest % 60:02d}") == seconds


@given(st.text(max_size=12))
def test_what_is_no_time_is_refused_in_one_sentence(text: str) -> None:
    """Whatever is typed is a moment within a day, or an error that says how to write one."""
    try:
        seconds = time_in(text)
    except UsageError as error:
        said = str(error)
    else:
        assert 0 <= seconds <= LATEST
        return
    assert "1:23" in said
    assert "\n" not in said


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=8))
def test_what_is_noted_is_seen_or_refused(words: str, url: str, at: str) -> None:
    """A note holds what can be seen, an origin is a web address; all mistakes are told at once."""
    try:
        held = noted(words, url, at)
    except UsageError:
        return
    assert held is not None
    assert held.note.isprintable()
    assert held.origin.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "url", ["example.org/x", "ftp://example.org/x", "javascript:alert(1)", "https://", "https://ann:pw@example.org/",
            "https://exa mple.org", "https://example.org/\u202egpj", "https://[::1",
            f"https://example.org/{'a' * 2000}"],
)  # fmt: skip
def test_what_is_no_address_is_no_origin(url: str) -> None:
    """Other schemes, no host, passwords, unseen characters and endless addresses are refused in one sentence."""
    with pytest.raises(UsageError, match="--origin"):
        noted(None, url, None)


def test_all_mistakes_of_a_note_are_told_at_once() -> None:
    """An empty note, a bad address and a bad time are three mistakes in one sentence."""
    with pytest.raises(UsageError) as refused:
        noted(" ", "nowhere", "noon")
    assert all(option in str(refused.value) for option in ("--note", "--origin", "--at"))


# hits


@pytest.mark.slow
def test_hits_count_cases_and_what_became_of_them(desk: Desk) -> None:
    """Cases count for the entries they matched, by what was decided and by how they matched; a minor's does not."""
    world, pipeline = desk
    store = pipeline.deps.store
    label = bank_the_fake(pipeline)
    post_fake(world)
    post_fake(world, id="FourFiveSix", data=near_copy)
    post_fake(world, id="SevenEight", data=near_copy)
    pipeline.tick()
    first, second, third = store.cases.listing()
    hits = store.entries.past(label).hits  # type: ignore[union-attr]
    assert (hits.cases, hits.open, hits.exact) == (3, 3, 1)
    pipeline.decisions.cases.confirm(first.label, by=member(pipeline), why="it is")
    pipeline.decisions.cases.dismiss(second.label, by=member(pipeline), why="it is not")
    store.connection.run("delete from evidence where link = ?", (third.link,))  # as a suspected minor's is
    hits = store.entries.past(label).hits  # type: ignore[union-attr]
    assert (hits.cases, hits.confirmed, hits.dismissed, hits.open) == (2, 1, 1, 0)


def test_cases_of_an_earlier_version_count(tmp_path: Path, clock: ManualClock) -> None:
    """A database of an earlier version is carried forward with the hits that its evidence tells."""
    path = tmp_path / "gifwarden.db"
    old = Database(str(path))
    migrations.apply(old, stop_before="m0022_entry_past")
    matches = [
        {"entry": "E-1", "method": "pdq", "suppressed": False}, {"entry": "E-1", "method": "md5", "suppressed": False},
        {"entry": "E-2", "method": "local", "suppressed": True}, {"entry": "E-9", "method": "pdq", "suppressed": False},
    ]  # fmt: skip
    evidence = {"matches": matches, "source": [{"entry": "E-3"}, {"entry": "E-1"}]}
    at = "2026-01-01T00:00:00Z"
    old.execute("insert into banks (id, name, kind, created_at) values (1, 'fakes', 'block', ?)", [at])
    for number in (1, 2, 3):
        old.execute(
            "insert into entries (label, bank, state, added_by, added_at) values (?, 1, 'active', 'ann', ?)",
            [f"E-{number}", at],
        )
    old.execute("insert into posts values ('t3_a', 'clips', ?, '{}', ?)", [at, at])
    old.execute(
        """insert into links (id, post, url, host, kind, source, state, next_at, updated_at)
           values (1, 't3_a', 'u', 'direct', 'media', 'url', 'judged', ?, ?)""",
        [at, at],
    )
    old.execute("insert into evidence (link, data, at) values (1, ?, ?)", [json.dumps(evidence), at])
    old.execute(
        """insert into cases (label, link, post, state, verdict, opened_at)
           values ('C-1', 1, 't3_a', 'confirmed', '{}', ?)""",
        [at],
    )
    old.conn.commit()
    old.close()
    with Store(path, clock, FieldCipher(new_key())) as store:
        rows = store.connection.tuples(
            "select e.label, c.how from entry_cases c join entries e on e.id = c.entry order by 1"
        )
        assert rows == [("E-1", "exact"), ("E-2", "suppressed"), ("E-3", "same_footage")]
        assert store.entries.past("E-1").hits.confirmed == 1  # type: ignore[union-attr]


# pages of many


def test_a_page_holds_what_is_asked_for_newest_first(sealed: tuple[Store, str]) -> None:
    """Bank, state, list, label and waiting narrow; a limit cuts; the count is of all."""
    store, label = sealed
    ann = member(store)
    store.banks.create("others", "block")
    store.banks.create("fine", "allow")
    rows = [Listed(files=((f"{n:064x}", ""),)) for n in range(1, 6)]
    store.lists.take(store.lists.source("others", "partner"), rows[:3], by=ann)
    store.lists.take(store.lists.source("others", "union"), rows[3:], by=ann)
    store.lists.make_entries(f"L-{number}" for number in range(1, 6))
    allow, _ = store.banks.add("fine", FOUND, by=ann)
    entries = store.entries

    def labels(**asked: Any) -> list[str]:
        wanted = EntryFilter(**asked)
        found = [row.label for row in entries.stream(wanted)]
        assert entries.count(wanted) == len(found)
        assert [row.label for row in entries.page(wanted, 2)] == found[:2]
        assert [row.label for row in entries.stream(wanted, 1)] == found[:1]
        return found

    every = labels()
    assert (every[0], every[-1], len(every)) == (allow, label, 7)
    assert labels(bank="fakes") == [label]
    assert len(labels(source="partner")) == 3
    assert labels(label=label[2:7].upper()) == [label]
    assert labels(label="%") == []
    assert set(labels(waiting=True)) == set(every) - {allow}
    assert labels(waiting=True, trusted=("others",)) == [label]
    assert store.banks.confirm(label, by=member(store, "bob")) is Backing.TWO_PEOPLE
    assert label not in labels(waiting=True)
    store.banks.withdraw(every[1])
    assert labels(state="withdrawn") == [every[1]]
    assert entries.sources() == ["partner", "union"]


def test_a_list_that_is_cut_says_how_many_more(desk: Desk) -> None:
    """50 entries are shown unless told otherwise, each on a line of 80 columns; JSON tells all."""
    _, pipeline = desk
    store = pipeline.deps.store
    rows = [Listed(files=((f"{n:064x}", ""),)) for n in range(1, 61)]
    store.lists.take(store.lists.source("known-fakes", "partner"), rows, by=member(pipeline))
    store.lists.make_entries(f"L-{number}" for number in range(1, 61))
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["bank", "list", "--entries"]).stdout.splitlines()
    assert sum(line.startswith("L-") for line in shown) == 50
    assert len(shown) <= 54
    assert max(map(len, shown)) <= 80
    assert "the newest 50 of 60; more: --limit 60, all: --json" in " ".join(shown)
    assert len(lines(run("bank", "list", "--entries", "--json"))) == 60
    assert len(lines(run("bank", "list", "--entries", "--json", "--limit", "7"))) == 7
    assert "of 60" not in run("bank", "list", "--entries", "--limit", "60").stdout
    assert (
        lines(run("bank", "list", "--entries", "--from", "partner", "--json", "--limit", "1"))[0]["source"] == "partner"
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--entries", "--bank", "known-fake"), "did you mean known-fakes?"),
        (("--entries", "--from", "nobody"), "there is no list nobody"),
        (("--entries", "--state", "open"), "choose one of active, withdrawn"),
        (("--waiting",), "add --entries"),
        (("--limit", "3"), "add --entries"),
    ],
)
def test_a_filter_that_names_nothing_is_refused(desk: Desk, asked: tuple[str, ...], said: str) -> None:
    """A bank, list or state that there is not is one sentence, not an empty list."""
    result = run("bank", "list", *asked)
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)


# one entry on one screen


def test_show_tells_the_past_on_one_screen(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose word by which credential, note, origin and time, hits, what it holds and lacks, and what it needs."""
    world, pipeline = desk
    (tmp_path / "known.mp4").write_bytes(fake())
    (added,) = lines(
        run("bank", "add", "known-fakes", "known.mp4", "--note", "her agent wrote", "--origin", ORIGIN, "--at", "1:23",
            "--json")
    )  # fmt: skip
    label = added["entry"]
    post_fake(world)
    pipeline.tick()
    text = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["bank", "show", label]).stdout
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 24
    flat = " ".join(text.split())
    for part in (
        f"{label} in known-fakes (block), active", "a second person has to confirm it",
        "by ann", "under their own system account", "her agent wrote (ann", f"{ORIGIN} at 1:23 (ann",
        "1 case: 0 confirmed, 0 dismissed, 1 open; 1 by its very file", "corners, a motion signature; 1.0 s long",
    ):  # fmt: skip
        assert part in flat
    assert run("team", "add", "bob", "--role", "lead", "--account", "daemon").exit_code == 0
    under(monkeypatch, "daemon")
    seen = " ".join(run("bank", "confirm", label).stdout.split())
    assert seen.index("her agent wrote") < seen.index(f"{label} is confirmed by bob")
    (shown,) = lines(run("bank", "show", label, "--json"))
    assert [(word["by"], word["credential"]) for word in shown["words"]] == [
        ("ann", "system_account"),
        ("bob", "system_account"),
    ]
    assert shown["acts_alone"] is True
    assert shown["notes"][0] | {"at": None} == {
        "note": "her agent wrote", "origin": ORIGIN, "seconds": 83.0, "by": "ann", "credential": "system_account",
        "at": None,
    }  # fmt: skip


def test_what_an_entry_lacks_is_said(desk: Desk, tmp_path: Path) -> None:
    """A plain picture, a row of a list and a destroyed entry each say what they can not be known by."""
    _, pipeline = desk
    store = pipeline.deps.store
    (tmp_path / "white.png").write_bytes(media.encode_still(media.scene(5)[:1, :1].repeat(64, 0).repeat(64, 1)))
    (plain,) = lines(run("bank", "add", "known-fakes", "white.png", "--json"))
    assert "only its very file can match" in lines(run("bank", "show", plain["entry"], "--json"))[0]["lacks"][0]
    row = Listed(signals=(Signal(type="pdq", value=bytes(32), quality=100, t=0.0),))
    store.lists.take(store.lists.source("known-fakes", "partner"), [row], by=member(pipeline))
    store.lists.make_entries(["L-1"])
    listed = store.entries.page(EntryFilter(source="partner"), 1)[0].label
    (shown,) = lines(run("bank", "show", listed, "--json"))
    assert shown["from_list"] == "partner"
    assert "a list gives hashes only" in shown["lacks"][0]
    assert "a file's hash" in shown["lacks"][1]
    store.banks.destroy(listed)
    assert lines(run("bank", "show", listed, "--json"))[0]["lacks"] == ["everything: its fingerprints were destroyed"]


@pytest.mark.slow
def test_a_terminal_is_asked_before_the_word_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal `bank confirm` shows the entry, then asks; no leaves it as it was, --yes asks nothing."""
    monkeypatch.chdir(tmp_path)
    assert run("init", "--by", "ann").exit_code == 0
    (tmp_path / "known.png").write_bytes(media.still(503, format="png"))
    with Store(
        tmp_path / "data" / "gifwarden.db",
        ManualClock(START),
        FieldCipher((tmp_path / "data" / "key").read_text().strip()),
    ) as store:
        label, _ = store.banks.add("known-fakes", FOUND, by=member(store, "bob"))

    def at_terminal(answer: bytes, *more: str) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-c", "from bot.cli import main; main()", "bank", "confirm", label, *more],
            cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
            env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "dumb"},
        ) as process:  # fmt: skip
            os.close(theirs)
            os.write(ours, answer)
            said = b""
            while True:
                try:
                    part = os.read(ours, 4096)
                except OSError:
                    break
                if not part:
                    break
                said += part
            os.close(ours)
        return process.returncode, re.sub(r"\s+", " ", said.decode())

    code, said = at_terminal(b"n\n")
    assert code == 1
    assert said.index("added by bob") < said.index("do you give your word for it?")
    assert "waits as before" in said
    code, said = at_terminal(b"", "--yes")
    assert code == 0
    assert "added by bob" in said
    assert "do you give" not in said
    with sqlite3.connect(tmp_path / "data" / "gifwarden.db") as raw:
        assert raw.execute("select standing from entries where label = ?", (label,)).fetchone() == ("two_people",)
    raw.close()


# banking what is banked


def test_banking_a_known_file_adds_to_it(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note is added; another person's word is the second, the same one's and a typed one are not."""
    _, pipeline = desk
    store = pipeline.deps.store
    (tmp_path / "known.png").write_bytes(media.still(503, format="png"))
    first = lines(run("bank", "add", "known-fakes", "known.png", "--note", "one", "--json"))[0]
    again = run("bank", "add", "known-fakes", "known.png", "--origin", ORIGIN)
    assert "was there already" in again.stdout
    assert "ann put it in; before it acts alone" in " ".join(again.stdout.split())
    assert store.notes.of(first["entry"])[0].note == EntryNote(note="one", origin=ORIGIN)
    assert run("team", "add", "bob", "--role", "lead", "--account", "daemon").exit_code == 0
    assert "seconded" not in lines(run("bank", "add", "known-fakes", "known.png", "--by", "bob", "--json"))[0]
    assert store.banks.standing(first["entry"]) is Backing.WAITS
    under(monkeypatch, "daemon")
    said = run("bank", "add", "known-fakes", "known.png", "--note", "two")
    assert "your word is the second person's" in " ".join(said.stdout.split())
    assert store.banks.standing(first["entry"]) is Backing.TWO_PEOPLE
    assert [row.note.note for row in store.notes.of(first["entry"])] == ["one", "two"]
    third = lines(run("bank", "add", "known-fakes", "known.png", "--json"))[0]
    assert third == {"file": "known.png", "entry": first["entry"], "new": False}
    assert sum(row["what"] == "entry confirm" for row in store.review.history(first["entry"])) == 1


@pytest.mark.slow
def test_banking_a_near_copy_names_what_it_looks_like(desk: Desk, tmp_path: Path) -> None:
    """A smaller copy and a mirrored, cropped one get entries of their own, and the line names the other."""
    _, pipeline = desk
    label = bank_the_fake(pipeline)
    (tmp_path / "small.mp4").write_bytes(near_copy())
    said = " ".join(run("bank", "add", "known-fakes", "small.mp4").stdout.split())
    assert f"it looks like {label} in known-fakes: the same footage" in said
    (tmp_path / "other.png").write_bytes(media.still(911, format="png"))
    assert "near" not in lines(run("bank", "add", "known-fakes", "other.png", "--json"))[0]
    picture = media.still(503, format="png", width=640, height=360)
    (tmp_path / "one.png").write_bytes(picture)
    (one,) = lines(run("bank", "add", "known-fakes", "one.png", "--json"))
    (tmp_path / "two.png").write_bytes(_cropped(picture))
    (two,) = lines(run("bank", "add", "known-fakes", "two.png", "--json"))
    assert two["new"] is True
    assert [near["entry"] for near in two["near"]] == [one["entry"]]
    assert {"bank", "kind", "method", "unsure", "coverage_query", "why"} <= two["near"][0].keys()


def test_a_file_in_another_bank_and_a_withdrawn_one_are_named(desk: Desk, tmp_path: Path) -> None:
    """The very file in a second bank, or withdrawn before, is said beside the new entry."""
    (tmp_path / "known.png").write_bytes(media.still(503, format="png"))
    (first,) = lines(run("bank", "add", "known-fakes", "known.png", "--json"))
    assert run("bank", "create", "more").exit_code == 0
    (second,) = lines(run("bank", "add", "more", "known.png", "--json"))
    assert second["same_file"] == [{"entry": first["entry"], "bank": "known-fakes", "state": "active"}]
    assert run("bank", "remove", second["entry"]).exit_code == 0
    said = " ".join(run("bank", "add", "more", "known.png").stdout.split())
    assert f"gifwarden bank restore {second['entry']} brings that back" in said


def test_a_typed_name_seconds_nothing(desk: Desk) -> None:
    """Banking again under a name that somebody typed is nobody's second word."""
    _, pipeline = desk
    label = bank_the_fake(pipeline)
    found = pipeline.deps.workers.fingerprint(fake())
    banked = pipeline.decisions.bank.add("known-fakes", found, by=typed(pipeline, "bob", "ann"))
    assert (banked.label, banked.new, banked.seconded) == (label, False, False)


@pytest.mark.slow
def test_a_near_copys_case_says_what_to_compare_with(desk: Desk) -> None:
    """The entry's origin and the time in it, the times on both sides, and how often the entry was wrong before."""
    world, pipeline = desk
    label = bank_the_fake(pipeline)
    store = pipeline.deps.store
    store.notes.put(label, EntryNote(origin=ORIGIN, seconds=83), by=member(pipeline))
    post_fake(world, data=near_copy)
    pipeline.tick()
    (case,) = store.cases.listing()
    text = " ".join(run("cases", "show", case.label).stdout.split())
    assert f"compare {label}: {ORIGIN} at 1:23" in text
    assert re.search(r"its 0:00\.0 to 0:00\.\d with 0:00\.0 to 0:00\.\d here", text)
    (row,) = lines(run("cases", "show", case.label, "--json"))[0]["compare_with"]
    assert (row["entry"], row["origins"]) == (label, [{"origin": ORIGIN, "seconds": 83.0}])
    store.cases.decide(case.id, CaseState.DISMISSED, by=member(pipeline), why="as if it had taught nothing")
    post_fake(world, id="FourFiveSix", data=near_copy)
    pipeline.tick()
    newest = store.cases.listing()[0]
    text = " ".join(run("cases", "show", newest.label).stdout.split())
    assert f"{label} was wrong before: 1 of 1 decided" in text


def _cropped(data: bytes) -> bytes:
    picture = ImageOps.mirror(Image.open(io.BytesIO(data)).convert("RGB"))
    wide, high = picture.size
    out = io.BytesIO()
    picture.crop((wide // 8, high // 8, wide, high)).save(out, "JPEG", quality=80)
    return out.getvalue()
