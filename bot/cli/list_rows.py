"""Rows of others' lists that are no entries yet, and what came of each list when it was read last."""

from __future__ import annotations

import json
from typing import Any

from bot.cli import known
from bot.cli.base import emit, listing, say
from bot.clock import day_and_time, from_iso
from bot.config import Config
from bot.errors import UsageError
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.words import listed_row
from bot.plural import many
from bot.store.lists import ListedRow, ListRow

PAGE = 50  # rows that are shown unless it is said how many


def show_rows(
    pipeline: Pipeline, settings: Config, bank: str | None, source: str | None, limit: int | None, *, as_json: bool
) -> None:
    """Print rows, the newest first: a page of them, or as JSON all. Nothing of a suspected minor's file."""
    store = pipeline.deps.store
    if bank is not None:
        known.bank(pipeline, bank)
    if source is not None and source not in (sources := store.entries.sources()):
        raise known.missing("list", source, sources, "gifwarden bank list --rows")
    lists = [one for one in store.lists.listing(bank) if source in (None, one.name)]
    rows = store.lists.rows_of(bank, source, limit or (None if as_json else PAGE))
    shown = (row for row in rows if not listed_row.is_minors(store, row))
    if as_json:
        for row in shown:
            emit(listed_row.plain(settings, row))
        return
    columns = {"label": "row", "bank": "bank", "list": "list", "id": "called there", "holds": "holds"}
    listing(map(_line, shown), as_json=False, columns=columns, empty="no such rows; see: gifwarden bank import --help")
    for one in lists:
        say(_about(one))


def find(pipeline: Pipeline, name: str, source: str | None) -> str:
    """Return the label of what is named: an entry, a row, or what a list calls so. Raises UsageError."""
    store = pipeline.deps.store
    if source is not None and source not in (sources := store.entries.sources()):
        raise known.missing("list", source, sources, "gifwarden bank list --rows")
    if source is None and (store.banks.standing(name) is not None or store.lists.row(name) is not None):
        return name
    labels = store.lists.called(name, source)
    if len(labels) > 1:
        said = ", ".join(labels[:5]) + (", …" if len(labels) > 5 else "")
        raise UsageError(
            f"{many(len(labels), 'row')} of lists are called so: {said}; name one, or its list with --from"
        )
    if labels:
        return labels[0]
    if source is not None:
        raise UsageError(f"{source} calls no row so; see: gifwarden bank list --rows")
    known.entry(pipeline, name)  # there is none, and what was meant is said
    return name


def _line(row: ListedRow) -> dict[str, Any]:
    """Return a row as a line of a table."""
    holds = [f"{sum(signal.type == kind for signal in row.signals)} {kind}" for kind in _kinds(row)]
    holds += [many(len(row.files), "file")] if row.files else []
    return {"label": row.label, "bank": row.bank, "list": row.name, "id": row.id, "holds": ", ".join(holds)}


def _kinds(row: ListedRow) -> list[str]:
    return sorted({signal.type for signal in row.signals})


def _about(one: ListRow) -> str:
    """Return how much a list holds and what came of its rows last."""
    last = json.loads(one.last) if one.last else {}
    came = ", ".join(f"{number:,} {kind.replace('_', ' ')}" for kind, number in last.items() if number)
    read = f"; read last {day_and_time(from_iso(one.taken_at))} UTC" if one.taken_at else ""
    made = f", {many(one.made, 'entry', 'entries')} of them by now" if one.made else ""
    return f"{one.name} in {one.bank}: {many(one.rows, 'row')}{made}{read}{f': {came}' if came else ''}"
