"""`gifwarden cases list`: what waits, a group of the same media at a time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any

import typer

from bot.cli import known, minors
from bot.cli.base import ConfigOption, JsonOption, emit, read_config, say, session, warn
from bot.cli.learn import LOOKED_AT, fates, next_look
from bot.cli.screen import entries
from bot.config import Config, closest
from bot.errors import UsageError
from bot.model import CaseState, Hold
from bot.pipeline import Pipeline
from bot.pipeline.helping.showing import waiting_in_words
from bot.pipeline.reviewing.words.case import ago, plain_case, plain_group
from bot.pipeline.reviewing.words.deeds import HEAVY, in_words, standing, together
from bot.plural import many
from bot.store import GroupRow

LIMIT = 50
NAMES = 3  # subreddits of a group that are named


def register(cases: typer.Typer) -> None:
    """Add the command."""
    cases.command(name="list")(list_)


def list_(
    state: Annotated[
        str | None, typer.Option("--state", help=f"Only cases in this state: {', '.join(CaseState)}. Else open ones.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Cases in all states.")] = False,
    appealed: Annotated[bool, typer.Option("--appealed", help="Only cases under appeal.")] = False,
    where: Annotated[
        str | None, typer.Option("--subreddit", help="Only cases of this subreddit.", show_default=False)
    ] = None,
    proposals: Annotated[
        bool, typer.Option("--proposals", help="Only proposals from past removals, the most repeated media first.")
    ] = False,
    same: Annotated[
        str | None,
        typer.Option("--same-media", help="Only cases of the same media as this one, in all states, one by one."),
    ] = None,
    ungrouped: Annotated[bool, typer.Option("--ungrouped", help="A row for each case, not for each media.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")] = LIMIT,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what waits for a decision, the newest first; posts of the very same media are one row.

    A row names one of its cases. The very same media are the same files; a copy that was changed is another row.
    Proposals, see gifwarden learn, are listed apart.
    """
    if state is not None and state not in tuple(CaseState):
        near = closest(state, tuple(CaseState))
        hint = f"did you mean {near}?" if near else f"choose one of {', '.join(CaseState)}"
        raise UsageError(f"{state} is no state of a case; {hint}")
    if state is not None and every:
        raise UsageError("--all and --state exclude each other: all states, or one")
    settings = read_config(config)
    with session(settings) as pipeline:
        cases = pipeline.deps.store.cases
        states: Collection[CaseState] = () if every or appealed or same else (CaseState.OPEN,)
        if state is not None:
            states = (CaseState(state),)
        media = None
        if same is not None:
            row = known.case(pipeline, same)
            media, ungrouped = row.media or "", True
        chosen: dict[str, Any] = {
            "subreddit": _subreddit(pipeline, settings, where), "appealed": appealed, "media": media,
            "grouped": not ungrouped, "proposals": None if same else proposals,
        }  # fmt: skip
        groups = cases.groups(states, limit, **chosen)
        rows, inside = cases.count_groups(states, **chosen)
        others = 0 if groups else cases.count_groups((), grouped=False, proposals=proposals)[0]
        apart = _proposals(pipeline, shown=proposals)
        under_appeal = pipeline.deps.store.review.appealed()
        now = pipeline.deps.clock.now()
        waiting = pipeline.deps.store.minors.waiting()
        claimants = waiting_in_words(pipeline.deps.store.claims.waiting())
    if as_json:
        for group in groups:
            case = plain_case(group.case, appeal=group.case.id in under_appeal)
            emit({**case, "group": plain_group(group)})
    else:
        minors.warn_of(waiting)
        if claimants:
            warn(f"{claimants}: gifwarden claims list")
        narrow = bool(states or where or appealed or same)
        entries(
            _lines(settings, group, under_appeal, now, state=tuple(states) != (CaseState.OPEN,)) for group in groups
        )
        if not groups:
            say(_none(states, others if narrow else 0, "proposal" if proposals else "case"))
    if apart and not as_json and not same:
        for line in apart.splitlines():
            say(line)
    if rows > len(groups):
        more = _more(rows - len(groups), inside - sum(group.cases for group in groups), grouped=not ungrouped)
        (warn if as_json else say)(f"{more}; to see them all: --limit {rows}")


def _subreddit(pipeline: Pipeline, settings: Config, where: str | None) -> str | None:
    """Return a subreddit's name in small letters. Raises UsageError if it is neither watched nor has a case."""
    if where is None:
        return None
    name = where.removeprefix("/").removeprefix("r/").lower()
    if pipeline.deps.store.cases.groups(limit=1, subreddit=name, grouped=False):
        return name
    return known.subreddit(settings, where)


def _lines(
    settings: Config, group: GroupRow, under_appeal: Collection[int], now: datetime, *, state: bool
) -> tuple[str, str, str, str]:
    """Return label, rule, age, and the rest of a row; `state`: whether to say in which state its cases are."""
    case = group.case
    told: list[str] = []
    if case.proposal is not None:
        told.append(case.verdict.reasons[0] if case.verdict.reasons else f"proposed for {case.proposal}")
    elif group.posts > 1:
        told.append(f"{many(group.posts, 'post')}, {many(group.authors, 'author')}")
    elif case.state != CaseState.MINOR:
        told.append(f"by u/{case.post.author}" if case.post.author else "by a deleted account")
    if case.id in under_appeal:
        told.append("open, appeal")
    elif state and len(group.states) == 1:
        told.append(
            f"{case.state.replace('_', ' ')}{f' by {case.decided_by}' if case.decided_by and group.cases == 1 else ''}"
        )
    elif state:
        told.append(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in group.states.items()))
    told.append(case.host)
    asked = not group.actions or any(hold == Hold.PERSON for _, _, hold in group.actions)
    if CaseState.OPEN in group.states and asked and case.proposal is None:
        told.append("a person decides")
    told += _deeds(settings, group)
    places = [f"r/{name}" for name in group.subreddits]
    where = ", ".join(places if len(places) <= NAMES else [*places[:NAMES], f"{len(places) - NAMES} more"])
    return case.label, f"{case.verdict.rule or case.verdict.outcome}; {where}", ago(now - group.newest), "; ".join(told)


def _deeds(settings: Config, group: GroupRow) -> list[str]:
    """Return what was done or would be, of each only what weighs most; in brackets for how many, if not for all."""
    mode = settings.mode(group.case.post.subreddit)
    counted: dict[tuple[str, str], int] = {}
    for (kind, state, hold), count in group.actions.items():
        stands = standing(kind, state, hold, mode)
        counted[stands, kind] = counted.get((stands, kind), 0) + count
    part = {pair: "" if count >= group.cases else f" ({count})" for pair, count in counted.items()}
    heavy = {
        stands: [kind for kind in HEAVY if kind in kinds][:1] or kinds for stands, kinds in together(counted).items()
    }
    return list(
        in_words({stands: [f"{kind}{part[stands, kind]}" for kind in kinds] for stands, kinds in heavy.items()})
    )


def _more(rows: int, cases: int, *, grouped: bool) -> str:
    if not grouped or cases == rows:
        return many(rows, "more case")
    return f"{many(rows, 'more group')}, {many(cases, 'case')}"


def _none(states: Collection[CaseState], others: int, what: str) -> str:
    if not others:
        return f"no {what}s"
    every = f"gifwarden cases list {'--proposals ' if what == 'proposal' else ''}--all"
    if tuple(states) == (CaseState.OPEN,):
        return f"no {what} waits for a decision; {many(others, what)} in all: {every}"
    return f"no such {what}; {many(others, what)} in all: {every}"


def _proposals(pipeline: Pipeline, *, shown: bool) -> str:
    """Return in words how many proposals there are beside what is listed, empty if none."""
    store = pipeline.deps.store
    waiting, unseen = store.proposals.waiting(), store.proposals.unlooked()
    is_open = store.cases.count_groups((CaseState.OPEN,), proposals=True, grouped=False)[0]
    told = []
    if is_open and not shown:
        told.append(f"{many(is_open, 'proposal')} from past removals: gifwarden cases list --proposals")
    if waiting:
        many_a_day = pipeline.deps.config.review.proposals_per_day
        told.append(f"{waiting:,} more {'waits' if waiting == 1 else 'wait'}, {many_a_day} a day for each who decides")
    if unseen and (shown or not is_open):
        waits = f"media of {many(unseen, 'past removal')} wait to be looked at"
        told.append(waits if shown else f"{waits}; see: gifwarden cases list --proposals")
    if not shown:
        return "; ".join(told)
    came = fates(store.proposals.outcomes())
    came.pop(LOOKED_AT, None)
    lines = ["; ".join(told)] if told else []
    if came:
        lines.append(f"media learnt from the past: {', '.join(f'{count:,} {words}' for words, count in came.items())}")
    if unseen:
        lines.append(next_look(daemon=store.lease.daemon_runs()))
    return "\n".join(lines)
