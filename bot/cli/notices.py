"""Commands on notices: what is drafted or sent, one as its host reads it, stating it, taking it back."""

from __future__ import annotations

from typing import Annotated, Any, cast, get_args

import typer

from bot import channels
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
from bot.cli.groups import App
from bot.cli.screen import told_more
from bot.errors import UsageError
from bot.model import Actor, Capacity, Ground, NoticeState, Verb
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from bot.pipeline.reviewing.words.notice import ASKED, notice_facts, notice_mail, told_facts
from bot.serialization import to_json_data
from bot.store import NoticeRow

notices = App(help="Notices to hosts: drafted by rules, stated and confirmed by a person.")
NoticeName = Annotated[str, typer.Argument(help="The notice, such as N-3f9c2a71b0.")]


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(notices, name="notices")


@notices.command(name="list")
def notices_list(limit: LimitOption = None, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show notices, newest first."""
    with session(read_config(config)) as pipeline:
        columns = {
            "notice": "notice",
            "state": "state",
            "host": "host",
            "items": "items",
            "recipient": "to",
            "stated_by": "stated by",
        }
        rows = [_notice(row) for row in pipeline.deps.store.notices.listing(limit or (PAGE, LONGEST)[as_json])]
        every = pipeline.deps.store.maintenance.count("notices")
    if not as_json:
        rows = [
            {**row, "items": len(row["items"]), "recipient": row["recipient"] or "no address known"} for row in rows
        ]
    listing(rows, as_json=as_json, columns=columns, empty="no notices")
    told_more(len(rows), every, as_json=as_json)


@notices.command(name="show")
def notices_show(name: NoticeName, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show one notice: what it lists, and how its host takes reports."""
    settings = read_config(config)
    with session(settings) as pipeline:
        known.notice(pipeline, name)
        row = pipeline.deps.store.notices.get(name)
        events = pipeline.deps.store.notice_events.of(name)
        offered = pipeline.decisions.grounds.offered(row)
        missing = pipeline.decisions.notices.missing(row) if row.state == NoticeState.DRAFTED else []
    if as_json:
        emit(_notice(row) | {"events": [to_json_data(event) for event in events]})
        return
    contact = channels.contact(row.host, settings.storage.path)
    facts([*notice_facts(settings, row), *told_facts(events)])
    for sentence in missing:
        say(f"\nit cannot be stated yet: {sentence}")
    if row.marked:
        say("\nthere was more on it: that is marked as a suspected minor's, and is shown to nobody")
    if row.stated_by and row.items:
        text = notice_mail(settings, row.stated_notice())
        say(f"\n{text.get_content()}", lines=True)
    elif offered and not row.stated_by:
        say(f"\nnot stated yet; the ground that was recorded for it is {offered[0]}: {offered[1]}")
    elif row.recipient and not row.stated_by:
        say("\nnot stated yet; see: gifwarden notices confirm --help")
    elif contact.form and not row.stated_by:
        say(f"\n{row.host} takes reports by form; an e-mail address can be given with: gifwarden notices confirm --to")


@notices.command(name="confirm")
def notices_confirm(
    name: NoticeName,
    ground: Annotated[
        str | None,
        typer.Option(
            "--ground",
            help="original_footage, depicted_person, citable_list or public_statement; else the recorded one.",
        ),
    ] = None,
    detail: Annotated[
        str | None, typer.Option("--detail", help="Where the original is, which list, which statement.")
    ] = None,
    capacity: Annotated[
        str | None,
        typer.Option("--capacity", help="third_party_notifier, authorised_representative or depicted_person."),
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="The host's address, if you know it better.")] = None,
    seen: Annotated[
        bool,
        typer.Option("--seen", help="You have looked at every media on it; the notice then says so, with the time."),
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="Do not record the ground for its entry or person, to be offered again.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not show the text and ask.")] = False,
    who: ByOption = None,
    config: ConfigOption = None,
) -> None:
    """State a notice as a person, after reading it; the daemon then mails it."""
    chosen_ground = _choice(ground, Ground) if ground else None
    chosen_capacity = _choice(capacity, Capacity) if capacity else None
    settings = read_config(config)
    with session(settings) as pipeline:
        by = _by(pipeline, who, name)
        row = pipeline.deps.store.notices.get(name)
        offered = pipeline.decisions.grounds.offered(row)
        stated = (chosen_ground, detail) if chosen_ground and detail else None if chosen_ground or detail else offered
        if stated is None:
            known_ = "for this media none is recorded" if offered is None else "the recorded one needs neither"
            raise UsageError(f"a notice needs a ground and its detail: give --ground and --detail; {known_}")
        statement = Statement(
            ground=stated[0],
            detail=stated[1],
            capacity=chosen_capacity,
            by=by,
            to=to,
            seen=seen,
            keep=not once,
        )
        text = notice_mail(settings, pipeline.decisions.notices.preview_notice(name, statement))
        if not yes:
            say(f"To: {text['To']}\nSubject: {text['Subject']}\n", lines=True)
            say(str(text.get_content()), lines=True)
            typer.confirm(ASKED, abort=True)
        pipeline.decisions.notices.confirm_notice(name, statement, read=row)
    say(f"{name} is confirmed by {by.name}; the daemon sends it")


@notices.command(name="retract")
def notices_retract(
    name: NoticeName, who: ByOption = None, why: WhyOption = "retracted", config: ConfigOption = None
) -> None:
    """Withdraw a notice; if it was sent, the host is told."""
    with session(read_config(config)) as pipeline:
        done = pipeline.decisions.notices.retract_notice(name, by=_by(pipeline, who, name), why=why)
    say(f"{name} is retracted; {done}")


def _by(pipeline: Pipeline, who: str | None, name: str) -> Actor:
    """Return who states or retracts a notice. Raises UsageError if there is none, or they may not."""
    known.notice(pipeline, name)
    return decider(pipeline, who, Verb.NOTICES, pipeline.deps.store.notices.get(name).subreddits)


def _choice(text: str, kind: Any) -> Any:
    if text not in get_args(kind):
        raise UsageError(f"{text} is not one of {', '.join(get_args(kind))}")
    return cast("Any", text)


def _notice(row: NoticeRow) -> dict[str, Any]:
    data: dict[str, Any] = to_json_data(row)
    data["notice"] = data.pop("label")
    return data
