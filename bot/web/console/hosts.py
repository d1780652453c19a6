"""How the bot does: what to look at first, what waits, what Reddit allows, and how each host answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.responses import Response

from bot.errors import StoreError
from bot.model import ActionState, Verb
from bot.pipeline.following.scoreboard import HostScore, scores
from bot.pipeline.keeping.diagnosis import budget_said, known_here
from bot.pipeline.keeping.parked import try_again
from bot.pipeline.scanning.host_health import ALARMS, HostRow, host_rows
from bot.plural import many
from bot.store.metrics import WAITING_LINKS
from bot.store.tries import SENTENCE, ParkedRow
from bot.web.console import plots
from bot.web.console.base import Act, Page, View, Visit, word_for

GOOD, AWAY = ("resolved",), ("gone", "unsupported")  # what is neither is a failure
SHOWN = 50  # rows of what is parked
WORDS = {
    "resolved": "led to media",
    "gone": "gone",
    "blocked": "blocked",
    "needs_token": "asked for a token",
    "unsupported": "unsupported",
    "changed": "answered in an unknown shape",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A host, its last week as a bar and in words."""

    row: HostRow
    bar: tuple[plots.Shape, ...]
    week: str
    alarm: bool

    @staticmethod
    def of(row: HostRow) -> Shown:
        """Return a host as it is shown."""
        failed = [name for name in row.week if name not in GOOD + AWAY]
        groups = (("good", GOOD), ("away", AWAY), ("bad", failed))
        parts = [(kind, sum(row.week[name] for name in names)) for kind, names in groups]
        told = ", ".join(f"{number:,} {WORDS[name]}" for name, number in row.week.items() if number)
        return Shown(row=row, bar=plots.shares(parts), week=told, alarm=row.state in ALARMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """How a host acts on notices, as a bar and in words."""

    score: HostScore
    bar: tuple[plots.Shape, ...]
    words: str

    @staticmethod
    def of(score: HostScore) -> Acting:
        """Return a host as it is shown."""
        soon = score.within[48][0]
        parts = (
            ("good", soon),
            ("later", score.removed - soon),
            ("bad", score.there + score.rejected),
            ("away", score.unknown),
        )
        words = [many(score.notices, "notice") + (f", {score.by_hand} by hand" if score.by_hand else "")]
        words += [f"within {hours} h {done} of {of}" for hours, (done, of) in score.within.items() if of]
        counts = (
            (score.rejected, "kept by its decision"), (score.there, "still up"), (score.unknown, "of unknown fate"),
            (score.bounced, "bounced"), (score.reuploads, "up again"),
        )  # fmt: skip
        words += [f"{number} {what}" for number, what in counts if number]
        return Acting(score=score, bar=plots.shares(parts), words=" · ".join(words))


def show(visit: Visit) -> Response:
    """Show how the bot does."""
    visit.act(Verb.CASES)
    store, now = visit.store, visit.pipeline.deps.clock.now()
    findings = list(known_here(replace(visit.pipeline.deps, store=store)))
    worth = [one for one in findings if one.level != "ok" and not one.chosen and one.subject != "parked"]
    since = plots.begin(now)
    links, actions = store.figures.by_state("links"), store.figures.by_state("actions")
    oldest = store.figures.oldest()
    budget = store.watched.budget()
    hours = store.hours
    parked = store.tries.parked()
    rows = [Shown.of(row) for row in host_rows(store, visit.config, now)]
    return visit.page(
        "hosts.html",
        worth=sorted(worth, key=lambda one: one.level != "fail"),
        fine=[one for one in findings if one.level == "ok" or one.chosen],
        daemon=store.lease.standing(),
        now=now,
        stopped=visit.pipeline.deps.stop_file.exists(),
        links=sum(links.get(state, 0) for state in WAITING_LINKS),
        planned=actions.get(ActionState.PLANNED, 0),
        held=actions.get(ActionState.HELD, 0),
        open=hours.open_now(),
        ages={name: timedelta(seconds=seconds) if seconds else None for name, seconds in oldest.items()},
        budget=budget_said(budget) if budget else "",
        closed=budget["closed"] if budget else "",
        places=store.watched.places(),
        polls=store.figures.polls(),
        plots=[
            plots.counted("Links judged, by hour", hours.judged(since), now),
            plots.standing("Open cases, by hour", hours.open_now(), hours.opened(since), hours.closed(since), now),
        ],
        seen=[one for one in rows if one.bar or one.alarm],
        parked=[(row, _word(row)) for row in parked[:SHOWN]],
        parked_more=len(parked) - SHOWN,
        why_parked=SENTENCE,
        may_retry=visit.may(Verb.RETRY),
        scores=[Acting.of(one) for one in scores(store, now)],
        unseen=[one.row for one in rows if not one.bar and not one.alarm],
    )


def try_parked(visit: Visit) -> Response:
    """Put something that is parked back where it was, as `gifwarden parked retry` does."""
    by = visit.act(Verb.RETRY)
    store, word = visit.pipeline.deps.store, visit.field("word")
    row = next((row for row in visit.store.tries.parked() if _word(row) == word), None)
    if row is None:
        raise StoreError("that is not parked any more; open the page again")
    try_again(store, row.queue, row.name, by=by)
    return visit.go("/hosts")


def _word(row: ParkedRow) -> str:
    return word_for(row.queue, row.name)


PAGE = Page(
    name="Health",
    path="/hosts",
    keys="g h",
    more=True,
    ways=(View(path="/hosts", answer=show), Act(path="/parked/retry", answer=try_parked, verb=Verb.RETRY)),
)
