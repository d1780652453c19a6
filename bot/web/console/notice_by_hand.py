"""Notices that leave by hand: saying that one was put into the host's form, or that the person depicted has sent it."""

from __future__ import annotations

from starlette.responses import Response

from bot.errors import RightsError, UsageError
from bot.model import NoticeState, Verb
from bot.pipeline.acting.by_hand import day_of, put_by_hand
from bot.web.console.base import Act, Page, Visit
from bot.web.console.notices import digest_of, refused, row_of, statement_of


def by_hand(visit: Visit) -> Response:
    """Record it, as `gifwarden notices by-hand` does; a draft is stated in the same step, as it was read."""
    row = row_of(visit)
    by = visit.act(Verb.NOTICES, row.subreddits)
    statement = None
    if row.state == NoticeState.DRAFTED:
        if visit.field("read") != digest_of(row):
            raise UsageError(f"notice {row.label} has changed since you read it; look at it again")
        statement = statement_of(visit, row)
    try:
        put_by_hand(
            visit.pipeline.decisions.notices,
            visit.pipeline.deps.store,
            visit.pipeline.deps.clock,
            row.label,
            by=by,
            on=day_of(visit.field("on")),
            reference=visit.field("reference") or None,
            statement=statement,
        )
    except RightsError:
        raise
    except UsageError as error:  # what was written stays in its fields
        return refused(visit, row, error)
    return visit.go(f"/notice/{row.label}")


PAGE = Page(ways=(Act(path="/notice/{notice}/by-hand", answer=by_hand, verb=Verb.NOTICES),))
