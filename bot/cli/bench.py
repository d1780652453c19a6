"""Benchmarks: our figure, the peer's and the limit, in one run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from bot.bench import floods, hashing, listed, searching
from bot.bench.figures import Figure
from bot.cli import screen
from bot.cli.base import JsonOption, emit, progress, show
from bot.cli.groups import App
from bot.errors import UsageError

app = App(
    help="Measure on this machine, beside peers that are installed: nothing needs them, and they are never installed.",
)


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(app, name="bench")


@app.command(name="hash")
def hash_(as_json: JsonOption = False) -> None:
    """Measure PDQ of a frame against pdqhash and imagehash, and against reading and decoding it."""
    with progress(told=as_json) as bar:
        task = bar.add_task("measuring", total=None)
        tell(hashing.run(lambda what: bar.update(task, description=what)), as_json)


@app.command()
def index(
    rows: Annotated[
        list[int] | None, typer.Option("--rows", min=1000, help="Number of hashes; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure exact search within 31 bits against faiss and py-threatexchange. Takes 150 bytes of disk a hash."""
    with progress(told=as_json) as bar:
        task = bar.add_task("measuring", total=None)
        sizes = tuple(rows or (100_000, 1_000_000))
        tell(searching.run(lambda what: bar.update(task, description=what), sizes), as_json)


@app.command()
def lists(
    rows: Annotated[
        list[int] | None, typer.Option("--rows", min=10_000, help="Number of rows of the list; may be repeated.")
    ] = None,
    ids: Annotated[
        bool, typer.Option("--ids/--bare", help="Rows have ids that rise, or are told by their hashes alone.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a list's rows into table and index, memory, search, a day's changes. Takes 300 bytes of disk a row."""
    with progress(told=as_json) as bar:
        task = bar.add_task("measuring", total=None)
        tell(listed.run(lambda what: bar.update(task, description=what), tuple(rows or (1_000_000,)), ids=ids), as_json)


@app.command(name="floods")
def floods_(
    kinds: Annotated[
        list[str] | None,
        typer.Option(
            "--flood", help=f"Only this flood; several times. {', '.join(floods.FLOODS)}.", show_default=False
        ),
    ] = None,
    ordinary: Annotated[int, typer.Option("--ordinary", min=1, max=1000, help="People who post a link each.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Measure how long ordinary posts wait behind floods, beside how long they wait alone. Takes some minutes."""
    if unknown := [name for name in kinds or () if name not in floods.FLOODS]:
        raise UsageError(f"{unknown[0]} is no flood; choose of: {', '.join(floods.FLOODS)}")
    with progress(told=as_json) as bar:
        task = bar.add_task("measuring", total=None)
        found = list(floods.run(lambda what: bar.update(task, description=what), kinds or (), ordinary))
    if as_json:
        for wait in found:
            emit(wait.plain())
        return
    show(floods.COLUMNS, floods.table(found), empty="nothing was measured", measured=True)


def tell(figures: Iterable[Figure], as_json: bool) -> None:
    """Print figures in a few lines each, or as JSON as they come."""
    if as_json:
        for figure in figures:
            emit(figure.plain())
        return
    screen.figures([figure.lines() for figure in figures])
