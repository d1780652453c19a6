"""How an exchange stands, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from bot.clock import day_and_time
from bot.model import ExchangeState
from bot.pipeline.keeping.exchange_standing import Standing
from bot.plural import many
from bot.store import ExchangeRow

How = Callable[[str, str, str], str]
"""How something is done at this door, in words: of the deed, the exchange, and what a command takes beside it."""
WORDS = {
    ExchangeState.NEVER_FETCHED: "never fetched",
    ExchangeState.FETCHING: "being fetched",
    ExchangeState.UP_TO_DATE: "up to date",
    ExchangeState.FAILING: "failing",
    ExchangeState.STALE: "stale",
    ExchangeState.ASKS: "asks you",
    ExchangeState.PAUSED: "paused",
}


def by_command(deed: str, name: str, more: str = "") -> str:
    """Return the command that does something to an exchange."""
    return f"gifwarden exchange {deed} {name}{f' {more}' if more else ''}"


def facts_of(one: Standing, how: How = by_command) -> Iterator[tuple[str, str]]:
    """Yield how an exchange stands, line by line. `how`: how things are done at the door that shows it."""
    row = one.row
    yield "name", f"{one.name}, kind {one.settings.kind}"
    yield "from", str(one.settings.folder or "") or one.settings.url.partition("?")[0]
    yield "bank", f"{one.settings.bank}, {many(one.listed, 'row')} of it from here"
    yield "state", WORDS[one.state] + (f": {one.why}" if one.why else "")
    yield "last", moment_of(row.ended_at) if row else "never"
    yield "next", next_of(one, how)
    yield "stale", f"{one.settings.stale_days:g} days after the last fetch that worked"
    if row and (row.rows or row.failed):
        yield "fetch", counts(row)


def counts(row: ExchangeRow) -> str:
    """Return what became of the rows of a fetch."""
    parts = [f"{row.rows:,} read", f"{row.added:,} added"]
    parts += [f"{row.changed:,} changed"] if row.changed else []
    parts += [f"{row.withdrawn:,} withdrawn"]
    parts += [f"{row.failed:,} left out"] if row.failed else []
    parts += [f"{row.children:,} dropped, tagged as child abuse"] if row.children else []
    return ", ".join(parts)


def next_of(one: Standing, how: How = by_command) -> str:
    """Return when an exchange is fetched next."""
    if one.state is ExchangeState.PAUSED:
        return f"when you say so: {how('pause', one.name, '--resume')}"
    if one.state is ExchangeState.ASKS:
        return f"when you say so: {how('fetch', one.name, '--yes')}"
    if one.row is None or one.row.next_at is None:
        return "as soon as gifwarden runs"
    return moment_of(one.row.next_at)


def moment_of(moment: datetime | None) -> str:
    """Return a moment as people read it."""
    return f"{day_and_time(moment)} UTC" if moment else "never"
