"""Shared fixtures: a clock that stands still, a store in memory or on disk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.encryption import FieldCipher, new_key
from bot.store import Store
from tests.host_world import build, park, world  # noqa: F401  fixtures; a file's own of the same name come first

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    """A clock at noon that moves only when told to."""
    return ManualClock(START)


@pytest.fixture
def store(clock: ManualClock, tmp_path: Path) -> Iterator[Store]:
    """A real database in a fresh folder."""
    with Store(tmp_path / "gifwarden.db", clock, FieldCipher(new_key())) as opened:
        yield opened
