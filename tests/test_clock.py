"""How long is waited after failures in a row."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import DAY, backoff, day, day_and_time, iso


@pytest.mark.parametrize(
    ("failures", "seconds"), [(-1, 60), (0, 60), (1, 60), (2, 120), (3, 240), (6, 1920), (7, 3600), (8, 3600)]
)
def test_the_wait_doubles_up_to_the_longest(failures: int, seconds: float) -> None:
    """The first failure waits `first`, each further one twice as long, none longer than `longest`."""
    assert backoff(failures, first=60.0, longest=3600.0) == seconds


def test_no_wait_is_longer_than_a_day_unasked() -> None:
    """Where no longest wait is named, it is a day: twenty tries end within three weeks, not in a year."""
    assert [backoff(failures, first=60.0) for failures in (11, 12, 20)] == [61_440.0, DAY, DAY]


@given(st.integers(0, 10**9), st.floats(0.01, 1e5), st.floats(0.01, 1e7))
def test_any_number_of_failures_gives_a_wait(failures: int, first: float, longest: float) -> None:
    """However often something failed, the wait is finite, never shorter than before and never beyond the longest."""
    wait = backoff(failures, first=first, longest=longest)
    assert math.isfinite(wait)
    assert min(first, longest) <= wait <= longest
    assert wait <= backoff(failures + 1, first=first, longest=longest)


def test_moments_are_shown_in_utc() -> None:
    """Whatever zone a moment comes in, people and files are shown its day and time in UTC, without its seconds."""
    moment = datetime(2026, 3, 1, 1, 5, 59, tzinfo=timezone(timedelta(hours=2)))
    assert (day(moment), day_and_time(moment)) == ("2026-02-28", "2026-02-28 23:05")
    assert iso(moment) == iso(moment.astimezone(UTC)) == "2026-02-28T23:05:59Z"
