"""Commands with which moderators decide on cases."""

from __future__ import annotations

from typing import Annotated, Any

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
)
from bot.cli.case_page import page
from bot.cli.groups import App
from bot.cli.review import action_line
from bot.config import Config
from bot.errors import UsageError
from bot.model import ActionState, Actor, Backing, Verb
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.excerpts import Span

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


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(app, name="cases")
    minors.register(app)


@app.command()
def show(names: CaseNames, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show each case on one screen: the post, what was found and how sure that is, what was or would be done."""
    settings = read_config(config)
    with session(settings) as pipeline:
        pages = [page(pipeline, settings, row.label) for row in known.cases(pipeline, names)]
    for place, (shown, lines) in enumerate(pages):
        if as_json:
            emit(shown)
            continue
        if place:
            say("")
        facts(lines)


@app.command()
def confirm(
    name: CaseName,
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
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Confirm a case: what waits for a person goes ahead at the daemon's next step."""
    settings = read_config(config)
    with session(settings) as pipeline:
        name = known.case(pipeline, name).label
        by = _by(pipeline, who, name)
        if bank is not None:
            known.bank(pipeline, bank)
            decider(pipeline, who, Verb.BANKS)
        case = pipeline.decisions.cases.confirm(
            name, by=by, why=why, bank=bank, span=_span(start, end), media=media - 1 if media else None
        )
        store = pipeline.deps.store
        planned = store.actions.of_case(case.id)
        banked = {label: store.banks.standing(label) for label in store.review.made_by(case.id, "banked")}
    say(f"{name} is confirmed" + ("" if planned else "; its rule plans no action"))
    for row in planned:
        say(f"  {action_line(settings, row)}")
    for label, standing in banked.items():
        say(f"  banked as {label}{told(settings, label, standing)}")


@app.command()
def dismiss(name: CaseName, who: ByOption = None, why: WhyOption = "not a fake", config: ConfigOption = None) -> None:
    """Dismiss a case: nothing more is done, what was done is taken back, and this media is not taken for it again."""
    settings = read_config(config)
    with session(settings, reddit=_done(settings, name)) as pipeline:
        name = known.case(pipeline, name).label
        lines = pipeline.decisions.cases.dismiss(name, by=_by(pipeline, who, name), why=why)
    say(f"{name} is dismissed")
    for line in lines:
        say(f"  {line}")


@app.command()
def appeal(name: CaseName, who: ByOption = None, why: WhyOption = "appealed", config: ConfigOption = None) -> None:
    """Reopen a case for another moderator than the one who confirmed it, as an author's answer does."""
    with session(read_config(config)) as pipeline:
        name = known.case(pipeline, name).label
        say(pipeline.decisions.cases.appeal(name, raised_by=_by(pipeline, who, name), why=why).text)


@app.command()
def undo(name: CaseName, who: ByOption = None, why: WhyOption = "undone", config: ConfigOption = None) -> None:
    """Take back what was done for a case, while ours is the last action on the post, and reopen it."""
    settings = read_config(config)
    _done(settings, name)  # whether there is such a case comes before whether there is a login
    with session(settings, reddit=True) as pipeline:
        name = known.case(pipeline, name).label
        lines = pipeline.decisions.cases.undo(name, by=_by(pipeline, who, name), why=why)
    for line in lines or ["nothing had been done"]:
        say(line)
    say(f"{name} is open again")


def _by(pipeline: Pipeline, who: str | None, name: str) -> Actor:
    """Return who decides a case. Raises UsageError if there is none, or they may not."""
    return decider(pipeline, who, Verb.CASES, [known.case(pipeline, name).post.subreddit])


def told(settings: Config, label: str, standing: Backing | None) -> str:
    """Return what an entry still needs before it acts by itself, to go behind its label."""
    if standing is Backing.TWO_PEOPLE:
        return ""
    if settings.review.confirmations == 1:
        if standing is Backing.ONE_PERSON:
            return ", confirmed by one person: it acts by itself on its exact file only"
        return f"; it acts by itself once you confirm it again, a day from now or later: gifwarden bank confirm {label}"
    return f"; before it acts alone, another moderator confirms it: gifwarden bank confirm {label}"


def _span(start: float | None, end: float | None) -> Span | None:
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise UsageError("a range needs both --from and --to, in seconds from the media's start")
    return start, end


def _done(settings: Config, name: str) -> bool:
    """Return whether anything was done on Reddit for a case, so that dismissing it needs the login."""
    with session(settings) as pipeline:
        rows: list[Any] = pipeline.deps.store.actions.of_case(known.case(pipeline, name).id)
    return any(row.state == ActionState.DONE for row in rows)
