"""The command that reads a subreddit's past."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from bot.cli import known
from bot.cli.base import ConfigOption, JsonOption, complain, emit, progress, read_config, say, session
from bot.clock import day, iso
from bot.errors import UsageError
from bot.plural import many
from bot.store import BackfillRow


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(backfill)


def backfill(
    subreddit: Annotated[str, typer.Argument(help="A watched subreddit, without r/.", show_default=False)],
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=9000, help="How far back; else as far as Reddit shows.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Read at most so many submissions and comments now.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Read a subreddit's past, as far as Reddit still shows it, and put its links behind everything live in the queue.

    Reddit shows about 1,000 of any list, so beyond that its lists of top, controversial and hot submissions and its
    search for the known hosts are read too; what none of them shows cannot be found. Runs beside the daemon, which
    looks at the links, and leaves it half of Reddit's limit on requests. Stopped or killed, the same command goes on
    where it was.
    """
    if days is not None and limit is not None:
        raise UsageError("give --days or --limit, not both")
    settings = read_config(config)
    name = known.subreddit(settings, subreddit)
    with session(settings, rules=True, reddit=True) as pipeline, progress(told=False) as bar:
        until = pipeline.deps.clock.now() - timedelta(days=days) if days else None
        task = bar.add_task("", total=None)

        def tell(row: BackfillRow) -> None:
            back = f", back to {day(row.oldest)}" if row.oldest else ""
            bar.update(task, description=f"r/{row.subreddit}, {row.source}: {row.seen:,} read{back}")

        try:
            came = pipeline.backfill.read(name, until=until, limit=limit, tell=tell)
        except KeyboardInterrupt:
            complain("gifwarden: stopped; run the same command again to go on from there")
            raise typer.Exit(130) from None
    if as_json:
        for row in came.rows:
            oldest = iso(row.oldest) if row.oldest else None
            emit({"subreddit": row.subreddit, "listing": row.source, "read": row.seen, "posts": row.posts,
                  "links": row.links, "oldest": oldest, "state": row.state})  # fmt: skip
        emit({"subreddit": came.subreddit, "complete_to": iso(came.complete_to) if came.complete_to else None,
              "reached": came.reached, "stopped": came.stopped, "sentence": came.sentence})  # fmt: skip
        return
    say(f"r/{came.subreddit}: {came.seen:,} read, {many(came.posts, 'post')} and {many(came.links, 'link')} new")
    say(came.sentence)
    if came.links:
        say("the daemon looks at these links when nothing live waits")
