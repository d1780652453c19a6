"""Commands on notices that leave by hand: the host's form, filled, and saying that it was sent."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import known
from bot.cli.base import ByOption, ConfigOption, JsonOption, emit, read_config, say, session
from bot.cli.notice_options import (
    AccessOption,
    CapacityOption,
    DetailOption,
    GroundOption,
    LanguageOption,
    LawOption,
    NamedOption,
    NoticeName,
    SeenOption,
    acting,
    statement,
)
from bot.clock import day
from bot.pipeline.acting.by_hand import day_of, put_by_hand
from bot.pipeline.reviewing.words.notice_form import filled_forms, form_lines
from bot.serialization import to_json_data


def register(parent: typer.Typer) -> None:
    """Add these commands to those on notices."""
    parent.command(name="form")(notices_form)
    parent.command(name="by-hand")(notices_by_hand)


def notices_form(
    name: NoticeName,
    ground: GroundOption = None,
    detail: DetailOption = None,
    capacity: CapacityOption = None,
    seen: SeenOption = False,
    language: LanguageOption = None,
    law: LawOption = None,
    access: AccessOption = "",
    named: NamedOption = None,
    as_json: JsonOption = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Fill the host's form for a notice: its fields in its order, to copy. Nothing is sent, and nothing recorded."""
    settings = read_config(config)
    with session(settings) as pipeline:
        known.notice(pipeline, name)
        store = pipeline.deps.store
        row = store.notices.get(name)
        if row.stated_by:
            notice = row.stated_notice()
        else:
            by = acting(pipeline, who, name)
            stated = statement(
                offered=pipeline.decisions.grounds.offered(row),
                by=by, ground=ground, detail=detail, capacity=capacity, seen=seen, language=language, law=law,
                access=access, named=named, by_hand=True,
            )  # fmt: skip
            notice = pipeline.decisions.notices.preview_notice(name, stated)
        forms = filled_forms(settings, store, notice)
    if as_json:
        for form in forms:
            emit(to_json_data(form))
        return
    for form in forms:
        say("\n".join(form_lines(form)), lines=True)
    say(f"\nwhen it is sent: gifwarden notices by-hand {name} --reference NUMBER")


def notices_by_hand(
    name: NoticeName,
    reference: Annotated[str | None, typer.Option("--reference", help="The number that the host gave it.")] = None,
    on: Annotated[str | None, typer.Option("--on", help="The day, such as 2026-11-22; without it: now.")] = None,
    ground: GroundOption = None,
    detail: DetailOption = None,
    capacity: CapacityOption = None,
    seen: SeenOption = False,
    language: LanguageOption = None,
    law: LawOption = None,
    access: AccessOption = "",
    named: NamedOption = None,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Say that a notice was put into the host's form, or that the person depicted has sent it."""
    settings = read_config(config)
    with session(settings) as pipeline:
        by = acting(pipeline, who, name)
        store = pipeline.deps.store
        row = store.notices.get(name)
        stated = (
            statement(
                offered=pipeline.decisions.grounds.offered(row),
                by=by, ground=ground, detail=detail, capacity=capacity, seen=seen, language=language, law=law,
                access=access, named=named, by_hand=True,
            )
            if ground or detail or not row.stated_by
            else None
        )  # fmt: skip
        row = put_by_hand(
            pipeline.decisions.notices,
            store,
            pipeline.deps.clock,
            name,
            by=by,
            on=day_of(on),
            reference=reference,
            statement=stated,
        )
    number = f", number {row.reference}" if row.reference else ""
    say(f"{name} was sent by hand on {day(row.sent) if row.sent else ''}{number}; its media is looked for from now on")
