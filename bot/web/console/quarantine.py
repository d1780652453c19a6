"""What is quarantined: entries, banks and rules whose automatic actions are held. Adding one, letting one go."""

from __future__ import annotations

from typing import get_args

from starlette.responses import Response

from bot.errors import StoreError
from bot.model import Verb
from bot.pipeline.keeping.quarantining import kind_of, names_of, unknown
from bot.store.flood import Kind, QuarantineRow
from bot.web.console.base import Act, Page, View, Visit, reason_of, word_for

SHOWN = 200  # rows at most
MAX_NAME = 300  # characters


def show(visit: Visit) -> Response:
    """Show what is quarantined, since when and why; `all`: also what was let go."""
    everything = visit.query("all") is not None
    flood = visit.store.flood
    rows = flood.listing(released=everything)
    return visit.page(
        "quarantine.html",
        everything=everything,
        rows=[(row, _word(row), flood.acted(row.kind, row.name)) for row in rows[:SHOWN]],
        more=len(rows) - SHOWN,
        kinds=get_args(Kind),
        may=visit.may(Verb.QUARANTINE),
        now=visit.pipeline.deps.clock.now(),
    )


def add(visit: Visit) -> Response:
    """Hold what something carries, as `gifwarden quarantine add` does."""
    by = visit.act(Verb.QUARANTINE)
    kind = kind_of(visit.field("kind"))
    name = visit.field("name").strip()[:MAX_NAME]
    names = names_of(visit.pipeline.deps, kind, name)
    if name not in names:
        raise unknown(kind, name, names)
    visit.pipeline.flood.quarantine(kind, name, by=by, why=reason_of(visit, "a person wants to look first"))
    return visit.go("/quarantine")


def release(visit: Visit) -> Response:
    """Let something go, as `gifwarden quarantine release` does: what was held goes ahead."""
    by = visit.act(Verb.QUARANTINE)
    word = visit.field("word")
    row = next((row for row in visit.store.flood.listing() if _word(row) == word), None)
    if row is None:
        raise StoreError("that is not quarantined any more; open the page again")
    visit.pipeline.flood.release(row.kind, row.name, by=by)
    return visit.go("/quarantine")


def _word(row: QuarantineRow) -> str:
    return word_for(row.kind, row.name)


PAGE = Page(
    name="Quarantine",
    path="/quarantine",
    keys="g k",
    more=True,
    ways=(
        View(path="/quarantine", answer=show),
        Act(path="/quarantine/add", answer=add, verb=Verb.QUARANTINE),
        Act(path="/quarantine/release", answer=release, verb=Verb.QUARANTINE),
    ),
)
