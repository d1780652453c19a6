"""The command by which people say how they want to look at media."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from bot.cli.base import ConfigOption, JsonOption, decider, emit, facts, read_config, session
from bot.model import KINDS, Level, LookSettings, Verb
from bot.pipeline.looking.wishes import kinds_of, level_of


def register(people: typer.Typer) -> None:
    """Add this command to those on the team."""
    people.command()(looking)


def looking(
    level: Annotated[
        str | None, typer.Option("--level", help=f"Where looking begins: {', '.join(Level)}.", show_default=False)
    ] = None,
    grey: Annotated[
        bool | None, typer.Option("--grey/--colours", help="No colours at any level, or colours.", show_default=False)
    ] = None,
    refuse: Annotated[
        list[str] | None,
        typer.Option(
            "--refuse", help=f"A kind of media that you are never shown: {', '.join(KINDS)}, all or none; repeatable."
        ),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show or change how you look at media in the console, and see how much you did today. Yours alone.

    Only under your own system account: nobody sets or sees it for somebody else.
    """
    with session(read_config(config)) as pipeline:
        by = decider(pipeline, None, Verb.CASES)
        wishes = pipeline.looks.wishes
        before = wishes.settings(by)
        after = replace(
            before,
            level=before.level if level is None else level_of(level),
            grey=before.grey if grey is None else grey,
            refused=before.refused if refuse is None else kinds_of(refuse),
        )
        if after != before:
            wishes.keep(after, by=by)
        today = wishes.today(by)
    plain = {**_plain(after), "today": {"looks": today.looks, "clear": today.clear}}
    if as_json:
        emit(plain)
        return
    facts(
        [
            ("begins at", after.level),
            ("colours", "never" if after.grey else "yes"),
            ("never shown", ", ".join(after.refused) or "nothing"),
            ("today", today.said),
            *([("", today.word)] if today.word else []),
        ]
    )


def _plain(settings: LookSettings) -> dict[str, Any]:
    return {"level": str(settings.level), "grey": settings.grey, "refused": list(settings.refused)}
