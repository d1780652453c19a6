"""What was withdrawn, beside the database: a copy of it that is put back must not let an entry match again.

A line a withdrawal or restore, only ever added to; it holds labels, reasons and keyed digests, and no hash.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.encryption import FieldCipher
from bot.errors import DatabaseError
from bot.model import Withdrawal
from bot.store.base import Connection
from bot.store.lists import Lists
from bot.store.minors import names_of

NAME = "withdrawn.log"
LISTED = "L-"  # labels by the number of a row, which another row may get in a database that was put back
READ = "withdrawals read"  # in table versions: up to which byte this database knows the file


class WithdrawalLog:
    """The file, and what of it this database knows."""

    def __init__(self, connection: Connection, seal: FieldCipher | None, lists: Lists) -> None:
        self._c = connection
        self._seal = seal
        self._lists = lists
        self._path: Path | None = connection.path and connection.path.with_name(NAME)

    def note(self, label: str) -> None:
        """Write down that an entry is withdrawn, once. Raises DatabaseError if the file cannot be written."""
        row = self._c.one(
            "select withdrawal, withdrawn_at, logged_at from entries where label = ? and state = 'withdrawn'", (label,)
        )
        if row is None or row["logged_at"] is not None:
            return
        line: dict[str, Any] = {"entry": label, "state": "withdrawn", "why": row["withdrawal"]}
        line["at"] = row["withdrawn_at"]
        if label.startswith(LISTED):
            line["holds"] = self._holds(label)
        if row["withdrawal"] == Withdrawal.MINOR and self._seal is not None:
            names = sorted({name for pair in self._files(label) for name in names_of(*pair)})
            line["never"] = [self._seal.keyed_digest(name) for name in names]
        self._append(line)
        self._c.run("update entries set logged_at = ? where label = ?", (self._c.now(), label))

    def restored(self, label: str) -> None:
        """Write down that an entry matches again. Call it when that is stored. Raises DatabaseError likewise."""
        self._append({"entry": label, "state": "active", "at": self._c.now()})

    def catch_up(self) -> int:
        """Withdraw what was withdrawn since this copy of the database was made; return how many entries that were.

        What follows from it is done as of any other withdrawal.
        """
        if self._seal is None:  # who opens it to read something has not the key by which marks and rows are known
            return 0
        size = self._size()
        known = int(self._c.value("select value from versions where name = ?", (READ,)) or 0)
        if size == known:
            return 0
        last: dict[str, Mapping[str, Any]] = {}
        for line in self._lines(known if known < size else 0):
            last[str(line["entry"])] = line
        done = 0
        with self._c:
            for label, line in last.items():
                done += line.get("state") == "withdrawn" and self._withdraw(label, line)
            self._know(size)
        return done

    def _withdraw(self, label: str, line: Mapping[str, Any]) -> int:
        if label.startswith(LISTED):
            self._lists.make_entries([label])
            if self._seal is None or line.get("holds") != self._holds(label):
                return 0
        why = line.get("why")
        done = self._c.run(
            """update entries set state = 'withdrawn', withdrawn_at = ?, withdrawal = ?, followed_at = null,
               logged_at = ? where label = ? and state = 'active'""",
            (
                str(line.get("at") or self._c.now()),
                why if why in set(Withdrawal) else Withdrawal.UNSAID,
                self._c.now(),
                label,
            ),
        )
        if why == Withdrawal.MINOR:
            for mark in line.get("never") or ():
                self._c.run("insert or ignore into never values (?, ?)", (str(mark), self._c.now()))
        if done:
            self._c.run("insert into versions values ('banks', 1) on conflict do update set value = value + 1")
        return done

    def _files(self, label: str) -> list[tuple[str, str]]:
        return self._c.tuples(
            """select f.sha256, f.md5 from entry_files f join entries e on e.id = f.entry where e.label = ?
               order by f.sha256, f.md5""",
            (label,),
        )

    def _holds(self, label: str) -> str | None:
        """Return a keyed digest of all hashes of an entry, by which it is told from another of its label."""
        if self._seal is None:
            return None
        signals = self._c.tuples(
            """select s.type, hex(s.value), s.t from signals s join entries e on e.id = s.entry where e.label = ?
               order by s.id""",
            (label,),
        )
        return self._seal.keyed_digest(f"entry: {json.dumps([self._files(label), signals])}")

    def _lines(self, start: int) -> list[Mapping[str, Any]]:
        """Return the lines behind a byte; one that was cut off while it was written is no line."""
        assert self._path is not None, "asked by callers"
        found: list[Mapping[str, Any]] = []
        try:
            with self._path.open("rb") as file:
                file.seek(start)
                for raw in file:
                    try:
                        line = json.loads(raw)
                    except ValueError:
                        continue
                    if isinstance(line, dict) and isinstance(line.get("entry"), str):
                        found.append(line)
        except OSError as error:
            raise DatabaseError(f"cannot read {self._path}: {error.strerror}; check its rights") from None
        return found

    def _size(self) -> int:
        try:
            return self._path.stat().st_size if self._path else 0
        except OSError:
            return 0

    def _append(self, line: Mapping[str, Any]) -> None:
        if self._path is None:
            return
        data = f"\n{json.dumps(line)}\n".encode()  # what a cut left of the line before ends here
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.fchmod(descriptor, 0o600)  # whatever the umask is
                os.write(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise DatabaseError(f"cannot write {self._path}: {error.strerror}; check its disk and rights") from None
        self._know(self._size())

    def _know(self, size: int) -> None:
        self._c.run("insert into versions values (?, ?) on conflict do update set value = excluded.value", (READ, size))
