"""Commands for running with a team: stop, go, orders, digest, ban."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.base import ConfigOption, JsonOption, WhoOption, WhyOption, emit, listing, read_config, say, session
from bot.config import Config
from bot.errors import UsageError
from bot.plain import plain
from bot.plural import many

Where = Annotated[
    str | None, typer.Argument(help="One subreddit; without it, everything.", metavar="[SUBREDDIT]", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(stop)
    app.command()(go)
    app.command()(orders)
    app.command()(digest)
    app.command()(ban)


def stop(where: Where = None, who: WhoOption = "", why: WhyOption = "stopped", config: ConfigOption = None) -> None:
    """Do nothing more in the world, in one subreddit or at all, until gifwarden go. Watching goes on."""
    settings = read_config(config)
    with session(settings) as pipeline:
        name = pipeline.stopping.stop(_watched(settings, where), who=who or "the operator", why=why)
        waiting = pipeline.stopping.waiting(_watched(settings, where))
    say(f"{name} stopped; {many(waiting, 'action')} wait until: gifwarden go{f' {where}' if where else ''}")


def go(where: Where = None, who: WhoOption = "", config: ConfigOption = None) -> None:
    """Go on after gifwarden stop, or after moderators' order to stop."""
    settings = read_config(config)
    with session(settings) as pipeline:
        say(pipeline.stopping.go(_watched(settings, where), who=who or "the operator"))


def orders(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show what moderators ordered by modmail and report, newest first, and where they stopped the bot."""
    with session(read_config(config)) as pipeline:
        store = pipeline.deps.store
        if not as_json:
            for stopped in store.orders.stops():
                say(f"r/{stopped.subreddit} is stopped, by {stopped.who} at {plain(stopped.at)}", style="yellow")
        columns = {"received": "when", "subreddit": "r/", "sender": "u/", "verb": "order", "target": "target"}
        columns |= {"state": "state", "outcome": "outcome"}
        listing(map(plain, store.orders.listing()), as_json=as_json, columns=columns, empty="no orders yet")


def digest(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show what the next digest of each observed subreddit would say now. Sends nothing."""
    settings = read_config(config)
    observed = [name for name, section in settings.subreddits.items() if section.mode == "observe"]
    if not observed:
        raise UsageError("no subreddit is in mode observe, and only these have a digest")
    with session(settings) as pipeline:
        for name in observed:
            subject, body = pipeline.digests.preview(name)
            if as_json:
                emit({"subreddit": name, "subject": subject, "body": body})
            else:
                say(f"{subject}\n", style="bold", lines=True)
                say(f"{body}\n", lines=True)


def ban(
    case: Annotated[str, typer.Argument(help="The case, whose author is banned from its subreddit.")],
    who: WhoOption,
    why: Annotated[str, typer.Option("--why", help="Why; moderators see it beside the ban.", show_default=False)],
    days: Annotated[int | None, typer.Option("--days", help="For so many days; without it, for good.")] = None,
    message: Annotated[str, typer.Option("--message", help="What the banned user reads.")] = "",
    config: ConfigOption = None,
) -> None:
    """Order a ban of a case's author. Only a person does; no rule can. The daemon performs it in mode enforce."""
    settings = read_config(config)
    with session(settings) as pipeline:
        pipeline.stopping.ban(case, who=who, why=why, days=days, message=message)
    say(f"the ban is ordered by {who}; the daemon performs it; see gifwarden actions list")


def _watched(settings: Config, where: str | None) -> str | None:
    if where is None:
        return None
    name = where.removeprefix("/").removeprefix("r/")
    if settings.subreddit(name) is None:
        raise UsageError(f"r/{name} is not watched; watched are: {', '.join(settings.subreddits) or 'none'}")
    return name.lower()
