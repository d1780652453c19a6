"""Whether the key at hand is the one that sealed this database, and that each sealed value is bound to its row.

Versions before 0.1.0 bound nothing and kept no mark of the key: the first start with such a database opens every sealed
value, which shows that the key is the right one, and seals it anew for its row. It may be cut at any point.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.encryption import FieldCipher
from bot.errors import SealError
from bot.store.base import Connection, Row
from bot.store.maintenance import Maintenance

CHECK, BOUND = "check", "bound"
WORDS = "gifwarden: this key sealed the database"  # no fullname, no host:id
BATCH = 200  # rows a transaction
WRONG = (
    "the key at hand is not the one that this database was sealed with; put that one back (storage.key_file, or the "
    "file key beside the database), for without it what must never be fetched again would be"
)


class Sealing:
    """Table sealing."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def check(self) -> None:
        """Make sure that this is the key. Raises SealError if it is another one."""
        if self._seal is None:
            return
        mark = self._seal.keyed_digest(WORDS)
        known = self._c.value("select value from sealing where name = ?", (CHECK,))
        if known == mark and self._c.value("select 1 from sealing where name = ?", (BOUND,)):
            self._seal.only_bound()
            return
        if known is not None and known != mark and Maintenance(self._c).any_sealed():
            raise SealError(WRONG)
        for table, columns, again in (
            ("fingerprints", "link, media, sealed", self._fingerprint),
            ("sketches", "entry, sealed", self._sketch),
            ("persons", "id, label, sealed_key, sealed_name", self._person),
        ):
            self._bind(table, columns, again)
        with self._c:
            for name, value in ((CHECK, mark), (BOUND, "1")):
                self._c.run("insert or replace into sealing values (?, ?)", (name, value))
        self._seal.only_bound()

    def _bind(self, table: str, columns: str, again: Callable[[Row], None]) -> None:
        """Seal every row of a table anew. Raises SealError if one does not open."""
        last = -1
        while True:
            with self._c:
                rows = self._c.rows(
                    f"select rowid as place, {columns} from {table} where rowid > ? order by rowid limit {BATCH}",  # noqa: S608  names from above
                    (last,),
                )
                try:
                    for row in rows:
                        again(row)
                except SealError:
                    raise SealError(WRONG) from None
            if not rows:
                return
            last = int(rows[-1]["place"])

    def _fingerprint(self, row: Row) -> None:
        where = fingerprint_place(row["link"], row["media"])
        self._c.run(
            "update fingerprints set sealed = ? where rowid = ?", (self._anew(row["sealed"], where), row["place"])
        )

    def _sketch(self, row: Row) -> None:
        sealed = self._anew(row["sealed"], sketch_place(row["entry"]))
        self._c.run("update sketches set sealed = ? where rowid = ?", (sealed, row["place"]))

    def _person(self, row: Row) -> None:
        assert self._seal is not None
        key = self._seal.decrypt(row["sealed_key"], *person_place(row["label"], "sealed_key"))
        own = FieldCipher(key.decode())
        named = own.decrypt(row["sealed_name"], *person_place(row["label"], "sealed_name"))
        self._c.run(
            "update persons set sealed_key = ?, sealed_name = ? where id = ?",
            (
                self._seal.encrypt(key, *person_place(row["label"], "sealed_key")),
                own.encrypt(named, *person_place(row["label"], "sealed_name")),
                row["id"],
            ),
        )
        for view in self._c.rows("select id, sealed from person_views where person = ?", (row["id"],)):
            where = person_place(row["label"], "view")
            self._c.run(
                "update person_views set sealed = ? where id = ?",
                (own.encrypt(own.decrypt(view["sealed"], *where), *where), view["id"]),
            )

    def _anew(self, sealed: bytes, where: tuple[str, ...]) -> bytes:
        assert self._seal is not None
        return self._seal.encrypt(self._seal.decrypt(sealed, *where), *where)


def fingerprint_place(link: int, media: int) -> tuple[str, ...]:
    """Return what a sealed fingerprint is bound to."""
    return "fingerprints", f"{link}:{media}", "sealed"


def sketch_place(entry: int) -> tuple[str, ...]:
    """Return what the sealed features of an entry are bound to."""
    return "sketches", str(entry), "sealed"


def note_place(entry: int, member: int) -> tuple[str, ...]:
    """Return what a member's sealed note of an entry is bound to."""
    return "entry_notes", f"{entry}:{member}", "sealed"


def claim_place(label: str, what: str) -> tuple[str, ...]:
    """Return what a sealed value of a claim is bound to."""
    return "claims", label, what


def person_place(label: str, column: str) -> tuple[str, ...]:
    """Return what a sealed value of a person is bound to."""
    return "persons", label, column


def answer_place(label: str) -> tuple[str, ...]:
    """Return what a sealed answer of a host is bound to."""
    return "notice_answers", label, "sealed"
