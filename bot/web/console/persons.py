"""Protected persons, by label: why each is protected and until when. No name, no face, no number of one."""

from __future__ import annotations

import re

from starlette.responses import Response

from bot.errors import StoreError, UsageError
from bot.model import Verb
from bot.web.console.base import Act, Page, View, Visit, reason_of

_LABEL = re.compile(r"P-[0-9a-f]{1,20}")


def show(visit: Visit) -> Response:
    """Show who is protected, to who may change it: where a consent is recorded is nobody else's affair."""
    visit.act(Verb.GALLERY)
    return visit.page(
        "persons.html",
        rows=visit.store.gallery.listing(),
        enabled=visit.config.gallery.enabled,
        now=visit.pipeline.deps.clock.now(),
    )


def forget(visit: Visit) -> Response:
    """Destroy everything about a person, as `gifwarden person forget` does; their label must be written again."""
    by = visit.act(Verb.GALLERY)
    label = str(visit.request.path_params["person"])
    if not _LABEL.fullmatch(label):
        raise StoreError("that is no label of a protected person, which looks like P-3f9c2a71b0")
    visit.store.gallery.get(label)
    if visit.field("label").strip() != label:
        raise UsageError(f"nothing was destroyed: write {label} to say that you mean this person")
    visit.pipeline.gallery.forget(label, by=by, why=reason_of(visit, "on request"))
    return visit.go("/gallery")


PAGE = Page(
    name="Gallery",
    path="/gallery",
    keys="g y",
    more=True,
    ways=(
        View(path="/gallery", answer=show),
        Act(path="/gallery/{person}/forget", answer=forget, verb=Verb.GALLERY),
    ),
)
