"""Ways to break an installation: each takes a sound one; `tests.broken_table` says what each is."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from bot.assemble import DATABASE
from bot.cli import app
from bot.clock import iso
from bot.loopback.reddit.server import RedditServer

CONFIG = """
[reddit]
client_id = "loopback-client"
username = "gifwarden_bot"
contact = "head_moderator"

[subreddits.clips]
mode = "report"

[storage]
path = "data"
rules = "rules"
"""


@dataclass(slots=True, kw_only=True)
class Place:
    """A sound installation in a folder of its own, with a loopback Reddit; `stack` ends what a case starts."""

    folder: Path
    reddit: RedditServer
    stack: contextlib.ExitStack
    asked: dict[str, Any] = field(default_factory=dict)  # further conditions

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def database(self) -> Path:
        """The database."""
        return self.data / DATABASE

    def configure(self, more: str) -> None:
        """Add to the configuration."""
        with (self.folder / "config.toml").open("a") as file:
            file.write(more)

    def environ(self, **variables: str) -> None:
        """Set variables, or take them away with an empty value."""
        self.asked.setdefault("environ", {}).update(variables)

    def mount(self, path: Path | str, what: str) -> None:
        """Let something lie over a path."""
        self.asked.setdefault("mounts", {})[str(path)] = what

    def sql(self, *statements: str) -> None:
        """Change the database past the program."""
        with contextlib.closing(sqlite3.connect(self.database)) as raw:
            for statement in statements:
                raw.execute(statement)
            raw.commit()

    def mail(self, **keys: object) -> None:
        """Configure a mail server."""
        given = {"host": "127.0.0.1", "sender": "bot@example.org", "organisation": "us", "security": "none", **keys}
        self.configure("\n[mail]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in given.items()))

    def inbox(self, **keys: object) -> None:
        """Configure a mailbox."""
        given = {"host": "127.0.0.1", "security": "none", "username": "reader", "password": "x", **keys}
        self.configure("\n[inbox]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in given.items()))


def _toml(value: object) -> str:
    return str(value) if isinstance(value, int) else f'"{value}"'


def prepare(folder: Path, reddit: RedditServer) -> None:
    """Make the sound installation that all are copies of."""
    done = CliRunner().invoke(app, ["init", str(folder), "--by", "ann"])
    assert done.exit_code == 0, done.output
    (folder / "config.toml").write_text(CONFIG)
    reddit.add_subreddit("clips", moderators=["ann_mods"], bot_permissions=["posts", "mail"])


@contextlib.contextmanager
def copied(sound: Path, folder: Path, reddit: RedditServer) -> Iterator[Place]:
    """Yield a copy of the sound installation."""
    shutil.copytree(sound, folder)
    with contextlib.ExitStack() as stack:
        yield Place(folder=folder, reddit=reddit, stack=stack)


def seal_something(place: Place) -> None:
    """Put something into the database that only its key recognises."""
    place.sql("insert into never (mark, at) values ('mark', '2026-01-01T00:00:00Z')")


def no_config(place: Place) -> None:
    (place.folder / "config.toml").unlink()


def unreadable_config(place: Place) -> None:
    (place.folder / "config.toml").chmod(0o000)
    place.asked["no_rights"] = True


def config_is_folder(place: Place) -> None:
    (place.folder / "config.toml").unlink()
    (place.folder / "config.toml").mkdir()


def config_not_text(place: Place) -> None:
    (place.folder / "config.toml").write_bytes(b"[log]\nlevel = '\xff\xfe'\n")


def secret_in_config(place: Place) -> None:
    text = (place.folder / "config.toml").read_text()
    (place.folder / "config.toml").write_text(text.replace("[reddit]\n", '[reddit]\npassword = "hunter2"\n'))
    (place.folder / "config.toml").chmod(0o644)


def open_secret(place: Place) -> None:
    (place.folder / "secret").write_text("hunter2")
    (place.folder / "secret").chmod(0o644)
    place.environ(GIFWARDEN_REDDIT__PASSWORD="", GIFWARDEN_REDDIT__PASSWORD_FILE=str(place.folder / "secret"))


def missing_secret(place: Place) -> None:
    place.environ(GIFWARDEN_REDDIT__PASSWORD="", GIFWARDEN_REDDIT__PASSWORD_FILE="/nowhere/secret")


def open_key(place: Place) -> None:
    (place.data / "key").chmod(0o644)


def unwritable_data(place: Place) -> None:
    for file in place.data.iterdir():
        file.chmod(0o400)
    place.data.chmod(0o500)
    if os.geteuid() == 0:
        _give(place.folder, 0)
    place.asked["no_rights"] = True


def data_of_another(place: Place) -> None:
    place.asked["no_rights"] = True
    _give(place.data, 54321)


def _give(path: Path, user: int) -> None:
    for one in (path, *path.rglob("*")):
        os.chown(one, user, user)


def data_is_file(place: Place) -> None:
    shutil.rmtree(place.data)
    place.data.write_text("")


def no_data_parent(place: Place) -> None:
    (place.folder / "locked").mkdir(mode=0o500)
    text = (place.folder / "config.toml").read_text()
    (place.folder / "config.toml").write_text(text.replace('path = "data"', 'path = "locked/new/data"'))
    place.asked["no_rights"] = True


def read_only(place: Place) -> None:
    place.mount(place.data, "ro")


def nearly_full(place: Place) -> None:
    place.mount(place.data, "tmpfs 100m")


def full(place: Place) -> None:
    (place.data / "ballast").write_bytes(bytes(3 << 20))
    size = sum(file.stat().st_size + 4096 for file in place.data.iterdir())
    place.mount(place.data, f"tmpfs {size + 4096}")


def newer(place: Place) -> None:
    place.sql(
        "insert into _sqlite_migrations (migration_set, name, applied_at)"
        " values ('gifwarden', 'm9999_future', '2030-01-01')"
    )


def damaged_header(place: Place) -> None:
    _fold(place)
    with place.database.open("r+b") as file:
        file.write(b"\0" * 64)


def damaged_page(place: Place) -> None:
    with contextlib.closing(sqlite3.connect(place.database)) as raw:
        raw.executemany(
            "insert into audit (at, who, what, subject, why) values ('2026-01-01T00:00:00Z', 'ann', 'tried', ?, ?)",
            [(f"C-{number}", "x" * 300) for number in range(400)],
        )
        raw.commit()
    _fold(place)
    with contextlib.closing(sqlite3.connect(place.database)) as raw:
        root, size = (
            raw.execute("select rootpage from sqlite_master where name = 'audit'").fetchone()[0],
            raw.execute("pragma page_size").fetchone()[0],
        )
    data = place.database.read_bytes()
    inner = data[(root - 1) * size : root * size]
    leaf = int.from_bytes(inner[int.from_bytes(inner[12:14]) :][:4])  # the first child of the table's inner page
    with place.database.open("r+b") as file:
        file.seek((leaf - 1) * size)
        file.write(bytes(range(256)) * (size // 256))


def torn(place: Place) -> None:
    _fold(place)
    os.truncate(place.database, place.database.stat().st_size // 2 // 4096 * 4096)


def _fold(place: Place) -> None:
    with contextlib.closing(sqlite3.connect(place.database)) as raw:
        raw.execute("pragma wal_checkpoint(truncate)")


def not_a_database(place: Place) -> None:
    for file in place.data.glob(f"{DATABASE}*"):
        file.unlink()
    place.database.write_text("this is a text that somebody saved under that name\n" * 200)


def of_another_program(place: Place) -> None:
    for file in place.data.glob(f"{DATABASE}*"):
        file.unlink()
    place.sql("create table moz_places (id integer primary key, url text)")


def no_database(place: Place) -> None:
    for file in place.data.glob(f"{DATABASE}*"):
        file.unlink()


def log_alone(place: Place) -> None:
    with contextlib.closing(sqlite3.connect(place.database)) as raw:
        raw.execute("pragma wal_autocheckpoint = 0")
        raw.execute("update banks set name = name")
        raw.commit()
        log = place.database.with_name(DATABASE + "-wal").read_bytes()
    assert log
    for file in place.data.glob(f"{DATABASE}*"):
        file.unlink()
    place.database.with_name(DATABASE + "-wal").write_bytes(log)


def held(place: Place) -> None:
    file = place.stack.enter_context((place.data / f"{DATABASE}.lock").open("w"))
    fcntl.flock(file, fcntl.LOCK_EX)
    place.sql(f"insert into lease values ('daemon', 'here:1', '{_in(2)}')")


def stale(place: Place) -> None:
    place.sql(f"insert into lease values ('daemon', 'elsewhere:4711', '{_in(2)}')")


def _in(minutes: float) -> str:
    return iso(datetime.now(UTC) + timedelta(minutes=minutes))


def busy(place: Place) -> None:
    raw = place.stack.enter_context(contextlib.closing(sqlite3.connect(place.database, isolation_level=None)))
    raw.execute("pragma locking_mode = exclusive")
    raw.execute("begin exclusive")
    raw.execute("update versions set value = value")
    raw.execute("commit")
