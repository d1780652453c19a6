"""The benchmark of lists measures in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.bench.apart import apart
from bot.bench.listed import run
from bot.errors import GifwardenError


def killed(rows: int, ids: bool, place: Path) -> Iterator[Any]:
    """Measure nothing: the process ends as one does that the system kills."""
    yield f"begun {rows} {ids} {place.name}"
    os._exit(9)


@pytest.mark.slow
def test_rows_are_taken_found_and_changed(tmp_path: Path) -> None:
    """Each figure is there, and what is measured is right: it is asserted while it is measured."""
    figures = [figure.what for figure in run(lambda _: None, (50_000,), ids=True, folder=tmp_path)]
    assert len(figures) == 6
    assert figures[-1].startswith("10,000 changes")


@pytest.mark.slow
def test_a_measuring_process_that_dies_is_an_error(tmp_path: Path) -> None:
    """It is said, in place of waiting for its answer for ever."""
    with pytest.raises(GifwardenError, match="ended with 9"):
        list(apart(killed, (1, False, tmp_path), lambda _: None))
