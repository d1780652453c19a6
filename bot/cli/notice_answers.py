"""The command on what hosts answer to notices: what came, one answer, saying what it means."""

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
    decider,
    emit,
    facts,
    listing,
    read_config,
    say,
    session,
)
from bot.cli.notices import notices
from bot.clock import day_and_time
from bot.errors import UsageError
from bot.model import HostDecision, Verb
from bot.pipeline.following.answers import places_of
from bot.pipeline.reviewing.words.answers import KINDS, answer_facts, answer_plain, answer_stands
from bot.store import AnswerRow

MEANS = ", ".join(HostDecision)


def register() -> None:
    """Add the command to those on notices."""
    notices.command(name="answers")(notices_answers)


def notices_answers(
    name: Annotated[
        str | None, typer.Argument(help="One answer, such as A-3f9c2a71b0; else all.", metavar="[ANSWER]")
    ] = None,
    means: Annotated[str | None, typer.Option("--means", help=f"Say what it means: {MEANS}.")] = None,
    notice: Annotated[
        str | None, typer.Option("--notice", help="With --means: which notice it is about, if in doubt or wrong.")
    ] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that a person has to read.")] = False,
    limit: LimitOption = None,
    who: ByOption = None,
    why: WhyOption = "as it says",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what hosts answered, what waits for a person first; show one answer; or say what it means."""
    if name is None and (means or notice):
        raise UsageError(
            "--means and --notice are about one answer: name it, as in gifwarden notices answers A-3f9c2a71b0"
        )
    if notice and not means:
        raise UsageError(f"--notice goes with --means, one of {MEANS}")
    if means is not None and means not in tuple(HostDecision):
        raise UsageError(f"{means} is not one of {MEANS}")
    with session(read_config(config)) as pipeline:
        if name is None:
            rows = pipeline.deps.store.notice_answers.listing(waiting=waiting, limit=limit or (PAGE, LONGEST)[as_json])
            _list(rows, as_json=as_json)
            return
        row = known.answer(pipeline, name)
        if means is None:
            _show(row, as_json=as_json)
            return
        for one in (notice, row.notice):
            if one:
                known.notice(pipeline, one)
        by = decider(pipeline, who, Verb.NOTICES, places_of(pipeline.deps.store, row, notice))
        said = pipeline.answers.decide(name, HostDecision(means), notice=notice, by=by, why=why)
    say(said)


def _list(rows: list[AnswerRow], *, as_json: bool) -> None:
    columns = {"answer": "answer", "at": "came", "what": "what", "stands": "notice"}
    shown = (
        answer_plain(row)
        if as_json
        else {"answer": row.label, "at": day_and_time(row.at), "what": KINDS[row.kind], "stands": answer_stands(row)}
        for row in rows
    )
    listing(shown, as_json=as_json, columns=columns, empty="no answers")


def _show(row: AnswerRow, *, as_json: bool) -> None:
    if as_json:
        emit(answer_plain(row))
        return
    facts(answer_facts(row))
    if row.words is not None:
        say(f"\n{row.words.text}", lines=True)
        if not row.words.whole:
            say("\nonly its beginning was read; the whole of it is in the mailbox")
    if row.waits:
        say(f"\nwhat does it mean? gifwarden notices answers {row.label} --means {'|'.join(HostDecision)}")
