"""What the bot and people did, plan or hold, and why; one action, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from starlette.responses import Response

from bot.clock import day_and_time
from bot.errors import StoreError, UsageError
from bot.model import ActionState, CaseState, Hold, Verb
from bot.pipeline.reviewing.cases import TAKES_BACK
from bot.pipeline.reviewing.words.actions import IN_WORDS, action_why
from bot.store import ActionRow
from bot.store.paged import ActionFilter
from bot.web.console.base import Act, Page, View, Visit, number_of, reason_of, whole

ROWS = 50  # of a page


class Shelf(StrEnum):
    """Which actions a tab shows."""

    UNDER_WAY = "waiting"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    AWAY = "away"
    ALL = "all"


STATES = {
    Shelf.UNDER_WAY: (ActionState.PLANNED, ActionState.SENDING, ActionState.UNKNOWN, ActionState.UNDO_PLANNED),
    Shelf.HELD: (ActionState.HELD, ActionState.PARKED),
    Shelf.DONE: (ActionState.DONE,),
    Shelf.FAILED: (ActionState.FAILED,),
    Shelf.AWAY: (ActionState.UNDONE, ActionState.CANCELLED),
    Shelf.ALL: (),
}
NAMES = {
    Shelf.UNDER_WAY: "Planned",
    Shelf.HELD: "Held",
    Shelf.DONE: "Done",
    Shelf.FAILED: "Failed",
    Shelf.AWAY: "Undone or cancelled",
    Shelf.ALL: "All",
}
ALARMS = (ActionState.FAILED, ActionState.PARKED, ActionState.UNKNOWN)
TEXTS = {"reason": "reason", "removal_reason": "removal reason", "subject": "subject", "body": "text", "text": "text"}
BY_HOLD = {
    Hold.PERSON: "a moderator decides on its case",
    Hold.MODE: "goes ahead when the subreddit's mode allows it and its case is confirmed",
    Hold.STOP: "goes ahead after gifwarden go",
    Hold.CAP: "goes ahead by itself when the cap allows it",
    Hold.QUARANTINE: "goes ahead when what it stands on is let go",
    Hold.OUTSIDE: "tried again by itself",
    Hold.REMOVAL: "goes ahead once the post is removed",
    Hold.MINOR: "ends when the mark is taken back; else the media comes off the notice, which is a draft again",
}
"""What ends a hold, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An action in words."""

    row: ActionRow
    state: str
    why: str
    when: str
    until: str  # what ends its hold
    alarm: bool  # whether somebody should look


def show(visit: Visit) -> Response:
    """Show a page of actions."""
    shelf = visit.query("show") or Shelf.ALL
    if shelf not in tuple(Shelf):
        raise UsageError(f"there is no tab {shelf}; choose one of the tabs of the actions")
    kind, subreddit = visit.query("kind"), visit.query("subreddit")
    chosen = ActionFilter(states=STATES[Shelf(shelf)], kind=kind, subreddit=subreddit)
    rows = visit.store.paged.actions(chosen, before=number_of(visit, "before"), limit=ROWS + 1)
    counts = visit.store.figures.by_state("actions")
    held = {"show": shelf, "kind": kind, "subreddit": subreddit}
    return visit.page(
        "actions.html",
        shelf=shelf,
        tabs=[
            (name, NAMES[name], sum(counts.get(state, 0) for state in STATES[name]) if STATES[name] else None)
            for name in (Shelf.ALL, Shelf.HELD, Shelf.UNDER_WAY, Shelf.DONE, Shelf.FAILED, Shelf.AWAY)
        ],
        rows=[shown(visit, row) for row in rows[:ROWS]],
        more=rows[ROWS - 1].action.id if len(rows) > ROWS else None,
        query=urlencode({name: value for name, value in held.items() if value}),
        kind=kind,
        subreddit=(subreddit or "").lower(),
        kinds=visit.store.paged.action_kinds(),
        subreddits=sorted(visit.config.subreddits),
    )


def one(visit: Visit) -> Response:
    """Show one action: how far it is, why it waits, what others read of it."""
    row = _row(visit)
    case = visit.store.cases.of_id(row.case_id) if row.case_id is not None else None
    bare = case is not None and case.state == CaseState.MINOR
    held = visit.store.flood.holds(row.case_id) if row.case_id is not None and row.hold is Hold.QUARANTINE else None
    return visit.page(
        "action.html",
        one=shown(visit, row),
        row=row,
        case=case,
        notice=row.action.params.get("notice", ""),
        texts=[] if bare else list(_texts(row)),
        quarantined=held,
        undoes=row.state in TAKES_BACK and row.action.kind != "notice",
        may=visit.may(Verb.ACTIONS, [row.action.subreddit]),
        daemon=visit.store.lease.daemon_runs(),
    )


def undo(visit: Visit) -> Response:
    """Let one done action be taken back, as `gifwarden actions undo` does."""
    row = _row(visit)
    by = visit.act(Verb.ACTIONS, [row.action.subreddit])
    if row.action.kind == "notice":
        raise UsageError(f"a notice is taken back on its own page: {row.action.params.get('notice', '')}")
    visit.pipeline.decisions.cases.plan_undo(row.action.id, by=by, why=reason_of(visit, "undone"))
    return visit.go(f"/action/{row.action.id}")


def shown(visit: Visit, row: ActionRow) -> Shown:
    """Return an action in words."""
    moment = row.action.sent or row.action.planned
    return Shown(
        row=row,
        state=IN_WORDS.get(row.state, str(row.state)),
        why=action_why(visit.config, row),
        when=f"{'begun' if row.action.sent else 'planned'} {day_and_time(moment)} UTC",
        until=BY_HOLD[row.hold] if row.hold else "",
        alarm=row.state in ALARMS,
    )


def _texts(row: ActionRow) -> Iterator[tuple[str, list[str]]]:
    for name, words in TEXTS.items():
        if text := row.action.params.get(name, "").strip():
            yield words, text.splitlines()


def _row(visit: Visit) -> ActionRow:
    number = whole(str(visit.request.path_params["number"]))
    if number is None:
        raise StoreError("that is no number of an action")
    return visit.store.actions.get(number)


PAGE = Page(
    name="Actions",
    path="/actions",
    keys="g a",
    ways=(
        View(path="/actions", answer=show),
        View(path="/action/{number}", answer=one),
        Act(path="/action/{number}/undo", answer=undo, verb=Verb.ACTIONS),
    ),
)
