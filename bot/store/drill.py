"""A drill: a backup is taken, put back in a private place, opened there with the key, compared, and taken away."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.encryption import FieldCipher
from bot.errors import SealError, StoreError
from bot.store import Store
from bot.store.backup import check
from bot.store.maintenance import SEALED
from bot.store.sealing import answer_place, claim_place, fingerprint_place, note_place, person_place, sketch_place
from bot.store.withdrawal_log import NAME

OPENED = 500  # sealed values of a table that are opened, the newest
EMPTIED = frozenset({"lease"})  # nobody holds a copy
BESIDE = ".drill-"
# of each table with what is sealed: the columns that say where it stands, and its place, which follows from them
PLACES: Mapping[str, tuple[str, Callable[[Sequence[Any]], tuple[str, ...]]]] = {
    "fingerprints": ("link, media", lambda row: fingerprint_place(row[0], row[1])),
    "sketches": ("entry", lambda row: sketch_place(row[0])),
    "persons": ("label", lambda row: person_place(row[0], SEALED["persons"])),
    "entry_notes": ("entry, member", lambda row: note_place(row[0], row[1])),
    "claims": ("label", lambda row: claim_place(row[0], SEALED["claims"])),
    "notice_answers": ("label", lambda row: answer_place(row[0])),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """What a drill found. `faults`: a sentence each; without one the copy can be relied on."""

    rows: int
    tables: int
    bytes: int
    taking: float  # seconds
    restoring: float
    opened: int
    sealed: int
    faults: tuple[str, ...]


def drill(store: Store, seal: FieldCipher | None) -> Drilled:
    """Take a backup of an open database while others work on it, and prove that it can be put back.

    All of it stands in a folder of mode 0700 beside the database, which goes whatever happens: nobody sees there what
    they could not see before. Raises StoreError if no copy can be written or it is damaged.
    """
    path = store.path
    if path is None:
        raise StoreError("a database in memory has no backup")
    with _private(path.parent) as folder:
        before = _counts(store)
        began = time.monotonic()
        copy = folder / "copy.db"
        store.backup.write(copy)
        taking = time.monotonic() - began
        after = _counts(store)
        found = check(copy, seal)
        faults = [
            f"table {name}: {found.rows.get(name, 0):,} rows in the copy and {before[name]:,} to {after[name]:,} here"
            for name in before
            if name not in EMPTIED
            and not min(before[name], after[name]) <= found.rows.get(name, -1) <= max(before[name], after[name])
        ]
        began = time.monotonic()
        home = folder / "restored"
        home.mkdir(mode=0o700)
        restored = home / path.name
        shutil.copyfile(copy, restored)
        restored.chmod(0o600)
        if (log := path.with_name(NAME)).exists():
            shutil.copyfile(log, home / NAME)
        try:
            with Store(restored, store.connection.clock, seal) as again:
                opened, sealed, wrong = _opened(again, seal)
        except SealError as error:
            opened, sealed, wrong = 0, found.sealed, [str(error)]
        return Drilled(
            rows=sum(found.rows.values()),
            tables=len(found.rows),
            bytes=copy.stat().st_size,
            taking=taking,
            restoring=time.monotonic() - began,
            opened=opened,
            sealed=sealed,
            faults=(*faults, *wrong),
        )


def _opened(store: Store, seal: FieldCipher | None) -> tuple[int, int, list[str]]:
    """Open what is sealed; return how many values opened, of how many that were tried, and what did not."""
    opened, tried, wrong = 0, 0, []
    for table, column in SEALED.items():
        (where, place), bad = PLACES[table], 0
        for row in store.connection.tuples(
            f"select {where}, {column} from {table} where {column} is not null order by rowid desc limit {OPENED}"  # noqa: S608  names of ours
        ):
            tried += 1
            if seal is not None and seal.can_decrypt(row[-1], *place(row)):
                opened += 1
            else:
                bad += 1
        if bad:
            wrong.append(f"table {table}: {bad:,} sealed values do not open with the key at hand; find the right key")
    return opened, tried, wrong


def _counts(store: Store) -> Mapping[str, int]:
    """Return how many rows each table has, as of one moment."""
    c = store.connection
    with c:
        names = [
            row["name"]
            for row in c.rows("select name from sqlite_master where type = 'table'")
            if not row["name"].startswith(("sqlite_", "_"))
        ]
        return {name: int(c.value(f"select count(*) from [{name}]")) for name in names}  # noqa: S608  its own names


@contextmanager
def _private(folder: Path) -> Iterator[Path]:
    """Yield a new folder that only its owner looks into, gone afterwards; what a killed drill left goes first."""
    for left in folder.glob(f"{BESIDE}*"):
        shutil.rmtree(left, ignore_errors=True)
    try:
        made = Path(tempfile.mkdtemp(prefix=BESIDE, dir=folder))  # mode 0700
    except OSError as error:
        raise StoreError(f"cannot make a folder in {folder}: {error.strerror}; check its rights and space") from None
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
