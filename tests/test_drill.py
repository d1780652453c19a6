"""The drill: a backup is put back in private, opened with the key, compared, and leaves nothing behind."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.clock import ManualClock
from bot.encryption import FieldCipher, new_key
from bot.errors import GifwardenError, StoreError
from bot.loopback.stage import START, Stage
from bot.model import Link, Post
from bot.pipeline import Pipeline
from bot.store import Store
from bot.store.backup import Backup
from bot.store.drill import BESIDE, drill
from tests.bots import post_fake


def left_over(folder: Path) -> list[str]:
    """Return what a drill left in a folder."""
    return [file.name for file in folder.glob(f"{BESIDE}*")]


def test_a_drill_opens_everything_and_leaves_nothing(bot: Pipeline, world: Stage) -> None:
    """Rows as in the source, each sealed value opened with the key at hand, and no file stays."""
    post_fake(world)
    bot.tick()
    store, data = bot.deps.store, world.config.storage.path
    before = {file.name for file in data.iterdir()}
    done = drill(store, FieldCipher((data / "key").read_text().strip()))
    assert done.faults == ()
    assert done.opened == done.sealed > 0
    assert done.rows > 0
    assert done.bytes > 0
    assert {file.name for file in data.iterdir()} == before


def test_a_drill_sees_the_wrong_key_and_none(bot: Pipeline, world: Stage) -> None:
    """With another key, or without one, the copy cannot be relied on, and it says so."""
    post_fake(world)
    bot.tick()
    (wrong,) = drill(bot.deps.store, FieldCipher(new_key())).faults
    assert "is not the one that this database was sealed with" in wrong
    assert all("do not open with the key at hand" in one for one in drill(bot.deps.store, None).faults)
    assert drill(bot.deps.store, None).opened == 0
    assert left_over(world.config.storage.path) == []


def test_a_drill_sees_a_sealed_value_that_was_changed(bot: Pipeline, world: Stage) -> None:
    """The right key is not enough: what does not open is counted by table."""
    post_fake(world)
    bot.tick()
    bot.deps.store.connection.run(
        "update fingerprints set sealed = x'00' where rowid = (select max(rowid) from fingerprints)"
    )
    key = FieldCipher((world.config.storage.path / "key").read_text().strip())
    done = drill(bot.deps.store, key)
    assert any(one.startswith("table fingerprints: 1 sealed value") for one in done.faults), done.faults


def test_a_drill_sees_rows_that_are_missing(bot: Pipeline, world: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that lacks rows of the source is told, table by table."""
    post_fake(world)
    bot.tick()
    real = Backup.write

    def short(self: Backup, target: Path) -> None:
        real(self, target)
        with Store(target, ManualClock(START)) as copy:
            copy.connection.run("delete from audit")

    monkeypatch.setattr(Backup, "write", short)
    (fault,) = drill(bot.deps.store, FieldCipher((world.config.storage.path / "key").read_text().strip())).faults
    assert fault.startswith("table audit: 0 rows in the copy")


def test_a_drill_goes_on_beside_a_daemon(tmp_path: Path) -> None:
    """While another connection writes all the time, the copy is of one moment between, and nothing is missing."""
    path, stop = tmp_path / "busy.db", threading.Event()

    def write() -> None:
        number = 0
        with Store(path, ManualClock(START)) as store:
            while not stop.is_set():
                number += 1
                post = Post(fullname=f"t3_{number}", subreddit="clips", permalink="/", created=START)
                link = Link(url=f"https://example.org/{number}", host="x", id=None, kind="media", source="url")
                store.links.add([(post, [link])])

    with Store(path, ManualClock(START)) as store:
        writer = threading.Thread(target=write)
        writer.start()
        try:
            assert [drill(store, None).faults for _ in range(3)] == [(), (), ()]
        finally:
            stop.set()
            writer.join()


def test_a_drill_is_private_and_a_killed_one_is_swept(
    bot: Pipeline, world: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder and all in it are the owner's alone; one that a kill left goes with the next."""
    data = world.config.storage.path
    (data / f"{BESIDE}old").mkdir()
    (data / f"{BESIDE}old" / "copy.db").write_bytes(b"x")
    seen: list[int] = []
    real = Backup.write

    def watch(self: Backup, target: Path) -> None:
        real(self, target)
        seen.extend(stat.S_IMODE(place.stat().st_mode) for place in (target.parent, target))

    monkeypatch.setattr(Backup, "write", watch)
    drill(bot.deps.store, FieldCipher((data / "key").read_text().strip()))
    assert seen == [0o700, 0o600]
    assert left_over(data) == []
    with Store(None, ManualClock(START)) as memory, pytest.raises(StoreError, match="in memory"):
        drill(memory, None)


def test_the_command_says_how_long_how_large_and_where_the_key_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`backup --drill` ends with 0 where the copy can be relied on, with 1 and a sentence where not."""
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["init", "--by", "ann"])
    done = CliRunner().invoke(app, ["backup", "--drill"])
    assert done.exit_code == 0, done.output
    assert "keep a copy of data/key in another place" in " ".join(done.stdout.split())
    row = json.loads(CliRunner().invoke(app, ["backup", "--drill", "--json"]).stdout)
    assert row["faults"] == []
    assert row["bytes"] > 0
    for wrong in (("backup",), ("backup", "--drill", "somewhere"), ("backup", "--verify", "config.toml")):
        assert isinstance(CliRunner().invoke(app, list(wrong)).exception, GifwardenError)
