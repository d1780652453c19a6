"""Backups: whole, private, restorable, checked; and old databases come along with all their data."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database
from typer.testing import CliRunner

from bot.cli import app
from bot.clock import ManualClock
from bot.encryption import FieldCipher, new_key
from bot.errors import StoreError
from bot.loopback.stage import START, Stage
from bot.migrations import known_steps, migrations
from bot.migrations.tables import START as FIRST
from bot.model import ActionState, CaseState, Link, NoticeState, Post
from bot.pipeline import Pipeline
from bot.store import Store
from bot.store.backup import check
from tests.bots import bot_on, near_copy, post_fake
from tests.killing import Silent
from tests.people import member


@pytest.mark.slow
def test_a_backup_goes_round(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """Restored with its key, the copy decides cases and banks from the sealed fingerprints, and does nothing twice."""
    name = post_fake(world, data=near_copy)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    copy = tmp_path / "copy.db"
    bot.deps.store.backup.write(copy)
    data = world.config.storage.path
    for file in data.glob("gifwarden.db*"):
        file.unlink()
    (data / "gifwarden.db").write_bytes(copy.read_bytes())
    with bot_on(world, Silent()) as restored:
        restored.deps.store.banks.create("more", "block")
        restored.decisions.cases.confirm(case.label, by=member(restored), why="seen", bank="more")
        restored.tick()
        assert len(restored.deps.store.review.made_by(case.id, "banked")) == 1
    assert [post for post, _, _ in world.reddit.reports] == [name]


@pytest.mark.slow
def test_what_was_planned_is_looked_into_after_a_restore(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """An action that was done after the backup was taken is found done, not done again."""
    post_fake(world, data=near_copy)
    bot.watch()
    bot.work()
    bot.deps.store.backup.write(tmp_path / "copy.db")
    bot.act()
    assert len(world.reddit.reports) == 1
    data = world.config.storage.path
    for file in data.glob("gifwarden.db*"):
        file.unlink()
    (data / "gifwarden.db").write_bytes((tmp_path / "copy.db").read_bytes())
    with bot_on(world, Silent()) as restored:
        restored.tick()
        states = {row.action.kind: row.state for row in restored.deps.store.actions.listing()}
        assert states == {"report": ActionState.DONE, "remove": ActionState.HELD}
    assert len(world.reddit.reports) == 1


def test_a_backup_is_private_and_overwrites_nothing(bot: Pipeline, tmp_path: Path) -> None:
    """Only the owner can read it, a second one of the same name is refused, and no half file stays behind."""
    copy = tmp_path / "copy.db"
    bot.deps.store.backup.write(copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    before = copy.read_bytes()
    with pytest.raises(StoreError, match="overwrites nothing"):
        bot.deps.store.backup.write(copy)
    with pytest.raises(StoreError, match="check the folder"):
        bot.deps.store.backup.write(tmp_path / "nowhere" / "copy.db")
    assert copy.read_bytes() == before
    assert [file.name for file in tmp_path.glob(".copy*")] == []


def test_a_backup_is_whole_while_others_write(tmp_path: Path) -> None:
    """A copy taken while another connection writes is sound and holds a moment, not a mixture."""
    path, clock = tmp_path / "busy.db", ManualClock(START)
    stop = threading.Event()

    def write() -> None:
        number = 0
        with Store(path, clock) as store:
            while not stop.is_set():
                number += 1
                post = Post(fullname=f"t3_{number}", subreddit="clips", permalink="/", created=START)
                link = Link(url=f"https://example.org/{number}", host="x", id=None, kind="media", source="url")
                store.links.add([(post, [link])])  # always both or none

    with Store(path, clock) as store:
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(5):
                store.backup.write(tmp_path / f"copy{number}.db")
                rows = check(tmp_path / f"copy{number}.db", None).rows
                assert rows["posts"] == rows["links"]
        finally:
            stop.set()
            writer.join()


def test_a_damaged_or_strange_copy_is_told(bot: Pipeline, world: Stage, tmp_path: Path) -> None:
    """Bytes turned over, another program's database, no database, no file: one sentence each."""
    post_fake(world)
    bot.tick()
    copy = tmp_path / "copy.db"
    bot.deps.store.backup.write(copy)
    data = bytearray(copy.read_bytes())
    for place in range(4096, len(data), 4096):
        data[place : place + 64] = bytes(64)
    (tmp_path / "damaged.db").write_bytes(data)
    (tmp_path / "text.db").write_text("no database")
    with contextlib.closing(sqlite3.connect(tmp_path / "strange.db")) as strange:
        strange.execute("create table t (a)")
    for name, said in (("damaged", "damaged"), ("text", "no database"), ("strange", "no database of this version")):
        with pytest.raises(StoreError, match=said):
            check(tmp_path / f"{name}.db", None)
    with pytest.raises(StoreError, match="there is no file"):
        check(tmp_path / "none.db", None)


@pytest.mark.slow
def test_the_check_tells_whether_the_key_fits(bot: Pipeline, world: Stage, tmp_path: Path) -> None:
    """With sealed fingerprints in the copy, the right key opens them and another one does not."""
    post_fake(world)
    bot.tick()
    bot.deps.store.backup.write(tmp_path / "copy.db")
    key = (world.config.storage.path / "key").read_text().strip()
    assert key.encode() not in (tmp_path / "copy.db").read_bytes()
    assert check(tmp_path / "copy.db", FieldCipher(key)).opens is True
    assert check(tmp_path / "copy.db", FieldCipher(new_key())).opens is False
    assert check(tmp_path / "copy.db", None).opens is None


def test_the_command_says_that_the_key_is_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder gets a file named by the time; the key and how to restore are said."""
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["init"])
    (tmp_path / "kept").mkdir()
    done = CliRunner().invoke(app, ["backup", "kept"])
    assert done.exit_code == 0, done.output
    (file,) = (tmp_path / "kept").iterdir()
    assert file.name.startswith("gifwarden-2")
    assert "not in the backup" in done.stdout
    assert CliRunner().invoke(app, ["backup", "--check", str(file)]).exit_code == 0
    assert CliRunner().invoke(app, ["backup", "--check", "config.toml"]).exit_code != 0


VALUES: dict[str, dict[str, Any]] = {
    "posts": {"data": '{"fullname":"t3_a","subreddit":"clips","permalink":"/r/clips/comments/a/x/",'
              '"created":"2026-01-01T00:00:00Z","author":"someone"}', "fullname": "t3_a"},
    "links": {"id": 1, "post": "t3_a", "state": "judged", "kind": "media", "host": "redgifs"},
    "fingerprints": {"link": 1, "media": 0},
    "evidence": {"link": 1, "data": '{"target":"x","link":{"url":"u","host":"redgifs","id":"i","kind":"media",'
                 '"source":"url"}}', "verdict": '{"outcome":"review"}'},
    "cases": {"id": 1, "link": 1, "post": "t3_a", "state": "open", "verdict": '{"outcome":"review"}', "label": "C-1"},
    "actions": {"id": 1, "case_id": 1, "post": "t3_a", "kind": "report", "state": "held", "params": "{}",
                "receipt": None},
    "notices": {"label": "N-1", "state": "drafted", "ground": None, "capacity": None, "stated_at": None},
    "notice_items": {"notice": "N-1", "case_id": 1, "viewed_at": None},
    "banks": {"id": 1, "kind": "block", "name": "fakes"},
    "entries": {"id": 1, "bank": 1, "label": "E-1", "state": "active"},
    "entry_files": {"entry": 1},
    "signals": {"id": 1, "entry": 1, "type": "pdq", "value": bytes(32), "quality": 90, "t": 0.5},
    "decisions": {"post": "t3_a"},
}  # fmt: skip


def old_database(path: Path) -> dict[str, int]:
    """Make a database of the very first version with a row in every table; return the number of rows by table."""
    with contextlib.closing(sqlite3.connect(path)) as raw:
        db = Database(raw, execute_plugins=False)
        second = next(step.name for step in migrations.pending(db) if step.name != "m0001_start")
        migrations.apply(db, stop_before=second)
        assert [step.name for step in migrations.applied(db)] == ["m0001_start"]
        tables = [text.split()[2] for text in FIRST if text.startswith("create table")]
        for table in tables:
            row: dict[str, Any] = {}
            for column in db.table(table).columns:
                default = 7 if column.type.lower() in ("integer", "real") else f"{table}-{column.name}"
                default = "2026-01-01T00:00:00+00:00" if column.name.endswith(("_at", "created", "at")) else default
                row[column.name] = bytes(8) if column.type.lower() == "blob" else default
            row |= VALUES.get(table, {})
            db.table(table).insert(row)
        raw.commit()
        return dict.fromkeys(tables, 1)


def test_a_database_of_the_first_version_comes_along_whole(tmp_path: Path) -> None:
    """Every row of every table is there after the upgrade, reads as before, and the shape is today's."""
    path = tmp_path / "old.db"
    tables = old_database(path)
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.row_factory = sqlite3.Row
        before = {table: dict(raw.execute(f"select * from {table}").fetchone()) for table in tables}
    with Store(path, ManualClock(START)) as store:
        assert {step.name for step in migrations.applied(store.connection.db)} == known_steps()
        for table, row in before.items():
            (after,) = store.connection.rows(f"select * from {table}")
            assert {name: after[name] for name in row} == row, table
        (case,) = store.cases.listing()
        assert (case.label, case.state, case.post.author) == ("C-1", CaseState.OPEN, "someone")
        assert [row.state for row in store.actions.listing()] == [ActionState.HELD]
        assert [row.state for row in store.notices.listing()] == [NoticeState.DRAFTED]
        assert [len(entry.signals) for entry in store.known.active(())] == [1]
        assert store.forgetting.forget_post("t3_a") == ("C-1",)


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """A step that this program does not know stops it before it changes anything."""
    path = tmp_path / "new.db"
    Store(path, ManualClock(START)).close()
    with contextlib.closing(sqlite3.connect(path)) as raw:
        db = Database(raw)
        db.table("_sqlite_migrations").insert(
            {"migration_set": "gifwarden", "name": "m9999_future", "applied_at": "2030-01-01"}
        )
        raw.commit()
    with pytest.raises(StoreError, match="newer gifwarden"):
        Store(path, ManualClock(START))
