"""What entries that were withdrawn as wrong carried here, and one of them: undone or kept, all or row by row."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from itertools import islice

from starlette.responses import Response

from bot.errors import UsageError
from bot.model import Decision, Verb, Withdrawal
from bot.pipeline.reviewing.deciding import targets_of
from bot.pipeline.reviewing.giving_back import Chosen, choose, takes
from bot.pipeline.reviewing.words.entries import because
from bot.pipeline.reviewing.words.withdrawal import counted, deed_of, head, state_of
from bot.store import CarriedRow
from bot.store.carried import CarriedState, waiting
from bot.web.console.base import Act, Page, View, Visit, number_of, whole
from bot.web.console.entry import MAX_WHY, label_of

MOST = 100  # entries that are listed
PAGE_ROWS = 25
OPEN = (CarriedState.WAITING, CarriedState.KEPT, CarriedState.CANNOT)  # of which a person may decide
_KEY = re.compile(r"[0-9a-f]{32}")


def show(visit: Visit) -> Response:
    """Show withdrawn entries that carried something on which a person has to decide, or all."""
    everything = visit.query("all") is not None
    found = islice((one for one in counted(visit.store) if everything or one.waiting), MOST + 1)
    rows = list(found)
    return visit.page("withdrawals.html", rows=rows[:MOST], more=len(rows) > MOST, everything=everything, most=MOST)


def show_one(visit: Visit) -> Response:
    """Show all that a withdrawn entry carried here, a page of it at a time."""
    label, store = label_of(visit), visit.store
    row, rows = store.withdrawn.get(label), store.carried.rows(label)
    if row is None:
        raise UsageError(f"{label} is not withdrawn; its own page withdraws it")
    begin = number_of(visit, "from") or 0
    page = [one for one in rows if one.number >= begin]
    left = waiting(rows)
    alone = [one for one in left if one.beside is None]
    mine = {place: visit.may(Verb.CASES, [place]) for place in {one.subreddit for one in rows}}
    verbs, places = takes(left or rows)
    return visit.page(
        "withdrawal.html",
        label=label,
        facts=list(head(store, row, rows)),
        wrong=row.why is Withdrawal.WRONG,
        rows=[
            (one, deed_of(one), state_of(one), one.state in OPEN and mine[one.subreddit]) for one in page[:PAGE_ROWS]
        ],
        more=page[PAGE_ROWS].number if len(page) > PAGE_ROWS else None,
        first=begin == 0,
        every=len(rows),
        left=len(left),
        alone=sum(one.notice is None for one in alone),
        notices=len({one.notice for one in alone if one.notice is not None}),
        retracts=Verb.NOTICES not in verbs or visit.may(Verb.NOTICES, places),
        some=any(mine.values()),
        all=visit.may(Verb.CASES, places),
        seen=seen_as(rows),
        key=secrets.token_hex(16),
    )


def decide(visit: Visit) -> Response:
    """Undo rows, in one decision that can be taken back for a moment, or keep them, as the command does."""
    label = label_of(visit)
    row, rows = visit.store.withdrawn.get(label), visit.store.carried.rows(label)
    what, key = visit.field("what"), visit.field("key")
    if row is None or not rows:
        visit.act(Verb.CASES)
        raise UsageError(f"{label} carried nothing that waits for a decision; look again")
    chosen, verb = _chosen(visit, rows, what)
    verbs, places = takes(chosen)
    by, *_ = [visit.act(one, places) for one in verbs]
    if visit.field("seen") != seen_as(rows):
        raise UsageError(f"what {label} carried has changed since you looked at it; look again")
    if not _KEY.fullmatch(key):
        raise UsageError("this form has no key of ours; open the page again")
    why = visit.field("why").strip()[:MAX_WHY]
    if verb is Decision.LET_STAND and not why:
        raise UsageError("why do these stand? say so in a few words")
    deciding = visit.pipeline.decisions.deciding
    decided = deciding.decide(
        verb,
        targets_of(chosen),
        by=by,
        why=why or because(row),
        after=0.0 if verb is Decision.LET_STAND else None,  # nothing is done, and what is kept can be undone later
        key=f"console:{visit.session.label}:{key}",
        chosen=Chosen(label, frozenset(one.number for one in chosen)),
    )
    if verb is Decision.LET_STAND:
        deciding.perform(decided)
    return visit.go(f"/withdrawal/{label}")


def _chosen(visit: Visit, rows: Sequence[CarriedRow], what: str) -> tuple[list[CarriedRow], Decision]:
    """Return the rows that a form means, and what is decided of them. Raises UsageError."""
    given = [whole(value) for value in visit.form.getlist("row") if isinstance(value, str)]
    numbers = [number for number in given if number is not None]
    if len(numbers) < len(given):
        raise UsageError("this form names no rows of ours; open the page again")
    if what in ("undo", "keep") and not numbers:
        raise UsageError("no row is chosen; tick those that you mean")
    match what:
        case "undo":
            return choose(rows, undo=numbers), Decision.GIVE_BACK
        case "undo_all":
            return choose(rows, undo_all=True), Decision.GIVE_BACK
        case "retract":
            return choose(rows, retract=True), Decision.GIVE_BACK
        case "keep":
            return choose(rows, keep=numbers), Decision.LET_STAND
        case "keep_all":
            return choose(rows, keep=[one.number for one in waiting(rows)]), Decision.LET_STAND
    raise UsageError("this form says not what is decided; open the page again and use one of its buttons")


def seen_as(rows: Sequence[CarriedRow]) -> str:
    """Return what tells whether the rows are those that were looked at, as they were then."""
    told = ";".join(f"{one.number}:{one.case_version}:{one.state}" for one in rows)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


PAGE = Page(
    ways=(
        View(path="/withdrawals", answer=show),
        View(path="/withdrawal/{label}", answer=show_one),
        Act(path="/withdrawal/{label}/decide", answer=decide, verb=Verb.CASES),
    ),
)
