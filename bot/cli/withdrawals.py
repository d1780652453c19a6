"""What a wrong entry carried: shown, given back or kept, in one decision each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from bot.cli import known
from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    decider,
    emit,
    facts,
    listing,
    read_config,
    say,
    session,
)
from bot.cli.deciding import carried_out
from bot.cli.entries import Label
from bot.cli.groups import App
from bot.config import Config
from bot.errors import UsageError
from bot.model import Actor, Decision, Withdrawal
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.deciding import targets_of
from bot.pipeline.reviewing.giving_back import Chosen, choose, takes
from bot.pipeline.reviewing.words.entries import because
from bot.pipeline.reviewing.words.withdrawal import counted, deed_of, does, head, place_of, state_of
from bot.plural import many
from bot.serialization import to_json_data
from bot.store import CarriedRow, DecisionRow, WithdrawnRow
from bot.store.carried import waiting

Rows = Annotated[list[int] | None, typer.Option("--undo", help="Undo this row; may be repeated.")]
Kept = Annotated[list[int] | None, typer.Option("--keep", help="Let this row stand, with --why; may be repeated.")]
NowOption = Annotated[bool, typer.Option("--now", help="Do not wait for second thoughts.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]


def register(bank: App) -> None:
    """Add these commands to those of `bank`."""
    bank.command(name="withdrawals")(list_)
    bank.command(name="withdrawal")(show)


def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also those on which all is decided.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show withdrawn entries that carried something on which a person has to decide."""
    with session(read_config(config)) as pipeline:
        rows = [asdict(one) for one in counted(pipeline.deps.store)]
    columns = {"entry": "entry", "bank": "bank", "withdrawn": "withdrawn", "by": "by", "waiting": "wait", "all": "rows"}
    listing(
        [row for row in rows if everything or row["waiting"]],
        as_json=as_json,
        columns=columns,
        empty="nothing waits for a decision; gifwarden bank withdrawal LABEL shows one entry",
    )


def show(
    label: Label,
    undo: Rows = None,
    undo_all: Annotated[
        bool, typer.Option("--undo-all", help="Undo all that rests on this entry alone; notices are asked for apart.")
    ] = False,
    retract: Annotated[bool, typer.Option("--retract", help="Retract the notices that were sent on its word.")] = False,
    keep: Kept = None,
    why: Annotated[str | None, typer.Option("--why", help="Why, in a few words, for the audit trail.")] = None,
    dry_run: DryRunOption = False,
    now: NowOption = False,
    who: ByOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show all that a withdrawn entry carried here, and undo or keep it, row by row or all at once."""
    settings = read_config(config)
    asked = bool(undo or undo_all or retract or keep)
    if keep and (undo or undo_all or retract):
        raise UsageError("--keep is a decision of its own; give it alone")
    if keep and not why:
        raise UsageError("why do these stand? say so with --why")
    with session(settings) as pipeline:
        known.entry(pipeline, label)
        store = pipeline.deps.store
        row, rows = store.withdrawn.get(label), store.carried.rows(label)
        if row is None:
            raise UsageError(f"{label} is not withdrawn; to withdraw it: gifwarden bank remove {label}")
        if not asked:
            if as_json:
                emit(_plain(row, rows))
            else:
                facts(_facts(pipeline, row, rows))
            return
        chosen = choose(rows, undo or (), keep or (), undo_all=undo_all, retract=retract)
        verb = Decision.LET_STAND if keep else Decision.GIVE_BACK
        by = _decider(pipeline, who, chosen)
        for one in chosen:
            say(f"  {one.number}  {does(one, verb)}")
        if dry_run:
            say("nothing is decided: this was --dry-run")
            return
        decided = _decide(pipeline, settings, chosen, verb, by, why or because(row), wait=not (now or keep))
    if decided is None:
        return
    if verb is Decision.GIVE_BACK:
        carried_out(settings, decided)
    with session(settings) as pipeline:
        if verb is Decision.LET_STAND:
            pipeline.decisions.deciding.perform(decided)
        left = waiting(pipeline.deps.store.carried.rows(label))
    say(f"{label}: {many(len(left), 'row')} more to decide" if left else f"{label}: all is decided")
    say(f"  gifwarden bank withdrawal {label} shows what became of each")


def _decider(pipeline: Pipeline, who: str | None, chosen: Sequence[CarriedRow]) -> Actor:
    verbs, places = takes(chosen)
    by, *_ = (decider(pipeline, who, verb, places) for verb in verbs)
    return by


def _decide(
    pipeline: Pipeline,
    settings: Config,
    chosen: Sequence[CarriedRow],
    verb: Decision,
    by: Actor,
    why: str,
    *,
    wait: bool,
) -> DecisionRow | None:
    """Write the decision down; None if Ctrl-C took it back."""
    after = float(settings.review.take_back_seconds) if wait else 0.0
    rows = Chosen(chosen[0].entry, frozenset(one.number for one in chosen))
    decided = pipeline.decisions.deciding.decide(verb, targets_of(chosen), by=by, why=why, after=after, chosen=rows)
    if not after:
        return decided
    say(f"decided as {decided.label}; done in {after:g} seconds, and Ctrl-C takes it back until then")
    try:
        time.sleep(after)
    except KeyboardInterrupt:
        pipeline.decisions.deciding.take_back(decided.label, by=by)
        say("taken back: nothing was done")
        return None
    return decided


def _facts(pipeline: Pipeline, row: WithdrawnRow, rows: Sequence[CarriedRow]) -> Iterator[tuple[str, str]]:
    yield from head(pipeline.deps.store, row, rows)
    if row.why is not Withdrawal.WRONG:
        return
    for one in rows:
        yield str(one.number), f"{deed_of(one)}, {place_of(one)}"
        yield "", state_of(one)
    if rows:
        yield from _next(row.label, rows)


def _next(label: str, rows: Sequence[CarriedRow]) -> Iterator[tuple[str, str]]:
    left = waiting(rows)
    alone = [row for row in left if row.beside is None]
    command = f"gifwarden bank withdrawal {label}"
    lines = []
    if any(row.notice is None for row in alone):
        lines.append(f"{command} --undo-all  what rests on it alone")
    if any(row.notice is not None for row in alone):
        lines.append(f"{command} --retract   its notices")
    if left:
        lines.append(f"{command} --undo {left[0].number}    one row")
        lines.append(f"{command} --keep {left[0].number} --why '…'")
    for place, line in enumerate(lines):
        yield "" if place else "next", line


def _plain(row: WithdrawnRow, rows: Sequence[CarriedRow]) -> dict[str, Any]:
    return {
        "entry": row.label,
        "bank": row.bank,
        "withdrawal": row.why,
        "withdrawn_at": to_json_data(row.at),
        "by": row.by,
        "followed_at": to_json_data(row.followed),
        "waiting": len(waiting(rows)),
        "rows": [to_json_data(one) for one in rows],
    }
