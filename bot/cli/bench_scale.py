"""Benchmarks of size: how far one coordinator reaches, and what of it ends first."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.bench import coordinator, growth, watching, workers
from bot.cli.base import JsonOption, emit, progress, show
from bot.cli.bench import tell


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.command(name="growth")(growth_)
    parent.command(name="coordinator")(coordinator_)
    parent.command(name="watching")(watching_)
    parent.command(name="workers")(workers_)


def growth_(
    rows: Annotated[
        list[int] | None, typer.Option("--rows", min=1000, help="Number of hashes; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the index as it grows: build, open, search, what is found. Takes 200 bytes of disk a hash."""
    with progress(told=as_json) as bar:
        task = bar.add_task("measuring", total=None)
        tell(
            growth.run(lambda what: bar.update(task, description=what), tuple(rows or (1_000_000, 10_000_000))), as_json
        )


def coordinator_(
    posts: Annotated[int, typer.Option("--posts", min=50, help="Number of posts.")] = 5000,
    as_json: JsonOption = False,
) -> None:
    """Measure what the coordinator does itself for a post, part by part, and what the database holds of it."""
    with progress(told=as_json) as bar:
        task = bar.add_task("measuring", total=None)
        tell(coordinator.run(lambda what: bar.update(task, description=what), posts), as_json)


def watching_(
    subreddits: Annotated[
        int, typer.Option("--subreddits", min=1, max=5000, help="Subreddits that are watched.")
    ] = 500,
    a_day: Annotated[
        list[int] | None,
        typer.Option("--a-day", min=100, help="Posts and comments a day in all of them; may be repeated."),
    ] = None,
    hours: Annotated[float, typer.Option("--hours", min=0.1, help="Hours that are measured.")] = 2.0,
    latency: Annotated[
        float, typer.Option("--latency", min=0, help="Seconds that a request takes.")
    ] = watching.LATENCY,
    as_json: JsonOption = False,
) -> None:
    """Measure how late posts are seen within Reddit's limit on requests, on loopback, by a clock that jumps."""
    with progress(told=as_json) as bar:
        task = bar.add_task("measuring", total=None)
        found = list(
            watching.run(
                lambda what: bar.update(task, description=what),
                subreddits,
                a_day or (50_000,),
                hours=hours,
                latency=latency,
            )
        )
    if as_json:
        for one in found:
            emit(one.plain())
        return
    show(watching.COLUMNS, watching.table(found), empty="nothing was measured", measured=True)


def workers_(
    count: Annotated[
        int, typer.Option("--workers", min=2, max=workers.MOST_WORKERS, help="Workers beside one that is alone.")
    ] = 3,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Rounds of each, by turns.")] = 10,
    clips: Annotated[int, typer.Option("--clips", min=1, help="Clips of each worker in a round.")] = 8,
    as_json: JsonOption = False,
) -> None:
    """Measure what a clip costs a worker that is alone, and one of several, by processor time."""
    with progress(told=as_json) as bar:
        task = bar.add_task("measuring", total=None)
        tell(workers.run(lambda what: bar.update(task, description=what), count, rounds, clips), as_json)
