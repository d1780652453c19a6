"""What a wrong entry carried: shown, given back or kept, in one decision each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
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
from bot.clock import day
from bot.config import Config
from bot.errors import UsageError
from bot.model import Actor, Decision, Verb, Withdrawal
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.deciding import Target
from bot.pipeline.reviewing.giving_back import Chosen
from bot.pipeline.reviewing.words.entries import WORDS, because
from bot.plural import many
from bot.serialization import to_json_data
from bot.store import CarriedRow, DecisionRow, Store, WithdrawnRow
from bot.store.carried import NO_WAY_BACK, CarriedState, waiting

DEEDS = {
    "remove": "removed the post",
    "ban": "banned its author",
    "message": "told its author",
    "report": "reported it to the moderators",
    "modmail": "wrote to the moderators",
    "notice": "sent the notice {notice} to its host",
    "lock": "locked the post",
    "spoiler": "marked it as a spoiler",
    "nsfw": "marked it NSFW",
    "flair": "set a flair",
    "note": "wrote a note on its author",
}
NAMES = {"remove": "removal", "message": "message", "modmail": "modmail", "nsfw": "NSFW mark"}
BACK = {
    "remove": "the post comes up again, unless it was held before",
    "ban": "the ban is lifted",
    "message": "its author hears that it was a mistake",
    "notice": "a retraction is mailed",
}
NOTHING = "cannot be unsaid: keep it"
STATES = {
    CarriedState.WAITING: "waits for you",
    CarriedState.UNDER_WAY: "being undone",
    CarriedState.UNDONE: "undone",
    CarriedState.KEPT: "kept",
    CarriedState.CANNOT: "cannot be undone",
}
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
        store = pipeline.deps.store
        rows = [_counted(store, label) for label in store.carried.entries()]
    columns = {"entry": "entry", "bank": "bank", "withdrawn": "withdrawn", "by": "by", "waiting": "wait", "all": "rows"}
    listing(
        [row for row in rows if everything or row["waiting"]],
        as_json=as_json,
        columns=columns,
        empty="nothing waits for a decision; gifwarden bank withdrawal LABEL shows one entry",
    )


def _counted(store: Store, label: str) -> dict[str, Any]:
    row = store.withdrawn.get(label)
    rows = store.carried.rows(label)
    assert row is not None, "only withdrawn ones are listed"
    return {
        "entry": label,
        "bank": row.bank,
        "withdrawn": day(row.at),
        "by": row.by,
        "waiting": len(waiting(rows)),
        "all": len(rows),
    }


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
        numbers = _chosen(rows, undo or (), keep or (), undo_all=undo_all, retract=retract)
        verb = Decision.LET_STAND if keep else Decision.GIVE_BACK
        chosen = [one for one in rows if one.number in numbers]
        by = _decider(pipeline, who, chosen)
        for one in chosen:
            say(f"  {one.number}  {_does(one, verb)}")
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
    places = sorted({row.subreddit for row in chosen if row.subreddit})
    by = decider(pipeline, who, Verb.CASES, places)
    if any(row.notice for row in chosen):
        decider(pipeline, who, Verb.NOTICES, places)
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
    targets = [Target(case, version) for case, version in {one.case: one.case_version for one in chosen}.items()]
    rows = Chosen(chosen[0].entry, frozenset(one.number for one in chosen))
    decided = pipeline.decisions.deciding.decide(verb, targets, by=by, why=why, after=after, chosen=rows)
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


def _chosen(
    rows: Sequence[CarriedRow], undo: Collection[int], keep: Collection[int], *, undo_all: bool, retract: bool
) -> frozenset[int]:
    """Return the numbers that are meant. Raises UsageError if one is not there, or nothing is left to decide."""
    named = {row.number: row for row in rows}
    for number in (*undo, *keep):
        if number not in named:
            raise UsageError(f"there is no row {number}; there are {', '.join(map(str, named)) or 'none'}")
        state = named[number].state
        if state not in (CarriedState.WAITING, CarriedState.KEPT, CarriedState.CANNOT):
            raise UsageError(f"row {number} is {STATES[state]} already")
    numbers = {*undo, *keep}
    if undo_all:
        numbers |= {row.number for row in waiting(rows) if row.beside is None and row.notice is None}
    if retract:
        numbers |= {row.number for row in waiting(rows) if row.beside is None and row.notice is not None}
    if not numbers:
        raise UsageError("nothing that rests on this entry alone waits for that; name rows with --undo or --keep")
    return frozenset(numbers)


def _does(row: CarriedRow, verb: Decision) -> str:
    if verb is Decision.LET_STAND:
        return f"stays: {_deed(row)} ({row.case})"
    back = NOTHING if row.what in NO_WAY_BACK else BACK.get(row.what, "it is taken off")
    return f"{_deed(row)} ({row.case}): {back}"


def _deed(row: CarriedRow) -> str:
    return DEEDS.get(row.what, row.what).format(notice=row.notice)


def _facts(pipeline: Pipeline, row: WithdrawnRow, rows: Sequence[CarriedRow]) -> Iterator[tuple[str, str]]:
    by = f" by {row.by}" if row.by else ""
    yield "entry", f"{row.label} in {row.bank}, withdrawn {day(row.at)}{by}"
    yield "why", WORDS[row.why]
    if row.followed is None:
        yield "not yet", "what follows from it is not done yet; the daemon does it at its next step"
    if row.why is not Withdrawal.WRONG:
        yield from _standing(pipeline, row)
        return
    if not rows:
        yield "carried", "nothing that still stands"
        return
    counts = Counter(one.state for one in rows)
    told = {**STATES, CarriedState.WAITING: "to decide"}
    yield "carried", f"{many(len(rows), 'thing')}: " + ", ".join(f"{n} {told[state]}" for state, n in counts.items())
    for one in rows:
        place = f"r/{one.subreddit}" if one.subreddit else ""
        yield str(one.number), f"{_deed(one)}, {one.case} {place}".rstrip()
        if one.beside and one.state is CarriedState.WAITING:
            yield "", f"also: {one.beside}; not undone with the others"
        elif one.state is CarriedState.WAITING:
            yield "", f"undo: {NOTHING if one.what in NO_WAY_BACK else BACK.get(one.what, 'it is taken off')}"
        else:
            said = f" by {one.who}" if one.who and one.state is not CarriedState.CANNOT else ""
            reason = f": {one.reason}" if one.reason else ""
            yield "", f"{STATES[one.state]}{said}{reason}"
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


def _standing(pipeline: Pipeline, row: WithdrawnRow) -> Iterator[tuple[str, str]]:
    """Yield what stands of an entry that was not wrong: it is said, and nothing is proposed."""
    store = pipeline.deps.store
    cases = [store.cases.of_id(one.case) for one in store.withdrawn.resting(row.id, open_only=False)]
    kinds = Counter(
        one.action.kind for case in cases for one in store.actions.of_case(case.id) if str(one.state) == "done"
    )
    told = ", ".join(many(count, NAMES.get(kind, kind)) for kind, count in kinds.items())
    yield "stands", f"{told} in {many(len(cases), 'case')}" if kinds else "nothing that was done on its word"
    if kinds:
        yield "", "nothing is to be undone: it was right when it was done. One of them: gifwarden cases undo C-…"


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
