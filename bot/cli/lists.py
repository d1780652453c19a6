"""Hash lists of others into a bank, and a bank out as a list."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import importing, known
from bot.cli.base import (
    ConfigOption,
    read_config,
    say,
    session,
)
from bot.errors import UsageError
from bot.lists import WRITERS
from bot.store.lists import row_number


def register(bank: typer.Typer) -> None:
    """Add these commands to those of `bank`."""
    bank.command(name="import")(importing.import_)
    bank.command(name="export")(export)


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
