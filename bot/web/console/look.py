"""Looking at a case's media: asking for a sheet, how far it is, the sheet once, and covering it again."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from bot.errors import UsageError
from bot.model import LookState, Sheet, Verb
from bot.pipeline.looking.asked import Wish, why_not
from bot.pipeline.looking.job import Progress
from bot.pipeline.looking.wishes import level_of
from bot.store import CaseRow
from bot.web.console.base import Act, Page, View, Visit, whole
from bot.web.console.case import label_of
from bot.web.console.looking import progress_of
from bot.web.console.queue import place_of


def ask(visit: Visit) -> Response:
    """Ask for a sheet; the case's page shows that it is being made."""
    row = _case(visit)
    by = visit.act(Verb.CASES, [row.post.subreddit])
    given = visit.field("media")
    media = whole(given)
    if given and media is None:
        raise UsageError("this form says not which media is meant; open the case again and use one of its buttons")
    level, looks, session = level_of(visit.field("level")), visit.pipeline.looks, visit.session.label
    if visit.field("pair") and not given:
        own, beside = looks.ask_pair(row.label, level, by=by, session=session)
        asked = {"look": own, "beside": beside}
    else:
        look = looks.ask_case(row.label, level, by=by, session=session, media=media)
        asked = {"look": look, **({"media": given} if given else {})}
    return visit.go(f"/case/{row.label}?{_query(visit)}{urlencode(asked)}#look")


def now(visit: Visit) -> Response:
    """Return how far a look is, for our scripts."""
    progress = _progress(visit, _case(visit))
    return visit.json({"state": str(progress.state), "why": progress.why})


def sheet(visit: Visit) -> Response:
    """Hand a sheet out, once, to the session that asked for it."""
    row = _case(visit)
    progress = _progress(visit, row)
    if progress.state is not LookState.READY:
        raise UsageError(progress.why or "there is nothing to show: it is not ready, was shown, or is gone")
    by = visit.act(Verb.CASES, [row.post.subreddit])
    made = visit.pipeline.looks.take(_look(visit), by=by, session=visit.session.label)
    if not isinstance(made, Sheet):
        raise UsageError("this look is none at a picture")
    return Response(made.png, media_type="image/png")


def cover(visit: Visit) -> Response:
    """End a look: its page was left, or somebody has seen enough."""
    for look in (visit.field("look"), visit.field("beside")):
        if look:
            visit.pipeline.looks.leave(visit.session.label, look)
    return visit.go(f"/case/{label_of(visit)}?{_query(visit)}")


def _case(visit: Visit) -> CaseRow:
    """Return the case that an address names, if this person decides on it and it may be looked at."""
    row = visit.store.cases.get(label_of(visit))
    visit.act(Verb.CASES, [row.post.subreddit])
    if refused := why_not(visit.store, Wish(case=row.label)):
        raise UsageError(refused)
    return row


def _progress(visit: Visit, row: CaseRow) -> Progress:
    return progress_of(visit, row, _look(visit)) or Progress(state=LookState.GONE)


def _look(visit: Visit) -> str:
    return str(visit.request.path_params["look"])


def _query(visit: Visit) -> str:
    """Return where somebody is in the queue, as an address is continued behind it."""
    query = place_of(visit).query
    return f"{query}&" if query else ""


PAGE = Page(
    ways=(
        Act(path="/case/{label}/look", answer=ask, verb=Verb.CASES),
        View(path="/case/{label}/look/{look}/now", answer=now),
        View(path="/case/{label}/look/{look}/sheet", answer=sheet),
        Act(path="/case/{label}/cover", answer=cover, verb=None),
    ),
)
