"""What people do for a notice that has left: remind, take it further or leave that, close it."""

from __future__ import annotations

from starlette.responses import Response

from bot.errors import UsageError
from bot.model import Recourse, Verb
from bot.pipeline.following.steps import NoticeSteps
from bot.web.console.base import MAX_WHY, Act, Page, View, Visit, reason_of
from bot.web.console.notices import row_of


def text(visit: Visit) -> Response:
    """Show what can be handed in for a proposal, as `gifwarden notices next --write` does; nothing is recorded."""
    row, because = row_of(visit), " ".join((visit.query("because") or "").split())[:MAX_WHY]
    steps = NoticeSteps(visit.config, visit.store, visit.pipeline.deps.clock)
    recourse = _named(visit.query("recourse") or "")
    return visit.page(
        "notice_handed.html", row=row, recourse=recourse, said=steps.text(row.label, recourse, reason=because)
    )


def remind(visit: Visit) -> Response:
    """Plan the one reminder, as `gifwarden notices remind` does."""
    row = row_of(visit)
    visit.pipeline.notice_steps.remind(row.label, by=visit.act(Verb.NOTICES, row.subreddits))
    return visit.go(f"/notice/{row.label}")


def take(visit: Visit) -> Response:
    """Write down that somebody took it further, as `gifwarden notices raise` does."""
    row = row_of(visit)
    by, reference = visit.act(Verb.NOTICES, row.subreddits), visit.field("reference")
    visit.pipeline.notice_steps.take(row.label, _recourse(visit), by=by, reference=reference)
    return visit.go(f"/notice/{row.label}")


def leave(visit: Visit) -> Response:
    """Write down that a proposal is not wanted."""
    row = row_of(visit)
    visit.pipeline.notice_steps.leave(row.label, _recourse(visit), by=visit.act(Verb.NOTICES, row.subreddits))
    return visit.go(f"/notice/{row.label}")


def close(visit: Visit) -> Response:
    """End it, as `gifwarden notices close` does."""
    row = row_of(visit)
    by = visit.act(Verb.NOTICES, row.subreddits)
    visit.pipeline.notice_steps.close(row.label, by=by, why=reason_of(visit, "closed"))
    return visit.go(f"/notice/{row.label}")


def _recourse(visit: Visit) -> Recourse:
    return _named(visit.field("recourse"))


def _named(chosen: str) -> Recourse:
    if chosen not in tuple(Recourse):
        raise UsageError("choose what you did from the list on the notice's page")
    return Recourse(chosen)


PAGE = Page(
    ways=(
        View(path="/notice/{notice}/text", answer=text),
        Act(path="/notice/{notice}/remind", answer=remind, verb=Verb.NOTICES),
        Act(path="/notice/{notice}/raise", answer=take, verb=Verb.NOTICES),
        Act(path="/notice/{notice}/leave", answer=leave, verb=Verb.NOTICES),
        Act(path="/notice/{notice}/close", answer=close, verb=Verb.NOTICES),
    ),
)
