"""The audit trail: who did what, when and why; page by page, and as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlencode

from starlette.responses import Response

from bot import text
from bot.clock import iso
from bot.errors import UsageError
from bot.model import Verb
from bot.store.paged import AuditFilter, AuditRow
from bot.web.console.base import Page, View, Visit, number_of

ROWS = 100  # of a page
EXPORTED = 50_000  # lines of a file
AT_A_TIME = 500  # lines that are read for a file while others wait
COLUMNS = ("at", "who", "by", "what", "subject", "why")


def show(visit: Visit) -> Response:
    """Show a page of the audit trail."""
    chosen, query = _chosen(visit)
    rows = visit.store.paged.audit(chosen, before=number_of(visit, "before"), limit=ROWS + 1)
    return visit.page(
        "audit.html",
        chosen=chosen,
        query=query,
        rows=rows[:ROWS],
        more=rows[ROWS - 1].id if len(rows) > ROWS else None,
        people=visit.store.paged.people(),
        members={f"member {one.id}": one.name for one in visit.store.team.listing(removed=True)},
        exported=EXPORTED,
    )


def as_csv(visit: Visit) -> Response:
    """Return the lines that are chosen as CSV, the newest first; no cell of it is a formula."""
    written = io.StringIO()
    out = csv.writer(written)
    out.writerow(COLUMNS)
    out.writerows([text.cell(str(value or "")) for value in row.values()] for row in _plain(visit))
    return _file(written.getvalue(), "csv", "text/csv; charset=utf-8")


def as_json(visit: Visit) -> Response:
    """Return the same as JSON, an object a line."""
    lines = "".join(f"{json.dumps(row, ensure_ascii=True)}\n" for row in _plain(visit))
    return _file(lines, "ndjson", "application/x-ndjson")


def _plain(visit: Visit) -> Iterator[dict[str, str | None]]:
    """Yield the lines of a file, read bit by bit: all pages share one connection, and others have their turn."""
    chosen, _ = _chosen(visit)
    before, left = None, EXPORTED
    while left > 0:
        rows = visit.store.paged.audit(chosen, before=before, limit=min(left, AT_A_TIME))
        yield from map(_of, rows)
        if len(rows) < AT_A_TIME:
            return
        before, left = rows[-1].id, left - len(rows)


def _of(row: AuditRow) -> dict[str, str | None]:
    values = (iso(row.at), row.who, row.credential, row.what, row.subject, row.why)
    return dict(zip(COLUMNS, values, strict=True))


def _file(content: str, kind: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="gifwarden-audit.{kind}"'}
    return Response(content, media_type=media_type, headers=headers)


def _chosen(visit: Visit) -> tuple[AuditFilter, str]:
    """Return what an address chooses, and that part of the address. Raises UsageError if a day is none."""
    visit.act(Verb.CASES)  # names of people and what they did are the team's alone
    who, what, given = visit.query("who"), visit.query("what"), visit.query("day")
    try:
        day = date.fromisoformat(given) if given else None
    except ValueError:
        raise UsageError(f"{given} is no day; write it as YYYY-MM-DD") from None
    held = {"who": who, "what": what, "day": given}
    return AuditFilter(who=who, what=what, day=day), urlencode({name: value for name, value in held.items() if value})


PAGE = Page(
    name="Audit",
    path="/audit",
    keys="g t",
    more=True,
    ways=(
        View(path="/audit", answer=show),
        View(path="/audit.csv", answer=as_csv, one_moment=False),
        View(path="/audit.json", answer=as_json, one_moment=False),
    ),
)
