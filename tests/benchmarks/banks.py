"""How long `bank list --entries` takes with large banks: `python -m tests.benchmarks.banks [NUMBER] [FOLDER]`.

Writes a database of so many generated entries (201,360 unless told otherwise) from two lists and a bank of
people's own into a folder; then runs each command as a process of its own and prints how long it took, what of that is
processor time, and its first lines. `gifwarden --version` tells what any command takes to start.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.assemble import DATABASE
from bot.clock import ManualClock
from bot.encryption import FieldCipher, new_key, write_key
from bot.model import Actor, Credential, Fingerprint, Role, Signal
from bot.store import Store
from bot.store.lists import Listed

NUMBER = 201_360
START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
STEP = 5_000  # rows a transaction
OWN = 40  # entries that people added
COMMANDS = (
    ("bank", "list", "--entries"),
    ("bank", "list", "--entries", "--waiting"),
    ("bank", "list", "--entries", "--from", "stopncii", "--limit", "5"),
    ("bank", "list", "--entries", "--bank", "own", "--limit", "5"),
    ("bank", "list", "--entries", "--json", "--limit", "50"),
)


def rows(count: int, dice: random.Random) -> Iterator[Listed]:
    """Yield rows of a list: one PDQ each, every tenth with a file's SHA-256."""
    for number in range(count):
        pdq = Signal(type="pdq", value=dice.randbytes(32), quality=100, t=0.0)
        files = ((dice.randbytes(32).hex(), dice.randbytes(16).hex()),) if number % 10 == 0 else ()
        yield Listed(id=str(number), signals=(pdq,), files=files)


def build(folder: Path, count: int) -> str:
    """Write the configuration, the key and the database; return the label of an entry that people added."""
    dice = random.Random(7)
    (folder / "config.toml").write_text(f'[storage]\npath = "{folder / "data"}"\n', encoding="utf-8")
    (folder / "data").mkdir()
    key = new_key()
    write_key(folder / "data" / "key", key)
    with Store(folder / "data" / DATABASE, ManualClock(START), FieldCipher(key)) as store:
        member = store.team.add("ann", by=None)
        store.team.give(member, Role.OPERATOR, (), by=None)
        by = Actor(member=member, name="ann", credential=Credential.SYSTEM_ACCOUNT)
        store.banks.create("others", "block")
        store.banks.create("own", "block")
        lists = (("stopncii", count // 3), ("partner", count - count // 3 - OWN))
        for source, size in lists:
            number = store.lists.source("others", source)
            held: list[Listed] = []
            for row in rows(size, dice):
                held.append(row)
                if len(held) == STEP:
                    store.lists.take(number, held, by=by)
                    held.clear()
            store.lists.take(number, held, by=by)
        label = ""
        for _ in range(OWN):
            found = Fingerprint(
                kind="image", format="png", sha256=dice.randbytes(32).hex(), md5=dice.randbytes(16).hex(), width=640,
                height=360, duration=None, frames=1,
                signals=(Signal(type="pdq", value=dice.randbytes(32), quality=100, t=0.0),),
            )  # fmt: skip
            label, _ = store.banks.add("own", found, by=by)
    return label


def main() -> None:
    """Build, and run each command."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(made)
        label = build(folder, count)
        for command in (("--version",), *COMMANDS, ("bank", "show", label)):
            config = () if command == ("--version",) else ("--config", str(folder / "config.toml"))
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            done = subprocess.run(
                [sys.executable, "-c", "from bot.cli import main; main()", *command, *config],
                check=False, capture_output=True, text=True, env={"COLUMNS": "80"},
            )  # fmt: skip
            took, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
            busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"{took:6.2f} s, {busy:5.2f} s of processor time: gifwarden {' '.join(command)}")
            print("\n".join((done.stdout or done.stderr).splitlines()[:4]))


if __name__ == "__main__":
    main()
