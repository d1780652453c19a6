"""What takes long runs by itself: `pytest -m slow`. A few of each kind run every time.

`slow` is a mark of pytest, and the project's settings leave out what carries it. What is slow is said where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

import pytest

slow = pytest.mark.slow


def one_of_each(values: Iterable[Any], kind: Callable[[Any], Hashable]) -> list[Any]:
    """Return all values for `parametrize`; of each kind the first runs every time, and the others are slow."""
    seen: set[Hashable] = set()
    given = []
    for value in values:
        first = (its := kind(value)) not in seen
        seen.add(its)
        given.append(value if first else pytest.param(value, marks=slow))
    return given


def few(values: Iterable[Any], *quick: Any) -> list[Any]:
    """Return all values for `parametrize`; those that are named run every time, and the others are slow."""
    every = list(values)
    assert all(value in every for value in quick), quick
    return [value if value in quick else pytest.param(value, marks=slow) for value in every]
