"""How far each exchange was read, and how it does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.clock import DAY, from_iso, iso
from bot.errors import StoreError
from bot.model import ExchangeState
from bot.store.base import Connection, Row

SLACK = timedelta(hours=1)
CLAIM_SECONDS = 300.0  # for which one process has an exchange to itself, from its last page on


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRow:
    """An exchange as it stands. `rows` and the counts are of the fetch under way, else of the last one."""

    name: str
    kind: str
    bank: str
    state: ExchangeState
    checkpoint: Mapping[str, Any] | None = None
    begun_at: datetime | None = None
    ended_at: datetime | None = None  # when a fetch ended well last
    next_at: datetime | None = None
    failures: int = 0  # in a row
    why: str | None = None
    rows: int = 0
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    failed: int = 0
    children: int = 0  # rows tagged as child abuse: dropped
    share: float | None = None  # of all that there is to read, 0 to 1, if it is known
    asks: int | None = None  # how many rows it would withdraw or change
    taken_back: int = 0  # rows withdrawn or with other hashes since a fetch ended well last, however often it was tried
    taken_of: int = 0  # rows that were there then


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of the rows of one page."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    failed: int = 0
    children: int = 0
    again: int = 0  # of `changed`: their id came before in the same reading, so nothing of what was there ends by them
    share: float | None = None

    @property
    def lost(self) -> int:
        """How many rows that were there match no more by what they held."""
        return self.withdrawn + self.changed - self.again


class Exchanges:
    """Table exchanges."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def listing(self) -> list[ExchangeRow]:
        """Return every exchange that was ever fetched or paused."""
        return [_exchange(row) for row in self._c.rows("select * from exchanges order by name")]

    def get(self, name: str) -> ExchangeRow | None:
        """Return how one stands, None if nothing was ever done with it."""
        row = self._c.one("select * from exchanges where name = ?", (name,))
        return _exchange(row) if row else None

    def begin(self, name: str, kind: str, bank: str, claim: str, *, fresh: bool = False) -> ExchangeRow:
        """Begin a fetch, or go on with one that was cut off; `fresh`: from the beginning.

        Raises StoreError while another process has it.
        """
        with self._c:
            row = self._c.one("select * from exchanges where name = ?", (name,))
            now = self._c.now()
            if row and row["claim"] not in (None, claim) and _holds(row, self._c.clock.now()):
                raise StoreError(f"the exchange {name} is being fetched at this moment; see: gifwarden exchange list")
            self._c.run(
                "insert or ignore into exchanges (name, kind, bank, state) values (?, ?, ?, ?)",
                (name, kind, bank, ExchangeState.NEVER_FETCHED),
            )
            goes_on = row is not None and row["state"] == ExchangeState.FETCHING and not fresh
            if not goes_on:
                self._c.run(
                    """update exchanges set rows = 0, added = 0, changed = 0, withdrawn = 0, failed = 0,
                       children = 0, share = null, begun_at = ?, asks = null where name = ?""",
                    (now, name),
                )
            self._c.run(
                """update exchanges set kind = ?, bank = ?, state = ?, claim = ?, claimed_until = ? where name = ?""",
                (kind, bank, ExchangeState.FETCHING, claim, self._until(), name),
            )
            return self._one(name)

    def weigh(self, name: str, listed: int) -> ExchangeRow:
        """Note how many rows are there before a fetch takes any away, if none did since one ended well."""
        self._c.run("update exchanges set taken_of = coalesce(taken_of, ?) where name = ?", (listed, name))
        return self._one(name)

    def keep(self, name: str, claim: str, checkpoint: Mapping[str, Any], step: Step) -> None:
        """Write down up to where the exchange is read; in the transaction of the rows. Raises StoreError if it is not
        ours any more.
        """
        changed = self._c.run(
            """update exchanges set checkpoint = ?, rows = rows + ?, added = added + ?, changed = changed + ?,
               withdrawn = withdrawn + ?, taken_back = taken_back + ?, failed = failed + ?, children = children + ?,
               share = ?, claimed_until = ?
               where name = ? and claim = ?""",
            (
                json.dumps(checkpoint),
                step.rows,
                step.added,
                step.changed,
                step.withdrawn,
                step.lost,
                step.failed,
                step.children,
                step.share,
                self._until(),
                name,
                claim,
            ),
        )
        if not changed:
            raise StoreError(f"the exchange {name} was taken over by another process or removed; this fetch ends")

    def ended(self, name: str, claim: str, *, next_at: datetime, why: str | None = None) -> None:
        """Write down that all there is was read; `why`: what a person should know of it all the same."""
        with self._c:
            self._end(name, claim, ExchangeState.UP_TO_DATE, why, next_at, failures=0, ended=True)
            self._c.run("update exchanges set taken_back = 0, taken_of = null where name = ?", (name,))

    def failed(self, name: str, claim: str, *, why: str, next_at: datetime) -> None:
        """Write down that a fetch failed; it goes on from its last page."""
        row = self._one(name)
        self._end(name, claim, ExchangeState.FAILING, why, next_at, failures=row.failures + 1)

    def ask(self, name: str, claim: str, *, why: str, asks: int) -> None:
        """Write down that a person has to say yes before it goes on."""
        with self._c:
            self._end(name, claim, ExchangeState.ASKS, why, None, failures=0)
            self._c.run("update exchanges set asks = ? where name = ?", (asks, name))

    def let_go(self, name: str, claim: str) -> None:
        """Give an exchange back in the middle of a fetch: it goes on as soon as somebody takes it."""
        self._c.run(
            "update exchanges set claim = null, claimed_until = null where name = ? and claim = ?", (name, claim)
        )

    def pause(self, name: str, kind: str, bank: str, *, paused: bool) -> None:
        """Fetch an exchange no more by ourselves, or again."""
        with self._c:
            self._c.run(
                "insert or ignore into exchanges (name, kind, bank, state) values (?, ?, ?, ?)",
                (name, kind, bank, ExchangeState.NEVER_FETCHED),
            )
            if paused:
                self._c.run(
                    "update exchanges set state = ?, claim = null, claimed_until = null where name = ?",
                    (ExchangeState.PAUSED, name),
                )
            else:
                self._c.run(
                    """update exchanges set state = iif(ended_at is null, ?, ?), next_at = null
                       where name = ? and state = ?""",
                    (ExchangeState.NEVER_FETCHED, ExchangeState.UP_TO_DATE, name, ExchangeState.PAUSED),
                )

    def free(self, gone: Callable[[str], bool]) -> None:
        """Take back what processes hold that are no more; `gone` says so of a claim."""
        for row in self._c.rows("select name, claim from exchanges where claim is not null"):
            if gone(row["claim"]):
                self.let_go(row["name"], row["claim"])

    def due(self, name: str, every: timedelta) -> bool:
        """Return whether an exchange is to be asked now. What waits far longer than `every`: a wrong clock said so."""
        row = self._c.one("select * from exchanges where name = ?", (name,))
        if row is None:
            return True
        now = self._c.clock.now()
        if row["state"] in (ExchangeState.PAUSED, ExchangeState.ASKS) or (row["claim"] and _holds(row, now)):
            return False
        if row["state"] == ExchangeState.FETCHING or row["next_at"] is None:
            return True
        return not timedelta(0) < from_iso(row["next_at"]) - now <= max(every, timedelta(seconds=DAY)) + SLACK

    def about(self, label: str) -> tuple[str | None, tuple[tuple[str, str], ...]] | None:
        """Return the list's own name of the row of an entry, and its hashes: (pdq, md5 or sha256; hex digits).

        None if nothing may be told of it, for a suspected minor may be in it, or if its row is gone.
        """
        row = self._c.one(
            """select e.id, r.key from entries e join list_rows r on r.entry = e.id
               where e.label = ? and e.withdrawal is not 'minor' and not exists (select 1 from entry_cases m
               join cases c on c.id = m.case_id where m.entry = e.id and c.state = 'minor')""",
            (label,),
        )
        if row is None:
            return None
        signals = self._c.tuples("select type, lower(hex(value)) from signals where entry = ? order by t", (row["id"],))
        files = self._c.tuples("select sha256, md5 from entry_files where entry = ?", (row["id"],))
        pairs = [(kind, value) for pair in files for kind, value in zip(("sha256", "md5"), pair, strict=True) if value]
        return row["key"], tuple(dict.fromkeys([*signals, *pairs]))

    def remove(self, name: str) -> None:
        """Forget an exchange; its rows are another matter."""
        self._c.run("delete from exchanges where name = ?", (name,))

    def _end(
        self,
        name: str,
        claim: str,
        state: ExchangeState,
        why: str | None,
        next_at: datetime | None,
        *,
        failures: int,
        ended: bool = False,
    ) -> None:
        self._c.run(
            """update exchanges set state = ?, why = ?, next_at = ?, failures = ?, claim = null, claimed_until = null,
               ended_at = iif(?, ?, ended_at), share = iif(?, null, share) where name = ? and claim = ?""",
            (
                state,
                why,
                iso(next_at) if next_at else None,
                failures,
                ended,
                self._c.now(),
                ended,
                name,
                claim,
            ),
        )

    def _until(self) -> str:
        return iso(self._c.clock.now() + timedelta(seconds=CLAIM_SECONDS))

    def _one(self, name: str) -> ExchangeRow:
        found = self.get(name)
        if found is None:
            raise StoreError(f"the exchange {name} was removed meanwhile; this fetch ends")
        return found


def _holds(row: Row, now: datetime) -> bool:
    """Return whether a claim is in force. One that ends in more than a day was made by a wrong clock."""
    left = (from_iso(row["claimed_until"]) - now).total_seconds() if row["claimed_until"] else 0.0
    return 0 < left < DAY


def _exchange(row: Row) -> ExchangeRow:
    def moment(key: str) -> datetime | None:
        return from_iso(row[key]) if row[key] else None

    return ExchangeRow(
        name=row["name"],
        kind=row["kind"],
        bank=row["bank"],
        state=ExchangeState(row["state"]),
        checkpoint=json.loads(row["checkpoint"]) if row["checkpoint"] else None,
        begun_at=moment("begun_at"),
        ended_at=moment("ended_at"),
        next_at=moment("next_at"),
        failures=row["failures"],
        why=row["why"],
        rows=row["rows"],
        added=row["added"],
        changed=row["changed"],
        withdrawn=row["withdrawn"],
        failed=row["failed"],
        children=row["children"],
        share=row["share"],
        asks=row["asks"],
        taken_back=row["taken_back"],
        taken_of=row["taken_of"] or 0,
    )
