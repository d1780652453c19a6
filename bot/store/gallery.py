"""The gallery of protected persons: why each is in it and until when, and sealed vectors of their faces.

Each person has a key of their own, sealed with the database's: to forget somebody is to destroy the key and what it
sealed, and nothing of either is left in the file or its write-ahead log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso, iso
from bot.encryption import FieldCipher, new_key
from bot.errors import SealError, StoreError
from bot.model import Actor, Basis, Consent
from bot.store.base import Connection, Row, label
from bot.store.sealing import person_place


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A protected person without name or vectors."""

    label: str
    basis: Basis
    mandate: str | None  # where the mandate of who speaks for them is recorded
    record: str  # where the consent and the proof of age are recorded
    purpose: str
    expires: datetime
    added_by: str
    added: datetime
    views: int


class Gallery:
    """Tables persons and person_views."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def add(
        self,
        *,
        name: str,
        consent: Consent,
        model: str,
        vectors: Iterable[bytes],
        by: Actor,
    ) -> str:
        """Enrol a person; return their opaque label. Raises SealError without a key."""
        own, name_of = new_key(), label("P")
        with self._c:
            person = self._c.insert(
                "persons",
                {
                    "label": name_of,
                    "sealed_key": self._outer().encrypt(own.encode(), *person_place(name_of, "sealed_key")),
                    "sealed_name": FieldCipher(own).encrypt(name.encode(), *person_place(name_of, "sealed_name")),
                    "basis": consent.basis,
                    "mandate": consent.mandate,
                    "record": consent.record,
                    "purpose": consent.purpose,
                    "expires_at": iso(consent.expires),
                    "added_by": by.name,
                    "added_member": by.member,
                    "added_at": self._c.now(),
                },
            )
            for vector in vectors:
                sealed = FieldCipher(own).encrypt(vector, *person_place(name_of, "view"))
                self._c.insert("person_views", {"person": person, "model": model, "sealed": sealed})
            self._changed()
        return name_of

    def listing(self) -> list[PersonRow]:
        """Return everybody, oldest first. No name, no vector."""
        rows = self._c.rows(
            """select p.label, p.basis, p.mandate, p.record, p.purpose, p.expires_at, p.added_by, p.added_at,
               (select count(*) from person_views v where v.person = p.id) as views from persons p order by p.id"""
        )
        return [_row(row) for row in rows]

    def get(self, person: str) -> PersonRow:
        """Return one person by their label. Raises StoreError if there is none."""
        found = next((row for row in self.listing() if row.label == person), None)
        if found is None:
            raise StoreError(f"there is no person {person}; see: gifwarden person list")
        return found

    def name(self, person: str) -> str:
        """Return a person's name, for who enrolled them. Raises StoreError or SealError."""
        row = self._c.one("select label, sealed_key, sealed_name from persons where label = ?", (person,))
        if row is None:
            raise StoreError(f"there is no person {person}; see: gifwarden person list")
        return self._own(row).decrypt(row["sealed_name"], *person_place(person, "sealed_name")).decode()

    def vectors(self, model: str) -> list[tuple[str, bytes]]:
        """Return (label, vector) of every view of everybody whose time has not run out, by one model."""
        rows = self._c.rows(
            """select p.label, p.sealed_key, v.sealed from person_views v join persons p on p.id = v.person
               where v.model = ? and p.expires_at > ? order by v.id""",
            (model, self._c.now()),
        )
        keys: dict[str, FieldCipher] = {}
        found = []
        for row in rows:
            own = keys.get(row["label"]) or keys.setdefault(row["label"], self._own(row))
            found.append((row["label"], own.decrypt(row["sealed"], *person_place(row["label"], "view"))))
        return found

    def anybody(self) -> bool:
        """Return whether somebody is protected now."""
        return bool(self._c.value("select exists (select 1 from persons where expires_at > ?)", (self._c.now(),)))

    def protects(self, person: str) -> bool:
        """Return whether a person is protected now, by their label."""
        found = self._c.value("select 1 from persons where label = ? and expires_at > ?", (person, self._c.now()))
        return found is not None

    def forget(self, person: str) -> None:
        """Destroy everything about a person but the audit trail's opaque label. Raises StoreError if there is none."""
        with self._c:
            if not self._c.run("delete from persons where label = ?", (person,)):
                raise StoreError(f"there is no person {person}; see: gifwarden person list")
            self._changed()

    def expired(self) -> list[str]:
        """Return the labels of those whose time has run out."""
        rows = self._c.rows("select label from persons where expires_at <= ? order by id", (self._c.now(),))
        return [row["label"] for row in rows]

    def version(self) -> int:
        """Return a number that grows whenever the gallery changes, here or in another process."""
        return int(self._c.value("select value from versions where name = 'gallery'") or 0)

    def _changed(self) -> None:
        self._c.run("insert into versions values ('gallery', 1) on conflict do update set value = value + 1")

    def _outer(self) -> FieldCipher:
        if self._seal is None:
            raise SealError("there is no sealing key; run: gifwarden init")
        return self._seal

    def _own(self, row: Row) -> FieldCipher:
        own = FieldCipher(self._outer().decrypt(row["sealed_key"], *person_place(row["label"], "sealed_key")).decode())
        own.only_bound()
        return own


def _row(row: Row) -> PersonRow:
    return PersonRow(
        label=row["label"],
        basis=row["basis"],
        mandate=row["mandate"],
        record=row["record"],
        purpose=row["purpose"],
        expires=from_iso(row["expires_at"]),
        added_by=row["added_by"],
        added=from_iso(row["added_at"]),
        views=row["views"],
    )
