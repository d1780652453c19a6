"""What people noted of entries: a note in their words, where the original is or was seen. Sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.encryption import FieldCipher
from bot.errors import SealError, StoreError
from bot.model import Actor, Credential, EntryNote
from bot.store.base import Connection
from bot.store.sealing import note_place


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """What one member noted of an entry, and when last."""

    note: EntryNote
    by: str
    credential: Credential
    at: str


class EntryNotes:
    """Table entry_notes: for each entry one row a member, so that nobody's note overwrites another's."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def put(self, label: str, note: EntryNote, *, by: Actor) -> EntryNote:
        """Add to what a member noted of an entry, or say it anew; return all that stands there by them now.

        What the note leaves out stays as it is. Raises StoreError if there is no such active entry.
        """
        with self._c:
            entry = self._c.value("select id from entries where label = ? and state = 'active'", (label,))
            if entry is None:
                raise StoreError(f"there is no active entry {label}; see: gifwarden bank list --entries")
            sealed = self._c.value("select sealed from entry_notes where entry = ? and member = ?", (entry, by.member))
            now = self._opened(entry, by.member, sealed).with_(note) if sealed is not None else note
            self._c.run(
                """insert into entry_notes (entry, member, credential, at, sealed) values (?, ?, ?, ?, ?)
                   on conflict do update set credential = excluded.credential, at = excluded.at,
                   sealed = excluded.sealed""",
                (entry, by.member, by.credential, self._c.now(), self._closed(entry, by.member, now)),
            )
            return now

    def of(self, label: str) -> tuple[NoteRow, ...]:
        """Return what was noted of an entry, oldest first. Raises SealError if the key is another one."""
        rows = self._c.rows(
            """select n.entry, n.member, n.credential, n.at, n.sealed, t.name from entry_notes n
               join entries e on e.id = n.entry join team t on t.id = n.member
               where e.label = ? order by n.at, n.rowid""",
            (label,),
        )
        return tuple(
            NoteRow(
                note=self._opened(row["entry"], row["member"], row["sealed"]),
                by=row["name"],
                credential=Credential(row["credential"]),
                at=row["at"],
            )
            for row in rows
        )

    def forget(self, label: str) -> int:
        """Delete all that was noted of an entry; return by how many members."""
        return self._c.run("delete from entry_notes where entry = (select id from entries where label = ?)", (label,))

    def without(self, told: Callable[[str], str], named: Callable[[str], bool]) -> None:
        """Take words out of all notes by `told`, and leave out origins that name what is `named`."""
        if self._seal is None:
            return
        for row in self._c.rows("select entry, member, sealed from entry_notes"):
            try:
                held = self._opened(row["entry"], row["member"], row["sealed"])
            except SealError:  # nobody can read it any more, and nobody could tell whom it names
                self._c.run("delete from entry_notes where entry = ? and member = ?", (row["entry"], row["member"]))
                continue
            kept = EntryNote(
                note=told(held.note),
                origin="" if named(held.origin) else held.origin,
                seconds=None if named(held.origin) else held.seconds,
            )
            if kept != held:
                self._c.run(
                    "update entry_notes set sealed = ? where entry = ? and member = ?",
                    (self._closed(row["entry"], row["member"], kept), row["entry"], row["member"]),
                )

    def _closed(self, entry: int, member: int, note: EntryNote) -> bytes:
        if self._seal is None:
            raise SealError("there is no sealing key, without which no note is kept; restore the one of this database")
        data: dict[str, Any] = {"note": note.note, "origin": note.origin, "seconds": note.seconds}
        return self._seal.encrypt(json.dumps(data).encode(), *note_place(entry, member))

    def _opened(self, entry: int, member: int, sealed: bytes) -> EntryNote:
        if self._seal is None:
            raise SealError("there is no sealing key; restore the one of this database")
        return EntryNote(**json.loads(self._seal.decrypt(sealed, *note_place(entry, member))))
