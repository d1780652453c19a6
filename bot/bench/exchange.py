"""An exchange of millions of rows: a first sync over HTTP into a fresh bank, then a delta, until matching sees both."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.assemble import Parts, assembled
from bot.bench.figures import Figure, Say
from bot.config import Config
from bot.errors import GifwardenError
from bot.loopback.exchanges.__main__ import spread
from bot.loopback.exchanges.lists import PAGE_ROWS, page_hashes, pdq_of
from bot.pipeline import Pipeline
from bot.store import ExchangeRow

BANK = "listed"
NAME = "bench"
TRIED = 200  # hashes that are looked up afterwards


class _Silent:
    """A logger that keeps quiet."""

    def info(self, event: str, **facts: object) -> None:
        """Say nothing."""

    def warning(self, event: str, **facts: object) -> None:
        """Raise: nothing may go wrong here."""
        raise GifwardenError(f"{event}: {facts}")


def run(
    say: Say,
    rows: int,
    changes: int,
    withdrawn: int,
    folder: Path | None = None,
    told: Callable[[ExchangeRow], None] | None = None,
) -> Iterator[Figure]:
    """Yield figures of a feed of so many rows, on the disk of `folder`. Raises GifwardenError if one is found wrong."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="gifwarden-bench-") as place, _feed(rows) as (url, append):
        config = Config.model_validate(
            {
                "exchanges": {NAME: {"url": f"{url}/feeds/bench/1.ndjson", "bank": BANK}},
                "storage": {"path": place},
            }
        )
        with assembled(config, _Silent(), parts=Parts(rules=False, reddit=False)) as pipeline:
            pipeline.deps.store.banks.create(BANK, "block")
            before = _peak()
            began = time.monotonic()
            say("first sync")
            pipeline.exchanges.fetch(NAME, told=told)
            fetched = time.monotonic() - began
            say("building the index")
            pipeline.scanner.library()
            built = time.monotonic() - began
            _check_rows(pipeline, rows)
            yield Figure(what=f"first sync of {rows:,} rows", ours=rows / fetched, unit="rows/s")
            yield Figure(what="until matching sees all", ours=rows / built, unit="rows/s", note=f"{built:.1f} s")
            yield Figure(
                what="most memory", ours=_peak(), unit="MiB", limit=before, limited_by="MiB before", note="this process"
            )
            append(changes, withdrawn)
            say("a delta")
            began = time.monotonic()
            pipeline.exchanges.fetch(NAME, yes=True)
            pipeline.scanner.library()
            seconds = time.monotonic() - began
            _check_changes(pipeline, rows, changes, withdrawn)
            yield Figure(
                what=f"{changes:,} changes, {withdrawn:,} withdrawn", ours=seconds, unit="s until matching sees them"
            )


@contextlib.contextmanager
def _feed(rows: int) -> Iterator[tuple[str, Callable[[int, int], None]]]:
    """Yield the address of a feed that a child process serves, and what appends changes to it."""
    child = subprocess.Popen(
        [sys.executable, "-m", "bot.loopback.exchanges", str(rows), str(PAGE_ROWS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    stdin, stdout = child.stdin, child.stdout

    def append(changes: int, withdrawn: int) -> None:
        stdin.write(f"{changes} {withdrawn}\n")
        stdin.flush()
        stdout.readline()

    try:
        url = stdout.readline().strip()
        if not url:
            raise GifwardenError("the server of the benchmark did not start")
        yield url, append
    finally:
        stdin.close()
        stdout.close()
        child.wait(10)


def _peak() -> float:
    """Return the most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _check_rows(pipeline: Pipeline, rows: int) -> None:
    last = -(-rows // PAGE_ROWS)
    first = page_hashes(1, min(PAGE_ROWS, rows))
    end = page_hashes(last, rows - (last - 1) * PAGE_ROWS)
    wanted = [
        text[64 * place : 64 * place + 64] for text in (first, end) for place in range(min(TRIED, len(text) // 64))
    ]
    _found(pipeline, wanted, there=True)


def _check_changes(pipeline: Pipeline, rows: int, changes: int, withdrawn: int) -> None:
    touched = spread(rows, changes)
    _found(pipeline, [pdq_of(row, 2) for row in touched[withdrawn : withdrawn + TRIED]], there=True)
    pages: dict[int, str] = {}
    gone = []
    for row in (*touched[: min(TRIED, withdrawn)], *touched[withdrawn : withdrawn + TRIED]):
        page, place = divmod(row, PAGE_ROWS)
        if page not in pages:
            pages[page] = page_hashes(page + 1, min(PAGE_ROWS, rows - page * PAGE_ROWS))
        gone.append(pages[page][64 * place : 64 * place + 64])
    _found(pipeline, gone, there=False)


def _found(pipeline: Pipeline, values: list[str], *, there: bool) -> None:
    """Raise GifwardenError unless each hash is found, or none."""
    for value, found in zip(
        values, pipeline.scanner.library().lookup([bytes.fromhex(one) for one in values]), strict=True
    ):
        exact = any(distance == 0 for _, _, distance in found)
        if exact is not there:
            raise GifwardenError(f"a hash of the list is {'not ' if there else ''}found after the sync ({value[:8]}…)")
