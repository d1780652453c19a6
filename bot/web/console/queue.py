"""The queue: what waits for a person, what the bot did, what is decided; a row for each media."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from bot.errors import UsageError
from bot.model import ActionState, CaseState, Hold, Verb
from bot.permalink import is_fullname, permalink_fullname
from bot.pipeline.helping.showing import waiting_in_words
from bot.pipeline.reviewing.words.case import ago
from bot.pipeline.reviewing.words.deeds import HEAVY, in_words, standing, together
from bot.rules.sureness import sureness
from bot.store import MinorRow
from bot.store.case_queue import COUNTED, QueueFilter, QueueRow, Tab
from bot.store.cases import CaseRow
from bot.web.console.base import Page, View, Visit, number_of, whole

PAGE_ROWS = 50
NAMES = 3  # subreddits of a row that are named
NAMED = {Tab.WAITING: "Waiting for you", Tab.BOT: "Done by the bot", Tab.PROPOSALS: "Proposals", Tab.DECIDED: "Decided"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the queue somebody is: a tab, and what of it they see. Every link of the queue carries it."""

    tab: Tab
    chosen: QueueFilter

    @property
    def query(self) -> str:
        """The place as a part of an address."""
        held = {"tab": str(self.tab), "subreddit": self.chosen.subreddit, "rule": self.chosen.rule}
        return urlencode({name: value for name, value in held.items() if value})


def place_of(visit: Visit) -> Place:
    """Return where somebody is, by the address. Raises UsageError if there is no such tab."""
    tab = visit.query("tab") or Tab.WAITING
    if tab not in tuple(Tab):
        raise UsageError(f"there is no tab {tab}; choose one of the tabs of the queue")
    chosen = QueueFilter(subreddit=visit.query("subreddit"), rule=visit.query("rule"))
    return Place(tab=Tab(tab), chosen=chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A row in words."""

    case: CaseRow
    found: str  # how sure what was found is
    title: str
    rule: str
    where: str
    modes: str
    deeds: tuple[str, ...]
    who: str
    oldest: str
    state: str


def show(visit: Visit) -> Response:
    """Show a page of the queue."""
    place = place_of(visit)
    before = number_of(visit, "before")
    store = visit.store
    rows = store.case_queue.page(place.tab, place.chosen, before=before, limit=PAGE_ROWS + 1)
    counts = store.case_queue.counts()
    first = place.tab is Tab.WAITING and before is None
    appeals = store.case_queue.appealed() if first else []
    alone = {case.id for case in appeals}
    return visit.page(
        "queue.html",
        place=place,
        tabs=[
            (tab, NAMED[tab], _count(counts.get(tab)))
            for tab in Tab
            if tab is not Tab.PROPOSALS or counts[tab] or place.tab is tab
        ],
        rows=[_shown(visit, row) for row in rows[:PAGE_ROWS] if row.cases > 1 or row.case.id not in alone],
        more=rows[PAGE_ROWS - 1].case.id if len(rows) > PAGE_ROWS else None,
        appeals=[_alone(visit, case) for case in appeals],
        minors=_unreported(visit) if first else [],
        claimants=waiting_in_words(_claimants(visit)) if first else "",
        subreddits=sorted(visit.config.subreddits),
        rules=store.case_queue.rules(),
        newest=store.case_queue.newest(),
    )


def next_case(visit: Visit) -> Response:
    """Lead to the case behind one in the queue, or to the queue if there is none."""
    place, before = place_of(visit), whole(visit.query("after") or "")
    for begin in (before, None) if before is not None else (None,):
        found = visit.store.case_queue.page(place.tab, place.chosen, before=begin, limit=1)
        if found:
            return visit.go(f"/case/{found[0].case.label}?{place.query}")
    return visit.go(f"/?{place.query}")


def find(visit: Visit) -> Response:
    """Lead to the case of a label, of a post's address or of its id, or to the entry of a label."""
    wanted = (visit.query("q") or "").strip()
    if (entry := visit.store.entries.named(wanted)) is not None:
        return visit.go(f"/entry/{entry}")
    cases = visit.store.cases
    labels = cases.labels(f"C{wanted[1:].lower()}", 2) if wanted[:2].upper() == "C-" else []
    if len(labels) == 1:
        return visit.go(f"/case/{labels[0]}")
    post = permalink_fullname(wanted) or (wanted.lower() if is_fullname(wanted.lower()) else None)
    found = cases.of_post(post) if post else []
    if not found:
        raise UsageError(
            f"nothing is known of {wanted or 'an empty word'}; give a case's label, an entry's, or a post's address"
        )
    return visit.go(f"/case/{found[0].label}")


def now(visit: Visit) -> Response:
    """Return what may have changed since a page was made, for our scripts."""
    counts = visit.store.case_queue.counts()
    pending = [row.label for row in visit.pending]
    newest = visit.store.case_queue.newest()
    return visit.json({"newest": newest, "waiting": _count(counts[Tab.WAITING]), "pending": pending})


def _shown(visit: Visit, row: QueueRow) -> Shown:
    case = row.case
    places = [f"r/{name}" for name in row.subreddits]
    modes = sorted({visit.config.mode(name) for name in row.subreddits})
    if case.proposal is not None:  # nothing leads to whoever posted it
        who = f"proposed for {case.proposal}"
    elif row.posts > 1:
        who = f"{row.posts}{' or more' if row.more else ''} posts of this media"
    else:
        who = f"u/{case.post.author}" if case.post.author else "a deleted account"
    clock, bare = visit.pipeline.deps.clock, case.state == CaseState.MINOR or case.proposal is not None
    return Shown(
        case=case,
        found=_found(visit, case),
        title="" if bare else case.post.heading,
        rule=next(iter(case.verdict.reasons), "") if case.proposal else case.verdict.rule or case.verdict.outcome,
        where=", ".join(places if len(places) <= NAMES else [*places[:NAMES], f"{len(places) - NAMES} more"]),
        modes=", ".join(modes),
        deeds=tuple(_deeds(visit, row)),
        who=who,
        oldest=ago(clock.now() - row.oldest),
        state=case.state.replace("_", " ") + (f" by {case.decided_by}" if case.decided_by else ""),
    )


def _found(visit: Visit, case: CaseRow) -> str:
    if case.state == CaseState.MINOR:
        return "Suspected minor"
    return "Past removal" if case.proposal else sureness(visit.store.links.evidence(case.link)).short


def _alone(visit: Visit, case: CaseRow) -> Shown:
    """Return one case as a row, whatever else there is of its media."""
    actions: dict[tuple[str, ActionState, Hold | None], int] = {}
    for one in visit.store.actions.of_case(case.id):
        actions[one.action.kind, one.state, one.hold] = 1
    row = QueueRow(
        case=case, cases=1, posts=1, more=False, subreddits=(case.post.subreddit,), oldest=case.opened, actions=actions
    )
    return _shown(visit, row)


def _deeds(visit: Visit, row: QueueRow) -> Iterable[str]:
    """Return what was done or would be, of each only what weighs most."""
    mode = visit.config.mode(row.case.post.subreddit)
    found = together((standing(kind, state, hold, mode), kind) for kind, state, hold in row.actions)
    heavy = {stands: [kind for kind in HEAVY if kind in kinds][:1] or kinds for stands, kinds in found.items()}
    return in_words(heavy)


def _claimants(visit: Visit) -> int:
    """Return how many people who say that they are depicted wait for an answer of this member's subreddits."""
    found = visit.store.claims.waiting_by_subreddit()
    return sum(number for name, number in found.items() if visit.may(Verb.CLAIMS, [name]))


def _unreported(visit: Visit) -> list[MinorRow]:
    """Return what somebody has to report, of the subreddits in which this member may."""
    rows = visit.store.minors.waiting()
    may = {name: visit.may(Verb.CASES, [name]) for name in {row.subreddit for row in rows}}
    return [row for row in rows if may[row.subreddit]]


def _count(number: int | None) -> str:
    if number is None:
        return ""
    return f"{COUNTED - 1}+" if number >= COUNTED else str(number)


PAGE = Page(
    name="Queue",
    path="/",
    keys="g q",
    ways=(
        View(path="/", answer=show),
        View(path="/next", answer=next_case),
        View(path="/find", answer=find),
        View(path="/now", answer=now),
    ),
)
