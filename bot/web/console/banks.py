"""The banks: what each holds, from where, whether it is trusted; and making one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urlencode

from starlette.responses import Response

from bot.config import Config
from bot.errors import UsageError
from bot.model import BankKind, Verb
from bot.pipeline.keeping.exchange_standing import EXCHANGES
from bot.pipeline.reviewing.bank_keeping import LONGEST_NAME, LOOSEST, TIGHTEST
from bot.plural import counted
from bot.store.banks import BankRow
from bot.store.case_queue import Tab
from bot.store.list_steps import ListRow
from bot.web.console.base import Act, Page, View, Visit, whole

SOURCES = 5  # of a bank that are named
KINDS = {
    "block": "known fakes: what matches them is acted on as the rules say",
    "source": "originals: the footage that fakes are made of; for review only",
    "watch": "to be looked at: for review only",
    "allow": "innocent: speaks against other entries",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A bank in words."""

    row: BankRow
    trusted: bool
    holds: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def query(self) -> str:
        """What leads to its entries."""
        return urlencode({"bank": self.row.name})


def shown(settings: Config, row: BankRow, lists: Sequence[ListRow]) -> Shown:
    """Return a bank as the pages say it."""
    holds = [counted(row.entries, "entry", "entries")]
    holds += (
        [f"{counted(row.listed, 'listed row')} that {'is' if row.listed == 1 else 'are'} no entry yet"]
        if row.listed
        else []
    )
    holds += [f"{row.confirmed} confirmed by two people"] if row.confirmed else []
    holds += [f"{row.one_person} by one person, twice"] if row.one_person else []
    holds += [f"{row.withdrawn} withdrawn"] if row.withdrawn else []
    holds += [f"a cut of its own: {row.distance} bits"] if row.distance is not None else []
    own = [one for one in lists if one.bank == row.name]
    sources = [f"{_named(one)}, {counted(one.rows, 'row')}" for one in own[:SOURCES]]
    sources += [f"and {len(own) - SOURCES} more"] if len(own) > SOURCES else []
    return Shown(row=row, trusted=row.name in settings.banks.trusted, holds=tuple(holds), sources=tuple(sources))


def show(visit: Visit) -> Response:
    """Show all banks."""
    lists, rows = visit.store.lists.listing(), visit.store.banks.listing(hashes=False)
    names = {row.name for row in rows}
    return visit.page(
        "banks.html",
        banks=[shown(visit.config, row, lists) for row in rows],
        missing=[name for name in visit.config.banks.trusted if name not in names],
        proposed=visit.store.case_queue.counts().get(Tab.PROPOSALS),
        may=visit.may(Verb.BANKS),
        kinds={kind: KINDS[kind] for kind in get_args(BankKind)},
        longest=LONGEST_NAME,
        cuts=(TIGHTEST, LOOSEST),
    )


def create(visit: Visit) -> Response:
    """Make a bank."""
    by = visit.act(Verb.BANKS)
    name, given = visit.field("name").strip(), visit.field("distance").strip()
    cut = whole(given)
    if given and cut is None:
        raise UsageError(f"{given} is no cut; give {TIGHTEST} to {LOOSEST} bits, or none")
    visit.pipeline.banks.create(name, visit.field("kind"), cut, by=by)
    return visit.go(f"/entries?{urlencode({'bank': name})}")


def _named(one: ListRow) -> str:
    return one.name if one.name.startswith(EXCHANGES) else f"list {one.name}"


PAGE = Page(
    name="Banks",
    path="/banks",
    keys="g b",
    more=True,
    ways=(
        View(path="/banks", answer=show),
        Act(path="/banks/create", answer=create, verb=Verb.BANKS),
    ),
)
