"""Commands on what is kept: figures, forgetting, copies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot.assemble import DATABASE
from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    decider,
    emit,
    facts,
    login_missing,
    read_config,
    say,
    session,
    show,
    warn,
)
from bot.cli.host_scores import host_scores
from bot.clock import day_and_time, iso
from bot.config import Config, key_path, sealing_key
from bot.encryption import FieldCipher
from bot.errors import UsageError
from bot.model import Verb
from bot.pipeline.keeping.diagnosis import budget_said
from bot.plural import many
from bot.serialization import to_json_data
from bot.store.backup import check
from bot.store.drill import drill

MONTHS = 12  # shown
SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
SHOWN = {"posts": "post", "cases": "case", "actions": "action", "notices": "notice", "entries": "entry"}


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(stats)
    app.command()(purge)
    app.command()(backup)


def stats(
    what: Annotated[
        str | None, typer.Argument(help="hosts: how soon hosts act on notices; else all the rest.", metavar="[hosts]")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what is in each state, what happened lately, how right rules and removals were, how subreddits are read."""
    if what is not None:
        host_scores(what, as_json=as_json, config=config)
        return
    with session(read_config(config)) as pipeline:
        store = pipeline.deps.store
        counts, places, budget = store.maintenance.counts(), store.watched.places(), store.watched.budget()
        now, rules = pipeline.deps.clock.now(), store.figures.rules()
        months = store.removals.months()
        lately = {name: store.figures.recent(now - span) for name, span in SPANS.items()}
    if as_json:
        watched = [
            {"subreddit": place.subreddit, "state": place.state, "since": iso(place.since), "sentence": place.sentence}
            for place in places
        ]
        right = [
            {"rule": row.rule, "open": row.open, "confirmed": row.confirmed, "dismissed": row.dismissed,
             "otherwise": row.otherwise, "precision": row.precision}
            for row in rules
        ]  # fmt: skip
        emit(
            {
                **counts,
                "subreddits": watched,
                "reddit": budget,
                "rules": right,
                "lately": lately,
                "months": [{**to_json_data(month), "total": month.total} for month in months],
            }
        )
        return
    rows = [(table, state, number) for table, states in counts.items() for state, number in states.items()]
    show(["what", "state", "how many"], rows, empty="nothing yet")
    if rules:
        say("")
        shown = [
            (row.rule, row.open, row.confirmed, row.dismissed, _right(row.confirmed, row.confirmed + row.dismissed))
            for row in rules
        ]
        show(["rule", "open", "confirmed", "dismissed", "right"], shown, empty="")
    if months:
        say("")
        counted = [
            (one.month, one.total, one.correct, one.confirmed, one.undone, one.appeals, one.appeals_upheld)
            for one in months[:MONTHS]
        ]
        show(
            ["month", "removed", "never undone", "by a person's word", "undone", "appeals", "upheld"], counted, empty=""
        )
    names = sorted({(what, name) for span in lately.values() for what, names in span.items() for name in names})
    if names:
        say("")
        recent = [(what, name, *(lately[span][what].get(name, 0) for span in SPANS)) for what, name in names]
        show(["what", "of", *SPANS], recent, empty="")
    if places:
        say("")
        states = [(f"r/{place.subreddit}", place.state, day_and_time(place.since), place.sentence) for place in places]
        show(["subreddit", "state", "since (UTC)", ""], states, empty="")
    if budget:
        say(f"\n{budget_said(budget)}")
        if budget["closed"]:
            say(budget["closed"])


def purge(
    everything: Annotated[
        bool, typer.Option("--all", help="Look for every stored post on Reddit now, also those looked for today.")
    ] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Forget posts that were deleted on Reddit, and posts without a case after storage.seen_days.

    The daemon does this by itself. Without a login only the second part is done.
    """
    settings = read_config(config)
    missing = login_missing(settings)
    with session(settings, reddit=missing is None) as pipeline:
        decider(pipeline, who, Verb.PURGE)
        pipeline.decisions.minors.finish()
        deleted, old = pipeline.forgetting.purge(everything=everything)
    if missing is not None:
        warn(f"deleted posts were not looked for: {missing}")
    say(f"{many(deleted + old, 'post')} forgotten ({deleted} deleted on Reddit, {old} old)")


def backup(
    target: Annotated[
        Path | None, typer.Argument(help="The file to write, or a folder for a file named by the time.")
    ] = None,
    checked: Annotated[
        bool, typer.Option("--check", "--verify", help="Check this copy instead of writing one.")
    ] = False,
    drilled: Annotated[
        bool, typer.Option("--drill", help="Take one, put it back in private, open it with the key, and delete it.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Copy the database while the daemon works, or check a copy. The key is not in it."""
    settings = read_config(config)
    if drilled:
        if target is not None or checked:
            raise UsageError("a drill deletes the copy that it takes and has no file; leave the name and --check out")
        _drill(settings, as_json=as_json)
        return
    if target is None:
        raise UsageError("name the file to write, or a folder; or try it all with: gifwarden backup --drill")
    if not checked:
        with session(settings) as pipeline:
            if target.is_dir():
                target /= f"gifwarden-{pipeline.deps.clock.now():%Y%m%dT%H%M%SZ}.db"
            pipeline.deps.store.backup.write(target)
    elif target.is_dir():
        raise UsageError(f"{target} is a folder; name the copy to check")
    key = sealing_key(settings.storage)
    found = check(target, FieldCipher(key) if key else None)
    if as_json:
        emit(
            {
                "file": str(target),
                "rows": dict(found.rows),
                "steps": list(found.steps),
                "sealed": found.sealed,
                "key_opens": found.opens,
            }
        )
        return
    facts(
        [
            ("backup", f"{target}, whole and readable by its owner only" if not checked else f"{target} is whole"),
            (
                "holds",
                ", ".join(many(found.rows[table], noun, table) for table, noun in SHOWN.items()),
            ),
            ("key", _key_words(found.sealed, found.opens, key_path(settings.storage))),
            ("restore", f"stop the daemon, put it in place of {settings.storage.path / DATABASE}; see docs/backup.md"),
        ]
    )


def _drill(settings: Config, *, as_json: bool) -> None:
    with session(settings) as pipeline:
        key = sealing_key(settings.storage)
        done = drill(pipeline.deps.store, FieldCipher(key) if key else None)
    if as_json:
        emit(to_json_data(done))
    else:
        where = key_path(settings.storage)
        facts(
            [
                ("backup", f"{done.bytes / (1 << 20):,.1f} MiB in {done.taking:.1f} s, whole; deleted again"),
                ("restored", f"in {done.restoring:.1f} s: {many(done.rows, 'row')} of {many(done.tables, 'table')}"),
                ("key", f"opens {done.opened:,} of {many(done.sealed, 'sealed value')} that were tried"),
                ("", f"it is not in a backup: keep a copy of {where} in another place"),
                *(("fail", fault) for fault in done.faults),
            ]
        )
    if done.faults:
        raise typer.Exit(1)


def _right(right: int, decided: int) -> str:
    """Return the share of decided cases that were right; a whole one as a count, for no share is a certainty."""
    return "" if not decided else f"{right} of {decided}"


def _key_words(sealed: int, opens: bool | None, path: Path) -> str:
    if opens is False:
        return f"the key at hand ({path}) does NOT open its {many(sealed, 'sealed row')}: keep the right one"
    held = f"; it opens the {many(sealed, 'sealed row')}" if opens else ""
    return f"not in the backup: keep a copy of {path} in another place{held}"
