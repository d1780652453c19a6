"""Banks of known media."""

from __future__ import annotations

from typing import Annotated, Any, cast, get_args

import typer

from bot.cli import known, lists
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
    warn,
)
from bot.cli.cases import told
from bot.cli.groups import App
from bot.cli.scan import wants_reddit
from bot.errors import GifwardenError, MarkedFileError, UsageError
from bot.model import Actor, Backing, BankKind, Verb
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.excerpts import too_plain
from bot.serialization import to_json_data

app = App(help="Banks of known media: fakes (block), originals (source), innocent (allow).")
Name = Annotated[str, typer.Argument(help="The bank's name.")]
Label = Annotated[str, typer.Argument(help="The entry's label, such as E-3f9c2a71b0.")]


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    lists.register(app)
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
    if kind not in get_args(BankKind):
        raise UsageError(f"{kind} is no kind of bank; choose one of {', '.join(get_args(BankKind))}")
    with session(read_config(config)) as pipeline:
        by = decider(pipeline, who, Verb.BANKS)
        store = pipeline.deps.store
        store.banks.create(name, cast("BankKind", kind), distance)
        store.audit.record(by=by, what=f"bank created ({kind})", subject=name)
    say(f"bank {name} created ({kind})")


@app.command(name="list")
def list_(
    entries: Annotated[bool, typer.Option("--entries", help="Show the entries instead of the banks.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show the banks, or their entries."""
    settings = read_config(config)
    with session(settings) as pipeline:
        banks = pipeline.deps.store.banks
        if entries:
            columns = {"label": "entry", "bank": "bank", "kind": "kind", "state": "state", "signals": "signals"}
            columns |= {"added_at": "added", "added_by": "by", "confirmed_at": "confirmed", "confirmed_by": "by whom"}
            columns |= {"standing": "words"}
            alone = settings.review.confirmations == 1
            rows = (_unshown(to_json_data(row)) if alone else to_json_data(row) for row in banks.entries())
            listing(
                rows if as_json else map(_with_days, rows),
                as_json=as_json,
                columns=columns,
                empty="no entries; see: gifwarden bank add --help",
            )
            return
        columns = {
            "name": "bank",
            "kind": "kind",
            "entries": "entries",
            "confirmed": "confirmed",
            "withdrawn": "withdrawn",
        }
        columns |= {"signals": "signals", "distance": "cut"}
        listing(
            map(to_json_data, banks.listing()),
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
    who: ByOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Put media into a bank. The media itself is not kept, only its fingerprints."""
    settings = read_config(config)
    failed = False
    with session(settings, reddit=wants_reddit(settings, targets)) as pipeline, progress(told=True) as bar:
        store = pipeline.deps.store
        by = decider(pipeline, who, Verb.BANKS)
        kind = known.bank(pipeline, name, "allow" if against else "block")
        if against and kind != "allow":
            raise UsageError(f"--against is for allow banks, and {name} is none")
        for label in against or ():
            known.entry(pipeline, label)
        for target in bar.track(targets, description="banking"):
            for result in pipeline.target_scanner.fingerprints(target):
                for found in result.fingerprints:
                    try:
                        label, new = store.banks.add(name, found, by=by)
                    except MarkedFileError as marked:  # since it was fetched
                        failed = True
                        if as_json:
                            emit({"file": target, "error": str(marked)})
                        else:
                            complain(f"{target}  {marked}")
                        continue
                    if new:
                        store.audit.record(by=by, what=f"entry added to {name}", subject=label)
                    pairs = pipeline.decisions.bank.pair(label, found, against or ()) if kind == "allow" else ()
                    plain = too_plain(found, settings.banks.min_quality)
                    beside = opposed(pipeline, label, kind)
                    if as_json:
                        more = {"against": pairs, "plain": plain, "note": found.note, "opposed": beside}
                        emit({"file": target, "entry": label, "new": new} | {k: v for k, v in more.items() if v})
                        continue
                    say(f"{target}  {label}{'' if new else '  (was there already)'}")
                    if found.note:
                        say(f"  {found.note}", "yellow")
                    if plain:
                        what = "what could be read of it is" if found.note else "it is"
                        say(f"  {what} too plain to be known again by its looks: only this very file can match")
                    if kind == "allow":
                        say(f"  speaks against: {', '.join(pairs) or 'nothing, for it resembles no entry'}")
                    for other in beside:
                        warn(f"  {said_opposed(label, kind, other)}")
                for error in (*result.failures, *([result.error] if result.error is not None else [])):
                    failed = True
                    if as_json:
                        emit({"file": target, "error": error})
                    else:
                        complain(f"{target}  {error}")
    if failed:
        raise typer.Exit(1)


@app.command()
def confirm(label: Label, who: ByOption = None, config: ConfigOption = None) -> None:
    """Confirm an entry as a second person. Only confirmed entries may act without a moderator.

    It takes your own system account. With review.confirmations = 1 you may be the first person again, a day later.
    """
    settings = read_config(config)
    by, standing = _on_entry(config, label, "confirm", who)
    say(f"{label} is confirmed by {by.name}{told(settings, label, standing)}")


@app.command()
def remove(label: Label, who: ByOption = None, config: ConfigOption = None) -> None:
    """Withdraw an entry: it stops matching at once, and is destroyed after storage.withdrawn_days."""
    _on_entry(config, label, "withdraw", who)
    say(f"{label} is withdrawn; for a while gifwarden bank restore {label} brings it back")


@app.command()
def restore(label: Label, who: ByOption = None, config: ConfigOption = None) -> None:
    """Let a withdrawn entry match again. It must be confirmed anew."""
    _on_entry(config, label, "restore", who)
    say(f"{label} matches again; a second person must confirm it before it acts alone")


@app.command()
def stats(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show how often each entry has matched."""
    with session(read_config(config)) as pipeline:
        columns = {"bank": "bank", "entry": "entry", "matches": "matches", "exact": "exact", "suppressed": "suppressed"}
        columns |= {"last": "last"}
        rows = pipeline.deps.store.banks.hits()
        listing(rows, as_json=as_json, columns=columns, empty="no entry has matched yet")


def opposed(pipeline: Pipeline, label: str, kind: str) -> list[str]:
    """Return the entries that say the opposite of the very file of one in a bank of this kind."""
    beside = pipeline.deps.store.banks.same_file(label)
    return [other for other, theirs in beside if (theirs == "allow") != (kind == "allow")]


def said_opposed(label: str, kind: str, other: str) -> str:
    """Return what it means that `other` says the opposite of an entry of a bank of this kind."""
    allow, block = (label, other) if kind == "allow" else (other, label)
    return (
        f"{block} and {allow} hold this very file: one says that it is known, the other that it is innocent. "
        f"{allow} does not hide it, for the very file always matches; withdraw the wrong one: gifwarden bank remove"
    )


def _with_days(row: dict[str, Any]) -> dict[str, Any]:
    """Return an entry for people, with days instead of moments."""
    return row | {key: (row[key] or "")[:10] for key in ("added_at", "confirmed_at")}


def _unshown(row: dict[str, Any]) -> dict[str, Any]:
    """Return an entry that waits for the same person's second word without the first: it must not lead them."""
    if row["standing"] in (Backing.WAITS, Backing.AGAIN):
        row |= {"added_by": None, "added_at": None, "confirmed_by": None, "confirmed_at": None}
    return row


def _on_entry(config: ConfigOption, label: str, what: str, who: str | None) -> tuple[Actor, Backing | None]:
    with session(read_config(config)) as pipeline:
        store = pipeline.deps.store
        by = decider(pipeline, who, Verb.BANKS)
        known.entry(pipeline, label)
        try:
            if what == "confirm":
                pipeline.decisions.bank.confirm_entry(label, by=by)
            elif what == "withdraw":
                store.banks.withdraw(label)
            else:
                pipeline.decisions.bank.restore_entry(label)
        except GifwardenError as error:
            raise UsageError(str(error)) from None
        store.audit.record(by=by, what=f"entry {what}", subject=label)
        return by, store.banks.standing(label)
