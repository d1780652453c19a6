"""Entries of a bank, or of all: page by page, the newest first, with what was noted and how often each was right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from bot.clock import minutes
from bot.errors import StoreError, UsageError
from bot.model.past import LONGEST_NOTE
from bot.pipeline.reviewing.words.case import event_line
from bot.pipeline.reviewing.words.entries import WORDS
from bot.pipeline.reviewing.words.entry import behind, hidden, hits_of, second_word
from bot.store import EntryFilter, EntryRow
from bot.store.entries import STATES
from bot.web.console.banks import shown
from bot.web.console.base import Page, View, Visit

PAGE_ROWS = 25
EVENTS = 10  # of a bank's history that are shown
ONLY = {"waiting": "wait for a second person", "disputed": "disputed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry in words."""

    row: EntryRow
    bare: bool = False  # it holds a suspected minor's file, so nothing but label and bank is told of it
    why: str = ""  # it was withdrawn
    disputed: bool = False
    second: str = ""  # whose words it has
    added: str = ""
    hits: str = ""
    notes: tuple[str, ...] = ()


def show(visit: Visit) -> Response:
    """Show a page of entries."""
    store, wanted, only = visit.store, _wanted(visit), visit.query("only")
    bank = None if wanted.bank is None else next(iter(store.banks.listing(wanted.bank, hashes=False)), None)
    if wanted.bank is not None and bank is None:
        raise StoreError(f"there is no bank {wanted.bank}; the page Banks shows which there are")
    sources = store.entries.sources()
    if wanted.source is not None and wanted.source not in sources:
        raise StoreError(f"there is no list {wanted.source}; choose one of those that the page offers")
    rows = store.entries.page(wanted, PAGE_ROWS + 1, after=visit.query("after"))
    disputed = frozenset(store.opinions.disputed_labels(row.label for row in rows))
    asked = {"bank": wanted.bank, "state": wanted.state, "from": wanted.source, "label": wanted.label, "only": only}
    return visit.page(
        "entries.html",
        wanted=wanted,
        only=only,
        bank=shown(visit.config, bank, store.lists.listing(bank.name)) if bank else None,
        banks=store.banks.names(),
        sources=sources,
        states=STATES,
        onlies=ONLY,
        lines=[_line(visit, row, row.label in disputed) for row in rows[:PAGE_ROWS]],
        every=store.entries.count(wanted),
        first=visit.query("after") is None,
        more=rows[PAGE_ROWS - 1].label if len(rows) > PAGE_ROWS else None,
        query=urlencode({name: value for name, value in asked.items() if value}),
        behind=behind(store, wanted) if only is None else "",
        events=[event_line(event) for event in store.review.latest(bank.name, EVENTS)] if bank else [],
    )


def _wanted(visit: Visit) -> EntryFilter:
    state, only = visit.query("state"), visit.query("only")
    if state is not None and state not in STATES:
        raise UsageError(f"{state} is no state of an entry; choose one of {', '.join(STATES)}")
    if only is not None and only not in ONLY:
        raise UsageError(f"{only} is nothing by which entries are chosen; choose one of those that the page offers")
    return EntryFilter(
        bank=visit.query("bank"),
        state=state,
        source=visit.query("from"),
        label=(visit.query("label") or "").strip() or None,
        waiting=only == "waiting",
        disputed=only == "disputed",
        trusted=visit.config.banks.trusted,
    )


def _line(visit: Visit, row: EntryRow, disputed: bool) -> Line:
    store = visit.store
    if store.minors.is_never_label(row.label):
        return Line(row=row, bare=True)
    unnamed = hidden(visit.config, row)
    withdrawn = store.withdrawn.get(row.label) if row.state == "withdrawn" else None
    past = store.entries.past(row.label)
    return Line(
        row=row,
        why=WORDS[withdrawn.why] if withdrawn else "",
        disputed=disputed,
        second=second_word(visit.config, row),
        added="" if unnamed else f"from {row.source or row.added_by}, {row.added_at[:10]}",
        hits=hits_of(past) if past else "",
        notes=tuple(_noted(visit, row.label)),
    )


def _noted(visit: Visit, label: str) -> Iterator[str]:
    for held in visit.store.notes.of(label):
        if held.note.note:
            yield held.note.note[:LONGEST_NOTE]
        if held.note.origin:
            yield f"origin: {held.note.origin}" + (
                "" if held.note.seconds is None else f" at {minutes(held.note.seconds)}"
            )


PAGE = Page(ways=(View(path="/entries", answer=show),))
