"""Commands on notices that have left: what comes next, the reminder, taking it further, closing it."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import known
from bot.cli.base import (
    LONGEST,
    PAGE,
    ByOption,
    ConfigOption,
    JsonOption,
    LimitOption,
    WhyOption,
    facts,
    listing,
    read_config,
    say,
    session,
)
from bot.cli.notice_options import NoticeName, acting
from bot.cli.notices import notices
from bot.clock import day_and_time
from bot.errors import UsageError
from bot.model import Recourse
from bot.pipeline.following.steps import NextSteps
from bot.pipeline.following.words import item_line, proposal_lines, steps_plain
from bot.pipeline.reviewing.words.notice_items import happened

KINDS = ", ".join(Recourse)
RecourseName = Annotated[str, typer.Argument(help=f"What: {KINDS}.", metavar="RECOURSE")]


def register() -> None:
    """Add the commands to those on notices."""
    notices.command(name="next")(notices_next)
    notices.command(name="remind")(notices_remind)
    notices.command(name="raise")(notices_raise)
    notices.command(name="close")(notices_close)


def notices_next(
    name: Annotated[
        str | None, typer.Argument(help="One notice, such as N-3f9c2a71b0; else all that are not over.")
    ] = None,
    write: Annotated[
        str | None,
        typer.Option("--write", help="Print a text to hand in: complaint, settlement, coordinator, ftc, retraction."),
    ] = None,
    because: Annotated[str, typer.Option("--because", help="With --write: a sentence on what is complained of.")] = "",
    limit: LimitOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what comes next for notices; of one also what happened, how its media stands, and what is open."""
    if write is not None and name is None:
        raise UsageError("--write is about one notice: name it, as in gifwarden notices next N-3f9c2a71b0")
    with session(read_config(config)) as pipeline:
        store, steps = pipeline.deps.store, pipeline.notice_steps
        if name is None:
            rows = store.notices.listing(limit or (PAGE, LONGEST)[as_json])
            every = [found for row in rows if not (found := steps.of_row(row)).over]
        else:
            known.notice(pipeline, name)
            every = [steps.of(name)]
        if name is not None and write is not None:
            text = steps.text(name, _recourse(write), reason=because)
            say(f"{text.subject}\n\n{text.text}", lines=True)
            return
    if name is not None and not as_json:
        _show(every[0])
        return
    columns = {"notice": "notice", "state": "state", "host": "host", "next": "next"}
    rows_shown = (
        steps_plain(one)
        if as_json
        else {"notice": one.row.label, "state": one.row.state, "host": one.row.host, "next": one.sentence}
        for one in every
    )
    listing(rows_shown, as_json=as_json, columns=columns, empty="no notice waits for anything")


def notices_remind(
    name: NoticeName, who: ByOption = None, why: WhyOption = "overdue", config: ConfigOption = None
) -> None:
    """Remind the host of an overdue notice by mail, in its thread; once."""
    with session(read_config(config)) as pipeline:
        pipeline.notice_steps.remind(name, by=acting(pipeline, who, name), why=why)
    say(f"the reminder of {name} is planned; the daemon sends it")


def notices_raise(
    name: NoticeName,
    recourse: RecourseName,
    reference: Annotated[str, typer.Option("--reference", help="The number that you were given there.")] = "",
    leave: Annotated[bool, typer.Option("--leave", help="You do not want it: it is not proposed any more.")] = False,
    who: ByOption = None,
    why: WhyOption = "taken further",
    config: ConfigOption = None,
) -> None:
    """Write down that you took a notice further, or do not want to; nothing is sent."""
    chosen = _recourse(recourse)
    with session(read_config(config)) as pipeline:
        by = acting(pipeline, who, name)
        if leave:
            pipeline.notice_steps.leave(name, chosen, by=by, why=why)
        else:
            pipeline.notice_steps.take(name, chosen, by=by, reference=reference, why=why)
    say(f"{chosen} is written down for {name}: {'not wanted' if leave else f'taken by {by.name}'}")


def notices_close(
    name: NoticeName, who: ByOption = None, why: WhyOption = "closed", config: ConfigOption = None
) -> None:
    """End a notice that has left: nothing is looked for any more, and nothing is proposed."""
    with session(read_config(config)) as pipeline:
        pipeline.notice_steps.close(name, by=acting(pipeline, who, name), why=why)
    say(f"{name} is closed")


def _show(steps: NextSteps) -> None:
    row = steps.row
    facts([("notice", f"{row.label} to {row.host}: {str(row.state).replace('_', ' ')}"), ("next", steps.sentence)])
    facts([("after", label) for label in steps.earlier])
    facts([("media", f"{item.host_id}: {item_line(item)}") for item in steps.items])
    say("")
    for told in happened(steps.events):
        by = f", by {told.by}" if told.by else ""
        say(f"{day_and_time(told.at)}  {told.words}{by}")
    for proposal in steps.proposals:
        say("")
        facts(proposal_lines(proposal))
    if steps.proposals:
        say(f"\ndone it? gifwarden notices raise {row.label} {steps.proposals[0].recourse} --reference NUMBER")


def _recourse(text: str) -> Recourse:
    if text not in tuple(Recourse):
        raise UsageError(f"{text} is not one of {KINDS}")
    return Recourse(text)
