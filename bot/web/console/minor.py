"""A suspected minor: hide, remove, and say where to report. Nothing of the media is shown or named."""

from __future__ import annotations

import re

from starlette.responses import Response

from bot.errors import StoreError
from bot.model import Verb
from bot.pipeline.reviewing.hotlines import HOTLINES
from bot.pipeline.reviewing.minors import WAIT, places_of
from bot.store import MinorRow
from bot.web.console.base import Act, Page, View, Visit
from bot.web.console.case import label_of

_LABEL = re.compile(r"[CM]-[0-9a-f]{1,20}")


def mark(visit: Visit) -> Response:
    """Mark the post of a case."""
    label = label_of(visit)
    case = visit.store.cases.get(label)
    by = visit.act(Verb.CASES, [case.post.subreddit])
    row = visit.pipeline.decisions.minors.hide(label, by=by)
    return visit.go(f"/minor/{row.label}")


def show(visit: Visit) -> Response:
    """Show where to report a post, and until when a slip can be taken back."""
    row = _row(visit)
    visit.act(Verb.CASES, [row.subreddit])  # an address that whoever reports it needs, and nobody else
    store = visit.store
    rows = [one for one in store.minors.beside(row.post) if visit.may(Verb.CASES, [one.subreddit])] or [row]
    places = places_of(store, row.post)
    hidden = store.minors.hidden_at(row.post)
    return visit.page(
        "minor.html",
        row=row,
        rows=rows,
        places=places,
        until=hidden + WAIT if hidden else None,
        hotlines=HOTLINES,
        back=visit.may(Verb.CASES, places),
        daemon=store.lease.held(),
        stopped=visit.pipeline.deps.stop_file.exists(),
    )


def reported(visit: Visit) -> Response:
    """Forget address and time: a person has reported it."""
    row = _row(visit)
    visit.pipeline.decisions.minors.reported(row.label, by=visit.act(Verb.CASES, [row.subreddit]))
    return visit.go("/")


def cancel(visit: Visit) -> Response:
    """Take a slip back within its ten minutes, by whoever may decide in every subreddit in which posts are hidden."""
    row = _row(visit)
    by = visit.act(Verb.CASES, places_of(visit.store, row.post) or [row.subreddit])
    _, done = visit.pipeline.decisions.minors.uncover(row.label, by=by)
    for action in done:
        visit.pipeline.decisions.cases.plan_undo(action.action.id, by=by, why="a slip")
    case = next(iter(visit.store.cases.of_post(row.post)), None)
    return visit.go(f"/case/{case.label}" if case else "/")


def _row(visit: Visit) -> MinorRow:
    label = str(visit.request.path_params["label"])
    if not _LABEL.fullmatch(label):
        raise StoreError("that is no label of a suspected minor, which looks like M-3f9c2a71b0")
    return visit.store.minors.get(label)


PAGE = Page(
    ways=(
        Act(path="/case/{label}/minor", answer=mark, verb=Verb.CASES),
        View(path="/minor/{label}", answer=show),
        Act(path="/minor/{label}/reported", answer=reported, verb=Verb.CASES),
        Act(path="/minor/{label}/cancel", answer=cancel, verb=Verb.CASES),
    ),
)
