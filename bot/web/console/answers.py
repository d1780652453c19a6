"""What hosts answered: what waits for a person, one answer's words, and saying what it means."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from bot.errors import StoreError, UsageError
from bot.model import HostDecision, Verb
from bot.pipeline.following.answers import MEANS, places_of
from bot.pipeline.reviewing.words.answers import ABOUT, ANYBODY, GONE, KINDS, WITHHELD, answer_stands
from bot.store import AnswerRow
from bot.web.console.base import Act, Page, View, Visit, reason_of

ROWS = 100  # of a page
_LABEL = re.compile(r"A-[0-9a-f]{1,20}")
_NOTICE = re.compile(r"N-[0-9a-f]{1,20}")
WORDS: dict[str, Any] = {
    "kinds": KINDS, "about": ABOUT, "means": MEANS, "anybody": ANYBODY, "withheld": WITHHELD, "destroyed": GONE
}  # fmt: skip


def show(visit: Visit) -> Response:
    """Show what waits for a person, or all that came."""
    everything = visit.query("show") == "all"
    return visit.page(
        "answers.html",
        everything=everything,
        waiting=visit.store.notice_answers.waiting(),
        rows=visit.store.notice_answers.listing(waiting=not everything, limit=ROWS),
        stands=answer_stands,
        reads=bool(visit.config.inbox.host),
        failing=visit.store.mailboxes.failing() if visit.config.inbox.host else None,
        **WORDS,
    )


def one(visit: Visit) -> Response:
    """Show one answer, and the form that says what it means."""
    row = visit.store.notice_answers.get(_label(visit))
    return visit.page(
        "answer.html", row=row, answers=[row], may_answer=may_decide(visit, row), stands=answer_stands, **WORDS
    )


def decide(visit: Visit) -> Response:
    """Record what a person says an answer means, as `gifwarden notices answers ANSWER --means` does."""
    row = visit.store.notice_answers.get(_label(visit))
    notice, means = visit.field("notice").strip(), visit.field("means")
    if means not in tuple(HostDecision):
        raise UsageError("choose what the host says")
    if notice and not _NOTICE.fullmatch(notice):
        raise StoreError("that is no notice's label, which looks like N-3f9c2a71b0")
    by = visit.act(Verb.NOTICES, places_of(visit.store, row, notice))
    visit.pipeline.answers.decide(
        row.label, HostDecision(means), notice=notice or None, by=by, why=reason_of(visit, "as it says")
    )
    return visit.go(f"/answer/{row.label}")


def may_decide(visit: Visit, row: AnswerRow) -> bool:
    """Return whether to offer somebody to say what an answer means."""
    return visit.may(Verb.NOTICES, places_of(visit.store, row))


def _label(visit: Visit) -> str:
    label = str(visit.request.path_params["answer"])
    if not _LABEL.fullmatch(label):
        raise StoreError("that is no answer's label, which looks like A-3f9c2a71b0")
    return label


PAGE = Page(
    name="Answers",
    path="/answers",
    keys="g e",
    more=True,
    ways=(
        View(path="/answers", answer=show),
        View(path="/answer/{answer}", answer=one),
        Act(path="/answer/{answer}/decide", answer=decide, verb=Verb.NOTICES),
    ),
)
