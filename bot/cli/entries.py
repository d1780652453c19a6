"""Entries of banks: found, shown with their past, noted of, confirmed by who knows what they confirm."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from bot.cli import known, list_rows
from bot.cli.base import ByOption, ConfigOption, JsonOption, decider, emit, facts, listing, read_config, say, session
from bot.cli.groups import App
from bot.config import Config
from bot.errors import GifwardenError, UsageError
from bot.model import Verb
from bot.model.past import noted
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.words import listed_row
from bot.pipeline.reviewing.words.entry import Card, behind, facts_of, hidden, plain, second_word, still_needs
from bot.plural import many
from bot.serialization import to_json_data
from bot.store import EntryFilter, EntryRow
from bot.store.entries import STATES

PAGE = 50  # entries that are shown unless it is said how many
Label = Annotated[str, typer.Argument(help="The entry's label, such as E-3f9c2a71b0.")]
NoteOption = Annotated[
    str | None, typer.Option("--note", help="What the next person should know of it, in a few words. Kept sealed.")
]
OriginOption = Annotated[
    str | None,
    typer.Option("--origin", help="Address of the original, or of where it was seen. Kept sealed, never fetched."),
]
AtOption = Annotated[str | None, typer.Option("--at", help="The time in the origin, such as 1:23.")]
BARE = ("label", "bank", "kind", "state")
"""All that is told of an entry that holds a suspected minor's file."""


def register(bank: App) -> None:
    """Add these commands to those of `bank`."""
    bank.command()(show)
    bank.command()(note)
    bank.command()(confirm)


def show(
    label: Annotated[str, typer.Argument(help="The entry's label, such as E-3f9c2a71b0, or what a list calls it.")],
    source: Annotated[
        str | None, typer.Option("--from", help="The list that calls it so, as bank import --source named it.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show one entry on one screen: whose word it is, where it is from, its hits, what it lacks, if it acts alone."""
    settings = read_config(config)
    with session(settings) as pipeline:
        label = list_rows.find(pipeline, label, source)
        store = pipeline.deps.store
        if (row := store.lists.row(label)) is not None:
            listed_row.refuse_minors(store, row)
            if as_json:
                emit(listed_row.plain(settings, row))
            else:
                facts(listed_row.facts_of(settings, row))
            return
        pipeline.decisions.bank.refuse_minors(label)
        card = Card.of(store, label)
    if as_json:
        emit(plain(settings, card))
    else:
        facts(facts_of(settings, card))


def note(
    label: Label,
    words: NoteOption = None,
    origin: OriginOption = None,
    at: AtOption = None,
    forget: Annotated[bool, typer.Option("--forget", help="Delete all that anybody noted of it.")] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Note something of an entry: your own note, origin and time; what others noted of it stays beside."""
    given = noted(words, origin, at)
    if (given is None) == (not forget):
        raise UsageError("give --note, --origin or both, or --forget alone")
    with session(read_config(config)) as pipeline:
        by = decider(pipeline, who, Verb.BANKS)
        known.entry(pipeline, label)
        if given is None:
            number = pipeline.banks.forget_notes(label, by=by)
            done = f"what was noted of {label} is deleted ({many(number, 'note')})"
        else:
            pipeline.banks.note(label, given, by=by)
            done = f"noted of {label}; gifwarden bank show {label} shows it"
    say(done)


def confirm(
    label: Label,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask at a terminal.")] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Confirm an entry as a second person, after it is shown. Only confirmed entries may act without a moderator.

    It takes your own system account. With review.confirmations = 1 you may be the first person again, a day later.
    """
    settings = read_config(config)
    with session(settings) as pipeline:
        store = pipeline.deps.store
        by = decider(pipeline, who, Verb.BANKS)
        known.entry(pipeline, label)
        store.lists.make_entries([label])
        pipeline.decisions.bank.refuse_minors(label)
        facts(facts_of(settings, Card.of(store, label)))
        if not yes and sys.stdin.isatty() and sys.stdout.isatty() and not typer.confirm(_question(label)):
            say(f"nothing is changed; {label} waits as before")
            raise typer.Exit(1)
        try:
            standing = pipeline.banks.confirm(label, by=by)
        except GifwardenError as error:
            raise UsageError(str(error)) from None
    say(f"{label} is confirmed by {by.name}{still_needs(settings, label, standing)}")


def _question(label: str) -> str:
    return f"You have looked at it, and {label} belongs there: do you give your word for it?"


def show_entries(
    pipeline: Pipeline, settings: Config, wanted: EntryFilter, limit: int | None, *, as_json: bool
) -> None:
    """Print entries, the newest first: a page of them, or as JSON all."""
    entries, minors = pipeline.deps.store.entries, pipeline.deps.store.minors
    if wanted.bank is not None:
        known.bank(pipeline, wanted.bank)
    if wanted.source is not None and wanted.source not in (sources := entries.sources()):
        raise known.missing("list", wanted.source, sources, "gifwarden bank list --entries")
    if as_json:
        for row in entries.stream(wanted, limit):
            if minors.is_never_label(row.label):
                emit({name: value if name in BARE else None for name, value in to_json_data(row).items()})
            else:
                emit(_unshown(to_json_data(row)) if hidden(settings, row) else to_json_data(row))
        return
    rows = entries.page(wanted, limit or PAGE)
    columns = {
        "label": "entry",
        "bank": "bank",
        "state": "state",
        "added": "added",
        "by": "from",
        "words": "2nd person",
    }
    columns |= {"cases": "cases"}
    shown = (
        {"label": row.label, "bank": row.bank} if minors.is_never_label(row.label) else _line(settings, row)
        for row in rows
    )
    more = behind(pipeline.deps.store, wanted)
    none = "no such entries" if more else "no such entries; see: gifwarden bank add --help"
    listing(shown, as_json=False, columns=columns, empty=none)
    if more:
        say(more)
    if len(rows) >= (limit or PAGE) and (every := entries.count(wanted)) > len(rows):
        say(
            f"the newest {len(rows):,} of {every:,}; more: --limit {min(every, 10 * len(rows))}, all: --json; "
            "fewer: --bank, --state, --waiting, --disputed, --from, --label"
        )


def _line(settings: Config, row: EntryRow) -> dict[str, Any]:
    """Return an entry as a line of a table."""
    unnamed = hidden(settings, row)
    return {
        "label": row.label,
        "bank": row.bank,
        "state": row.state,
        "added": None if unnamed else row.added_at[:10],
        "by": None if unnamed else row.source or row.added_by,
        "words": second_word(settings, row),
        "cases": row.cases or None,
    }


def _unshown(row: dict[str, Any]) -> dict[str, Any]:
    """Return an entry that waits for the same person's second word without the first: it must not lead them."""
    none = ("added_by", "added_at", "added_credential", "confirmed_by", "confirmed_at")
    return row | dict.fromkeys(none)


def filter_of(
    settings: Config,
    bank: str | None,
    state: str | None,
    source: str | None,
    label: str | None,
    *,
    waiting: bool,
    disputed: bool,
) -> EntryFilter:
    """Return what options ask for. Raises UsageError if that is nothing that there is."""
    if state is not None and state not in STATES:
        raise UsageError(f"{state} is no state of an entry; choose one of {', '.join(STATES)}")
    return EntryFilter(
        bank=bank,
        state=state,
        source=source,
        label=label,
        waiting=waiting,
        disputed=disputed,
        trusted=settings.banks.trusted,
    )
