"""The command by which people say how they want to look at media."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, cast

import typer

from bot.cli.base import ConfigOption, JsonOption, decider, emit, facts, read_config, session
from bot.errors import UsageError
from bot.model import KINDS, Level, LookSettings, MediaKind, Verb
from bot.plural import many


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
            level=before.level if level is None else _level(level),
            grey=before.grey if grey is None else grey,
            refused=before.refused if refuse is None else _kinds(refuse),
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
            ("today", f"{many(today.looks, 'sheet')}, {today.clear} of them without cover"),
            *([("", today.word)] if today.word else []),
        ]
    )


def _plain(settings: LookSettings) -> dict[str, Any]:
    return {"level": str(settings.level), "grey": settings.grey, "refused": list(settings.refused)}


def _level(text: str) -> Level:
    if text not in list(Level):
        raise UsageError(f"{text} is no level; choose one of {', '.join(Level)}")
    return Level(text)


def _kinds(texts: list[str]) -> tuple[MediaKind, ...]:
    known = (*KINDS, "all", "none")
    wrong = [text for text in texts if text not in known]
    if wrong:
        raise UsageError(f"{wrong[0]} is no kind of media; choose of {', '.join(known)}")
    if "none" in texts and len(texts) > 1:
        raise UsageError("none stands alone; leave the other kinds out, or none")
    return KINDS if "all" in texts else cast("tuple[MediaKind, ...]", tuple(kind for kind in KINDS if kind in texts))
