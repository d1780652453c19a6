"""Copies of the database: made while the daemon works, checked before they are trusted."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from bot.encryption import FieldCipher
from bot.errors import StoreError, unreadable
from bot.migrations import known_steps, migrations
from bot.store.base import Connection
from bot.store.maintenance import SEALED
from bot.store.sealing import CHECK, WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a copy holds. `sealed` counts what needs the key; `opens`: whether the key at hand opens it."""

    rows: Mapping[str, int]  # by table
    steps: tuple[str, ...]  # of the database's shape
    sealed: int
    opens: bool | None  # None: no key, or nothing sealed


class Backup:
    """Writes and checks copies."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def write(self, target: Path) -> None:
        """Write a copy that is whole as of one moment, mode 0600; it appears under its name when it is complete.

        Free of everything that was deleted: only what is there is copied. In the copy nobody holds the lease, and what
        was about to be done is marked as of unknown outcome, so that a restored bot looks before it does it again.
        Raises StoreError if it cannot be written or there is a file of that name.
        """
        fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            if target.exists():
                raise StoreError(f"{target} is there already; a backup overwrites nothing")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.fchmod(descriptor, 0o600)  # whatever the umask is
            os.close(descriptor)
            self._c.copy_into(fresh)
            with contextlib.closing(sqlite3.connect(fresh)) as copy:
                copy.execute("pragma secure_delete = on")
                copy.execute("delete from lease")
                copy.execute("update actions set state = 'unknown' where state in ('planned', 'sending')")
                copy.execute("update actions set parked_from = 'unknown' where parked_from in ('planned', 'sending')")
                copy.commit()
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            os.link(fresh, target)
        except FileExistsError:
            raise StoreError(f"{target} is there already; a backup overwrites nothing") from None
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot write a backup to {target}: {error}; check the folder and its space") from None
        finally:
            fresh.unlink(missing_ok=True)


def check(path: Path, seal: FieldCipher | None) -> Checked:
    """Read a copy without changing it. Raises StoreError if it is damaged, no database of ours, or newer than this."""
    if not path.is_file():
        raise StoreError(unreadable(path, FileNotFoundError()))
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as raw:
            if (said := raw.execute("pragma integrity_check").fetchone()[0]) != "ok":
                raise StoreError(f"{path} is damaged: {said}")
            if raw.execute("pragma foreign_key_check").fetchone():
                raise StoreError(f"{path} is damaged: rows refer to rows that are not there")
            db = Database(raw, execute_plugins=False)
            steps = tuple(step.name for step in migrations.applied(db))
            if not steps or set(steps) - known_steps():
                raise StoreError(f"{path} is no database of this version of gifwarden or an older one")
            names = [name for name in db.table_names() if not name.startswith(("sqlite_", "_"))]
            rows = {name: raw.execute(f"select count(*) from [{name}]").fetchone()[0] for name in names}  # noqa: S608  its own names
            held = {table: column for table, column in SEALED.items() if rows.get(table)}  # older copies lack some
            samples = [
                raw.execute(f"select {column} from {table} limit 1").fetchone()[0]  # noqa: S608  names of ours
                for table, column in held.items()
            ]
            mark = (
                raw.execute("select value from sealing where name = ?", (CHECK,)).fetchone()
                if "sealing" in rows
                else None
            )
    except sqlite3.Error as error:
        raise StoreError(f"{path} is damaged or no database: {error}") from None
    return Checked(
        rows=rows,
        steps=steps,
        sealed=sum(rows[table] for table in held),
        opens=_opens(samples, seal, mark[0] if mark else None),
    )


def _opens(samples: Sequence[bytes], seal: FieldCipher | None, mark: str | None) -> bool | None:
    if not samples or seal is None:
        return None
    if mark is not None:
        return seal.keyed_digest(WORDS) == mark
    return all(seal.can_decrypt(sample) for sample in samples)
