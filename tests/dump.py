"""A database as sorted lines, without what chance, the clock and the machine put into it.

    python -m tests.dump FILE

Two runs that did the same give the same lines. An id or a label stands for the row that it names, by what that row is
about (a case by its link, an entry by its files), so that lines of other tables can still be told apart by it.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import sys
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

LEFT_OUT = frozenset({"_sqlite_migrations", "sqlite_sequence", "entry_changes", "lease", "sealing", "budget"})
# What a row is about, in columns that stay; of a table that is not named here, all columns that are no chance
ABOUT = {
    "links": ("post", "host", "host_id", "kind"),
    "cases": ("link",),
    "actions": ("key",),
    "notices": ("host", "subreddit"),
    "entries": ("bank", "state"),
    "banks": ("name",),
    "team": ("fold",),
}
# Columns that refer to a row and are no foreign keys
POINTERS = {("actions", "done_by"): "team"}
# Columns that hold chance or count: a claim, a keyed digest, how often banks were changed
CHANCE = {
    ("links", "claim"): "<claim>",
    ("links", "banks"): "<version>",
    ("links", "program"): "<program>",
    ("never", "mark"): "<keyed>",
    ("list_steps", "mark"): "<mark>",
    ("sign_in_links", "hash"): "<hash>",
    ("sessions", "hash"): "<hash>",
    ("cases", "media"): "<keyed>",
    ("link_files", "mark"): "<keyed>",
    ("minor_holds", "marks"): "<keyed>",
    ("minor_holds", "cases"): "<ids>",
    ("minor_holds", "links"): "<ids>",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00)?")
_CLOCK = re.compile(r"\b\d\d:\d\d(?::\d\d)?(?: UTC)?\b")
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_LABEL = re.compile(r"\b[A-Z]-[0-9a-f]{10}\b")
_PATH = re.compile(r"(?<![\w:/.<])/(?!r/|u/|user/)(?:[\w.+-]+/)+[\w.+-]*")
_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PORT = re.compile(r"\b(127\.0\.0\.1|localhost):\d+")
ROUNDS = 3  # a notice's item names a case, which names a link, which names a post


class Dump:
    """One database, read once."""

    def __init__(self, raw: sqlite3.Connection, ignore: Collection[tuple[str, str]] = ()) -> None:
        raw.row_factory = sqlite3.Row
        self._ignore = frozenset(ignore)
        names = [row[0] for row in raw.execute("select name from sqlite_master where type = 'table'")]
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._refers: dict[tuple[str, str], str] = dict(POINTERS)
        self._numbered: set[str] = set()
        for table in sorted(set(names) - LEFT_OUT):
            self._rows[table] = [dict(row) for row in raw.execute(f'select * from "{table}"')]
            for key in raw.execute(f'pragma foreign_key_list("{table}")'):
                self._refers[table, key["from"]] = key["table"]
            for column in raw.execute(f'pragma table_info("{table}")'):
                if column["name"] == "id" and column["type"].casefold() == "integer":
                    self._numbered.add(table)
        self._named: dict[tuple[str, int], str] = {}
        self._labels: dict[str, str] = {}
        for _ in range(ROUNDS):
            self._name()

    def lines(self) -> list[str]:
        """Return every row as `table column=value …`, sorted table by table."""
        return [
            line
            for table, rows in self._rows.items()
            for line in sorted(" ".join((table, *self._cells(table, row, row))) for row in rows)
        ]

    def _name(self) -> None:
        """Name every row that has an id or a label by what it is about, as far as that is known by now."""
        named, labels = {}, {}
        for table, rows in self._rows.items():
            for row in rows:
                about = [*self._cells(table, row, ABOUT.get(table, tuple(row))), *self._parts(table, row)]
                name = f"{table}~{hashlib.sha256(' '.join(about).encode()).hexdigest()[:8]}"
                if table in self._numbered:
                    named[table, int(row["id"])] = name
                if isinstance(row.get("label"), str):
                    labels[row["label"]] = name
        self._named, self._labels = named, labels

    def _parts(self, table: str, row: dict[str, Any]) -> list[str]:
        """Return what tells rows apart that say nothing of themselves: an entry by its files and signals."""
        if table == "notices":
            return sorted(
                f"{item['host_id']} {item['url']}"
                for item in self._rows["notice_items"]
                if item["notice"] == row["label"]
            )
        if table != "entries":
            return []
        files = [str(part["sha256"]) for part in self._rows["entry_files"] if part["entry"] == row["id"]]
        signals = [bytes(part["value"]).hex() for part in self._rows["signals"] if part["entry"] == row["id"]]
        return [*sorted(files), *sorted(signals)]

    def _cells(self, table: str, row: dict[str, Any], columns: Collection[str]) -> list[str]:
        cells = []
        for column in columns:
            own = (column == "id" and table in self._numbered) or column == "label"
            if column in row and not own and (table, column) not in self._ignore:
                cells.append(f"{column}={self._value(table, column, row[column])}")
        return cells

    def _value(self, table: str, column: str, value: Any) -> str:
        if value is None:
            return "-"
        if (table, column) in CHANCE:
            return CHANCE[table, column]
        target = self._refers.get((table, column))
        if target in self._numbered:
            return self._named.get((target, int(value)), f"{target}~?")
        if column.startswith("sealed"):
            return "<sealed>"
        if isinstance(value, bytes):
            return value.hex()
        return self._words(str(value))

    def _words(self, text: str) -> str:
        text = _LABEL.sub(lambda found: self._labels.get(found[0], f"{found[0][0]}~?"), text)
        text = _UUID.sub("<uuid>", text)
        text = _PATH.sub("<path>", text)
        text = _PORT.sub(r"\1:<port>", text)
        for pattern, word in ((_TIME, "<time>"), (_DAY, "<day>"), (_CLOCK, "<clock>")):
            text = pattern.sub(word, text)
        return text.replace("\n", "\\n")


def dump(database: Path, ignore: Collection[tuple[str, str]] = ()) -> list[str]:
    """Return all rows of a database file as sorted lines; `ignore`: columns that are left out, as (table, column)."""
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as raw:
        return Dump(raw, ignore).lines()


def main(arguments: Sequence[str]) -> None:
    """Print a database."""
    for file in arguments:
        print("\n".join(dump(Path(file))))


if __name__ == "__main__":
    main(sys.argv[1:])
