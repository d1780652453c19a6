"""Banks of known media."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import entries as entry_commands
from bot.cli import known, lists, withdrawals, withdrawing
from bot.cli.added import Added
from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    complain,
    decider,
    emit,
    listing,
    progress,
    read_config,
    say,
    session,
)
from bot.cli.entries import PAGE, AtOption, NoteOption, OriginOption, filter_of, show_entries
from bot.cli.groups import App
from bot.cli.list_rows import show_rows
from bot.cli.scan import wants_reddit
from bot.errors import MarkedFileError, UsageError
from bot.model import Verb
from bot.model.past import noted
from bot.serialization import to_json_data
from bot.store.entries import STATES

app = App(help="Banks of known media: fakes (block), originals (source), innocent (allow).")
Name = Annotated[str, typer.Argument(help="The bank's name.")]


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    entry_commands.register(app)
    lists.register(app)
    withdrawing.register(app)
    withdrawals.register(app)
    parent.add_typer(app, name="bank")


@app.command()
def create(
    name: Name,
    kind: Annotated[str, typer.Option("--kind", help="block, source, watch or allow.")] = "block",
    distance: Annotated[
        int | None, typer.Option("--distance", min=0, max=31, help="A tighter cut in bits than banks.distance.")
    ] = None,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Create an empty bank."""
    with session(read_config(config)) as pipeline:
        pipeline.banks.create(name, kind, distance, by=decider(pipeline, who, Verb.BANKS))
    say(f"bank {name} created ({kind})")


@app.command(name="list")
def list_(
    entries: Annotated[bool, typer.Option("--entries", help="Show the entries instead of the banks.")] = False,
    rows: Annotated[
        bool,
        typer.Option("--rows", help="Show rows of lists that are no entries yet, and what came of each list last."),
    ] = False,
    bank: Annotated[str | None, typer.Option("--bank", help="Only entries or rows of this bank.")] = None,
    state: Annotated[str | None, typer.Option("--state", help=f"Only entries that are {' or '.join(STATES)}.")] = None,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only entries that wait for a second person before they act alone.")
    ] = False,
    disputed: Annotated[
        bool, typer.Option("--disputed", help="Only entries that somebody disputes; they do not act alone.")
    ] = False,
    source: Annotated[
        str | None, typer.Option("--from", help="Only entries or rows of this list, as bank import --source named it.")
    ] = None,
    label: Annotated[str | None, typer.Option("--label", help="Only entries whose label holds this text.")] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help=f"So many at most: {PAGE} unless told otherwise, all with --json."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show the banks, or their entries, the newest first."""
    settings = read_config(config)
    wanted = filter_of(settings, bank, state, source, label, waiting=waiting, disputed=disputed)
    if not (entries or rows) and (
        wanted != filter_of(settings, None, None, None, None, waiting=False, disputed=False) or limit
    ):
        raise UsageError(
            "--bank, --state, --waiting, --disputed, --from, --label and --limit choose entries; add --entries"
        )
    if rows and (entries or (state, waiting, disputed, label) != (None, False, False, None)):
        raise UsageError("--rows goes with --bank, --from and --limit; the others choose entries")
    with session(settings) as pipeline:
        if rows:
            show_rows(pipeline, settings, bank, source, limit, as_json=as_json)
            return
        if entries:
            show_entries(pipeline, settings, wanted, limit, as_json=as_json)
            return
        columns = {
            "name": "bank",
            "kind": "kind",
            "entries": "entries",
            "listed": "listed",
            "confirmed": "confirmed",
            "withdrawn": "withdrawn",
        }
        columns |= {"signals": "signals", "distance": "cut"}
        listing(
            map(to_json_data, pipeline.deps.store.banks.listing()),
            as_json=as_json,
            columns=columns,
            empty="no banks; see: gifwarden bank create --help",
        )


@app.command()
def add(
    name: Name,
    targets: Annotated[list[str], typer.Argument(help="Files, media URLs or Reddit permalinks.")],
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            help="For an allow bank: an entry it speaks against; may be repeated. Else all it resembles now.",
        ),
    ] = None,
    note: NoteOption = None,
    origin: OriginOption = None,
    at: AtOption = None,
    who: ByOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Put media into a bank. The media itself is not kept, only its fingerprints.

    A file that is there already keeps its entry: what you note is added, and your word is the second person's if
    another one put it in. An entry that it looks like is named.
    """
    settings = read_config(config)
    noticed = noted(note, origin, at)
    failed = False
    with session(settings, reddit=wants_reddit(settings, targets)) as pipeline, progress(told=True) as bar:
        by = decider(pipeline, who, Verb.BANKS)
        kind = known.bank(pipeline, name, "allow" if against else "block")
        if against and kind != "allow":
            raise UsageError(f"--against is for allow banks, and {name} is none")
        for label in against or ():
            known.entry(pipeline, label)
        for target in bar.track(targets, description="banking"):
            for result in pipeline.target_scanner.fingerprints(target):
                for found in result.fingerprints:
                    near = [] if kind == "allow" else pipeline.decisions.bank.looks_like(found)
                    try:
                        banked = pipeline.decisions.bank.add(name, found, by=by, note=noticed)
                    except MarkedFileError as marked:  # since it was fetched
                        failed = True
                        if as_json:
                            emit({"file": target, "error": str(marked)})
                        else:
                            complain(f"{target}  {marked}")
                        continue
                    pairs = pipeline.decisions.bank.pair(banked.label, found, against or ()) if kind == "allow" else ()
                    shown = Added(
                        pipeline=pipeline,
                        settings=settings,
                        target=target,
                        kind=kind,
                        found=found,
                        banked=banked,
                        near=tuple(one for one in near if one.entry != banked.label),
                        pairs=tuple(pairs),
                    )
                    if as_json:
                        emit(shown.plain())
                    else:
                        shown.told()
                for error in (*result.failures, *([result.error] if result.error is not None else [])):
                    failed = True
                    if as_json:
                        emit({"file": target, "error": error})
                    else:
                        complain(f"{target}  {error}")
    if failed:
        raise typer.Exit(1)


@app.command()
def stats(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show how often each entry has matched."""
    with session(read_config(config)) as pipeline:
        columns = {"bank": "bank", "entry": "entry", "matches": "matches", "exact": "exact", "suppressed": "suppressed"}
        columns |= {"last": "last"}
        rows = pipeline.deps.store.banks.hits()
        listing(rows, as_json=as_json, columns=columns, empty="no entry has matched yet")
