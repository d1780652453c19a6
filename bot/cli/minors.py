"""Commands on suspected minors, beside the other commands on cases."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    WhyOption,
    decider,
    emit,
    facts,
    login_missing,
    read_config,
    say,
    session,
    warn,
)
from bot.model import Verb
from bot.pipeline.reviewing.hotlines import HOTLINES
from bot.serialization import to_json_data
from bot.store import MinorRow


def register(cases: typer.Typer) -> None:
    """Add these commands."""
    cases.command()(minor)
    cases.command()(reported)


def minor(
    target: Annotated[str, typer.Argument(help="A case, or the address or fullname of any post.")],
    who: ByOption = None,
    why: WhyOption = "suspected minor",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Suspected minor: stop everything about a post, remove it, destroy its fingerprints, and say where to report.

    Works on a post in any state, known or not. Address and time are kept until a person has reported them.
    """
    settings = read_config(config)
    with session(settings, reddit=login_missing(settings) is None) as pipeline:
        by = decider(pipeline, who, Verb.CASES)
        marked = pipeline.people.minor(target, by=by, why=why)
        running = pipeline.deps.store.lease.held()
        stopped = pipeline.deps.stop_file.exists()
    if as_json:
        where = [to_json_data(line) for line in HOTLINES]
        emit({"posts": [to_json_data(row) for row in marked.posts], "done": list(marked.lines), "report_to": where})
        return
    say(f"{marked.posts[0].label} is marked as a suspected minor. Do not open, save or send the media to anybody.")
    for line in marked.lines:
        say(f"  {line}")
    if stopped or not running:
        warn(
            "  remove the post by hand NOW: "
            + ("the kill switch is on" if stopped else "no daemon is running that could do it")
        )
    say("\nReport this, and only this:")
    for row in marked.posts:
        facts(_needed(row))
    say("\nHere:")
    for hotline in HOTLINES:
        say(f"  {hotline.name}: {hotline.url}")
        say(f"      {hotline.what} (verified on {hotline.verified_on})")
    say("\nThen, so that address and time are forgotten here too:")
    for row in marked.posts:
        say(f"  gifwarden cases reported {row.label} --by '{by.name}'")


def reported(
    name: Annotated[str, typer.Argument(help="The label that gifwarden cases minor gave.")],
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Say that you have reported a suspected minor: address and time are forgotten."""
    with session(read_config(config)) as pipeline:
        pipeline.people.reported(name, by=decider(pipeline, who, Verb.CASES))
    say(f"{name} is forgotten; only its label, who reported it and when are kept")


def warn_of(waiting: list[MinorRow]) -> None:
    """Say which suspected minors nobody has reported yet."""
    for row in waiting:
        warn(
            f"{row.label}: suspected minor in r/{row.subreddit}, marked by {row.marked_by} on "
            f"{row.marked:%Y-%m-%d %H:%M} UTC, NOT REPORTED YET; see: gifwarden cases minor {row.label} --by YOU"
        )


def _needed(row: MinorRow) -> list[tuple[str, str]]:
    return [
        ("post", f"https://www.reddit.com{row.permalink}"),
        *(("media", url) for url in row.urls),
        ("seen", f"{row.seen:%Y-%m-%d %H:%M} UTC"),
    ]
