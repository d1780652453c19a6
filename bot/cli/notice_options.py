"""What a person states with a notice, as options: the same before a mail, for a form, and for what goes by hand."""

from __future__ import annotations

from typing import Annotated, Any, cast, get_args

import typer

from bot.cli import known
from bot.cli.base import decider
from bot.errors import UsageError
from bot.model import Actor, Capacity, Ground, Verb
from bot.notice_texts import LANGUAGES
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement

NoticeName = Annotated[str, typer.Argument(help="The notice, such as N-3f9c2a71b0.")]
GroundOption = Annotated[
    str | None,
    typer.Option(
        "--ground", help="original_footage, depicted_person, citable_list or public_statement; else the recorded one."
    ),
]
DetailOption = Annotated[
    str | None, typer.Option("--detail", help="Where the original is, which list, which statement.")
]
CapacityOption = Annotated[
    str | None,
    typer.Option("--capacity", help="third_party_notifier, authorised_representative or depicted_person."),
]
SeenOption = Annotated[
    bool, typer.Option("--seen", help="You have looked at every media on it; the notice then says so, with the time.")
]
LanguageOption = Annotated[
    str | None, typer.Option("--language", help=f"{', '.join(LANGUAGES)}; without it, one that the host takes.")
]
LawOption = Annotated[
    str | None, typer.Option("--law", help="Your national law, only if you can state it; instead of mail.national_law.")
]
AccessOption = Annotated[str, typer.Option("--access", help="What is needed to see the media, such as a login.")]
NamedOption = Annotated[
    bool | None,
    typer.Option("--named/--not-named", help="Whether a third party's notice names you; instead of mail.name_persons."),
]


OnceOption = Annotated[
    bool, typer.Option("--once", help="Do not record the ground for its entry or person, to be offered again.")
]


def acting(pipeline: Pipeline, who: str | None, *names: str) -> Actor:
    """Return who does something for notices; `who`: what --by says.

    Raises UsageError if there is no such notice, or they may not in each of its subreddits.
    """
    for name in names:
        known.notice(pipeline, name)
    places = {place for name in names for place in pipeline.deps.store.notices.get(name).subreddits}
    return decider(pipeline, who, Verb.NOTICES, sorted(places))


def statement(
    *,
    offered: tuple[Ground, str] | None,
    by: Actor,
    ground: str | None,
    detail: str | None,
    capacity: str | None,
    to: str | None = None,
    seen: bool = False,
    language: str | None = None,
    law: str | None = None,
    access: str = "",
    named: bool | None = None,
    by_hand: bool = False,
    once: bool = False,
) -> Statement:
    """Return what the options state; `offered`: the ground that was recorded for the media, where none is given.

    Raises UsageError with all that is wrong with them.
    """
    wrong = [*_choice(ground, Ground), *_choice(capacity, Capacity)]
    if offered is not None and not (ground or detail):
        ground, detail = offered
    if not (ground and detail):
        recorded = "for this media none is recorded" if offered is None else "the recorded one needs neither"
        wrong.append(f"a notice needs a ground and its detail: give --ground and --detail; {recorded}")
    if language and language not in LANGUAGES:
        wrong.append(f"{language} is not one of {', '.join(LANGUAGES)}")
    if wrong:
        raise UsageError(*wrong)
    return Statement(
        ground=cast("Ground", ground),
        detail=detail or "",
        by=by,
        capacity=cast("Capacity | None", capacity),
        to=to,
        seen=seen,
        language=language,
        law=law,
        access=access,
        named=named,
        by_hand=by_hand,
        keep=not once,
    )


def _choice(text: str | None, kind: Any) -> list[str]:
    return [f"{text} is not one of {', '.join(get_args(kind))}"] if text and text not in get_args(kind) else []
