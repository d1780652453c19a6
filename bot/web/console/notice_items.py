"""What stands on a draft of a notice, changed by who reads it: split, moved, taken off, given grounds of its own."""

from __future__ import annotations

from typing import get_args

from starlette.responses import Response

from bot.errors import UsageError
from bot.model import Actor, Ground, Grounded, Verb
from bot.store import NoticeRow
from bot.web.console.base import Act, Page, Visit, reason_of
from bot.web.console.notices import digest_of, row_of


def split(visit: Visit) -> Response:
    """Put the marked media on drafts of its own; with `rest`, all that does not belong together with the first."""
    row, by = _asked(visit)
    named = () if visit.field("rest") else _marked(visit)
    labels = visit.pipeline.decisions.items.split(row.label, named, by=by, read=row)
    return visit.go(f"/notice/{labels[0] if len(labels) == 1 else row.label}")


def move(visit: Visit) -> Response:
    """Put the marked media on another draft of the same host, with a ground of its own if one is given."""
    to = visit.field("to")
    if not to:
        raise UsageError("choose the draft that it goes to")
    row, by = _asked(visit, to)
    visit.pipeline.decisions.items.move(row.label, _marked(visit), to, by=by, ground=_ground(visit), read=row)
    return visit.go(f"/notice/{to}")


def drop(visit: Visit) -> Response:
    """Take the marked media off the draft."""
    row, by = _asked(visit)
    visit.pipeline.decisions.items.drop(row.label, _marked(visit), by=by, why=reason_of(visit, "dropped"), read=row)
    return visit.go(f"/notice/{row.label}")


def own_ground(visit: Visit) -> Response:
    """Give the marked media a ground of its own; without one, the notice's again."""
    row, by = _asked(visit)
    visit.pipeline.decisions.items.own_ground(row.label, _marked(visit), _ground(visit), by=by, read=row)
    return visit.go(f"/notice/{row.label}")


def _asked(visit: Visit, *others: str) -> tuple[NoticeRow, Actor]:
    """Return the draft as it was read, and who changes it. Raises UsageError or RightsError if they may not."""
    row = row_of(visit)
    if visit.field("read") != digest_of(row):
        raise UsageError(f"notice {row.label} has changed since you read it; look at it again, then change it")
    rows = [row, *(visit.store.notices.get(name) for name in others)]
    places = {place for one in rows for place in one.subreddits}
    return row, visit.act(Verb.NOTICES, sorted(places))


def _marked(visit: Visit) -> list[str]:
    return [one for one in visit.form.getlist("item") if isinstance(one, str)]


def _ground(visit: Visit) -> Grounded | None:
    kind, detail = visit.field("ground"), visit.field("detail")
    ground: Ground | None = next((one for one in get_args(Ground) if one == kind), None)
    if ground is None and detail.strip():
        raise UsageError("a ground and its detail go together: choose which ground it is")
    return None if ground is None else (ground, detail)


PAGE = Page(
    ways=(
        Act(path="/notice/{notice}/split", answer=split, verb=Verb.NOTICES),
        Act(path="/notice/{notice}/move", answer=move, verb=Verb.NOTICES),
        Act(path="/notice/{notice}/drop", answer=drop, verb=Verb.NOTICES),
        Act(path="/notice/{notice}/ground", answer=own_ground, verb=Verb.NOTICES),
    ),
)
