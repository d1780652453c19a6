"""The one world of a demo that is served: its folder, and how a command in another terminal comes into it.

The folder belongs to the user who runs the demo, nobody else reads it, and it is gone with the demo. In it stands on
which ports of this machine the world is; no configuration key and no environment variable says so, and what is read
there leads nowhere but to this machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.assemble import Outside
from bot.config import Config
from bot.errors import UsageError
from bot.loopback.network import LoopbackNetwork
from bot.loopback.stage import Sections, Stage, inbox, outside, settings

NOTE = "world.json"
POLL_SECONDS = 4.0
NONE_RUNS = "no demo runs here; start one in another terminal: {} demo --serve"
PROGRAM = "gifwarden"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The world of a running demo, for a command beside it."""

    config: Config
    outside: Outside


def program() -> str:
    """Return what a shell in this folder must be given to run this program: its name, or where it is if that is not it.

    Who ran it from an environment that is not activated has nothing under the name alone.
    """
    own = Path(sys.argv[0])
    if own.name != PROGRAM or not own.is_file():
        return PROGRAM
    found = shutil.which(PROGRAM)
    if found and Path(found).resolve() == own.resolve():
        return PROGRAM
    return min(str(own.absolute()), os.path.relpath(own), key=len)


def place() -> Path:
    """Return the folder of this user's demo."""
    return Path(tempfile.gettempdir()) / f"gifwarden-demo-of-{os.geteuid()}"


def sections(port: int) -> Sections:
    """Return what the configuration of a demo that is served says beside that of any other; `port`: the console's."""
    return {
        "reddit": {"poll_seconds": POLL_SECONDS, "lookback_hours": 24},
        "orders": {"poll_seconds": POLL_SECONDS},
        "digest": {"by": "off"},
        "web": {"port": port},
    }


@contextlib.contextmanager
def taken(folder: Path) -> Iterator[None]:
    """Own the folder while a demo runs; it is gone afterwards, and what a killed demo left in it is gone before.

    Raises UsageError if another demo has it, or somebody else owns it.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {folder}: {error.strerror}; set TMPDIR to one that you own") from None
    _own(folder)
    with os.fdopen(_note(folder, os.O_RDWR | os.O_CREAT), "r+", encoding="utf-8") as note:
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"a demo is served here already; for its console: {program()} demo -- review, or end it by Ctrl-C there"
            ) from None
        for left in folder.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            elif left.name != NOTE:
                left.unlink()
        note.truncate(0)
        try:
            yield
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def note(folder: Path, stage: Stage) -> None:
    """Write down on which ports a world is, for commands beside it."""
    names, ports = stage.park.network.roads
    facts = {
        "reddit": stage.reddit.port,
        "mail": stage.mail.port,
        "answers": stage.config.inbox.port,
        "console": stage.config.web.port,
        "login": stage.reddit.login,
        "names": names,
        "ports": ports,
    }
    (folder / NOTE).write_text(json.dumps(facts), encoding="utf-8")


def found(folder: Path) -> World:
    """Return the world of the demo that runs. Raises UsageError if none does."""
    try:
        _own(folder)
        with os.fdopen(_note(folder, os.O_RDONLY), encoding="utf-8") as held:
            if not _is_held(held.fileno()):
                raise UsageError(NONE_RUNS.format(program()))
            text = held.read()
    except OSError:
        raise UsageError(NONE_RUNS.format(program())) from None
    if not text:
        raise UsageError("the demo is just starting; try again in some seconds")
    facts = json.loads(text)
    network = LoopbackNetwork((facts["names"], facts["ports"]))
    beside = {**sections(facts["console"]), "inbox": inbox(facts["answers"])}
    return World(
        config=settings(folder, facts["login"], facts["mail"], gallery=True, sections=beside),
        outside=outside(f"http://127.0.0.1:{int(facts['reddit'])}", network),
    )


def _own(folder: Path) -> None:
    """Raise UsageError if a folder is not this user's alone: whoever else writes into it could lead us elsewhere."""
    there = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or there.st_uid != os.geteuid() or there.st_mode & 0o077:
        raise UsageError(f"{folder} is not yours alone; remove it, or set TMPDIR to a folder that you own")


def _is_held(file: int) -> bool:
    """Return whether a running demo holds the note: its lock ends with it, however it ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def _note(folder: Path, flags: int) -> int:
    """Open the note, for us alone; a link in its place leads nowhere."""
    return os.open(folder / NOTE, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
