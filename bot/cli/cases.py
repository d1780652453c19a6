"""Commands with which moderators decide on cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from bot.cli import case_list, known, minors
from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    WhyOption,
    decider,
    emit,
    facts,
    read_config,
    say,
    session,
    warn,
)
from bot.cli.case_page import page
from bot.cli.deciding import Wish, by_media, decide
from bot.cli.groups import App
from bot.config import Config
from bot.errors import UsageError
from bot.model import Actor, Decision, DecisionState, Verb
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.excerpts import Span
from bot.store import Banking

app = App(help="What was found, and what a moderator decides about it.")
case_list.register(app)
CaseName = Annotated[
    str,
    typer.Argument(help="The case: its label such as C-3f9c2a71b0 or how that begins, or the post's address or id."),
]
CaseNames = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME...",
        help="The cases: labels such as C-3f9c2a71b0 or how they begin, or posts' addresses or ids.",
        show_default=False,
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="Every open case of the very same media as well.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]
NowOption = Annotated[bool, typer.Option("--now", help="Do not wait for second thoughts.")]
VersionOption = Annotated[
    int | None, typer.Option("--version", help="Decide only if the case is as `cases show` showed it in this version.")
]


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(app, name="cases")
    minors.register(app)


@app.command()
def show(names: CaseNames, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show each case on one screen: the post, what was found and how sure that is, what was or would be done."""
    settings = read_config(config)
    with session(settings) as pipeline:
        rows = known.cases(pipeline, names)
        pages = [page(pipeline, settings, row.label) for row in rows]
        doubts = {row.label: doubt for row in rows if (doubt := pipeline.claims.doubt(row))}
    for label, doubt in doubts.items():
        warn(f"{label}: who says in {doubt} that they are depicted may have been under 18; do not look at it")
    for place, (shown, lines) in enumerate(pages):
        if as_json:
            emit(shown)
            continue
        if place:
            say("")
        facts(lines)


@app.command()
def confirm(
    names: CaseNames,
    remove: Annotated[bool, typer.Option("--remove", help="Confirm, and remove the post.")] = False,
    report: Annotated[bool, typer.Option("--report", help="Confirm, and report it to the moderators.")] = False,
    leave_up: Annotated[bool, typer.Option("--leave-up", help="Confirm, and do nothing to the post.")] = False,
    why: WhyOption = "confirmed",
    bank: Annotated[
        str | None,
        typer.Option("--bank", help="Also put what matched in its media, or the marked range, in this bank."),
    ] = None,
    start: Annotated[
        float | None, typer.Option("--from", min=0, help="Bank from here on, in seconds from the media's start.")
    ] = None,
    end: Annotated[float | None, typer.Option("--to", min=0, help="Bank up to here, in seconds.")] = None,
    media: Annotated[
        int | None, typer.Option("--media", min=1, help="Which media of an album the range is in, from 1.")
    ] = None,
    everything: AllOption = False,
    dry_run: DryRunOption = False,
    now: NowOption = False,
    version: VersionOption = None,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Confirm cases. Without --remove, --report or --leave-up their rule says what follows; it is shown first."""
    verbs = {Decision.REMOVE: remove, Decision.REPORT: report, Decision.LEAVE_UP: leave_up}
    chosen = [verb for verb, asked in verbs.items() if asked]
    if len(chosen) > 1:
        raise UsageError("--remove, --report and --leave-up say what is done instead of one another; give one of them")
    span = _span(start, end)
    if bank is None and (span is not None or media is not None):
        raise UsageError("a marked range goes into a bank; name it with --bank")
    first, last = span or (None, None)
    banking = None if bank is None else Banking(bank=bank, start=first, end=last, media=media - 1 if media else None)
    wish = Wish(
        verb=chosen[0] if chosen else Decision.CONFIRM,
        why=why,
        banking=banking,
        whole_group=everything,
        dry_run=dry_run,
        at_once=now,
        version=version,
    )
    _decide(read_config(config), names, wish, who)


@app.command()
def dismiss(
    names: CaseNames,
    why: WhyOption = "not a fake",
    everything: AllOption = False,
    dry_run: DryRunOption = False,
    now: NowOption = False,
    version: VersionOption = None,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Dismiss cases: nothing more is done, what was done is taken back, and this media is not taken for it again."""
    wish = Wish(verb=Decision.DISMISS, why=why, whole_group=everything, dry_run=dry_run, at_once=now, version=version)
    _decide(read_config(config), names, wish, who)


@app.command()
def appeal(name: CaseName, who: ByOption = None, why: WhyOption = "appealed", config: ConfigOption = None) -> None:
    """Reopen a case for another moderator than the one who confirmed it, as an author's answer does."""
    with session(read_config(config)) as pipeline:
        name = known.case(pipeline, name).label
        say(pipeline.decisions.cases.appeal(name, raised_by=_by(pipeline, who, name), why=why).text)


@app.command()
def undo(
    names: Annotated[
        list[str], typer.Argument(help="Cases, such as C-3f9c2a71b0, or a decision on many, D-3f9c2a71b0.")
    ],
    why: WhyOption = "undone",
    dry_run: DryRunOption = False,
    now: NowOption = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Take back what was done for cases, while ours is the last action on the post, and reopen them.

    A decision (D-…) reopens every case that it was about.
    """
    settings = read_config(config)
    cases: list[str] = []
    with session(settings) as pipeline:
        decided = pipeline.deps.store.decided
        for name in names:
            row = known.decision(pipeline, name) if name.startswith("D-") else None
            if row is None:
                cases.append(name)
            elif row.state is DecisionState.WAITING and not dry_run:
                by = decider(pipeline, who, Verb.CASES)
                pipeline.decisions.deciding.take_back(name, by=by, why=why)
                say(f"{name} is taken back before anything was done")
            else:
                cases += [pipeline.deps.store.cases.of_id(case).label for case in decided.get(name).cases]
    if cases:
        _decide(settings, cases, Wish(verb=Decision.UNDO, why=why, dry_run=dry_run, at_once=now), who)


def _decide(settings: Config, names: Sequence[str], wish: Wish, who: str | None) -> None:
    """Decide on the cases that a command names, one decision for each media."""
    with session(settings) as pipeline:
        if wish.banking is not None:
            known.bank(pipeline, wish.banking.bank)
            decider(pipeline, who, Verb.BANKS)
        cases = known.cases(pipeline, names)
        if wish.version is not None and len(cases) > 1:
            raise UsageError("--version goes with one case, the one that was looked at")
        by = decider(pipeline, who, Verb.CASES, sorted({case.post.subreddit for case in cases}))
        groups = by_media(pipeline, cases, wish, by)
    decide(settings, groups, wish, by)


def _by(pipeline: Pipeline, who: str | None, name: str) -> Actor:
    """Return who appeals. Raises UsageError if there is no such case or they may not."""
    return decider(pipeline, who, Verb.CASES, [known.case(pipeline, name).post.subreddit])


def _span(start: float | None, end: float | None) -> Span | None:
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise UsageError("a range needs both --from and --to, in seconds from the media's start")
    return start, end
