"""What tests of exchanges share: a park on loopback, a way to ask it, and pages in a row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import exchanges
from bot.clock import Clock, ManualClock
from bot.config import ExchangeConfig
from bot.endpoints import Endpoints
from bot.exchanges import Checkpoint, Context, Page, hma
from bot.exchanges.base import Row
from bot.lists import Bad, Plain, Record
from bot.loopback.exchanges import ExchangePark
from bot.model import Signal

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
NOW = int(START.timestamp())


@pytest.fixture
def park(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExchangePark]:
    """Exchanges on loopback; at an HMA fewer numbers that lead nowhere than a real bank has end the search."""
    monkeypatch.setattr(hma, "GAP", 20)
    with ExchangePark() as built:
        yield built


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock(START)


@pytest.fixture
def http(clock: ManualClock) -> Iterator[Endpoints]:
    """What asks them."""
    endpoints = Endpoints(clock)
    yield endpoints
    endpoints.close()


def pages_of(
    http: Endpoints, clock: Clock, checkpoint: Checkpoint | None = None, *, fresh: bool = False, **settings: Any
) -> list[Page]:
    """Return every page behind a checkpoint."""
    return list(begun(http, clock, checkpoint, fresh=fresh, **settings))


def begun(
    http: Endpoints, clock: Clock, checkpoint: Checkpoint | None = None, *, fresh: bool = False, **settings: Any
) -> Iterator[Page]:
    """Begin a fetch."""
    config = ExchangeConfig.model_validate(settings)
    context = Context(name="test", settings=config, http=http, clock=clock, fresh=fresh)
    return exchanges.get(config.kind).fetch(context, checkpoint)


def records(pages: list[Page]) -> list[Record]:
    """Return the good rows of pages."""
    return [row for page in pages for rows in page.rows for row in _each(rows) if isinstance(row, Record)]


def _each(rows: Row) -> Iterator[Record | Bad]:
    if not isinstance(rows, Plain):
        yield rows
        return
    for place, value in enumerate(rows.values):
        signals = (Signal(type="pdq", value=value, quality=100, t=0.0),)
        yield Record(id=rows.ids[place] if rows.ids else None, signals=signals)


def faults(pages: list[Page]) -> list[Bad]:
    """Return the others."""
    return [row for page in pages for row in page.rows if isinstance(row, Bad)]


def values(rows: list[Record]) -> list[str]:
    """Return the PDQ of rows that still match."""
    return [row.signals[0].value.hex() for row in rows if not row.withdrawn and row.signals]
