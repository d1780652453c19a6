"""The page about the bot for a subreddit's wiki."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import known
from bot.cli.base import ConfigOption, JsonOption, emit, read_config, session
from bot.clock import day
from bot.errors import UsageError
from bot.pipeline.acting.about import about as page_about
from bot.serialization import to_json_data


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(about)


def about(
    subreddit: Annotated[
        str | None, typer.Argument(help="Which, with or without r/; may be left out if only one is watched.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Print a page for the subreddit's wiki: what the bot looks at, keeps and may do, appeals, and monthly counts.

    It is Markdown: put it on a wiki page of your subreddit, each month anew.
    """
    settings = read_config(config)
    watched = list(settings.subreddits)
    wanted = (subreddit or "").removeprefix("/").removeprefix("r/").strip("/").lower()
    if not wanted and len(watched) != 1:
        none = "none; to watch one, add a section [subreddits.NAME] to the configuration (config.toml)"
        raise UsageError(f"say which subreddit: gifwarden about NAME; watched are {', '.join(watched) or none}")
    name = next((one for one in watched if one.lower() == wanted), None) if wanted else watched[0]
    if name is None:
        raise UsageError(known.not_watched(settings, wanted))
    with session(settings, rules=True) as pipeline:
        deps = pipeline.deps
        months = deps.store.removals.months(name)
        today = day(deps.clock.now())
        page = page_about(settings, name, deps.rules_for(name), months, today)
    if as_json:
        counts = [{**to_json_data(month), "total": month.total} for month in months]
        emit({"subreddit": name, "mode": settings.mode(name), "page": page, "months": counts})
        return
    typer.echo(page)
