"""Commands on what stands on drafts of notices, and on grounds that are used again."""

from __future__ import annotations

from typing import Annotated, cast, get_args

import typer

from bot.cli import known
from bot.cli.base import ByOption, ConfigOption, JsonOption, WhyOption, decider, listing, read_config, say, session
from bot.cli.notice_options import NoticeName, acting
from bot.cli.notices import notices
from bot.errors import UsageError
from bot.model import Ground, Grounded, Verb
from bot.plural import many

Items = Annotated[list[str], typer.Argument(help="Media on it, by the host's id or its page.", metavar="ITEM...")]
GroundOption = Annotated[
    str | None, typer.Option("--ground", help="original_footage, depicted_person, citable_list or public_statement.")
]
DetailOption = Annotated[
    str | None, typer.Option("--detail", help="Where the original is, which list, which statement.")
]


def register() -> None:
    """Add the commands to those on notices."""
    for command in (split, move, drop, draft, ground):
        notices.command(name=command.__name__)(command)


def split(
    name: NoticeName,
    items: Annotated[
        list[str] | None,
        typer.Argument(help="Media to split off, by the host's id or its page; else what does not belong together."),
    ] = None,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Put media of a draft on drafts of its own: what belongs together on one."""
    with session(read_config(config)) as pipeline:
        by = acting(pipeline, who, name)
        labels = pipeline.decisions.items.split(name, items or (), by=by)
        for label in labels:
            ids = [item.host_id for item in pipeline.deps.store.notices.get(label).items]
            say(f"{label} is drafted with {', '.join(ids)}")


def move(
    name: NoticeName,
    items: Items,
    to: Annotated[str, typer.Option("--to", help="The draft that it goes to, of the same host.")],
    kind: GroundOption = None,
    detail: DetailOption = None,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Put media of a draft on another one; other media than that is about needs a ground of its own."""
    own = given(kind, detail)
    with session(read_config(config)) as pipeline:
        pipeline.decisions.items.move(name, items, to, by=acting(pipeline, who, name, to), ground=own)
    say(f"{many(len(items), 'media', 'media')} moved from {name} to {to}")


def drop(
    name: NoticeName, items: Items, who: ByOption = None, why: WhyOption = "dropped", config: ConfigOption = None
) -> None:
    """Take media off a draft; no rule puts it on one again for the same posts."""
    with session(read_config(config)) as pipeline:
        pipeline.decisions.items.drop(name, items, by=acting(pipeline, who, name), why=why)
        state = pipeline.deps.store.notices.get(name).state
    say(f"{many(len(items), 'media', 'media')} taken off {name}, which is {state}")


def draft(
    cases: Annotated[list[str], typer.Argument(help="Cases, by label or by their post.", metavar="CASE...")],
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """Put the media of cases on drafts because you ask for it, also what was taken off one."""
    with session(read_config(config)) as pipeline:
        for case in known.cases(pipeline, cases):
            by = decider(pipeline, who, Verb.NOTICES, [case.post.subreddit])
            say(f"{case.label}'s media stands on {pipeline.decisions.items.draft(case, by=by)}")


def ground(
    whose: Annotated[
        str | None,
        typer.Argument(
            help="An entry (E-…), a protected person (P-…), or a draft (N-…) with --item; else all are shown.",
            metavar="[WHOSE]",
        ),
    ] = None,
    kind: GroundOption = None,
    detail: DetailOption = None,
    items: Annotated[
        list[str] | None, typer.Option("--item", help="Of a draft: the media whose own ground it is. May be repeated.")
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Forget it; of media on a draft, its own.")] = False,
    who: ByOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show the grounds that are offered when a notice is stated, record one, or give media of a draft its own."""
    own = given(kind, detail)
    with session(read_config(config)) as pipeline:
        if whose is None:
            if own or items or forget:
                raise UsageError("name what the ground is of: an entry, a protected person, or a draft with --item")
            recorded = pipeline.deps.store.grounds.listing()
        elif (own is None) != forget:
            raise UsageError(f"give the ground of {whose} with --ground and --detail, or --forget")
        elif whose.startswith("N-"):
            if not items:
                raise UsageError(f"{whose} is a notice; name media on it with --item, or an entry or a person instead")
            pipeline.decisions.items.own_ground(whose, items, own, by=acting(pipeline, who, whose))
        elif items:
            raise UsageError(f"--item names media of a draft, and {whose} is none")
        else:
            by = decider(pipeline, who, Verb.NOTICES)
            pipeline.decisions.grounds.put(whose, own, by=by) if own else pipeline.decisions.grounds.forget(
                whose, by=by
            )
    if whose is None:
        rows = [{"of": row.entry or row.person, "ground": row.ground, "detail": row.detail} for row in recorded]
        columns = {"of": "of", "ground": "ground", "detail": "detail"}
        listing(rows, as_json=as_json, columns=columns, empty="no grounds are recorded")
        return
    of = ", ".join(items or [whose])
    say(f"the ground of {of} is {own[0]}: {own[1]}" if own else f"the ground of {of} is forgotten")


def given(ground: str | None, detail: str | None) -> Grounded | None:
    """Return a ground as options give it, None if they do not. Raises UsageError for half of one."""
    if ground is None and detail is None:
        return None
    if ground is None or detail is None:
        raise UsageError("a ground and its detail go together: give --ground and --detail")
    if ground not in get_args(Ground):
        raise UsageError(f"{ground} is not one of {', '.join(get_args(Ground))}")
    return cast("Ground", ground), detail
