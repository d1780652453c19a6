"""Rows of others' lists as entries of a bank, many at a time."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.errors import StoreError
from bot.model import Actor, Signal, Withdrawal
from bot.store.base import Connection

KEYS = 500  # looked up at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One row: `key` tells it from the others of its list, and from those of other lists."""

    key: bytes
    signals: tuple[Signal, ...]
    files: tuple[tuple[str, str], ...]  # (SHA-256, MD5), one of each may be empty
    withdrawn: bool


class Lists:
    """Writes tables entries, entry_files, signals and entry_origins."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def take(self, bank: str, source: str, rows: Sequence[Listed], *, by: Actor) -> tuple[int, int, int]:
        """Put rows into a bank in one transaction; return how many were added, known already, and withdrawn.

        What a person withdrew stays so. Raises StoreError if there is no such bank.
        """
        with self._c:
            number = self._c.value("select id from banks where name = ?", (bank,))
            if number is None:
                raise StoreError(f"there is no bank {bank}; run: gifwarden bank create {bank} --kind block")
            known = self._known(int(number), [row.key for row in rows])
            fresh: dict[bytes, Listed] = {}
            gone: set[int] = set()
            for row in rows:
                if row.withdrawn:
                    fresh.pop(row.key, None)
                    gone.update({known[row.key]} if row.key in known else ())
                elif row.key not in known:
                    fresh.setdefault(row.key, row)
            withdrawn = sum(
                self._c.run(
                    """update entries set state = 'withdrawn', withdrawn_at = ?, withdrawal = ?, followed_at = null
                       where id = ? and state = 'active'""",
                    (self._c.now(), Withdrawal.BY_LIST, entry),
                )
                for entry in sorted(gone)
            )
            self._insert(int(number), source, list(fresh.values()), by)
            taken_back = sum(row.withdrawn for row in rows)
        return len(fresh), len(rows) - len(fresh) - taken_back, withdrawn

    def _known(self, bank: int, keys: Sequence[bytes]) -> dict[bytes, int]:
        found: dict[bytes, int] = {}
        for start in range(0, len(keys), KEYS):
            part = keys[start : start + KEYS]
            marks = ", ".join("?" * len(part))
            found.update(
                self._c.tuples(
                    f"select key, entry from entry_origins where bank = ? and key in ({marks})",  # noqa: S608  question marks only
                    (bank, *part),
                )
            )
        return found

    def _insert(self, bank: int, source: str, rows: Iterable[Listed], by: Actor) -> None:
        now = self._c.now()
        first = int(self._c.value("select coalesce(max(id), 0) + 1 from entries"))
        numbered = list(enumerate(rows, first))
        self._c.run_many(
            """insert into entries (id, label, bank, state, added_by, added_member, added_credential, added_at,
               duration) values (?, ?, ?, 'active', ?, ?, ?, ?, ?)""",
            # longer labels than usual: among millions, short ones would meet
            (
                (entry, f"E-{secrets.token_hex(8)}", bank, by.name, by.member, by.credential, now, _duration(row))
                for entry, row in numbered
            ),
        )
        self._c.run_many(
            "insert into entry_files (entry, sha256, md5) values (?, ?, ?)",
            ((entry, sha256, md5) for entry, row in numbered for sha256, md5 in dict(row.files).items()),
        )
        self._c.run_many(
            "insert into signals (entry, type, value, quality, t) values (?, ?, ?, ?, ?)",
            ((entry, s.type, s.value, s.quality, s.t) for entry, row in numbered for s in row.signals),
        )
        self._c.run_many(
            "insert into entry_origins (bank, key, source, entry) values (?, ?, ?, ?)",
            ((bank, row.key, source, entry) for entry, row in numbered),
        )


def _duration(row: Listed) -> float | None:
    return max(signal.t for signal in row.signals) if len(row.signals) > 1 else None
