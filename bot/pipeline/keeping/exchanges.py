"""Others' lists, kept up to date: what is due is fetched page by page, and each page is kept with its checkpoint.

A kill at any point loses nothing and takes nothing twice: the rows of a page and up to where it was read stand in one
transaction. A fetch that would withdraw more than a share of the list, over all its tries, stops in front of that page
and asks. Its rows are fresh from the end of a fetch that ended well, never from its beginning.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot import exchanges
from bot.clock import DAY, Clock, backoff, iso
from bot.config import Config, ExchangeConfig
from bot.endpoints import Endpoints
from bot.errors import EndpointError, GifwardenError, UsageError, is_own_fault
from bot.exchanges import Context, Page
from bot.lists import Bad, Unnamed, typed
from bot.model import PROGRAM, Voice
from bot.pipeline.core import Boundary, Log, no_boundary
from bot.pipeline.keeping.exchange_standing import Standing, listed, source, standing, stands
from bot.pipeline.keeping.list_import import take
from bot.pipeline.keeping.sweeping import Met, asks, may_sweep
from bot.pipeline.recovery import GoOn, always, log_reason, reason_of
from bot.plural import many
from bot.store import ExchangeRow, Store
from bot.store.exchanges import Step
from bot.store.lists import Seen

FIRST_WAIT = 60.0  # seconds after a failure; doubled for each further one
LONGEST_WAIT = 6 * 3600.0
TURN_SECONDS = 600.0  # of one exchange in a round, while others wait
TOLD_SECONDS = 15.0  # between two lines of the log on a long fetch
TOLD_BAD = 5  # rows of a page whose fault the log names
ME = f"{socket.gethostname()}:{os.getpid()}"

Told = Callable[[ExchangeRow], None]


class _AsksError(Exception):
    """More would be withdrawn or changed than is done without asking."""

    def __init__(self, number: int, listed: int) -> None:
        super().__init__(number, listed)
        self.number = number
        self.listed = listed


@dataclass(slots=True)
class _Reading:
    """A reading that is under way or was cut off: up to where, and what it has met. As long as this process lives."""

    checkpoint: Mapping[str, Any] | None
    seen: Seen = field(default_factory=Seen)
    met: Met = field(default_factory=Met)
    unnamed: Unnamed = field(default_factory=Unnamed)  # of it, hashes of 64 digits whose kind nobody says


class ExchangeSync:
    """Fetches the exchanges of the configuration. Safe to call from several threads and processes."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        log: Log,
        endpoints: Endpoints,
        boundary: Boundary = no_boundary,
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log
        self._http = endpoints
        self._boundary = boundary
        self._cut: dict[str, _Reading] = {}  # what is gone on with
        self._turns: dict[str, int] = {}  # who was served when

    def round(self, go_on: GoOn = always) -> int:
        """Fetch what is due, each for its turn; return how many rows came. One that fails or is long holds up no other.

        Who was served longest ago comes first. One that is not through by the end of its turn goes on next round.
        """
        self._store.exchanges.free(_is_gone)
        return sum(self.turn(name, go_on) for name in self.order())

    def order(self) -> list[str]:
        """Return the exchanges of the configuration, who was served longest ago first."""
        return sorted(self._config.exchanges, key=lambda one: self._turns.get(one, 0))

    def turn(self, name: str, go_on: GoOn = always) -> int:
        """Fetch an exchange for its turn if it is due; return how many rows came. A failure is said, not raised."""
        try:
            every = timedelta(minutes=self._config.exchanges[name].every_minutes)
            if go_on() and self._store.exchanges.due(name, every):
                self._turns[name] = max(self._turns.values(), default=0) + 1
                return self.fetch(name, go_on=go_on, until=self._clock.monotonic() + TURN_SECONDS).rows
        except GifwardenError as error:  # it is written down with the exchange where it can be
            self._log.warning("exchange not fetched", exchange=name, reason=log_reason(error))
        return 0

    def fetch(
        self,
        name: str,
        *,
        yes: bool = False,
        fresh: bool = False,
        by: Voice = PROGRAM,
        told: Told | None = None,
        bad: Callable[[Bad], None] | None = None,
        go_on: GoOn = always,
        until: float | None = None,
    ) -> ExchangeRow:
        """Fetch one exchange to its end, or go on with a fetch that was cut off; return how it stands then.

        `yes`: withdraw however much it takes back. `told` hears after each page, `bad` of each row that is left out.
        `until`: a moment of the monotonic clock behind which it ends after a page, if it can go on from there.
        Raises what kept it from ending; that is written down too.
        """
        settings = self.settings(name)
        self._store.exchanges.free(_is_gone)
        before = self._store.exchanges.get(name)
        if before is not None and (before.kind, before.bank) != (settings.kind, settings.bank):
            raise UsageError(
                f"the exchange {name} was of kind {before.kind} for the bank {before.bank}, and its rows are there; "
                f"run: gifwarden exchange remove {name}, then fetch it anew"
            )
        claim = f"{ME}:{secrets.token_hex(4)}"
        row = self._store.exchanges.begin(name, settings.kind, settings.bank, claim, fresh=fresh)
        try:
            self._pages(row, settings, claim, yes=yes, fresh=fresh, by=by, told=told, bad=bad, go_on=go_on, until=until)
        except _AsksError as error:
            self._cut.pop(name, None)
            why = (
                f"its list takes back or changes {many(error.number, 'row')} at once, of {error.listed:,}; "
                f"if that is right, run: gifwarden exchange fetch {name} --yes"
            )
            self._store.exchanges.ask(name, claim, why=why, asks=error.number)
            self._log.warning("exchange asks", exchange=name, reason=why)
        except Exception as error:
            self._failed(name, claim, error)
            raise
        except BaseException:  # somebody stops us: it goes on with the next fetch
            self._store.exchanges.let_go(name, claim)
            raise
        found = self._store.exchanges.get(name)
        assert found is not None
        return found

    def pause(self, name: str, *, paused: bool, by: Voice) -> None:
        """Fetch an exchange no more by ourselves, or again. Raises UsageError if there is none of that name."""
        settings = self.settings(name)
        with self._store.transaction():
            self._store.exchanges.pause(name, settings.kind, settings.bank, paused=paused)
            what = f"exchange {'paused' if paused else 'resumed'}"
            self._store.audit.record(by=by, what=what, subject=name)

    def rows_of(self, name: str) -> tuple[str, int]:
        """Return the bank of an exchange and how many rows of it are there. Raises UsageError if there is none."""
        row = self._store.exchanges.get(name)
        bank = row.bank if row else self.settings(name).bank
        return bank, listed(self._store, name, bank)

    def remove(self, name: str, *, by: Voice) -> int:
        """Withdraw every row of an exchange and forget how far it was read; return how many rows that were."""
        bank, _ = self.rows_of(name)
        with self._store.transaction():
            numbers = [one.id for one in self._store.lists.listing(bank) if one.name == source(name)]
            withdrawn = sum(self._store.lists.sweep(number, Seen()).withdrawn for number in numbers)
            for number in numbers:
                self._store.lists.fresh_until(number, None)
            self._store.exchanges.remove(name)
            what = f"exchange removed: {many(withdrawn, 'row')} of {bank} withdrawn"
            self._store.audit.record(by=by, what=what, subject=name)
        return withdrawn

    def settings(self, name: str) -> ExchangeConfig:
        """Return the settings of an exchange. Raises UsageError if there is none of that name."""
        found = self._config.exchanges.get(name)
        if found is None:
            known = ", ".join(self._config.exchanges) or "none yet"
            raise UsageError(f"there is no exchange {name} in the configuration; there are: {known}")
        return found

    def first_page(self, name: str, settings: ExchangeConfig) -> Page:
        """Ask an exchange for its first page and keep nothing. Raises EndpointError."""
        pages = exchanges.get(settings.kind).fetch(self.context(name, settings, fresh=True), None)
        try:
            return next(pages)
        finally:
            pages.close()  # type: ignore[attr-defined]  # every plug is a generator

    def standing(self) -> list[Standing]:
        """Return how each exchange of the configuration stands."""
        return standing(self._store, self._config, self._clock.now())

    def stands(self, name: str) -> Standing:
        """Return how one stands. Raises UsageError if there is none of that name."""
        return stands(self._store, self.settings(name), name, self._clock.now())

    def _pages(
        self,
        row: ExchangeRow,
        settings: ExchangeConfig,
        claim: str,
        *,
        yes: bool,
        fresh: bool,
        by: Voice,
        told: Told | None,
        bad: Callable[[Bad], None] | None,
        go_on: GoOn,
        until: float | None,
    ) -> None:
        name, store = row.name, self._store
        began = said = self._clock.monotonic()
        plug = exchanges.get(settings.kind)
        number = store.lists.source(settings.bank, source(name))
        row = store.exchanges.weigh(name, store.lists.count(number))
        lost = row.taken_back
        cut = self._cut.pop(name, None)
        goes_on = cut is not None and not fresh and cut.checkpoint == row.checkpoint
        reading = cut if cut is not None and goes_on else _Reading(row.checkpoint)
        if store.lists.get(number).fresh_until is None:
            self._let_be_stale(number, settings)
        context = self.context(name, settings, fresh=fresh, goes_on=goes_on)
        for page in plug.fetch(context, row.checkpoint):
            self._cut[name] = reading
            page = replace(page, rows=list(reading.unnamed.of(typed(page.rows, settings.hash_type))))
            met = reading.met.also(page.rows)
            with store.transaction():
                there = store.lists.count(number)
                step = self._take(name, settings.bank, page, by, bad, reading.seen)
                if page.last:
                    _refuse_nothing(page, met, there)
                sweeps = may_sweep(whole=page.whole, unreadable=page.unreadable)
                gone = max(0, store.lists.count(number) - reading.seen.count) if sweeps else 0
                lost += step.lost
                listed = max(row.taken_of, there)
                if not yes and asks(lost + gone, listed, meets_none=gone > 0 and not reading.seen.count):
                    raise _AsksError(lost + gone, listed)
                if sweeps:
                    swept = store.lists.sweep(number, reading.seen)
                    step = replace(step, withdrawn=step.withdrawn + swept.withdrawn)
                store.exchanges.keep(name, claim, page.checkpoint, step)
                if page.last:
                    self._let_be_stale(number, settings)
                    self._came(name, number)
                    every = timedelta(minutes=settings.every_minutes)
                    why = _note(name, page, reading.unnamed)
                    store.exchanges.ended(name, claim, next_at=self._clock.now() + every, why=why)
            now_at = json.loads(json.dumps(page.checkpoint))
            is_over = until is not None and self._clock.monotonic() >= until and now_at != reading.checkpoint
            reading.met, reading.checkpoint = met, now_at
            self._boundary("exchange.kept")
            now = store.exchanges.get(name)
            if told is not None and now is not None:
                told(now)
            if now is not None and self._clock.monotonic() - said >= TOLD_SECONDS and not page.last:
                said = self._clock.monotonic()
                self._log.info("exchange goes on", exchange=name, rows=now.rows, seconds=round(said - began))
            if not page.last and (is_over or not go_on()):
                store.exchanges.let_go(name, claim)
                return
        self._cut.pop(name, None)
        store.lists.rest()
        ended = store.exchanges.get(name)
        if ended is not None and (ended.added or ended.changed or ended.withdrawn):
            what = f"exchange fetched: {ended.added} added, {ended.changed} changed, {ended.withdrawn} withdrawn"
            store.audit.record(by=by, what=what, subject=name)
        if ended is not None and (ended.rows or ended.failed):
            self._log.info(
                "exchange fetched",
                exchange=name,
                rows=ended.rows,
                added=ended.added,
                changed=ended.changed,
                withdrawn=ended.withdrawn,
                failed=ended.failed,
                seconds=round(self._clock.monotonic() - began),
            )

    def _came(self, name: str, number: int) -> None:
        """Note with the list what came of a fetch that ended well."""
        if (row := self._store.exchanges.get(name)) is not None:
            told = ("added", "changed", "withdrawn", "children", "failed")
            self._store.lists.came(number, {one: getattr(row, one) for one in told})

    def _let_be_stale(self, number: int, settings: ExchangeConfig) -> None:
        """Let the rows of a list act by themselves for as long as its settings say, from now on."""
        until = self._clock.now() + timedelta(days=settings.stale_days)
        self._store.lists.fresh_until(number, iso(until))

    def _take(
        self,
        name: str,
        bank: str,
        page: Page,
        by: Voice,
        bad: Callable[[Bad], None] | None,
        seen: Seen,
    ) -> Step:
        faults: list[Bad] = []

        def told(fault: Bad) -> None:
            if bad is not None:
                bad(fault)
            elif len(faults) < TOLD_BAD:
                faults.append(fault)

        counts = take(self._store, bank, source(name), page.rows, by=by, told=told, seen=seen, ends=False)
        for fault in faults:
            self._log.warning("row of an exchange left out", exchange=name, at=fault.place, reason=fault.reason)
        return Step(
            rows=counts.rows,
            added=counts.added,
            changed=counts.changed,
            withdrawn=counts.withdrawn,
            failed=counts.failed,
            children=counts.children,
            again=counts.again,
            share=page.share,
        )

    def _failed(self, name: str, claim: str, error: Exception) -> None:
        """Write down why a fetch ended and when it is tried again; a stop of the program is no failure."""
        row = self._store.exchanges.get(name)
        if row is None:
            return
        wait = backoff(row.failures + 1, first=FIRST_WAIT, longest=LONGEST_WAIT)
        if isinstance(error, EndpointError) and error.retry_after is not None:
            if error.retry_after == 0:
                self._store.exchanges.let_go(name, claim)
                return
            wait = min(max(wait, error.retry_after), DAY)
        elif is_own_fault(error):
            wait = FIRST_WAIT
        until = self._clock.now() + timedelta(seconds=wait)
        self._store.exchanges.failed(name, claim, why=reason_of(error), next_at=until)

    def context(self, name: str, settings: ExchangeConfig, *, fresh: bool = False, goes_on: bool = False) -> Context:
        """Return what a plug works with."""
        spool = self._config.storage.path
        return Context(
            name=name,
            settings=settings,
            http=self._http,
            clock=self._clock,
            fresh=fresh,
            goes_on=goes_on,
            spool=spool if spool.is_dir() else None,
        )


def _refuse_nothing(page: Page, met: Met, there: int) -> None:
    """Raise EndpointError for a reading that ends and was none, though its server said that all is well."""
    if met.is_nothing_but_damage:
        raise EndpointError(f"none of what came can be read, {many(met.rows, 'row')} in all; nothing is taken")
    if page.all and not page.whole and not met.rows and there:
        raise EndpointError(f"what came holds no row at all, and {many(there, 'row')} of it are here; nothing is taken")


def _note(name: str, page: Page, unnamed: Unnamed) -> str | None:
    """Return what a person should know of a fetch that ended well."""
    if unnamed.is_like_sums:
        return (
            f"{many(unnamed.count, 'hash', 'hashes')} of 64 digits name no type, look like SHA-256 and count as PDQ; "
            f'set hash_type to "sha256" or "pdq" in [exchanges.{name}], then run: '
            f"gifwarden exchange fetch {name} --again"
        )
    if page.note:
        return page.note
    if page.whole and page.unreadable:
        return f"{many(page.unreadable, 'row')} cannot be read, so what is missing from its list is not withdrawn"
    return None


def _is_gone(claim: str) -> bool:
    """Return whether a claim is of a process of this machine that is no more."""
    host, _, rest = claim.partition(":")
    number = rest.partition(":")[0]
    if host != socket.gethostname() or not number.isdecimal() or f"{host}:{number}" == ME:
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
