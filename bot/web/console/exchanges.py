"""Lists of others: exchanges, how they do, fetched now or paused; and every list, with what it brought."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.responses import Response

from bot.clock import day_and_time, from_iso
from bot.errors import StoreError
from bot.model import ExchangeState, Verb
from bot.pipeline.keeping.exchange_standing import Standing, left_over, source, standing, stands
from bot.pipeline.keeping.exchange_words import WORDS, counts, facts_of, moment_of, next_of
from bot.pipeline.reviewing.words.case import event_line
from bot.plural import counted
from bot.store.list_steps import ListRow
from bot.web.console.base import Act, Page, View, Visit

MOST = 100  # lists that are shown
EVENTS = 10  # of an exchange's history
BUTTONS = {"pause": "“Go on” on its page", "fetch": "“Fetch, whatever it takes back” on its page"}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An exchange in words."""

    name: str
    state: str
    warns: bool
    facts: tuple[str, ...]
    why: str


def by_button(deed: str, _name: str, _more: str = "") -> str:
    """Return where something is done to an exchange."""
    return BUTTONS[deed]


def show(visit: Visit) -> Response:
    """Show all exchanges and lists."""
    store, now = visit.store, visit.pipeline.deps.clock.now()
    lists = store.lists.listing()
    return visit.page(
        "exchanges.html",
        lines=[_line(one) for one in standing(store, visit.config, now)],
        rest=left_over(store, visit.config),
        lists=[(one, _of_list(visit, one)) for one in lists[:MOST]],
        more=len(lists) - MOST,
    )


def show_one(visit: Visit) -> Response:
    """Show how one exchange stands, and what can be done with it."""
    one, now = _standing(visit), visit.pipeline.deps.clock.now()
    fetches = visit.pipeline.fetch_now
    lists = [row for row in visit.store.lists.listing(one.settings.bank) if row.name == source(one.name)]
    return visit.page(
        "exchange.html",
        one=one,
        line=_line(one),
        facts=[fact for fact in facts_of(one, by_button) if fact[0] != "name"],
        lists=[(row, _of_list(visit, row)) for row in lists],
        runs=fetches.runs(one.name),
        failed=fetches.failed(one.name),
        paused=one.state is ExchangeState.PAUSED,
        asks=one.state is ExchangeState.ASKS,
        may=visit.may(Verb.BANKS),
        events=[event_line(event) for event in visit.store.review.latest(one.name, EVENTS)],
        now=now,
    )


def pause(visit: Visit) -> Response:
    """Fetch an exchange no more by itself."""
    return _paused(visit, paused=True)


def resume(visit: Visit) -> Response:
    """Fetch an exchange by itself again."""
    return _paused(visit, paused=False)


def fetch(visit: Visit) -> Response:
    """Begin to fetch an exchange now; its page shows how far it is."""
    by, one = visit.act(Verb.BANKS), _standing(visit)
    visit.pipeline.fetch_now.start(one.name, yes=bool(visit.field("yes")), again=bool(visit.field("again")), by=by)
    return visit.go(f"/exchange/{one.name}")


def _paused(visit: Visit, *, paused: bool) -> Response:
    by, one = visit.act(Verb.BANKS), _standing(visit)
    visit.pipeline.exchanges.pause(one.name, paused=paused, by=by)
    return visit.go(f"/exchange/{one.name}")


def _standing(visit: Visit) -> Standing:
    name = str(visit.request.path_params["name"])
    settings = visit.config.exchanges.get(name) if _NAME.fullmatch(name) else None
    if settings is None:
        raise StoreError("there is no such exchange in the configuration; the page Lists shows which there are")
    return stands(visit.store, settings, name, visit.pipeline.deps.clock.now())


def _line(one: Standing) -> Line:
    row = one.row
    facts = [f"kind {one.settings.kind}", f"into {one.settings.bank}", counted(one.listed, "row")]
    facts += [f"last fetched {moment_of(row.ended_at) if row else 'never'}", f"next {next_of(one, by_button)}"]
    facts += [counts(row)] if row and (row.rows or row.failed) else []
    well = (ExchangeState.UP_TO_DATE, ExchangeState.FETCHING, ExchangeState.NEVER_FETCHED)
    return Line(
        name=one.name, state=WORDS[one.state], warns=one.state not in well, facts=tuple(facts), why=one.why or ""
    )


def _of_list(visit: Visit, one: ListRow) -> list[str]:
    facts = [counted(one.rows, "row"), f"{one.made:,} of them entries by now"]
    facts += [f"last read {day_and_time(from_iso(one.taken_at))} UTC" if one.taken_at else "nothing read yet"]
    if one.fresh_until is not None:
        stale = from_iso(one.fresh_until) <= visit.pipeline.deps.clock.now()
        until = f"{day_and_time(from_iso(one.fresh_until))} UTC"
        facts += [f"stale since {until}: its rows no longer act by themselves" if stale else f"stale from {until} on"]
    return facts


PAGE = Page(
    ways=(
        View(path="/lists", answer=show),
        View(path="/exchange/{name}", answer=show_one),
        Act(path="/exchange/{name}/pause", answer=pause, verb=Verb.BANKS),
        Act(path="/exchange/{name}/resume", answer=resume, verb=Verb.BANKS),
        Act(path="/exchange/{name}/fetch", answer=fetch, verb=Verb.BANKS),
    ),
)
