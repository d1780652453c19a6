"""Benchmark of exchanges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.bench import exchange
from bot.cli import screen
from bot.cli.base import JsonOption, emit, progress
from bot.store import ExchangeRow


def register(parent: typer.Typer) -> None:
    """Add this command."""
    parent.command(name="exchange")(exchange_)


def exchange_(
    rows: Annotated[int, typer.Option("--rows", min=1000, help="Rows of the list.")] = 1_000_000,
    changes: Annotated[int, typer.Option("--changes", min=1, help="Rows that change afterwards.")] = 10_000,
    withdrawn: Annotated[int, typer.Option("--withdrawn", min=0, help="How many of these are withdrawn.")] = 1_000,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="On whose disk; else that of temporary files.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a list of many rows over HTTP into a fresh bank, then changes of it. Takes 300 bytes of disk a row."""
    with progress(told=as_json) as bar:
        task = bar.add_task("measuring", total=rows)

        def told(row: ExchangeRow) -> None:
            bar.update(task, completed=row.rows)

        figures = []
        for figure in exchange.run(
            lambda what: bar.update(task, description=what), rows, min(changes, rows), withdrawn, folder, told
        ):
            figures.append(figure)
            if as_json:
                emit(figure.plain())
    if not as_json:
        screen.figures([figure.lines() for figure in figures])
