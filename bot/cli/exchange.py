"""Exchanges: where lists of hashes come from, how they do, fetched now, paused, taken away."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.cli import exchange_add
from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    complain,
    decider,
    emit,
    facts,
    listing,
    progress,
    read_config,
    say,
    session,
    warn,
)
from bot.cli.groups import App
from bot.lists import Bad
from bot.model import PROGRAM, ExchangeState, Verb
from bot.pipeline.keeping.exchange_standing import Standing, left_over
from bot.pipeline.keeping.exchange_words import WORDS, counts, facts_of, moment_of
from bot.plural import many
from bot.store import ExchangeRow

SHOWN_BAD = 10  # rows whose fault is said one by one
NameArgument = Annotated[str, typer.Argument(help="The exchange's name in the configuration.")]

app = App(help="Lists of hashes that others keep: where they come from, and how they do.")


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(app, name="exchange")
    exchange_add.register(app)


@app.command(name="list")
def list_(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show every exchange of the configuration: its state, its rows, when it was fetched last and comes next."""
    with session(read_config(config)) as pipeline:
        standing = pipeline.exchanges.standing()
        rest = left_over(pipeline.deps.store, pipeline.deps.config)
    listing(
        [_json(one) if as_json else _line(one) for one in standing],
        as_json=as_json,
        columns={
            "name": "name",
            "kind": "kind",
            "bank": "bank",
            "state": "state",
            "listed": "rows",
            "last": "last fetched",
        },
        empty="no exchange is configured; see docs/exchanges.md, or run: gifwarden exchange add NAME",
    )
    if not as_json:
        for one in standing:
            if one.why:
                warn(f"{one.name}: {one.why}")
    for sentence in rest:
        warn(sentence)


@app.command()
def show(name: NameArgument, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show how one exchange stands."""
    with session(read_config(config)) as pipeline:
        one = pipeline.exchanges.stands(name)
    if as_json:
        emit(_json(one))
        return
    facts(facts_of(one))


@app.command()
def fetch(
    name: NameArgument,
    yes: Annotated[
        bool, typer.Option("--yes", help="Withdraw or change however many rows its list takes back.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Read all of it from the beginning.")] = False,
    who: ByOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Fetch one exchange now. Cut off, it goes on where it was: run it again, or leave it to the daemon."""
    bad: list[Bad] = []
    number = 0

    def told_bad(fault: Bad) -> None:
        nonlocal number
        number += 1
        if len(bad) < SHOWN_BAD:
            bad.append(fault)

    with session(read_config(config)) as pipeline:
        by = decider(pipeline, who, Verb.BANKS) if yes else PROGRAM
        pipeline.exchanges.settings(name)
        with progress(told=False) as bar:
            task = bar.add_task(f"{name}: asking", total=None)

            def told(row: ExchangeRow) -> None:
                total = None if row.share is None else 1.0
                bar.update(task, description=f"{name}: {many(row.rows, 'row')}", total=total, completed=row.share or 0)

            row = pipeline.exchanges.fetch(name, yes=yes, fresh=again, by=by, told=told, bad=told_bad)
        pipeline.withdrawals.follow()
        pipeline.scanner.library()  # the index is built here rather than when the first link waits for it
        one = pipeline.exchanges.stands(name)
    for fault in bad:
        at = fault.place if fault.item else f"row {fault.line}" if fault.line else ""
        complain(f"{name}{f', {at}' if at else ''}  {fault.reason}")
    if number > len(bad):
        complain(f"{name}  and {many(number - len(bad), 'more row')} that cannot be taken")
    if as_json:
        emit(_json(one))
    elif row.state is ExchangeState.ASKS:
        warn(row.why or "")
    else:
        say(f"{name}  {counts(row)}; {many(one.listed, 'row')} in {one.settings.bank}")
    if row.state is ExchangeState.ASKS or number:
        raise typer.Exit(1)


@app.command()
def pause(
    name: NameArgument,
    resume: Annotated[bool, typer.Option("--resume", help="Fetch it by itself again.")] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Fetch an exchange no more by itself. Its rows stay and go on matching until they are stale."""
    with session(read_config(config)) as pipeline:
        by = decider(pipeline, who, Verb.BANKS)
        pipeline.exchanges.pause(name, paused=not resume, by=by)
    say(
        f"{name} is fetched again"
        if resume
        else f"{name} is paused; to go on: gifwarden exchange pause {name} --resume"
    )


@app.command()
def remove(
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Withdraw every row that came from an exchange and forget how far it was read."""
    settings = read_config(config)
    with session(settings) as pipeline:
        by = decider(pipeline, who, Verb.BANKS)
        bank, number = pipeline.exchanges.rows_of(name)
        question = f"{many(number, 'row')} of {bank} came from {name} and will match no more. Withdraw all of them?"
        if not yes:
            typer.confirm(question, abort=True)
        withdrawn = pipeline.exchanges.remove(name, by=by)
        pipeline.withdrawals.follow()
    say(f"{many(withdrawn, 'row')} of {bank} withdrawn")
    if name in settings.exchanges:
        say(f"now delete the section [exchanges.{name}] of your configuration, or its rows come again")


def _line(one: Standing) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.settings.kind,
        "bank": one.settings.bank,
        "state": WORDS[one.state],
        "listed": f"{one.listed:,}",
        "last": moment_of(one.row.ended_at) if one.row else "never",
    }


def _json(one: Standing) -> dict[str, Any]:
    row = one.row
    return {
        "name": one.name,
        "kind": one.settings.kind,
        "bank": one.settings.bank,
        "state": one.state.value,
        "why": one.why,
        "listed": one.listed,
        "last": row.ended_at if row else None,
        "next": row.next_at if row else None,
        "failures": row.failures if row else 0,
        "asks": row.asks if row else None,
        "rows": row.rows if row else 0,
        "added": row.added if row else 0,
        "changed": row.changed if row else 0,
        "withdrawn": row.withdrawn if row else 0,
        "failed": row.failed if row else 0,
        "children": row.children if row else 0,
    }
