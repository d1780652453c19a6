"""How each exchange of the configuration stands: its state, its rows, what a person should know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import from_iso, iso
from bot.config import Config, ExchangeConfig
from bot.model import ExchangeState
from bot.plural import many
from bot.store import ExchangeRow, Store

EXCHANGES = "exchange "  # how the sources of lists begin whose rows come by an exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An exchange of the configuration and how it stands."""

    name: str
    settings: ExchangeConfig
    row: ExchangeRow | None
    state: ExchangeState
    listed: int  # rows that it has in its bank
    why: str | None  # what a person should know of it


def left_over(store: Store, config: Config) -> list[str]:
    """Return a sentence for each exchange that is no longer in the configuration and still has rows here."""
    said = []
    for row in store.exchanges.listing():
        number = listed(store, row.name, row.bank)
        if row.name not in config.exchanges and number:
            said.append(
                f"{row.name} is no longer in the configuration, and {many(number, 'row')} of {row.bank} came from it; "
                f"to withdraw them: gifwarden exchange remove {row.name}"
            )
    return said


def standing(store: Store, config: Config, now: datetime) -> list[Standing]:
    """Return how each exchange of the configuration stands."""
    return [stands(store, settings, name, now) for name, settings in config.exchanges.items()]


def stands(store: Store, settings: ExchangeConfig, name: str, now: datetime) -> Standing:
    row = store.exchanges.get(name)
    state = row.state if row else ExchangeState.NEVER_FETCHED
    why = row.why if row else None
    until = row.ended_at + timedelta(days=settings.stale_days) if row and row.ended_at else None
    if row and row.ended_at is None:
        until = next((one for one in _fresh(store, name, settings.bank)), None)
    if row and until is not None and now >= until:
        last = f"fetched last {iso(row.ended_at)}" if row.ended_at else "never fetched whole"
        held = f"{last}: its rows no longer act by themselves"
        why = f"{held}; {why}" if why else held
        if state in (ExchangeState.UP_TO_DATE, ExchangeState.FAILING):
            state = ExchangeState.STALE
    there = listed(store, name, settings.bank)
    return Standing(name=name, settings=settings, row=row, state=state, listed=there, why=why)


def _fresh(store: Store, name: str, bank: str) -> list[datetime]:
    """Return until when the rows of an exchange act by themselves, if anything says so."""
    return [
        from_iso(one.fresh_until) for one in store.lists.listing(bank) if one.name == source(name) and one.fresh_until
    ]


def listed(store: Store, name: str, bank: str) -> int:
    """Return how many rows an exchange has in a bank."""
    return sum(one.rows for one in store.lists.listing(bank) if one.name == source(name))


def source(name: str) -> str:
    """Return what the list of an exchange is called among the lists of its bank."""
    return f"{EXCHANGES}{name}"
