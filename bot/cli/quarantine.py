"""Commands on the flood guard: quarantine list|add|release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from bot.cli import known
from bot.cli.base import ByOption, ConfigOption, JsonOption, WhyOption, decider, listing, read_config, say, session
from bot.cli.groups import App
from bot.clock import day_and_time
from bot.config import closest
from bot.errors import UsageError
from bot.model import Verb
from bot.pipeline.keeping.quarantining import kind_of, names_of

app = App(help="Entries, banks and rules whose automatic actions are held.")
_LISTS: Mapping[str, str] = {"entry": "bank list --entries", "bank": "bank list", "rule": "rules check"}
KindArgument = Annotated[str, typer.Argument(help="entry, bank or rule.")]
NameArgument = Annotated[str, typer.Argument(help="Its label or name.")]


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(app, name="quarantine")


@app.command(name="list")
def show_all(
    everything: Annotated[bool, typer.Option("--all", help="Also what was let go again.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what is quarantined, since when and why."""
    with session(read_config(config)) as pipeline:
        rows = [
            {
                "kind": row.kind,
                "name": row.name,
                "since": day_and_time(row.since),
                "why": row.why,
                "by": row.by,
                "released_until": day_and_time(row.released) if row.released else None,
                "removed": pipeline.deps.store.flood.acted(row.kind, row.name),
            }
            for row in pipeline.deps.store.flood.listing(released=everything)
        ]
    listing(
        rows,
        as_json=as_json,
        columns={
            "kind": "what",
            "name": "name",
            "since": "since (UTC)",
            "removed": "removed",
            "by": "by",
            "why": "why",
        },
        empty="nothing is quarantined",
    )


@app.command()
def add(
    kind: KindArgument,
    name: NameArgument,
    who: ByOption = None,
    why: WhyOption = "a person wants to look first",
    config: ConfigOption = None,
) -> None:
    """Hold everything that an entry, a bank or a rule would make the bot do without a person."""
    held = kind_of(kind)
    settings = read_config(config)
    with session(settings, rules=held == "rule") as pipeline:
        by = decider(pipeline, who, Verb.QUARANTINE)
        names = names_of(pipeline.deps, held, name)
        if name not in names:
            raise known.missing(kind, name, names, f"gifwarden {_LISTS[kind]}")
        done = pipeline.flood.quarantine(held, name, by=by, why=why)
    say(f"{kind} {name} is quarantined" if done else f"{kind} {name} is quarantined already, or was let go lately")


@app.command()
def release(kind: KindArgument, name: NameArgument, who: ByOption = None, config: ConfigOption = None) -> None:
    """Let it go: what was held goes ahead, and for a week it is not quarantined again."""
    with session(read_config(config)) as pipeline:
        by = decider(pipeline, who, Verb.QUARANTINE)
        held = [row.name for row in pipeline.deps.store.flood.listing() if row.kind == kind]
        if name not in held and (near := closest(name, held)):
            raise UsageError(f"{kind} {name} is not quarantined; did you mean {near}?")
        pipeline.flood.release(kind, name, by=by)
    say(f"{kind} {name} is let go; the daemon does what was held at its next step")
