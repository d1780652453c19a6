"""Look at anything: a permalink, a host's address or a file; what is found in it, and what to paste. Stores nothing."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from bot.errors import UsageError
from bot.model import LookState, Verb
from bot.pipeline.looking.answer import Answer
from bot.pipeline.looking.job import Progress
from bot.web.console.base import Act, Page, View, Visit
from bot.web.console.looking import UNDER_WAY
from bot.web.console.timeline import drawing

MAX_ADDRESS = 2000  # characters
MAX_NAME = 80  # of a file
MOST = 20  # links of a post that are shown
GONE = Progress(state=LookState.GONE)


def show(visit: Visit) -> Response:
    """Show the form."""
    return _page(visit)


def ask(visit: Visit) -> Response:
    """Ask what is found behind an address or in a file; its own page shows that it is looked at."""
    by, looks, session = visit.act(Verb.CASES), visit.pipeline.looks, visit.session.label
    target, file = visit.field("target").strip(), visit.form.get("file")
    given = file if isinstance(file, UploadFile) and file.filename else None
    if bool(target) == (given is not None):
        raise UsageError("give either an address or a file; go back and fill in one of them")
    if len(target) > MAX_ADDRESS:
        raise UsageError(f"the address has {len(target):,} characters, and no address that is known is so long")
    if given is not None:
        name = (given.filename or "").replace("\\", "/").rsplit("/", 1)[-1][:MAX_NAME] or "a file"
        look = looks.ask_file(name, given.file.read(), by=by, session=session)
    else:
        look = looks.ask_target(target, by=by, session=session)
    return visit.go(f"/anything/look/{look}")


def one(visit: Visit) -> Response:
    """Show how far it is, or once what was found."""
    look, progress = _look(visit), _progress(visit)
    if progress.state in UNDER_WAY:
        return _page(visit, look=look)
    if progress.state is LookState.FAILED:
        return _page(visit, why=progress.why)
    if progress.state is not LookState.READY:
        return _page(visit, gone=True)
    found = visit.pipeline.looks.take(look, by=visit.act(Verb.CASES), session=visit.session.label)
    if not isinstance(found, Answer):
        return _page(visit, gone=True)
    return _page(
        visit,
        found=found,
        links=[(link, [drawing(line) for line in link.timelines]) for link in found.links[:MOST]],
        more=max(0, len(found.links) - MOST),
    )


def now(visit: Visit) -> Response:
    """Return how far it is, for our scripts."""
    progress = _progress(visit)
    return visit.json({"state": str(progress.state), "why": progress.why})


def leave(visit: Visit) -> Response:
    """End it: its page was left, or somebody changed their mind."""
    visit.pipeline.looks.leave(visit.session.label, _look(visit))
    return visit.go("/anything")


def _page(visit: Visit, **facts: Any) -> Response:
    empty: dict[str, Any] = {"look": "", "why": "", "gone": False, "found": None, "links": [], "more": 0}
    most = visit.config.fetch.max_bytes
    return visit.page("anything.html", may=visit.may(Verb.CASES), most=most // (1 << 20), **{**empty, **facts})


def _progress(visit: Visit) -> Progress:
    """Return how far a look of this session is; a sheet of a case is none of this page's."""
    by = visit.act(Verb.CASES)
    found = visit.pipeline.looks.progress(_look(visit), by=by, session=visit.session.label)
    return GONE if found.case is not None or found.layout is not None else found


def _look(visit: Visit) -> str:
    return str(visit.request.path_params["look"])


PAGE = Page(
    name="Look at anything",
    path="/anything",
    keys="g l",
    more=True,
    ways=(
        View(path="/anything", answer=show),
        Act(path="/anything/ask", answer=ask, verb=Verb.CASES, upload=True),
        View(path="/anything/look/{look}", answer=one),
        View(path="/anything/look/{look}/now", answer=now),
        Act(path="/anything/look/{look}/leave", answer=leave, verb=None),
    ),
)
