"""Hash lists of others into a bank, and a bank out as a list."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.progress import Progress, TaskID

from bot.cli import known
from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    complain,
    decider,
    emit,
    progress,
    read_config,
    say,
    session,
    warn,
)
from bot.errors import UsageError, unreadable
from bot.lists import FORMATS, WRITERS, Bad, read
from bot.model import Actor, Verb
from bot.pipeline import Pipeline
from bot.pipeline.keeping.list_import import Counts, take
from bot.plural import many
from bot.store.lists import row_number

BLOCK = 2**20  # bytes read at once
CHILDREN = (
    "{} dropped, tagged as child abuse: such lists belong with platforms, hotlines and the police, not with "
    "moderators; tell whoever gave it to you, and delete the file"
)


def register(bank: typer.Typer) -> None:
    """Add these commands to those of `bank`."""
    bank.command(name="import")(import_)
    bank.command(name="export")(export)


def import_(
    name: Annotated[str, typer.Argument(help="The bank's name.")],
    files: Annotated[list[str], typer.Argument(help="Lists; - for standard input.")],
    how: Annotated[str, typer.Option("--format", help="auto, hex, csv, ndjson, json or vpdq.")] = "auto",
    source: Annotated[
        str, typer.Option("--source", help="Your name for where the list comes from; rows with ids are told by it.")
    ] = "import",
    who: ByOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Put a list of hashes into a bank, in steps that are kept: if it is cut off, run it again.

    A row is an entry; a video's vPDQ is one. Entries are unconfirmed, so they act alone only in banks of banks.trusted.
    """
    if how not in ("auto", *FORMATS):
        raise UsageError(f"{how} is no format of lists; choose one of auto, {', '.join(FORMATS)}")
    settings = read_config(config)
    failed = False
    with session(settings) as pipeline:
        by = decider(pipeline, who, Verb.BANKS)
        known.bank(pipeline, name)
        for file in files:
            with progress(told=False) as bar, _opened(file, bar) as blocks:
                failed = _import(pipeline, name, file, read(blocks, how, file), source, by, as_json) or failed
        pipeline.scanner.library()  # the index is built here rather than when the first link waits for it
    if failed:
        raise typer.Exit(1)


def export(
    name: Annotated[str, typer.Argument(help="The bank's name.")],
    how: Annotated[str, typer.Option("--format", help=", ".join(WRITERS) + ".")] = "ndjson",
    entry: Annotated[str | None, typer.Option("--entry", help="This entry only.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write, mode 0600; else standard output.")] = None,
    config: ConfigOption = None,
) -> None:
    """Write a bank's active entries as a list of hashes. Nothing else leaves: no names, no words, no media."""
    if how not in WRITERS:
        raise UsageError(f"{how} is no format to write; choose one of {', '.join(WRITERS)}")
    with session(read_config(config)) as pipeline:
        known.bank(pipeline, name)
        if entry is not None:
            known.entry(pipeline, entry)
        store = pipeline.deps.store
        row = None if entry is None else row_number(entry)
        listed = store.listed.active((), name) if row is None else store.listed.one(row, name)
        lines = WRITERS[how](
            found
            for found in chain(store.known.active((), name), listed)
            if (entry is None or found.label == entry) and not store.minors.is_never_entry(found)
        )
        if out is None:
            for line in lines:
                print(line)  # noqa: T201  plain output for programs
            return
        try:
            with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
        except OSError as error:
            raise UsageError(f"cannot write {out}: {error.strerror}") from None
    say(f"{name} written to {out}")


def _import(
    pipeline: Pipeline, bank: str, file: str, rows: Iterator[Any], source: str, by: Actor, as_json: bool
) -> bool:
    """Import one list and say what became of it; return whether a row was bad."""

    def told(bad: Bad) -> None:
        if as_json:
            emit({"file": file, "line": bad.line, "error": bad.reason})
        else:
            complain(f"{file}{f':{bad.line}' if bad.line else ''}  {bad.reason}")

    began = time.monotonic()
    counts: Counts = take(pipeline.deps.store, bank, source, rows, by=by, told=told)
    seconds = max(time.monotonic() - began, 1e-9)
    if as_json:
        emit(
            {
                "file": file,
                "bank": bank,
                "added": counts.added,
                "changed": counts.changed,
                "known": counts.known,
                "withdrawn": counts.withdrawn,
                "children": counts.children,
                "not_ours": counts.not_ours,
                "failed": counts.failed,
                "seconds": round(seconds, 3),
            }
        )
    else:
        say(
            f"{file}  {counts.added:,} added, {counts.changed:,} changed, {counts.known:,} known already, "
            f"{counts.withdrawn:,} withdrawn, {counts.not_ours:,} not ours, {counts.failed:,} failed; "
            f"{counts.rows / seconds:,.0f} rows a second"
        )
    if counts.children:
        warn(CHILDREN.format(many(counts.children, "row")))
    return counts.failed > 0


@contextmanager
def _opened(name: str, bar: Progress) -> Iterator[Iterator[bytes]]:
    """Yield the blocks of a file, and show on the bar how far they were read."""
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as raw:
            size = None if name == "-" else os.fstat(raw.fileno()).st_size
            yield _told_blocks(raw, bar, bar.add_task("importing", total=size))
    except OSError as error:
        raise UsageError(unreadable(name, error)) from None


def _told_blocks(raw: BinaryIO, bar: Progress, task: TaskID) -> Iterator[bytes]:
    while block := raw.read(BLOCK):
        bar.advance(task, len(block))
        yield block
