"""The texts of notices: how each stands, what it says of an example, and approving it as it was read."""

from __future__ import annotations

from starlette.responses import Response

from bot.errors import UsageError
from bot.model import Verb
from bot.pipeline.acting.notice_texts import approve as approvable
from bot.pipeline.acting.notice_texts import record_approval, texts_of
from bot.pipeline.reviewing.words.notice_texts import TextState, known_text, text_examples, text_row, text_rows
from bot.web.console.base import Act, Page, View, Visit


def show(visit: Visit) -> Response:
    """Show how every text stands."""
    return visit.page(
        "notice_texts.html",
        rows=text_rows(visit.config, visit.store),
        strangers=texts_of(visit.config, visit.store).strangers(),
    )


def one(visit: Visit) -> Response:
    """Show what a text says of an example."""
    params = visit.request.path_params
    language, name = str(params["language"]), str(params["text"])
    known_text(language, name)
    texts = texts_of(visit.config, visit.store)
    row = text_row(texts, visit.store.approved_texts.listing(), language, name)
    broken = row.state == TextState.BROKEN
    return visit.page(
        "notice_text.html",
        row=row,
        digest="" if broken else texts.digest(language, name),
        said=[] if broken else list(text_examples(visit.config, visit.store, language, name)),
        may=visit.may(Verb.NOTICES),
    )


def approve(visit: Visit) -> Response:
    """Approve a text as it was read, as `gifwarden notices texts approve` does."""
    language, name = visit.field("language"), visit.field("name")
    known_text(language, name)
    by = visit.act(Verb.NOTICES)
    digest = approvable(visit.config, visit.store, language, name)
    if visit.field("digest") != digest:
        raise UsageError(f"the text {language}/{name} has changed since you read it; read it again")
    record_approval(visit.pipeline.deps.store, language, name, digest, by=by)
    return visit.go("/notice-texts")


PAGE = Page(
    name="Texts of notices",
    path="/notice-texts",
    keys="g x",
    more=True,
    ways=(
        View(path="/notice-texts", answer=show),
        View(path="/notice-texts/{language}/{text}", answer=one),
        Act(path="/notice-texts/approve", answer=approve, verb=Verb.NOTICES),
    ),
)
