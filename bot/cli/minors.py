"""Commands on suspected minors, beside the other commands on cases."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import known
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
from bot.cli.deciding import undone
from bot.clock import day_and_time
from bot.errors import UsageError
from bot.model import Verb
from bot.pipeline.reviewing.hotlines import HOTLINES
from bot.pipeline.reviewing.minors import WAIT
from bot.serialization import to_json_data
from bot.store import MinorRow

WARNED = 5  # of those that wait to be reported, the oldest that are named


def register(cases: typer.Typer) -> None:
    """Add these commands."""
    cases.command()(minor)
    cases.command()(cancel)
    cases.command()(reported)


def minor(
    target: Annotated[str, typer.Argument(help="A case, or the address or fullname of any post.")],
    who: ByOption = None,
    why: WhyOption = "suspected minor",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Suspected minor: hide, lock and remove a post, look at none of it, destroy it later, and say where to report.

    There is no --now: it never waits for second thoughts.

    Works on a post in any state, known or not. What is kept of its media is destroyed ten minutes later; until then
    `cases cancel` takes a slip back. Address and time are kept until a person has reported them.
    """
    settings = read_config(config)
    with session(settings, reddit=login_missing(settings) is None) as pipeline:
        by = decider(pipeline, who, Verb.CASES)
        target = known.case_or_other(pipeline, target)
        first = pipeline.decisions.minors.hide(target, by=by, why=why)
        store = pipeline.deps.store
        rows = store.minors.beside(first.post)
        until = store.minors.hidden_at(first.post)
        same = store.minors.same_file(first.post)
        running = store.lease.held()
        stopped = pipeline.deps.stop_file.exists()
    lines = [
        f"{row['label']} in {row['bank']} holds the same file; if it was not made by a hotline: "
        f"gifwarden bank remove {row['label']}"
        for row in same
    ]
    if len(rows) > 1:
        lines.append(f"{len(rows) - 1} more of the stored posts hold the same media and are marked too")
    rows = rows or [first]
    if as_json:
        where = [to_json_data(line) for line in HOTLINES]
        due = to_json_data(until + WAIT) if until else None
        emit({"posts": [to_json_data(row) for row in rows], "done": lines, "purged_at": due, "report_to": where})
        return
    say(f"{first.label} is marked as a suspected minor. Do not open, save or send the media to anybody.")
    for row in rows:
        say(f"  r/{row.subreddit}: the post is removed and locked at the daemon's next step, in every mode")
    for line in lines:
        say(f"  {line}")
    if until is None:
        say("  what was kept of its media is destroyed already")
    else:
        purge = "the daemon destroys" if running else "gifwarden purge, or a daemon once it runs, destroys"
        say(f"  from {until + WAIT:%H:%M} UTC, in ten minutes, {purge} what is kept of its media")
        say(f"  if it was a slip, until then: gifwarden cases cancel {first.label} --by '{by.name}'")
    if stopped or not running:
        warn(
            "  remove the post by hand NOW: "
            + ("the kill switch is on" if stopped else "no daemon is running that could do it")
        )
    say("\nReport this, and only this:")
    for row in rows:
        facts(_needed(row))
    say("\nHere:")
    for hotline in HOTLINES:
        say(f"  {hotline.name}: {hotline.url}")
        say(f"      {hotline.what} (verified on {hotline.verified_on})")
    say("\nThen, so that address and time are forgotten here too, and all that is kept at once:")
    for row in rows:
        say(f"  gifwarden cases reported {row.label} --by '{by.name}'")


def cancel(
    target: Annotated[str, typer.Argument(help="What was marked: its label, or the post's address or fullname.")],
    who: ByOption = None,
    why: WhyOption = "a slip",
    config: ConfigOption = None,
) -> None:
    """Take `cases minor` back within its ten minutes: all is as before, and the post goes up again if it was up."""
    settings = read_config(config)
    with session(settings) as pipeline:
        by = decider(pipeline, who, Verb.CASES)
        target = known.case_or_other(pipeline, target)
        by = decider(pipeline, who, Verb.CASES, pipeline.decisions.minors.places(target) or None)
        lines, done = pipeline.decisions.minors.uncover(target, by=by)
        for row in done:
            pipeline.decisions.cases.plan_undo(row.action.id, by=by, why=why)
    say(f"{target} is not marked any more")
    for line in lines:
        say(f"  {line}")
    for row in done:
        try:
            say(f"  {row.action.kind}: {undone(settings, row.action.id)}")
        except UsageError as error:
            say(f"  {row.action.kind}: {error}")


def reported(
    name: Annotated[str, typer.Argument(help="The label that gifwarden cases minor gave.")],
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Say that you have reported a suspected minor: address and time are forgotten."""
    with session(read_config(config)) as pipeline:
        by = decider(pipeline, who, Verb.CASES)
        name = known.case_or_other(pipeline, name)
        by = decider(pipeline, who, Verb.CASES, [pipeline.deps.store.minors.get(name).subreddit])
        pipeline.decisions.minors.reported(name, by=by)
    say(f"{name} is forgotten; only its label, who reported it and when are kept")


def warn_of(waiting: list[MinorRow]) -> None:
    """Say which suspected minors nobody has reported yet."""
    for row in waiting[:WARNED]:
        warn(
            f"{row.label}: suspected minor in r/{row.subreddit}, marked by {row.marked_by} on "
            f"{day_and_time(row.marked)} UTC, NOT REPORTED YET; see: gifwarden cases minor {row.label} --by YOU"
        )
    if len(waiting) > WARNED:
        warn(f"{len(waiting) - WARNED} more are NOT REPORTED YET; see: gifwarden cases list --state minor")


def _needed(row: MinorRow) -> list[tuple[str, str]]:
    return [
        ("post", f"https://www.reddit.com{row.permalink}"),
        *(("media", url) for url in row.urls),
        ("seen", f"{day_and_time(row.seen)} UTC"),
    ]
